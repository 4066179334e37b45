"""What people want done with devices (8.2, 10, 14)."""

from typing import Final

from ...model.choices import Choices
from ...model.command import Call, Command, Read, Run, Write
from ...model.device import ResourceKey
from ...model.errors import CommandRejectedError, NotFoundError, UnsafeReadError
from ...model.value import JsonValue, ValueType, coerced, is_same, value_type_of
from .catalog import newest
from .client import ThingsBoardClient
from .composites import UPDATES
from .keys import STATE_NAMES, TIMEOUT, Key, Source
from .rows import seconds
from .rpc import Rpc
from .updates import install

_WRITABLE: Final = (Source.SHARED, Source.SERVER)


class Commands:
    """Sends commands, and knows what came of them."""

    def __init__(self, client: ThingsBoardClient, rpc: Rpc, choices: Choices) -> None:
        """Prepare."""
        self._client = client
        self._rpc = rpc
        self._choices = choices

    async def execute(self, command: Command) -> JsonValue:
        """Do it; returns what the server or the device answers."""
        key = command.key
        if control := self._choices.control(key):
            if isinstance(command, Read):
                # There is nothing to look at; a call would act on the device.
                raise UnsafeReadError
            value = command.value if isinstance(command, Write | Call) else None
            return await self._rpc.call(control.call(key.device_id, value))
        match command:
            case Write() if key.resource_id in UPDATES.values():
                await install(
                    self._client, key.device_id, key.resource_id, str(command.value)
                )
                return None
            case Write():
                return await self._write(key, command.value)
            case Read():
                value = await self._read(key)
                for name in key.leaf:
                    value = value.get(name) if isinstance(value, dict) else None
                return value
            case Run() | Call():
                raise CommandRejectedError(reason="resource_missing")

    async def write_attributes(
        self, device_id: str, scope: Source, values: dict[str, JsonValue]
    ) -> None:
        """Write attributes, and look whether they are there (8.2)."""
        if scope not in _WRITABLE or (
            scope is Source.SERVER and not (STATE_NAMES - {TIMEOUT}).isdisjoint(values)
        ):
            raise CommandRejectedError(f"{scope} is not for writing")
        try:
            await self._client.write_attributes(device_id, scope, values)
            rows = await self._client.attributes(device_id, scope, [*values])
        except NotFoundError as error:
            raise CommandRejectedError(str(error), reason="device_gone") from None
        kept = _values(rows)
        for name, value in values.items():
            if not _is_kept(value, kept.get(name)):
                raise CommandRejectedError(name, reason="not_stored")

    async def _write(self, key: ResourceKey, value: JsonValue) -> JsonValue:
        found = Key.of(key.resource_id)
        if found is None or key.leaf:
            raise CommandRejectedError(reason="resource_missing")
        await self.write_attributes(key.device_id, found.source, {found.name: value})
        return None

    async def _read(self, key: ResourceKey) -> JsonValue:
        found = Key.of(key.resource_id)
        if found is None:
            raise CommandRejectedError(reason="resource_missing")
        try:
            value = await self._newest(key.device_id, found)
        except NotFoundError as error:
            raise CommandRejectedError(str(error), reason="device_gone") from None
        return (seconds(value) or None) if found.is_moment else value

    async def _newest(self, device_id: str, key: Key) -> JsonValue:
        if key.source is Source.TELEMETRY:
            answer = await self._client.telemetry(device_id, [key.name])
            return newest(answer).get(key.name)
        rows = await self._client.attributes(device_id, key.source, [key.name])
        return _values(rows).get(key.name)


def _values(attributes: list[JsonValue]) -> dict[JsonValue, JsonValue]:
    return {
        row.get("key"): row.get("value") for row in attributes if isinstance(row, dict)
    }


def _is_kept(written: JsonValue, kept: JsonValue) -> bool:
    """Return whether a value is there; nulls never are, and some texts are numbers then (8.2)."""
    if isinstance(written, str) and value_type_of(kept) is ValueType.NUMBER:
        return coerced(written, ValueType.NUMBER) == kept
    return is_same(written, kept)
