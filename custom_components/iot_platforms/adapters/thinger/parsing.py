"""Reading JSON that may hold anything."""

from typing import Final

from ...model.value import JsonValue

_MAX_DIGITS: Final = 9
_LATEST: Final = 253_402_300_799_000
"""The last second of the year 9999 in milliseconds: what is later is no time."""


def rows_of(value: JsonValue) -> list[dict[str, JsonValue]]:
    """Return the objects of an array."""
    if not isinstance(value, list):
        return []
    return [row for row in value if isinstance(row, dict)]


def text_of(value: JsonValue) -> str | None:
    """Return a text that says something."""
    return value if isinstance(value, str) and value else None


def integer_of(value: JsonValue) -> int | None:
    """Return a whole number, also where it came as a text or with a fraction of zero."""
    if isinstance(value, str):
        return int(value) if value.isdecimal() and len(value) <= _MAX_DIGITS else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None


def seconds_of(milliseconds: JsonValue) -> float | None:
    """Return Unix seconds; the server's times are milliseconds (2)."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    return milliseconds / 1000 if 0 < milliseconds <= _LATEST else None
