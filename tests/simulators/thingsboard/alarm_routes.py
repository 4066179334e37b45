"""Alarms over REST (thingsboard.md 12)."""

from collections.abc import Iterable
from typing import Final, override

from aiohttp import web

from .alarms import Alarm, Severity
from .backend import Backend, checked_uuid, identity_of
from .device_search import entity_id_of
from .entity import Entity
from .errors import bad_request, forbidden, not_found
from .ids import EntityType
from .paging import Listing, page_answer
from .routing import (
    Handler,
    Part,
    Route,
    empty_answer,
    number,
    object_body,
    text_list,
)

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

_SEARCH_STATUSES: Final = ("ANY", "ACTIVE", "CLEARED", "ACK", "UNACK")
_STATUSES: Final = ("ACTIVE_UNACK", "ACTIVE_ACK", "CLEARED_UNACK", "CLEARED_ACK")
_ANSWERS_SINCE: Final = "3.5"
_LISTING: Final = Listing[Alarm](
    search=lambda alarm: (
        alarm.type,
        alarm.severity,
        alarm.status,
        alarm.originator.name,
    ),
    sort={
        "createdTime": lambda alarm: alarm.created,
        "startTs": lambda alarm: alarm.start_ts,
        "endTs": lambda alarm: alarm.end_ts,
        "type": lambda alarm: alarm.type,
        "ackTs": lambda alarm: alarm.ack_ts,
        "clearTs": lambda alarm: alarm.clear_ts,
        "severity": lambda alarm: list(Severity).index(alarm.severity),
        "status": lambda alarm: alarm.status,
        "originator": lambda alarm: alarm.originator.name,
    },
)


