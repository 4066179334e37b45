"""The three kinds of connection on which the server tells something by itself (9)."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
import json
from typing import Final

import aiohttp

from ...model.change import Change, ResyncNeeded, Samples
from ...model.device import ResourceKey, Sample
from ...model.errors import NotFoundError, UnexpectedAnswerError, UnreachableError
from ...model.value import JsonValue, ValueType, coerced
from ...transport import sse
from ...transport.clock import Clock
from ...transport.parsing import parsed
from ...transport.websocket import frames
from . import records
from .client import ThingerClient
from .events import SUBSCRIBED

MISSED_SAMPLES: Final = 3
"""Samples that may fail to come until a stream no longer counts as live."""

_COUNTERS: Final = ("rx_bytes", "tx_bytes")

type Emit = Callable[[Change], Awaitable[None]]
type Good = Callable[[], None]
type Interpret = Callable[[Mapping[str, JsonValue]], Iterable[Change]]
type Unwrap = Callable[[ResourceKey, JsonValue], JsonValue]


class EventStream:
    """The account-wide socket: devices that come, go and change, properties, rows of buckets (9.2)."""

    def __init__(
        self,
        client: ThingerClient,
        emit: Emit,
        interpret: Interpret,
        on_gap: Callable[[], None],
    ) -> None:
        """Prepare; ``on_gap`` is told when events begin to be missed."""
        self._client = client
        self._emit = emit
        self._interpret = interpret
        self._on_gap = on_gap
        self._version: str | None = None
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._wanted_buckets: frozenset[str] = frozenset()
        self._buckets: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Return whether events arrive right now."""
        return self._socket is not None

    def hears_bucket(self, bucket: str) -> bool:
        """Return whether a bucket's new rows arrive right now."""
        return self.is_open and bucket in self._buckets

    async def want_buckets(self, buckets: frozenset[str]) -> None:
        """Hear of new rows of these buckets; a subscription that stands is harmless (9.2)."""
        self._wanted_buckets = buckets
        with suppress(aiohttp.ClientError, OSError):
            await self._subscribe_buckets()

    async def run_once(self, good: Good) -> None:
        """Listen until the socket ends. What happens meanwhile is lost: nothing is replayed."""
        for version in (self._version,) if self._version else ("v2", "v1"):
            try:
                await self._listen(version, good)
            except NotFoundError:
                continue
            return
        raise UnreachableError("there is no event socket")

    async def _listen(self, version: str, good: Good) -> None:
        async with self._client.event_socket(version) as socket:
            self._version = version
            for event in SUBSCRIBED:
                await socket.send_str(json.dumps({"event": event}))
            self._socket = socket
            try:
                await self._subscribe_buckets()
                # What happened since the last list was read, nobody told.
                await self._emit(ResyncNeeded())
                async for frame in frames(socket):
                    good()
                    for change in self._interpret(frame):
                        await self._emit(change)
            finally:
                self._socket = None
                self._buckets.clear()
                self._on_gap()

    async def _subscribe_buckets(self) -> None:
        while self._socket is not None and (
            missing := self._wanted_buckets - self._buckets
        ):
            bucket = min(missing)
            self._buckets.add(bucket)
            filters: dict[str, JsonValue] = {"bucket": bucket}
            rows = filters if self._version == "v1" else {"filters": filters}
            await self._socket.send_str(json.dumps({"event": "bucket_write", **rows}))


