"""Server-sent events."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing, suppress
from itertools import pairwise
from typing import Any
from unittest.mock import patch

from aiohttp import web
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport import sse
from custom_components.iot_platforms.transport.http import HttpClient
from custom_components.iot_platforms.transport.tokens import Tokens

from .helpers import GARBAGE, Net, Renewals, answer, raw_server

EVENT_STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n"


class Chunks:
    """Stands for aiohttp's reader: gives bytes in just these pieces."""

    def __init__(self, *chunks: bytes) -> None:
        """Remember the pieces."""
        self._chunks = chunks

    async def iter_any(self) -> Any:
        """Yield the pieces."""
        for chunk in self._chunks:
            yield chunk


async def parsed(*chunks: bytes) -> list[tuple[str, str]]:
    """Return the events in some bytes."""
    return [event async for event in sse.events(Chunks(*chunks))]  # type: ignore[arg-type]


def streaming(*chunks: bytes, pause: float = 0.0, stay: float = 0.0) -> Any:
    """Return a handler that sends these pieces as a stream."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream; charset=utf-8"}
        )
        await response.prepare(request)
        with suppress(ConnectionError):
            for chunk in chunks:
                await response.write(chunk)
                await asyncio.sleep(pause)
            await asyncio.sleep(stay)
        return response

    return handle


async def heard(client: HttpClient, idle_timeout: float = 5) -> list[tuple[str, str]]:
    """Return all events until the stream ends."""
    async with client.event_stream("x", idle_timeout=idle_timeout) as reader:
        return [event async for event in sse.events(reader)]


@pytest.mark.parametrize(
    ("text", "events"),
    [
        ("data: a\n\n", [("message", "a")]),
        ("data:a\n\ndata:  b\n\n", [("message", "a"), ("message", " b")]),
        ("data: a\ndata\ndata: b\n\n", [("message", "a\n\nb")]),
        (
            "event: connect\ndata: {}\n\ndata: x\n\n",
            [("connect", "{}"), ("message", "x")],
        ),
        ("data: x\nevent: late\n\n", [("late", "x")]),
        ("event:\ndata: x\n\n", [("message", "x")]),
        ("event: nothing\n\ndata: x\n\n", [("message", "x")]),
        (": comment\n\n:\ndata: x\n: more\n\n", [("message", "x")]),
        ("id: 5\nretry: 10\nunknown: 1\nfoo\ndata: x\n\n", [("message", "x")]),
        ("data: a:b: c\n\n", [("message", "a:b: c")]),
        ("data\n\n", [("message", "")]),
        ("\n\n\n", []),
        ("", []),
        # The last one is not finished: it never happened.
        ("data: a\n\ndata: b\n", [("message", "a")]),
        ("data: ü😀\n\n", [("message", "ü😀")]),
        ("\ufeffdata: a\n\n", [("message", "a")]),
        # Unlike Python, the format knows only three ends of a line.
        ("data: a\u2028b\x0bc\x85d\n\n", [("message", "a\u2028b\x0bc\x85d")]),
    ],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
async def test_events(text: str, events: list[tuple[str, str]], end: str) -> None:
    """Fields, comments and ends of events, whatever a line ends with."""
    raw = text.replace("\n", end).encode()
    assert await parsed(raw) == events
    assert await parsed(*(raw[n : n + 1] for n in range(len(raw)))) == events


@settings(max_examples=100, deadline=None)
@given(
    st.lists(st.sampled_from(["data: 1", "event: e", ":", "", "", "data: ü"])),
    st.lists(st.integers(0, 100)),
    st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_chunks(lines: list[str], borders: list[int], end: str) -> None:
    """It does not matter where the network cuts."""
    raw = "".join(line + end for line in lines).encode()
    cuts = [0, *sorted(border % (len(raw) + 1) for border in borders), len(raw)]
    chunks = [raw[a:b] for a, b in pairwise(cuts) if a < b]
    assert asyncio.run(parsed(*chunks)) == asyncio.run(parsed(raw))


@settings(deadline=None)
@given(st.lists(st.binary(max_size=30)))
def test_any_bytes(chunks: list[bytes]) -> None:
    """Whatever arrives, it is events or nothing."""
    asyncio.run(parsed(*chunks))


async def test_events_come_at_once() -> None:
    """An event is told when its empty line is there, not when the next byte is."""
    chunks: Any = Chunks(b"data: a\r\n\r", b"never read")
    async with aclosing(sse.events(chunks)) as events:
        assert await anext(events) == ("message", "a")
    assert await parsed(b"data: a\r\n\r", b"\ndata: b\r\n\r\n") == [
        ("message", "a"),
        ("message", "b"),
    ]


@pytest.mark.parametrize(
    "huge",
    [
        b"data: " + b"x" * 500,
        b"\n".join([b"data: xxxxxxxxxx"] * 50),
        b"event: " + b"x" * 500,
    ],
    ids=["one line", "many lines", "name"],
)
@pytest.mark.parametrize("size", [7, 100_000])
async def test_huge_event(huge: bytes, size: int) -> None:
    """An event that is too large is left out as a whole; the next one is heard."""
    raw = b"data: a\n\n" + huge + b"\ndata: tail\n\n" + b"data: b\n\n"
    chunks = [raw[n : n + size] for n in range(0, len(raw), size)]
    with patch.object(sse, "MAX_EVENT_BYTES", 200):
        assert await parsed(*chunks) == [("message", "a"), ("message", "b")]


# Over the wire


async def test_stream(net: Net) -> None:
    """Events arrive as they are sent; the token goes along in the header."""
    engine = Renewals().engine(Tokens("good"), net.clock)
    seen: list[str] = []
    stream = streaming(b"data: {}\n\nda", b"ta: \xc3", b"\xbc\n\n", pause=0.02)

    async def handle(request: web.Request) -> web.StreamResponse:
        seen.extend(request.headers[name] for name in ("Accept", "Authorization"))
        return await stream(request)

    client = await net.client(handle, tokens=engine)
    assert await heard(client) == [("message", "{}"), ("message", "ü")]
    assert seen == ["text/event-stream", "Bearer good"]


async def test_huge_line_over_the_wire(net: Net) -> None:
    """A line of megabytes is no reason to give up the stream."""
    raw = b"data: " + b"x" * 3_000_000 + b"\n\ndata: b\n\n"
    assert await heard(await net.client(streaming(raw))) == [("message", "b")]


async def test_silence(net: Net) -> None:
    """A stream on which nothing comes for too long is over."""
    client = await net.client(streaming(b"data: a\n\n", stay=10))
    told: asyncio.Queue[tuple[str, str]] = asyncio.Queue()

    async def listen() -> None:
        async with client.event_stream("x", idle_timeout=0.1) as reader:
            async for event in sse.events(reader):
                told.put_nowait(event)

    with pytest.raises(UnreachableError) as caught:
        await listen()
    assert told.get_nowait() == ("message", "a")
    assert caught.value.reason == "timed_out"


async def test_whoever_leaves_early(net: Net) -> None:
    """A stream that nobody reads any more is closed."""
    client = await net.client(streaming(b"data: a\n\n" * 9, stay=10))
    async with client.event_stream("x", idle_timeout=5) as reader:
        async for _ in sse.events(reader):
            break


@pytest.mark.parametrize(
    ("handler", "kind"),
    [
        (answer("[]"), UnexpectedAnswerError),
        (answer("", 204), UnexpectedAnswerError),
        (answer("", 302, {"Location": "http://127.0.0.1/"}), UnexpectedAnswerError),
        (answer('{"error":"x"}', 401), BadCredentialsError),
        (answer("", 403), ForbiddenError),
        (answer("", 404), NotFoundError),
        (answer("<html>", 502), UnreachableError),
    ],
)
async def test_refused(
    net: Net, handler: Callable[..., Any], kind: type[PlatformError]
) -> None:
    """What is no stream is an error of its kind."""
    with pytest.raises(PlatformError) as caught:
        await heard(await net.client(handler))
    assert type(caught.value) is kind


@pytest.mark.parametrize(
    "raw",
    [
        *GARBAGE.values(),
        EVENT_STREAM + b"Content-Length: 50\r\n\r\ndata: a\n\n",
        EVENT_STREAM + b"Content-Encoding: gzip\r\n\r\ndata: a\n\n",
        EVENT_STREAM + b"Transfer-Encoding: chunked\r\n\r\n9\r\ndata: a\n\n\r\nzz\r\n",
    ],
)
async def test_garbage(net: Net, raw: bytes) -> None:
    """Whatever comes over the wire is one of our errors."""
    async with raw_server(raw) as url:
        with pytest.raises(PlatformError) as caught:
            await heard(net.client_of(url))
    assert isinstance(caught.value, UnreachableError | UnexpectedAnswerError)


async def test_renewal_on_401(net: Net) -> None:
    """A stream that is refused for its token is asked for once more with a new one."""
    stream = streaming(b"data: a\n\n")

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.headers["Authorization"] != "Bearer access-1":
            return web.Response(status=401)
        return await stream(request)

    engine = Renewals().engine(Tokens("old", "r"), net.clock)
    client = await net.client(handle, tokens=engine)
    assert await heard(client) == [("message", "a")]
