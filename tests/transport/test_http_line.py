"""Requests that fail on the way: addresses, lines, trust; and what may not be told of them."""

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
import pytest

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    PlatformError,
    TlsError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport import answers, http
from custom_components.iot_platforms.transport.http import HttpClient
from custom_components.iot_platforms.transport.tokens import Tokens

from .helpers import (
    Net,
    Renewals,
    answer,
    assert_secret,
    failure,
    log_everything,
    raw_server,
    token,
)

from tests.simulators.tls import ignored_handshake_failures, self_signed

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
