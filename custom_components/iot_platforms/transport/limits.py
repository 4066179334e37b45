"""How many requests may be under way at once."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class Limits:
    """A number of slots for an account, and one at a time for each lane (a device)."""

    def __init__(self, slots: int) -> None:
        """Allow ``slots`` requests at once."""
        self._slots = asyncio.Semaphore(slots)
        self._lanes: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    @asynccontextmanager
    async def slot(self, lane: str | None = None) -> AsyncIterator[None]:
        """Hold a slot; who waits for a lane holds none, so a slow device holds up nobody else."""
        if lane is None:
            async with self._slots:
                yield
            return
        async with self._lanes[lane], self._slots:
            yield
