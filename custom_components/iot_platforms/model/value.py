"""Values as platforms send them, and what kind of value they are."""

from collections.abc import Mapping
from contextlib import suppress
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

LARGEST_INTEGER: Final = 2**63 - 1
"""What databases, browsers and strict JSON still take as a whole number."""
MAX_EXAMPLE_CHARS: Final = 255
_MAX_DEPTH: Final = 50
_SCALARS: Final = frozenset({bool, int, float, str})
_MAX_STORED_DEPTH: Final = 20


class ValueType(StrEnum):
    """The shape of a resource's values."""

    BOOLEAN = "boolean"
    NUMBER = "number"
    TEXT = "text"
    TIMESTAMP = "timestamp"
    """Unix seconds."""
    POSITION = "position"
    COLOR = "color"
    FIRMWARE = "firmware"
    """An object of installed, latest, in_progress, error, title: never split into parts."""
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
    if type(value) is float and value_type is ValueType.NUMBER:
        # By far the most frequent case.
        return value if math.isfinite(value) else None
    match value_type:
        case ValueType.BOOLEAN:
            return _as_boolean(value)
        case ValueType.NUMBER | ValueType.TIMESTAMP:
            return _as_number(value)
        case ValueType.TEXT:
            return _as_text(value)
        case _:
            return value


def is_same(one: JsonValue, other: JsonValue) -> bool:
    """Return whether two values are equal as JSON: 1 is not true, and NaN is NaN.

    A loop, for no stack is deep enough for what a server can nest.
    """
    if type(one) is type(other) and type(one) in _SCALARS:
        return one == other or (_is_nan(one) and _is_nan(other))
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if left is right:
            continue
        if isinstance(left, dict) and isinstance(right, dict):
            if left.keys() != right.keys():
                return False
            pairs.extend((part, right[name]) for name, part in left.items())
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs.extend(zip(left, right, strict=True))
        elif isinstance(left, bool) is not isinstance(right, bool) or (
            left != right and not (_is_nan(left) and _is_nan(right))
        ):
            return False
    return True


def is_too_deep(value: JsonValue, depth: int = _MAX_DEPTH) -> bool:
    """Return whether a value is nested so deeply that others could run out of stack with it."""
    if not isinstance(value, dict | list):
        return False
    parts = value.values() if isinstance(value, dict) else value
    return depth == 0 or any(is_too_deep(part, depth - 1) for part in parts)


def is_storable(value: JsonValue, depth: int = _MAX_STORED_DEPTH) -> bool:
    """Return whether strict JSON takes the value: one that it does not would spoil a whole file."""
    match value:
        case bool() | None:
            return True
        case int():
            return abs(value) <= LARGEST_INTEGER
        case float():
            return math.isfinite(value)
        case str():
            return _is_unicode(value)
        case list():
            return depth > 0 and all(is_storable(part, depth - 1) for part in value)
        case dict():
            return depth > 0 and all(
                _is_unicode(name) and is_storable(part, depth - 1)
                for name, part in value.items()
            )


def example_of(value: JsonValue) -> JsonValue:
    """Return what of a value shows its meaning, None where nothing does."""
    if isinstance(value, dict | list) or not is_storable(value):
        return None
    return value[:MAX_EXAMPLE_CHARS] if isinstance(value, str) else value


def _object_type(value: Mapping[str, JsonValue]) -> ValueType:
    """Return the shape that the names tell; null is what a device without a fix sends."""
    if _has_degrees(value, LATITUDE_NAMES, 90) and _has_degrees(
        value, LONGITUDE_NAMES, 180
    ):
        return ValueType.POSITION
    if (
        len(value) == len(COLOR_NAMES)
        and {name.lower() for name in value} == COLOR_NAMES
        and all(part is None or _is_number(part) for part in value.values())
    ):
        return ValueType.COLOR
    return ValueType.OBJECT


def _has_degrees(
    value: Mapping[str, JsonValue], names: tuple[str, ...], limit: int
) -> bool:
    part = _named(value, names, ...)
    return part is None or (_is_number(part) and -limit <= part <= limit)


def _degrees(
    value: Mapping[str, JsonValue], names: tuple[str, ...], limit: int
) -> float | None:
    part = _named(value, names, None)
    return float(part) if _is_number(part) and -limit <= part <= limit else None


def _named[DefaultT](
    value: Mapping[str, JsonValue], names: tuple[str, ...], default: DefaultT
) -> JsonValue | DefaultT:
    """Return the first part that bears one of the names."""
    return next(
        (part for name, part in value.items() if name.lower() in names), default
    )


def _is_number(value: object) -> TypeIs[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_nan(value: JsonValue) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _is_unicode(text: str) -> bool:
    """Return whether a text can be encoded: JSON may hold halves of surrogate pairs."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _as_boolean(value: JsonValue) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return None if _is_nan(value) else value != 0
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
    if isinstance(value, int) and abs(value) <= LARGEST_INTEGER:
        return int(value)
    if isinstance(value, int | float | str):
        with suppress(ValueError, OverflowError):  # no number; larger than any float
            number = float(value)
            return number if math.isfinite(number) else None
    return None


def _as_text(value: JsonValue) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False) if is_storable(value) else None
