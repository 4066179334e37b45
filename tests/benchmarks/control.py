"""How the process that measures tells its server what to do: lines of JSON over a Unix socket.

No HTTP: the line must cost next to nothing in the process that is measured, and must not count
as a request of the arm.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
import contextlib
from dataclasses import asdict, dataclass, field
import json
from pathlib import Path
from typing import Any, Final, Self

from .values import Change

_LIMIT: Final = 256 * 1024 * 1024
_PATIENCE: Final = 60.0

# Any: our own JSON on both sides.
type Json = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Where a server is, and how to sign in."""

    url: str
    credentials: Mapping[str, Json] = field(default_factory=dict)
    """By the way to sign in."""
    device_ids: Sequence[str] = ()
    """Where it is the server who gives them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What went over the wire so far, as the server saw it."""

    requests: int = 0
    routes: Mapping[str, int] = field(default_factory=dict)
    """Requests by method and path template."""
    received: int = 0
    sent: int = 0
    frames: int = 0
    """Messages on open connections, from the server."""

    def since(self, before: Self) -> Traffic:
        """Return what came in between."""
        return Traffic(
            requests=self.requests - before.requests,
            routes={
                route: more
                for route, count in self.routes.items()
                if (more := count - before.routes.get(route, 0))
            },
            received=self.received - before.received,
            sent=self.sent - before.sent,
            frames=max(
                0, self.frames - before.frames
            ),  # those of closed ones are forgotten
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it can be sent again."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Socket:
    """An open WebSocket as it can be opened again, and what the client said on it."""

    path: str
    headers: Mapping[str, str]
    said: tuple[Json, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Talk:
    """What a client asked since the log was cleared, and what it holds open."""

    requests: tuple[Request, ...] = ()
    sockets: tuple[Socket, ...] = ()


class Control:
    """The server, seen from the process that measures."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Talk on an open connection."""
        self._reader = reader
        self._writer = writer

    async def describe(self) -> Announcement:
        """Ask where it is."""
        return Announcement(**await self._call("describe"))

    async def change(self, change: Change) -> None:
        """Let values become others; who listens is told."""
        await self._call("change", **asdict(change))

    async def repeat(self, number: int) -> None:
        """Say all values again; only the very last one becomes that of a round."""
        await self._call("repeat", number=number)

    async def drip(self, number: int, count: int, pause: float) -> list[float]:
        """Change single values, one after the other; return when each was sent."""
        times: list[float] = await self._call(
            "drip", number=number, count=count, pause=pause
        )
        return times

    async def traffic(self) -> Traffic:
        """Ask what went over the wire so far."""
        return Traffic(**await self._call("traffic"))

    async def forget(self) -> None:
        """Clear the log of requests, but not the counters."""
        await self._call("forget")

    async def talk(self) -> Talk:
        """Ask for everything in the log, and all that is open."""
        found = await self._call("talk")
        return Talk(
            requests=tuple(Request(**each) for each in found["requests"]),
            sockets=tuple(
                Socket(**each | {"said": tuple(each["said"])})
                for each in found["sockets"]
            ),
        )

    async def go_away(self) -> None:
        """Let it end all connections and take none."""
        await self._call("go_away")

    async def come_back(self) -> None:
        """Let it be there again."""
        await self._call("come_back")

    async def withdraw(self) -> None:
        """Let it say that there are no devices any more, where it is the server that says so."""
        await self._call("withdraw")

    async def _call(self, do: str, **arguments: Json) -> Json:
        self._writer.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
        async with asyncio.timeout(_PATIENCE):
            line = await self._reader.readline()
        if not line:
            raise ConnectionError("the server ended")
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(f"{do}: {answer['error']}")
        return answer["result"]


@contextlib.asynccontextmanager
async def connected(path: Path) -> AsyncIterator[Control]:
    """Talk to a server that listens on a path."""
    reader, writer = await asyncio.open_unix_connection(path, limit=_LIMIT)
    try:
        yield Control(reader, writer)
    finally:
        writer.close()


@contextlib.asynccontextmanager
async def controlled(
    path: Path, do: Callable[[str, Mapping[str, Json]], Awaitable[Json]]
) -> AsyncIterator[None]:
    """Do what is asked for on a path."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.closing(writer):
            while line := await reader.readline():
                arguments = json.loads(line)
                try:
                    answer = json.dumps(
                        {"result": await do(arguments.pop("do"), arguments)}
                    )
                except Exception as error:  # noqa: BLE001 - the other side says it
                    answer = json.dumps({"error": repr(error)})
                writer.write(answer.encode() + b"\n")

    server = await asyncio.start_unix_server(talk, path)
    try:
        yield
    finally:
        server.close()
