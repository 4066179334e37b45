"""What something costs the event loop that it runs in."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import gc
from time import perf_counter, thread_time
from typing import Final

WAKE_SECONDS: Final = 0.002


@dataclass(slots=True)
class Cost:
    """What something cost, in seconds."""

    busy: float = 0.0
    """Time that the loop's thread computed: other programs on the machine hardly change it."""
    worst_delay: float = 0.0
    """How long the loop stood still at worst."""
    worst_collection: float = 0.0
    """The longest garbage collection, which holds the loop up whoever made the garbage."""


@contextlib.asynccontextmanager
async def measured() -> AsyncIterator[Cost]:
    """Measure what happens inside; the figures are there at the end."""
    cost = Cost()
    begin_collection = 0.0

    def heed_collection(phase: str, _: object) -> None:
        nonlocal begin_collection
        now = perf_counter()
        if phase == "start":
            begin_collection = now
        else:
            cost.worst_collection = max(cost.worst_collection, now - begin_collection)

    gc.collect()
    gc.callbacks.append(heed_collection)
    waker = asyncio.create_task(_wake(cost))
    begin = thread_time()
    try:
        yield cost
    finally:
        cost.busy = thread_time() - begin
        # The last delay ends only when the waker had its turn.
        await asyncio.sleep(2 * WAKE_SECONDS)
        waker.cancel()
        gc.callbacks.remove(heed_collection)


async def _wake(cost: Cost) -> None:
    while True:
        begin = perf_counter()
        await asyncio.sleep(WAKE_SECONDS)
        delay = perf_counter() - begin - WAKE_SECONDS
        cost.worst_delay = max(cost.worst_delay, delay)
