"""The WebSockets of one device and of one resource (thinger.md 9.1, 14.4)."""

from functools import partial
from typing import Final, Literal

from aiohttp import web

from .backend import Backend, device_not_found
from .device import Device
from .firmware import Firmware
from .resource import Resource
from .streams import Session, StreamHub, Subscription

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.sockets import OpenSocket

type Version = Literal["v2", "v3"]

# Key of a value that a client writes over the socket.
_WRITE_KEYS: Final[dict[Version, str]] = {"v2": "in", "v3": "payload"}


class DeviceSockets:
    """Handshakes, control frames, samples, and what happens when the device leaves."""

    def __init__(self, backend: Backend, firmware: Firmware, hub: StreamHub) -> None:
        """Work on the backend; hears of leaving devices through the state's bus."""
        self._backend = backend
        self._firmware = firmware
        self._hub = hub
        backend.state.bus.on_left.append(self._device_left)

    async def v2(self, request: web.Request) -> web.StreamResponse:
        """Socket of a device, old form."""
        return await self._serve(request, "device-v2", "v2")

    async def v3(self, request: web.Request) -> web.StreamResponse:
        """Socket of a device."""
        return await self._serve(request, "device-v3", "v3")

    async def single(self, request: web.Request) -> web.StreamResponse:
        """Socket of one resource, which it listens to from the start."""
        return await self._serve(
            request, "resource-v3", "v3", request.match_info["resource"]
        )

    async def _serve(
        self,
        request: web.Request,
        kind: str,
        version: Version,
        resource: str | None = None,
    ) -> web.StreamResponse:
        self._backend.channels.check_upgrade(request)
        identity = self._backend.authorize_access(request, resource)
        device = self._backend.device(request)
        if not device.active:
            raise device_not_found()
        if resource is not None:
            self._firmware.resource(device, resource)
        socket = OpenSocket(request, self._backend.notice, kind=kind, device=device.id)
        talk = _Talk(
            self._backend,
            self._firmware,
            self._hub,
            Session(socket, device.user, identity),
            device,
            version,
        )
        async with self._hub.opened(talk.session):
            if resource is not None:
                talk.subscribe(resource, _seconds(request.query.get("interval")))
            return await socket.serve(partial(talk.receive, resource))

    def _device_left(self, device: Device) -> None:
        for session in list(self._hub.sessions.values()):
            if (session.user, session.socket.device) == (device.user, device.id):
                self._drop(session.socket)

    def _drop(self, socket: OpenSocket) -> None:
        """Do to a socket what the server does when its device leaves (15.8)."""
        mode = self._backend.switches.drop
        mine = [each for each in self._hub.subscriptions if each.socket is socket]
        if mode == "stop":
            for each in mine:
                socket.send({"resource": each.resource, "signal": "stop"})
            socket.end()
        elif mode == "abort":
            socket.abort()
        self._hub.remove(socket)


class _Talk:
    """What goes over one socket of a device."""

    def __init__(
        self,
        backend: Backend,
        firmware: Firmware,
        hub: StreamHub,
        session: Session,
        device: Device,
        version: Version,
    ) -> None:
        self._backend = backend
        self._firmware = firmware
        self._hub = hub
        self._device = device
        self._version: Version = version
        self.session = session

    def receive(self, single_resource: str | None, frame: Json) -> None:
        """Take a control frame, or a value to write."""
        if not isinstance(frame, dict):
            return
        name = frame.get("resource", single_resource)
        if not isinstance(name, str):
            return
        write_key = _WRITE_KEYS[self._version]
        if write_key in frame:
            self._write(name, frame[write_key])
        elif frame.get("enabled", True):
            self.subscribe(name, _seconds(frame.get("interval")))
        else:
            self._hub.remove(self.session.socket, name)

    def subscribe(self, name: str, interval: float) -> None:
        """Begin, or change the interval of, a stream."""
        if self._reachable(name) is None:
            return
        socket = self.session.socket
        if self._backend.switches.start_frames:
            socket.send({"resource": name, "signal": "start"})
        self._hub.add(
            Subscription(
                session=self.session,
                filters={"device": self._device.id, "resource": name},
                interval=interval,
                starts_streams=True,
                matcher=_is_same_resource,
                frame=self._frame_v2 if self._version == "v2" else self._frame_v3,
            )
        )

    def _write(self, name: str, value: Json) -> None:
        resource = self._reachable(name)
        if resource is not None and self._device.responsive:
            self._firmware.write(
                self._device,
                resource,
                value,
                path=self.session.socket.path,
                via=f"socket-{self._version}",
            )

    def _reachable(self, name: str) -> Resource | None:
        """Resource by its name; where there is none an error frame goes out."""
        allowed = self.session.identity.resources
        resource = self._device.resources.get(name)
        hidden = allowed is not None and name not in allowed
        if resource is None or hidden or resource.error is not None:
            self.session.socket.send({"resource": name, "signal": "error"})
            return None
        return resource

    def _frame_v3(
        self, device: Device, resource: Resource, signal: str, payload: Json
    ) -> JsonObject:
        switches = self._backend.switches
        frame: JsonObject = {"resource": resource.path}
        if switches.signal_in_frames:
            frame["signal"] = signal
        if switches.wrapped_proto_payloads and device.protocol == "proto":
            payload = {resource.direction(): payload}
        frame["payload"] = payload
        if switches.context_in_frames:
            frame |= {
                "device": device.id,
                "ts": device.clock.now_ms(),
                "user": device.user,
                "product": device.product,
            }
        return frame

    def _frame_v2(
        self, device: Device, resource: Resource, signal: str, payload: Json
    ) -> JsonObject:
        return {"resource": resource.path, resource.direction(): payload}


def _is_same_resource(event: Json, filters: JsonObject, candidate: JsonObject) -> bool:
    return all(candidate.get(key) == value for key, value in filters.items())


def _seconds(value: Json) -> float:
    """Interval as it came, a text in a query; 0 means only what the device raises."""
    if not isinstance(value, (int, float, str)):
        return 0.0
    try:
        return max(float(value), 0.0)
    except ValueError:
        return 0.0
