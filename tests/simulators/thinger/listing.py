"""Filters, order and pages of the server's lists (thinger.md 5.1)."""

from typing import Final

from aiohttp import web

from .backend import refusal, whole_number

from tests.simulators.json_types import Json, JsonObject

_RESERVED: Final = {"authorization", "index", "count", "sort", "order", "id", "name"}


def selected_rows(
    request: web.Request,
    rows: list[JsonObject],
    *,
    id_key: str,
    default_count: int,
    repeat_last: bool = False,
) -> list[Json]:
    """Rows that the query asks for; `repeat_last`: the bug that was fixed in 6.4."""
    if request.query.get("order", "asc") not in {"asc", "desc"}:
        raise refusal(400, "invalid order")
    kept = [row for row in rows if _is_wanted(request, row, id_key)]
    if sort := request.query.get("sort"):
        descending = request.query.get("order") == "desc"
        kept.sort(key=lambda row: _sort_key(row.get(sort)), reverse=descending)
    index = whole_number(request, "index", 0)
    count = whole_number(request, "count", default_count)
    if repeat_last and index > 0:
        index -= 1
    return list[Json](kept[index : index + count] if count else kept[index:])


def _is_wanted(request: web.Request, row: JsonObject, id_key: str) -> bool:
    id_ = str(row[id_key])
    if request.query.get("id", "") not in id_:
        return False
    text = request.query.get("name", "").lower()
    if text not in id_.lower() and text not in str(row.get("name", "")).lower():
        return False
    return all(
        _is_equal(row.get(key), value)
        for key, value in request.query.items()
        if key not in _RESERVED
    )


def _is_equal(field: Json, wanted: str) -> bool:
    if isinstance(field, list):
        return wanted in field
    if isinstance(field, bool):
        return wanted == str(field).lower()
    return wanted == str(field or "")


def _sort_key(field: Json) -> tuple[float, str]:
    if isinstance(field, (int, float)):
        return (field, "")
    return (0, str(field or ""))
