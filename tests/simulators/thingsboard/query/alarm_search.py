"""Alarm queries, answered (thingsboard.md 11.8, 12)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from .engine import Engine, Page, paged
from .filters import Row
from .model import Direction, Key, KeyType, PageLink, SortOrder
from .queries import AlarmCountQuery, AlarmQuery, DataQuery
from .view import View

from tests.simulators.json_types import JsonObject
from tests.simulators.thingsboard.alarms import Alarm, AlarmBook
from tests.simulators.thingsboard.entity import Entity

# Entities that one alarm query or subscription looks at (18).
ENTITY_LIMIT: Final = 10_000
_OLDEST_FIRST: Final = SortOrder(Key(KeyType.ENTITY_FIELD, "createdTime"))
_NEWEST_FIRST: Final = SortOrder(
    Key(KeyType.ALARM_FIELD, "createdTime"), Direction.DESC
)

type Originators = Mapping[Entity, Row]


@dataclass(frozen=True, slots=True)
class AlarmSearch:
    """Finds alarms of the things that a query is about."""

    engine: Engine
    book: AlarmBook

    def originators(self, query: AlarmQuery, view: View) -> tuple[Originators, int]:
        """Things whose alarms are asked for, the first so many; and how many there are."""
        link = query.page_link
        assert link is not None, "the query was not checked"
        order = link.sort_order
        if order is None or order.key.type is KeyType.ALARM_FIELD:
            order = _OLDEST_FIRST
        all_of_them = PageLink(page_size=ENTITY_LIMIT, page=0, sort_order=order)
        things = DataQuery(
            entity_filter=query.entity_filter,
            key_filters=query.key_filters,
            any_filter=query.any_filter,
            page_link=all_of_them,
        )
        page = self.engine.find(things, view)
        return {row.entity: row for row in page.items}, page.total

    def find(
        self, query: AlarmQuery, originators: Originators, view: View
    ) -> Page[Alarm]:
        """Page of their alarms, in order."""
        link = query.page_link
        assert link is not None, "the query was not checked"
        now = view.now_ms()
        wanted = link.text_search.lower()
        found = [
            alarm
            for alarm in self.book.all
            if alarm.originator in originators
            and link.criteria.fits(alarm, now)
            and _mentions(alarm, wanted)
        ]
        return paged(_sorted(found, link.sort_order), link)

    def count(self, query: AlarmCountQuery, view: View) -> int:
        """How many alarms; without a filter of everything that can be seen."""
        now = view.now_ms()
        if query.entity_filter is None:
            return sum(
                query.criteria.fits(alarm, now) and view.sees(alarm.originator)
                for alarm in self.book.all
            )
        wanted = {row.entity for row in self.engine.rows(query, view)}
        return sum(
            query.criteria.fits(alarm, now) and alarm.originator in wanted
            for alarm in self.book.all
        )

    def answer(self, query: AlarmQuery, view: View) -> JsonObject:
        """Page with alarms and the values of their originators."""
        originators, _ = self.originators(query, view)
        page = self.find(query, originators, view)
        return page.json(self.items(page.items, query, originators, view))

    def items(
        self,
        alarms: Iterable[Alarm],
        query: AlarmQuery,
        originators: Originators,
        view: View,
    ) -> list[JsonObject]:
        """Alarms as in the answer."""
        now = view.now_ms()
        return [
            {
                **alarm.info(),
                "entityId": alarm.originator.entity_id.json(),
                "latest": self.engine.latest(
                    originators[alarm.originator], query.keys, view, now
                ),
            }
            for alarm in alarms
        ]


def _mentions(alarm: Alarm, wanted: str) -> bool:
    if not wanted:
        return True
    texts = (alarm.type, alarm.severity.value, alarm.status, alarm.originator.name)
    return any(wanted in text.lower() for text in texts)


def _sorted(alarms: list[Alarm], order: SortOrder | None) -> list[Alarm]:
    if order is None or order.key.type is not KeyType.ALARM_FIELD:
        order = _NEWEST_FIRST
    name = order.key.key
    return sorted(
        alarms,
        key=lambda alarm: (*_sort_key(alarm, name), alarm.id),
        reverse=order.direction is Direction.DESC,
    )


def _sort_key(alarm: Alarm, name: str) -> tuple[int, str]:
    match name:
        case "type":
            return 0, alarm.type
        case "severity":
            return 0, alarm.severity.value
        case "status":
            return 0, alarm.status
        case "originator":
            return 0, alarm.originator.name
        case "startTime" | "startTs":
            return alarm.start_ts, ""
        case "endTime" | "endTs":
            return alarm.end_ts, ""
        case "ackTime" | "ackTs":
            return alarm.ack_ts, ""
        case "clearTime" | "clearTs":
            return alarm.clear_ts, ""
        case _:
            return alarm.created, ""
