"""Texts that devices take."""

from typing import override

from homeassistant.components.text import TextEntity
from homeassistant.const import MAX_LENGTH_STATE_STATE, Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry
from .entity import ControlEntity

PARALLEL_UPDATES = 0  # the adapter allows one request at a time for a device


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the texts of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.TEXT, async_add_entities, ResourceText
    )


class ResourceText(ControlEntity, TextEntity):
    """A text that a device takes."""

    _attr_native_max = MAX_LENGTH_STATE_STATE

    @property
    @override
    def native_value(self) -> str | None:
        """Return what the device says, or what was written last; None before that."""
        value = self.current_value
        return value[:MAX_LENGTH_STATE_STATE] if isinstance(value, str) else None

    @override
    async def async_set_value(self, value: str) -> None:
        """Write a text."""
        await self.async_write_value(value)
