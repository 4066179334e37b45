"""The bodies of the query endpoints and WebSocket commands (thingsboard.md 7.1, 11.8)."""

from dataclasses import dataclass, replace
from typing import Final, override

from .fields import Fields, Parser
from .filter_parser import parse_filter
from .filters import EntityFilter
from .model import (
    AlarmCriteria,
    AlarmPageLink,
    Key,
    PageLink,
    parse_alarm_page_link,
    parse_criteria,
    parse_key,
    parse_page_link,
)
from .predicates import KeyFilter, parse_key_filter

from tests.simulators.json_types import Json

type Version = tuple[int, ...]

# Since this version key filters can be alternatives (19).
_ALTERNATIVES: Final = (4, 4)


@dataclass(frozen=True, slots=True, kw_only=True)
class CountQuery:
    """Which things."""

    entity_filter: EntityFilter | None
    key_filters: tuple[KeyFilter, ...] = ()
    any_filter: bool = False

    def problem(self) -> str | None:
        """What the server says is wrong with the query, if anything (7.5)."""
        if self.entity_filter is None:
            return "Query entity filter must be specified."
        return self.entity_filter.problem()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataQuery(CountQuery):
    """Which things, which page of them, and what of each."""

    page_link: PageLink | None
    entity_fields: tuple[Key, ...] = ()
    # None: the property was null or missing.
    latest_values: tuple[Key, ...] | None = None

    @override
    def problem(self) -> str | None:
        """What the server says is wrong with the query, if anything (7.5)."""
        link = self.page_link
        if (problem := CountQuery.problem(self)) is not None:
            return problem
        if link is None:
            return "Entity Data Page link must be specified."
        if link.page_size < 1:
            return (
                f"Incorrect entity data page link page size '{link.page_size}'."
                " Page size must be greater than zero."
            )
        if link.page < 0:
            return (
                f"Incorrect entity data page link page '{link.page}'."
                " Page must be positive integer."
            )
        return None

    @property
    def keys(self) -> tuple[Key, ...]:
        """Everything that is asked of each thing."""
        return tuple(dict.fromkeys((*self.entity_fields, *(self.latest_values or ()))))

    def asking_also(self, keys: tuple[Key, ...]) -> DataQuery:
        """Same query with more latest values."""
        merged = dict.fromkeys((*(self.latest_values or ()), *keys))
        return replace(self, latest_values=tuple(merged))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmQuery(DataQuery):
    """Which alarms of which things."""

    page_link: AlarmPageLink | None
    alarm_fields: tuple[Key, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCountQuery(CountQuery):
    """How many alarms; without a filter those of everything."""

    criteria: AlarmCriteria


class QueryParser:
    """Reads queries as a server of some version and edition does."""

    def __init__(
        self, *, version: Version, professional: bool, strict: bool = False
    ) -> None:
        """`strict`: unknown properties below the query itself are errors (11.4)."""
        self._version = version
        self._professional = professional
        self._strict = strict

    def count(self, value: Json) -> CountQuery:
        """Read the body of a count."""
        fields = Fields(value)
        return CountQuery(
            entity_filter=self._filter(fields),
            key_filters=self._key_filters(fields),
            any_filter=self._any_filter(fields),
        )

    def data(self, value: Json) -> DataQuery:
        """Read an entity data query."""
        fields = Fields(value)
        return DataQuery(
            entity_filter=self._filter(fields),
            key_filters=self._key_filters(fields),
            any_filter=self._any_filter(fields),
            page_link=self._parsed(fields, "pageLink", parse_page_link),
            entity_fields=self._keys(fields, "entityFields") or (),
            latest_values=self._keys(fields, "latestValues"),
        )

    def alarms(self, value: Json) -> AlarmQuery:
        """Read an alarm query."""
        fields = Fields(value)
        return AlarmQuery(
            entity_filter=self._filter(fields),
            key_filters=self._key_filters(fields),
            any_filter=self._any_filter(fields),
            page_link=self._parsed(fields, "pageLink", parse_alarm_page_link),
            entity_fields=self._keys(fields, "entityFields") or (),
            latest_values=self._keys(fields, "latestValues"),
            alarm_fields=self._keys(fields, "alarmFields") or (),
        )

    def alarm_count(self, value: Json) -> AlarmCountQuery:
        """Read the body of a count of alarms."""
        fields = Fields(value)
        return AlarmCountQuery(
            entity_filter=self._filter(fields),
            key_filters=self._key_filters(fields),
            any_filter=self._any_filter(fields),
            criteria=parse_criteria(fields),
        )

    def _filter(self, fields: Fields) -> EntityFilter | None:
        def parse(value: Json) -> EntityFilter:
            return parse_filter(
                value, version=self._version, professional=self._professional
            )

        return fields.maybe("entityFilter", parse)

    def _key_filters(self, fields: Fields) -> tuple[KeyFilter, ...]:
        return self._parsed_each(fields, "keyFilters", parse_key_filter) or ()

    def _any_filter(self, fields: Fields) -> bool:
        operation = fields.text("keyFiltersOperation")
        return operation == "OR" and self._version >= _ALTERNATIVES

    def _keys(self, fields: Fields, name: str) -> tuple[Key, ...] | None:
        return self._parsed_each(fields, name, parse_key)

    def _parsed[T](self, fields: Fields, name: str, parse: Parser[T]) -> T | None:
        return fields.maybe(name, lambda item: parse(item, strict=self._strict))

    def _parsed_each[T](
        self, fields: Fields, name: str, parse: Parser[T]
    ) -> tuple[T, ...] | None:
        items = fields.each(name, lambda item: parse(item, strict=self._strict))
        return None if items is None else tuple(items)
