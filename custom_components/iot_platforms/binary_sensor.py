"""Yes-or-no values that devices give, and whether devices are connected."""

from typing import override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import DeviceEntity, ResourceEntity
from .model.device import device_key_text

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.BINARY_SENSOR,
        async_add_entities,
        ResourceBinarySensor,
        ConnectivitySensor,
    )


class ResourceBinarySensor(ResourceEntity, BinarySensorEntity):
    """A yes-or-no value that a device gives."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the newest value, None where it is unknown."""
        value = self.current_value
        return value != self.spec.inverted if isinstance(value, bool) else None


class ConnectivitySensor(DeviceEntity, BinarySensorEntity):
    """Whether a device is connected to its platform."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    def __init__(self, coordinator: AccountCoordinator, device_id: str) -> None:
        """Belong to a device."""
        super().__init__(coordinator, device_id)
        self._attr_unique_id = (
            f"{coordinator.config_entry.unique_id}/{device_key_text(device_id)}"
        )

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what the platform says, None where it does not tell."""
        return self.device.online if self.device else None
