"""Values as platforms send them, and what kind of value they are."""

from collections.abc import Mapping
from enum import StrEnum
import json
import math
from typing import Final, TypeIs

type JsonValue = (
    bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None
)

LATITUDE_NAMES: Final = ("latitude", "lat")
LONGITUDE_NAMES: Final = ("longitude", "lon", "lng", "long")
COLOR_NAMES: Final = frozenset({"r", "g", "b"})


class ValueType(StrEnum):
    """The shape of a resource's values."""

    BOOLEAN = "boolean"
    NUMBER = "number"
    TEXT = "text"
    TIMESTAMP = "timestamp"
    """Unix seconds."""
    POSITION = "position"
    COLOR = "color"
    OBJECT = "object"
    LIST = "list"


def value_type_of(value: JsonValue) -> ValueType | None:
    """Return the shape of a value, None where it has none (null)."""
    match value:
        case bool():
            return ValueType.BOOLEAN
        case int() | float():
            return ValueType.NUMBER
        case str():
            return ValueType.TEXT
        case list():
            return ValueType.LIST
        case dict():
            return _object_type(value)
        case _:
            return None


def position_of(value: JsonValue) -> tuple[float, float] | None:
    """Return (latitude, longitude) in degrees where an object holds a plausible pair."""
    if not isinstance(value, dict):
        return None
    latitude = _degrees(value, LATITUDE_NAMES, 90)
    longitude = _degrees(value, LONGITUDE_NAMES, 180)
    if latitude is None or longitude is None:
        return None
    return latitude, longitude


def coerced(value: JsonValue, value_type: ValueType | None) -> JsonValue:
    """Return the value in its resource's shape, None where it does not fit.

    Servers and firmware change between 1 and true, 21 and "21.0": that is the same value.
    """
    match value_type:
        case ValueType.BOOLEAN:
            return _as_boolean(value)
        case ValueType.NUMBER | ValueType.TIMESTAMP:
            return _as_number(value)
        case ValueType.TEXT:
            return _as_text(value)
        case _:
            return value


def _object_type(value: Mapping[str, JsonValue]) -> ValueType:
    if position_of(dict(value)) is not None:
        return ValueType.POSITION
    if {name.lower() for name in value} == COLOR_NAMES and all(
        _is_number(part) for part in value.values()
    ):
        return ValueType.COLOR
    return ValueType.OBJECT


def _degrees(
    value: Mapping[str, JsonValue], names: tuple[str, ...], limit: int
) -> float | None:
    for name, part in value.items():
        if name.lower() in names and _is_number(part):
            return float(part) if -limit <= part <= limit else None
    return None


def _is_number(value: JsonValue) -> TypeIs[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _as_boolean(value: JsonValue) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value != 0
    if isinstance(value, str):
        return {
            "true": True,
            "on": True,
            "1": True,
            "false": False,
            "off": False,
            "0": False,
        }.get(value.strip().lower())
    return None


def _as_number(value: JsonValue) -> int | float | None:
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, str):
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None


def _as_text(value: JsonValue) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)
