"""What can go wrong with one request (the fault switches of the references)."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
import json
from typing import override

from aiohttp import hdrs, web

from .json_types import Json
from .wire import body_of, json_answer, no_answer, with_body

type Answer = Callable[[], Awaitable[web.StreamResponse]]

_HTML = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"


class Effect(ABC):
    """Stands between the request and the server's answer."""

    @abstractmethod
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        """Answer the request, with or without the server's own answer."""


class Status(Effect):
    """An answer of its own, without asking the server."""

    def __init__(
        self,
        status: int,
        *,
        html: bool = False,
        body: str | bytes | None = None,
        content_type: str | None = "text/plain",
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Default body: a JSON envelope; `html`: the page of a proxy."""
        self._status = status
        self._html = html
        self._body = body
        self._content_type = content_type
        self._headers = headers or {}

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = self._response()
        response.headers.update(self._headers)
        return response

    def _response(self) -> web.Response:
        phrase = f"{self._status} {_phrase(self._status)}"
        if self._html:
            text = _HTML.format(phrase)
            return web.Response(
                status=self._status, text=text, content_type="text/html"
            )
        if self._body is None:
            return json_answer({"error": {"message": phrase}}, self._status)
        return _plain(self._status, self._body, self._content_type)


class Replace(Effect):
    """The server does its work, but the client gets another body."""

    def __init__(
        self,
        body: str | bytes,
        *,
        status: int = 200,
        content_type: str | None = "text/html",
    ) -> None:
        """Keep what the client gets instead."""
        self._body = body
        self._status = status
        self._content_type = content_type

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        await answer()
        return _plain(self._status, self._body, self._content_type)


class Delay(Effect):
    """The server takes its time."""

    def __init__(self, seconds: float) -> None:
        """Keep the real seconds to wait."""
        self._seconds = seconds

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        await asyncio.sleep(self._seconds)
        return await answer()


class Hang(Effect):
    """The server does nothing until it is released."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._released = asyncio.Event()
        self.waiting = 0

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        self.waiting += 1
        try:
            await self._released.wait()
        finally:
            self.waiting -= 1
        return await answer()

    def release(self) -> None:
        """Let everything go on that hangs, and hold back nothing any more."""
        self._released.set()


class Reset(Effect):
    """The connection is reset and the server never hears of the request."""

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        return no_answer(request)


class LostResponse(Effect):
    """The server does its work, but the answer is lost on the way."""

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        await answer()
        return no_answer(request)


class Truncate(Effect):
    """Half of the body arrives."""

    def __init__(self, *, announce_all: bool = False) -> None:
        """`announce_all`: the length of all is announced, then the connection ends."""
        self._announce_all = announce_all

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = await answer()
        if not isinstance(response, web.Response):
            return response
        body = body_of(response)
        half = body[: len(body) // 2]
        if not self._announce_all:
            return with_body(response, half)
        cut = web.StreamResponse(
            status=response.status, headers={hdrs.CONTENT_TYPE: response.content_type}
        )
        cut.content_length = len(body)
        await cut.prepare(request)
        await cut.write(half)
        if request.transport is not None:
            request.transport.close()
        return cut


class Rewrite(Effect):
    """The JSON of the answer is changed on the way."""

    def __init__(self, function: Callable[[Json], Json]) -> None:
        """Keep the function that every answer with a body goes through."""
        self._function = function

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = await answer()
        if (
            not isinstance(response, web.Response)
            or response.content_type != "application/json"
            or not body_of(response)
        ):
            return response
        changed = self._function(json.loads(body_of(response)))
        return with_body(response, json.dumps(changed).encode())


class Gzip(Effect):
    """The body is compressed, whatever its length."""

    @override
    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        response = await answer()
        if isinstance(response, web.Response) and body_of(response):
            response.enable_compression(web.ContentCoding.gzip)
        return response


def numbers_as_strings(value: Json) -> Json:
    """Every number as a text."""
    return _each_number(value, str)


def nulls(value: Json) -> Json:
    """Every number as null: what a sensor gives that was not read yet."""
    return _each_number(value, lambda number: None)


def duplicate_rows(value: Json) -> Json:
    """Every row of an array twice."""
    if not isinstance(value, list):
        return value
    return [row for row in value for _ in range(2)]


def _each_number(value: Json, function: Callable[[float], Json]) -> Json:
    match value:
        case bool():
            return value
        case int() | float():
            return function(value)
        case list():
            return [_each_number(item, function) for item in value]
        case dict():
            return {key: _each_number(item, function) for key, item in value.items()}
        case _:
            return value


def _plain(status: int, body: str | bytes, content_type: str | None) -> web.Response:
    data = body.encode() if isinstance(body, str) else body
    headers = {} if content_type is None else {hdrs.CONTENT_TYPE: content_type}
    return web.Response(status=status, body=data, headers=headers)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"
