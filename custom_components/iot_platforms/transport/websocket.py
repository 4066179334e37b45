"""JSON over WebSockets, and connections that come back by themselves."""

from collections.abc import AsyncIterator, Awaitable, Callable
import logging
from typing import Final

import aiohttp

from ..model.errors import (
    BadCredentialsError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
)
from ..model.value import JsonValue
from .answers import said
from .backoff import Backoff
from .clock import Clock
from .parsing import parsed

_LOGGER: Final = logging.getLogger(__name__)


_ENDS: Final = frozenset(
    {
        aiohttp.WSMsgType.CLOSE,
        aiohttp.WSMsgType.CLOSING,
        aiohttp.WSMsgType.CLOSED,
        aiohttp.WSMsgType.ERROR,
    }
)


async def frames(
    socket: aiohttp.ClientWebSocketResponse,
    on_close: Callable[[int, str], None] | None = None,
) -> AsyncIterator[dict[str, JsonValue]]:
    """Yield each JSON object that arrives, until the socket ends; anything else is left out.

    ``on_close`` is told the code and the reason that the server gives, where it gives any.
    """
    while (message := await socket.receive()).type not in _ENDS:
        if message.type is not aiohttp.WSMsgType.TEXT:
            continue
        try:
            frame = parsed(message.data)
        except UnexpectedAnswerError:
            _LOGGER.debug("A frame is no JSON")
            continue
        if isinstance(frame, dict):
            yield frame
    _LOGGER.debug("A socket ended: %s", socket.close_code)
    if on_close is not None and message.type is aiohttp.WSMsgType.CLOSE:
        on_close(message.data, said(message.extra or ""))


async def keep_open(
    open_once: Callable[[Callable[[], None]], Awaitable[None]],
    *,
    backoff: Backoff,
    clock: Clock,
) -> None:
    """Run a connection again and again, with pauses, for ever.

    ``open_once`` connects, works until the connection ends, and calls what it is given at the first
    good message: only that makes the pauses short again. Errors that waiting does not mend (wrong
    credentials, no such path, no permission) end it; those are raised.
    """
    while True:
        try:
            await open_once(backoff.reset)
        except BadCredentialsError, ForbiddenError, NotFoundError:
            raise
        except PlatformError as error:
            _LOGGER.debug("A connection was lost: %s", error)
        await clock.sleep(backoff.next())
