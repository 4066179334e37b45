"""A WebSocket as a simulator holds it open."""

import asyncio
from collections.abc import Callable
import contextlib
from enum import Enum
import json
from typing import Final

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from .json_types import Json
from .notice import Notice
from .wire import reset_transport

# The vendors' libraries ping an idle socket after a minute (thinger.md 9.1).
_PING_SECONDS: Final = 60.0
_CLOSE_SECONDS: Final = 1.0
_MAX_FRAME: Final = 16 * 1024 * 1024

type _Closing = tuple[int, str]
type _Item = str | bytes | _Closing | _Ping


class _Ping(Enum):
    PING = "ping"


class OpenSocket:
    """One WebSocket: frames are queued at once and sent by a task of its own."""

    def __init__(
        self,
        request: web.Request,
        notice: Notice,
        *,
        kind: str,
        device: str | None = None,
        max_frame: int = _MAX_FRAME,
        heartbeat: float | None = _PING_SECONDS,
    ) -> None:
        """Keep what the socket is for; `prepare` does the handshake.

        A frame of `max_frame` bytes or more closes with 1009. Without a `heartbeat` it is the
        owner who pings.
        """
        self.kind = kind
        self.path = request.path
        self.device = device
        self.received: list[Json] = []
        self.sent: list[Json] = []
        self.muted = False
        # A slow link: real seconds that each frame takes.
        self.pace = 0.0
        # Pings of the owner since the last pong.
        self.unanswered_pings = 0
        self._request = request
        self._notice = notice
        self._queue: asyncio.Queue[_Item] = asyncio.Queue()
        self._busy = False
        self._closing = False
        self._done = False
        self._abort_timer: asyncio.TimerHandle | None = None
        # Pongs are sent by hand: a muted socket does not even answer a ping.
        self._ws = web.WebSocketResponse(
            timeout=_CLOSE_SECONDS,
            heartbeat=heartbeat,
            autoping=False,
            max_msg_size=max_frame,
        )

    @property
    def pending(self) -> bool:
        """Whether something is queued that is not on the wire."""
        return self._busy or not self._queue.empty()

    @property
    def backlog(self) -> int:
        """How many frames wait for the wire."""
        return self._queue.qsize()

    async def prepare(self) -> None:
        """Do the handshake."""
        await self._ws.prepare(self._request)

    async def serve(self, receive: Callable[[Json], None]) -> web.WebSocketResponse:
        """Pass on what arrives until the socket is closed."""
        writer = asyncio.create_task(self._write())
        try:
            while await self._take(await self._ws.receive(), receive):
                pass
        finally:
            await self._finish(writer)
        return self._ws

    def send(self, frame: Json) -> None:
        """Queue a JSON frame."""
        self.send_raw(json.dumps(frame, separators=(",", ":")))

    def send_raw(self, data: str | bytes) -> None:
        """Queue a text or binary frame as it is."""
        self._queue.put_nowait(data)

    def ping(self) -> None:
        """Queue a ping."""
        self.unanswered_pings += 1
        self._queue.put_nowait(_Ping.PING)

    async def close(self, code: int = WSCloseCode.OK, message: str = "") -> None:
        """Send what is queued, then close."""
        self._queue.put_nowait((code, message))
        await self._notice.wait_until(lambda: self._done)

    def end(
        self, code: int = WSCloseCode.OK, *, message: str = "", abort: bool = False
    ) -> None:
        """Close in the background, or drop the connection at once."""
        if abort:
            reset_transport(self._request)
        else:
            self._queue.put_nowait((code, message))

    def give_up(self, code: int, *, message: str = "") -> None:
        """Close without sending what is queued; without a close frame if that takes long."""
        while not self._queue.empty():
            self._queue.get_nowait()
        self._queue.put_nowait((code, message))
        loop = asyncio.get_running_loop()
        self._abort_timer = loop.call_later(_CLOSE_SECONDS, self.abort)

    def abort(self) -> None:
        """Drop the connection without a close frame."""
        self.end(abort=True)

    async def _take(self, message: WSMessage, receive: Callable[[Json], None]) -> bool:
        match message.type:
            case WSMsgType.PING:
                if not self.muted:
                    await self._ws.pong(message.data)
            case WSMsgType.TEXT:
                frame = _parsed(message.data)
                self.received.append(frame)
                receive(frame)
                self._notice.ring()
            case WSMsgType.PONG:
                self.unanswered_pings = 0
                self._notice.ring()
            case WSMsgType.BINARY:
                pass
            case _:
                return False
        return True

    async def _finish(self, writer: asyncio.Task[None]) -> None:
        # A close that we began still waits for the other side's close frame.
        if not self._closing:
            writer.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await writer
        while not self._queue.empty():
            self._queue.get_nowait()
        self._done = True
        if self._abort_timer is not None:
            self._abort_timer.cancel()
        self._notice.ring()

    async def _write(self) -> None:
        with contextlib.suppress(ConnectionError):
            while not self._closing:
                item = await self._queue.get()
                self._busy = True
                await self._send_now(item)
                self._busy = False
                self._notice.ring()
        self._busy = False

    async def _send_now(self, item: _Item) -> None:
        if self.pace:
            await asyncio.sleep(self.pace)
        if isinstance(item, tuple):
            self._closing = True
            code, text = item
            await self._ws.close(code=code, message=text.encode())
        elif self.muted:
            return
        elif isinstance(item, _Ping):
            await self._ws.ping()
        elif isinstance(item, bytes):
            await self._ws.send_bytes(item)
        else:
            await self._ws.send_str(item)
            self.sent.append(_parsed(item))


def _parsed(text: str) -> Json:
    """JSON of a frame, or the text itself where it is none."""
    try:
        value: Json = json.loads(text)
    except ValueError:
        return text
    return value
