"""Servers, a clock and a client for the tests."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
import logging
import socket
import ssl
import struct
import traceback
from typing import Any, Final

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer
import jwt
import pytest

from custom_components.iot_platforms.model.errors import PlatformError
from custom_components.iot_platforms.transport.clock import Clock
from custom_components.iot_platforms.transport.http import HttpClient
from custom_components.iot_platforms.transport.limits import Limits
from custom_components.iot_platforms.transport.tokens import TokenEngine, Tokens

_JWT_KEY: Final = "only for tests, and long enough for its algorithm"

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def token(**claims: object) -> str:
    """Return a JWT."""
    return jwt.encode(claims, _JWT_KEY, algorithm="HS256")


@dataclass
class FakeClock:
    """A clock that stands still until somebody sleeps or moves it."""

    monotonic: float = 1000.0
    wall: float = 1_800_000_000.0
    slept: list[float] = field(default_factory=list)

    @property
    def clock(self) -> Clock:
        """Return what the code under test is given."""
        return Clock(
            wall=lambda: self.wall, monotonic=lambda: self.monotonic, sleep=self._sleep
        )

    def tick(self, seconds: float) -> None:
        """Let time pass."""
        self.monotonic += seconds
        self.wall += seconds

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.tick(seconds)
        await asyncio.sleep(0)


@dataclass
class Renewals:
    """Gives new tokens, or the errors that it was told to give."""

    results: list[Tokens | BaseException] = field(default_factory=list)
    given: list[Tokens] = field(default_factory=list)
    saved: list[Tokens] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    lifetime: float | None = 100.0

    def __post_init__(self) -> None:
        """Begin with an open gate."""
        self.gate.set()

    async def renew(self, tokens: Tokens) -> Tokens:
        """Answer once the gate is open."""
        self.given.append(tokens)
        number = len(self.given)
        await self.gate.wait()
        result = self.results.pop(0) if self.results else None
        if isinstance(result, BaseException):
            raise result
        return result or Tokens(f"access-{number}", f"refresh-{number}", self.lifetime)

    async def save(self, tokens: Tokens) -> None:
        """Keep the tokens."""
        await asyncio.sleep(0)
        self.saved.append(tokens)

    def engine(self, tokens: Tokens, clock: FakeClock) -> TokenEngine:
        """Return an engine that renews here."""
        return TokenEngine(tokens, renew=self.renew, save=self.save, clock=clock.clock)


@dataclass
class Net:
    """Makes servers and clients of them, and takes them down."""

    session: aiohttp.ClientSession
    clock: FakeClock = field(default_factory=FakeClock)
    _servers: list[TestServer] = field(default_factory=list)

    async def serve(self, handler: Handler, tls: ssl.SSLContext | None = None) -> str:
        """Serve all paths with one handler; return the address."""
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        server = TestServer(app, host="127.0.0.1", scheme="https" if tls else "http")
        # The server must not wait for handlers that wait for ever.
        await server.start_server(ssl=tls, shutdown_timeout=0.01, access_log=None)
        self._servers.append(server)
        return str(server.make_url("/")).rstrip("/")

    async def client(self, handler: Handler, **options: Any) -> HttpClient:
        """Return a client of a new server."""
        return self.client_of(await self.serve(handler), **options)

    def client_of(self, url: str, **options: Any) -> HttpClient:
        """Return a client of a server."""
        options = {"limits": Limits(5), "clock": self.clock.clock, **options}
        return HttpClient(self.session, url, **options)

    async def close(self) -> None:
        """Take the servers down."""
        for server in self._servers:
            await server.close()


@asynccontextmanager
async def raw_server(
    answer: bytes | None, *, reset: bool = False
) -> AsyncIterator[str]:
    """Answer each request with these bytes, then hang up; None: never answer."""
    tasks: set[asyncio.Task[None]] = set()

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await reader.readuntil(b"\r\n\r\n")
                if answer is None:
                    await asyncio.Event().wait()
                else:
                    writer.write(answer)
                    await writer.drain()
                if reset:
                    await asyncio.sleep(0.02)
                    # Lingering for zero seconds makes the kernel send a reset.
                    writer.get_extra_info("socket").setsockopt(
                        socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
                    )
                    writer.transport.abort()
        finally:
            tasks.discard(task)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await server.wait_closed()


def shown(error: BaseException) -> str:
    """Return everything that a log could show of an error."""
    return "".join((*traceback.format_exception(error), str(error), repr(error)))


def assert_secret(
    secrets: Sequence[str],
    errors: Sequence[BaseException],
    log: pytest.LogCaptureFixture,
) -> None:
    """Assert that nothing of the secrets stands in an error or in any log."""
    everything = log.text + "".join(map(shown, errors))
    for record in log.records:
        everything += f"{record.msg} {record.args}"
    for secret in secrets:
        for part in (secret, *secret.split(".")):
            assert part not in everything


def log_everything(log: pytest.LogCaptureFixture) -> None:
    """Let every logger say all it has to say."""
    log.set_level(logging.DEBUG)
    for name in ("asyncio", "aiohttp", "custom_components"):
        log.set_level(logging.DEBUG, name)


GARBAGE: Final = {
    "no HTTP": b"\x16\x03\x01 nonsense\r\n\r\n",
    "nothing": b"",
    "half a head": b"HTTP/1.1 200 OK\r\nContent-Ty",
    "only a promise": b"HTTP/1.1 100 Continue\r\n\r\n",
    "truncated": b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[1]",
    "truncated chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n[1]",
    "no chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n[1]\r\n",
    "bad second chunk": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1]XX\r\n",
    "no gzip": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\n[1]",
    "no deflate": b"HTTP/1.1 200 OK\r\nContent-Encoding: deflate\r\nContent-Length: 3\r\n\r\n[1]",
    "absurd length": b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n[1]",
    "two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n[1]",
    "endless header": b"HTTP/1.1 200 OK\r\nX: " + b"x" * 99_999 + b"\r\n\r\n",
    "other protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n"
    b"Connection: upgrade\r\n\r\n",
    "no status": b"HTTP/1.1 000 x\r\nContent-Length: 0\r\n\r\n",
}
"""What may come over the wire in place of an answer."""


def answer(
    text: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Any:
    """Return a handler that always says the same."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status, headers=headers)

    return handle


async def failure(client: HttpClient, path: str = "x", **options: Any) -> PlatformError:
    """Return the error of a request, which has to be one of ours."""
    with pytest.raises(PlatformError) as caught:
        await client.request("GET", path, **options)
    return caught.value
