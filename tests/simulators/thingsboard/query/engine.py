"""Entity data queries, answered (thingsboard.md 7.2)."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from zlib import crc32

from .filters import Row
from .model import Direction, Key, KeyType, PageLink, SortOrder
from .predicates import KeyFilter
from .queries import CountQuery, DataQuery
from .view import View

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.thingsboard.bus import Scope
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.paging import page_json
from tests.simulators.thingsboard.switches import Switches
from tests.simulators.thingsboard.values import MISSING, Sample, query_text, text_of
from tests.simulators.thingsboard.versions import at_least

SCOPES: Final = {
    KeyType.SERVER_ATTRIBUTE: Scope.SERVER,
    KeyType.SHARED_ATTRIBUTE: Scope.SHARED,
    KeyType.CLIENT_ATTRIBUTE: Scope.CLIENT,
}
_CREATED: Final = SortOrder(Key(KeyType.ENTITY_FIELD, "createdTime"), Direction.DESC)

type _SortKey = tuple[bool, float, bool, str]


@dataclass(frozen=True, slots=True)
class Page[T]:
    """A part of a list."""

    items: list[T]
    total: int
    size: int
    number: int

    @property
    def has_next(self) -> bool:
        """Whether there is more after it."""
        return (self.number + 1) * self.size < self.total

    def json(self, data: Sequence[Json]) -> JsonObject:
        """As the server tells it, with the items rendered."""
        return page_json(list(data), self.total, self.size, self.number)


def paged[T](items: Sequence[T], link: PageLink) -> Page[T]:
    """Cut a page out of a list."""
    start = link.page * link.page_size
    part = list(items[start : start + link.page_size])
    return Page(part, len(items), link.page_size, link.page)


class Engine:
    """Finds things and tells their values."""

    def __init__(self, switches: Switches) -> None:
        """Follow the switches."""
        self._switches = switches
        self._turn = 0

    @property
    def _edqs(self) -> bool:
        """Whether an in-memory query engine answers (4.0+)."""
        return self._switches.edqs and at_least(self._switches.version, "4.0")

    def rows(self, query: CountQuery, view: View) -> Iterator[Row]:
        """Things that fit, in no order."""
        if query.entity_filter is None:
            return
        for row in query.entity_filter.find(view):
            if _passes(row, query, view):
                yield row

    def count(self, query: CountQuery, view: View) -> int:
        """How many fit."""
        return sum(1 for _ in self.rows(query, view))

    def find(self, query: DataQuery, view: View) -> Page[Row]:
        """Page of the things that fit, in order."""
        link = query.page_link
        assert link is not None, "the query was not checked"
        rows: Iterable[Row] = self.rows(query, view)
        if link.text_search:
            wanted = link.text_search.lower()
            rows = [each for each in rows if _mentions(each, wanted, query, view)]
        return paged(self._sorted(rows, link.sort_order, view), link)

    def answer(self, query: DataQuery, view: View) -> JsonObject:
        """Page with the values that are asked for."""
        page = self.find(query, view)
        return page.json(self.items(page.items, query.keys, view))

    def items(
        self, rows: Iterable[Row], keys: Sequence[Key], view: View
    ) -> list[JsonObject]:
        """Things with values, as in the answer."""
        now = view.now_ms()
        return [
            {
                "entityId": row.entity.entity_id.json(),
                "latest": self.latest(row, keys, view, now),
                "timeseries": {},
                "aggLatest": {},
            }
            for row in rows
        ]

    def latest(self, row: Row, keys: Sequence[Key], view: View, now: int) -> JsonObject:
        """Values of one thing by type and key."""
        latest: dict[str, JsonObject] = {}
        for key in keys:
            values = latest.setdefault(key.type, {})
            if key.type is KeyType.ENTITY_FIELD:
                text = field_text(row, key.key, view)
                values[key.key] = {"ts": now, "value": text}
                continue
            sample = sample_of(row.entity, key)
            if sample is not None:
                values[key.key] = query_text(sample)
            elif not self._edqs:
                values[key.key] = dict(MISSING)
        return dict(latest)

    def _sorted(
        self, rows: Iterable[Row], order: SortOrder | None, view: View
    ) -> list[Row]:
        if order is None and self._edqs:
            order = _CREATED
        if order is not None:
            return sorted(
                rows,
                key=lambda row: (_sort_key(row, order.key, view), row.entity.id),
                reverse=order.direction is Direction.DESC,
            )
        if not self._switches.shuffle:
            return list(rows)
        self._turn += 1
        salt = str(self._turn)
        return sorted(rows, key=lambda row: crc32((salt + row.entity.id).encode()))


def sample_of(entity: Entity, key: Key) -> Sample | None:
    """Stored value of a key."""
    if key.type is KeyType.TIME_SERIES:
        return entity.latest.get(key.key)
    scope = SCOPES.get(key.type)
    if scope is not None:
        return entity.attributes[scope].get(key.key)
    if key.type is not KeyType.ATTRIBUTE:
        return None
    found = (each.get(key.key) for each in entity.attributes.values())
    samples = [each for each in found if each is not None]
    return max(samples, key=lambda sample: sample.ts, default=None)


def field_text(row: Row, name: str, view: View) -> str:
    """Text of an entity field, empty if there is no such field."""
    return row.parent if name == "parentId" else view.field(row.entity, name)


def _passes(row: Row, query: CountQuery, view: View) -> bool:
    if not query.key_filters:
        return True
    results = [_holds(row, each, view) for each in query.key_filters]
    return any(results) if query.any_filter else all(results)


def _holds(row: Row, condition: KeyFilter, view: View) -> bool:
    key = condition.key
    if key.type is not KeyType.ENTITY_FIELD:
        sample = sample_of(row.entity, key)
        return condition.predicate.holds(None if sample is None else sample.value)
    value: Json = field_text(row, key.key, view)
    if key.key == "createdTime":
        value = row.entity.created
    return condition.predicate.holds(value)


def _mentions(row: Row, wanted: str, query: DataQuery, view: View) -> bool:
    """Whether any selected column contains the text."""
    for key in query.keys:
        if key.type is KeyType.ENTITY_FIELD:
            text = field_text(row, key.key, view)
        elif (sample := sample_of(row.entity, key)) is not None:
            text = text_of(sample.value)
        else:
            continue
        if wanted in text.lower():
            return True
    return False


def _sort_key(row: Row, key: Key, view: View) -> _SortKey:
    """Numbers before texts before nothing, as the database sorts."""
    if key.type is KeyType.ENTITY_FIELD:
        if key.key == "createdTime":
            return (False, row.entity.created, False, "")
        return (True, 0.0, False, field_text(row, key.key, view))
    sample = sample_of(row.entity, key)
    if sample is None:
        return (True, 0.0, True, "")
    if isinstance(sample.value, (int, float)) and not isinstance(sample.value, bool):
        return (False, float(sample.value), False, "")
    return (True, 0.0, False, text_of(sample.value))
