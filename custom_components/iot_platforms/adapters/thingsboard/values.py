"""What the server's texts stand for (7.2): every value of a query is a text."""

import re
from typing import Final

from ...model.errors import UnexpectedAnswerError
from ...model.value import JsonValue, ValueType, coerced
from ...transport.parsing import parsed

_BOOLEANS: Final = {"true": True, "false": False}
_NUMBER: Final = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?")
_MOST_DIGITS: Final = 18
"""Longer ones may be larger than any whole number that others take."""
_STRUCTURES: Final = frozenset({ValueType.OBJECT, ValueType.LIST})


def typed(text: JsonValue, value_type: ValueType | None) -> JsonValue:
    """Return the value that a text stands for; ``value_type`` is None where nobody knows."""
    if not isinstance(text, str) or value_type is ValueType.TEXT:
        return text
    if value_type is ValueType.BOOLEAN:
        return _BOOLEANS.get(text, text)
    if value_type is ValueType.NUMBER:
        if _NUMBER.fullmatch(text):
            return _number(text)
        number = coerced(text, ValueType.NUMBER)
        return text if number is None else number
    if value_type in _STRUCTURES:
        return _structure(text)
    return _guessed(text)


def is_ambiguous(text: JsonValue) -> bool:
    """Return whether a text may as well stand for itself as for a number or for yes and no."""
    return isinstance(text, str) and not isinstance(_guessed(text), str)


def _guessed(text: str) -> JsonValue:
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _NUMBER.fullmatch(text):
        return _number(text)
    if text[:1] in ("{", "["):
        return _structure(text)
    return text


def _number(text: str) -> JsonValue:
    """Return the number of a text that looks like one; null where none is that large."""
    if not text.lstrip("-").isdecimal():
        return coerced(text, ValueType.NUMBER)
    return int(text) if len(text) <= _MOST_DIGITS else _parsed(text)


def _structure(text: str) -> JsonValue:
    value = _parsed(text)
    return value if isinstance(value, dict | list) else text


def _parsed(text: str) -> JsonValue:
    try:
        return parsed(text)
    except UnexpectedAnswerError:
        return text
