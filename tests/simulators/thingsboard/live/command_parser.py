"""Reads messages of clients, strictly (thingsboard.md 11.1, 11.4, 11.9)."""

from collections.abc import Callable
from typing import Final

from .commands import (
    AlarmCountCommand,
    AlarmDataCommand,
    AlarmStatusCommand,
    AuthCommand,
    Command,
    EntityCountCommand,
    EntityDataCommand,
    History,
    Message,
    OldHistory,
    OldSubscription,
    Unsubscribe,
)

from tests.simulators.json_types import Json
from tests.simulators.thingsboard.query.fields import Fields, MalformedError
from tests.simulators.thingsboard.query.filter_parser import parse_ref
from tests.simulators.thingsboard.query.model import Key, parse_key
from tests.simulators.thingsboard.query.queries import QueryParser, Version


class CommandParser:
    """Reads messages as a server of some version does."""

    def __init__(self, *, version: Version, professional: bool) -> None:
        """Features appear with the version."""
        self._version = version
        self._queries = QueryParser(
            version=version, professional=professional, strict=True
        )
        self._by_type: dict[str, Callable[[Fields], Command]] = {
            "ENTITY_DATA": self._entity_data,
            "ENTITY_COUNT": self._entity_count,
            "ALARM_DATA": self._alarm_data,
            "ALARM_COUNT": self._alarm_count,
            "TIMESERIES": self._timeseries,
            "ATTRIBUTES": self._attributes,
            "TIMESERIES_HISTORY": self._timeseries_history,
            "ENTITY_DATA_UNSUBSCRIBE": _unsubscribe,
            "ENTITY_COUNT_UNSUBSCRIBE": _unsubscribe,
            "ALARM_DATA_UNSUBSCRIBE": _unsubscribe,
            "ALARM_COUNT_UNSUBSCRIBE": _unsubscribe,
        }
        if version >= (3, 9):
            self._by_type["ALARM_STATUS"] = self._alarm_status
            self._by_type["ALARM_STATUS_UNSUBSCRIBE"] = _unsubscribe

    def message(self, value: Json) -> Message:
        """Read a message of `/api/ws`."""
        fields = Fields(value, strict=True)
        auth = fields.maybe("authCmd", self._auth)
        commands = fields.each("cmds", self._command) or []
        fields.end()
        return Message(auth, tuple(each for each in commands if each is not None))

    def old_message(self, value: Json) -> Message:
        """Read a message of `/api/ws/plugins/telemetry` (11.9)."""
        fields = Fields(value, strict=True)
        commands: list[Command] = []
        for name, (type_, since) in _OLD_LISTS.items():
            if self._version >= since:
                parse = self._by_type[type_]
                commands += fields.each(name, _complete(parse)) or []
        fields.end()
        return Message(None, tuple(commands))

    def _auth(self, value: Json) -> AuthCommand:
        fields = Fields(value, strict=True)
        fields.whole("cmdId")
        fields.take("type")
        token = fields.optional_text("token")
        keys_exist = self._version >= _KEYS_SINCE
        api_key = fields.optional_text("apiKey") if keys_exist else None
        fields.end()
        return AuthCommand(token, api_key)

    def _command(self, value: Json) -> Command | None:
        """Read a command; None for those of the notification centre."""
        fields = Fields(value, strict=True)
        type_ = fields.text("type")
        if type_ in _NOTIFICATIONS:
            return None
        parse = self._by_type.get(type_)
        if parse is None:
            raise MalformedError(f"Could not resolve type id {type_!r} as WsCmd")
        command = parse(fields)
        fields.end()
        return command

    def _entity_data(self, fields: Fields) -> Command:
        aggregates = [
            fields.maybe("aggHistoryCmd", _aggregates),
            fields.maybe("aggTsCmd", _aggregates),
        ]
        return EntityDataCommand(
            fields.whole("cmdId"),
            query=fields.maybe("query", self._queries.data),
            latest=fields.maybe("latestCmd", _latest),
            window=fields.maybe("tsCmd", _window),
            history=fields.maybe("historyCmd", _history),
            aggregates=any(aggregates),
        )

    def _entity_count(self, fields: Fields) -> Command:
        query = fields.maybe("query", self._queries.count)
        return EntityCountCommand(fields.whole("cmdId"), query=query)

    def _alarm_data(self, fields: Fields) -> Command:
        query = fields.maybe("query", self._queries.alarms)
        return AlarmDataCommand(fields.whole("cmdId"), query=query)

    def _alarm_count(self, fields: Fields) -> Command:
        query = fields.maybe("query", self._queries.alarm_count)
        return AlarmCountCommand(fields.whole("cmdId"), query=query)

    def _alarm_status(self, fields: Fields) -> Command:
        return AlarmStatusCommand(
            fields.whole("cmdId"),
            originator=fields.maybe("originatorId", parse_ref),
            types=frozenset(fields.texts("typeList")),
            severities=frozenset(fields.texts("severityList")),
        )

    def _timeseries(self, fields: Fields) -> Command:
        keys = _old_keys(fields)
        window = fields.whole("timeWindow")
        start = fields.whole("startTs")
        history = History(
            keys or (),
            start,
            start + window,
            fields.whole("limit"),
            fields.text("agg", "NONE"),
            fields.whole("interval"),
        )
        return OldSubscription(
            fields.whole("cmdId"),
            entity_type=fields.text("entityType"),
            entity_id=fields.text("entityId"),
            keys=keys,
            scope=fields.text("scope"),
            of_attributes=False,
            unsubscribe=fields.flag("unsubscribe"),
            window=history if window > 0 and keys else None,
        )

    def _attributes(self, fields: Fields) -> Command:
        return OldSubscription(
            fields.whole("cmdId"),
            entity_type=fields.text("entityType"),
            entity_id=fields.text("entityId"),
            keys=_old_keys(fields),
            scope=fields.text("scope"),
            of_attributes=True,
            unsubscribe=fields.flag("unsubscribe"),
        )

    def _timeseries_history(self, fields: Fields) -> Command:
        keys = _old_keys(fields)
        return OldHistory(
            fields.whole("cmdId"),
            entity_type=fields.text("entityType"),
            entity_id=fields.text("entityId"),
            keys=keys,
            scope=fields.text("scope"),
            history=History(
                keys or (),
                fields.whole("startTs"),
                fields.whole("endTs"),
                fields.whole("limit"),
                fields.text("agg", "NONE"),
                fields.whole("interval"),
            ),
        )


