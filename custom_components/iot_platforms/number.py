"""Numbers that devices take."""

from typing import Final, override

from homeassistant.components.number import NumberEntity, NumberMode
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import ControlEntity
from .mapping import EntitySpec

PARALLEL_UPDATES = 0  # the adapter allows one request at a time for a device

MOST_SLIDER_STEPS: Final = 256
"""More steps than that nobody can hit on a slider."""


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the numbers of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.NUMBER, async_add_entities, ResourceNumber
    )


class ResourceNumber(ControlEntity, NumberEntity):
    """A number that a device takes."""

    def __init__(self, coordinator: AccountCoordinator, spec: EntitySpec) -> None:
        """Become what the mapping decided."""
        super().__init__(coordinator, spec)
        self._attr_native_unit_of_measurement = spec.unit
        if spec.minimum is not None:
            self._attr_native_min_value = spec.minimum
        if spec.maximum is not None:
            self._attr_native_max_value = spec.maximum
        if spec.step is not None:
            self._attr_native_step = spec.step
        steps = (self.native_max_value - self.native_min_value) / (spec.step or 1)
        self._attr_mode = (
            NumberMode.SLIDER if steps < MOST_SLIDER_STEPS else NumberMode.BOX
        )

    @property
    @override
    def native_value(self) -> float | None:
        """Return what the device says, or what was written last; None before that."""
        value = self.current_value
        return value if isinstance(value, int | float) else None

    @override
    async def async_set_native_value(self, value: float) -> None:
        """Write a number; a whole one as such, as firmware may tell them apart."""
        await self.async_write_value(int(value) if value == int(value) else value)
