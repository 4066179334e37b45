"""Requests with JSON answers, and typed errors for everything that can go wrong."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
import json
import logging
from ssl import SSLContext, SSLError
from typing import Any, Final

import aiohttp
from yarl import URL

from ..model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitedError,
    TlsError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ..model.value import JsonValue
from .clock import Clock
from .limits import Limits
from .redaction import redacted
from .tokens import TokenEngine

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
DEFAULT_TIMEOUT: Final = 10.0
CONNECT_TIMEOUT: Final = 10.0
DEFAULT_RETRY_AFTER: Final = 30.0
MAX_RETRY_AFTER: Final = 900.0
_MAX_MESSAGE: Final = 200

_LOGGER: Final = logging.getLogger(__name__)


class HttpClient:
    """One server, seen by one account.

    Paths are relative to the base address and already percent-encoded. A call on a ``lane`` waits
    for the lane's other calls. 401 renews the token once and repeats the call once.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        base_url: str,
        *,
        ssl: SSLContext | bool = True,
        limits: Limits,
        clock: Clock,
        tokens: TokenEngine | None = None,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._session = session
        self._base = base_url.rstrip("/")
        self._ssl = ssl
        self._limits = limits
        self._clock = clock
        self._paused_until = float("-inf")
        self.tokens = tokens
        self.sent = 0
        """Requests sent so far, for diagnostics."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        body: JsonValue = None,
        has_body: bool = False,
        form: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,  # seconds for aiohttp's own limit
        lane: str | None = None,
    ) -> JsonValue:
        """Return the JSON of the answer, None where it is empty; raises a PlatformError."""
        arguments: dict[str, Any] = {"params": params, "data": form}
        headers: dict[str, str] = {}
        if has_body:
            arguments["data"] = json.dumps(body).encode()
            headers["Content-Type"] = "application/json;charset=UTF-8"

        async def send(token: str | None) -> JsonValue:
            async with self._turn(lane):
                response = await self._session.request(
                    method,
                    self._url(path),
                    headers={**headers, **_bearer(token)},
                    ssl=self._ssl,
                    timeout=aiohttp.ClientTimeout(
                        total=timeout, sock_connect=CONNECT_TIMEOUT
                    ),
                    allow_redirects=False,
                    **arguments,
                )
                async with response:
                    text = await _text(response)
            if response.status >= 300:
                self._fail(response, text)
            return _json(text)

        return await self._authorized(send)

    @asynccontextmanager
    async def websocket(
        self, path: str, *, heartbeat: float, token_in_query: bool = False
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a WebSocket; a refused handshake raises like a refused request.

        ``token_in_query`` is for servers that look for the token only there.
        """
        url = self._url(path)
        url = url.with_scheme("wss" if url.scheme == "https" else "ws")

        async def connect(token: str | None) -> aiohttp.ClientWebSocketResponse:
            in_query = {"authorization": token} if token_in_query and token else {}
            async with self._turn():
                return await self._session.ws_connect(
                    url.update_query(in_query),
                    headers={} if in_query else _bearer(token),
                    heartbeat=heartbeat,
                    ssl=self._ssl,
                    max_msg_size=MAX_BODY_BYTES,
                    timeout=aiohttp.ClientWSTimeout(ws_close=5),
                )

        socket = await self._authorized(connect)
        with _typed_errors():
            async with socket:
                yield socket

    @asynccontextmanager
    async def event_stream(
        self, path: str, *, idle_timeout: float
    ) -> AsyncIterator[aiohttp.StreamReader]:
        """Open a stream of server-sent events; ends with an error after an idle time (seconds)."""

        async def connect(token: str | None) -> aiohttp.ClientResponse:
            async with self._turn():
                response = await self._session.get(
                    self._url(path),
                    headers={"Accept": "text/event-stream", **_bearer(token)},
                    ssl=self._ssl,
                    timeout=aiohttp.ClientTimeout(
                        total=None, sock_connect=CONNECT_TIMEOUT, sock_read=idle_timeout
                    ),
                    allow_redirects=False,
                )
                if response.status != 200:
                    async with response:
                        self._fail(response, await _text(response))
                return response

        response = await self._authorized(connect)
        with _typed_errors():
            async with response:
                if response.content_type != "text/event-stream":
                    raise UnexpectedAnswerError(f"{response.content_type} for a stream")
                yield response.content

    @asynccontextmanager
    async def _turn(self, lane: str | None = None) -> AsyncIterator[None]:
        """Wait until a request may be sent; send nothing while the server wants us to wait."""
        async with self._limits.slot(lane):
            left = self._paused_until - self._clock.monotonic()
            if left > 0:
                raise RateLimitedError("still waiting", retry_after=left)
            self.sent += 1
            with _typed_errors():
                yield

    async def _authorized[AnswerT](
        self, send: Callable[[str | None], Awaitable[AnswerT]]
    ) -> AnswerT:
        """Send with a token; on a 401 renew it and repeat, once.

        A renewal holds no slot: the requests that wait for it could hold them all.
        """
        token = await self.tokens.access() if self.tokens else None
        try:
            return await send(token)
        except BadCredentialsError:
            if self.tokens is None or token is None:
                raise
            token = await self.tokens.renew(token)
        return await send(token)

    def _fail(self, response: aiohttp.ClientResponse, text: str) -> None:
        error = error_of(response.status, text, response.headers.get("Retry-After"))
        if isinstance(error, RateLimitedError):
            wait = error.retry_after or DEFAULT_RETRY_AFTER
            self._paused_until = self._clock.monotonic() + wait
        _LOGGER.debug("%s %s: %s", response.method, response.url.path, error)
        raise error

    def _url(self, path: str) -> URL:
        try:
            return URL(f"{self._base}/{path.lstrip('/')}", encoded=True)
        except ValueError:
            raise UnreachableError(reason="invalid_url") from None


