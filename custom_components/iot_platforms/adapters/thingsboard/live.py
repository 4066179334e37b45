"""Push: one socket for the account, kept open, and what comes out of it (11)."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager
import logging
import random
from typing import Final

from ...model.change import Alarms, Change, Connectivity, ResyncNeeded
from ...model.errors import BadCredentialsError, NotFoundError, PlatformError
from ...model.platform import Capability
from ...transport.backoff import Backoff
from ...transport.clock import Clock
from .catalog import Catalog
from .keys import Key
from .mapper import Mapper
from .socket import Connection, SessionLimitError, TokenRefusedError
from .subscriptions import Subscriptions

FIRST_PAUSE: Final = 2.0
LONGEST_PAUSE: Final = 60.0
"""Seconds between two tries, as the vendor's own clients do it (11.5)."""
LIMIT_PAUSE: Final = 300.0
"""Seconds to leave a server alone that wants no more sockets (11.5)."""
LOSS_PAUSE: Final = 60.0
"""Seconds after the last dropped update, until what arrives counts as all there is (11.4)."""
NEWCOMER_PAUSES: Final = (10.0, 60.0)
"""Seconds to wait for the values of a device that began to speak, before each further look."""
QUEUE_SIZE: Final = 1000
FRAMES_IN_A_ROW: Final = 10
"""Taken in at once: more would hold up the event loop."""

_LOGGER: Final = logging.getLogger(__name__)

type Connect = Callable[[bool], AbstractAsyncContextManager[Connection]]


