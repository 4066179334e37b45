"""Reading many resources at once: each device at its own pace, what arrives as it arrives."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import aclosing
from functools import partial
from typing import Final

from ...model.change import Change
from ...model.device import ResourceKey
from ...model.errors import (
    BadCredentialsError,
    PlatformError,
    RateLimitedError,
    UnreachableError,
)
from ...transport.clock import Clock
from . import records
from .buckets import Buckets
from .live import LiveResources
from .stored import StoredValues

_EARLY: Final = 0.9
"""Part of the shortest pause after which a poll that comes a little early still counts."""


class Reader:
    """Sorts resources by where their values come from, and asks there."""

    def __init__(
        self,
        live: LiveResources,
        stored: StoredValues,
        buckets: Buckets,
        *,
        excluded: Collection[str],
        shortest: float,
        clock: Clock,
    ) -> None:
        """Prepare; no value is asked for twice within ``shortest`` seconds (11)."""
        self._live = live
        self._stored = stored
        self._buckets = buckets
        self._excluded = excluded
        self._pause = shortest * _EARLY
        self._clock = clock
        self._asked: dict[ResourceKey, float] = {}

    async def read(self, keys: Collection[ResourceKey]) -> AsyncGenerator[Change]:
        """Read resources; a device that fails does not fail the others."""
        arrived: asyncio.Queue[Change | None] = asyncio.Queue()
        errors: list[PlatformError] = []

        async def drain(source: AsyncGenerator[Change]) -> None:
            try:
                async with aclosing(source):
                    async for change in source:
                        arrived.put_nowait(change)
            except PlatformError as error:
                errors.append(error)
            finally:
                arrived.put_nowait(None)

        tasks = [
            asyncio.create_task(drain(source))
            for source in self._sources({key.root for key in keys})
        ]
        try:
            left = len(tasks)
            while left:
                change = await arrived.get()
                if change is None:
                    left -= 1
                else:
                    yield change
            await asyncio.gather(*tasks)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if errors:
            raise min(errors, key=_gravity)

    def _sources(self, roots: Collection[ResourceKey]) -> list[AsyncGenerator[Change]]:
        """Return one source for each device's resources, its properties, and each bucket."""
        live: defaultdict[str, list[ResourceKey]] = defaultdict(list)
        calls: dict[tuple[str, str], Callable[[], Awaitable[list[Change]]]] = {}
        for key in filter(self._is_due, sorted(roots)):
            device_id, name = key.device_id, key.resource_id
            if name.startswith(records.PROPERTY_PREFIX):
                call = partial(self._stored.properties, device_id)
                calls[records.PROPERTIES, device_id] = call
            elif name == records.STATISTICS_ID:
                call = partial(self._stored.statistics, device_id)
                calls[records.STATISTICS, device_id] = call
            elif name.startswith(records.BUCKET_PREFIX):
                bucket_id = name.removeprefix(records.BUCKET_PREFIX)
                call = partial(self._buckets.read, bucket_id)
                calls[records.BUCKETS, bucket_id] = call
            else:
                live[device_id].append(key)
        return [
            *(self._live.read(device_id, keys) for device_id, keys in live.items()),
            *(_changes_of(call) for call in calls.values()),
        ]

    def _is_due(self, key: ResourceKey) -> bool:
        """Return whether a value may be asked for; if so, it is."""
        now = self._clock.monotonic()
        if key.device_id in self._excluded or (
            now - self._asked.get(key, float("-inf")) < self._pause
        ):
            return False
        self._asked[key] = now
        return True


async def _changes_of(
    call: Callable[[], Awaitable[list[Change]]],
) -> AsyncGenerator[Change]:
    for change in await call():
        yield change


def _gravity(error: PlatformError) -> int:
    """Order errors: the first is the one that the coordinator has to know."""
    order = (BadCredentialsError, RateLimitedError, UnreachableError)
    return next(
        (n for n, kind in enumerate(order) if isinstance(error, kind)), len(order)
    )
