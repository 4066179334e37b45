"""Between which numbers something can be set, where its name or its unit says so."""

from dataclasses import dataclass
from typing import Final

from homeassistant.const import UnitOfRatio, UnitOfTemperature


@dataclass(frozen=True, slots=True)
class Range:
    """The limits of a number, and the distance of its steps."""

    minimum: float
    maximum: float
    step: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeRule:
    """What a name says about the range of a number that can be set."""

    names: tuple[str, ...]
    range: Range
    priority: int = 50


BRIGHTNESS: Final = Range(0, 255, 1)

RANGES: Final = (
    RangeRule(
        names=("brightness", "dimmer", "red", "green", "blue", "r", "g", "b"),
        range=BRIGHTNESS,
    ),
    RangeRule(names=("servo",), range=Range(0, 180, 1)),
)
RANGE_BY_UNIT: Final[dict[str, Range]] = {
    UnitOfRatio.PERCENTAGE: Range(0, 100, 1),
    UnitOfTemperature.CELSIUS: Range(-100, 500, 0.1),
    UnitOfTemperature.FAHRENHEIT: Range(-148, 932, 0.1),
}
WIDE: Final = Range(-1_000_000, 1_000_000, 0.01)
"""For what we know nothing about: anything that a device is likely to take."""
