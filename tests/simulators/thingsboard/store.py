"""Everything that the server knows; a new one has a tenant and nothing else."""

from collections.abc import Iterable, Mapping
import secrets
from typing import Final, override

from .activity import Activity
from .alarm_rules import AlarmRules
from .alarms import AlarmBook
from .bus import Bus, Listener, Origin, Scope
from .device import Device
from .entity import Entity
from .harm import HarmfulWrite
from .ids import EntityId, EntityType, new_uuid
from .records import (
    Asset,
    AssetProfile,
    Customer,
    Dashboard,
    DeviceProfile,
    EntityGroup,
    OtaPackage,
    Relation,
    Tenant,
)
from .switches import Switches
from .users import ApiKey, Authority, User
from .values import Sample

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import JsonObject

MAIN_TENANT: Final = "Tenant"
_DEFAULT_PROFILE: Final = "default"


class Store:
    """The server's objects, by type and id."""

    def __init__(
        self,
        clock: SimulatedClock | None = None,
        *,
        switches: Switches | None = None,
    ) -> None:
        """Begin with the main tenant and its default profile."""
        self.clock = clock or SimulatedClock()
        self.switches = switches or Switches()
        self.bus = Bus()
        self.entities: dict[EntityType, dict[str, Entity]] = {
            type_: {} for type_ in EntityType
        }
        self.relations: list[Relation] = []
        self.groups: list[EntityGroup] = []
        self.api_keys: list[ApiKey] = []
        self.alarms = AlarmBook(self.clock, self.bus)
        self.unsafe_writes: list[HarmfulWrite] = []
        self.activity = Activity(self)
        self.bus.listeners += [self.activity, AlarmRules(self), _Things()]
        self._last_created = 0
        self.main_tenant = self.add_tenant(MAIN_TENANT)

    # Lists, oldest first.

    def of_type(self, type_: EntityType) -> Iterable[Entity]:
        """Entities of a type."""
        return self.entities[type_].values()

    def _all[E: Entity](self, kind: type[E]) -> list[E]:
        found = self.entities[kind.entity_type].values()
        return [each for each in found if isinstance(each, kind)]

    @property
    def tenants(self) -> list[Tenant]:
        """Every tenant."""
        return self._all(Tenant)

    @property
    def customers(self) -> list[Customer]:
        """Every customer."""
        return self._all(Customer)

    @property
    def users(self) -> list[User]:
        """Every user."""
        return self._all(User)

    @property
    def devices(self) -> list[Device]:
        """Every device."""
        return self._all(Device)

    @property
    def assets(self) -> list[Asset]:
        """Every asset."""
        return self._all(Asset)

    @property
    def device_profiles(self) -> list[DeviceProfile]:
        """Every device profile."""
        return self._all(DeviceProfile)

    @property
    def asset_profiles(self) -> list[AssetProfile]:
        """Every asset profile."""
        return self._all(AssetProfile)

    @property
    def dashboards(self) -> list[Dashboard]:
        """Every dashboard."""
        return self._all(Dashboard)

    @property
    def ota_packages(self) -> list[OtaPackage]:
        """Every package."""
        return self._all(OtaPackage)

    # Single things.

    def find(self, entity_id: EntityId) -> Entity | None:
        """Entity by type and id."""
        return self.entities[entity_id.type].get(entity_id.id)

    def find_device(self, id_: str) -> Device | None:
        """Device by its id."""
        found = self.entities[EntityType.DEVICE].get(id_)
        return found if isinstance(found, Device) else None

    def device(self, name_or_id: str) -> Device:
        """Device by its name (of any tenant) or id; KeyError if there is none."""
        found = self.find_device(name_or_id)
        return found or _named(self.devices, name_or_id)

    def device_of_token(self, access_token: str) -> Device | None:
        """Device that has this access token."""
        found = (each for each in self.devices if each.access_token == access_token)
        return next(found, None)

    def customer(self, title: str) -> Customer:
        """Customer by title; KeyError if there is none."""
        return _named(self.customers, title)

    def asset(self, name: str) -> Asset:
        """Asset by name; KeyError if there is none."""
        return _named(self.assets, name)

    def user(self, email: str) -> User:
        """User by e-mail address, case-sensitive (18); KeyError if there is none."""
        return _named(self.users, email)

    def dashboard(self, title: str) -> Dashboard:
        """Dashboard by title; KeyError if there is none."""
        return _named(self.dashboards, title)

    def profile(self, name: str, tenant: Tenant | None = None) -> DeviceProfile:
        """Device profile by name, made if there is none."""
        tenant = tenant or self.main_tenant
        for each in self.device_profiles:
            if each.name == name and each.tenant is tenant:
                return each
        default = name == _DEFAULT_PROFILE
        return self.add(DeviceProfile(name, tenant=tenant, default=default))

    def asset_profile(self, name: str, tenant: Tenant | None = None) -> AssetProfile:
        """Asset profile by name, made if there is none."""
        tenant = tenant or self.main_tenant
        for each in self.asset_profiles:
            if each.name == name and each.tenant is tenant:
                return each
        return self.add(AssetProfile(name, tenant=tenant))

    # Coming and going.

    def add[E: Entity](
        self, entity: E, *, id: str = "", created: int | None = None
    ) -> E:
        """Take an entity in; its time of creation is unique, so that lists have an order."""
        at = self.clock.now_ms() if created is None else created
        if created is None:
            at = max(at, self._last_created + 1)
            self._last_created = at
        tenant = entity.tenant_or_none
        if isinstance(entity, Tenant):
            tenant = entity
        entity.settle_in(
            id=id or new_uuid(at),
            created=at,
            tenant=tenant or self.main_tenant,
            clock=self.clock,
            bus=self.bus,
        )
        if isinstance(entity, Device):
            entity.profile = self.profile(entity.type, entity.tenant)
        if isinstance(entity, Asset):
            self.asset_profile(entity.type, entity.tenant)
        self.entities[entity.entity_type][entity.id] = entity
        self.bus.entity_added(entity)
        return entity

    def add_tenant(self, title: str) -> Tenant:
        """Make a tenant, with its default profile."""
        tenant = self.add(Tenant(title))
        self.profile(_DEFAULT_PROFILE, tenant)
        return tenant

    def add_customer(
        self, title: str, *, tenant: Tenant | None = None, public: bool = False
    ) -> Customer:
        """Make a customer."""
        info: JsonObject | None = None
        if public:
            info = {"description": "", "isPublic": True}
        return self.add(Customer(title, tenant=tenant, additional_info=info))

    def add_user(
        self,
        email: str,
        password: str,
        *,
        customer: Customer | None = None,
        tenant: Tenant | None = None,
        authority: Authority | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
    ) -> User:
        """Make a user: of a customer if one is given, else an administrator of the tenant."""
        role = Authority.CUSTOMER_USER if customer else Authority.TENANT_ADMIN
        return self.add(
            User(
                email,
                password,
                authority=authority or role,
                customer=customer,
                tenant=customer.tenant if customer else tenant,
                first_name=first_name,
                last_name=last_name,
                additional_info={"lang": "en_US"},
            )
        )

    def add_api_key(
        self,
        user: User,
        *,
        description: str = "",
        expiration_time: int = 0,
        value: str = "",
    ) -> ApiKey:
        """Make an API key of a user."""
        now = self.clock.now_ms()
        key = ApiKey(
            id=new_uuid(now),
            created=now,
            value=value or f"tb_{secrets.token_urlsafe(48)}",
            user=user,
            description=description,
            expiration_time=expiration_time,
        )
        self.api_keys.append(key)
        return key

    def add_group(self, name: str, members: Iterable[Entity]) -> EntityGroup:
        """Make a group (PE) of devices or of assets."""
        kept = list(members)
        group = EntityGroup(
            id=new_uuid(self.clock.now_ms()),
            name=name,
            group_type=kept[0].entity_type if kept else EntityType.DEVICE,
            members=kept,
        )
        self.groups.append(group)
        for each in kept:
            if isinstance(each, Device):
                each.groups.append(group)
        return group

    def remove(self, entity: Entity) -> None:
        """Delete an entity with its relations and alarms."""
        if isinstance(entity, Device):
            entity.disconnect()
        del self.entities[entity.entity_type][entity.id]
        ends = entity.entity_id
        self.relations = [
            each for each in self.relations if ends not in {each.from_id, each.to_id}
        ]
        for group in self.groups:
            group.members = [each for each in group.members if each is not entity]
        self.bus.entity_removed(entity)
        self.alarms.delete_of(entity)

    def change(self, entity: Entity) -> None:
        """Tell of fields that were set by hand, and count the version up."""
        entity.version += 1
        self.bus.entity_changed(entity)

    def relate(
        self, from_: Entity, to: Entity, type: str = "Contains", group: str = "COMMON"
    ) -> Relation:
        """Make a relation."""
        relation = Relation(
            from_id=from_.entity_id, to_id=to.entity_id, type=type, type_group=group
        )
        self.relations.append(relation)
        self.bus.relations_changed()
        return relation

    def unrelate(self, relation: Relation) -> None:
        """Delete a relation."""
        self.relations.remove(relation)
        self.bus.relations_changed()


class _Things(Listener):
    """Passes shared attributes on to the things behind connected devices (8.2)."""

    @override
    def attributes_saved(
        self,
        entity: Entity,
        scope: Scope,
        values: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        if scope is Scope.SHARED and isinstance(entity, Device) and entity.connected:
            entity.react(values)


def _named[E: Entity](entities: Iterable[E], name: str) -> E:
    for each in entities:
        if each.name == name:
            return each
    raise KeyError(name)
