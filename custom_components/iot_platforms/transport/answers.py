"""What an HTTP answer says: its text, its JSON, or what went wrong."""

from datetime import UTC
from email.utils import parsedate_to_datetime
import json
import math
from typing import Final

import aiohttp

from ..model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ..model.value import JsonValue
from .parsing import parsed
from .redaction import redacted

MAX_BODY_BYTES: Final = 16 * 1024 * 1024
MAX_RETRY_AFTER: Final = 900.0
_MAX_ERROR_BYTES: Final = 64 * 1024
_MAX_MESSAGE: Final = 200


def is_good(status: int) -> bool:
    """Return whether a status says that all is well."""
    return 200 <= status < 300


async def text_of(response: aiohttp.ClientResponse) -> str:
    """Return the body, of an error only its beginning."""
    body = bytearray()
    async for chunk in response.content.iter_chunked(64 * 1024):
        body += chunk
        if not is_good(response.status) and len(body) > _MAX_ERROR_BYTES:
            break
        if len(body) > MAX_BODY_BYTES:
            raise UnexpectedAnswerError("more data than any honest answer has")
    return body.decode("utf-8", errors="replace")


def json_of(text: str) -> JsonValue:
    """Return the JSON of a body, None where it is empty."""
    return parsed(text) if text.strip() else None


def body_of(value: JsonValue) -> bytes:
    """Return the body that carries a value."""
    try:
        return json.dumps(value, allow_nan=False).encode()
    except ValueError, RecursionError:
        raise CommandRejectedError("a value that is no JSON") from None


def error_of(status: int, text: str, retry_after: float | None = None) -> PlatformError:
    """Return the typed error of an HTTP status, with what the server said about it."""
    error = _error_of(status, text, retry_after)
    error.code = _code(text)
    return error


def _error_of(status: int, text: str, retry_after: float | None) -> PlatformError:
    message = f"{status} {_message(text)}".strip()
    match status:
        case _ if status < 300:
            return UnexpectedAnswerError(message)
        case _ if status < 400:
            return UnexpectedAnswerError(message, reason="redirected")
        case 401:
            return BadCredentialsError(message)
        case 403:
            return ForbiddenError(message)
        case 404 | 405 | 410 | 426 | 501:
            return NotFoundError(message)
        case 429:
            return RateLimitedError(message, retry_after=retry_after)
        case 408 | 425 | 504:
            return UnreachableError(message, reason="timed_out")
        case _ if status >= 500:
            return UnreachableError(message, reason="server_trouble")
        case _:
            return CommandRejectedError(message)


def seconds_of(retry_after: str | None, now: float) -> float | None:
    """Return the seconds of a Retry-After header, which may hold a date, within reason.

    ``now`` is the wall time in Unix seconds.
    """
    if retry_after is None:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            moment = parsedate_to_datetime(retry_after)
        except ValueError, OverflowError:
            return None
        # A date without a zone is one in UTC.
        seconds = (
            moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        ).timestamp() - now
    if math.isnan(seconds):
        return None
    return min(max(seconds, 1.0), MAX_RETRY_AFTER)


def _code(text: str) -> int | None:
    """Return the server's own number for an error, None where it gives none."""
    try:
        value = parsed(text)
    except UnexpectedAnswerError:
        return None
    code = value.get("errorCode") if isinstance(value, dict) else None
    return code if isinstance(code, int) else None


def _message(text: str) -> str:
    """Return what an error's body says, in the envelopes that servers use."""
    try:
        value = parsed(text)
    except UnexpectedAnswerError:
        return ""
    for name in ("error", "message", "error_description"):
        if isinstance(value, dict) and name in value:
            value = value[name]
    if not isinstance(value, str | int):
        return ""
    return said(str(value))


def said(text: str) -> str:
    """Return what a server says, as it may stand in a log: one line, not endless, no secrets."""
    # A server must not write lines or terminal commands into a log.
    visible = "".join(c if c.isprintable() else " " for c in redacted(text))
    return " ".join(visible.split())[:_MAX_MESSAGE]
