"""Watches the states of Home Assistant: whether a round is in, and how much was written for it."""

import asyncio
from time import perf_counter
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED, EVENT_STATE_REPORTED
from homeassistant.core import (
    Event,
    EventStateChangedData,
    EventStateReportedData,
    HomeAssistant,
    State,
    callback,
)


class PatienceError(Exception):
    """What was waited for did not come."""


class Watch:
    """Counts the writes of states, and waits for those that show a round."""

    def __init__(self, hass: HomeAssistant, patience: float) -> None:
        """Watch from now on; nothing is waited for longer than so many seconds."""
        self.changed = 0
        self.reported = 0
        """Writes that wrote what was there already."""
        self.times: dict[str, float] = {}
        """When the first of the expected states came, by the state."""
        self._patience = patience
        self._texts: frozenset[str] = frozenset()
        self._missing = 0
        self.seen: dict[str, State] = {}
        """The entities that were waited for and came, by their ids."""
        self._complete = asyncio.Event()
        # The filters do the work: what they refuse costs nothing more.
        hass.bus.async_listen(EVENT_STATE_CHANGED, _nothing, self._note_changed)
        hass.bus.async_listen(EVENT_STATE_REPORTED, _nothing, self._note_reported)

    def expect(self, texts: frozenset[str], count: int) -> None:
        """Wait from now on until so many entities have one of these states."""
        self._texts = texts
        self._missing = count
        self.seen.clear()
        self.times.clear()
        self._complete.clear()

    async def wait(self) -> None:
        """Wait until all are in."""
        try:
            async with asyncio.timeout(self._patience):
                await self._complete.wait()
        except TimeoutError:
            seen, missing = len(self.seen), self._missing
            raise PatienceError(f"{seen} of {seen + missing} values came") from None
        finally:
            self._texts = frozenset()

    @callback
    def _note_changed(self, data: EventStateChangedData) -> bool:
        self.changed += 1
        new = data["new_state"]
        if new is None or new.state not in self._texts:
            return False
        if new.entity_id not in self.seen:
            self.seen[new.entity_id] = new
            self.times.setdefault(new.state, perf_counter())
            self._missing -= 1
            if not self._missing:
                self._complete.set()
        return False

    @callback
    def _note_reported(self, data: EventStateReportedData) -> bool:
        self.reported += 1
        return False


# Any: it is never called.
@callback
def _nothing(_: Event[Any]) -> None:
    """Hear of nothing: the filters refuse everything."""
