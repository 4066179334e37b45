"""Calls to devices (10)."""

from collections.abc import Callable
from typing import Final

from ...model.control import MethodCall
from ...model.errors import (
    CommandRejectedError,
    CommandTimedOutError,
    NotFoundError,
    PlatformError,
    UnreachableError,
)
from ...model.value import JsonValue
from .client import ThingsBoardClient

_GENERAL_ERROR: Final = 2


class Rpc:
    """Calls methods of devices, and tells why one failed (10.2).

    ``online`` returns what the server says about a device: it explains silence, and forbids nothing,
    as it may be stale.
    """

    def __init__(
        self, client: ThingsBoardClient, online: Callable[[str], bool | None]
    ) -> None:
        """Prepare."""
        self._client = client
        self._online = online

    async def call(self, call: MethodCall) -> JsonValue:
        """Return the device's answer, None where there is none."""
        try:
            return await self._call(call)
        except PlatformError as error:
            raise self._explained(call.device_id, error) from None

    async def _call(self, call: MethodCall) -> JsonValue:
        try:
            return await self._client.call(call)
        except NotFoundError as error:
            # Paths have errors in JSON, unknown devices in plain text (8.3).
            if error.code is None or self._client.has_old_calls:
                raise
        self._client.has_old_calls = True
        return await self._client.call(call)

    def _explained(self, device_id: str, error: PlatformError) -> PlatformError:
        status = str(error).partition(" ")[0]
        if isinstance(error, NotFoundError):
            return CommandRejectedError(str(error), reason="device_gone")
        if status == "409":
            return CommandRejectedError(str(error), reason="device_offline")
        if status == "406":
            return CommandRejectedError(str(error), reason="call_not_understood")
        is_silence = isinstance(error, UnreachableError) and (
            error.reason == "timed_out"
            or (error.code == _GENERAL_ERROR and "timeout" in str(error).lower())
        )
        if not is_silence:
            return error
        if self._online(device_id) is False:
            return CommandRejectedError(str(error), reason="device_offline")
        return CommandTimedOutError(str(error))
