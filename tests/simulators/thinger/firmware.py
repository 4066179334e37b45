"""What happens in a device when the server calls it (thinger.md 6.3, 7, 14.3)."""

import asyncio
from collections.abc import AsyncIterator
import contextlib

from aiohttp import web

from .backend import Backend, device_not_found, refusal
from .device import Device
from .resource import EmptyCall, Fn, How, Resource

from tests.simulators.json_types import Json
from tests.simulators.wire import Refusal, json_answer, no_answer


class Firmware:
    """Calls of devices, with all that makes real ones slow, silent or wrong."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @contextlib.asynccontextmanager
    async def reached(
        self, request: web.Request, device: Device
    ) -> AsyncIterator[None]:
        """Have the device's attention; 404 if it is offline."""
        if not device.active:
            raise device_not_found()
        if not device.responsive:
            await self._wait_in_vain(request, device)
        async with device.turn:
            if device.latency:
                await asyncio.sleep(device.latency)
            device.add_traffic(rx=len(request.path), tx=len(request.path))
            yield

    def resource(self, device: Device, path: str) -> Resource:
        """Resource by its path; 404 if there is none."""
        resource = device.resources.get(path)
        if resource is None:
            raise refusal(404, self._backend.switches.not_found_message)
        return resource

    def check_error(self, resource: Resource) -> None:
        """Answer with the firmware's own error, if it has one (8, 15.18)."""
        if resource.error is None:
            return
        as_set = self._backend.switches.firmware_status
        status = resource.error.status if as_set else 500
        raise Refusal(json_answer({"error": resource.error.text}, status))

    def call_empty(
        self, device: Device, resource: Resource, *, path: str, how: How
    ) -> None:
        """Execute an input with an empty value, and note it."""
        changed = resource.call_empty()
        harmful = resource.style == "naive"
        self._backend.note_empty_call(
            EmptyCall(device.id, resource.path, path, how, harmful, changed)
        )

    def read(self, device: Device, resource: Resource, *, path: str, how: How) -> Json:
        """Value of a resource; reading an input executes it (6.3)."""
        resource.reads += 1
        if resource.takes_input:
            self.call_empty(device, resource, path=path, how=how)
        return resource.output()

    def write(
        self, device: Device, resource: Resource, value: Json, *, path: str, via: str
    ) -> Json:
        """Give a value to a resource, or run it; the output of an in/out."""
        now = self._backend.clock.now()
        if resource.takes_input and value is None:
            self.call_empty(device, resource, path=path, how="write")
        elif resource.takes_input or resource.fn is Fn.RUN:
            resource.write(value, at=now, via=via)
        return resource.output()

    async def _wait_in_vain(self, request: web.Request, device: Device) -> None:
        """Hang as long as a silent crash makes a call hang (15.1)."""
        switches = self._backend.switches
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(switches.silent_delay):
                await device.answering.wait()
                return
        if switches.silent_status is None:
            raise Refusal(no_answer(request))
        raise refusal(switches.silent_status, "device did not answer")
