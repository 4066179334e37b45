"""WebSockets: opening, reading, losing and reopening them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
from unittest.mock import patch

import aiohttp
from aiohttp import web
import pytest

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport import http
from custom_components.iot_platforms.transport.http import HttpClient
from custom_components.iot_platforms.transport.limits import Limits
from custom_components.iot_platforms.transport.tls import ssl_context
from custom_components.iot_platforms.transport.tokens import Tokens
from custom_components.iot_platforms.transport.websocket import frames

from .helpers import GARBAGE, Net, Renewals, answer, raw_server

from tests.simulators.tls import signed_by_own_authority


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Allow timers: aiohttp sets its heartbeat's once more when a socket is closed."""
    return True


type Talk = Callable[[web.WebSocketResponse], Awaitable[None]]


def talking(talk: Talk, **options: Any) -> Any:
    """Return a handler that takes every handshake and then talks."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(**options)
        await socket.prepare(request)
        await talk(socket)
        return socket

    return handle


async def heard(client: HttpClient, **options: Any) -> list[Any]:
    """Return all that is heard until the socket ends."""
    async with client.websocket("x", **{"heartbeat": 5, **options}) as socket:
        return [frame async for frame in frames(socket)]


async def refusal(client: HttpClient, **options: Any) -> PlatformError:
    """Return why a socket could not be opened."""
    with pytest.raises(PlatformError) as caught:
        await heard(client, **options)
    return caught.value


async def _abort(socket: Any) -> None:
    socket._writer.transport.abort()


# Frames


async def test_frames(net: Net) -> None:
    """Only objects count; what is none does not end the rest."""

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"a": 1}')
        for garbage in ("", "{", "null", "[1]", '"x"', "1", "[" * 200_000, "NaN"):
            await socket.send_str(garbage)
        await socket.send_bytes(b'{"binary": 1}')
        await socket.send_str('{"a": NaN, "b": "\\ud800", "c": 1e999}')
        await socket.send_str("{}")
        await socket.close()

    client = await net.client(talking(talk))
    assert await heard(client) == [{"a": 1}, {"a": None, "b": "\ufffd", "c": None}, {}]


@pytest.mark.parametrize(
    "end",
    [
        lambda socket: socket.close(code=1011, message=b"trouble"),
        _abort,
        lambda socket: socket._writer.send_frame(b"\xff\xfe", aiohttp.WSMsgType.TEXT),
        lambda socket: socket.send_str("x" * 3000),
        lambda socket: socket._writer.transport.write(b"\xff\xff\xff\xff\xff\xff"),
    ],
    ids=["closed", "aborted", "no text", "too large", "no frame"],
)
async def test_end(net: Net, end: Callable[[Any], Awaitable[None]]) -> None:
    """However a socket ends, reading it ends, after what came before."""

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"a": 1}')
        await asyncio.sleep(0.02)
        result = end(socket)
        if result is not None:
            await result
        await asyncio.sleep(0.1)

    client = await net.client(talking(talk))
    with patch.object(http, "MAX_BODY_BYTES", 2000):
        async with asyncio.timeout(5):
            assert await heard(client) == [{"a": 1}]


async def test_reset_while_sending(net: Net) -> None:
    """Who sends on a socket that is gone gets one of our errors."""

    async def talk(socket: web.WebSocketResponse) -> None:
        await _abort(socket)

    client = await net.client(talking(talk))

    async def send() -> None:
        async with client.websocket("x", heartbeat=5) as socket, asyncio.timeout(5):
            while True:
                await socket.send_str("x")
                await asyncio.sleep(0.01)

    with pytest.raises(UnreachableError) as caught:
        await send()
    assert caught.value.reason == "cannot_connect"


async def test_silent_peer(net: Net) -> None:
    """A peer that no longer answers pings is noticed."""

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"a": 1}')
        await asyncio.sleep(10)

    client = await net.client(talking(talk, autoping=False))
    async with asyncio.timeout(5):
        assert await heard(client, heartbeat=0.1) == [{"a": 1}]


async def test_slow_but_alive(net: Net) -> None:
    """A peer that has nothing to say but answers pings stays."""

    async def talk(socket: web.WebSocketResponse) -> None:
        with_pongs = asyncio.create_task(socket.receive())
        await asyncio.sleep(0.5)
        await socket.send_str('{"late": 1}')
        await socket.close()
        await with_pongs

    client = await net.client(talking(talk))
    assert await heard(client, heartbeat=0.1) == [{"late": 1}]


async def test_other_errors_pass(net: Net) -> None:
    """What goes wrong in the work itself is not taken for trouble on the line."""

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.receive()

    client = await net.client(talking(talk))
    with pytest.raises(KeyError):
        async with client.websocket("x", heartbeat=5):
            raise KeyError("a bug")


# Handshakes


@pytest.mark.parametrize("in_query", [False, True])
async def test_where_the_token_goes(net: Net, in_query: bool) -> None:
    """In a header, or for some servers in the query; never in both."""
    seen: list[tuple[str | None, str]] = []

    async def handle(request: web.Request) -> web.WebSocketResponse:
        seen.append((request.headers.get("Authorization"), request.query_string))
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    url = await net.serve(handle)
    engine = Renewals().engine(Tokens("a.b-c_d"), net.clock)
    await heard(net.client_of(url, tokens=engine), token_in_query=in_query)
    await heard(net.client_of(url), token_in_query=in_query)
    with_token = (None, "authorization=a.b-c_d") if in_query else ("Bearer a.b-c_d", "")
    assert seen == [with_token, (None, "")]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (200, UnexpectedAnswerError),
        (204, UnexpectedAnswerError),
        (304, UnexpectedAnswerError),
        (400, CommandRejectedError),
        (401, BadCredentialsError),
        (403, ForbiddenError),
        (404, NotFoundError),
        (426, NotFoundError),
        (429, RateLimitedError),
        (503, UnreachableError),
    ],
)
async def test_refused(net: Net, status: int, kind: type[PlatformError]) -> None:
    """A refused handshake is an error like that of a refused request."""
    error = await refusal(await net.client(answer("<html>", status)))
    assert type(error) is kind


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage(net: Net, garbage: str) -> None:
    """Whatever comes in place of a handshake is one of our errors."""
    async with raw_server(GARBAGE[garbage]) as url:
        error = await refusal(net.client_of(url))
    assert isinstance(error, UnreachableError | UnexpectedAnswerError)


@pytest.mark.parametrize(
    "head",
    [
        "Upgrade: h2c\r\nConnection: upgrade\r\n",
        "Upgrade: websocket\r\nConnection: close\r\n",
        "Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Accept: x\r\n",
    ],
)
async def test_wrong_handshake(net: Net, head: str) -> None:
    """A server that agrees to something else is not what we look for."""
    raw = f"HTTP/1.1 101 Switching Protocols\r\n{head}\r\n".encode()
    async with raw_server(raw) as url:
        error = await refusal(net.client_of(url))
    assert type(error) is UnexpectedAnswerError


async def test_handshake_without_answer(net: Net) -> None:
    """A server that says nothing does not keep a slot for minutes."""
    async with raw_server(None) as url:
        client = net.client_of(url, limits=Limits(1))
        with patch.object(http, "HANDSHAKE_TIMEOUT", 0.1):
            async with asyncio.timeout(5):
                error = await refusal(client)
                assert (type(error), error.reason) == (UnreachableError, "timed_out")
                with pytest.raises(UnreachableError):
                    async with client.event_stream("x", idle_timeout=60):
                        pass


async def test_sockets_hold_no_slot(net: Net) -> None:
    """A socket that is open does not keep requests from being sent."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path == "/request":
            return web.json_response([])
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        return socket

    client = await net.client(handle, limits=Limits(1))
    async with (
        client.websocket("x", heartbeat=5),
        client.websocket("x", heartbeat=5),
        asyncio.timeout(5),
    ):
        assert await client.request("GET", "request") == []


