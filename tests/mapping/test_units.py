"""Units as platforms and names write them."""

from homeassistant.components.sensor.const import DEVICE_CLASS_UNITS
from hypothesis import given, strategies as st
import pytest

from custom_components.iot_platforms.mapping.names import words
from custom_components.iot_platforms.mapping.tables.units import (
    EXACT_ALIASES,
    LOOSE_ALIASES,
)
from custom_components.iot_platforms.mapping.units import (
    MAXIMUM_LENGTH,
    NameUnit,
    normalise_unit,
    unit_of_name,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *(
            (text, "°C")
            for text in ("C", "°C", "ºC", "degC", "celsius", "Celsius", "℃")
        ),
        *((text, "°F") for text in ("F", "°F", "ºF", "degF", "Fahrenheit")),
        *((text, "%") for text in ("%", "percent", "% RH", "%RH", "Prozent")),
        *((text, "m³") for text in ("m3", "m³", "m^3", "M3")),
        *((text, "kWh") for text in ("kWh", "KWH", "kwh", " kWh ")),
        *((text, "μg/m³") for text in ("µg/m³", "μg/m³", "ug/m3", "µg/m3")),
        *((text, "L/min") for text in ("l/min", "L/min", "lpm")),
        *((text, "lx") for text in ("lx", "lux", "Lux")),
        *((text, "ppm") for text in ("ppm", "PPM")),
        *((text, "var") for text in ("var", "VAr", "VAR")),
        *((text, "m³/h") for text in ("m3/h", "m³/hr", "m³/h")),
        *((text, "W/m²") for text in ("W/m2", "w/m²")),
        ("K", "K"),
        ("mW", "mW"),
        ("MW", "MW"),
        ("mPa", "mPa"),
        ("MPa", "MPa"),
        ("mHz", "mHz"),
        ("MHz", "MHz"),
        ("m", "m"),
        ("min", "min"),
        ("°", "°"),
        ("degrees", "°"),
        ("RPM", "rpm"),
        ("μS/cm", "μS/cm"),
        ("µS/cm", "μS/cm"),
        ("Ω", "Ω"),
        ("widgets", "widgets"),
        ("pH", None),
        ("none", None),
        ("-", None),
        ("", None),
        (" ", None),
        (None, None),
        ("x" * 33, None),
    ],
)
def test_normalise(text: str | None, expected: str | None) -> None:
    """Units become Home Assistant's, or stay what they are."""
    assert normalise_unit(text) == expected


@pytest.mark.parametrize(
    "unit",
    sorted(
        {str(unit) for units in DEVICE_CLASS_UNITS.values() for unit in units if unit}
    ),
)
def test_units_of_home_assistant_stay(unit: str) -> None:
    """Nobody's good unit becomes another one."""
    assert normalise_unit(unit) == unit


def test_aliases_are_good() -> None:
    """Every way to write a unit is understood."""
    for alias, unit in (EXACT_ALIASES | LOOSE_ALIASES).items():
        assert normalise_unit(alias) == unit, alias


@given(st.text())
def test_any_unit(text: str) -> None:
    """Every text is a unit or none, and stays what it became."""
    unit = normalise_unit(text)
    assert unit is None or 0 < len(unit) <= MAXIMUM_LENGTH
    assert normalise_unit(unit) == unit


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("power_kw", NameUnit("kW", sure=True)),
        ("energyKwh", NameUnit("kWh", sure=True)),
        ("battery_mv", NameUnit("mV", sure=True)),
        ("wind_m_s", NameUnit("m/s", sure=True)),
        ("wind_km_h", NameUnit("km/h", sure=True)),
        ("dust_ug/m3", NameUnit("μg/m³", sure=True)),
        ("water_m3", NameUnit("m³", sure=True)),
        ("temp_deg_f", NameUnit("°F", sure=True)),
        ("temp_c", NameUnit("°C", sure=False)),
        ("temp_2_f", NameUnit("°F", sure=False)),
        ("phase_a", NameUnit("A", sure=False)),
        ("main_db", NameUnit("dB", sure=False)),
        ("soil_10cm", None),
        ("kwh", None),
        ("temperature", None),
        ("setpoint_min", None),
        ("", None),
    ],
)
def test_unit_of_name(name: str, expected: NameUnit | None) -> None:
    """A name's ending tells a unit, unless it says where."""
    assert unit_of_name(words(name)) == expected
