"""The HTTP API of devices, without calls (thingsboard.md 17)."""

import asyncio
from collections.abc import Iterable, Mapping
import contextlib
import json
from typing import Final, override

from aiohttp import web

from .backend import Backend
from .bus import Listener, Origin, Scope
from .device import Device
from .device_posts import BadPostError, parsed_samples
from .entity import Entity
from .harm import HarmfulWrite, How
from .ids import EntityId, EntityType
from .records import OtaPackage
from .routing import Handler, Part, Route, empty_answer, text_list
from .values import Sample, Value, stored_values

from tests.simulators.json_types import Json
from tests.simulators.wire import Refusal, json_answer

_BASE: Final = "/api/v1/{access_token}"
_DEFAULT_WAIT_MS: Final = "10000"

type _Updates = dict[str, Value]


class DeviceApi(Part, Listener):
    """Telemetry, attributes and packages, with a device's access token in the path."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend, and hear of shared attributes."""
        self._backend = backend
        self._waiting: list[tuple[Entity, asyncio.Future[_Updates]]] = []
        backend.store.bus.listeners.append(self)

    @override
    def routes(self) -> Iterable[Route]:
        paths: tuple[tuple[str, str, Handler], ...] = (
            ("POST", "telemetry", self._post_telemetry),
            ("POST", "attributes", self._post_attributes),
            ("GET", "attributes", self._attributes),
            ("GET", "attributes/updates", self._wait_for_attributes),
            ("GET", "firmware", self._download),
            ("GET", "software", self._download),
        )
        for method, path, handler in paths:
            yield Route(
                method=method, path=f"{_BASE}/{path}", handler=handler, open=True
            )

    @override
    def attributes_saved(
        self,
        entity: Entity,
        scope: Scope,
        values: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        if scope is not Scope.SHARED:
            return
        for who, future in self._waiting:
            if who is entity and not future.done():
                future.set_result({key: each.value for key, each in values.items()})

    @override
    def stop(self) -> None:
        for _, future in self._waiting:
            future.cancel()

    async def _post_telemetry(self, request: web.Request) -> web.Response:
        device = device_of_token(self._backend, request)
        try:
            samples = parsed_samples(await _json(request), device.clock.now_ms())
        except BadPostError:
            raise Refusal(web.Response(status=400)) from None
        for key, sample in samples:
            self._note(device, "TELEMETRY", key, sample.value, request)
        device.save_telemetry(samples, origin=Origin.DEVICE)
        return empty_answer()

    async def _post_attributes(self, request: web.Request) -> web.Response:
        device = device_of_token(self._backend, request)
        body = await _json(request)
        if not isinstance(body, dict):
            raise Refusal(web.Response(status=400))
        for key, value in body.items():
            self._note(device, Scope.CLIENT, key, value, request)
        values = stored_values(body)
        device.save_attributes(Scope.CLIENT, values, origin=Origin.DEVICE)
        return empty_answer()

    async def _attributes(self, request: web.Request) -> web.Response:
        device = device_of_token(self._backend, request)
        client, shared = (
            text_list(request, "clientKeys"),
            text_list(request, "sharedKeys"),
        )
        everything = not client and not shared
        return json_answer(
            {
                name: {
                    key: sample.value
                    for key, sample in device.attributes[scope].items()
                    if everything or key in keys
                }
                for name, scope, keys in (
                    ("client", Scope.CLIENT, client),
                    ("shared", Scope.SHARED, shared),
                )
            }
        )

    async def _wait_for_attributes(self, request: web.Request) -> web.Response:
        device = device_of_token(self._backend, request)
        device.heard()
        seconds = float(request.query.get("timeout", _DEFAULT_WAIT_MS)) / 1000
        future: asyncio.Future[_Updates] = asyncio.get_running_loop().create_future()
        entry = (device, future)
        self._waiting.append(entry)
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    values = await future
                    return json_answer(dict[str, Json](values))
        finally:
            self._waiting.remove(entry)
        return web.Response(status=408)

    async def _download(self, request: web.Request) -> web.Response:
        device = device_of_token(self._backend, request)
        is_firmware = request.path.endswith("firmware")
        id_ = device.firmware_id if is_firmware else device.software_id
        package = self._backend.store.find(EntityId(EntityType.OTA_PACKAGE, id_ or ""))
        if not isinstance(package, OtaPackage):
            raise Refusal(web.Response(status=404))
        return web.Response(body=package.data, content_type="application/octet-stream")

    def _note(
        self, device: Device, scope: str, key: str, value: Json, request: web.Request
    ) -> None:
        self._backend.store.unsafe_writes.append(
            HarmfulWrite(
                device=device.name,
                scope=scope,
                key=key,
                value=value,
                path=request.path,
                how=How.DEVICE_API,
            )
        )


def device_of_token(backend: Backend, request: web.Request) -> Device:
    """Device whose access token stands in the path; 401 with an empty body otherwise."""
    device = backend.store.device_of_token(request.match_info["access_token"])
    if device is None:
        raise Refusal(web.Response(status=401))
    return device


async def _json(request: web.Request) -> Json:
    try:
        body: Json = json.loads(await request.read())
    except ValueError:
        raise Refusal(web.Response(status=400)) from None
    return body
