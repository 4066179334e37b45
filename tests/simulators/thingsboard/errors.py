"""Errors as the server writes them (thingsboard.md 3.1, 8.3)."""

from datetime import UTC, datetime
from enum import IntEnum
import json
from typing import Final

from aiohttp import web

from .versions import at_least

from tests.simulators.clock import SimulatedClock
from tests.simulators.effects import Status
from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import Refusal

FORBIDDEN: Final = "You don't have permission to perform this operation!"
# Since then the time of an error is always a number.
_NUMERIC_TIMESTAMP: Final = "3.6.4"


class Code(IntEnum):
    """Values of `errorCode`."""

    GENERAL = 2
    AUTHENTICATION = 10
    JWT_TOKEN_EXPIRED = 11
    CREDENTIALS_EXPIRED = 15
    PERMISSION_DENIED = 20
    INVALID_ARGUMENTS = 30
    BAD_REQUEST_PARAMS = 31
    ITEM_NOT_FOUND = 32
    TOO_MANY_REQUESTS = 33
    TOO_MANY_UPDATES = 34
    VERSION_CONFLICT = 35
    SUBSCRIPTION_VIOLATION = 40
    ENTITIES_LIMIT_EXCEEDED = 41
    PASSWORD_VIOLATION = 45
    DATABASE = 46


class ApiError(Exception):
    """Ends a handler with the JSON body of an error."""

    def __init__(self, status: int, code: Code, message: str, **extra: Json) -> None:
        """Keep what the body tells; `extra` comes after the usual fields."""
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra

    def body(self, clock: SimulatedClock, version: str) -> JsonObject:
        """Body of the answer."""
        return {
            "status": self.status,
            "message": self.message,
            "errorCode": int(self.code),
            "timestamp": _timestamp(clock, version),
            **self.extra,
        }


def bad_request(message: str) -> ApiError:
    """400, code 31."""
    return ApiError(400, Code.BAD_REQUEST_PARAMS, message)


def forbidden() -> ApiError:
    """403, code 20."""
    return ApiError(403, Code.PERMISSION_DENIED, FORBIDDEN)


def not_found(message: str = "Requested item wasn't found!") -> ApiError:
    """404, code 32."""
    return ApiError(404, Code.ITEM_NOT_FOUND, message)


def unauthorized(message: str, code: Code = Code.AUTHENTICATION) -> ApiError:
    """401."""
    return ApiError(401, code, message)


def general(message: str) -> ApiError:
    """500, code 2."""
    return ApiError(500, Code.GENERAL, message)


def plain(status: int, text: str, content_type: str = "text/plain") -> Refusal:
    """Refusal with a plain text, as on the paths of telemetry and RPC (8.3)."""
    return Refusal(web.Response(status=status, text=text, content_type=content_type))


def api_error(status: int, code: int, message: str) -> Status:
    """Fault effect: an error as the server writes it, e.g. 401, 11, "Token has expired"."""
    body = {
        "status": status,
        "message": message,
        "errorCode": code,
        "timestamp": SimulatedClock().now_ms(),
    }
    return Status(status, body=json.dumps(body), content_type="application/json")


def _timestamp(clock: SimulatedClock, version: str) -> Json:
    if at_least(version, _NUMERIC_TIMESTAMP):
        return clock.now_ms()
    return datetime.fromtimestamp(clock.now(), UTC).isoformat(timespec="milliseconds")
