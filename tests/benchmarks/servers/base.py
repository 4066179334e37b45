"""What every server of the benchmarks does when it is told to."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import asdict
from time import perf_counter
from typing import Protocol

from tests.benchmarks.control import Announcement, Json, Talk, Traffic
from tests.benchmarks.values import Change, Shape, value_of


class Server(ABC):
    """Holds the values of a fleet, and gives them away in its own way."""

    def __init__(self, shape: Shape) -> None:
        """Begin with the values of round 0."""
        self.shape = shape
        self.values = [value_of(index, 0) for index in range(shape.values)]

    @abstractmethod
    def announce(self) -> Announcement:
        """Return where it is, and how to sign in."""

    @abstractmethod
    async def say(self, indexes: Iterable[int]) -> None:
        """Let the world know of some values, whether they changed or not."""

    @abstractmethod
    def traffic(self) -> Traffic:
        """Return what went over the wire so far."""

    @abstractmethod
    async def go_away(self) -> None:
        """End all connections, and take none."""

    @abstractmethod
    async def come_back(self) -> None:
        """Be there again."""

    def forget(self) -> None:  # noqa: B027 - not everybody has one
        """Clear the log of requests."""

    def talk(self) -> Talk:
        """Return what was asked since, and what is open."""
        return Talk()

    async def withdraw(self) -> None:  # noqa: B027 - few do
        """Say that there are no devices any more."""

    async def do(self, what: str, arguments: Mapping[str, Json]) -> Json:
        """Do what the measuring process asks for."""
        match what:
            case "describe":
                return asdict(self.announce())
            case "change":
                indexes = Change(**arguments).indexes(self.shape)
                self._take(indexes, arguments["number"])
                await self.say(indexes)
            case "repeat":
                last = self.shape.values - 1
                self._take([last], arguments["number"])
                await self.say(range(self.shape.values))
            case "drip":
                return [each async for each in self._drip(**arguments)]
            case "traffic":
                return asdict(self.traffic())
            case "talk":
                return asdict(self.talk())
            case "forget":
                self.forget()
            case "go_away":
                await self.go_away()
            case "come_back":
                await self.come_back()
            case "withdraw":
                await self.withdraw()
            case _:
                raise ValueError(what)
        return None

    def _take(self, indexes: Iterable[int], number: int) -> None:
        for index in indexes:
            self.values[index] = value_of(index, number)

    async def _drip(
        self, *, number: int, count: int, pause: float
    ) -> AsyncIterator[float]:
        """Yield when each value was said: processes of one machine share this clock."""
        for index, each in self.shape.drips(number, count):
            self._take([index], each)
            yield perf_counter()
            await self.say([index])
            await asyncio.sleep(pause)


class Serve(Protocol):
    """What a server's module has to offer."""

    def __call__(
        self, shape: Shape, *, latency: float
    ) -> AbstractAsyncContextManager[Server]:
        """Run a server until the context is left; it takes ``latency`` seconds to answer."""
