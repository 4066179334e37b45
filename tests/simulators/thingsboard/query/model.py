"""The parts that queries share: keys, sort orders, page links."""

from dataclasses import dataclass
from enum import StrEnum

from .fields import Fields, MalformedError

from tests.simulators.json_types import Json
from tests.simulators.thingsboard.alarms import Alarm


class KeyType(StrEnum):
    """Where a key lives (thingsboard.md 7.1)."""

    ENTITY_FIELD = "ENTITY_FIELD"
    TIME_SERIES = "TIME_SERIES"
    SERVER_ATTRIBUTE = "SERVER_ATTRIBUTE"
    SHARED_ATTRIBUTE = "SHARED_ATTRIBUTE"
    CLIENT_ATTRIBUTE = "CLIENT_ATTRIBUTE"
    ATTRIBUTE = "ATTRIBUTE"
    ALARM_FIELD = "ALARM_FIELD"
    CONSTANT = "CONSTANT"


class Direction(StrEnum):
    """Which way a list is sorted."""

    ASC = "ASC"
    DESC = "DESC"


@dataclass(frozen=True, slots=True)
class Key:
    """One thing to ask of each entity."""

    type: KeyType
    key: str


@dataclass(frozen=True, slots=True)
class SortOrder:
    """By which key, which way."""

    key: Key
    direction: Direction = Direction.ASC


@dataclass(frozen=True, slots=True, kw_only=True)
class PageLink:
    """Which part of the answer."""

    page_size: int
    page: int
    text_search: str = ""
    sort_order: SortOrder | None = None
    dynamic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCriteria:
    """Which alarms (11.8); empty lists mean any."""

    start_ts: int = 0
    end_ts: int = 0
    time_window: int = 0
    types: frozenset[str] = frozenset()
    statuses: frozenset[str] = frozenset()
    severities: frozenset[str] = frozenset()
    assignee: str | None = None

    def fits(self, alarm: Alarm, now: int) -> bool:
        """Whether an alarm is one of them."""
        start, end = self.start_ts, self.end_ts
        if self.time_window > 0:
            start, end = now - self.time_window, now
        assignee = alarm.assignee.id if alarm.assignee else None
        return (
            start <= alarm.created
            and (end <= 0 or alarm.created <= end)
            and (not self.types or alarm.type in self.types)
            and (not self.severities or alarm.severity in self.severities)
            and (not self.statuses or any(map(alarm.fits, self.statuses)))
            and self.assignee in {None, assignee}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmPageLink(PageLink):
    """Which part of the answer, and which alarms."""

    criteria: AlarmCriteria


def parse_key(value: Json, *, strict: bool) -> Key:
    """Read a key."""
    fields = Fields(value, strict=strict)
    kind = fields.one_of("type", KeyType)
    if kind is None:
        raise MalformedError("A key needs a type")
    key = Key(kind, fields.text("key"))
    fields.end()
    return key


def parse_sort_order(value: Json, *, strict: bool) -> SortOrder:
    """Read a sort order."""
    fields = Fields(value, strict=strict)
    key = fields.maybe("key", lambda item: parse_key(item, strict=strict))
    direction = fields.one_of("direction", Direction) or Direction.ASC
    fields.end()
    if key is None:
        raise MalformedError("A sort order needs a key")
    return SortOrder(key, direction)


def parse_page_link(value: Json, *, strict: bool) -> PageLink:
    """Read the page link of a data query."""
    fields = Fields(value, strict=strict)
    link = PageLink(
        page_size=fields.whole("pageSize"),
        page=fields.whole("page"),
        text_search=fields.text("textSearch"),
        sort_order=_sort_order(fields),
        dynamic=fields.flag("dynamic"),
    )
    fields.end()
    return link


def parse_alarm_page_link(value: Json, *, strict: bool) -> AlarmPageLink:
    """Read the page link of an alarm query."""
    fields = Fields(value, strict=strict)
    link = AlarmPageLink(
        page_size=fields.whole("pageSize"),
        page=fields.whole("page"),
        text_search=fields.text("textSearch"),
        sort_order=_sort_order(fields),
        dynamic=fields.flag("dynamic"),
        criteria=parse_criteria(fields),
    )
    fields.end()
    return link


def parse_criteria(fields: Fields) -> AlarmCriteria:
    """Read which alarms are wanted."""
    # Propagation is not simulated: an alarm belongs to its originator alone.
    fields.flag("searchPropagatedAlarms")
    return AlarmCriteria(
        start_ts=fields.whole("startTs"),
        end_ts=fields.whole("endTs"),
        time_window=fields.whole("timeWindow"),
        types=frozenset(fields.texts("typeList")),
        statuses=frozenset(fields.texts("statusList")),
        severities=frozenset(fields.texts("severityList")),
        assignee=_id_of(fields.take("assigneeId")),
    )


def _sort_order(fields: Fields) -> SortOrder | None:
    return fields.maybe(
        "sortOrder", lambda item: parse_sort_order(item, strict=fields.strict)
    )


def _id_of(value: Json) -> str | None:
    id_ = value.get("id") if isinstance(value, dict) else value
    return id_ if isinstance(id_, str) else None
