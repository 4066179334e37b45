"""Which connections are open for an account, and what comes out of all of them (9)."""

import asyncio
from collections import defaultdict
from collections.abc import (
    AsyncGenerator,
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Mapping,
)
from functools import partial
import logging
from typing import Final, Protocol

from ...model.change import Change
from ...model.device import ResourceKey
from ...model.errors import (
    BadCredentialsError,
    ForbiddenError,
    NotFoundError,
)
from ...model.platform import Capability
from ...transport.backoff import Backoff
from ...transport.clock import Clock
from ...transport.websocket import keep_open
from . import records
from .client import ThingerClient
from .permissions import ACCOUNT
from .sockets import (
    EventStream,
    Good,
    Interpret,
    ResourceStream,
    StatisticsStream,
    Unwrap,
)

QUEUE_SIZE: Final = 1000
LONGEST_PAUSE: Final = 120.0
STEADY: Final = 30.0
"""Seconds that a connection has to last until it counts as one that holds."""

_LOGGER: Final = logging.getLogger(__name__)


class Stream(Protocol):
    """A connection that can be opened again and again."""

    @property
    def is_open(self) -> bool:
        """Return whether it is open right now."""

    async def run_once(self, good: Good) -> None:
        """Open it, and work until it ends."""


class Streams:
    """Everything that is open for an account, opened and closed as it is wanted."""

    def __init__(
        self,
        client: ThingerClient,
        *,
        interval: float,
        clock: Clock,
        interpret: Interpret,
        unwrap: Unwrap,
        check: Callable[[], Awaitable[None]],
        on_gap: Callable[[], None],
        on_denied: Callable[[Capability, str], None],
        has_events: bool,
    ) -> None:
        """Prepare; ``has_events`` False for credentials that cannot see the account.

        ``check`` raises BadCredentialsError where the account is signed out.
        """
        self._client = client
        self._interval = interval
        self._clock = clock
        self._unwrap = unwrap
        self._check = check
        self._on_denied = on_denied
        self._queue: asyncio.Queue[Change | Exception | None] = asyncio.Queue()
        self._events = EventStream(client, self._emit, interpret, on_gap)
        self._has_events = has_events
        self._resources: dict[str, ResourceStream] = {}
        self._statistics: dict[str, StatisticsStream] = {}
        self._tasks: dict[Stream, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._resource_wants: Mapping[str, frozenset[str]] = {}
        self._statistics_wants: frozenset[str] = frozenset()
        self._bucket_wants: frozenset[str] = frozenset()
        self._changed = asyncio.Event()

    @property
    def hears_account(self) -> bool:
        """Return whether the account's events arrive right now."""
        return self._events.is_open

    @property
    def open_count(self) -> int:
        """Return how many connections are open."""
        return sum(stream.is_open for stream in self._tasks)

    def is_streaming(self, device_id: str) -> bool:
        """Return whether a device's socket is open."""
        stream = self._resources.get(device_id)
        return stream is not None and stream.is_open

    def hears(self, key: ResourceKey) -> bool:
        """Return whether a resource's values arrive right now."""
        name = key.resource_id
        if name == records.STATISTICS_ID:
            statistics = self._statistics.get(key.device_id)
            return statistics is not None and statistics.is_open
        if name.startswith(records.PROPERTY_PREFIX):
            return self._events.is_open
        if name.startswith(records.BUCKET_PREFIX):
            return self._events.hears_bucket(name.removeprefix(records.BUCKET_PREFIX))
        resources = self._resources.get(key.device_id)
        return resources is not None and resources.is_live(name)

    def want(self, keys: Iterable[ResourceKey]) -> None:
        """Stream these resources and no others; properties come with the account's events."""
        resources: defaultdict[str, set[str]] = defaultdict(set)
        statistics: set[str] = set()
        buckets: set[str] = set()
        for key in keys:
            if key.resource_id.startswith(records.BUCKET_PREFIX):
                buckets.add(key.resource_id.removeprefix(records.BUCKET_PREFIX))
            elif key.resource_id == records.STATISTICS_ID:
                statistics.add(key.device_id)
            else:
                resources[key.device_id].add(key.resource_id)
        self._bucket_wants = frozenset(buckets)
        self._statistics_wants = frozenset(statistics)
        self._resource_wants = {
            device_id: frozenset(names) for device_id, names in resources.items()
        }
        self._changed.set()

    async def changes(self) -> AsyncGenerator[Change]:
        """Yield what arrives; raises where trying again does not help."""
        # A new queue: what an earlier listener left is old by now.
        queue = self._queue = asyncio.Queue(QUEUE_SIZE)
        keeper = asyncio.create_task(self._keep())
        keeper.add_done_callback(self._note_failure)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
            await self._end_all()

    async def close(self) -> None:
        """End every connection, and with them ``changes``."""
        await self._end_all()
        self._put(None)

    async def _emit(self, change: Change) -> None:
        await self._queue.put(change)

    def _put(self, item: Exception | None) -> None:
        """Let the listener end, even one that cannot keep up."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(item)

    async def _keep(self) -> None:
        """Open and close streams whenever others are wanted."""
        if self._has_events:
            self._start(self._events, (Capability.EVENTS, ACCOUNT))
        while True:
            self._changed.clear()
            self._end_others(self._resources, self._resource_wants)
            self._end_others(self._statistics, self._statistics_wants)
            for device_id in self._statistics_wants:
                if device_id not in self._statistics:
                    stream = StatisticsStream(self._client, device_id, self._emit)
                    self._statistics[device_id] = stream
                    self._start(stream, (Capability.STATISTICS, device_id))
            for device_id, wanted in self._resource_wants.items():
                await self._resource_stream(device_id).want(wanted)
            await self._events.want_buckets(self._bucket_wants)
            await self._changed.wait()

    def _resource_stream(self, device_id: str) -> ResourceStream:
        stream = self._resources.get(device_id)
        if stream is None:
            stream = self._resources[device_id] = ResourceStream(
                self._client,
                device_id,
                self._emit,
                interval=self._interval,
                clock=self._clock,
                unwrap=self._unwrap,
            )
            self._start(stream)
        return stream

    def _start(
        self, stream: Stream, needed: tuple[Capability, str] | None = None
    ) -> None:
        """Begin to keep a connection open; ``needed`` is the right without which it is refused."""
        task = asyncio.create_task(self._run(stream, needed))
        task.add_done_callback(self._note_failure)
        self._tasks[stream] = task

    def _end_others[StreamT: Stream](
        self, streams: dict[str, StreamT], wanted: Collection[str]
    ) -> None:
        for device_id in [name for name in streams if name not in wanted]:
            task = self._tasks.pop(streams.pop(device_id))
            task.cancel()
            # Closing politely takes a while, and nothing has to wait for it.
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _end_all(self) -> None:
        tasks = [*self._tasks.values(), *self._ending]
        self._tasks.clear()
        self._resources.clear()
        self._statistics.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self, stream: Stream, needed: tuple[Capability, str] | None) -> None:
        """Keep a connection open for as long as it can be had."""
        try:
            await keep_open(
                partial(self._once, stream),
                backoff=Backoff(first=1, longest=LONGEST_PAUSE),
                clock=self._clock,
            )
        except (ForbiddenError, NotFoundError) as error:
            # No stream, no harm: polling does it.
            _LOGGER.debug("A stream is not to be had: %s", error)
            if needed is not None and isinstance(error, ForbiddenError):
                self._on_denied(*needed)

    async def _once(self, stream: Stream, good: Good) -> None:
        """Run a connection once; only one that held for a while makes the pauses short again."""
        started = self._clock.monotonic()
        is_good = False

        def note_good() -> None:
            nonlocal is_good
            is_good = True

        try:
            await stream.run_once(note_good)
        except BadCredentialsError:
            await self._check()
            raise ForbiddenError("refused, though the account is signed in") from None
        finally:
            if is_good and self._clock.monotonic() - started >= STEADY:
                good()

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        """Tell the listener what trying again does not mend."""
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._put(error)
