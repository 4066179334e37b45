"""Properties: documents that lie on the server (thinger.md 10.3)."""

from typing import Final

from aiohttp import web

from .backend import (
    Backend,
    checked_id,
    empty_answer,
    json_body,
    object_body,
    refusal,
)
from .device import Device

from tests.simulators.json_types import Json
from tests.simulators.wire import json_answer

_ALL: Final = "/v3/users/{user}/devices/{device}/properties"
_ONE: Final = "/v3/users/{user}/devices/{device}/properties/{property}"
# Names of the permissions: unknown (15.15).
_READ: Final = "ReadDeviceProperty"
_WRITE: Final = "UpdateDeviceProperty"


class PropertyRoutes:
    """Properties of devices, the inherited ones included."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    def routes(self) -> list[web.RouteDef]:
        """Paths of properties."""
        return [
            web.get(_ALL, self._list),
            web.post(_ALL, self._add),
            web.get(_ONE, self._read),
            web.put(_ONE, self._put),
            web.patch(_ONE, self._merge),
            web.delete(_ONE, self._delete),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        device = self._device(request, _READ)
        properties = self._backend.state.properties_of(device)
        return json_answer(
            [{"property": key, "value": value} for key, value in properties.items()]
        )

    async def _add(self, request: web.Request) -> web.Response:
        device = self._device(request, _WRITE)
        body = await json_body(request)
        for entry in body if isinstance(body, list) else [body]:
            if not isinstance(entry, dict) or "value" not in entry:
                raise refusal(400, "property and value are expected")
            name = checked_id(entry.get("property"), what="property")
            device.property_set(name, entry["value"])
        return empty_answer()

    async def _read(self, request: web.Request) -> web.Response:
        device = self._device(request, _READ)
        name = request.match_info["property"]
        value = self._existing(device, name)
        return json_answer({"property": name, "value": value})

    async def _put(self, request: web.Request) -> web.Response:
        device = self._device(request, _WRITE)
        name = checked_id(request.match_info["property"], what="property")
        body = await object_body(request)
        if "value" not in body:
            raise refusal(400, "value is expected")
        device.property_set(name, body["value"])
        return empty_answer()

    async def _merge(self, request: web.Request) -> web.Response:
        device = self._device(request, _WRITE)
        name = request.match_info["property"]
        old = self._existing(device, name)
        new = (await object_body(request)).get("value")
        if isinstance(old, dict) and isinstance(new, dict):
            new = old | new
        device.property_set(name, new)
        return empty_answer()

    async def _delete(self, request: web.Request) -> web.Response:
        device = self._device(request, _WRITE)
        name = request.match_info["property"]
        if name not in device.properties:
            raise refusal(404, "property not found")
        device.property_remove(name)
        return empty_answer()

    def _existing(self, device: Device, name: str) -> Json:
        properties = self._backend.state.properties_of(device)
        if name not in properties:
            raise refusal(404, "property not found")
        return properties[name]

    def _device(self, request: web.Request, action: str) -> Device:
        key = request.match_info["user"], request.match_info["device"]
        self._backend.authorize(request, "Device", key[1], action)
        device = self._backend.state.devices.get(key)
        if device is None:
            # Not 404, as the vendor's own client notes (8).
            raise refusal(500, "internal server error")
        return device