class AlarmRoutes(Part):
    """Lists, single alarms, and what can be done with them."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        paths: tuple[tuple[str, str, Handler, str], ...] = (
            ("GET", "alarms", self._list, "0"),
            ("GET", "v2/alarms", self._list_v2, "3.5"),
            ("GET", "alarm/types", self._types, "3.6"),
            ("GET", "alarm/highestSeverity/{entity_type}/{device}", self._highest, "0"),
            ("GET", "alarm/info/{alarm}", self._info, "0"),
            ("GET", "v2/alarm/{entity_type}/{device}", self._of_entity_v2, "3.5"),
            ("POST", "alarm", self._save, "0"),
            ("POST", "alarm/{alarm}/ack", self._acknowledge, "0"),
            ("POST", "alarm/{alarm}/clear", self._clear, "0"),
            ("GET", "alarm/{entity_type}/{device}", self._of_entity, "0"),
            ("GET", "alarm/{alarm}", self._read, "0"),
            ("DELETE", "alarm/{alarm}", self._delete, "0"),
        )
        for method, path, handler, since in paths:
            yield Route(
                method=method, path=f"/api/{path}", handler=handler, since=since
            )

    # Lists.

    async def _list(self, request: web.Request) -> web.Response:
        return self._page(request, self._filtered(request, self._visible(request)))

    async def _list_v2(self, request: web.Request) -> web.Response:
        return self._page(request, self._filtered_v2(request, self._visible(request)))

    async def _of_entity(self, request: web.Request) -> web.Response:
        alarms = self._backend.store.alarms.of(self._originator(request))
        return self._page(request, self._filtered(request, alarms))

    async def _of_entity_v2(self, request: web.Request) -> web.Response:
        alarms = self._backend.store.alarms.of(self._originator(request))
        return self._page(request, self._filtered_v2(request, alarms))

    def _page(self, request: web.Request, alarms: list[Alarm]) -> web.Response:
        return page_answer(request, alarms, _LISTING, lambda alarm: alarm.info())

    def _visible(self, request: web.Request) -> list[Alarm]:
        identity = identity_of(request)
        alarms = self._backend.store.alarms.all
        return [each for each in alarms if identity.sees_alarm(each)]

    def _filtered(self, request: web.Request, alarms: list[Alarm]) -> list[Alarm]:
        search = _checked(request, "searchStatus", _SEARCH_STATUSES)
        status = _checked(request, "status", _STATUSES)
        if search and status:
            raise bad_request(
                "Invalid alarms search query: Both parameters 'searchStatus' and "
                "'status' can't be specified at the same time!"
            )
        wanted = search or status or "ANY"
        return [each for each in _in_time(request, alarms) if each.fits(wanted)]

    def _filtered_v2(self, request: web.Request, alarms: list[Alarm]) -> list[Alarm]:
        statuses = set(text_list(request, "statusList"))
        severities = text_list(request, "severityList")
        types = text_list(request, "typeList")
        if unknown := statuses - set(_SEARCH_STATUSES):
            raise bad_request(f"Invalid alarm status: {min(unknown)}")
        return [
            each
            for each in _in_time(request, alarms)
            if fits_all(each, statuses)
            and (not severities or each.severity in severities)
            and (not types or each.type in types)
        ]

    async def _types(self, request: web.Request) -> web.Response:
        tenant = identity_of(request).tenant.entity_id.json()
        names = sorted({each.type for each in self._visible(request)})
        listing = Listing[str](search=lambda name: (name,))
        return page_answer(
            request,
            names,
            listing,
            lambda name: {"tenantId": tenant, "entityType": "ALARM", "type": name},
        )

    async def _highest(self, request: web.Request) -> web.Response:
        alarms = self._backend.store.alarms.of(self._originator(request))
        found = {each.severity for each in self._filtered(request, alarms)}
        for severity in Severity:
            if severity in found:
                return json_answer(severity.value)
        return empty_answer()

    # Single ones.

    async def _read(self, request: web.Request) -> web.Response:
        return json_answer(self._alarm(request).json())

    async def _info(self, request: web.Request) -> web.Response:
        return json_answer(self._alarm(request).info())

    async def _acknowledge(self, request: web.Request) -> web.Response:
        alarm = self._alarm(request, write=True)
        if not self._backend.store.alarms.acknowledge(alarm):
            raise bad_request("Alarm was already acknowledged!")
        return self._changed(alarm)

    async def _clear(self, request: web.Request) -> web.Response:
        alarm = self._alarm(request, write=True)
        if not self._backend.store.alarms.clear(alarm):
            raise bad_request("Alarm was already cleared!")
        return self._changed(alarm)

    def _changed(self, alarm: Alarm) -> web.Response:
        if self._backend.since(_ANSWERS_SINCE):
            return json_answer(alarm.info())
        return empty_answer()

    async def _delete(self, request: web.Request) -> web.Response:
        self._backend.store.alarms.delete(self._alarm(request, write=True))
        return json_answer(True)

    async def _save(self, request: web.Request) -> web.Response:
        body = await object_body(request)
        if isinstance(body.get("id"), dict):
            return json_answer(self._update(request, body).json())
        type_, origin = body.get("type"), body.get("originator")
        if not isinstance(type_, str) or not type_:
            raise bad_request("Alarm type should be specified!")
        if not isinstance(origin, dict):
            raise bad_request("Alarm originator should be specified!")
        id_ = entity_id_of(origin.get("entityType"), origin.get("id"))
        entity = self._backend.entity(
            identity_of(request), id_.type, id_.id, write=True
        )
        severity = _severity(body, Severity.CRITICAL)
        alarm = self._backend.store.alarms.create(
            entity, type_, severity, details=body.get("details")
        )
        return json_answer(alarm.json())

    def _update(self, request: web.Request, body: JsonObject) -> Alarm:
        id_ = body["id"]
        alarm = self._found(
            request, str(id_.get("id")) if isinstance(id_, dict) else "", write=True
        )
        alarm.severity = _severity(body, alarm.severity)
        alarm.details = body.get("details", alarm.details)
        self._backend.store.alarms.changed(alarm)
        return alarm

    def _originator(self, request: web.Request) -> Entity:
        type_ = entity_id_of(request.match_info["entity_type"], "").type
        return self._backend.entity(
            identity_of(request), type_, request.match_info["device"]
        )

    def _alarm(self, request: web.Request, *, write: bool = False) -> Alarm:
        return self._found(request, request.match_info["alarm"], write=write)

    def _found(self, request: web.Request, id_: str, *, write: bool) -> Alarm:
        identity = identity_of(request)
        alarm = self._backend.store.alarms.by_id.get(checked_uuid(id_))
        if alarm is None or not identity.shares_tenant(alarm.originator):
            raise not_found(
                f"{EntityType.ALARM.normal_name} with id [{id_}] is not found"
            )
        if not identity.sees_alarm(alarm):
            raise forbidden()
        if write and not self._backend.may_write(identity):
            raise forbidden()
        return alarm


def fits_all(alarm: Alarm, statuses: set[str]) -> bool:
    """Whether an alarm has the wanted statuses; opposite ones do not restrict."""
    return all(
        len(wanted) != 1 or alarm.fits(*wanted)
        for wanted in (statuses & {"ACTIVE", "CLEARED"}, statuses & {"ACK", "UNACK"})
    )


def _in_time(request: web.Request, alarms: list[Alarm]) -> list[Alarm]:
    start, end = number(request, "startTime", 0), number(request, "endTime", 0)
    return [
        each
        for each in alarms
        if start <= each.created and (not end or each.created <= end)
    ]


def _checked(request: web.Request, name: str, allowed: tuple[str, ...]) -> str:
    value = request.query.get(name, "")
    if value and value not in allowed:
        raise bad_request(f"Invalid value '{value}' of parameter '{name}'")
    return value


def _severity(body: JsonObject, default: Severity) -> Severity:
    value: Json = body.get("severity")
    if value is None:
        return default
    try:
        return Severity(str(value))
    except ValueError:
        raise bad_request(f"Invalid alarm severity: {value}") from None
