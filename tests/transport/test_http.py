"""Requests: what is sent, what comes back, and every way in which that can fail."""

import asyncio
from contextlib import suppress
import itertools
import json
import math
from typing import Any
from unittest.mock import patch

import aiohttp
from aiohttp import web
from aiohttp.abc import AbstractResolver
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    TlsError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport import answers, http
from custom_components.iot_platforms.transport.answers import error_of, seconds_of
from custom_components.iot_platforms.transport.http import HttpClient
from custom_components.iot_platforms.transport.tokens import Tokens

from .helpers import Net, Renewals, assert_secret, log_everything, raw_server, token

from tests.simulators.tls import ignored_handshake_failures, self_signed

GARBAGE = {
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


async def failure(client: HttpClient, path: str = "x", **options: Any) -> PlatformError:
    """Return the error of a request, which has to be one of ours."""
    with pytest.raises(PlatformError) as caught:
        await client.request("GET", path, **options)
    return caught.value


def answer(
    text: str = "", status: int = 200, headers: dict[str, str] | None = None
) -> Any:
    """Return a handler that always says the same."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(text=text, status=status, headers=headers)

    return handle


# What is sent, and good answers


async def test_what_is_sent(net: Net) -> None:
    """Paths are taken as they are; bodies are JSON or forms."""
    seen: list[tuple[str, str, str, str | None, str]] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(
            (
                request.method,
                request.raw_path,
                request.headers.get("Content-Type", "-"),
                request.headers.get("Authorization"),
                await request.text(),
            )
        )
        return web.json_response(len(seen))

    url = await net.serve(handle)
    client = net.client_of(f"{url}/base/")
    assert await client.request("GET", "a%2Fb/c%20d", params={"q": "1&2 ü"}) == 1
    await client.request("POST", "/x", body=None, has_body=True)
    await client.request("PUT", "x", body={"ä": [1, True]}, has_body=True)
    await client.request("POST", "x", form={"password": "a&b+c%ü"})
    await client.request("POST", "x")
    engine = Renewals().engine(Tokens("good"), net.clock)
    await net.client_of(url, tokens=engine).request("GET", "x")
    json_type = "application/json;charset=UTF-8"
    form_type = "application/x-www-form-urlencoded"
    assert seen == [
        ("GET", "/base/a%2Fb/c%20d?q=1%262+%C3%BC", "-", None, ""),
        ("POST", "/base/x", json_type, None, "null"),
        ("PUT", "/base/x", json_type, None, json.dumps({"ä": [1, True]})),
        ("POST", "/base/x", form_type, None, "password=a%26b%2Bc%25%C3%BC"),
        ("POST", "/base/x", "application/octet-stream", None, ""),
        ("GET", "/x", "-", "Bearer good", ""),
    ]
    assert client.sent == 5


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        (" \r\n", None),
        ("null", None),
        ("0", 0),
        ('{"a": [1, 2.5, "ü😀", null, true]}', {"a": [1, 2.5, "ü😀", None, True]}),
        ("[" * 200 + "]" * 200, json.loads("[" * 200 + "]" * 200)),
        # What no strict reader takes must not get any further.
        ("[NaN, Infinity, -Infinity, 1e999]", [None] * 4),
        ('["\\ud800x", "\\ud83d\\ude00", "\\\\ud800"]', ["\ufffdx", "😀", "\\ud800"]),
        ("9" * 5000, None),
        ("[18446744073709551616]", [1.8446744073709552e19]),
    ],
)
async def test_good_answers(net: Net, text: str, value: object) -> None:
    """JSON of any kind, whatever the server calls it."""
    client = await net.client(answer(text))
    assert await client.request("GET", "x") == value


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_good_statuses(net: Net, status: int) -> None:
    """All of them mean that it worked."""
    client = await net.client(answer("" if status == 204 else "[]", status))
    assert await client.request("GET", "x") == (None if status == 204 else [])


async def test_wrong_bytes(net: Net) -> None:
    """Bytes that are no text do not make the rest unreadable."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(body=b'{"name": "K\xfcche"}')

    client = await net.client(handle)
    assert await client.request("GET", "x") == {"name": "K\ufffdche"}


# Errors by status


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (300, UnexpectedAnswerError, "redirected"),
        (304, UnexpectedAnswerError, "redirected"),
        (400, CommandRejectedError, "command_rejected"),
        (401, BadCredentialsError, "invalid_auth"),
        (403, ForbiddenError, "no_permission"),
        (404, NotFoundError, "not_found"),
        (405, NotFoundError, "not_found"),
        (408, UnreachableError, "timed_out"),
        (409, CommandRejectedError, "command_rejected"),
        (410, NotFoundError, "not_found"),
        (413, CommandRejectedError, "command_rejected"),
        (422, CommandRejectedError, "command_rejected"),
        (425, UnreachableError, "timed_out"),
        (426, NotFoundError, "not_found"),
        (500, UnreachableError, "server_trouble"),
        (501, NotFoundError, "not_found"),
        (502, UnreachableError, "server_trouble"),
        (503, UnreachableError, "server_trouble"),
        (504, UnreachableError, "timed_out"),
        (599, UnreachableError, "server_trouble"),
    ],
)
@pytest.mark.parametrize(
    "text", ['{"error":{"message":"no way"}}', "<html>Bad Gateway</html>", ""]
)
async def test_statuses(
    net: Net, status: int, kind: type[PlatformError], reason: str, text: str
) -> None:
    """Each status is an error of its kind, whatever the body is."""
    error = await failure(await net.client(answer(text, status)))
    assert (type(error), error.reason) == (kind, reason)
    # By the book a 304 has no body.
    says_so = "no way" in text and status != 304
    assert str(error) == (f"{status} no way" if says_so else str(status))


