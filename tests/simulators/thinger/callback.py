"""The callback of an HTTP device (thinger.md 10.4)."""

import json
from typing import Final

from aiohttp import web

from .backend import Backend, empty_answer, object_body, refusal
from .device import Device

from tests.simulators.json_types import Json
from tests.simulators.wire import json_answer

_SETTINGS: Final = "/v3/users/{user}/devices/{device}/callback"
_DATA: Final = "/v3/users/{user}/devices/{device}/callback/data"


class CallbackRoutes:
    """Settings of the callback, and the callback itself."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    def routes(self) -> list[web.RouteDef]:
        """Paths of the callback."""
        return [
            web.get(_SETTINGS, self._read),
            web.put(_SETTINGS, self._change),
            web.post(_DATA, self._call),
            web.get(_DATA, self._response_data),
        ]

    async def _read(self, request: web.Request) -> web.Response:
        return json_answer(
            self._backend.authorized_device(request, "ListDevices").callback_settings
        )

    async def _change(self, request: web.Request) -> web.Response:
        device = self._backend.authorized_device(request, "UpdateDevice")
        device.callback_settings = await object_body(request)
        return empty_answer()

    async def _call(self, request: web.Request) -> web.Response:
        device = self._called_device(request)
        try:
            data: Json = json.loads(await request.read())
        except ValueError:
            # Answered all the same, but nothing is stored.
            return empty_answer()
        device.callback(data)
        return self._answer(device)

    async def _response_data(self, request: web.Request) -> web.Response:
        return self._answer(self._called_device(request))

    def _answer(self, device: Device) -> web.Response:
        actions = device.callback_settings.get("actions")
        wanted = actions.get("send_property") if isinstance(actions, dict) else None
        properties = self._backend.state.properties_of(device)
        if not isinstance(wanted, str) or wanted not in properties:
            return empty_answer()
        return json_answer(properties[wanted])

    def _called_device(self, request: web.Request) -> Device:
        """Device whose own callback token, or any token with access, was sent."""
        identity = self._backend.authenticate(request)
        if identity.callback_of is None:
            device = self._backend.authorized_device(request, "AccessDeviceResources")
        else:
            names = request.match_info["user"], request.match_info["device"]
            if names != (identity.user, identity.callback_of):
                raise self._backend.forbidden()
            device = self._backend.device(request)
        if device.type != "HTTP":
            raise refusal(400, "not an HTTP device")
        return device