async def test_renewal_on_401(net: Net) -> None:
    """A handshake with a token that ran out renews it and is repeated, once."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.append(request.headers["Authorization"])
        if request.headers["Authorization"] != "Bearer access-1":
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.close()
        return socket

    engine = Renewals().engine(Tokens("old", "r"), net.clock)
    client = await net.client(handle, tokens=engine)
    await heard(client)
    assert seen == ["Bearer old", "Bearer access-1"]


@pytest.mark.parametrize("takes_it", [True, False])
@pytest.mark.parametrize("in_query", [True, False])
async def test_redirect(net: Net, takes_it: bool, in_query: bool) -> None:
    """A handshake that is sent elsewhere ends there, and is no question of the password."""
    elsewhere: list[str] = []

    async def other(request: web.Request) -> web.StreamResponse:
        elsewhere.append(f"{request.headers} {request.query_string}")
        if not takes_it:
            return web.Response(status=401)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_str('{"evil": 1}')
        await socket.close()
        return socket

    target = await net.serve(other)
    url = await net.serve(answer(status=302, headers={"Location": f"{target}/x"}))
    renewals = Renewals()
    engine = renewals.engine(Tokens("canary", "r"), net.clock)
    error = await refusal(net.client_of(url, tokens=engine), token_in_query=in_query)
    assert (type(error), error.reason) == (UnexpectedAnswerError, "redirected")
    assert "canary" not in "".join(elsewhere)
    assert not renewals.given


async def test_tls(net: Net) -> None:
    """Sockets trust whom requests trust."""

    async def talk(socket: web.WebSocketResponse) -> None:
        await socket.send_str('{"a": 1}')
        await socket.close()

    tls = signed_by_own_authority()
    url = await net.serve(talking(talk), tls.context)
    trusting = ssl_context(verify=True, ca_certificate=tls.certificate_authority)
    assert await heard(net.client_of(url, ssl=trusting)) == [{"a": 1}]