_KEYS_SINCE: Final = (4, 4)
_NOTIFICATIONS: Final = {
    "NOTIFICATIONS",
    "NOTIFICATIONS_COUNT",
    "NOTIFICATIONS_UNSUBSCRIBE",
    "MARK_NOTIFICATIONS_AS_READ",
    "MARK_ALL_NOTIFICATIONS_AS_READ",
}
# Lists of the old wrapper, in the order in which they are worked through, and since when.
_OLD_LISTS: Final[dict[str, tuple[str, Version]]] = {
    "attrSubCmds": ("ATTRIBUTES", (0,)),
    "tsSubCmds": ("TIMESERIES", (0,)),
    "historyCmds": ("TIMESERIES_HISTORY", (0,)),
    "entityDataCmds": ("ENTITY_DATA", (3, 1)),
    "entityDataUnsubscribeCmds": ("ENTITY_DATA_UNSUBSCRIBE", (3, 1)),
    "alarmDataCmds": ("ALARM_DATA", (3, 1)),
    "alarmDataUnsubscribeCmds": ("ALARM_DATA_UNSUBSCRIBE", (3, 1)),
    "entityCountCmds": ("ENTITY_COUNT", (3, 2, 2)),
    "entityCountUnsubscribeCmds": ("ENTITY_COUNT_UNSUBSCRIBE", (3, 2, 2)),
    "alarmCountCmds": ("ALARM_COUNT", (3, 5)),
    "alarmCountUnsubscribeCmds": ("ALARM_COUNT_UNSUBSCRIBE", (3, 5)),
}


def _complete(parse: Callable[[Fields], Command]) -> Callable[[Json], Command]:
    def read(value: Json) -> Command:
        fields = Fields(value, strict=True)
        # The items are the same objects; a type does no harm there.
        fields.take("type")
        command = parse(fields)
        fields.end()
        return command

    return read


def _unsubscribe(fields: Fields) -> Command:
    return Unsubscribe(fields.whole("cmdId"))


def _latest(value: Json) -> tuple[Key, ...]:
    fields = Fields(value, strict=True)
    keys = fields.each("keys", lambda item: parse_key(item, strict=True))
    fields.end()
    return tuple(keys or ())


def _window(value: Json) -> History:
    fields = Fields(value, strict=True)
    start, window = fields.whole("startTs"), fields.whole("timeWindow")
    history = _samples(fields, start, start + window)
    fields.end()
    return history


def _history(value: Json) -> History:
    fields = Fields(value, strict=True)
    history = _samples(fields, fields.whole("startTs"), fields.whole("endTs"))
    fields.end()
    return history


def _samples(fields: Fields, start: int, end: int) -> History:
    for name in ("fetchLatestPreviousPoint", "intervalType", "timeZoneId"):
        fields.take(name)
    return History(
        tuple(fields.texts("keys")),
        start,
        end,
        fields.whole("limit"),
        fields.text("agg", "NONE"),
        fields.whole("interval"),
    )


def _aggregates(value: Json) -> bool:
    fields = Fields(value, strict=True)
    for name in ("keys", "startTs", "endTs", "timeWindow"):
        fields.take(name)
    fields.end()
    return True


def _old_keys(fields: Fields) -> tuple[str, ...] | None:
    text = fields.text("keys")
    return tuple(dict.fromkeys(text.split(","))) if text else None
