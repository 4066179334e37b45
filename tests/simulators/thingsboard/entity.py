"""What all entities have in common: id, owner, attributes, telemetry."""

from bisect import insort
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from .bus import Bus, Origin, Scope
from .ids import EntityId, EntityType, id_json
from .values import Sample, Value, stored_values

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import Json, JsonObject

if TYPE_CHECKING:
    from .records import Customer, Tenant


class Entity:
    """One entity; `Store.add` gives it id, time, tenant and bus."""

    entity_type: ClassVar[EntityType]

    def __init__(
        self,
        name: str,
        *,
        type: str = "",
        label: str | None = None,
        customer: Customer | None = None,
        tenant: Tenant | None = None,
        additional_info: JsonObject | None = None,
    ) -> None:
        """Without a tenant it goes to the store's main one."""
        self.name = name
        self.label = label
        self.customer = customer
        self.additional_info = additional_info
        self.version = 1
        self.attributes: dict[Scope, dict[str, Sample]] = {scope: {} for scope in Scope}
        # Latest values by key, and every sample by key, sorted by time.
        self.latest: dict[str, Sample] = {}
        self.history: dict[str, list[Sample]] = {}
        # Fields of the record that are left out or overwritten, to test odd servers.
        self.omit: set[str] = set()
        self.extra: JsonObject = {}
        self.id = ""
        self.created = 0
        self.clock = SimulatedClock()
        self.bus = Bus()
        self._type = type
        self._tenant = tenant

    def settle_in(
        self,
        *,
        id: str,
        created: int,
        tenant: Tenant,
        clock: SimulatedClock,
        bus: Bus,
    ) -> None:
        """Live in a store."""
        self.id = id
        self.created = created
        self._tenant = tenant
        self.clock = clock
        self.bus = bus

    @property
    def type(self) -> str:
        """Name of the profile, for devices and assets."""
        return self._type

    @property
    def tenant(self) -> Tenant:
        """Tenant that it belongs to."""
        assert self._tenant is not None, f"{self.name} is in no store"
        return self._tenant

    @property
    def tenant_or_none(self) -> Tenant | None:
        """Tenant that was asked for, or that it belongs to."""
        return self._tenant

    @property
    def entity_id(self) -> EntityId:
        """Type and id."""
        return EntityId(self.entity_type, self.id)

    @property
    def display_name(self) -> str:
        """Label, or the name without one (6.2)."""
        return self.label if self.label and self.label.strip() else self.name

    def base_json(self) -> JsonObject:
        """Fields with which most records begin."""
        return {
            "id": self.entity_id.json(),
            "createdTime": self.created,
            "tenantId": id_json(EntityType.TENANT, self.tenant.id),
        }

    def owner_json(self) -> JsonObject:
        """Customer, or the null UUID for none."""
        customer = self.customer
        return id_json(EntityType.CUSTOMER, customer.id if customer else None)

    def shown(self, record: JsonObject) -> JsonObject:
        """Record with the oddities that a test asked for."""
        kept = {key: item for key, item in record.items() if key not in self.omit}
        return kept | self.extra

    # Telemetry.

    def save_telemetry(
        self,
        samples: Iterable[tuple[str, Sample]],
        *,
        origin: Origin = Origin.SERVER,
    ) -> None:
        """Save samples; the latest value only moves forward in time (18)."""
        saved = list(samples)
        changed: dict[str, Sample] = {}
        for key, sample in saved:
            self._remember(key, sample)
            known = self.latest.get(key)
            if known is None or sample.ts >= known.ts:
                self.latest[key] = changed[key] = sample
        if saved:
            self.bus.telemetry_saved(self, saved, changed, origin)

    def delete_telemetry(
        self, keys: Iterable[str], *, start: int = 0, end: int | None = None
    ) -> None:
        """Delete the samples of a time window, all without one; older ones become the latest."""
        left: dict[str, Sample | None] = {}
        for key in keys:
            if key not in self.latest:
                continue
            rows = [
                row
                for row in self.history.get(key, [])
                if end is not None and not start <= row.ts < end
            ]
            if rows:
                self.history[key] = rows
                self.latest[key] = left[key] = rows[-1]
            else:
                self.history.pop(key, None)
                del self.latest[key]
                left[key] = None
        if left:
            self.bus.telemetry_deleted(self, left)

    def telemetry(self, key: str) -> Value | None:
        """Latest value, typed."""
        sample = self.latest.get(key)
        return None if sample is None else sample.value

    # Attributes.

    def save_attributes(
        self,
        scope: Scope,
        values: Mapping[str, Value],
        *,
        ts: int | None = None,
        origin: Origin = Origin.SERVER,
    ) -> None:
        """Save attributes as they are."""
        now = self.clock.now_ms() if ts is None else ts
        changed = {key: Sample(now, value) for key, value in values.items()}
        self.attributes[scope].update(changed)
        if changed:
            self.bus.attributes_saved(self, scope, changed, origin)

    def delete_attributes(self, scope: Scope | str, keys: Iterable[str]) -> None:
        """Delete attributes, if they are there."""
        scope = Scope(scope)
        gone = [key for key in keys if key in self.attributes[scope]]
        for key in gone:
            del self.attributes[scope][key]
        if gone:
            self.bus.attributes_deleted(self, scope, gone)

    def attribute(self, scope: Scope | str, key: str) -> Value | None:
        """Value of an attribute, typed; None if there is none."""
        sample = self.attributes[Scope(scope)].get(key)
        return None if sample is None else sample.value

    def set_attributes(
        self, scope: Scope | str, values: Mapping[str, Json], *, ts: int | None = None
    ) -> None:
        """As if somebody had written them through the server: a connected device reacts."""
        self.save_attributes(
            Scope(scope), stored_values(values), ts=ts, origin=Origin.REST
        )

    def _remember(self, key: str, sample: Sample) -> None:
        rows = self.history.setdefault(key, [])
        if not rows or sample.ts > rows[-1].ts:
            rows.append(sample)
            return
        same = [index for index, row in enumerate(rows) if row.ts == sample.ts]
        if same:
            rows[same[0]] = sample
        else:
            insort(rows, sample, key=lambda row: row.ts)
