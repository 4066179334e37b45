"""Calls on their way to devices and back (thingsboard.md 10.2, 10.3)."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable
from functools import partial
from itertools import count
import json
from typing import override

from .behaviour import EMPTY, NEVER, NotJson, Reply, RpcCall

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.thingsboard.backend import Backend
from tests.simulators.thingsboard.bus import Listener
from tests.simulators.thingsboard.device import Device


class PendingCall:
    """A call that nobody answered yet."""

    def __init__(self, device: Device, call: RpcCall) -> None:
        """Begin in the server's hands."""
        self.device = device
        self.call = call
        loop = asyncio.get_running_loop()
        self.delivered: asyncio.Future[None] = loop.create_future()
        self.reply: asyncio.Future[Reply] = loop.create_future()

    @property
    def over(self) -> bool:
        """Whether nobody waits any more."""
        return self.reply.done()

    def answer(self, reply: Reply) -> None:
        """Bring the answer back."""
        if not self.over:
            self.reply.set_result(reply)

    def drop(self) -> None:
        """Wait no longer."""
        self.reply.cancel()
        self.delivered.cancel()


class RpcDesk(Listener):
    """Hands calls to devices as soon as they can be reached."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend; hears of devices that connect."""
        self._backend = backend
        self._ids = count(1)
        self._queued: dict[Device, list[PendingCall]] = defaultdict(list)
        # Handed out over the device's HTTP API: by device and id, until answered.
        self._open: dict[tuple[Device, int], PendingCall] = {}
        self._polls: dict[Device, deque[asyncio.Future[PendingCall]]] = defaultdict(
            deque
        )
        self._timers: list[asyncio.TimerHandle] = []
        backend.store.bus.listeners.append(self)

    def submit(
        self,
        device: Device,
        method: str,
        params: Json,
        *,
        oneway: bool,
        persistent: bool = False,
    ) -> PendingCall:
        """Hand a call over, now or when the device connects."""
        call = RpcCall(
            id=next(self._ids),
            method=method,
            params=params,
            oneway=oneway,
            persistent=persistent,
            at=self._backend.clock.now(),
        )
        pending = PendingCall(device, call)
        if not self._hand_over(pending):
            self._queued[device].append(pending)
        return pending

    def withdraw(self, pending: PendingCall) -> None:
        """Forget a call: a device that connects later does not get it."""
        pending.drop()
        if pending in self._queued[pending.device]:
            self._queued[pending.device].remove(pending)
        self._open.pop((pending.device, pending.call.id), None)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after so many real seconds, unless the server stops before."""
        loop = asyncio.get_running_loop()
        self._timers = [each for each in self._timers if each.when() > loop.time()]
        self._timers.append(loop.call_later(seconds, action))

    def stop(self) -> None:
        """Let nothing happen any more, and nobody wait."""
        for timer in self._timers:
            timer.cancel()
        for waiting in (*self._queued.values(), self._open.values()):
            for pending in list(waiting):
                pending.drop()
        for polls in self._polls.values():
            for future in polls:
                future.cancel()
        self._queued.clear()
        self._open.clear()

    @override
    def device_connected(self, device: Device) -> None:
        self._flush(device)

    # The device's own HTTP API.

    async def poll(self, device: Device, seconds: float) -> JsonObject | None:
        """Wait for a call as the device; None if none comes."""
        future: asyncio.Future[PendingCall] = asyncio.get_running_loop().create_future()
        self._polls[device].append(future)
        device.heard()
        self._flush(device)
        try:
            async with asyncio.timeout(seconds):
                pending = await future
        except TimeoutError:
            return None
        finally:
            if future in self._polls[device]:
                self._polls[device].remove(future)
        call = pending.call
        return {"id": call.id, "method": call.method, "params": call.params}

    def answer(self, device: Device, call_id: int, body: str) -> None:
        """Take the device's answer to a call; late and unknown ones do nothing."""
        device.heard()
        pending = self._open.pop((device, call_id), None)
        if pending is not None:
            pending.answer(_read(body))
            self._backend.notice.ring()

    # Handing over.

    def _flush(self, device: Device) -> None:
        waiting = self._queued.pop(device, [])
        left = [each for each in waiting if not each.over and not self._hand_over(each)]
        if left:
            self._queued[device] = left

    def _hand_over(self, pending: PendingCall) -> bool:
        device = pending.device
        polls = self._polls[device]
        if polls:
            device.rpc.calls.append(pending.call)
            self._open[device, pending.call.id] = pending
            pending.delivered.set_result(None)
            polls.popleft().set_result(pending)
        elif device.connected:
            pending.delivered.set_result(None)
            self._let_answer(pending)
        else:
            return False
        self._backend.notice.ring()
        return True

    def _let_answer(self, pending: PendingCall) -> None:
        """Let the thing behind a connected device take a call."""
        device, call = pending.device, pending.call
        reply = device.rpc.take(call)
        if device.rpc.delay:
            self.later(device.rpc.delay, partial(self._finish, pending, reply))
        else:
            self._finish(pending, reply)

    def _finish(self, pending: PendingCall, reply: Reply) -> None:
        device, call = pending.device, pending.call
        if not device.connected:
            return
        key = device.rpc.reported_key(call)
        if key is not None:
            device.post_telemetry({key: call.params})
        if reply is not NEVER and not call.oneway:
            device.heard()
            pending.answer(reply)
        self._backend.notice.ring()


def _read(body: str) -> Reply:
    if not body:
        return EMPTY
    try:
        value: Json = json.loads(body)
    except ValueError:
        return NotJson(body)
    return value
