"""The three kinds of connection on which the server tells something by itself (9)."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
import json
from typing import Final

import aiohttp

from ...model.change import (
    Change,
    Connectivity,
    DeviceLeft,
    ResyncNeeded,
    Samples,
)
from ...model.device import ResourceKey, Sample
from ...model.errors import (
    NotFoundError,
    UnreachableError,
)
from ...model.value import JsonValue
from ...transport import sse
from ...transport.clock import Clock
from ...transport.websocket import frames
from . import mapper
from .client import ThingerClient

MISSED_SAMPLES: Final = 3
"""Samples that may fail to come until a stream no longer counts as live."""

_STATES_ONLINE: Final = {
    "connected": True,
    "resumed": True,
    "awake": True,
    "asleep": True,
    "disconnected": False,
}
_EVENTS: Final = (
    "device_state_change",
    "device_property_update",
    "device_create",
    "device_update",
    "device_delete",
)

type Emit = Callable[[Change], Awaitable[None]]
type RowHandler = Callable[[str, dict[str, JsonValue]], Change | None]
type Unwrap = Callable[[ResourceKey, JsonValue], JsonValue]


class EventStream:
    """The account-wide socket: devices that come, go and change, properties, rows of buckets (9.2)."""

    def __init__(self, client: ThingerClient, emit: Emit, on_row: RowHandler) -> None:
        """Prepare; ``on_row`` turns a bucket's new row into a change."""
        self._client = client
        self._emit = emit
        self._on_row = on_row
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
        if self._socket is not None:
            with suppress(aiohttp.ClientError, OSError):
                await self._subscribe_buckets(self._socket)

    async def run_once(self, good: Callable[[], None]) -> None:
        """Listen until the socket ends. What happens meanwhile is lost: nothing is replayed."""
        for version in (self._version,) if self._version else ("v2", "v1"):
            try:
                await self._listen(version, good)
            except NotFoundError:
                continue
            return
        if self._version:
            raise UnreachableError("the event socket is gone")
        raise NotFoundError("this server has no event socket")

    async def _listen(self, version: str, good: Callable[[], None]) -> None:
        async with self._client.event_socket(version) as socket:
            is_first = self._version is None
            self._version = version
            for event in _EVENTS:
                await socket.send_str(json.dumps({"event": event}))
            await self._subscribe_buckets(socket)
            self._socket = socket
            try:
                if not is_first:
                    await self._emit(ResyncNeeded())
                await self._hear(socket, good)
            finally:
                self._socket = None
                self._buckets.clear()

    async def _hear(
        self, socket: aiohttp.ClientWebSocketResponse, good: Callable[[], None]
    ) -> None:
        async for frame in frames(socket):
            good()
            change = self._change(frame)
            if change is not None:
                await self._emit(change)

    async def _subscribe_buckets(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        for bucket in self._wanted_buckets - self._buckets:
            self._buckets.add(bucket)
            rows: dict[str, JsonValue] = {"event": "bucket_write"}
            rows |= (
                {"bucket": bucket}
                if self._version == "v1"
                else {"filters": {"bucket": bucket}}
            )
            await socket.send_str(json.dumps(rows))

    def _change(self, frame: dict[str, JsonValue]) -> Change | None:
        device_id = frame.get("device")
        match frame.get("event"):
            case "device_state_change" if isinstance(device_id, str):
                online = _STATES_ONLINE.get(str(frame.get("state")))
                if online is None:
                    return ResyncNeeded(device_id)
                return Connectivity(device_id, online, mapper.event_time(frame))
            case "device_property_update" if isinstance(device_id, str):
                return mapper.property_update(device_id, frame)
            case "device_create" | "device_update" if isinstance(device_id, str):
                return ResyncNeeded(device_id)
            case "device_delete" if isinstance(device_id, str):
                return DeviceLeft(device_id)
            case "bucket_write":
                bucket, row = frame.get("bucket"), frame.get("data")
                if isinstance(bucket, str) and isinstance(row, dict):
                    return self._on_row(bucket, {"ts": frame.get("ts"), **row})
        return None


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

    def is_live(self, resource: str) -> bool:
        """Return whether the resource's samples come as they should."""
        heard = self._heard.get(resource)
        return heard is not None and (
            self._clock.monotonic() - heard < MISSED_SAMPLES * self._interval
        )

    async def want(self, resources: frozenset[str]) -> None:
        """Stream these resources and no others."""
        self._wanted = resources
        if self._socket is not None:
            with suppress(aiohttp.ClientError, OSError):
                await self._subscribe(self._socket)

    async def run_once(self, good: Callable[[], None]) -> None:
        """Stream until the socket ends."""
        try:
            await self._stream(good)
        except NotFoundError as error:
            # A device that just left, or is about to come (9.1): no reason to give up for ever.
            raise UnreachableError(str(error)) from None
        finally:
            self._socket = None
            self._subscribed.clear()
            self._heard.clear()

    async def _stream(self, good: Callable[[], None]) -> None:
        async with self._client.device_socket(
            self._device_id, v3=self._client.has_v3 is not False
        ) as socket:
            self._socket = socket
            await self._subscribe(socket)
            async for frame in frames(socket):
                sample = self._sample(frame)
                if sample is not None:
                    good()
                    await self._emit(Samples((sample,)))

    async def _subscribe(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        for resource in self._subscribed - self._wanted:
            await socket.send_str(json.dumps({"resource": resource, "enabled": False}))
            self._heard.pop(resource, None)
        for resource in self._wanted - self._subscribed:
            await socket.send_str(
                json.dumps(
                    {"resource": resource, "interval": self._interval, "enabled": True}
                )
            )
        self._subscribed = set(self._wanted)

    def _sample(self, frame: dict[str, JsonValue]) -> Sample | None:
        resource = frame.get("resource")
        if not isinstance(resource, str) or resource not in self._subscribed:
            return None
        if frame.get("signal", "data") != "data":
            self._heard.pop(resource, None)
            return None
        for name in ("payload", "out", "in"):
            if name in frame:
                self._heard[resource] = self._clock.monotonic()
                key = ResourceKey(self._device_id, resource)
                return Sample(key, self._unwrap(key, frame[name]))
        return None


class StatisticsStream:
    """Address and traffic of one device's connection, as it changes (9.3)."""

    def __init__(self, client: ThingerClient, device_id: str, emit: Emit) -> None:
        """Prepare."""
        self._client = client
        self._device_id = device_id
        self._emit = emit
        self._totals: dict[str, float] = {}
        self.is_open = False

    async def run_once(self, good: Callable[[], None]) -> None:
        """Follow the statistics until the stream ends."""
        self._totals.clear()
        try:
            async with self._client.statistics_stream(self._device_id) as reader:
                async for _, data in sse.events(reader):
                    try:
                        frame = json.loads(data)
                    except ValueError, RecursionError:
                        continue
                    good()
                    self.is_open = True
                    await self._emit(Samples(tuple(self._samples(frame))))
        finally:
            self.is_open = False

    def _samples(self, frame: JsonValue) -> list[Sample]:
        """Add up the traffic: after the first frame only increments come."""
        samples = []
        for sample in mapper.parse_statistics(frame, self._device_id):
            name = sample.key.leaf[0]
            if name in ("rx_bytes", "tx_bytes") and isinstance(
                sample.value, int | float
            ):
                self._totals[name] = self._totals.get(name, 0) + sample.value
                samples.append(Sample(sample.key, self._totals[name]))
            else:
                samples.append(sample)
        return samples