def error_of(status: int, text: str, retry_after: str | None = None) -> PlatformError:
    """Return the typed error of an HTTP status, with what the server said about it."""
    message = f"{status} {_message(text)}".strip()
    if 300 <= status < 400:
        return UnexpectedAnswerError(message, reason="redirected")
    match status:
        case 401:
            return BadCredentialsError(message)
        case 403:
            return ForbiddenError(message)
        case 404 | 405 | 410 | 426 | 501:
            return NotFoundError(message)
        case 429:
            return RateLimitedError(message, retry_after=_seconds(retry_after))
        case 408 | 425 | 504:
            return UnreachableError(message, reason="timed_out")
        case _ if status >= 500:
            return UnreachableError(message, reason="server_trouble")
        case _:
            return CommandRejectedError(message)


def _bearer(token: str | None) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"} if token else {}


@contextmanager
def _typed_errors() -> Iterator[None]:
    """Turn what aiohttp raises into our errors; none of its texts, as they may hold the address."""
    try:
        yield
    except aiohttp.WSServerHandshakeError as error:
        raise error_of(error.status, "") from None
    except (
        aiohttp.ClientConnectorCertificateError,
        aiohttp.ClientSSLError,
        SSLError,
    ) as error:
        raise TlsError(type(error).__name__) from None
    except aiohttp.InvalidURL, aiohttp.NonHttpUrlClientError:
        raise UnreachableError(reason="invalid_url") from None
    except TimeoutError:
        raise UnreachableError("no answer in time", reason="timed_out") from None
    except (aiohttp.ClientError, OSError) as error:
        raise UnreachableError(type(error).__name__) from None


async def _text(response: aiohttp.ClientResponse) -> str:
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise UnexpectedAnswerError("more data than any honest answer has")
    return body.decode("utf-8", errors="replace")


def _json(text: str) -> JsonValue:
    if not text.strip():
        return None
    try:
        value: JsonValue = json.loads(text)
    except ValueError, RecursionError:
        raise UnexpectedAnswerError("no JSON") from None
    return value


def _message(text: str) -> str:
    """Return what an error's body says, in the envelopes that servers use."""
    try:
        value = json.loads(text)
    except ValueError, RecursionError:
        return ""
    for name in ("error", "message", "error_description"):
        if isinstance(value, dict) and name in value:
            value = value[name]
    if isinstance(value, dict):
        value = value.get("message", "")
    return redacted(str(value))[:_MAX_MESSAGE] if isinstance(value, str | int) else ""


def _seconds(retry_after: str | None) -> float | None:
    """Return the seconds of a Retry-After header, which may hold a date, within reason."""
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            moment = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        seconds = (moment - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)
