"""The account's WebSocket: signing in on it, sending commands, and what its end means (11)."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
import json
from typing import Final
from urllib.parse import quote

import aiohttp

from ...model.errors import (
    BadCredentialsError,
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ...model.value import JsonValue
from ...transport.http import HttpClient
from ...transport.websocket import frames
from .client import Json

HEARTBEAT: Final = 45.0
MOST_COMMANDS: Final = 10
"""In one message: what the vendor's own clients send at most (11.2)."""
MOST_BYTES: Final = 30_000
"""Of one message; servers refuse more than 32 KiB (11.4)."""
_PATH: Final = "api/ws"
_OLD_PATH: Final = "api/ws/plugins/telemetry"
_OLD_LISTS: Final = {
    "ENTITY_DATA": "entityDataCmds",
    "ENTITY_DATA_UNSUBSCRIBE": "entityDataUnsubscribeCmds",
    "ALARM_DATA": "alarmDataCmds",
    "ALARM_DATA_UNSUBSCRIBE": "alarmDataUnsubscribeCmds",
}
"""Where commands stand in the older form, which has no types (11.9)."""
_BAD_PAYLOAD: Final = 1007
_POLICY: Final = 1008
_SERVER_FAULT: Final = 1011
_TOKEN_REASONS: Final = (
    "jwt token",
    "token is",
    "invalid jwt token",
    "api key",
    "invalid username",
)
"""How it begins when a server refuses a token; what it cannot read may hold these words too."""


class TokenRefusedError(PlatformError):
    """The server does not take the token that the socket was opened with."""


class SessionLimitError(PlatformError):
    """The server wants no more sockets; what it says about that is the detail."""


class Connection:
    """An open socket."""

    def __init__(
        self, socket: aiohttp.ClientWebSocketResponse, sign_in: Json | None
    ) -> None:
        """Speak the newer form with a sign-in for the first message, the older one without."""
        self._socket = socket
        self._sign_in = sign_in
        self._is_old = sign_in is None
        self._end: PlatformError | None = None

    async def send(self, commands: Sequence[Json]) -> None:
        """Send commands, in as few messages as the server takes."""
        for part in _messages(commands):
            message: Json = _old_form(part) if self._is_old else {"cmds": [*part]}
            if self._sign_in is not None:
                message = {"authCmd": self._sign_in, **message}
                self._sign_in = None
            await self._socket.send_str(json.dumps(message))

    async def frames(self) -> AsyncIterator[Json]:
        """Yield what arrives; raises what the end of the socket means."""
        async for frame in frames(self._socket, self._note_end):
            yield frame
        raise self._end or UnreachableError("the socket ended")

    def _note_end(self, code: int, reason: str) -> None:
        """Remember what a close code means (11.5)."""
        text = f"{code} {reason}".strip()
        if code == _BAD_PAYLOAD and "session type" in reason.lower():
            self._end = NotFoundError(text)
        elif code in (_BAD_PAYLOAD, _SERVER_FAULT) and reason.lower().startswith(
            _TOKEN_REASONS
        ):
            self._end = TokenRefusedError(text)
        elif code == _BAD_PAYLOAD:
            self._end = UnexpectedAnswerError(text)
        elif code == _POLICY and "sessions limit" in reason.lower():
            self._end = SessionLimitError(reason)
        else:
            self._end = UnreachableError(text)


@asynccontextmanager
async def connection(
    http: HttpClient, sign_in: Json, *, is_old: bool
) -> AsyncGenerator[Connection]:
    """Open the socket; ``http`` carries no tokens, ``sign_in`` is the one of the first message."""
    path = _PATH
    if is_old:
        # Only there: addresses end up in the logs of proxies (11.1).
        path = f"{_OLD_PATH}?token={quote(str(sign_in.get('token', '')), safe='')}"
    async with AsyncExitStack() as stack:
        try:
            socket = await stack.enter_async_context(
                http.websocket(path, heartbeat=HEARTBEAT)
            )
        except BadCredentialsError as error:
            raise TokenRefusedError(str(error)) from None
        yield Connection(socket, None if is_old else {"cmdId": 0, **sign_in})


def _messages(commands: Sequence[Json]) -> list[list[Json]]:
    messages: list[list[Json]] = []
    size = 0
    for command in commands:
        length = len(json.dumps(command)) + 2
        is_full = not messages or len(messages[-1]) == MOST_COMMANDS
        if is_full or size + length > MOST_BYTES:
            messages.append([])
            size = 0
        messages[-1].append(command)
        size += length
    return messages


def _old_form(commands: Sequence[Json]) -> Json:
    lists: dict[str, list[JsonValue]] = {}
    for command in commands:
        bare = {name: value for name, value in command.items() if name != "type"}
        lists.setdefault(_OLD_LISTS[str(command["type"])], []).append(bare)
    return {**lists}
