"""Calls to devices, and the devices' own way to take them (thingsboard.md 10, 17)."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
import json
from typing import Final, override
import uuid

from aiohttp import web

from .behaviour import NotJson, Reply, RpcCall, Silence
from .calls import PendingCall, RpcDesk
from .persistent import PersistentCall, PersistentCalls, RpcStatus

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.thingsboard.backend import Backend, checked_uuid, identity_of
from tests.simulators.thingsboard.device import Device
from tests.simulators.thingsboard.errors import bad_request, general, not_found
from tests.simulators.thingsboard.paging import Listing, page_answer
from tests.simulators.thingsboard.routing import (
    TENANT,
    Part,
    Route,
    empty_answer,
    number,
)
from tests.simulators.wire import Refusal, json_answer

_V2_SINCE: Final = "3.3"
_PERSISTENT: Final = "/api/rpc/persistent"
_DEVICE: Final = "/api/v1/{access_token}/rpc"
_LISTING: Final = Listing[PersistentCall](search=lambda kept: [kept.device.name])
# How much later a call ends that the rule chain keeps back.
_RULES_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Form:
    """One of the two sets of paths, with its answers to what goes wrong."""

    path: str
    since: str
    timeout: int
    not_connected: int


V1: Final = Form("/api/plugins/rpc", "0", 408, 409)
V2: Final = Form("/api/rpc", _V2_SINCE, 504, 504)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Order:
    """Body of a call."""

    method: str
    params: Json
    # Seconds, already lifted to the minimum.
    seconds: float
    persistent: bool
    retries: Json
    additional_info: Json


class RpcRoutes(Part):
    """Lets clients call devices."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend
        self.desk = RpcDesk(backend)
        self.persistent = PersistentCalls(backend, self.desk)

    # For tests.

    def calls(self, method: str | None = None) -> list[tuple[Device, RpcCall]]:
        """Every call that arrived at any device, perhaps of one method, in their order."""
        found = [
            (device, call)
            for device in self._backend.store.devices
            for call in device.rpc.calls
            if method in {None, call.method}
        ]
        return sorted(found, key=lambda pair: pair[1].id)

    # What the server asks of a part.

    @override
    def routes(self) -> Iterable[Route]:
        calls = [
            Route(
                method="POST",
                path=f"{form.path}/{way}/{{device}}",
                handler=partial(self._call, form, way == "oneway"),
                since=form.since,
            )
            for form in (V1, V2)
            for way in ("oneway", "twoway")
        ]
        of_device = f"{_PERSISTENT}/device/{{device}}"
        one = f"{_PERSISTENT}/{{rpc}}"
        return [
            *calls,
            Route(method="GET", path=of_device, handler=self._list, since=_V2_SINCE),
            Route(method="GET", path=one, handler=self._get, since=_V2_SINCE),
            Route(
                method="DELETE",
                path=one,
                handler=self._delete,
                since=_V2_SINCE,
                roles=TENANT,
            ),
            Route(method="GET", path=_DEVICE, handler=self._poll, open=True),
            Route(
                method="POST",
                path=f"{_DEVICE}/{{request}}",
                handler=self._answer,
                open=True,
            ),
        ]

    @override
    def settle(self) -> None:
        self.persistent.settle()

    @override
    def stop(self) -> None:
        self.desk.stop()

    # Calls.

    async def _call(
        self, form: Form, oneway: bool, request: web.Request
    ) -> web.StreamResponse:
        order = self._order(await request.text())
        device = self._backend.device_or_text(
            identity_of(request), request.match_info["device"], write=True
        )
        if order.persistent:
            return json_answer({"rpcId": self._keep(device, order, oneway=oneway).id})
        switches = self._backend.switches
        if not switches.rpc_forwarded:
            await self._wait(order.seconds + _RULES_SECONDS)
            return web.Response(status=form.timeout)
        pending = self.desk.submit(device, order.method, order.params, oneway=oneway)
        try:
            return await self._outcome(pending, order.seconds, form)
        finally:
            self.desk.withdraw(pending)

    async def _outcome(
        self, pending: PendingCall, seconds: float, form: Form
    ) -> web.StreamResponse:
        switches = self._backend.switches
        wanted: asyncio.Future[Reply] | asyncio.Future[None] = pending.reply
        if pending.call.oneway:
            wanted = pending.delivered
        real = min(seconds, switches.request_seconds) * switches.rpc_scale
        done, _ = await asyncio.wait({wanted}, timeout=real)
        if done:
            reply = wanted.result()
            return empty_answer() if pending.call.oneway else _answered(reply)
        if seconds > switches.request_seconds:
            raise general("Request timeout")
        was_delivered = pending.delivered.done()
        status = form.timeout if was_delivered else form.not_connected
        return web.Response(status=status)

    async def _wait(self, seconds: float) -> None:
        """Wait as long as a call does that nothing comes back of."""
        switches = self._backend.switches
        await asyncio.sleep(min(seconds, switches.request_seconds) * switches.rpc_scale)
        if seconds > switches.request_seconds:
            raise general("Request timeout")

    def _order(self, text: str) -> _Order:
        """Body of a call: 400 for garbage, 500 without a method (10.1, 10.2)."""
        if not text:
            raise general("Required request body is missing")
        try:
            body: Json = json.loads(text)
            if isinstance(body, dict) and "requestUUID" in body:
                uuid.UUID(str(body["requestUUID"]))
        except ValueError:
            raise bad_request("Invalid request body") from None
        if not isinstance(body, dict) or body.get("method") is None:
            raise general(
                'Cannot invoke "com.fasterxml.jackson.databind.JsonNode.asText()" because '
                'the return value of "JsonNode.get(String)" is null'
            )
        return _Order(
            method=str(body["method"]),
            params=body.get("params"),
            seconds=self._seconds(body),
            persistent=body.get("persistent") is True,
            retries=body.get("retries"),
            additional_info=body.get("additionalInfo"),
        )

    def _seconds(self, body: JsonObject) -> float:
        if "expirationTime" in body:
            left = _milliseconds(body["expirationTime"]) - self._backend.clock.now_ms()
            return max(0.0, left / 1000)
        switches = self._backend.switches
        asked = switches.rpc_default_seconds
        if "timeout" in body:
            asked = _milliseconds(body["timeout"]) / 1000
        return max(switches.rpc_minimum_seconds, asked)

    # Persistent ones.

    def _keep(self, device: Device, order: _Order, *, oneway: bool) -> PersistentCall:
        pending = self.desk.submit(
            device, order.method, order.params, oneway=oneway, persistent=True
        )
        return self.persistent.add(
            pending,
            seconds=order.seconds,
            additional_info=order.additional_info,
            retries=order.retries,
        )

    async def _get(self, request: web.Request) -> web.StreamResponse:
        return json_answer(self._kept(request).json())

    async def _delete(self, request: web.Request) -> web.StreamResponse:
        self.persistent.delete(self._kept(request))
        return empty_answer()

    async def _list(self, request: web.Request) -> web.StreamResponse:
        identity = identity_of(request)
        device = self._backend.device_or_text(identity, request.match_info["device"])
        status = request.query.get("rpcStatus")
        if status is not None and status not in set(RpcStatus):
            raise bad_request(f"Invalid value '{status}' of parameter 'rpcStatus'")
        kept = self.persistent.of(device, status)
        return page_answer(request, kept, _LISTING, PersistentCall.json)

    def _kept(self, request: web.Request) -> PersistentCall:
        """Call of the path: 404 for an unknown one, 403 for another customer's device."""
        id_ = checked_uuid(request.match_info["rpc"])
        kept = self.persistent.by_id.get(id_)
        if kept is None:
            raise not_found(f"Rpc with id [{id_}] is not found")
        self._backend.device(identity_of(request), kept.device.id)
        return kept

    # The device's own HTTP API.

    async def _poll(self, request: web.Request) -> web.StreamResponse:
        device = self._own_device(request)
        seconds = number(request, "timeout", 0) / 1000
        call = await self.desk.poll(device, seconds * self._backend.switches.rpc_scale)
        return web.Response(status=408) if call is None else json_answer(call)

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        device = self._own_device(request)
        text = request.match_info["request"]
        if not text.isdecimal():
            raise bad_request(f"Invalid request id: {text}")
        self.desk.answer(device, int(text), await request.text())
        return empty_answer()

    def _own_device(self, request: web.Request) -> Device:
        token = request.match_info["access_token"]
        device = self._backend.store.device_of_token(token)
        if device is None:
            raise Refusal(web.Response(status=401))
        return device


def _answered(reply: Reply) -> web.StreamResponse:
    """What the client gets of the device's answer."""
    match reply:
        case NotJson():
            return web.Response(status=406)
        case Silence() | "":
            return empty_answer()
        case _:
            return json_answer(reply)


def _milliseconds(value: Json) -> int:
    """Number as the server reads it: 0 for what is none."""
    try:
        return int(float(value)) if isinstance(value, (int, float, str)) else 0
    except ValueError:
        return 0
