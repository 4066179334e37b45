"""JSON from servers, made safe for whoever it is handed on to."""

import json
import math
import re
from typing import Final

from ..model.errors import UnexpectedAnswerError
from ..model.value import LARGEST_INTEGER, JsonValue

_ESCAPES: Final = re.compile(
    r"\\(?:"
    r"u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a pair of surrogates
    r"|(u[dD][89a-fA-F][0-9a-fA-F]{2})"  # a half of one
    r"|.)",
    re.DOTALL,
)
_MOST_DIGITS: Final = len(str(LARGEST_INTEGER)) + 1


def parsed(text: str) -> JsonValue:
    """Return the JSON in a text; raises UnexpectedAnswerError where it is none.

    What is no JSON by the book but understood by Python becomes null, halves of surrogate pairs a
    replacement character: neither databases nor browsers nor files take them, and one device's
    nonsense must not keep all others from being stored.
    """
    if "\\ud" in text or "\\uD" in text:
        text = _ESCAPES.sub(lambda found: "\\ufffd" if found[1] else found[0], text)
    try:
        value: JsonValue = json.loads(
            text, parse_constant=_no_number, parse_float=_finite, parse_int=_integer
        )
    except ValueError, RecursionError:
        raise UnexpectedAnswerError("no JSON") from None
    return value


def _no_number(_: str) -> None:
    """Take NaN and infinity for unknown."""


def _finite(text: str) -> float | None:
    number = float(text)
    return number if math.isfinite(number) else None


def _integer(text: str) -> int | float | None:
    # Python refuses to read endless digits as an integer; as a float they are infinite.
    if len(text) <= _MOST_DIGITS and abs(number := int(text)) <= LARGEST_INTEGER:
        return number
    return _finite(text)
