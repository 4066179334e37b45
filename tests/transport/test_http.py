"""Requests: what is sent, and what is made of what comes back."""

import asyncio
from contextlib import suppress
import json
from unittest.mock import patch

from aiohttp import web
import pytest

from custom_components.iot_platforms.model.errors import (
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport import answers
from custom_components.iot_platforms.transport.tokens import Tokens

from .helpers import (
    GARBAGE,
    Net,
    Renewals,
    answer,
    failure,
    raw_server,
)

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
