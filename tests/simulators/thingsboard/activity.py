"""Which devices count as active (thingsboard.md 9)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, override

from .bus import Listener, Origin, Scope
from .device import Device
from .entity import Entity
from .values import Sample, Value

if TYPE_CHECKING:
    from .store import Store


class Activity(Listener):
    """Writes `active` and its companions, and looks at the clock for silent devices."""

    def __init__(self, store: Store) -> None:
        """Watch the devices of a store."""
        self._store = store
        self._next_check = store.clock.now() + store.switches.inactivity_check
        # Last sign of life in milliseconds, by device id.
        self._heard: dict[str, int] = {}

    def settle(self) -> None:
        """Declare devices inactive, at each interval of checks."""
        now = self._store.clock.now()
        # A clock that was set back must not delay the next check.
        interval = self._store.switches.inactivity_check
        if now < self._next_check <= now + interval:
            return
        self._next_check = now + interval
        for device in self._store.devices:
            self._check(device)

    @override
    def entity_added(self, entity: Entity) -> None:
        # Written at creation; there is no `lastActivityTime` yet.
        if isinstance(entity, Device):
            ts = min(entity.created, self._store.clock.now_ms())
            self._write(entity, {"active": False}, ts=ts)

    @override
    def entity_removed(self, entity: Entity) -> None:
        self._heard.pop(entity.id, None)

    @override
    def telemetry_saved(
        self,
        entity: Entity,
        saved: Sequence[tuple[str, Sample]],
        latest: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        if origin is Origin.DEVICE and isinstance(entity, Device):
            self.device_heard(entity)

    @override
    def attributes_saved(
        self,
        entity: Entity,
        scope: Scope,
        values: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        if not isinstance(entity, Device):
            return
        if origin is Origin.DEVICE:
            self.device_heard(entity)
        elif scope is Scope.SERVER and "inactivityTimeout" in values:
            self._reconsider(entity)

    @override
    def device_connected(self, device: Device) -> None:
        self._write(device, {"lastConnectTime": self._store.clock.now_ms()})

    @override
    def device_disconnected(self, device: Device) -> None:
        self._write(device, {"lastDisconnectTime": self._store.clock.now_ms()})

    @override
    def device_heard(self, device: Device) -> None:
        now = self._store.clock.now_ms()
        self._heard[device.id] = now
        state: dict[str, Value] = {"lastActivityTime": now}
        if not device.active:
            state["active"] = True
        self._write(device, state)

    def _check(self, device: Device) -> None:
        if device.connected and device.keeps_alive:
            self.device_heard(device)
        elif device.active and not self._is_alive(device):
            now = self._store.clock.now_ms()
            self._write(device, {"inactivityAlarmTime": now, "active": False})

    def _reconsider(self, device: Device) -> None:
        if device.active != self._is_alive(device):
            self._write(device, {"active": not device.active})

    def _is_alive(self, device: Device) -> bool:
        heard = self._heard.get(device.id)
        if heard is None:
            return False
        return self._store.clock.now_ms() < heard + self._timeout(device)

    def _timeout(self, device: Device) -> float:
        own = device.attribute(Scope.SERVER, "inactivityTimeout")
        if isinstance(own, (int, float)) and own > 0:
            return own
        return self._store.switches.inactivity_timeout * 1000

    def _write(
        self, device: Device, state: dict[str, Value], *, ts: int | None = None
    ) -> None:
        at = self._store.clock.now_ms() if ts is None else ts
        if self._store.switches.persist_state_to_telemetry:
            device.save_telemetry(
                [(key, Sample(at, value)) for key, value in state.items()]
            )
        else:
            device.save_attributes(Scope.SERVER, state, ts=at)
