"""What the server itself holds, as the model: properties, statistics, buckets (5.3, 10). Pure functions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from ...model.change import Listing
from ...model.device import (
    Category,
    Device,
    Resource,
    ResourceKey,
    ResourceKind,
    Sample,
)
from ...model.value import JsonValue, ValueType
from .parsing import rows_of, seconds_of, text_of

PROPERTIES: Final = "properties"
BUCKETS: Final = "buckets"
STATISTICS: Final = "statistics"
"""The sources of resources (``Resource.source``)."""

# Names that start with $ are the vendor's own and never shown (4), so these cannot clash.
PROPERTY_PREFIX: Final = "$property/"
BUCKET_PREFIX: Final = "$bucket/"
STATISTICS_ID: Final = "$stats"

BUCKETS_DEVICE: Final = "$buckets"
"""Stands for the account where a bucket's rows belong to no device."""

NEWEST: Final = {"items": "1", "sort": "desc"}
"""Asks for the newest row only."""

_CONNECTED_TYPES: Final = ("Generic", "MQTT")
_STATISTICS: Final = (
    ("ip_address", ValueType.TEXT, None),
    ("rx_bytes", ValueType.NUMBER, "B"),
    ("tx_bytes", ValueType.NUMBER, "B"),
    ("connected_ts", ValueType.TIMESTAMP, None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A place where rows are stored; ``device_id`` is None where no one device writes them."""

    id: str
    name: str
    device_id: str | None

    def owned_by(self, device_id: str | None) -> Bucket:
        """Return the same bucket, known to be filled by a device."""
        return replace(self, device_id=device_id)


def parse_properties(answer: JsonValue, device_id: str) -> Listing | None:
    """Return the properties of a device with their values, None where this is no list (10.3)."""
    if not isinstance(answer, list):
        return None
    rows = {
        name: row for row in rows_of(answer) if (name := text_of(row.get("property")))
    }
    return Listing(
        device_id=device_id,
        resources=tuple(_property_resource(device_id, name) for name in rows),
        samples=tuple(
            _property_sample(device_id, name, row) for name, row in rows.items()
        ),
        complete=frozenset({PROPERTIES}),
    )


def property_update(device_id: str, event: Mapping[str, JsonValue]) -> Listing | None:
    """Return a property that was set; one that is new comes along as a resource (9.2)."""
    name = text_of(event.get("property"))
    if not name:
        return None
    return Listing(
        device_id=device_id,
        resources=(_property_resource(device_id, name),),
        samples=(_property_sample(device_id, name, event),),
    )


def statistics_listing(device: Device) -> Listing:
    """Return address, traffic and time of the connection, for types that have one (5.3)."""
    has_connection = device.type is None or device.type in _CONNECTED_TYPES
    return Listing(
        device_id=device.id,
        resources=tuple(_statistics_resources(device.id)) if has_connection else (),
    )


def parse_statistics(answer: JsonValue, device_id: str) -> list[Sample]:
    """Return the statistics in an answer; any of them may be missing (5.3)."""
    if not isinstance(answer, dict):
        return []
    samples = []
    for name, value_type, _ in _STATISTICS:
        if name in answer:
            value = answer[name]
            if value_type is ValueType.TIMESTAMP:
                value = seconds_of(value)
            samples.append(
                Sample(ResourceKey(device_id, STATISTICS_ID, (name,)), value)
            )
    return samples


def parse_buckets(answer: JsonValue) -> list[Bucket]:
    """Return the buckets that take rows (10.5)."""
    buckets = []
    for row in rows_of(answer):
        bucket_id = text_of(row.get("bucket"))
        if not bucket_id or row.get("enabled") is False:
            continue
        config = row.get("config")
        buckets.append(
            Bucket(
                id=bucket_id,
                name=text_of(row.get("name")) or bucket_id,
                device_id=text_of(config.get("device"))
                if isinstance(config, dict)
                else None,
            )
        )
    return buckets


def bucket_written_by(callback: JsonValue) -> str | None:
    """Return the bucket that an HTTP device's callback fills (10.4)."""
    actions = callback.get("actions") if isinstance(callback, dict) else None
    return text_of(actions.get("write_bucket")) if isinstance(actions, dict) else None


def newest_row(answer: JsonValue) -> Mapping[str, JsonValue] | None:
    """Return the newest row of a bucket's data, flat as events have it."""
    row = max(
        rows_of(answer), key=lambda row: seconds_of(row.get("ts")) or 0, default=None
    )
    if row is None or "val" not in row:
        return row
    # Version 1 keeps the columns apart from the time (10.5).
    values = row["val"]
    columns = values if isinstance(values, dict) else {"value": values}
    return {**columns, "ts": row.get("ts")}


def named_device(row: Mapping[str, JsonValue]) -> str | None:
    """Return the device that a bucket's row says it is about."""
    return text_of(row.get("device"))


def bucket_resource(
    bucket: Bucket, device_id: str, *, enabled_default: bool
) -> Resource:
    """Return a bucket as a resource of the device that its rows are about."""
    return Resource(
        key=ResourceKey(device_id, BUCKET_PREFIX + bucket.id),
        name=bucket.name,
        kind=ResourceKind.OUTPUT,
        source=BUCKETS,
        needs_device=False,
        enabled_default=enabled_default,
    )


def columns_of(row: Mapping[str, JsonValue], device_id: str) -> dict[str, JsonValue]:
    """Return the columns of a row; neither its time nor the one that names its device is a value."""
    columns = {name: value for name, value in row.items() if name != "ts"}
    if columns.get("device") == device_id:
        del columns["device"]
    return columns


def bucket_sample(resource: Resource, row: Mapping[str, JsonValue]) -> Sample:
    """Return a row as the value of its bucket."""
    key = resource.key
    return Sample(key, columns_of(row, key.device_id), seconds_of(row.get("ts")))


def buckets_device(console: str) -> Device:
    """Return what stands for the account where rows belong to no device."""
    return Device(
        id=BUCKETS_DEVICE,
        name="Buckets",
        online=True,
        is_service=True,
        manufacturer="Thinger.io",
        url=f"{console}/buckets",
    )


def _property_resource(device_id: str, name: str) -> Resource:
    """Return a property as a resource: the server holds it, so the device need not be there."""
    return Resource(
        key=ResourceKey(device_id, PROPERTY_PREFIX + name),
        name=name,
        kind=ResourceKind.OUTPUT,
        source=PROPERTIES,
        needs_device=False,
        writable=True,
    )


def _property_sample(device_id: str, name: str, row: Mapping[str, JsonValue]) -> Sample:
    """Return the value in a property's row or update event."""
    key = ResourceKey(device_id, PROPERTY_PREFIX + name)
    return Sample(key, row.get("value"), seconds_of(row.get("ts")))


def _statistics_resources(device_id: str) -> list[Resource]:
    """Return what ``parse_statistics`` has values for; noise for most people."""
    return [
        Resource(
            key=ResourceKey(device_id, STATISTICS_ID, (name,)),
            name=name,
            kind=ResourceKind.OUTPUT,
            source=STATISTICS,
            value_type=value_type,
            unit=unit,
            category=Category.DIAGNOSTIC,
            enabled_default=False,
            translation_key=name,
        )
        for name, value_type, unit in _STATISTICS
    ]
