"""Which entities there are: added, exchanged and forgotten as resources come, change and go."""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Final

from homeassistant.const import Platform
from homeassistant.core import callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .const import DOMAIN
from .entity_count import async_count
from .mapping import EntitySpec, explain, map_resource, parse_overrides
from .model.control import is_control
from .model.device import Resource, ResourceKey

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator
    from .entity import DeviceEntity, ResourceEntity

SLICE: Final = 50
"""Entities added in one go: more would hold up the event loop."""

type ResourceFactory = Callable[[AccountCoordinator, EntitySpec], ResourceEntity]
type DeviceFactory = Callable[[AccountCoordinator, str], Iterable[DeviceEntity]]
"""Returns all entities that a device has for what it is, apart from what it offers."""


@dataclass(frozen=True, slots=True)
class _Adder:
    """How an entity platform makes its entities."""

    add: AddConfigEntryEntitiesCallback
    of_resource: ResourceFactory | None
    of_device: DeviceFactory | None


class Entities:
    """The entities of an account."""

    def __init__(self, coordinator: AccountCoordinator) -> None:
        """Prepare; there are none until the entity platforms are set up."""
        self.is_crowded = False
        """Whether there are so many that those of the devices themselves start disabled."""
        self._coordinator = coordinator
        self._overrides = parse_overrides(coordinator.config_entry.options)
        self._decided: dict[ResourceKey, tuple[Resource, EntitySpec | None]] = {}
        self._adders: dict[Platform, _Adder] = {}
        self._of_resources: dict[ResourceKey, ResourceEntity] = {}
        self._of_devices: set[tuple[Platform, str]] = set()
        self._planned: defaultdict[Platform, list[ResourceKey]] = defaultdict(list)
        """What each platform has to add that is not set up yet."""

    async def async_prepare(self) -> None:
        """Decide what all resources become, in slices, and whether that is too much."""
        state = self._coordinator.data
        count = await async_count(
            state, self.spec, has_alarms=self._coordinator.has_alarms
        )
        self.is_crowded = count.is_crowded
        for resource in state.resources():
            if spec := self.spec(resource):
                self._planned[spec.platform].append(resource.key)

    async def async_add_platform(
        self,
        platform: Platform,
        add: AddConfigEntryEntitiesCallback,
        of_resource: ResourceFactory | None = None,
        of_device: DeviceFactory | None = None,
    ) -> None:
        """Add all entities of a platform, in slices, and from now on what comes new."""
        adder = self._adders[platform] = _Adder(add, of_resource, of_device)
        if of_device is not None:
            for devices in batched(self._coordinator.data.devices, SLICE, strict=False):
                # First of all: the platforms begin one after the other in the same turn.
                await asyncio.sleep(0)
                self._add(adder, self._new_of_devices(platform, adder, devices))
        for keys in batched(self._planned.pop(platform, ()), SLICE, strict=False):
            await asyncio.sleep(0)
            self._refresh_resources(keys)

    def spec(self, resource: Resource) -> EntitySpec | None:
        """Return what a resource becomes; decided once for each description."""
        decided = self._decided.get(resource.key)
        if decided is None or decided[0] is not resource:
            override = self._overrides.get(resource.key)
            spec = map_resource(resource, resource.example, override)
            decided = self._decided[resource.key] = (resource, spec)
        return decided[1]

    def reason(self, resource: Resource) -> str:
        """Return why a resource became what it became, for diagnostics."""
        return explain(resource, resource.example, self._overrides.get(resource.key))

    @callback
    def async_refresh(
        self, resources: Collection[ResourceKey], devices: Collection[str]
    ) -> None:
        """Add, exchange or take away the entities of what changed."""
        for platform, adder in self._adders.items():
            self._add(adder, self._new_of_devices(platform, adder, devices))
        self._refresh_resources(resources)

    @callback
    def async_forget(
        self, resources: Iterable[ResourceKey], devices: Iterable[str]
    ) -> None:
        """Take away the entities of what is gone."""
        for key in resources:
            self._decided.pop(key, None)
            self._drop(key)
        gone = set(devices)
        if not gone:
            return
        for key in [key for key in self._decided if key.device_id in gone]:
            del self._decided[key]
        for key in [key for key in self._of_resources if key.device_id in gone]:
            self._drop(key)
        self._of_devices -= {k for k in self._of_devices if k[1] in gone}

    @callback
    def async_clean_registry(self) -> None:
        """Take entities out of the registry whose resource became something else meanwhile."""
        registry = er.async_get(self._coordinator.hass)
        entry = self._coordinator.config_entry
        prefix = f"{entry.unique_id}/"
        current = {
            (entity.spec.platform, entity.unique_id)
            for entity in self._of_resources.values()
        }
        for known in er.async_entries_for_config_entry(registry, entry.entry_id):
            if (known.domain, known.unique_id) in current:
                continue
            try:
                key = ResourceKey.parse(known.unique_id.removeprefix(prefix))
            except ValueError:
                continue
            resource = self._coordinator.data.resource(key)
            if resource is None:
                is_over = is_control(key)  # a person's own, that the person took back
            else:
                spec = self.spec(resource)
                is_over = spec is None or known.domain != spec.platform
            if is_over:
                registry.async_remove(known.entity_id)

    def _refresh_resources(self, keys: Iterable[ResourceKey]) -> None:
        """Add what is missing, exchange what changed, and drop what became something else."""
        found: defaultdict[Platform, list[ResourceEntity]] = defaultdict(list)
        for key in keys:
            resource = self._coordinator.data.resource(key)
            spec = None if resource is None else self.spec(resource)
            old = self._of_resources.get(key)
            if old is not None and (
                spec is None or spec.platform is not old.spec.platform
            ):
                self._drop(key)
            if spec is None:
                continue
            adder = self._adders.get(spec.platform)
            if adder is None:
                self._planned[spec.platform].append(key)
            elif entity := self._new_of_resource(adder, spec):
                found[spec.platform].append(entity)
        for platform, entities in found.items():
            self._add(self._adders[platform], entities)

    def _add(self, adder: _Adder, entities: Sequence[Entity]) -> None:
        if entities:
            adder.add(entities)

    def _new_of_devices(
        self, platform: Platform, adder: _Adder, device_ids: Iterable[str]
    ) -> list[DeviceEntity]:
        if adder.of_device is None:
            return []
        entities: list[DeviceEntity] = []
        for device_id in device_ids:
            device = self._coordinator.data.device(device_id)
            if device is None or device.is_service:
                continue
            if (platform, device_id) not in self._of_devices:
                self._of_devices.add((platform, device_id))
                entities += adder.of_device(self._coordinator, device_id)
        return entities

    def _new_of_resource(
        self, adder: _Adder, spec: EntitySpec
    ) -> ResourceEntity | None:
        """Return an entity that is to be added; one that is there and changed is exchanged."""
        old = self._of_resources.get(spec.key)
        if adder.of_resource is None or (old is not None and old.spec == spec):
            return None
        entity = adder.of_resource(self._coordinator, spec)
        self._of_resources[spec.key] = entity
        if old is None:
            return entity
        self._exchange(adder, old, entity)
        return None

    def _exchange(
        self, adder: _Adder, old: ResourceEntity, new: ResourceEntity
    ) -> None:
        """Put an entity of another shape in the place of an old one: same id, same history."""

        async def exchange() -> None:
            if old.hass is not None:
                await old.async_remove()
            adder.add([new])

        self._coordinator.config_entry.async_create_task(
            self._coordinator.hass, exchange(), "exchange entity"
        )

    def _drop(self, key: ResourceKey) -> None:
        """Take an entity away for good: its resource is gone or has become something else."""
        entity = self._of_resources.pop(key, None)
        if entity is None or entity.unique_id is None:
            return
        registry = er.async_get(self._coordinator.hass)
        platform = entity.spec.platform
        found = registry.async_get_entity_id(platform, DOMAIN, entity.unique_id)
        if found is not None:
            registry.async_remove(found)
