"""An account under test: an adapter with a clock that tests move, and what came of it."""

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import aclosing, contextmanager
import logging
from typing import Any, Self

from aiohttp import ClientSession

from custom_components.iot_platforms.adapters.base import (
    Adapter,
    Discovers,
    Surroundings,
)
from custom_components.iot_platforms.adapters.registry import PLATFORMS
from custom_components.iot_platforms.model.change import Change, Samples
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import ResourceKey, ResourceKind
from custom_components.iot_platforms.model.platform import IotPlatform
from custom_components.iot_platforms.model.state import AccountState, apply
from custom_components.iot_platforms.model.value import JsonValue
from custom_components.iot_platforms.transport.clock import Clock

from tests.simulators.base import Simulator
from tests.simulators.effects import Effect


class MovedClock:
    """Time that stands still until a test moves it: pauses end when their time has come."""

    def __init__(self, sim: Simulator) -> None:
        """Go by the simulator's wall clock."""
        self._sim = sim
        self._now = 1000.0
        self._pending: list[tuple[float, asyncio.Future[None]]] = []
        self._runs = False
        self.skew = 0.0
        """Seconds by which our wall clock is ahead of the server's."""
        self.pauses: list[float] = []
        """Every pause so far, in seconds."""
        self.clock = Clock(
            wall=lambda: sim.clock.now() + self.skew,
            monotonic=lambda: self._now,
            sleep=self._sleep,
        )

    def advance(self, seconds: float) -> None:
        """Let time pass here and at the server."""
        self._sim.clock.advance(seconds)
        self._now += seconds
        for until, pause in self._pending:
            if until <= self._now and not pause.done():
                pause.set_result(None)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Let the time of every pause pass at once."""
        self._runs = True
        self.advance(max((until - self._now for until, _ in self._pending), default=0))
        try:
            yield
        finally:
            self._runs = False

    async def _sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._sim.notice.ring()
        if self._runs:
            self.advance(seconds)
            await asyncio.sleep(0)
            return
        pause = asyncio.get_running_loop().create_future()
        entry = (self._now + seconds, pause)
        self._pending.append(entry)
        try:
            await pause
        finally:
            self._pending.remove(entry)


class Account:
    """Does with an adapter what the coordinator does, one step at a time."""

    def __init__(
        self,
        sim: Simulator,
        session: ClientSession,
        platform: IotPlatform,
        credentials: Mapping[str, Any],
        *,
        choices: Choices | None = None,
        clock: MovedClock | None = None,
        ssl: Any = True,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self.sim = sim
        self.clock = clock or MovedClock(sim)
        self.choices = choices or Choices()
        self.saved: list[dict[str, Any]] = []
        """What the adapter wanted kept, in its order."""
        self.credentials = dict(credentials)
        self.adapter: Adapter = PLATFORMS[platform].create(
            Surroundings(
                session=session,
                ssl=ssl,
                clock=self.clock.clock,
                credentials=dict(credentials),
                save=self._save,
                choices=self.choices,
            )
        )
        self.state = AccountState()
        self.heard: list[Change] = []
        """What push delivered."""
        self.failure: BaseException | None = None
        """What ended push."""
        self._listener: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        """Be closed at the end."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Close."""
        await self.close()

    async def close(self) -> None:
        """Close the adapter, as an unload does."""
        await self.adapter.close()
        await self.stop_listening()

    async def start(self, *device_ids: str) -> None:
        """Sign in, read the list, and find out what devices offer: all, unless some are named."""
        await self.adapter.connect()
        await self.refresh()
        asked = device_ids or tuple(self.state.devices)
        await asyncio.gather(*(self.discover(device_id) for device_id in asked))

    async def refresh(self) -> Change:
        """Read the list."""
        snapshot = await self.adapter.snapshot()
        self.apply(snapshot)
        return snapshot

    async def discover(self, device_id: str) -> list[Change]:
        """Find out what a device offers."""
        if not isinstance(self.adapter, Discovers):
            return []
        known = self.state.devices[device_id]
        changes = [*await self.adapter.discover(known.device, known.resources)]
        for change in changes:
            self.apply(change)
        return changes

    async def read(self, *keys: str | ResourceKey) -> list[Change]:
        """Read resources, and return what came of it."""
        changes: list[Change] = []
        async with aclosing(self.adapter.read({key_of(key) for key in keys})) as reader:
            async for change in reader:
                changes.append(change)
                self.apply(change)
        return changes

    async def poll(self) -> list[Change]:
        """Read everything that push does not deliver, as the coordinator does."""
        return await self.read(*(k for k in self.wanted() if not self.is_live(k)))

    def wanted(self) -> list[ResourceKey]:
        """Return everything that may be read and can be had."""
        return [
            resource.key
            for known in self.state.devices.values()
            for resource in known.resources.values()
            if resource.kind is not ResourceKind.CALLBACK
            and (resource.read_safe or self.choices.may_read(resource.key))
            and (known.device.online is not False or not resource.needs_device)
        ]

    def watch(self, *keys: str | ResourceKey) -> None:
        """Watch some resources, without any everything."""
        online = frozenset(
            device_id
            for device_id, known in self.state.devices.items()
            if known.device.online is not False
        )
        wanted = [key_of(key) for key in keys] or self.wanted()
        self.adapter.watch(frozenset(wanted), online)

    def listen(self) -> None:
        """Begin to take in what push delivers."""
        self.failure = None
        self._listener = asyncio.create_task(self._listen())

    async def stop_listening(self) -> None:
        """Listen no more."""
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.gather(self._listener, return_exceptions=True)
            self._listener = None

    async def wait_for_the_end(self) -> None:
        """Wait until push ends by itself."""
        if self._listener is not None:
            await asyncio.gather(self._listener, return_exceptions=True)

    async def until(self, predicate: Callable[[], bool]) -> None:
        """Wait until something holds that the simulator or push brings about."""
        await self.sim.wait_until(predicate)

    async def until_back(self, predicate: Callable[[], bool]) -> None:
        """Wait until something holds, and let the time of pauses pass at once."""
        with self.clock.running():
            await self.until(predicate)

    async def until_heard(self, *changes: Change) -> None:
        """Wait until push delivered these."""
        await self.until(lambda: all(change in self.heard for change in changes))

    async def until_value(self, key: str, value: JsonValue) -> None:
        """Wait until push made this a resource's value."""
        await self.until(lambda: self.value(key) == value)

    async def until_live(self, *keys: str) -> None:
        """Wait until push delivers these."""
        await self.until(lambda: all(self.is_live(key) for key in keys))

    def is_live(self, key: str | ResourceKey) -> bool:
        """Return whether push delivers a resource."""
        return self.adapter.is_live(key_of(key))

    def value(self, key: str) -> JsonValue:
        """Return a resource's value."""
        return self.state.value(key_of(key))

    def online(self, device_id: str) -> bool | None:
        """Return whether a device is online."""
        device = self.state.device(device_id)
        assert device is not None, device_id
        return device.online

    def kinds(self, device_id: str) -> dict[str, ResourceKind]:
        """Return what a device itself offers."""
        return {
            key.resource_id: resource.kind
            for key, resource in self.state.devices[device_id].resources.items()
            if not key.leaf and not key.resource_id.startswith("$")
        }

    def apply(self, change: Change) -> None:
        """Take something in."""
        self.state, _ = apply(self.state, change)

    async def _listen(self) -> None:
        changes = self.adapter.changes()
        assert changes is not None
        try:
            async with aclosing(changes):
                async for change in changes:
                    self.heard.append(change)
                    self.apply(change)
                    self.sim.notice.ring()
        except BaseException as error:
            self.failure = error
            raise
        finally:
            self.sim.notice.ring()

    async def _save(self, changed: Mapping[str, Any]) -> None:
        self.saved.append(dict(changed))
        self.credentials.update(changed)


