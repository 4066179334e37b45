"""History of one key, as it is or aggregated (thingsboard.md 8.1)."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from .errors import bad_request
from .values import Sample, Value

_FUNCTIONS: Final[dict[str, Callable[[list[float]], Value]]] = {
    "MIN": min,
    "MAX": max,
    "AVG": fmean,
    "SUM": sum,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregation:
    """Which samples, and what to make of them; intervals are milliseconds only."""

    start: int
    end: int
    interval: int
    limit: int
    function: str
    descending: bool


def aggregated(rows: Sequence[Sample], wanted: Aggregation) -> list[Sample]:
    """Samples of the time window; one per interval with a function."""
    inside = [row for row in rows if wanted.start <= row.ts < wanted.end]
    if wanted.function == "NONE":
        found = inside[::-1] if wanted.descending else inside
        return found[: wanted.limit]
    if wanted.function not in {*_FUNCTIONS, "COUNT"}:
        raise bad_request(f"Invalid aggregation '{wanted.function}'")
    interval = wanted.interval or wanted.end - wanted.start
    result: list[Sample] = []
    for start in range(wanted.start, wanted.end, interval):
        end = min(start + interval, wanted.end)
        values = [row.value for row in inside if start <= row.ts < end]
        value = _one(values, wanted.function)
        if value is not None:
            result.append(Sample(start + (end - start) // 2, value))
    return result


def _one(values: list[Value], function: str) -> Value | None:
    if function == "COUNT":
        return len(values) or None
    numbers = [
        each
        for each in values
        if isinstance(each, (int, float)) and not isinstance(each, bool)
    ]
    return _FUNCTIONS[function](list(numbers)) if numbers else None