@pytest.mark.parametrize("status", [0, 100, 101, 199, 200, 204])
def test_statuses_that_are_no_errors(status: int) -> None:
    """Where a status that is no error turns up in place of one, that is what is wrong."""
    error = error_of(status, "")
    assert type(error) is UnexpectedAnswerError


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "device not found"}}, "device not found"),
        ({"error": "authorization_pending"}, "authorization_pending"),
        ({"message": "Invalid value", "status": 400}, "Invalid value"),
        ({"error_description": "Bad credentials"}, "Bad credentials"),
        ({"error": "security/Unauthorized", "message": "x"}, "security/Unauthorized"),
        ({"error": {"code": 5}}, ""),
        ({"error": {"message": {"deep": 1}}}, ""),
        ({"error": 17}, "17"),
        ({"error": None}, ""),
        ({"error": ["a"]}, ""),
        ([1], ""),
        ("just text", "just text"),
        ({"error": "two\r\nlines\tand more"}, "two lines and more"),
        ({"error": "x" * 5000}, "x" * 200),
        (
            {"error": "token=abc&x=1 " + "eyJabc.def.ghi"},
            "token=**REDACTED**&x=1 **REDACTED**",
        ),
    ],
)
def test_messages(body: object, message: str) -> None:
    """What the server says about it, whatever envelope it is in."""
    assert str(error_of(400, json.dumps(body))) == f"400 {message}".strip()


@given(
    st.integers(-1, 1000),
    st.text()
    | st.recursive(
        st.none() | st.floats() | st.text() | st.integers(),
        lambda parts: (
            st.lists(parts, max_size=2)
            | st.dictionaries(
                st.sampled_from(["error", "message", "x"]), parts, max_size=2
            )
        ),
    ).map(json.dumps),
)
def test_any_error(status: int, text: str) -> None:
    """Whatever a server answers, it is one of our errors, and short."""
    error = error_of(status, text)
    assert isinstance(error, PlatformError)
    assert len(str(error)) < 220
    assert str(error).isprintable()


# Answers that are none


