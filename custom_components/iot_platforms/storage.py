"""What outlives a restart: the last good lists, and what was written last."""

from collections.abc import Callable
from typing import Any, Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.exceptions import UnsupportedStorageVersionError
from homeassistant.helpers.storage import Store

from .const import DOMAIN
from .model.archive import from_json, to_json
from .model.state import AccountState

VERSION: Final = 1
SAVE_DELAY: Final = 15.0
"""Seconds: what changes in a burst is written once."""


class Archive:
    """One file for each account. No secrets, and no values but those that were written."""

    def __init__(self, hass: HomeAssistant, entry_id: str) -> None:
        """Prepare; nothing is read yet."""
        self._hass = hass
        self._store: Store[dict[str, Any]] = Store(
            hass,
            VERSION,
            f"{DOMAIN}.{entry_id}",
            private=True,
            atomic_writes=True,
            # States never change: another thread can take its time with them.
            serialize_in_event_loop=False,
        )

    async def async_load(self) -> AccountState:
        """Return what an earlier session knew, nothing where that cannot be understood."""
        try:
            data = await self._store.async_load()
        except UnsupportedStorageVersionError:
            # A later version of ours wrote it: all but what was written last can be read anew.
            return AccountState()
        if not data:
            return AccountState()
        return await self._hass.async_add_executor_job(from_json, data)

    @callback
    def async_plan_save(self, state: Callable[[], AccountState]) -> None:
        """Write soon; at the end of Home Assistant at the latest."""
        self._store.async_delay_save(lambda: to_json(state()), SAVE_DELAY)

    async def async_save(self, state: AccountState) -> None:
        """Write now."""
        data = await self._hass.async_add_executor_job(to_json, state)
        await self._store.async_save(data)

    async def async_remove(self) -> None:
        """Delete the file."""
        await self._store.async_remove()
