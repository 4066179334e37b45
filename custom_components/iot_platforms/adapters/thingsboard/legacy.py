"""Reading devices one by one, on servers before the entity data query (6.1, 8.1)."""

from collections.abc import AsyncGenerator, Collection, Iterator
from contextlib import suppress
from dataclasses import replace
import json

from ...model.errors import NotFoundError
from ...model.value import JsonValue
from .auth import User
from .catalog import newest
from .client import Json, ThingsBoardClient, rows
from .keys import ATTRIBUTES, Key, Source
from .reader import Fleet
from .rows import Reading, Row, entity_id, seconds


class DeviceReader:
    """The lists of the oldest servers, and each device's values; they have types here."""

    def __init__(
        self, client: ThingsBoardClient, user: User, excluded: Collection[str]
    ) -> None:
        """Prepare; nothing is asked of devices that a person left out."""
        self._client = client
        self._excluded = excluded
        self._list = (
            "api/tenant/devices"
            if user.is_administrator
            else f"api/customer/{user.customer_id}/devices"
        )

    async def fleet(self) -> Fleet:
        """Return all devices with all their values."""
        listed: dict[str, Json] = {}
        totals: list[JsonValue] = []
        async for page in self._client.pages(self._list):
            totals.append(page.get("totalElements"))
            for item in rows(page):
                if isinstance(item, dict) and (found := entity_id(item.get("id"))):
                    listed[found] = item
        fleet: list[Row] = []
        for device_id, item in listed.items():
            if device_id in self._excluded:
                continue
            with suppress(NotFoundError):  # gone meanwhile
                row = await self._row(device_id, {*Source})
                fleet.append(replace(row, fields=_fields(item)))
        # What came or went meanwhile may have been skipped.
        return Fleet(tuple(fleet), all(total == len(listed) for total in totals))

    async def values(
        self, device_ids: Collection[str], keys: Collection[Key]
    ) -> AsyncGenerator[list[Row]]:
        """Yield the devices' values, one device after the other."""
        sources = {key.source for key in keys} | {Source.SERVER}
        for device_id in device_ids:
            try:
                row = await self._row(device_id, sources)
            except NotFoundError:
                continue  # gone meanwhile: the next list tells
            yield [row]

    async def _row(self, device_id: str, sources: Collection[Source]) -> Row:
        values: dict[Key, Reading] = {}
        if Source.TELEMETRY in sources:
            telemetry = await self._client.telemetry(device_id, ())
            values |= _telemetry(telemetry)
        for scope in ATTRIBUTES:
            if scope in sources:
                attributes = await self._client.attributes(device_id, scope, ())
                values |= _attributes(scope, attributes)
        return Row(id=device_id, fields={}, values=values)


def _telemetry(answer: JsonValue) -> Iterator[tuple[Key, Reading]]:
    for name, value in newest(answer).items():
        samples = answer[name] if isinstance(answer, dict) else None
        sample = samples[0] if isinstance(samples, list) else None
        at = sample.get("ts") if isinstance(sample, dict) else None
        if value is not None:
            yield (
                Key(Source.TELEMETRY, name),
                Reading(seconds(at), value, is_typed=True),
            )


def _attributes(
    scope: Source, answer: list[JsonValue]
) -> Iterator[tuple[Key, Reading]]:
    for item in answer:
        name = item.get("key") if isinstance(item, dict) else None
        if isinstance(item, dict) and isinstance(name, str):
            yield (
                Key(scope, name),
                Reading(
                    seconds(item.get("lastUpdateTs")), item.get("value"), is_typed=True
                ),
            )


def _fields(item: dict[str, JsonValue]) -> dict[str, str]:
    """Return the fields of a device as a query gives them."""
    fields = {
        name: value
        for name in ("name", "label", "type")
        if isinstance(value := item.get(name), str)
    }
    return {**fields, "additionalInfo": json.dumps(item.get("additionalInfo"))}
