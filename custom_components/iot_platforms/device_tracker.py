"""Where devices are."""

from typing import override

from homeassistant.components.device_tracker import TrackerEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry
from .entity import ResourceEntity
from .model.value import position_of

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the trackers of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.DEVICE_TRACKER, async_add_entities, ResourceTracker
    )


class ResourceTracker(ResourceEntity, TrackerEntity):
    """A position that a device gives."""

    @property
    @override
    def latitude(self) -> float | None:
        """Return the latitude in degrees, None where it is unknown."""
        position = position_of(self.current_value)
        return position[0] if position else None

    @property
    @override
    def longitude(self) -> float | None:
        """Return the longitude in degrees, None where it is unknown."""
        position = position_of(self.current_value)
        return position[1] if position else None