@pytest.mark.parametrize(
    "text", ["<html>Sign in</html>", "{", "[1,]", "{'a': 1}", "[" * 200_000, "1 2"]
)
async def test_no_json(net: Net, text: str) -> None:
    """A page in place of an answer is not what this platform says."""
    error = await failure(await net.client(answer(text)))
    assert type(error) is UnexpectedAnswerError


@pytest.mark.parametrize("garbage", GARBAGE)
async def test_garbage(net: Net, garbage: str) -> None:
    """Whatever comes over the wire is one of our errors."""
    async with raw_server(GARBAGE[garbage]) as url:
        error = await failure(net.client_of(url))
    assert isinstance(error, UnreachableError | UnexpectedAnswerError)


async def test_too_large(net: Net) -> None:
    """A body without end is cut off, and its connection with it."""
    left = asyncio.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65536)
        finally:
            left.set()

    client = await net.client(handle)
    with patch.object(answers, "MAX_BODY_BYTES", 1_000_000):
        error = await failure(client)
    assert type(error) is UnexpectedAnswerError
    await asyncio.wait_for(left.wait(), 5)


async def test_too_large_error_page(net: Net) -> None:
    """An endless page about trouble is still trouble, not a wrong answer."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=502)
        await response.prepare(request)
        with suppress(ConnectionError):
            while True:
                await response.write(b"x" * 65536)
        return response

    error = await failure(await net.client(handle))
    assert error.reason == "server_trouble"


async def test_decompression_bomb(net: Net) -> None:
    """It is the size after unpacking that counts."""

    async def handle(_: web.Request) -> web.Response:
        response = web.Response(body=b" " * 3_000_000)
        response.enable_compression(web.ContentCoding.gzip)
        return response

    client = await net.client(handle)
    with patch.object(answers, "MAX_BODY_BYTES", 1_000_000):
        error = await failure(client)
    assert type(error) is UnexpectedAnswerError


# Redirects


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirect(net: Net, status: int) -> None:
    """A redirect is not followed, so that the credential goes nowhere else."""
    elsewhere: list[str] = []

    async def other(request: web.Request) -> web.Response:
        elsewhere.append(str(request.headers))
        return web.json_response([])

    target = await net.serve(other)
    url = await net.serve(answer(status=status, headers={"Location": f"{target}/x"}))
    engine = Renewals().engine(Tokens("good"), net.clock)
    error = await failure(net.client_of(url, tokens=engine))
    assert (type(error), error.reason) == (UnexpectedAnswerError, "redirected")
    assert not elsewhere


# The line


async def test_nobody_listens(net: Net, unused_tcp_port: int) -> None:
    """A server that is not there is unreachable."""
    error = await failure(net.client_of(f"http://127.0.0.1:{unused_tcp_port}"))
    assert (type(error), error.reason) == (UnreachableError, "cannot_connect")


async def test_reset(net: Net) -> None:
    """A connection that breaks in the middle is unreachable."""
    half = b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n[1"
    for so_far in (b"", half):
        async with raw_server(so_far, reset=True) as url:
            error = await failure(net.client_of(url))
        assert (type(error), error.reason) == (UnreachableError, "cannot_connect")


async def test_time_out(net: Net) -> None:
    """A server that accepts and says nothing is given up in time."""
    async with raw_server(None) as url:
        error = await failure(net.client_of(url), timeout=0.1)
    assert (type(error), error.reason) == (UnreachableError, "timed_out")


async def test_time_out_in_the_body(net: Net) -> None:
    """The limit is one for all of the answer."""

    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        with suppress(ConnectionError):
            for _ in range(100):
                await response.write(b" ")
                await asyncio.sleep(0.05)
        return response

    error = await failure(await net.client(handle), timeout=0.2)
    assert (type(error), error.reason) == (UnreachableError, "timed_out")


async def test_cancelled(net: Net) -> None:
    """Who gives up takes no slot and no connection along."""
    arrived = asyncio.Event()

    async def handle(_: web.Request) -> web.Response:
        if arrived.is_set():
            return web.json_response([])
        arrived.set()
        await asyncio.sleep(10)
        return web.Response()

    client = await net.client(handle, limits=http.Limits(1))
    task = asyncio.create_task(client.request("GET", "x", lane="d"))
    await arrived.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await client.request("GET", "x", lane="d") == []


async def test_closed_session(net: Net) -> None:
    """When Home Assistant stops, requests fail like any other."""
    session = aiohttp.ClientSession()
    client = net.client_of(await net.serve(answer()))
    client._session = session
    await session.close()
    for error in (
        await failure(client),
        await _failure_of_socket(client),
        await _failure_of_stream(client),
    ):
        assert isinstance(error, UnreachableError)


async def _failure_of_socket(client: HttpClient) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        async with client.websocket("x", heartbeat=5):
            pass
    return caught.value


async def _failure_of_stream(client: HttpClient) -> PlatformError:
    with pytest.raises(PlatformError) as caught:
        async with client.event_stream("x", idle_timeout=5):
            pass
    return caught.value


# TLS


async def test_tls(net: Net) -> None:
    """A certificate that nobody vouches for is an error of its own; people may trust it."""

    async def handle(_: web.Request) -> web.Response:
        return web.json_response([])

    tls = self_signed()
    with ignored_handshake_failures():
        url = await net.serve(handle, tls.context)
        client = net.client_of(url)
        for error in (
            await failure(client),
            await _failure_of_socket(client),
            await _failure_of_stream(client),
        ):
            assert (type(error), error.reason) == (TlsError, "tls_failed")


async def test_no_tls_there(net: Net) -> None:
    """A server that speaks no TLS is told from one that is not there."""
    url = await net.serve(answer("[]"))
    error = await failure(net.client_of(url.replace("http", "https")))
    assert (type(error), error.reason) == (TlsError, "tls_failed")


# Addresses


@pytest.mark.parametrize(
    "url",
    [
        "",
        "x",
        "127.0.0.1:80",
        "ftp://127.0.0.1",
        "http://",
        "http://[::1",
        "http://127.0.0.1:99999",
        "http://127.0.0.1:x",
        "http://127.0.0.1:-1",
        "http://" + "ü" * 80 + ".example",
        "http://\ud800/",
        "http://127.0.0.1/#/dashboard",
        "http://127.0.0.1/?a=b",
        "https://user:secret@127.0.0.1",
        "http://127.0.0.1/\r\nX-Header: y",
    ],
)
async def test_addresses_that_are_none(net: Net, url: str) -> None:
    """What was typed in the form may be anything."""
    client = net.client_of(url)
    for error in (
        await failure(client),
        await _failure_of_socket(client),
        await _failure_of_stream(client),
    ):
        assert (type(error), error.reason) == (UnreachableError, "invalid_url")


@pytest.mark.parametrize("url", ["http://bücher.example", "http://x y", "http://a..b"])
async def test_names_that_lead_nowhere(net: Net, url: str) -> None:
    """A name that nobody knows is unreachable, or no name at all."""
    error = await failure(net.client_of(url))
    assert isinstance(error, UnreachableError)


class _StubbornResolver(AbstractResolver):
    """Fails the way the idna codec does inside of resolvers."""

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> Any:
        """Find that a label is too long."""
        host.encode("idna")
        raise AssertionError("too long a name was let through")

    async def close(self) -> None:
        """Do nothing."""


async def test_name_that_no_resolver_takes(net: Net) -> None:
    """An error about a name's letters is no error of ours either."""
    connector = aiohttp.TCPConnector(resolver=_StubbornResolver())
    async with aiohttp.ClientSession(connector=connector) as session:
        client = net.client_of(f"http://{'a' * 64}.example")
        client._session = session
        error = await failure(client)
        assert (type(error), error.reason) == (UnreachableError, "invalid_url")


