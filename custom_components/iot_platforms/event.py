"""What happens to the alarms of devices."""

from typing import override

from homeassistant.components.event import EventEntity
from homeassistant.const import MAX_LENGTH_STATE_STATE, Platform
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import AlarmEntity
from .model.alarm import AlarmEvent
from .model.change import Occurrence
from .times import moment

PARALLEL_UPDATES = 0


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the events of an account."""
    if entry.runtime_data.has_alarms:
        await entry.runtime_data.entities.async_add_platform(
            Platform.EVENT,
            async_add_entities,
            of_device=lambda coordinator, device_id: [
                AlarmsEvent(coordinator, device_id)
            ],
        )


class AlarmsEvent(AlarmEntity, EventEntity):
    """What happens to the alarms of a device."""

    _attr_translation_key = "alarms"

    def __init__(self, coordinator: AccountCoordinator, device_id: str) -> None:
        """Belong to a device."""
        super().__init__(coordinator, device_id, "$alarms")
        self._attr_event_types = [event.value for event in AlarmEvent]

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what happens."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.occurrences.async_add(self.device_id, self._show)
        )

    @callback
    def _show(self, occurrence: Occurrence) -> None:
        alarm = occurrence.alarm
        started = None if alarm.started_at is None else moment(alarm.started_at)
        self._trigger_event(
            occurrence.event,
            {
                "alarm_id": alarm.id,
                "type": alarm.type,
                "severity": alarm.severity,
                "previous_severity": occurrence.previous_severity,
                "text": alarm.text and alarm.text[:MAX_LENGTH_STATE_STATE],
                "started_at": started and started.isoformat(),
                "acknowledged": alarm.acknowledged,
            },
        )
        self.async_write_ha_state()
