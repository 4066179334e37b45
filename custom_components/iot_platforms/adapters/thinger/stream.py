"""Which connections are open for an account, and what comes out of all of them (9)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
import logging
from typing import Final

from ...model.change import Change
from ...model.device import ResourceKey
from ...model.errors import (
    BadCredentialsError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
)
from ...transport.backoff import Backoff
from ...transport.clock import Clock
from ...transport.websocket import keep_open
from . import mapper
from .client import ThingerClient
from .sockets import EventStream, ResourceStream, RowHandler, StatisticsStream, Unwrap

QUEUE_SIZE: Final = 1000
LONGEST_PAUSE: Final = 120.0

_LOGGER: Final = logging.getLogger(__name__)


class Streams:
    """Everything that is open for an account, opened and closed as it is wanted."""

    def __init__(
        self,
        client: ThingerClient,
        *,
        interval: float,
        clock: Clock,
        on_row: RowHandler,
        on_denied: Callable[[], None],
        unwrap: Unwrap,
        has_events: bool,
    ) -> None:
        """Prepare; ``has_events`` False for credentials that cannot see the account."""
        self._unwrap = unwrap
        self._client = client
        self._interval = interval
        self._clock = clock
        self._on_denied = on_denied
        self._queue: asyncio.Queue[Change | PlatformError] = asyncio.Queue(QUEUE_SIZE)
        self._events = EventStream(client, self._queue.put, on_row)
        self._has_events = has_events
        self._resources: dict[str, ResourceStream] = {}
        self._statistics: dict[str, StatisticsStream] = {}
        self._tasks: dict[object, asyncio.Task[None]] = {}
        self._resource_wants: dict[str, frozenset[str]] = {}
        self._statistics_wants: frozenset[str] = frozenset()
        self._bucket_wants: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    @property
    def hears_account(self) -> bool:
        """Return whether the account's events arrive right now."""
        return self._events.is_open

    def is_live(self, key: ResourceKey) -> bool:
        """Return whether this resource's values arrive right now."""
        if key.resource_id == mapper.STATISTICS_ID:
            stream = self._statistics.get(key.device_id)
            return stream is not None and stream.is_open
        if key.resource_id.startswith(mapper.PROPERTY_PREFIX):
            return self._events.is_open
        if key.resource_id.startswith(mapper.BUCKET_PREFIX):
            return self._events.hears_bucket(
                key.resource_id.removeprefix(mapper.BUCKET_PREFIX)
            )
        resources = self._resources.get(key.device_id)
        return resources is not None and resources.is_live(key.resource_id)

    def want(
        self,
        resources: dict[str, frozenset[str]],
        statistics: frozenset[str],
        buckets: frozenset[str],
    ) -> None:
        """Stream these resources by device, the statistics of these devices, these buckets' rows."""
        self._bucket_wants = buckets
        self._resource_wants = resources
        self._statistics_wants = statistics
        self._changed.set()

    @property
    def open_count(self) -> int:
        """Return how many connections are kept open."""
        return len(self._tasks)

    async def changes(self) -> AsyncGenerator[Change]:
        """Yield what arrives; raises where trying again does not help."""
        self._changed.set()
        if self._has_events:
            self._start(self._events, self._events.run_once, self._on_denied)
        keeper = asyncio.create_task(self._keep())
        try:
            while True:
                item = await self._queue.get()
                if isinstance(item, PlatformError):
                    raise item
                yield item
        finally:
            await _cancelled([keeper, *self._tasks.values()])
            self._tasks.clear()
            self._resources.clear()
            self._statistics.clear()

    async def _keep(self) -> None:
        """Open and close streams whenever others are wanted."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            await self._adjust_resources()
            await self._adjust_statistics()
            await self._events.want_buckets(self._bucket_wants)

    async def _adjust_resources(self) -> None:
        await self._stop_all(self._resources, set(self._resource_wants))
        for device_id, wanted in self._resource_wants.items():
            stream = self._resources.get(device_id)
            if stream is None:
                stream = self._resources[device_id] = ResourceStream(
                    self._client,
                    device_id,
                    self._queue.put,
                    interval=self._interval,
                    clock=self._clock,
                    unwrap=self._unwrap,
                )
                self._start(stream, stream.run_once, None)
            await stream.want(wanted)

    async def _adjust_statistics(self) -> None:
        await self._stop_all(self._statistics, self._statistics_wants)
        for device_id in self._statistics_wants - self._statistics.keys():
            stream = StatisticsStream(self._client, device_id, self._queue.put)
            self._statistics[device_id] = stream
            self._start(stream, stream.run_once, None)

    async def _stop_all[StreamT](
        self, streams: dict[str, StreamT], but: Collection[str]
    ) -> None:
        unwanted = [streams.pop(device_id) for device_id in set(streams) - set(but)]
        tasks = [
            self._tasks.pop(stream) for stream in unwanted if stream in self._tasks
        ]
        await _cancelled(tasks)

    def _start(
        self,
        stream: object,
        run_once: Callable[[Callable[[], None]], Awaitable[None]],
        on_denied: Callable[[], None] | None,
    ) -> None:
        self._tasks[stream] = asyncio.create_task(self._run(run_once, on_denied))

    async def _run(
        self,
        run_once: Callable[[Callable[[], None]], Awaitable[None]],
        on_denied: Callable[[], None] | None,
    ) -> None:
        backoff = Backoff(first=1, longest=LONGEST_PAUSE)
        try:
            await keep_open(run_once, backoff=backoff, clock=self._clock)
        except BadCredentialsError as error:
            await self._queue.put(error)
        except (ForbiddenError, NotFoundError) as error:
            # No stream, no harm: polling does it.
            _LOGGER.debug("A stream is not to be had: %s", error)
            if on_denied is not None and isinstance(error, ForbiddenError):
                on_denied()


async def _cancelled(tasks: Collection[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
