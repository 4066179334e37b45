"""Units as platforms and names write them, and as Home Assistant writes them."""

from typing import Final, NamedTuple
import unicodedata

from homeassistant.const import (
    SIGNAL_STRENGTH_DECIBELS,
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfLength,
    UnitOfMass,
    UnitOfPower,
    UnitOfPressure,
    UnitOfSpeed,
    UnitOfTemperature,
    UnitOfTime,
    UnitOfVolume,
)

from .names import Word
from .tables.units import (
    EXACT_ALIASES,
    LOOSE_ALIASES,
    OTHER_UNITS,
    UNITLESS,
    UNITS_OF_QUANTITIES,
)

MAXIMUM_LENGTH: Final = 32


def _key(text: str) -> str:
    """Return the text without what is written in several ways: ³ and 3, µ and μ and u, º and °."""
    text = unicodedata.normalize("NFKC", text.replace("º", "°"))
    return "".join(text.split()).replace("μ", "u")


_EXACT: Final = {
    _key(unit): str(unit)
    for unit in (*(unit for enum in UNITS_OF_QUANTITIES for unit in enum), *OTHER_UNITS)
} | {_key(alias): str(unit) for alias, unit in EXACT_ALIASES.items()}
_LOOSE: Final = {_key(alias): str(unit) for alias, unit in LOOSE_ALIASES.items()}


class NameUnit(NamedTuple):
    """A unit that a name ends with; without ``sure``, only where the rest of the name fits."""

    unit: str
    sure: bool


_SURE: Final[dict[str, str]] = {
    **{
        word: _LOOSE[word]
        for word in (
            *(
                "kwh",
                "wh",
                "kw",
                "hpa",
                "kpa",
                "mbar",
                "ppm",
                "ppb",
                "dbm",
                "hz",
                "khz",
            ),
            *("percent", "pct", "cm", "km", "kg", "ms", "kv", "kva", "kvar", "degc"),
            *("degf", "celsius", "fahrenheit", "rpm", "lpm", "kmh", "lx", "lux", "m3"),
            *(
                "m/sec",
                "km/hr",
                "l/min",
                "l/h",
                "m3/h",
                "ug/m3",
                "mg/m3",
                "w/m2",
                "mm/h",
            ),
        )
    },
    "mv": UnitOfElectricPotential.MILLIVOLT,
    "mm": UnitOfLength.MILLIMETERS,
    "mph": UnitOfSpeed.MILES_PER_HOUR,
    "m/s": UnitOfSpeed.METERS_PER_SECOND,
    "km/h": UnitOfSpeed.KILOMETERS_PER_HOUR,
    "deg/c": UnitOfTemperature.CELSIUS,
    "deg/f": UnitOfTemperature.FAHRENHEIT,
}
# A phase, a channel or a moving average may end like this as well.
_UNSURE: Final[dict[str, str]] = {
    "c": UnitOfTemperature.CELSIUS,
    "f": UnitOfTemperature.FAHRENHEIT,
    "v": UnitOfElectricPotential.VOLT,
    "a": UnitOfElectricCurrent.AMPERE,
    "ma": UnitOfElectricCurrent.MILLIAMPERE,
    "w": UnitOfPower.WATT,
    "va": UnitOfApparentPower.VOLT_AMPERE,
    "pa": UnitOfPressure.PA,
    "bar": UnitOfPressure.BAR,
    "psi": UnitOfPressure.PSI,
    "l": UnitOfVolume.LITERS,
    "m": UnitOfLength.METERS,
    "g": UnitOfMass.GRAMS,
    "s": UnitOfTime.SECONDS,
    "sec": UnitOfTime.SECONDS,
    "h": UnitOfTime.HOURS,
    "db": SIGNAL_STRENGTH_DECIBELS,
}


def normalise_unit(text: str | None) -> str | None:
    """Return the unit as Home Assistant writes it, or as it was, None where there is none."""
    if text is None:
        return None
    text = "".join(char for char in text if char.isprintable()).strip()
    key = _key(text)
    if not key or key.casefold() in UNITLESS:
        return None
    if unit := _EXACT.get(key) or _LOOSE.get(key.casefold()):
        return unit
    return text if len(text) <= MAXIMUM_LENGTH else None


def unit_of_name(name: tuple[Word, ...]) -> NameUnit | None:
    """Return the unit that a name ends with, as in power_kw or wind_m_s."""
    for length in (3, 2, 1):
        # What is nothing but a unit says too little, and 10cm is where, not what.
        if len(name) <= length or _is_glued_to_digits(name, length):
            continue
        ending = "/".join(word.text for word in name[-length:])
        if unit := _SURE.get(ending):
            return NameUnit(str(unit), sure=True)
        if unit := _UNSURE.get(ending):
            return NameUnit(str(unit), sure=False)
    return None


def _is_glued_to_digits(name: tuple[Word, ...], length: int) -> bool:
    return name[-length].glued and name[-length - 1].text.isdecimal()
