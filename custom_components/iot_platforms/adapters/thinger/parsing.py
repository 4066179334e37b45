"""Reading JSON that may hold anything."""

from typing import Final

from ...model.value import JsonValue

_MAX_DIGITS: Final = 9
_LATEST: Final = 253_402_300_799.0
"""The last second of the year 9999: what is later is no time."""


def rows(value: JsonValue) -> list[dict[str, JsonValue]]:
    """Return the objects of an array."""
    return [row for row in _as_as_list(value) if isinstance(row, dict)]


def text(value: JsonValue) -> str | None:
    """Return a text that says something."""
    return value if isinstance(value, str) and value and _istext(value) else None


def _istext(value: str) -> bool:
    """Return whether this can be written: JSON can hold halves of characters."""
    return not any("\ud800" <= char <= "\udfff" for char in value)


def integer(value: JsonValue) -> int | None:
    """Return a whole number, also where it came as a text or with a fraction of zero."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) < _MAX_DIGITS else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None


def seconds(milliseconds: JsonValue) -> float | None:
    """Return Unix seconds; the server's times are milliseconds (2)."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return milliseconds / 1000 if 0 < milliseconds < _LATEST * 1000 else None