class Live:
    """The account's socket, opened again whenever it ends."""

    def __init__(
        self,
        *,
        connect: Connect,
        renew: Callable[[], Awaitable[None]],
        mapper: Mapper,
        catalog: Catalog,
        read_alarms: Callable[[], Awaitable[Alarms]],
        known: Callable[[], Collection[str]],
        on_denied: Callable[[Capability, str], None],
        on_allowed: Callable[[Capability], None],
        is_old: bool | None,
        clock: Clock,
    ) -> None:
        """Prepare; ``is_old`` is None where nobody knows which form the server speaks.

        ``connect`` takes whether that is the older one; ``renew`` gets another token than the one
        that was refused.
        """
        self._connect = connect
        self._renew = renew
        self._mapper = mapper
        self._catalog = catalog
        self._read_alarms = read_alarms
        self._known = known
        self._on_denied = on_denied
        self._on_allowed = on_allowed
        self._is_old = is_old
        self._clock = clock
        self._queue: asyncio.Queue[Change | Exception | None] = asyncio.Queue()
        self._wanted: frozenset[Key] = frozenset()
        self._changed = asyncio.Event()
        self._is_wanted = asyncio.Event()
        self._alarms_changed = asyncio.Event()
        self._silent: set[str] = set()
        self._spoke = asyncio.Event()
        self._lost = asyncio.Event()
        self._subscriptions: Subscriptions | None = None
        self._backoff = Backoff(first=FIRST_PAUSE, longest=LONGEST_PAUSE)
        self._was_open = False
        self._is_refused = False
        self._lossy_until: float | None = None
        self._has_lost = False

    @property
    def hears_devices(self) -> bool:
        """Return whether the socket tells of all devices right now."""
        return (
            self._subscriptions is not None
            and self._lossy_until is None
            and self._subscriptions.is_complete
        )

    @property
    def count(self) -> int:
        """Return how many commands are subscribed."""
        return self._subscriptions.count if self._subscriptions else 0

    @property
    def hears_wanted(self) -> bool:
        """Return whether all values that are wanted arrive right now."""
        return self.hears(self._wanted)

    def hears(self, keys: Collection[Key]) -> bool:
        """Return whether all values of these keys arrive right now."""
        subscriptions = self._subscriptions
        return (
            subscriptions is not None
            and self._lossy_until is None
            and all(map(subscriptions.hears, keys))
        )

    def want(self, keys: Collection[Key]) -> None:
        """Subscribe these keys and no others; the socket opens when this is known."""
        self._wanted = frozenset(keys)
        self._changed.set()
        self._is_wanted.set()

    async def changes(self) -> AsyncGenerator[Change]:
        """Yield what arrives; raises where trying again does not help."""
        # A new queue: what an earlier listener left is old by now.
        queue = self._queue = asyncio.Queue(QUEUE_SIZE)
        tasks = [
            asyncio.create_task(work())
            for work in (
                self._keep,
                self._watch_keys,
                self._watch_newcomers,
                self._watch_alarms,
                self._watch_losses,
            )
        ]
        for task in tasks:
            task.add_done_callback(self._note_failure)
        try:
            while (item := await queue.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """End ``changes``."""
        self._put(None)

    async def _keep(self) -> None:
        """Keep the socket open for as long as the credentials are good."""
        await self._is_wanted.wait()
        while True:
            try:
                if self._is_refused:
                    await self._renew()
                    self._is_refused = False
                await self._once()
            except BadCredentialsError:
                raise
            except SessionLimitError as error:
                self._on_denied(Capability.PUSH, str(error))
                pause = LIMIT_PAUSE * random.uniform(1, 2)  # noqa: S311  # no secret
            except PlatformError as error:
                _LOGGER.debug("The socket ended: %s", error)
                self._is_refused = isinstance(error, TokenRefusedError)
                pause = self._backoff.next()
            await self._clock.sleep(pause)

    async def _once(self) -> None:
        """Open the socket and work until it ends, in the form that the server speaks."""
        if self._is_old is None:
            try:
                await self._listen(is_old=False)
            except NotFoundError:
                self._is_old = True
                raise
        else:
            await self._listen(is_old=self._is_old)

    async def _listen(self, *, is_old: bool) -> None:
        async with self._connect(is_old) as connection:
            subscriptions = Subscriptions(
                self._mapper,
                self._known,
                on_loss=self._note_loss,
                on_alarms=self._alarms_changed.set,
            )
            self._changed.set()
            sender = asyncio.create_task(self._subscribe(connection, subscriptions))
            frames = 0
            try:
                async for frame in connection.frames():
                    changes, commands = subscriptions.take(frame)
                    if commands:
                        await connection.send(commands)
                    if subscriptions.is_complete and self._subscriptions is None:
                        await self._note_good(subscriptions)
                    for change in changes:
                        await self._emit(change)
                    # Where many wait already, receiving and handing on never pause by themselves.
                    if (frames := frames + 1) % FRAMES_IN_A_ROW == 0:
                        await asyncio.sleep(0)
            finally:
                self._subscriptions = None
                sender.cancel()
                await asyncio.gather(sender, return_exceptions=True)

    async def _note_good(self, subscriptions: Subscriptions) -> None:
        """Begin to trust a socket that has told all there is."""
        self._subscriptions = subscriptions
        self._is_old = self._is_old or False
        self._backoff.reset()
        self._on_allowed(Capability.PUSH)
        if self._was_open:
            # Names, places and alarms may have changed while nobody told.
            await self._emit(ResyncNeeded())
        self._was_open = True

    async def _subscribe(
        self, connection: Connection, subscriptions: Subscriptions
    ) -> None:
        """Subscribe whatever is wanted, whenever that changes."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            again, self._has_lost = self._has_lost, False
            if commands := subscriptions.want(self._wanted, again=again):
                await connection.send(commands)

    async def _watch_keys(self) -> None:
        """Look for new keys from time to time: no subscription tells of them."""
        while True:
            await self._clock.sleep(self._catalog.interval)
            try:
                has_new = self._catalog.is_due and await self._catalog.refresh()
            except PlatformError as error:
                _LOGGER.debug("Cannot look for new keys: %s", error)
                continue
            if has_new:
                await self._emit(ResyncNeeded())

    async def _watch_newcomers(self) -> None:
        """Look again for the keys of devices that began to speak: they may come a moment later."""
        while True:
            await self._spoke.wait()
            self._spoke.clear()
            for pause in NEWCOMER_PAUSES:
                await self._clock.sleep(pause)
                if all(map(self._mapper.has_telemetry, self._silent)):
                    break
                await self._look_again()
            self._silent.clear()

    async def _look_again(self) -> None:
        self._catalog.expire()
        await self._queue.put(ResyncNeeded())

    async def _watch_alarms(self) -> None:
        """Read the alarms again whenever their list has changed."""
        while True:
            await self._alarms_changed.wait()
            self._alarms_changed.clear()
            try:
                await self._emit(await self._read_alarms())
            except PlatformError as error:
                _LOGGER.debug("Cannot read the alarms: %s", error)

    def _note_loss(self) -> None:
        """Poll for a while: updates were dropped, and more will be (11.4)."""
        self._lossy_until = self._clock.monotonic() + LOSS_PAUSE
        self._lost.set()

    async def _watch_losses(self) -> None:
        """Trust the socket again, after a last look, when nothing was dropped for a while."""
        while True:
            await self._lost.wait()
            self._lost.clear()
            while (left := (self._lossy_until or 0) - self._clock.monotonic()) > 0:
                await self._clock.sleep(left)
            self._lossy_until = None
            self._has_lost = True
            self._changed.set()
            await self._emit(ResyncNeeded())

    async def _emit(self, change: Change) -> None:
        await self._queue.put(change)
        if (
            isinstance(change, Connectivity)
            and change.online
            and not self._mapper.has_telemetry(change.device_id)
        ):
            # A device that begins to speak does so with keys that nobody has heard of.
            self._silent.add(change.device_id)
            self._spoke.set()
            await self._look_again()

    def _put(self, item: Exception | None) -> None:
        """Let the listener end, even one that cannot keep up."""
        if self._queue.full():
            self._queue.get_nowait()
        self._queue.put_nowait(item)

    def _note_failure(self, task: asyncio.Task[None]) -> None:
        """Tell the listener what trying again does not mend."""
        if not task.cancelled() and isinstance(error := task.exception(), Exception):
            self._put(error)
