"""Requests with JSON answers, and typed errors for everything that can go wrong."""

import asyncio
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import asynccontextmanager, contextmanager
import logging
from ssl import SSLContext, SSLError
from typing import Any, Final, NoReturn

import aiohttp
from yarl import URL

from ..model.errors import (
    BadCredentialsError,
    RateLimitedError,
    TlsError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ..model.value import JsonValue
from .answers import (
    MAX_BODY_BYTES,
    body_of,
    error_of,
    is_good,
    json_of,
    seconds_of,
    text_of,
)
from .clock import Clock
from .limits import Limits
from .redaction import hidden
from .tokens import TokenEngine

DEFAULT_TIMEOUT: Final = 10.0
CONNECT_TIMEOUT: Final = 10.0
HANDSHAKE_TIMEOUT: Final = 15.0
"""Seconds until a socket or a stream has to be open: meanwhile it holds a slot."""
DEFAULT_RETRY_AFTER: Final = 30.0

_LOGGER: Final = logging.getLogger(__name__)


class _LostError(aiohttp.ClientError):
    """A connection was lost, and the request may have arrived."""


async def _send_once(
    request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType
) -> aiohttp.ClientResponse:
    try:
        return await handler(request)
    except aiohttp.ClientConnectorError:
        raise  # nothing was sent
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
        raise _LostError(type(error).__name__) from None


type Authorize = Callable[[str], Mapping[str, str]]


def bearer(token: str) -> Mapping[str, str]:
    """Return the header that most servers take a token in."""
    return {"Authorization": f"Bearer {token}"}


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
        streams: aiohttp.ClientSession | None = None,
        authorize: Authorize = bearer,
    ) -> None:
        """Prepare; nothing is sent yet. ``streams`` is the session for what stays open."""
        self._authorize = authorize
        self._session = session
        self._streams = streams or session
        self._base = _normal(base_url)
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
        params: Mapping[str, str] | Sequence[tuple[str, str]] | None = None,
        body: JsonValue = None,
        has_body: bool = False,
        form: Mapping[str, str] | None = None,
        timeout: float = DEFAULT_TIMEOUT,  # seconds for aiohttp's own limit
        lane: str | None = None,
        once: bool = False,
        secrets: Sequence[str] = (),
    ) -> JsonValue:
        """Return the JSON of the answer, None where it is empty; raises a PlatformError.

        ``once`` is for what must not happen twice: aiohttp repeats some methods by itself when a
        connection is lost. ``secrets`` are what the body holds of those.
        """
        arguments: dict[str, Any] = {"params": params, "data": form}
        headers: dict[str, str] = {}
        if has_body:
            arguments["data"] = body_of(body)
            headers["Content-Type"] = "application/json;charset=UTF-8"
        if once:
            arguments["middlewares"] = (_send_once,)

        async def send(token: str | None) -> JsonValue:
            authorization = self._authorization(token)
            async with self._turn(lane):
                response = await self._session.request(
                    method,
                    self._url(path),
                    headers=headers | authorization,
                    ssl=self._ssl,
                    timeout=aiohttp.ClientTimeout(
                        total=timeout, sock_connect=CONNECT_TIMEOUT
                    ),
                    allow_redirects=False,
                    **arguments,
                )
                async with response:
                    text = await text_of(response)
            if not is_good(response.status):
                self._fail(
                    response, hidden(text, (token, *(form or {}).values(), *secrets))
                )
            return json_of(text)

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
            headers = {} if in_query else self._authorization(token)
            async with self._turn(), asyncio.timeout(HANDSHAKE_TIMEOUT):
                try:
                    socket = await self._streams.ws_connect(
                        url.update_query(in_query),
                        headers=headers,
                        heartbeat=heartbeat,
                        ssl=self._ssl,
                        max_msg_size=MAX_BODY_BYTES,
                        timeout=aiohttp.ClientWSTimeout(ws_close=5),
                    )
                except aiohttp.WSServerHandshakeError as error:
                    self._fail(error)
                # aiohttp follows redirects here and cannot be told not to.
                response = socket._response  # noqa: SLF001
                if response.history:
                    await socket.close()
                    self._fail(response)
                return socket

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
            headers = {"Accept": "text/event-stream"} | self._authorization(token)
            async with self._turn(), asyncio.timeout(HANDSHAKE_TIMEOUT):
                response = await self._streams.get(
                    self._url(path),
                    headers=headers,
                    ssl=self._ssl,
                    timeout=aiohttp.ClientTimeout(
                        total=None, sock_connect=CONNECT_TIMEOUT, sock_read=idle_timeout
                    ),
                    allow_redirects=False,
                )
                if response.status != 200:
                    async with response:
                        text = await text_of(response)
                        self._fail(response, hidden(text, (token,)))
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
            if self._session.closed or self._streams.closed:
                raise UnreachableError("the session is closed")
            self.sent += 1
            try:
                with _typed_errors():
                    yield
            except ValueError:
                # The address cannot be sent to, for a reason of yarl, idna, a resolver or aiohttp.
                raise UnreachableError(reason="invalid_url") from None

    async def _authorized[AnswerT](
        self, send: Callable[[str | None], Awaitable[AnswerT]]
    ) -> AnswerT:
        """Send with a token; on a 401 renew it and repeat, once.

        A renewal holds no slot: the requests that wait for it could hold them all.
        """
        token = await self.tokens.access() if self.tokens else None
        try:
            return await send(token)
        except BadCredentialsError as error:
            if self.tokens is None or token is None:
                raise
            if not self.tokens.can_renew:
                error.reason = "token_rejected"
                raise
            token = await self.tokens.renew(token)
        return await send(token)

    def _fail(
        self,
        refusal: aiohttp.ClientResponse | aiohttp.WSServerHandshakeError,
        text: str = "",
    ) -> NoReturn:
        """Raise what a refusal means."""
        # Where we were sent elsewhere, a 401 says nothing about our credentials.
        status = refusal.history[0].status if refusal.history else refusal.status
        header = refusal.headers.get("Retry-After") if refusal.headers else None
        error = error_of(status, text, seconds_of(header, self._clock.wall()))
        if isinstance(error, RateLimitedError):
            wait = error.retry_after or DEFAULT_RETRY_AFTER
            self._paused_until = max(self._paused_until, self._clock.monotonic() + wait)
        info = refusal.request_info
        _LOGGER.debug("%s %s: %s", info.method, info.url.raw_path, error)
        raise error from None

    def _authorization(self, token: str | None) -> dict[str, str]:
        if not token:
            return {}
        if not (token.isascii() and token.isprintable()):
            raise BadCredentialsError("a token that no header takes")
        return dict(self._authorize(token))

    def _url(self, path: str) -> URL:
        if self._base is None:
            raise UnreachableError(reason="invalid_url")
        return URL(f"{self._base}/{path.lstrip('/')}", encoded=True)


def _normal(base_url: str) -> str | None:
    """Return an address as it is sent, None where it is none that paths can follow."""
    try:
        url = URL(base_url)
        is_base = url.scheme in ("http", "https") and url.host and url.port
    except ValueError:
        return None
    if not is_base or url.user or url.query_string or url.fragment:
        return None
    return str(url).rstrip("/") if base_url.isprintable() else None


@contextmanager
def _typed_errors() -> Iterator[None]:
    """Turn what aiohttp raises into our errors; none of its texts, as they may hold the address."""
    try:
        yield
    except (
        aiohttp.ClientConnectorCertificateError,
        aiohttp.ClientSSLError,
        SSLError,
    ) as error:
        raise TlsError(type(error).__name__) from None
    except TimeoutError:
        raise UnreachableError("no answer in time", reason="timed_out") from None
    except (aiohttp.ClientError, OSError) as error:
        raise UnreachableError(type(error).__name__) from None
