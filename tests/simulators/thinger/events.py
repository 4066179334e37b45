"""The account's event WebSockets and their catalogue (thinger.md 9.2, 14.4)."""

from functools import partial
import re
from typing import Final

from aiohttp import web

from .backend import Backend, refusal
from .streams import STREAM_EVENT, Session, StreamHub, Subscription, stream_event

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.sockets import OpenSocket
from tests.simulators.wire import json_answer

# Name of the permission: unknown (15.15).
_PERMISSION: Final = ("Event", "*", "ListenEvents")

_FILTERS: Final[dict[str, list[str]]] = {
    "device_state_change": ["device", "product", "state"],
    "device_resource_stream": ["device", "product", "resource"],
    "device_property_update": ["device", "product", "property"],
    "device_callback_call": ["device", "product"],
    "bucket_write": ["bucket"],
    "endpoint_call": ["endpoint"],
    "device_create": ["device"],
    "device_update": ["device"],
    "device_delete": ["device"],
}


class EventSockets:
    """Handshakes and subscriptions of both versions."""

    def __init__(self, backend: Backend, hub: StreamHub) -> None:
        """Work on the backend."""
        self._backend = backend
        self._hub = hub

    def routes(self) -> list[web.RouteDef]:
        """Paths of the sockets and of the catalogue."""
        return [
            web.get("/v1/users/{user}/events", partial(self._serve, "v1")),
            web.get("/v2/users/{user}/events", partial(self._serve, "v2")),
            web.get("/v1/server/events", self._catalogue),
        ]

    async def _serve(self, version: str, request: web.Request) -> web.StreamResponse:
        switches = self._backend.switches
        self._backend.channels.check_upgrade(request)
        identity = self._backend.authorize(request, *_PERMISSION)
        if not switches.events or version not in switches.event_versions:
            raise refusal(switches.events_status, "events are not available")
        socket = OpenSocket(request, self._backend.notice, kind=f"events-{version}")
        session = Session(socket, request.match_info["user"], identity)
        receive = self._receive_v1 if version == "v1" else self._receive_v2
        async with self._hub.opened(session):
            return await socket.serve(partial(receive, session))

    def _receive_v1(self, session: Session, frame: Json) -> None:
        """Take flat filters, each a regular expression; there is no acknowledgement."""
        if isinstance(frame, dict) and isinstance(event := frame.get("event"), str):
            filters = {key: value for key, value in frame.items() if key != "event"}
            self._hub.add(
                Subscription(
                    session=session,
                    event=event,
                    filters=filters,
                    matcher=_is_like,
                    frame=stream_event,
                )
            )

    def _receive_v2(self, session: Session, frame: Json) -> None:
        """Take an event with exact filters, and acknowledge it."""
        if not isinstance(frame, dict) or not isinstance(frame.get("event"), str):
            session.socket.send({"success": False, "error": "missing event"})
            return
        session.socket.send({"registered": True})
        filters, params = frame.get("filters"), frame.get("params")
        self._hub.add(
            Subscription(
                session=session,
                event=str(frame["event"]),
                starts_streams=frame["event"] == STREAM_EVENT,
                filters=filters if isinstance(filters, dict) else {},
                interval=_interval(params),
                matcher=_is_equal,
                frame=stream_event,
            )
        )

    async def _catalogue(self, request: web.Request) -> web.Response:
        self._backend.authenticate(request)
        return json_answer(
            [
                {"event": event, "filters": [{"field": field} for field in fields]}
                for event, fields in _FILTERS.items()
            ]
        )


def _interval(params: Json) -> float:
    """Seconds; the frame has milliseconds here (9.2)."""
    value = params.get("interval") if isinstance(params, dict) else None
    return value / 1000 if isinstance(value, (int, float)) else 0.0


def _is_like(event: Json, filters: JsonObject, candidate: JsonObject) -> bool:
    """Whether every pattern fits the whole value of its key."""
    patterns = {"event": event, **filters}
    return all(
        re.fullmatch(str(pattern), _as_text(candidate.get(key)))
        for key, pattern in patterns.items()
    )


def _is_equal(event: Json, filters: JsonObject, candidate: JsonObject) -> bool:
    """Whether every value is the same; one of an array is enough, since 7.0."""
    wanted = {"event": event, **filters}
    return all(_is_in(value, candidate.get(key)) for key, value in wanted.items())


def _is_in(wanted: Json, field: Json) -> bool:
    return wanted in field if isinstance(field, list) else wanted == field


def _as_text(field: Json) -> str:
    return "" if field is None else str(field)
