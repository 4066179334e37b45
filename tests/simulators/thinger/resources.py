"""Access to resources over REST, versions 1 to 3 (thinger.md 6.2, 7, 14.3)."""

from collections.abc import AsyncIterator
import contextlib
from typing import Final, NamedTuple

from aiohttp import web

from .backend import Backend, empty_answer, json_body, refusal
from .device import Device
from .device_sockets import DeviceSockets
from .discovery import Discovery
from .firmware import Firmware
from .resource import Fn, How, Resource

from tests.simulators.json_types import Json
from tests.simulators.wire import is_upgrade, json_answer

_V1: Final = "/v1/users/{user}/devices/{device}"
_V2: Final = "/v2/users/{user}/devices/{device}"
_V3: Final = "/v3/users/{user}/devices/{device}/resources"
_RESOURCE: Final = "{resource:.+}"


class _Target(NamedTuple):
    """What a request is about."""

    device: Device
    resource: Resource


class ResourceRoutes:
    """Lists, descriptions, reads, writes and runs; sockets share some of the paths."""

    def __init__(
        self, backend: Backend, firmware: Firmware, sockets: DeviceSockets
    ) -> None:
        """Work on the backend and its devices."""
        self._backend = backend
        self._firmware = firmware
        self._sockets = sockets
        self._discovery = Discovery(backend, firmware)

    def routes(self) -> list[web.RouteDef]:
        """Paths of resources; the order decides which one a path means."""
        return [
            web.get(_V2, self._sockets.v2),
            web.get(f"{_V2}/api", self._discovery.v2_list),
            web.get(f"{_V2}/{_RESOURCE}/api", self._describe),
            web.get(f"{_V2}/{_RESOURCE}", self._get_v2),
            web.post(f"{_V2}/{_RESOURCE}", self._post_v2),
            web.get(_V3, self._v3_root),
            web.get(f"{_V3}/api", self._discovery.v3_list_all),
            web.get(f"{_V3}/{_RESOURCE}/api", self._describe),
            web.get(f"{_V3}/{_RESOURCE}", self._get_v3),
            web.post(f"{_V3}/{_RESOURCE}", self._post_v3),
        ]

    def last_routes(self) -> list[web.RouteDef]:
        """Paths of version 1, which would swallow all others below a device."""
        return [
            web.get(f"{_V1}/{_RESOURCE}", self._get_v1),
            web.post(f"{_V1}/{_RESOURCE}", self._post_v1),
        ]

    async def _v3_root(self, request: web.Request) -> web.StreamResponse:
        if is_upgrade(request):
            return await self._sockets.v3(request)
        return await self._discovery.v3_list(request)

    async def _describe(self, request: web.Request) -> web.Response:
        async with self._called(request) as target:
            device, resource = target
            if device.describe_status is not None:
                raise refusal(device.describe_status, "not supported")
            if resource.fn in {Fn.RUN, Fn.STREAM}:
                return json_answer({})
            output = self._read(request, target, "describe")
            if resource.fn is Fn.INPUT_OUTPUT:
                return json_answer({"in": resource.state(), "out": output})
            return json_answer({resource.direction(): output})

    async def _get_v1(self, request: web.Request) -> web.Response:
        async with self._called(request) as target:
            return self._got(request, target, "v1")

    async def _get_v2(self, request: web.Request) -> web.Response:
        async with self._called(request) as target:
            return self._got(request, target, "v2")

    async def _get_v3(self, request: web.Request) -> web.StreamResponse:
        if is_upgrade(request):
            return await self._sockets.single(request)
        async with self._called(request) as target:
            switches = self._backend.switches
            if target.resource.fn is Fn.RUN and not switches.v3_get_runs:
                raise refusal(405, "method not allowed")
            if target.resource.fn is Fn.INPUT and switches.v3_get_input == "refuse":
                raise refusal(400, "not an output")
            answer = self._got(request, target, "v3")
            is_empty = switches.v3_get_input == "empty"
            return (
                empty_answer()
                if target.resource.fn is Fn.INPUT and is_empty
                else answer
            )

    async def _post_v1(self, request: web.Request) -> web.Response:
        return await self._posted(request, await json_body(request), "v1")

    async def _post_v2(self, request: web.Request) -> web.Response:
        body = await json_body(request)
        # The vendor's own curl line posts without the wrapper (7, 15.17).
        if isinstance(body, dict) and "in" in body:
            body = body["in"]
        elif body is not None and not self._backend.switches.unwrapped_v2_writes:
            raise refusal(400, "missing field: in")
        return await self._posted(request, body, "v2")

    async def _post_v3(self, request: web.Request) -> web.Response:
        return await self._posted(request, await json_body(request), "v3")

    def _got(self, request: web.Request, target: _Target, version: str) -> web.Response:
        if target.resource.fn is Fn.RUN:
            self._write(request, target, None, version)
            return empty_answer()
        return _value_answer(
            target.resource, self._read(request, target, "read"), version
        )

    async def _posted(
        self, request: web.Request, value: Json, version: str
    ) -> web.Response:
        async with self._called(request) as target:
            output = self._write(request, target, value, version)
            if target.resource.fn in {Fn.INPUT, Fn.RUN}:
                return empty_answer()
            return _value_answer(target.resource, output, version)

    def _read(self, request: web.Request, target: _Target, how: How) -> Json:
        return self._firmware.read(*target, path=request.path, how=how)

    def _write(
        self, request: web.Request, target: _Target, value: Json, version: str
    ) -> Json:
        return self._firmware.write(*target, value, path=request.path, via=version)

    @contextlib.asynccontextmanager
    async def _called(self, request: web.Request) -> AsyncIterator[_Target]:
        """Check the caller, reach the device if need be, find the resource."""
        path = request.match_info["resource"]
        self._backend.authorize_access(request, path)
        device = self._backend.device(request)
        known = device.resources.get(path)
        async with contextlib.AsyncExitStack() as stack:
            if known is None or known.needs_device:
                await stack.enter_async_context(self._firmware.reached(request, device))
            resource = self._firmware.resource(device, path)
            self._firmware.check_error(resource)
            yield _Target(device, resource)


def _value_answer(resource: Resource, value: Json, version: str) -> web.Response:
    if version == "v2":
        return json_answer({resource.direction(): value})
    return json_answer(value)
