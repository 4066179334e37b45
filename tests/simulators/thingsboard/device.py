"""A device: its record, its session, and what it does by itself (thingsboard.md 6.2, 22)."""

import asyncio
from collections.abc import Callable, Mapping
import secrets
from typing import ClassVar, override

from . import updates
from .bus import Origin, Scope
from .entity import Entity
from .ids import EntityType
from .records import Customer, DeviceProfile, EntityGroup, Tenant, package_id_json
from .rpc.behaviour import RpcBehaviour
from .values import Sample, Value, stored_values

from tests.simulators.json_types import Json, JsonObject

# What a device reports when a shared attribute changes: the same value under a key,
# or whatever a function makes of it.
type Reaction = str | Callable[[Value], Mapping[str, Json]]


class Device(Entity):
    """One device, with the thing itself behind it."""

    entity_type: ClassVar[EntityType] = EntityType.DEVICE

    def __init__(
        self,
        name: str,
        *,
        type: str = "default",
        label: str | None = None,
        customer: Customer | None = None,
        tenant: Tenant | None = None,
        access_token: str = "",
        additional_info: JsonObject | None = None,
        reactions: Mapping[str, Reaction] | None = None,
    ) -> None:
        """`type` is the name of its profile; the store makes the profile if there is none."""
        super().__init__(
            name,
            type=type,
            label=label,
            customer=customer,
            tenant=tenant,
            additional_info=additional_info,
        )
        self.access_token = access_token or secrets.token_hex(10)
        self.profile: DeviceProfile | None = None
        self.groups: list[EntityGroup] = []
        self.firmware_id: str | None = None
        self.software_id: str | None = None
        # What it does when a shared attribute is written while it is connected.
        self.reactions: dict[str, Reaction] = dict(reactions or {})
        # Real seconds until it does so; 0: at once.
        self.reaction_delay = 0.0
        # A connected device pings, which counts as activity (9); False: a silent one.
        self.keeps_alive = True
        # Goes through the states of an update by itself, one step at each drift (14).
        self.updates_by_itself = True
        # How it answers calls (10).
        self.rpc = RpcBehaviour()
        self._connected = False

    @property
    @override
    def type(self) -> str:
        return self.profile.name if self.profile else self._type

    @property
    def is_gateway(self) -> bool:
        """Whether other devices speak through it."""
        return bool((self.additional_info or {}).get("gateway"))

    # The session.

    @property
    def connected(self) -> bool:
        """Whether the device has an open session to the server."""
        return self._connected

    def connect(self) -> None:
        """Open the session: the device gets what is sent to it, and counts as active."""
        if self._connected:
            return
        self._connected = True
        self.bus.device_connected(self)
        self.heard()

    def disconnect(self) -> None:
        """Close the session; `active` stays until the inactivity timeout (9)."""
        if not self._connected:
            return
        self._connected = False
        self.bus.device_disconnected(self)

    def heard(self) -> None:
        """Give a sign of life (9)."""
        self.bus.device_heard(self)

    # What the thing reports.

    def post_telemetry(
        self, values: Mapping[str, Json], *, ts: int | None = None
    ) -> None:
        """Report values as the device itself, now or at `ts` (milliseconds)."""
        at = self.clock.now_ms() if ts is None else ts
        self.save_telemetry(
            [(key, Sample(at, value)) for key, value in stored_values(values).items()],
            origin=Origin.DEVICE,
        )

    def put_telemetry(
        self, values: Mapping[str, Json], *, ts: int | None = None
    ) -> None:
        """Store values without any cast, rule or sign of life (a text "007" stays one)."""
        at = self.clock.now_ms() if ts is None else ts
        self.save_telemetry(
            [
                (key, Sample(at, value))
                for key, value in values.items()
                if value is not None
            ]
        )

    def post_attributes(self, values: Mapping[str, Json]) -> None:
        """Report client attributes as the device itself."""
        self.save_attributes(Scope.CLIENT, stored_values(values), origin=Origin.DEVICE)

    def react(self, values: Mapping[str, Sample]) -> None:
        """Be told of shared attributes; the server calls this while it is connected."""
        report: dict[str, Json] = {}
        for key, sample in values.items():
            match self.reactions.get(key):
                case None:
                    continue
                case str() as target:
                    report[target] = sample.value
                case reaction:
                    report |= reaction(sample.value)
        if not report:
            return
        if self.reaction_delay:
            loop = asyncio.get_running_loop()
            loop.call_later(self.reaction_delay, self.post_telemetry, report)
        else:
            self.post_telemetry(report)

    def advance_update(self, prefix: str = "fw") -> str | None:
        """Report the next state of an update; None if there is nothing to update (14)."""
        return updates.advance(self, prefix)

    def fail_update(self, error: str, prefix: str = "fw") -> None:
        """Report that an update failed."""
        updates.fail(self, prefix, error)

    # What the server tells of it.

    def json(self) -> JsonObject:
        """Device as the server tells it."""
        return self.shown(self._record())

    def _record(self) -> JsonObject:
        profile = self.profile
        return {
            **self.base_json(),
            "customerId": self.owner_json(),
            "name": self.name,
            "type": self.type,
            "label": self.label,
            "deviceProfileId": profile.entity_id.json() if profile else None,
            "firmwareId": package_id_json(self.firmware_id),
            "softwareId": package_id_json(self.software_id),
            "externalId": None,
            "version": self.version,
            "additionalInfo": self.additional_info,
            "deviceData": {
                "configuration": {"type": "DEFAULT"},
                "transportConfiguration": {"type": "DEFAULT"},
            },
        }

    def info(self, *, professional: bool) -> JsonObject:
        """Device with what belongs to it (6.2); PE has owner and groups instead."""
        record = self._record()
        if professional:
            owner: Entity = self.customer or self.tenant
            record["ownerId"] = owner.entity_id.json()
            record["ownerName"] = owner.name
            record["groups"] = [group.json() for group in self.groups]
        else:
            record["customerTitle"] = self.customer.name if self.customer else None
            record["customerIsPublic"] = bool(self.customer and self.customer.is_public)
            record["deviceProfileName"] = self.type
        record["active"] = self.active
        return self.shown(record)

    @property
    def active(self) -> bool:
        """What the platform takes for online (9)."""
        value = self.attribute(Scope.SERVER, "active")
        if value is None:
            value = self.telemetry("active")
        return value is True
