"""What devices can be told to do."""

from typing import override

from homeassistant.components.button import ButtonEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry
from .entity import ResourceEntity
from .model.device import ResourceKind
from .model.value import ValueType

PARALLEL_UPDATES = 0  # the adapter allows one request at a time for a device


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the buttons of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.BUTTON, async_add_entities, ResourceButton
    )


class ResourceButton(ResourceEntity, ButtonEntity):
    """A callback, or an input that a person wants to press."""

    @override
    async def async_press(self) -> None:
        """Run the callback, or write yes to the input."""
        commands = self.coordinator.commands
        if self.resource is not None and self.resource.kind is ResourceKind.CALLBACK:
            await commands.async_run(self.spec.key)
        else:
            pressed = not self.spec.inverted
            is_number = self.spec.value_type is ValueType.NUMBER
            await commands.async_write(
                self.spec.key, int(pressed) if is_number else pressed
            )
