"""What people want devices to do."""

from ...model.change import Connectivity
from ...model.command import Command, Read, Run
from ...model.device import ResourceKey, ResourceKind
from ...model.errors import (
    CommandRejectedError,
    CommandTimedOutError,
    NotFoundError,
    UnreachableError,
    UnsafeReadError,
)
from ...model.value import JsonValue
from . import records
from .client import ThingerClient
from .devices import DeviceList
from .live import LiveResources


class Commands:
    """Sends what people want done, and tells what came of it."""

    def __init__(
        self, client: ThingerClient, live: LiveResources, devices: DeviceList
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._client = client
        self._live = live
        self._devices = devices

    async def execute(self, command: Command) -> JsonValue:
        """Do it, and return the answer once the platform has confirmed it."""
        try:
            return await self._send(command)
        except NotFoundError:
            reason = await self._why_not_found(command.key.device_id)
            raise CommandRejectedError(reason=reason) from None
        except UnreachableError as error:
            if error.reason == "timed_out":
                raise CommandTimedOutError(str(error)) from None
            if error.reason == "server_trouble":
                # What the firmware itself reports comes as a 5xx as well (8).
                raise CommandRejectedError(str(error)) from None
            raise

    async def _send(self, command: Command) -> JsonValue:
        key = command.key
        firmware = self._client.firmware
        if isinstance(command, Read):
            is_record = key.resource_id.startswith("$")
            whole = await (
                self._record(key) if is_record else self._live.read_now(key.root)
            )
            return _part(whole, key)
        if isinstance(command, Run):
            if await self._live.kind_now(key) is not ResourceKind.CALLBACK:
                # To run an input is to call it with an empty value (6.3).
                raise UnsafeReadError(key.text)
            return await firmware.run(key.device_id, key.resource_id)
        if key.resource_id.startswith(records.PROPERTY_PREFIX):
            name = key.resource_id.removeprefix(records.PROPERTY_PREFIX)
            return await self._client.write_property(key.device_id, name, command.value)
        return await firmware.write(key.device_id, key.resource_id, command.value)

    async def _record(self, key: ResourceKey) -> JsonValue:
        """Read what the server itself holds: that does no harm."""
        device_id, name = key.device_id, key.resource_id
        if name == records.STATISTICS_ID:
            answer = await self._client.statistics(device_id)
            samples = records.parse_statistics(answer, device_id)
            return {sample.key.leaf[0]: sample.value for sample in samples}
        if name.startswith(records.BUCKET_PREFIX):
            bucket_id = name.removeprefix(records.BUCKET_PREFIX)
            row = records.newest_row(
                await self._client.bucket_rows(bucket_id, records.NEWEST)
            )
            return records.columns_of(row or {}, device_id)
        properties = records.parse_properties(
            await self._client.properties(device_id), device_id
        )
        for sample in properties.samples if properties else ():
            if sample.key == key.root:
                return sample.value
        raise CommandRejectedError(reason="resource_missing")

    async def _why_not_found(self, device_id: str) -> str:
        """Return what a 404 means; the server does not tell (8)."""
        absence = await self._devices.absence(device_id)
        if absence is None:
            return "resource_missing"
        return "device_offline" if isinstance(absence, Connectivity) else "device_gone"


def _part(value: JsonValue, key: ResourceKey) -> JsonValue:
    """Return the part of a resource's value that a key names."""
    for name in key.leaf:
        value = value.get(name) if isinstance(value, dict) else None
    return value
