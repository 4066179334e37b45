"""Numbers, texts and times that devices give."""

from datetime import datetime
from typing import override

from homeassistant.components.sensor import SensorDeviceClass, SensorEntity
from homeassistant.const import MAX_LENGTH_STATE_STATE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import ResourceEntity
from .mapping import EntitySpec
from .times import moment

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.SENSOR, async_add_entities, ResourceSensor
    )


class ResourceSensor(ResourceEntity, SensorEntity):
    """A value that a device gives."""

    def __init__(self, coordinator: AccountCoordinator, spec: EntitySpec) -> None:
        """Become what the mapping decided."""
        super().__init__(coordinator, spec)
        self._attr_native_unit_of_measurement = spec.unit
        self._attr_state_class = spec.state_class
        self._attr_suggested_display_precision = spec.precision
        self._attr_options = list(spec.options) or None

    @property
    @override
    def native_value(self) -> str | int | float | datetime | None:
        """Return the newest value, None where it is unknown."""
        value = self.current_value
        match self.device_class:
            case SensorDeviceClass.TIMESTAMP:
                return moment(value) if isinstance(value, int | float) else None
            case SensorDeviceClass.ENUM if value not in self.spec.options:
                return None
        if isinstance(value, str):
            return value[:MAX_LENGTH_STATE_STATE]
        return value if isinstance(value, int | float) else None
