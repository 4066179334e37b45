"""What every simulator is, seen from a test."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Iterable
from typing import ClassVar, override

from aiohttp import WSCloseCode, web

from .control import ControlApi
from .journal import Request
from .json_types import Json, JsonObject
from .server import LoggingServer
from .sockets import OpenSocket


class Simulator(LoggingServer):
    """A server of one platform, on 127.0.0.1, in the caller's event loop."""

    platform: ClassVar[str]

    # What a platform has to say.

    @abstractmethod
    def accounts(self) -> list[JsonObject]:
        """Credentials of every sign-in, the main one first."""

    @abstractmethod
    def tick_streams(self) -> int:
        """Send one sample on every subscription that has an interval; how many."""

    @abstractmethod
    def drift(self) -> None:
        """Let the sample values move a little, for the demo."""

    @abstractmethod
    def describe(self) -> JsonObject:
        """Devices, values and harm, for the control API."""

    @abstractmethod
    def control_value(self, device: str, resource: str, value: Json) -> None:
        """Set a value and push it; LookupError if there is no such thing."""

    @abstractmethod
    def control_online(self, device: str, *, online: bool) -> None:
        """Bring a device online or offline; LookupError if there is none."""

    @override
    def control_routes(self) -> Iterable[web.RouteDef]:
        return ControlApi(self).routes()

    async def run_drift(self, seconds: float) -> None:
        """Let the values move for ever, a step each so many real seconds."""
        while True:
            await asyncio.sleep(seconds)
            self.drift()

    # Log.

    def requests(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        device: str | None = None,
    ) -> list[Request]:
        """Requests so far that match; the path is a regular expression."""
        return list(self.journal.find(method, path, device=device))

    def clear_requests(self) -> None:
        """Forget the log and the maxima."""
        self.journal.clear()

    @property
    def max_in_flight(self) -> int:
        """Highest number of requests at work at a time."""
        return self.journal.max_in_flight

    def max_in_flight_of(self, device: str) -> int:
        """Highest number of requests for one device at a time."""
        return self.journal.max_in_flight_of(device)

    # Waiting.

    async def wait_until(
        self, predicate: Callable[[], bool], *, timeout: float = 5.0
    ) -> None:
        """Return once the predicate holds, TimeoutError if it never does."""
        await self.notice.wait_until(predicate, timeout=timeout)

    async def wait_for_request(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        count: int = 1,
        finished: bool = True,
        timeout: float = 5.0,
    ) -> Request:
        """Return the count-th matching request, once it is answered (or arrived)."""

        def matching() -> list[Request]:
            found = self.requests(method, path)
            return [each for each in found if each.finished or not finished]

        await self.wait_until(lambda: len(matching()) >= count, timeout=timeout)
        return matching()[count - 1]

    async def wait_for_sockets(
        self, count: int = 1, *, kind: str | None = None, timeout: float = 5.0
    ) -> None:
        """Return once exactly so many WebSockets are open."""

        def are_open() -> bool:
            return sum(kind in {None, each.kind} for each in self.sockets) == count

        await self.wait_until(are_open, timeout=timeout)

    async def flush(self) -> None:
        """Return once every queued frame is on the wire."""
        await self.wait_until(
            lambda: not any(each.pending for each in self.channels.all)
        )

    # Push.

    @property
    def sockets(self) -> list[OpenSocket]:
        """The open WebSockets."""
        return self.channels.sockets

    @property
    def push_enabled(self) -> bool:
        """Whether push works; False closes all sockets and refuses new ones."""
        return self.channels.enabled

    @push_enabled.setter
    def push_enabled(self, value: bool) -> None:
        self.channels.enabled = value

    async def close_sockets(
        self,
        *,
        code: int = WSCloseCode.GOING_AWAY,
        message: str = "",
        abort: bool = False,
        kind: str | None = None,
    ) -> None:
        """Close the sockets and event streams that are open now, all or of one kind."""
        doomed = [each for each in self.channels.all if kind in {None, each.kind}]
        self.channels.end_all(code, message=message, abort=abort, kind=kind)
        await self.wait_until(
            lambda: not any(each in self.channels.all for each in doomed)
        )

    def mute_sockets(self, muted: bool) -> None:
        """Let the open sockets send nothing any more, or again."""
        for socket in self.sockets:
            socket.muted = muted

    def broadcast_raw(self, data: str | bytes, *, kind: str | None = None) -> None:
        """Send garbage to the open sockets, all or of one kind."""
        for socket in self.sockets:
            if kind in {None, socket.kind}:
                socket.send_raw(data)
