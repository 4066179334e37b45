"""All that the server knows (thinger.md 14.1)."""

from dataclasses import dataclass, field
import secrets
from typing import Final

from .bucket import Bucket
from .bus import Bus
from .device import Device
from .resource import EmptyCall
from .tokens import AccessToken, DeviceFlow, DeviceToken, LoginGrant, User

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import Json, JsonObject

MAIN_USER: Final = "demo"


@dataclass(slots=True, eq=False, kw_only=True)
class Endpoint:
    """Something outside that the server can call for the user (10.5)."""

    id: str
    user: str = MAIN_USER
    name: str = ""
    type: str = "email"
    description: str = ""
    enabled: bool = True
    calls: list[Json] = field(default_factory=list)

    def record(self) -> JsonObject:
        """Row of the list of endpoints."""
        return {
            "endpoint": self.id,
            "name": self.name,
            "type": self.type,
            "description": self.description,
            "enabled": self.enabled,
        }


@dataclass(slots=True, eq=False, kw_only=True)
class Asset:
    """A product, type, group or project: what devices have in common (10.5)."""

    id: str
    name: str = ""
    user: str = MAIN_USER
    properties: dict[str, Json] = field(default_factory=dict)


class State:
    """The server's objects; a new one has just the user `demo`."""

    def __init__(self, clock: SimulatedClock | None = None) -> None:
        """Begin with the main user and nothing else."""
        self.clock = clock or SimulatedClock()
        self.bus = Bus()
        self.users: dict[str, User] = {}
        self.add_user(User(MAIN_USER, f"{MAIN_USER}-password"))
        # Registered by the server's administrator (3.6).
        self.client_ids = {"simulator"}
        self.grants: list[LoginGrant] = []
        self.access_tokens: list[AccessToken] = []
        self.device_tokens: list[DeviceToken] = []
        self.device_flows: list[DeviceFlow] = []
        self.devices: dict[tuple[str, str], Device] = {}
        self.buckets: dict[tuple[str, str], Bucket] = {}
        self.endpoints: dict[tuple[str, str], Endpoint] = {}
        # By kind: "products", "types", "groups", "projects".
        self.assets: dict[str, list[Asset]] = {}
        self.unsafe_reads: list[EmptyCall] = []

    def add_user(self, user: User) -> User:
        """Take a user in."""
        self.users[user.name] = user
        return user

    def add_device(self, device: Device, *, age: float = 0.0) -> Device:
        """Take a device in; its connection last changed `age` seconds ago."""
        self.devices[device.user, device.id] = device
        device.settle_in(self, age=age)
        return device

    def remove_device(self, device: Device) -> None:
        """Delete a device; what it had open ends."""
        device.go_offline()
        del self.devices[device.user, device.id]
        device.emit("device_delete")

    def devices_of(self, user: str) -> list[Device]:
        """Devices of a user, in the stable order of their ids."""
        mine = [each for each in self.devices.values() if each.user == user]
        return sorted(mine, key=lambda device: device.id)

    def add_bucket(self, id: str, *, name: str = "", config: JsonObject) -> Bucket:
        """Make a bucket of the main user."""
        bucket = Bucket(
            id=id,
            user=MAIN_USER,
            clock=self.clock,
            on_write=self._bucket_written,
            name=name,
            config=config,
        )
        self.buckets[bucket.user, bucket.id] = bucket
        return bucket

    def add_endpoint(self, endpoint: Endpoint) -> Endpoint:
        """Take an endpoint in."""
        self.endpoints[endpoint.user, endpoint.id] = endpoint
        return endpoint

    def call_endpoint(self, endpoint: Endpoint, data: Json) -> None:
        """Call something outside."""
        endpoint.calls.append(data)
        self._emit("endpoint_call", endpoint.user, endpoint=endpoint.id, payload=data)

    def properties_of(self, device: Device) -> dict[str, Json]:
        """Properties of a device, its own over the inherited ones (10.3)."""
        inherited: dict[str, Json] = {}
        for kind, id_ in (
            ("groups", device.asset_group),
            ("types", device.asset_type),
            ("products", device.product),
        ):
            for asset in self.assets.get(kind, []):
                if (asset.user, asset.id) == (device.user, id_):
                    inherited |= asset.properties
        return inherited | device.properties

    def run_callback_actions(self, device: Device, data: Json) -> None:
        """Do what the callback settings of an HTTP device say (10.4)."""
        actions = device.callback_settings.get("actions")
        if not isinstance(actions, dict):
            return
        if isinstance(property_id := actions.get("set_property"), str):
            device.property_set(property_id, data)
        bucket = self.buckets.get((device.user, str(actions.get("write_bucket"))))
        if bucket is not None and isinstance(data, dict):
            bucket.write({"device": device.id, **data})
        endpoint = self.endpoints.get((device.user, str(actions.get("call_endpoint"))))
        if endpoint is not None:
            self.call_endpoint(endpoint, data)

    def _bucket_written(self, bucket: Bucket, row: JsonObject) -> None:
        data = {key: value for key, value in row.items() if key != "ts"}
        self._emit("bucket_write", bucket.user, bucket=bucket.id, data=data)

    def _emit(self, event: str, user: str, **fields: Json) -> None:
        now = self.clock.now_ms()
        self.bus.event(user, {"event": event, "user": user, **fields, "ts": now})


def new_id() -> str:
    """24 hexadecimal digits, as the server names grants and device tokens."""
    return secrets.token_hex(12)
