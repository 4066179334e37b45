"""What the simulators of all platforms have in common as servers of the benchmarks."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
import contextlib
from typing import Final, override

from multidict import CIMultiDictProxy

from .base import Server
from .metered import Bytes

from tests.benchmarks.control import Request, Socket, Talk, Traffic
from tests.benchmarks.values import Shape
from tests.simulators.base import Simulator
from tests.simulators.effects import Delay, Reset
from tests.simulators.sockets import OpenSocket

_HEADERS: Final = ("Authorization", "X-Authorization", "Content-Type", "Accept")
"""What a request needs to get the same answer again."""


class SimulatedServer(Server):
    """A simulator, seen as one that holds a fleet; ``say`` is left to the platform."""

    def __init__(self, shape: Shape, simulator: Simulator) -> None:
        """Hold a fleet that is already in the simulator."""
        super().__init__(shape)
        self._simulator = simulator
        self._counted: Counter[str] = Counter()
        self._back = asyncio.Event()
        self._restart: asyncio.Task[None] | None = None

    @override
    def traffic(self) -> Traffic:
        routes = self._counted + self._logged
        return Traffic(
            requests=routes.total(),
            routes=dict(routes),
            received=Bytes.received,
            sent=Bytes.sent,
            frames=sum(len(each.sent) for each in self._simulator.channels.all),
        )

    @override
    def forget(self) -> None:
        self._counted = self._counted + self._logged
        self._simulator.clear_requests()

    @override
    def talk(self) -> Talk:
        return Talk(
            requests=tuple(
                Request(
                    method=each.method,
                    path=each.raw_path,
                    headers=_needed(each.headers),
                    body=each.body.decode(),
                )
                for each in self._simulator.requests()
                if not each.upgrade
            ),
            sockets=tuple(
                Socket(
                    path=each._request.raw_path,
                    headers=_needed(each._request.headers),
                    said=tuple(each.received),
                )
                for each in self._simulator.sockets
            ),
        )

    @override
    async def go_away(self) -> None:
        self._back.clear()
        self._restart = asyncio.create_task(
            self._simulator.restart(pause=self._wait_until_wanted)
        )
        await asyncio.sleep(0.1)

    @override
    async def come_back(self) -> None:
        self._back.set()
        assert self._restart is not None, "it went away"
        await self._restart

    async def _wait_until_wanted(self) -> None:
        await self._back.wait()

    async def drop(self, *, abort: bool) -> None:
        """End all open connections, with a word or without."""
        await self._simulator.close_sockets(abort=abort)

    async def refuse(self) -> None:
        """End all connections and reset new ones, without a new server as a restart needs one."""
        self._refusal = self._simulator.faults.add(Reset())
        await self.drop(abort=True)

    def accept(self) -> None:
        """Take connections again."""
        self._refusal.remove()

    def throw_away(self) -> None:
        """Let go of what only tests look at."""
        self.forget()
        for channel in self._simulator.channels.all:
            channel.sent.clear()
            if isinstance(channel, OpenSocket):
                channel.received.clear()

    @property
    def _logged(self) -> Counter[str]:
        return Counter(
            f"{each.method} {each.route}" for each in self._simulator.requests()
        )


@contextlib.asynccontextmanager
async def running[SimulatorT: Simulator](
    simulator: SimulatorT, latency: float
) -> AsyncIterator[SimulatorT]:
    """Run a simulator that takes so many seconds to answer."""
    if latency:
        simulator.faults.add(Delay(latency))
    async with simulator:
        yield simulator


def _needed(headers: CIMultiDictProxy[str]) -> Mapping[str, str]:
    return {name: headers[name] for name in _HEADERS if name in headers}
