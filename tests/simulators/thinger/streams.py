"""Who listens to which resource, and what is sent to them (thinger.md 9.1, 9.2, 14.4)."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterable
import contextlib
from dataclasses import dataclass, field
from typing import Final

from .backend import Backend
from .device import Device
from .firmware import Firmware
from .resource import Fn, Resource
from .token_machine import Identity

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.sockets import OpenSocket

STREAM_EVENT: Final = "device_resource_stream"

type Frame = Callable[[Device, Resource, str, Json], JsonObject]
type Matcher = Callable[[Json, JsonObject, JsonObject], bool]


@dataclass(frozen=True, slots=True, eq=False)
class Session:
    """Who opened a socket, for which user's things."""

    socket: OpenSocket
    user: str
    identity: Identity


@dataclass(slots=True, eq=False, kw_only=True)
class Subscription:
    """One thing that a socket listens to."""

    session: Session
    # None: samples of a device's own socket. Else the event's name, or its pattern in v1.
    event: str | None = None
    filters: JsonObject
    interval: float = 0.0
    matcher: Matcher
    frame: Frame
    # Whether devices send samples because of it: then its filters name things exactly.
    starts_streams: bool = False
    timer: asyncio.TimerHandle | None = field(default=None, repr=False)

    @property
    def socket(self) -> OpenSocket:
        """Socket that listens."""
        return self.session.socket

    @property
    def device(self) -> str | None:
        """Device it asks for, if it names one."""
        return _text(self.filters.get("device"))

    @property
    def resource(self) -> str | None:
        """Resource it asks for, if it names one."""
        return _text(self.filters.get("resource"))

    @property
    def exact_device(self) -> str | None:
        """Device it asks for, None also where that is a pattern."""
        return self.device if self.starts_streams else None

    def is_same_as(self, other: Subscription) -> bool:
        """Whether the other one repeats it, perhaps with another interval."""
        return (self.socket, self.event, self.filters) == (
            other.socket,
            other.event,
            other.filters,
        )

    def matches(self, event: JsonObject) -> bool:
        """Whether it wants this event."""
        return event.get("user") == self.session.user and self.matcher(
            self.event, self.filters, event
        )


