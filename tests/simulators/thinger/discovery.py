"""Lists of a device's resources (thinger.md 6.1, 14.3)."""

from typing import Final

from aiohttp import web

from .backend import Backend
from .device import Device
from .firmware import Firmware
from .resource import Resource

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

_ACTION: Final = "ListDeviceResources"


class Discovery:
    """The three lists."""

    def __init__(self, backend: Backend, firmware: Firmware) -> None:
        """Work on the backend and its devices."""
        self._backend = backend
        self._firmware = firmware

    async def v2_list(self, request: web.Request) -> web.Response:
        """Resources of the firmware, nested and with their access level."""
        device = self._backend.authorized_device(request, _ACTION)
        async with self._firmware.reached(request, device):
            return json_answer(_nested(_own(device)))

    async def v3_list(self, request: web.Request) -> web.Response:
        """Resources of the firmware."""
        device = self._backend.authorized_device(request, _ACTION)
        async with self._firmware.reached(request, device):
            return json_answer(self._v3(device, _own(device)))

    async def v3_list_all(self, request: web.Request) -> web.Response:
        """Resources of the firmware and of the product."""
        device = self._backend.authorized_device(request, _ACTION)
        resources = list(device.resources.values())
        # Only libraries on the device itself have to be asked (5.4, 6.5).
        if device.type != "Generic":
            return json_answer(self._v3(device, resources))
        async with self._firmware.reached(request, device):
            return json_answer(self._v3(device, resources))

    def _v3(self, device: Device, resources: list[Resource]) -> JsonObject:
        if device.protocol == "iotmp":
            return {each.path: {"fn": int(each.fn)} for each in resources}
        if self._backend.switches.v3_nested:
            return _nested(resources)
        return {each.path: _described(each) for each in resources}


def _own(device: Device) -> list[Resource]:
    return [each for each in device.resources.values() if not each.product]


def _described(resource: Resource) -> JsonObject:
    return {"al": resource.access, "fn": int(resource.fn)}


def _nested(resources: list[Resource]) -> JsonObject:
    """Resources in the form of a PROTO device: children of a group under `/`."""
    tree: JsonObject = {}
    for resource in resources:
        *groups, name = resource.path.split("/")
        level = tree
        for group in groups:
            level = _children(level.setdefault(group, {"al": 0}))
        entry = level.setdefault(name, {})
        if isinstance(entry, dict):
            entry |= _described(resource)
    return tree


def _children(entry: Json) -> JsonObject:
    children = entry.setdefault("/", {}) if isinstance(entry, dict) else {}
    return children if isinstance(children, dict) else {}
