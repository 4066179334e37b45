"""Values of telemetry and attributes, and their texts (thingsboard.md 7.2, 8.1, 8.2)."""

from collections.abc import Mapping
import json
from math import isfinite
import re
from typing import Final, NamedTuple

from tests.simulators.json_types import Json, JsonObject

type Value = bool | int | float | str | list[Json] | dict[str, Json]

_PARSABLE: Final = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)")
_LONG_LIMIT: Final = 2**63
MISSING: Final[JsonObject] = {"ts": 0, "value": ""}


class Sample(NamedTuple):
    """A value and when it was (milliseconds)."""

    ts: int
    value: Value


def stored_values(values: Mapping[str, Json]) -> dict[str, Value]:
    """What is stored of a body: nulls are skipped, numeric-looking texts become numbers (8.2)."""
    return {
        key: cast_text(value) if isinstance(value, str) else value
        for key, value in values.items()
        if value is not None
    }


def cast_text(text: str) -> Value:
    """Turn a numeric-looking text into a number: "007" becomes 7, "1E3" stays."""
    if not _PARSABLE.fullmatch(text):
        return text
    if "." in text:
        return float(text)
    number = int(text)
    return number if -_LONG_LIMIT <= number < _LONG_LIMIT else float(number)


def text_of(value: Value) -> str:
    """Text of a value, as in WebSocket updates and with `useStrictDataTypes=false`."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | str():
            return str(value)
        case float():
            return _text_of_float(value)
        case _:
            return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def normalised(text: str) -> str:
    """What an entity data query makes of numeric-looking text (7.2)."""
    if not _PARSABLE.fullmatch(text):
        return text
    if text.startswith("0") and not text.startswith("0."):
        return text
    if "." not in text:
        return str(int(text))
    printed = _text_of_float(float(text))
    return text if "E" in printed else printed


def query_text(sample: Sample | None) -> JsonObject:
    """Value in the answer of an entity data query; `{"ts": 0, "value": ""}` for none (7.2)."""
    if sample is None:
        return dict(MISSING)
    return {"ts": sample.ts, "value": normalised(text_of(sample.value))}


def update_text(sample: Sample | None) -> JsonObject:
    """Value in an update of a WebSocket: printed, not normalised (11.3)."""
    if sample is None:
        return dict(MISSING)
    return {"ts": sample.ts, "value": text_of(sample.value)}


def typed(sample: Sample) -> JsonObject:
    """Value with its type, as with `useStrictDataTypes=true` and in samples (7.6, 8.1)."""
    return {"ts": sample.ts, "value": sample.value}


def _text_of_float(number: float) -> str:
    text = repr(number)
    if not isfinite(number) or "e" not in text:
        return text
    digits, _, exponent = text.partition("e")
    return f"{digits if '.' in digits else f'{digits}.0'}E{int(exponent)}"
