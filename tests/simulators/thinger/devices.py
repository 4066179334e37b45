"""The device list and single devices (thinger.md 5)."""

from typing import Final

from aiohttp import web

from .backend import Backend, checked_id, empty_answer, json_body, object_body, refusal
from .device import Device
from .listing import selected_rows

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

_LIST: Final = "/v1/users/{user}/devices"
_ONE: Final = "/v1/users/{user}/devices/{device}"
_TEXT_FIELDS: Final = (
    "name",
    "description",
    "asset_type",
    "asset_group",
    "product",
    "credentials",
)
_OLD_NAMES: Final = {
    "device_id": "device",
    "device_description": "description",
    "device_credentials": "credentials",
}
_NEW_FIELDS: Final = {"device", "type", "enabled", *_TEXT_FIELDS}
_NEEDS_CREDENTIALS: Final = {"Generic", "MQTT"}
_TYPES: Final = {*_NEEDS_CREDENTIALS, "HTTP", "Virtual"}


class DeviceRoutes:
    """List, read, create, change and delete."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    def routes(self) -> list[web.RouteDef]:
        """Paths of devices."""
        return [
            web.get(_LIST, self._list),
            web.post(_LIST, self._create),
            web.get(_ONE, self._read),
            web.put(_ONE, self._change),
            web.delete(_ONE, self._delete),
            web.put(f"{_ONE}/projects", self._set_projects),
        ]

    async def _list(self, request: web.Request) -> web.Response:
        self._backend.authorize(request, "Device", "*", "ListDevices")
        if "id" in request.query:
            checked_id(request.query["id"], what="device id")
        switches = self._backend.switches
        devices = self._backend.state.devices_of(request.match_info["user"])
        # The id is the one field that is sure to exist.
        rows = [{"device": each.id, **each.record()} for each in devices]
        return json_answer(
            selected_rows(
                request,
                rows,
                id_key="device",
                default_count=switches.default_page,
                repeat_last=switches.repeat_rows_across_pages,
            )
        )

    async def _read(self, request: web.Request) -> web.Response:
        # The vendor's list of permissions (3.5) has no other that would fit.
        return json_answer(
            self._backend.authorized_device(request, "ListDevices").record()
        )

    async def _create(self, request: web.Request) -> web.Response:
        self._backend.authorize(request, "Device", "*", "CreateDevice")
        body = _modern(await object_body(request))
        user = request.match_info["user"]
        device = _checked_device(body, user)
        state = self._backend.state
        limit = self._backend.switches.device_limit
        if (user, device.id) in state.devices:
            raise refusal(400, "device already exists")
        if limit is not None and len(state.devices_of(user)) >= limit:
            raise refusal(400, "device limit reached")
        state.add_device(device)
        device.emit("device_create")
        return json_answer({"device": device.id})

    async def _change(self, request: web.Request) -> web.Response:
        device = self._backend.authorized_device(request, "UpdateDevice")
        body = await object_body(request)
        if set(body) - {"enabled", *_TEXT_FIELDS}:
            raise refusal(400, "unknown field")
        for key in _TEXT_FIELDS:
            if key in body:
                setattr(device, key, _text(body, key))
        if "enabled" in body:
            device.enabled = bool(body["enabled"])
        device.modified = self._backend.clock.now_ms()
        device.emit("device_update")
        return empty_answer()

    async def _delete(self, request: web.Request) -> web.Response:
        device = self._backend.authorized_device(request, "DeleteDevice")
        # A virtual device is never anything but connected.
        connected = device.active and device.type != "Virtual"
        if connected and not self._backend.switches.delete_connected:
            raise refusal(400, "device is connected")
        self._backend.state.remove_device(device)
        return empty_answer()

    async def _set_projects(self, request: web.Request) -> web.Response:
        device = self._backend.authorized_device(request, "UpdateDevice")
        body = await json_body(request)
        if not isinstance(body, list):
            raise refusal(400, "an array is expected")
        device.project = [str(each) for each in body]
        return empty_answer()


def _modern(body: JsonObject) -> JsonObject:
    """Body with today's field names; the old ones still work (5.5)."""
    return {_OLD_NAMES.get(key, key): value for key, value in body.items()}


def _checked_device(body: JsonObject, user: str) -> Device:
    if set(body) - _NEW_FIELDS:
        raise refusal(400, "unknown field")
    type_ = _text(body, "type") or "Generic"
    if type_ not in _TYPES:
        raise refusal(400, "invalid type")
    credentials = _text(body, "credentials")
    if type_ in _NEEDS_CREDENTIALS and not 6 <= len(credentials) <= 255:
        raise refusal(400, "invalid credentials")
    return Device(
        checked_id(body.get("device"), what="device id"),
        name=_text(body, "name"),
        description=_text(body, "description"),
        type=type_,
        enabled=bool(body.get("enabled", True)),
        asset_type=_text(body, "asset_type"),
        asset_group=_text(body, "asset_group"),
        product=_text(body, "product"),
        credentials=credentials,
        user=user,
        connected_before=False,
    )


def _text(body: JsonObject, key: str) -> str:
    value: Json = body.get(key, "")
    if not isinstance(value, str):
        raise refusal(400, f"invalid {key}")
    return value
