"""The control API over HTTP: for the demo and for checks from other processes."""

from collections import Counter
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from aiohttp import web

from .effects import (
    Delay,
    Effect,
    Gzip,
    Hang,
    LostResponse,
    Replace,
    Reset,
    Rewrite,
    Status,
    Truncate,
    duplicate_rows,
    nulls,
    numbers_as_strings,
)
from .journal import Request
from .json_types import Json, JsonObject
from .server import CONTROL_PREFIX
from .wire import Refusal, json_answer

if TYPE_CHECKING:
    from .base import Simulator

# Any: a JSON body as it came; a missing or wrong field ends in a 400.
type _Body = dict[str, Any]

_EFFECTS: Final[dict[str, Callable[[_Body], Effect]]] = {
    "status": lambda body: Status(
        body["status"], html=body.get("html", False), headers=body.get("headers")
    ),
    "replace": lambda body: Replace(
        body["body"],
        status=body.get("status", 200),
        content_type=body.get("content_type", "text/html"),
    ),
    "delay": lambda body: Delay(body["seconds"]),
    "hang": lambda body: Hang(),
    "reset": lambda body: Reset(),
    "lost": lambda body: LostResponse(),
    "truncate": lambda body: Truncate(announce_all=body.get("announce_all", False)),
    "strings": lambda body: Rewrite(numbers_as_strings),
    "nulls": lambda body: Rewrite(nulls),
    "duplicates": lambda body: Rewrite(duplicate_rows),
    "gzip": lambda body: Gzip(),
}


class ControlApi:
    """What a person or another process may ask of a running simulator."""

    def __init__(self, simulator: Simulator) -> None:
        """Keep what is controlled."""
        self._simulator = simulator

    def routes(self) -> list[web.RouteDef]:
        """Paths of the control API."""
        return [
            web.get(f"{CONTROL_PREFIX}state", self._state),
            web.get(f"{CONTROL_PREFIX}requests", self._requests),
            web.post(f"{CONTROL_PREFIX}value", self._value),
            web.post(f"{CONTROL_PREFIX}online", self._online),
            web.post(f"{CONTROL_PREFIX}push", self._push),
            web.post(f"{CONTROL_PREFIX}fault", self._fault),
            web.delete(f"{CONTROL_PREFIX}fault", self._clear_faults),
        ]

    async def _state(self, request: web.Request) -> web.Response:
        simulator = self._simulator
        return json_answer(
            {
                "platform": simulator.platform,
                "time": simulator.clock.now(),
                "push_enabled": simulator.push_enabled,
                "sockets": [
                    {"kind": each.kind, "device": each.device}
                    for each in simulator.channels.all
                ],
                "requests": self._statistics(),
                **simulator.describe(),
            }
        )

    async def _requests(self, request: web.Request) -> web.Response:
        since = request.query.get("since", "0")
        if not since.isdecimal():
            raise Refusal(json_answer({"error": "since must be a number"}, 400))
        entries = self._simulator.requests()
        return json_answer([_row(each) for each in entries if each.number > int(since)])

    async def _value(self, request: web.Request) -> web.Response:
        body = await _body(request)

        def change() -> None:
            self._simulator.control_value(
                body["device"], body["resource"], body["value"]
            )

        return _tried(change)

    async def _online(self, request: web.Request) -> web.Response:
        body = await _body(request)

        def change() -> None:
            self._simulator.control_online(body["device"], online=body["online"])

        return _tried(change)

    async def _push(self, request: web.Request) -> web.Response:
        body = await _body(request)

        def change() -> None:
            self._simulator.push_enabled = body["enabled"]

        return _tried(change)

    async def _fault(self, request: web.Request) -> web.Response:
        body = await _body(request)

        def change() -> None:
            self._simulator.faults.add(
                _EFFECTS[body["kind"]](body),
                path=body.get("path"),
                method=body.get("method"),
                count=body.get("count"),
                skip=body.get("skip", 0),
            )

        return _tried(change)

    async def _clear_faults(self, request: web.Request) -> web.Response:
        self._simulator.faults.clear()
        return json_answer({"ok": True})

    def _statistics(self) -> JsonObject:
        entries = self._simulator.requests()
        minutes = Counter(str(int(each.time // 60) * 60) for each in entries)
        paths = Counter(f"{each.method} {each.route}" for each in entries)
        return {
            "total": len(entries),
            "max_in_flight": self._simulator.max_in_flight,
            "by_minute": dict(minutes),
            "by_path": dict(paths),
        }


def _row(entry: Request) -> Json:
    # Neither tokens nor bodies: what this prints is shown to people.
    return {
        "number": entry.number,
        "method": entry.method,
        "path": entry.path,
        "route": entry.route,
        "auth": entry.auth,
        "status": entry.status,
        "time": entry.time,
    }


async def _body(request: web.Request) -> _Body:
    try:
        body = await request.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(json_answer({"error": "a JSON object is needed"}, 400))
    return body


def _tried(change: Callable[[], None]) -> web.Response:
    try:
        change()
    except (LookupError, ValueError) as error:
        return json_answer({"error": f"missing, unknown or impossible: {error}"}, 400)
    return json_answer({"ok": True})
