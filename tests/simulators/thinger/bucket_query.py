"""What a query makes of a bucket's rows (thinger.md 10.5)."""

from collections.abc import Callable, Sequence
import re
from statistics import fmean, median
from typing import Final

from aiohttp import web

from .backend import refusal, whole_number

from tests.simulators.json_types import Json, JsonObject

_MAX_ITEMS: Final = 1000
_UNITS_MS: Final = {
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
    "mo": 2_592_000_000,
}
_FUNCTIONS: Final[dict[str, Callable[[Sequence[float]], float]]] = {
    "mean": fmean,
    "median": median,
    "min": min,
    "max": max,
    "sum": sum,
    "count": len,
}
# Every other key of a query is a tag.
_KEYS: Final = {
    "items",
    "sort",
    "min_ts",
    "max_ts",
    "agg",
    "agg_type",
    "fields",
    "group_by",
    "authorization",
}


def query_rows(request: web.Request, rows: list[JsonObject]) -> list[JsonObject]:
    """Rows that a query asks for, in its order."""
    order = request.query.get("sort", "asc")
    if order not in {"asc", "desc"}:
        raise refusal(400, "invalid sort")
    wanted = _wanted(request, rows)
    if "agg" in request.query:
        wanted = _aggregated(request, wanted)
    wanted.sort(key=_ts, reverse=order == "desc")
    items = whole_number(request, "items", _MAX_ITEMS)
    return wanted[: min(items, _MAX_ITEMS)]


def _wanted(request: web.Request, rows: list[JsonObject]) -> list[JsonObject]:
    """Rows of the time range, with the tags and the fields that are asked for."""
    begin = whole_number(request, "min_ts", 0)
    end = whole_number(request, "max_ts", 0)
    tags = {key: text for key, text in request.query.items() if key not in _KEYS}
    if device := request.match_info.get("device"):
        tags["device"] = device
    fields = {each for each in request.query.get("fields", "").split(",") if each}
    shown = {"ts", "device", *fields}
    return [
        {key: value for key, value in row.items() if not fields or key in shown}
        for row in rows
        if begin <= _ts(row)
        and (not end or _ts(row) <= end)
        and all(str(row.get(key)) == text for key, text in tags.items())
    ]


def _aggregated(request: web.Request, rows: list[JsonObject]) -> list[JsonObject]:
    """One row for each step of time and each value of the group's tag."""
    step = _step_ms(request.query["agg"])
    function = _FUNCTIONS.get(request.query.get("agg_type", "mean"))
    if function is None:
        raise refusal(400, "invalid agg_type")
    group_by = request.query.get("group_by")
    groups: dict[tuple[int, Json], list[JsonObject]] = {}
    for row in rows:
        tag = str(row.get(group_by)) if group_by else None
        groups.setdefault((_ts(row) // step * step, tag), []).append(row)
    return [
        {"ts": ts, **({group_by: tag} if group_by else {}), **_columns(group, function)}
        for (ts, tag), group in groups.items()
    ]


def _columns(
    rows: list[JsonObject], function: Callable[[Sequence[float]], float]
) -> JsonObject:
    """Each number of the rows, aggregated."""
    numbers: dict[str, list[float]] = {}
    for row in rows:
        for key, value in row.items():
            if isinstance(value, bool) or key == "ts":
                continue
            if isinstance(value, (int, float)):
                numbers.setdefault(key, []).append(value)
    return {key: function(values) for key, values in numbers.items()}


def _step_ms(text: str) -> int:
    match = re.fullmatch(r"(\d+)(mo|[mhdw])", text)
    if match is None:
        raise refusal(400, "invalid agg")
    return int(match[1]) * _UNITS_MS[match[2]]


def _ts(row: JsonObject) -> int:
    ts = row["ts"]
    return int(ts) if isinstance(ts, (int, float)) else 0
