"""What Home Assistant itself costs: bare sensors, and an ordinary coordinator's, without a server."""

from abc import abstractmethod
from datetime import timedelta
import logging
from types import MappingProxyType
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorStateClass,
)
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity_platform import EntityPlatform
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)
from homeassistant.setup import async_setup_component

from .base import Arm

from tests.benchmarks.spec import Phase
from tests.benchmarks.values import Change, device_name, key_name, value_of

_DOMAIN: Final = "bench"
_PHASES: Final = frozenset(
    {
        Phase.SET_UP,
        Phase.SETTLE,
        Phase.ALL,
        Phase.PERCENT,
        Phase.ONE,
        Phase.NONE,
        Phase.RESTART,
        Phase.REMOVE,
    }
)
_LOGGER: Final = logging.getLogger(__name__)


class _Sensor(SensorEntity):
    """A sensor with a name, a device and a place in the registry."""

    _attr_has_entity_name = True
    _attr_should_poll = False
    _attr_device_class = SensorDeviceClass.TEMPERATURE
    _attr_state_class = SensorStateClass.MEASUREMENT
    _attr_native_unit_of_measurement = "°C"

    def describe(self, device: str, name: str) -> None:
        """Become one of a device's values."""
        self._attr_unique_id = f"{device}/{name}"
        self._attr_name = name
        self._attr_device_info = DeviceInfo(
            identifiers={(_DOMAIN, device)}, name=device, model="meter"
        )


class _OrdinarySensor(CoordinatorEntity[DataUpdateCoordinator[list[float]]], _Sensor):
    """A sensor that a coordinator tells of every poll."""

    def __init__(
        self, coordinator: DataUpdateCoordinator[list[float]], index: int
    ) -> None:
        """Show one of the values."""
        super().__init__(coordinator)
        self._index = index

    @property
    @override
    def native_value(self) -> float:
        return self.coordinator.data[self._index]


class _PlainArm[SensorT: _Sensor](Arm):
    """Entities that are added in one call."""

    phases = _PHASES
    _platform: EntityPlatform

    @override
    async def prepare(self) -> None:
        await super().prepare()
        assert await async_setup_component(self.hass, "sensor", {})
        self.values = [value_of(index, 0) for index in range(self.shape.values)]
        self._entry = ConfigEntry(
            domain=_DOMAIN,
            title=_DOMAIN,
            unique_id=None,
            data={},
            options={},
            source=SOURCE_USER,
            version=1,
            minor_version=1,
            discovery_keys=MappingProxyType({}),
            subentries_data=None,
        )
        # There is no integration of this name to set up.
        self.hass.config_entries._entries[self._entry.entry_id] = self._entry

    @override
    async def change(self, change: Change) -> None:
        for index in change.indexes(self.shape):
            self.values[index] = value_of(index, change.number)

    @override
    async def set_up(self) -> None:
        self._platform = EntityPlatform(
            hass=self.hass,
            logger=_LOGGER,
            domain="sensor",
            platform_name=_DOMAIN,
            platform=None,
            scan_interval=timedelta(seconds=30),
            entity_namespace=None,
        )
        self._platform.config_entry = self._entry
        self._platform.async_prepare()
        self.entities = await self.make()
        for index, entity in enumerate(self.entities):
            device, key = self.shape.place(index)
            entity.describe(device_name(device), key_name(key))
        await self._platform.async_add_entities(self.entities)

    @override
    async def unload(self) -> None:
        await self._platform.async_destroy()

    @override
    async def remove(self) -> None:
        await self.unload()
        await self.hass.config_entries.async_remove(self._entry.entry_id)

    @abstractmethod
    async def make(self) -> list[SensorT]:
        """Return the entities, with their values."""


class Bare(_PlainArm[_Sensor]):
    """Entities that somebody writes who knows what changed."""

    name = "entities"
    title = "bare sensors, added in one call"

    @override
    async def make(self) -> list[_Sensor]:
        entities = [_Sensor() for _ in self.values]
        for entity, value in zip(entities, self.values, strict=True):
            entity._attr_native_value = value
        return entities

    @override
    async def change(self, change: Change) -> None:
        await super().change(change)
        self._changed = change.indexes(self.shape)

    @override
    async def refresh(self) -> None:
        for index in self._changed:
            entity = self.entities[index]
            entity._attr_native_value = self.values[index]
            entity.async_write_ha_state()
        self._changed = range(0)


class Coordinator(_PlainArm[_OrdinarySensor]):
    """Entities of a coordinator, as most integrations have them."""

    name = "coordinator"
    title = "sensors of an ordinary coordinator"

    @override
    async def make(self) -> list[_OrdinarySensor]:
        self._coordinator = DataUpdateCoordinator[list[float]](
            self.hass,
            _LOGGER,
            config_entry=None,
            name=_DOMAIN,
            update_method=self._poll,
            update_interval=timedelta(days=1),
        )
        await self._coordinator.async_refresh()
        return [
            _OrdinarySensor(self._coordinator, index)
            for index in range(self.shape.values)
        ]

    @override
    async def refresh(self) -> None:
        await self._coordinator.async_refresh()

    async def _poll(self) -> list[float]:
        return self.values.copy()


ARMS: Final[tuple[type[Arm], ...]] = (Bare, Coordinator)
