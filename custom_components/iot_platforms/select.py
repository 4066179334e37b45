"""Values of which devices take only some."""

from typing import override

from homeassistant.components.select import SelectEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import ControlEntity
from .mapping import EntitySpec
from .model.value import JsonValue, coerced, is_same

PARALLEL_UPDATES = 0  # the adapter allows one request at a time for a device


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the selects of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.SELECT, async_add_entities, ResourceSelect
    )


class ResourceSelect(ControlEntity, SelectEntity):
    """A value of which a device takes only some."""

    def __init__(self, coordinator: AccountCoordinator, spec: EntitySpec) -> None:
        """Become what the mapping decided."""
        super().__init__(coordinator, spec)
        self._attr_options = list(spec.options)

    @property
    @override
    def current_option(self) -> str | None:
        """Return what the device says, or what was written last; None where that is no option."""
        value = self._in_shape(self.coordinator.commands.shown_value(self.spec.key))
        if value is None:
            return None
        return next(
            (o for o in self.spec.options if is_same(self._in_shape(o), value)), None
        )

    @override
    async def async_select_option(self, option: str) -> None:
        """Write an option, as a number where the device has numbers."""
        value = self._in_shape(option)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        await self.async_write_value(option if value is None else value)

    def _in_shape(self, value: JsonValue) -> JsonValue:
        """Return a value, or the text of one, as the device has it; None where it does not fit."""
        resource = self.resource
        learned = resource.value_type if resource else None
        return coerced(value, learned or self.spec.value_type)
