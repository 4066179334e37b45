"""Yes-or-no values that devices give, and whether devices are connected and have alarms."""

from collections.abc import Iterator
from typing import Any, override

from homeassistant.components.binary_sensor import (
    BinarySensorDeviceClass,
    BinarySensorEntity,
)
from homeassistant.const import EntityCategory, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import AlarmEntity, ResourceEntity, StatusEntity
from .model.alarm import worst

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
        _of_device,
    )


def _of_device(
    coordinator: AccountCoordinator, device_id: str
) -> Iterator[StatusEntity]:
    yield ConnectivitySensor(coordinator, device_id)
    if coordinator.has_alarms:
        yield ProblemSensor(coordinator, device_id)


class ResourceBinarySensor(ResourceEntity, BinarySensorEntity):
    """A yes-or-no value that a device gives."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return the newest value, None where it is unknown."""
        value = self.current_value
        return value != self.spec.inverted if isinstance(value, bool) else None


class ConnectivitySensor(StatusEntity, BinarySensorEntity):
    """Whether a device is connected to its platform."""

    _attr_device_class = BinarySensorDeviceClass.CONNECTIVITY
    _attr_entity_category = EntityCategory.DIAGNOSTIC

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what the platform says, None where it does not tell."""
        return self.device.online if self.device else None


class ProblemSensor(AlarmEntity, BinarySensorEntity):
    """Whether a device has alarms."""

    _attr_device_class = BinarySensorDeviceClass.PROBLEM
    _attr_translation_key = "alarm"

    def __init__(self, coordinator: AccountCoordinator, device_id: str) -> None:
        """Belong to a device."""
        super().__init__(coordinator, device_id, "$problem")

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether there are active alarms, None before they were read."""
        state = self.coordinator.data
        return bool(state.alarms(self.device_id)) if state.knows_alarms else None

    @property
    @override
    def extra_state_attributes(self) -> dict[str, Any] | None:
        """Return how many alarms there are, of which types, and how bad they are."""
        if self.is_on is None:
            return None
        alarms = self.coordinator.data.alarms(self.device_id)
        return {
            "severity": worst(alarms),
            "count": len(alarms),
            "types": sorted({alarm.type for alarm in alarms}),
            "acknowledged": all(a.acknowledged for a in alarms) if alarms else None,
        }