class _Bell(logging.Handler):
    """Lets whoever waits look again at whatever an adapter logs."""

    def __init__(self, sim: Simulator) -> None:
        """Ring the simulator's bell."""
        super().__init__()
        self._sim = sim

    def emit(self, _: logging.LogRecord) -> None:
        """Ring."""
        self._sim.notice.ring()


@contextmanager
def ringing(sim: Simulator) -> Iterator[None]:
    """Ring a simulator's bell for what happens on this side."""
    logger = logging.getLogger("custom_components.iot_platforms")
    bell, level = _Bell(sim), logger.level
    logger.addHandler(bell)
    logger.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        logger.setLevel(level)
        logger.removeHandler(bell)


def key_of(key: str | ResourceKey) -> ResourceKey:
    """Return the key that a text like `device/resource:leaf` stands for."""
    if isinstance(key, ResourceKey):
        return key
    device_id, _, rest = key.partition("/")
    resource, *leaf = rest.split(":")
    return ResourceKey(device_id, resource, tuple(leaf))


def case_id(value: object) -> str:
    """Return a test case's name, the same in every process."""
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, Effect):
        details = [
            getattr(detail, "__name__", str(detail))
            for detail in vars(value).values()
            if detail and not isinstance(detail, dict | asyncio.Event)
        ]
        return "-".join((type(value).__name__, *details))
    return getattr(value, "__name__", repr(value))


def samples(changes: Collection[Change]) -> dict[str, JsonValue]:
    """Return the values among changes, by `device/resource:leaf`."""
    return {
        f"{s.key.device_id}/{':'.join((s.key.resource_id, *s.key.leaf))}": s.value
        for change in changes
        if isinstance(change, Samples)
        for s in change.samples
    }
