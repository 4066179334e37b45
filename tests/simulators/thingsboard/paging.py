"""Pages of lists (thingsboard.md 3)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil

from aiohttp import web

from .entity import Entity
from .errors import bad_request
from .routing import number

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

type Sortable = str | int | float


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing[T]:
    """What a list can be searched and sorted by; anything else sorts by time."""

    search: Callable[[T], Iterable[str | None]]
    sort: Mapping[str, Callable[[T], Sortable]] = field(default_factory=dict)


def page_answer[T](
    request: web.Request,
    rows: Sequence[T],
    listing: Listing[T],
    render: Callable[[T], Json],
) -> web.Response:
    """Answer the page that the request asks for; rows are given oldest first."""
    size = number(request, "pageSize")
    page = number(request, "page")
    if size < 1:
        raise bad_request(
            f"Incorrect page link page size '{size}'. "
            "Page size must be greater than zero."
        )
    if page < 0:
        raise bad_request(
            f"Incorrect page link page '{page}'. Page must be positive integer."
        )
    found = _sorted(request, _searched(request, rows, listing), listing)
    part = found[page * size : (page + 1) * size]
    return json_answer(page_json([render(row) for row in part], len(found), size, page))


def page_json(data: list[Json], total: int, size: int, page: int) -> JsonObject:
    """Page as the server tells it; one past the end is empty, with correct totals."""
    return {
        "data": data,
        "totalPages": ceil(total / size),
        "totalElements": total,
        "hasNext": (page + 1) * size < total,
    }


def entity_listing[E: Entity](
    search: Callable[[E], Iterable[str | None]],
    **sort: Callable[[E], Sortable],
) -> Listing[E]:
    """Listing of entities: they can all be sorted by time and name."""
    return Listing(
        search=search,
        sort={
            "createdTime": lambda entity: entity.created,
            "name": lambda entity: entity.name,
            "title": lambda entity: entity.name,
            **sort,
        },
    )


def _searched[T](
    request: web.Request, rows: Sequence[T], listing: Listing[T]
) -> list[T]:
    text = request.query.get("textSearch", "").lower()
    if not text:
        return list(rows)
    return [
        row
        for row in rows
        if any(text in (item or "").lower() for item in listing.search(row))
    ]


def _sorted[T](request: web.Request, rows: list[T], listing: Listing[T]) -> list[T]:
    order = request.query.get("sortOrder", "ASC")
    if order.upper() not in {"ASC", "DESC"}:
        raise bad_request(
            f"Unsupported sort order '{order}'! Only 'ASC' or 'DESC' types are allowed."
        )
    key = listing.sort.get(request.query.get("sortProperty", ""))
    if key is None:
        return rows
    return sorted(rows, key=key, reverse=order.upper() == "DESC")
