"""Yes-or-no values that devices take."""

from typing import Any, override

from homeassistant.components.switch import SwitchEntity
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry
from .entity import ControlEntity
from .model.value import ValueType

PARALLEL_UPDATES = 0  # the adapter allows one request at a time for a device


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the switches of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.SWITCH, async_add_entities, ResourceSwitch
    )


class ResourceSwitch(ControlEntity, SwitchEntity):
    """A yes-or-no value that a device takes."""

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what the device says, or what was written last; None before that."""
        value = self.current_value
        return None if value is None else bool(value) != self.spec.inverted

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Write yes."""
        await self._async_write(is_on=True)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Write no."""
        await self._async_write(is_on=False)

    async def _async_write(self, *, is_on: bool) -> None:
        value = is_on != self.spec.inverted
        await self.async_write_value(
            int(value) if self.spec.value_type is ValueType.NUMBER else value
        )
