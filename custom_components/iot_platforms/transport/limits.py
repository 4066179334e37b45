"""How many requests may be under way at once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary


class Limits:
    """A number of slots for an account, and one at a time for each lane (a device)."""

    def __init__(self, slots: int) -> None:
        """Allow ``slots`` requests at once."""
        self._slots = asyncio.Semaphore(slots)
        self._lanes: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def slot(self, lane: str | None = None) -> AsyncIterator[None]:
        """Hold a slot; who waits for a lane holds none, so a slow device holds up nobody else."""
        if lane is None:
            async with self._slots:
                yield
            return
        # Only those who use it keep a lane alive.
        lock = self._lanes.setdefault(lane, asyncio.Lock())
        async with lock, self._slots:
            yield
