"""What something costs the process that it runs in, and how long its event loop stood still."""

import asyncio
from collections.abc import AsyncIterator
import contextlib
import ctypes
from dataclasses import dataclass
import gc
from pathlib import Path
from resource import getpagesize
from time import perf_counter, process_time, thread_time
from typing import Final, Self

WAKE_SECONDS: Final = 0.002


@dataclass(slots=True)
class Cost:
    """What something cost, in seconds."""

    wall: float = 0.0
    cpu: float = 0.0
    """Of all threads of the process: other programs on the machine hardly change it."""
    gap: float = 0.0
    """How long the loop stood still at worst."""
    gap_without_collection: float = 0.0
    """The same, garbage collections taken out: they hold the loop up whoever made the garbage."""
    gap_computing: float = 0.0
    """The same, and only what the loop's own thread computed: no other program can have done it."""
    collection: float = 0.0
    """The longest garbage collection."""


@contextlib.asynccontextmanager
async def measured(*, gaps: bool = True) -> AsyncIterator[Cost]:
    """Measure what happens inside; the figures are there at the end.

    Looking for ``gaps`` costs a little itself: a hundredth of the time that goes by.
    """
    cost = Cost()
    trim()
    with _Collections(cost) as collections:
        waker = _Waker(cost, collections) if gaps else None
        begin, cpu = perf_counter(), process_time()
        yield cost
        cost.cpu = process_time() - cpu
        cost.wall = cost.wall or perf_counter() - begin
        if waker is not None:
            # The last gap ends only when the waker had its turn.
            await asyncio.sleep(2 * WAKE_SECONDS)
            waker.stop()


class _Collections:
    """Heeds garbage collections, whichever thread they happen in."""

    def __init__(self, cost: Cost) -> None:
        self.total = 0.0
        self._cost = cost
        self._begin = 0.0

    def __enter__(self) -> Self:
        gc.callbacks.append(self._heed)
        return self

    def __exit__(self, *_: object) -> None:
        gc.callbacks.remove(self._heed)

    def _heed(self, phase: str, _: object) -> None:
        now = perf_counter()
        if phase == "start":
            self._begin = now
        else:
            took = now - self._begin
            self.total += took
            self._cost.collection = max(self._cost.collection, took)


class _Waker:
    """Wants its turn every two milliseconds, and notes how late it came."""

    def __init__(self, cost: Cost, collections: _Collections) -> None:
        self._cost = cost
        self._collections = collections
        self._loop = asyncio.get_running_loop()
        self._sleep()

    def stop(self) -> None:
        self._handle.cancel()

    def _sleep(self) -> None:
        self._collected = self._collections.total
        self._computed = thread_time()
        self._due = perf_counter() + WAKE_SECONDS
        self._handle = self._loop.call_later(WAKE_SECONDS, self._wake)

    def _wake(self) -> None:
        late = perf_counter() - self._due
        cost = self._cost
        if late > cost.gap_computing:
            collected = self._collections.total - self._collected
            computed = thread_time() - self._computed
            cost.gap = max(cost.gap, late)
            cost.gap_without_collection = max(
                cost.gap_without_collection, late - collected
            )
            cost.gap_computing = max(
                cost.gap_computing, min(late, computed) - collected
            )
        self._sleep()


def trim() -> None:
    """Give everything back to the system that nobody needs."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def resident() -> int:
    """Return the bytes of memory that the process holds, when all is given back that can be."""
    trim()
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * getpagesize()
