"""A device: its record, connection, resources and properties (thinger.md 5)."""

import asyncio
from collections.abc import Iterable
from typing import Final, Literal, Protocol

from .bus import Bus
from .resource import Resource

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import Json, JsonObject

# How long a crashed device still counts as connected (14.3).
_CRASH_LAG: Final = 69.0
_DAY_MS: Final = 86_400_000


class Home(Protocol):
    """What a device needs of the server that it lives in."""

    clock: SimulatedClock
    bus: Bus

    def run_callback_actions(self, device: Device, data: Json) -> None:
        """Do what the callback settings of an HTTP device say."""


class Device:
    """One device of an account; `State.add_device` makes it known."""

    def __init__(
        self,
        id: str,
        *,
        name: str = "",
        description: str = "",
        type: str = "Generic",
        protocol: Literal["iotmp", "proto"] = "iotmp",
        enabled: bool = True,
        asset_type: str = "",
        asset_group: str = "",
        product: str = "",
        project: Iterable[str] = (),
        user: str = "demo",
        active: bool = False,
        connected_before: bool = True,
        credentials: str = "",
        resources: Iterable[Resource] = (),
    ) -> None:
        """`connected_before=False`: never seen, the record has no `connection`."""
        self.id = id
        self.name = name
        self.description = description
        self.type = type
        self.protocol = protocol
        self.asset_type = asset_type
        self.asset_group = asset_group
        self.product = product
        self.project = list(project)
        self.user = user
        self.credentials = credentials
        self.omit: set[str] = set()
        self.extra: JsonObject = {}
        self.latency = 0.0
        self.describe_status: int | None = None
        self.properties: dict[str, Json] = {}
        self.callback_settings: JsonObject = {}
        self.callbacks: list[Json] = []
        self.resources: dict[str, Resource] = {}
        self.home: Home | None = None
        self.clock = SimulatedClock()
        self.bus = Bus()
        # A device does one thing at a time (7).
        self.turn = asyncio.Lock()
        self.answering = asyncio.Event()
        self.answering.set()
        self._enabled = enabled
        self._active = active
        self._seen = active or connected_before
        self._dies_at: float | None = None
        self._traffic = {"rx_bytes": 0, "tx_bytes": 0}
        self._last_callback = 0.0
        self.created = self.modified = self._connection_ts = 0
        for resource in resources:
            self.add_resource(resource)

    def settle_in(self, home: Home, *, age: float) -> None:
        """Live in a server; `age` is seconds since the connection changed."""
        self.home = home
        self.clock = home.clock
        self.bus = home.bus
        now = self.clock.now_ms()
        self._connection_ts = self.modified = now - int(age * 1000)
        self.created = self.modified - _DAY_MS if age else now
        self._last_callback = self.clock.now()

    # Resources.

    def resource(self, path: str) -> Resource:
        """Resource by its path; KeyError if there is none."""
        return self.resources[path]

    def add_resource(self, resource: Resource) -> Resource:
        """Take a resource in."""
        self.resources[resource.path] = resource
        resource.publish = self._publish
        return resource

    def remove_resource(self, path: str) -> None:
        """Forget a resource."""
        del self.resources[path]

    # Connection.

    @property
    def active(self) -> bool:
        """Whether the platform takes it for connected (5.4)."""
        return self._active or self.type == "Virtual"

    @property
    def responsive(self) -> bool:
        """Whether it answers: not so in a silent crash."""
        return self.answering.is_set()

    def go_online(self) -> None:
        """Connect."""
        if not self.enabled:
            raise ValueError(f"{self.id} is disabled: it cannot connect")
        self._dies_at = None
        self.answering.set()
        if self._active:
            return
        self._traffic = {"rx_bytes": 0, "tx_bytes": 0}
        self._change_connection(active=True)
        self.emit("device_state_change", state="connected")
        self.bus.came(self)

    def go_offline(self) -> None:
        """Disconnect."""
        if not self._active:
            return
        self._dies_at = None
        self._change_connection(active=False)
        self.emit("device_state_change", state="disconnected")
        self.bus.left(self)

    def crash(self, *, lag: float = _CRASH_LAG) -> None:
        """Stop answering; the platform notices only after `lag` simulated seconds."""
        self.answering.clear()
        self._dies_at = self.clock.now() + lag

    def recover(self) -> None:
        """Answer again; connect again if the platform noticed."""
        self.go_online()

    def settle(self) -> None:
        """Go offline if the clock says so: crashed, or an HTTP device that was not heard of."""
        now = self.clock.now()
        if self._dies_at is not None and now >= self._dies_at:
            self.go_offline()
        timeout = self._callback_timeout() * 60
        if self.type == "HTTP" and timeout and now - self._last_callback >= timeout:
            self.go_offline()

    @property
    def enabled(self) -> bool:
        """Whether it may connect; disabling drops its connection (5.5)."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._enabled = value
        if not value:
            self.go_offline()

    # Data that lies on the server.

    def property_get(self, id: str) -> Json:
        """Value of a property of its own; KeyError if there is none."""
        return self.properties[id]

    def property_set(self, id: str, value: Json) -> None:
        """Store a property and tell the listeners."""
        self.properties[id] = value
        self.emit("device_property_update", property=id, value=value)

    def property_remove(self, id: str) -> None:
        """Forget a property."""
        del self.properties[id]

    def callback(self, data: Json) -> None:
        """Be called by the thing behind an HTTP device (10.4)."""
        self.callbacks.append(data)
        self._last_callback = self.clock.now()
        self.go_online()
        if self.home is not None:
            self.home.run_callback_actions(self, data)
        self.emit("device_callback_call", payload=data)

    def add_traffic(self, rx: int = 0, tx: int = 0) -> None:
        """Count bytes; open statistics streams get the increments (9.3)."""
        self._traffic["rx_bytes"] += rx
        self._traffic["tx_bytes"] += tx
        increment: JsonObject = {}
        if rx:
            increment["rx_bytes"] = rx
        if tx:
            increment["tx_bytes"] = tx
        self.bus.traffic(self, increment)

    # What the server tells of it.

    def record(self) -> JsonObject:
        """Row of the device list (5.1)."""
        record: JsonObject = {
            "device": self.id,
            "name": self.name,
            "description": self.description,
            "type": self.type,
            "enabled": self.enabled,
            "asset_type": self.asset_type,
            "asset_group": self.asset_group,
            "product": self.product,
            "created": self.created,
            "modified": self.modified,
            "user": self.user,
        }
        if self.project:
            record["project"] = list[Json](self.project)
        if self._seen:
            record["connection"] = {
                "active": self.active,
                "security": "TLSv1.3" if self.type == "Generic" else "Private Network",
                "ts": self._connection_ts,
            }
        kept = {key: item for key, item in record.items() if key not in self.omit}
        return kept | self.extra

    def stats(self) -> JsonObject:
        """Statistics of the current connection (5.3)."""
        return {
            "connected": True,
            "connected_ts": self._connection_ts,
            "ip_address": "203.0.113.9",
            **self._traffic,
        }

    def emit(self, event: str, **fields: Json) -> None:
        """Tell the account's listeners of something about this device."""
        self.bus.event(
            self.user,
            {
                "event": event,
                "user": self.user,
                "device": self.id,
                "product": self.product,
                **fields,
                "ts": self.clock.now_ms(),
            },
        )

    def _publish(self, resource: Resource, to_everybody: bool) -> None:
        self.bus.sample(self, resource, to_everybody=to_everybody)

    def _change_connection(self, *, active: bool) -> None:
        self._active = active
        self._seen = True
        self._connection_ts = self.modified = self.clock.now_ms()

    def _callback_timeout(self) -> float:
        properties = self.callback_settings.get("properties")
        minutes = properties.get("timeout") if isinstance(properties, dict) else None
        return minutes if isinstance(minutes, (int, float)) else 0.0