class ResourceStream:
    """The socket of one device, on which its resources send their values (9.1)."""

    def __init__(
        self,
        client: ThingerClient,
        device_id: str,
        emit: Emit,
        *,
        interval: float,
        clock: Clock,
        unwrap: Unwrap,
    ) -> None:
        """Prepare; ``interval`` is the number of seconds between the samples asked for."""
        self._client = client
        self._unwrap = unwrap
        self._device_id = device_id
        self._emit = emit
        self._interval = interval
        self._clock = clock
        self._wanted: frozenset[str] = frozenset()
        self._subscribed: set[str] = set()
        self._heard: dict[str, float] = {}
        self._socket: aiohttp.ClientWebSocketResponse | None = None

    @property
    def is_open(self) -> bool:
        """Return whether the socket is open."""
        return self._socket is not None

    def is_live(self, resource: str) -> bool:
        """Return whether the resource's samples come as they should."""
        heard = self._heard.get(resource)
        return heard is not None and (
            self._clock.monotonic() - heard < MISSED_SAMPLES * self._interval
        )

    async def want(self, resources: frozenset[str]) -> None:
        """Stream these resources and no others."""
        self._wanted = resources
        with suppress(aiohttp.ClientError, OSError):
            await self._subscribe()

    async def run_once(self, good: Good) -> None:
        """Stream until the socket ends."""
        try:
            async with self._client.device_socket(self._device_id) as socket:
                self._socket = socket
                await self._subscribe()
                async for frame in frames(socket):
                    sample = self._sample(frame)
                    if sample is not None:
                        good()
                        await self._emit(Samples((sample,)))
        except NotFoundError as error:
            # A device that just left, or is about to come (9.1): no reason to give up for ever.
            raise UnreachableError(str(error)) from None
        finally:
            self._socket = None
            self._subscribed.clear()
            self._heard.clear()

    async def _subscribe(self) -> None:
        """Tell the server what is wanted; each is noted before it is sent, so that nobody repeats it."""
        while (socket := self._socket) is not None:
            if unwanted := self._subscribed - self._wanted:
                name = min(unwanted)
                self._subscribed.discard(name)
                self._heard.pop(name, None)
                control: dict[str, JsonValue] = {"enabled": False}
            elif missing := self._wanted - self._subscribed:
                name = min(missing)
                self._subscribed.add(name)
                control = {"interval": self._interval, "enabled": True}
            else:
                return
            await socket.send_str(json.dumps({"resource": name, **control}))

    def _sample(self, frame: Mapping[str, JsonValue]) -> Sample | None:
        resource = frame.get("resource")
        if not isinstance(resource, str) or resource not in self._subscribed:
            return None
        if frame.get("signal", "data") != "data":
            self._heard.pop(resource, None)
            return None
        key = ResourceKey(self._device_id, resource)
        if "payload" in frame:
            value = self._unwrap(key, frame["payload"])
        elif wrapper := next((name for name in ("out", "in") if name in frame), None):
            value = frame[wrapper]
        else:
            return None
        self._heard[resource] = self._clock.monotonic()
        return Sample(key, value)


class StatisticsStream:
    """Address and traffic of one device's connection, as it changes (9.3)."""

    def __init__(self, client: ThingerClient, device_id: str, emit: Emit) -> None:
        """Prepare."""
        self._client = client
        self._device_id = device_id
        self._emit = emit
        self._totals: dict[str, float] = {}
        self.is_open = False

    async def run_once(self, good: Good) -> None:
        """Follow the statistics until the stream ends."""
        self._totals.clear()
        try:
            async with self._client.statistics_stream(self._device_id) as reader:
                async for _, data in sse.events(reader):
                    try:
                        frame = parsed(data)
                    except UnexpectedAnswerError:
                        continue
                    good()
                    self.is_open = True
                    if samples := self._samples(frame):
                        await self._emit(Samples(tuple(samples)))
        finally:
            self.is_open = False

    def _samples(self, frame: JsonValue) -> list[Sample]:
        """Add up the traffic: after a full frame, which tells of the connection, only increments come."""
        if isinstance(frame, dict) and "connected" in frame:
            self._totals.clear()
        samples = []
        for sample in records.parse_statistics(frame, self._device_id):
            name = sample.key.leaf[0]
            value = coerced(sample.value, ValueType.NUMBER)
            if name in _COUNTERS and isinstance(value, int | float):
                self._totals[name] = self._totals.get(name, 0) + value
                samples.append(Sample(sample.key, self._totals[name]))
            else:
                samples.append(sample)
        return samples