class StreamHub:
    """All subscriptions."""

    def __init__(
        self, backend: Backend, firmware: Firmware, *, auto_tick: bool
    ) -> None:
        """Begin with none; hears of changes through the state's bus."""
        self._backend = backend
        self._firmware = firmware
        self.auto_tick = auto_tick
        # In the order in which they came; and by device, for many devices at once.
        self._all: dict[Subscription, None] = {}
        self._by_device: dict[str | None, dict[Subscription, None]] = defaultdict(dict)
        self.sessions: dict[OpenSocket, Session] = {}
        bus = backend.state.bus
        bus.on_sample.append(self._take_sample)
        bus.on_event.append(self.publish)
        bus.on_came.append(self._device_came)

    @property
    def subscriptions(self) -> list[Subscription]:
        """All that are live, the oldest first."""
        return list(self._all)

    @contextlib.asynccontextmanager
    async def opened(self, session: Session) -> AsyncIterator[None]:
        """Do the handshake, and forget what the socket listens to when it is closed."""
        async with self._backend.channels.opened(session.socket):
            self.sessions[session.socket] = session
            try:
                yield
            finally:
                del self.sessions[session.socket]
                self.remove(session.socket)

    def add(self, subscription: Subscription) -> None:
        """Begin to listen; the device sends one sample at once."""
        # Repeats are harmless (9.2).
        same_device = self._by_device[subscription.exact_device]
        self._forget(old for old in same_device if old.is_same_as(subscription))
        self._all[subscription] = same_device[subscription] = None
        self._sample(subscription)
        if self.auto_tick and subscription.interval > 0:
            self._arm(subscription)
        self._backend.notice.ring()

    def remove(self, socket: OpenSocket, resource: str | None = None) -> None:
        """End what a socket listens to: all, or one resource."""
        self._forget(
            each
            for each in self._all
            if each.socket is socket and resource in {None, each.resource}
        )
        self._backend.notice.ring()

    def tick(self) -> int:
        """Send the sample that each interval has due; how many."""
        due = [each for each in self.subscriptions if each.interval > 0]
        return sum(self._sample(each) for each in due)

    def settle(self) -> None:
        """Close the sockets whose token expired, if the server does that (14.4)."""
        if not self._backend.switches.close_on_expiry:
            return
        now = self._backend.clock.now()
        for socket, session in self.sessions.items():
            expires = session.identity.expires
            if expires is not None and expires <= now:
                socket.end(1008)

    def publish(self, user: str, event: JsonObject) -> None:
        """Send an event once to every socket that wants it."""
        wanted = {
            each.socket
            for each in self.subscriptions
            if each.event is not None and each.matches(event)
        }
        for socket in wanted:
            socket.send(event)

    def _forget(self, over: Iterable[Subscription]) -> None:
        for each in list(over):
            del self._all[each], self._by_device[each.exact_device][each]
            if each.timer is not None:
                each.timer.cancel()

    def _take_sample(
        self, device: Device, resource: Resource, to_everybody: bool
    ) -> None:
        context = _context(device, resource)
        told: set[OpenSocket] = set()
        for each in [*self._by_device[device.id], *self._by_device[None]]:
            is_due = to_everybody or each.interval == 0
            if is_due and each.socket not in told and each.matches(context):
                told.add(each.socket)
                self._deliver(each, device, resource, resource.output())

    def _device_came(self, device: Device) -> None:
        for each in self.subscriptions:
            if each.event is not None:
                self._sample(each, only=device)

    def _sample(self, subscription: Subscription, only: Device | None = None) -> int:
        """Let the devices send what the subscription names; how many samples."""
        name = subscription.resource
        if not subscription.starts_streams or name is None:
            return 0
        devices = [only] if only else self._devices_of(subscription)
        return sum(
            self._sample_of(subscription, device, device.resources[name])
            for device in devices
            if name in device.resources
        )

    def _devices_of(self, subscription: Subscription) -> list[Device]:
        state, user = self._backend.state, subscription.session.user
        if subscription.device is None:
            return state.devices_of(user)
        device = state.devices.get((user, subscription.device))
        return [device] if device else []

    def _sample_of(
        self, subscription: Subscription, device: Device, resource: Resource
    ) -> int:
        can_answer = device.active and device.responsive
        if not can_answer or resource.fn in {Fn.RUN, Fn.STREAM}:
            return 0
        if not subscription.matches(_context(device, resource)):
            return 0
        # The device runs the callback, an input's too, with an empty value (6.3).
        payload = self._firmware.read(
            device, resource, path=subscription.socket.path, how="stream"
        )
        self._deliver(subscription, device, resource, payload)
        return 1

    def _deliver(
        self,
        subscription: Subscription,
        device: Device,
        resource: Resource,
        payload: Json,
    ) -> None:
        frame = subscription.frame(device, resource, "data", payload)
        subscription.socket.send(frame)

    def _arm(self, subscription: Subscription) -> None:
        def fire() -> None:
            self._sample(subscription)
            self._arm(subscription)

        loop = asyncio.get_running_loop()
        subscription.timer = loop.call_later(subscription.interval, fire)


def _context(device: Device, resource: Resource) -> JsonObject:
    """What the filters of a stream can look at."""
    return {
        "event": STREAM_EVENT,
        "user": device.user,
        "device": device.id,
        "product": device.product,
        "asset_type": device.asset_type,
        "asset_group": device.asset_group,
        "resource": resource.path,
    }


def stream_event(
    device: Device, resource: Resource, signal: str, payload: Json
) -> JsonObject:
    """Frame of a sample on an account's event socket (9.2)."""
    return {
        **_context(device, resource),
        "signal": signal,
        "payload": payload,
        "ts": device.clock.now_ms(),
    }


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) else None
