"""Traffic and address of a device, as JSON or as a stream (thinger.md 5.3, 9.3)."""

from aiohttp import hdrs, web

from .backend import Backend
from .device import Device

from tests.simulators.event_streams import EventStream
from tests.simulators.json_types import JsonObject
from tests.simulators.wire import json_answer


class StatsRoutes:
    """Statistics in both versions."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend; hears of traffic through the state's bus."""
        self._backend = backend
        self._streams: dict[EventStream, Device] = {}
        bus = backend.state.bus
        bus.on_traffic.append(self._send)
        bus.on_came.append(lambda device: self._send(device, device.stats()))
        bus.on_left.append(lambda device: self._send(device, {"connected": False}))

    def routes(self) -> list[web.RouteDef]:
        """Paths of statistics."""
        return [
            web.get("/v1/users/{user}/devices/{device}/stats", self._stats),
            web.get("/v3/users/{user}/devices/{device}/stats", self._stats),
        ]

    async def _stats(self, request: web.Request) -> web.StreamResponse:
        device = self._backend.authorized_device(request, "GetDeviceStats")
        if "text/event-stream" in request.headers.get(hdrs.ACCEPT, ""):
            return await self._stream(request, device)
        return json_answer(self._current(device))

    def _current(self, device: Device) -> JsonObject:
        # What the server says of an offline device is not known (15.10).
        return device.stats() if device.active else self._backend.switches.offline_stats

    async def _stream(self, request: web.Request, device: Device) -> web.StreamResponse:
        self._backend.channels.check_enabled()
        stream = EventStream(
            request,
            kind="stats",
            device=device.id,
            idle_seconds=self._backend.switches.stats_idle_seconds,
        )
        async with self._backend.channels.opened(stream):
            self._streams[stream] = device
            stream.send(self._current(device))
            try:
                return await stream.serve()
            finally:
                del self._streams[stream]

    def _send(self, device: Device, data: JsonObject) -> None:
        for stream, watched in self._streams.items():
            if watched is device:
                stream.send(data)
