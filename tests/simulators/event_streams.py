"""A stream of server-sent events as a simulator holds it open."""

import asyncio
import contextlib
import json
from typing import Final

from aiohttp import web

from .json_types import Json
from .wire import reset_transport

# A listener that went away shows only in the transport; nothing calls us.
_LOOK_SECONDS: Final = 1.0


class EventStream:
    """One stream of server-sent events."""

    def __init__(
        self,
        request: web.Request,
        *,
        kind: str,
        device: str | None = None,
        idle_seconds: float | None = None,
    ) -> None:
        """Keep what the stream is for; it ends after `idle_seconds` without an event."""
        self.kind = kind
        self.device = device
        self.sent: list[Json] = []
        self._request = request
        self._idle_seconds = idle_seconds
        self._queue: asyncio.Queue[str | None] = asyncio.Queue()
        self._busy = False
        self._response = web.StreamResponse(
            headers={
                "Content-Type": "text/event-stream",
                "Cache-Control": "no-cache",
                "X-Accel-Buffering": "no",
            }
        )

    @property
    def pending(self) -> bool:
        """Whether something is queued that is not on the wire."""
        return self._busy or not self._queue.empty()

    def send(self, data: Json) -> None:
        """Queue an event."""
        self._queue.put_nowait(json.dumps(data, separators=(",", ":")))

    def end(self, code: int, *, message: str, abort: bool) -> None:
        """End the stream; there are no close codes here, and no messages."""
        if abort:
            reset_transport(self._request)
        self._queue.put_nowait(None)

    async def prepare(self) -> None:
        """Send the headers."""
        await self._response.prepare(self._request)

    async def serve(self) -> web.StreamResponse:
        """Send what is queued until the stream is ended or nobody listens."""
        with contextlib.suppress(ConnectionError):
            while (text := await self._next()) is not None:
                self._busy = True
                await self._response.write(f"data: {text}\n\n".encode())
                self._busy = False
                self.sent.append(json.loads(text))
        self._busy = False
        return self._response

    async def _next(self) -> str | None:
        idle = 0.0
        step = min(_LOOK_SECONDS, self._idle_seconds or _LOOK_SECONDS)
        while self._request.transport is not None:
            try:
                async with asyncio.timeout(step):
                    return await self._queue.get()
            except TimeoutError:
                idle += step
            if self._idle_seconds is not None and idle >= self._idle_seconds:
                break
        return None
