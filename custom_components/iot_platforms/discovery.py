"""Finding out what devices offer, where the platform tells it only one by one."""

import asyncio
from collections.abc import Iterable
import logging
from typing import TYPE_CHECKING, Final

from homeassistant.core import callback

from .adapters.base import Discovers
from .model.change import ResyncNeeded
from .model.errors import PlatformError

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator

_LOGGER: Final = logging.getLogger(__name__)


class Discovery:
    """Asks each device once when it is new or came online, and again later if that failed."""

    def __init__(self, coordinator: AccountCoordinator) -> None:
        """Prepare; nothing is asked yet."""
        self._coordinator = coordinator
        self._later: set[str] = set()
        self._running: dict[str, asyncio.Task[None]] = {}

    @callback
    def async_plan(self, device_id: str) -> None:
        """Ask a device at the next poll."""
        self._later.add(device_id)

    @callback
    def async_start_planned(self) -> None:
        """Ask the devices that are due."""
        planned, self._later = self._later, set()
        self.async_start(planned)

    @callback
    def async_start(self, device_ids: Iterable[str]) -> None:
        """Ask devices now; the adapter knows how many at once are good for the platform."""
        adapter = self._coordinator.adapter
        if not isinstance(adapter, Discovers):
            return
        for device_id in device_ids:
            if device_id in self._running:
                # What it answers now may be what it offered before it left and came back.
                self.async_plan(device_id)
            elif device_id in self._coordinator.data.devices:
                self._start(adapter, device_id)

    async def async_wait(self, patience: float) -> None:
        """Wait for what is under way, but not longer than so many seconds."""
        if self._running:
            await asyncio.wait(self._running.values(), timeout=patience)

    def _start(self, adapter: Discovers, device_id: str) -> None:
        task = self._coordinator.config_entry.async_create_background_task(
            self._coordinator.hass,
            self._async_ask(adapter, device_id),
            f"discover {device_id}",
        )
        # It starts at once, and may have nothing to wait for.
        if not task.done():
            self._running[device_id] = task

    async def _async_ask(self, adapter: Discovers, device_id: str) -> None:
        known = self._coordinator.data.devices[device_id]
        try:
            for change in await adapter.discover(known.device, known.resources):
                if isinstance(change, ResyncNeeded):
                    self.async_plan(device_id)
                else:
                    self._coordinator.async_apply(change)
        except PlatformError as error:
            # The poll meets the same error, and knows what it means for the account.
            _LOGGER.debug("Cannot find out what %s offers: %s", device_id, error)
            self.async_plan(device_id)
        finally:
            self._running.pop(device_id, None)
