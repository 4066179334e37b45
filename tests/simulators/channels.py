"""Everything that a simulator holds open towards its clients."""

from collections.abc import AsyncIterator
import contextlib

from aiohttp import WSCloseCode, web

from .event_streams import EventStream
from .notice import Notice
from .sockets import OpenSocket
from .wire import Refusal, is_upgrade, json_answer


class Channels:
    """The open WebSockets and event streams."""

    def __init__(self, notice: Notice) -> None:
        """Begin with nothing open, and push allowed."""
        self._notice = notice
        self._enabled = True
        self.all: list[OpenSocket | EventStream] = []

    @property
    def sockets(self) -> list[OpenSocket]:
        """The open WebSockets."""
        return [each for each in self.all if isinstance(each, OpenSocket)]

    @property
    def event_streams(self) -> list[EventStream]:
        """The open streams of server-sent events."""
        return [each for each in self.all if isinstance(each, EventStream)]

    @property
    def enabled(self) -> bool:
        """Whether push works."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        self._enabled = value
        if not value:
            self.end_all(WSCloseCode.GOING_AWAY)

    def end_all(
        self,
        code: int,
        *,
        message: str = "",
        abort: bool = False,
        kind: str | None = None,
    ) -> None:
        """Close all, or those of one kind."""
        for channel in list(self.all):
            if kind in {None, channel.kind}:
                channel.end(code, message=message, abort=abort)

    def check_upgrade(self, request: web.Request) -> None:
        """Refuse what is no handshake (426), and every handshake while push is off."""
        if not is_upgrade(request):
            raise Refusal(web.Response(status=426))
        self.check_enabled()

    def check_enabled(self) -> None:
        """Refuse while push is off."""
        if not self._enabled:
            raise Refusal(json_answer({"error": {"message": "push is off"}}, 503))

    @contextlib.asynccontextmanager
    async def opened(self, channel: OpenSocket | EventStream) -> AsyncIterator[None]:
        """Do the handshake, and list the channel for as long as it is open."""
        await channel.prepare()
        self.all.append(channel)
        self._notice.ring()
        try:
            yield
        finally:
            self.all.remove(channel)
            self._notice.ring()
