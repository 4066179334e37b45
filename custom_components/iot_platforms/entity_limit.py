"""How many entities of an account are enabled: Home Assistant has a limit."""

from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, Event, HassJob, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_call_later

from .issues import async_show_many_entities

PATIENCE: Final = 10.0
"""Seconds in which entities come and go together, mostly."""


class EntityLimit:
    """Counts, and has it said before there are too many."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry) -> None:
        """Prepare."""
        self._hass = hass
        self._entry = entry
        self._cancel: CALLBACK_TYPE | None = None

    @callback
    def async_start(self) -> None:
        """Count now, and again when entities come, go, or are enabled or disabled."""
        self._count(None)
        self._entry.async_on_unload(
            self._hass.bus.async_listen(
                er.EVENT_ENTITY_REGISTRY_UPDATED, self._plan, _is_of_interest
            )
        )
        self._entry.async_on_unload(self._stop)

    @callback
    def _plan(self, _: Event[er.EventEntityRegistryUpdatedData]) -> None:
        if self._cancel is None:
            job = HassJob(self._count, cancel_on_shutdown=True)
            self._cancel = async_call_later(self._hass, PATIENCE, job)

    @callback
    def _count(self, _: object) -> None:
        self._cancel = None
        registry = er.async_get(self._hass)
        entries = er.async_entries_for_config_entry(registry, self._entry.entry_id)
        enabled = sum(entry.disabled_by is None for entry in entries)
        async_show_many_entities(
            self._hass, self._entry.entry_id, self._entry.title, enabled
        )

    @callback
    def _stop(self) -> None:
        if self._cancel is not None:
            self._cancel()


@callback
def _is_of_interest(data: er.EventEntityRegistryUpdatedData) -> bool:
    return data["action"] != "update" or "disabled_by" in data["changes"]