# What cannot be sent


@pytest.mark.parametrize(
    "value", [math.nan, [math.inf], json.loads("[" * 50_000 + "]" * 50_000)]
)
async def test_values_that_are_no_json(net: Net, value: Any) -> None:
    """A value that cannot be written as JSON is refused before it is sent."""
    client = await net.client(answer())
    with (
        patch.object(answers.json, "dumps", side_effect=_strict_dumps),
        pytest.raises(CommandRejectedError),
    ):
        await client.request("PUT", "x", body=value, has_body=True)
    assert client.sent == 0


def _strict_dumps(value: Any, **options: Any) -> str:
    """Run out of stack like a thread with a small one."""
    if isinstance(value, list) and isinstance(value[0], list):
        raise RecursionError
    return json.JSONEncoder(**options).encode(value)


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nb", "tök", "\ud800", "a\0b"])
async def test_token_that_no_header_takes(
    net: Net, bad: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A token with a line break in it is a wrong token, not a crash."""
    log_everything(caplog)
    engine = Renewals().engine(Tokens(bad), net.clock)
    engine._renew = None
    client = await net.client(answer(), tokens=engine)
    for error in (
        await failure(client),
        await _failure_of_socket(client),
        await _failure_of_stream(client),
    ):
        assert isinstance(error, BadCredentialsError)
    assert client.sent == 0


# Secrets


async def test_no_secret_anywhere(net: Net, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever fails, and however much the server repeats: no token in errors or logs."""
    log_everything(caplog)
    jwt_token, opaque = token(usr="canary"), "opaque-canary-0123456789"
    statuses = itertools.cycle([401, 400, 429, 500, 302])

    async def handle(request: web.Request) -> web.Response:
        given = f"{request.headers} {request.query_string} {await request.text()}"
        message = f"{given} {request.path} is bad"
        return web.json_response({"error": {"message": message}}, status=next(statuses))

    url = await net.serve(handle)
    errors: list[BaseException] = []
    for secret in (jwt_token, opaque):
        engine = Renewals().engine(Tokens(secret, secret), net.clock)
        engine._renew = None
        assert secret not in repr(engine._tokens)
        client = net.client_of(url, tokens=engine)
        for _ in range(5):
            errors.append(await failure(client))
            net.clock.tick(1000)
            with pytest.raises(PlatformError) as caught:
                async with client.websocket("x", heartbeat=5, token_in_query=True):
                    pass
            errors.append(caught.value)
            net.clock.tick(1000)
        with pytest.raises(PlatformError) as caught:
            await net.client_of(url).request(
                "POST", "token", form={"refresh_token": secret}
            )
        errors.append(caught.value)
    assert_secret([jwt_token, opaque], errors, caplog)


# Retry-After


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("5", 5.0),
        (" 7.5 ", 7.5),
        ("0", 1.0),
        ("-3", 1.0),
        ("1e9", 900.0),
        ("inf", 900.0),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120.0),
        # Without a zone: RFC 5322's way to say that it is unknown.
        ("Fri, 15 Jan 2027 08:02:00 -0000", 120.0),
        ("Fri, 15 Jan 2027 09:02:00 +0100", 120.0),
        ("Fri, 15 Jan 1999 08:02:00 GMT", 1.0),
        ("Fri, 15 Jan 2999 08:02:00 GMT", 900.0),
        ("Fri, 45 Jan 2027 08:02:00 GMT", None),
    ],
)
def test_seconds_of(header: str | None, seconds: float | None) -> None:
    """Seconds or a date, within reason."""
    assert seconds_of(header, 1_800_000_000.0) == seconds


@settings(max_examples=200)
@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ [+-]\d+")
)
def test_any_retry_after(header: str) -> None:
    """Whatever stands there, it is a sensible time or none."""
    seconds = seconds_of(header, 1_800_000_000.0)
    assert seconds is None or 1 <= seconds <= 900
