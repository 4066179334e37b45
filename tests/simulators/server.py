"""A server on a real socket that logs what it gets and can be made to fail."""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
import contextlib
from email.utils import formatdate
from typing import ClassVar, Final, Self

from aiohttp import WSCloseCode, hdrs, web
from aiohttp.typedefs import Handler

from .channels import Channels
from .clock import SimulatedClock
from .faults import Faults
from .journal import AuthForm, Journal, Request
from .notice import Notice
from .tls import ServerTls, ignored_handshake_failures
from .wire import NoAnswer, Refusal, body_of, is_upgrade, json_answer, with_body

# Where the control API lives; not logged, and no faults there.
CONTROL_PREFIX: Final = "/_simulator/"
# Long enough for handlers that are about to end, short enough for tests.
_SHUTDOWN_SECONDS: Final = 0.2
_HOUSEKEEPING_SECONDS: Final = 1.0
_ENTRY: Final = web.RequestKey("entry", Request)


class LoggingServer(ABC):
    """Life of the server, and the way of each request through log and faults."""

    # Larger bodies are refused with 413; 8 MiB is what thinger.md 2 says.
    max_body: ClassVar[int] = 8 * 1024 * 1024

    def __init__(
        self,
        *,
        clock: SimulatedClock | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        tls: ServerTls | None = None,
        auto_tick: bool = True,
    ) -> None:
        """Prepare a server; port 0 takes a free one at the first start."""
        self.clock = clock or SimulatedClock()
        self.clock.on_jump.append(self.settle)
        self.auto_tick = auto_tick
        self.faults = Faults()
        self.notice = Notice()
        self.channels = Channels(self.notice)
        self.journal = Journal(self.notice)
        self._host = host
        self._port = port
        self._tls = tls
        self._runner: web.AppRunner | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._until_stopped = contextlib.ExitStack()

    @abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """Paths of the server; a device's id is the path parameter `device`."""

    @abstractmethod
    def control_routes(self) -> Iterable[web.RouteDef]:
        """Paths of the control API."""

    @abstractmethod
    def settle(self) -> None:
        """Do what the clock says is due."""

    def credential_of(self, request: web.Request) -> tuple[AuthForm | None, str | None]:
        """How a request authenticates, and with which token, for the log."""
        scheme, _, token = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
        return ("header", token) if scheme else (None, None)

    def too_large(self) -> web.Response:
        """Answer to a body above the limit."""
        return json_answer({"error": {"message": "payload too large"}}, 413)

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"{self._host}:{self._port}"

    @property
    def url(self) -> str:
        """Base address."""
        return f"{'https' if self._tls else 'http'}://{self.authority}"

    async def start(self) -> None:
        """Serve."""
        if self._tls is not None:
            self._until_stopped.enter_context(ignored_handshake_failures())
        await self._listen()
        if self.auto_tick:
            self.add_task(self._keep_house())

    async def stop(self) -> None:
        """Close everything; nothing of the server is left in the event loop."""
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.faults.clear()
        await self._end_connections(abort=False)
        self._until_stopped.close()

    async def restart(
        self, *, pause: Callable[[], Awaitable[None]] | None = None
    ) -> None:
        """Drop every connection and listen again on the same port; the state stays."""
        await self._end_connections(abort=True)
        if pause is not None:
            await pause()
        await self._listen()

    async def __aenter__(self) -> Self:
        """Start."""
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        """Stop."""
        await self.stop()

    def add_task(self, work: Coroutine[None, None, None]) -> None:
        """Do something in the background until the server stops."""
        self._tasks.append(asyncio.create_task(work))

    async def _listen(self) -> None:
        app = web.Application(
            middlewares=[self._middleware], client_max_size=self.max_body
        )
        app.on_response_prepare.append(self._note_prepared)
        app.add_routes(self.control_routes())
        app.add_routes(self.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=_SHUTDOWN_SECONDS)
        await runner.setup()
        context = self._tls.context if self._tls else None
        site = web.TCPSite(
            runner, self._host, self._port, ssl_context=context, reuse_address=True
        )
        await site.start()
        self._port = runner.addresses[0][1]
        self._runner = runner

    async def _end_connections(self, *, abort: bool) -> None:
        if self._runner is None:
            return
        runner, self._runner = self._runner, None
        self.channels.end_all(WSCloseCode.GOING_AWAY, abort=abort)
        if abort and runner.server is not None:
            for connection in runner.server.connections:
                connection.force_close()
        await runner.cleanup()

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(_HOUSEKEEPING_SECONDS)
            self.settle()

    @web.middleware
    async def _middleware(
        self, request: web.Request, handler: Handler
    ) -> web.StreamResponse:
        if request.path.startswith(CONTROL_PREFIX):
            return await _answer(request, handler)
        body = await _read(request)
        entry = self._entry(request, body or b"")
        request[_ENTRY] = entry
        self.journal.begin(entry)
        final = handler if body is not None else self._refuse_size
        status: int | None = None
        try:
            self.settle()
            response = await self.faults.apply(request, lambda: _answer(request, final))
            status = _status_of(response)
        finally:
            self.journal.end(entry, status)
        return response

    async def _refuse_size(self, request: web.Request) -> web.StreamResponse:
        return self.too_large()

    async def _note_prepared(
        self, request: web.Request, response: web.StreamResponse
    ) -> None:
        # A skewed server shows it in this header.
        response.headers[hdrs.DATE] = formatdate(self.clock.now(), usegmt=True)
        # Sockets and event streams count as answered once they are open.
        if not isinstance(response, web.Response) and _ENTRY in request:
            self.journal.end(request[_ENTRY], response.status)

    def _entry(self, request: web.Request, body: bytes) -> Request:
        form, token = self.credential_of(request)
        resource = request.match_info.route.resource
        return Request(
            number=self.journal.next_number(),
            method=request.method,
            path=request.path,
            raw_path=request.raw_path,
            query=dict(request.query),
            headers=request.headers,
            auth=form,
            token=token,
            body=body,
            time=self.clock.now(),
            device=request.match_info.get("device"),
            route=None if resource is None else resource.canonical,
            upgrade=is_upgrade(request),
        )


async def _read(request: web.Request) -> bytes | None:
    """Body, or None when it is too large."""
    try:
        return await request.read()
    except web.HTTPRequestEntityTooLarge:
        return None


async def _answer(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer of the handler, refusals included."""
    try:
        return await handler(request)
    except Refusal as refusal:
        return refusal.response
    except web.HTTPException as error:
        return with_body(error, body_of(error))


def _status_of(response: web.StreamResponse) -> int | None:
    return None if isinstance(response, NoAnswer) else response.status
