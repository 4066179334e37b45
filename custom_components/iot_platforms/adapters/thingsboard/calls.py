"""What actions do with single devices and alarms (8, 10, 12)."""

from collections.abc import Collection, Mapping
from contextlib import AbstractContextManager
from typing import Final

from ...model.change import Alarms
from ...model.control import MethodCall
from ...model.errors import CommandRejectedError, NotFoundError
from ...model.value import JsonValue
from .alarms import AlarmCalls
from .client import ThingsBoardClient
from .commands import Commands
from .keys import Source
from .rpc import Rpc

_OLDEST_FIRST: Final = "ASC"


class DeviceCalls:
    """The part of the adapter that actions use."""

    _client: ThingsBoardClient
    _alarms: AlarmCalls
    _commands: Commands
    _rpc: Rpc

    def _explained(self) -> AbstractContextManager[None]:
        """Return what tells why the sign-in is refused."""
        raise NotImplementedError

    async def read_alarms(self) -> Alarms:
        """Return all active alarms."""
        with self._explained():
            return await self._alarms.active()

    async def list_alarms(
        self, device_id: str, *, active: bool, limit: int
    ) -> list[JsonValue]:
        """Return a device's alarms as the server has them, the newest first."""
        with self._explained():
            return await self._alarms.of_device(device_id, active=active, limit=limit)

    async def acknowledge_alarm(self, alarm_id: str) -> None:
        """Say that somebody knows of an alarm."""
        await self._change_alarm(alarm_id, "ack")

    async def clear_alarm(self, alarm_id: str) -> None:
        """Say that the reason of an alarm is gone."""
        await self._change_alarm(alarm_id, "clear")

    async def call_method(self, call: MethodCall) -> JsonValue:
        """Call a method of a device and return its answer."""
        with self._explained():
            return await self._rpc.call(call)

    async def read_attributes(
        self, device_id: str, scope: str | None, names: Collection[str]
    ) -> list[JsonValue]:
        """Return attributes with their times."""
        with self._explained():
            return await self._client.attributes(
                device_id, Source(scope) if scope else None, [*names]
            )

    async def write_attributes(
        self, device_id: str, scope: str, values: Mapping[str, JsonValue]
    ) -> None:
        """Write attributes of one scope."""
        with self._explained():
            await self._commands.write_attributes(device_id, Source(scope), {**values})

    async def read_history(
        self,
        device_id: str,
        names: Collection[str],
        *,
        start: float,
        end: float,
        limit: int,
        aggregation: str | None,
        interval: float | None,
    ) -> Mapping[str, JsonValue]:
        """Return telemetry of a time range, the oldest first."""
        params = [("keys", ",".join(names))]
        if any("," in name for name in names):
            params = [("key", name) for name in names]
        params += [
            ("startTs", str(int(start * 1000))),
            ("endTs", str(int(end * 1000))),
            ("limit", str(limit)),
            ("orderBy", _OLDEST_FIRST),
            ("useStrictDataTypes", "true"),
        ]
        if aggregation is not None and interval is not None:
            params += [
                ("agg", aggregation.upper()),
                ("interval", str(int(interval * 1000))),
            ]
        with self._explained():
            answer = await self._client.history(device_id, params)
        return answer if isinstance(answer, dict) else {}

    async def _change_alarm(self, alarm_id: str, what: str) -> None:
        try:
            with self._explained():
                await self._client.change_alarm(alarm_id, what)
        except NotFoundError as error:
            raise CommandRejectedError(str(error), reason="not_found") from None
