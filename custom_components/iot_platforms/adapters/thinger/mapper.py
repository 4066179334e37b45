"""What the server sends, as the model. Pure functions that take whatever comes."""

from collections.abc import Iterator, Mapping
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

LIVE: Final = "device"
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

VIRTUAL: Final = "Virtual"
HTTP: Final = "HTTP"
_CONNECTED_TYPES: Final = ("Generic", "MQTT")

_KINDS: Final = {
    1: ResourceKind.CALLBACK,
    2: ResourceKind.INPUT,
    3: ResourceKind.OUTPUT,
    4: ResourceKind.INPUT_OUTPUT,
}
_MAX_DEPTH: Final = 8
_LATEST: Final = 253_402_300_799.0
"""The last second of the year 9999: what is later is no time."""
_STATISTICS: Final = (
    ("ip_address", ValueType.TEXT, None),
    ("rx_bytes", ValueType.NUMBER, "B"),
    ("tx_bytes", ValueType.NUMBER, "B"),
    ("connected_ts", ValueType.TIMESTAMP, None),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of groups, asset types and products by their ids."""

    groups: Mapping[str, str]
    types: Mapping[str, str]
    products: Mapping[str, str]


NO_NAMES: Final = Names(groups={}, types={}, products={})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """A place where rows are stored; ``device_id`` is None where no one device writes them."""

    id: str
    name: str
    device_id: str | None

    def owned_by(self, device_id: str | None) -> Bucket:
        """Return the same bucket, known to be filled by a device."""
        return replace(self, device_id=device_id)


def parse_devices(rows: JsonValue, names: Names, console: str) -> dict[str, Device]:
    """Return the devices of a page by id; rows may repeat (5.1)."""
    devices = (parse_device(row, names, console) for row in _list(rows))
    return {device.id: device for device in devices if device}


def parse_device(row: JsonValue, names: Names, console: str) -> Device | None:
    """Return a device, None where the row is none. Only the id is sure to be there (5.1)."""
    if not isinstance(row, dict):
        return None
    device_id = _text(row.get("device"))
    if not device_id:
        return None
    device_type = _text(row.get("type"))
    enabled = row.get("enabled") is not False
    connection = row.get("connection")
    active = connection.get("active") if isinstance(connection, dict) else None
    product = _text(row.get("product"))
    group = _text(row.get("asset_group"))
    asset_type = _text(row.get("asset_type"))
    return Device(
        id=device_id,
        name=_text(row.get("name")) or device_id,
        online=enabled and (device_type == VIRTUAL or active is True),
        online_since=_seconds(connection.get("ts"))
        if isinstance(connection, dict)
        else None,
        enabled=enabled,
        type=device_type,
        manufacturer="Thinger.io",
        model=(names.products.get(product, product) if product else None)
        or (f"{device_type} device" if device_type else None),
        model_id=names.types.get(asset_type, asset_type) if asset_type else None,
        area=names.groups.get(group, group) if group else None,
        description=_text(row.get("description")),
        url=f"{console}/devices/{device_id}",
    )


def parse_names(rows: JsonValue, id_key: str) -> dict[str, str]:
    """Return names by id of a list of groups, types or products (10.5)."""
    return {
        row_id: _text(row.get("name")) or row_id
        for row in _rows(rows)
        if (row_id := _text(row.get(id_key)))
    }


def parse_resources(
    answer: JsonValue, device_id: str, allowed: frozenset[str] | None
) -> tuple[list[Resource], set[ResourceKey]]:
    """Return the resources of a list, nested (PROTO) or flat (IOTMP), and which cannot be streamed (6.1)."""
    resources: list[Resource] = []
    unstreamable: set[ResourceKey] = set()
    for path, entry in _entries(answer, (), 0):
        kind = _KINDS.get(_integer(entry.get("fn")) or 0)
        name = "/".join(path)
        if kind is None or (allowed is not None and name not in allowed):
            continue
        key = ResourceKey(device_id, name)
        resources.append(live_resource(key, kind))
        if entry.get("st") is False:
            unstreamable.add(key)
    return resources, unstreamable


def live_resource(key: ResourceKey, kind: ResourceKind) -> Resource:
    """Return a resource of a device itself. Reading what takes a value can act on the device (6.3)."""
    return Resource(
        key=key,
        name=key.resource_id,
        kind=kind,
        source=LIVE,
        read_safe=kind is ResourceKind.OUTPUT,
    )


def in_and_out(resource: Resource) -> tuple[Resource, Resource]:
    """Return the two halves of an input/output resource that is safe to read."""
    given = Resource(
        key=resource.key.child("in"),
        name=resource.name,
        kind=ResourceKind.INPUT,
        source=LIVE,
    )
    taken = Resource(
        key=resource.key.child("out"),
        name=resource.name,
        kind=ResourceKind.OUTPUT,
        source=LIVE,
    )
    return given, taken


def parse_description(answer: JsonValue) -> dict[str, JsonValue]:
    """Return what a resource's description holds under ``in`` and ``out`` (6.2)."""
    if not isinstance(answer, dict):
        return {}
    return {name: answer[name] for name in ("in", "out") if name in answer}


def unwrapped(answer: JsonValue, wrapper: str) -> JsonValue:
    """Return a v2 value without its wrapper, which some servers left out (7)."""
    if isinstance(answer, dict) and set(answer) == {wrapper}:
        return answer[wrapper]
    return answer


def parse_properties(answer: JsonValue, device_id: str) -> Listing:
    """Return the properties of a device with their values (10.3)."""
    rows = {name: row for row in _rows(answer) if (name := _text(row.get("property")))}
    return Listing(
        device_id=device_id,
        resources=tuple(property_resource(device_id, name) for name in rows),
        samples=tuple(
            property_sample(device_id, name, row) for name, row in rows.items()
        ),
        complete=frozenset({PROPERTIES}),
    )


def property_resource(device_id: str, name: str) -> Resource:
    """Return a property as a resource: the server holds it, so the device need not be there."""
    return Resource(
        key=ResourceKey(device_id, PROPERTY_PREFIX + name),
        name=name,
        kind=ResourceKind.OUTPUT,
        source=PROPERTIES,
        needs_device=False,
    )


def property_sample(device_id: str, name: str, row: Mapping[str, JsonValue]) -> Sample:
    """Return the value in a property's row or update event."""
    key = ResourceKey(device_id, PROPERTY_PREFIX + name)
    return Sample(key, row.get("value"), _seconds(row.get("ts")))


def property_update(device_id: str, event: Mapping[str, JsonValue]) -> Listing | None:
    """Return a property that was set; one that is new comes along as a resource (9.2)."""
    name = _text(event.get("property"))
    if not name:
        return None
    return Listing(
        device_id=device_id,
        resources=(property_resource(device_id, name),),
        samples=(property_sample(device_id, name, event),),
    )


def event_time(event: Mapping[str, JsonValue]) -> float | None:
    """Return the time of an event in Unix seconds."""
    return _seconds(event.get("ts"))


def statistics_listing(device: Device) -> Listing:
    """Return address, traffic and time of the connection, for types that have one (5.3)."""
    has_connection = device.type is None or device.type in _CONNECTED_TYPES
    return Listing(
        device_id=device.id,
        resources=tuple(statistics_resources(device.id)) if has_connection else (),
    )


def statistics_resources(device_id: str) -> list[Resource]:
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


def parse_statistics(answer: JsonValue, device_id: str) -> list[Sample]:
    """Return the statistics in an answer; any of them may be missing (5.3)."""
    if not isinstance(answer, dict):
        return []
    samples = []
    for name, _, _ in _STATISTICS:
        if name in answer:
            value = answer[name]
            if name == "connected_ts":
                value = _seconds(value)
            samples.append(
                Sample(ResourceKey(device_id, STATISTICS_ID, (name,)), value)
            )
    return samples


def parse_buckets(answer: JsonValue) -> list[Bucket]:
    """Return the buckets that take rows (10.5)."""
    buckets = []
    for row in _rows(answer):
        bucket_id = _text(row.get("bucket"))
        if not bucket_id or row.get("enabled") is False:
            continue
        config = row.get("config")
        buckets.append(
            Bucket(
                id=bucket_id,
                name=_text(row.get("name")) or bucket_id,
                device_id=_text(config.get("device"))
                if isinstance(config, dict)
                else None,
            )
        )
    return buckets


def bucket_written_by(callback: JsonValue) -> str | None:
    """Return the bucket that an HTTP device's callback fills (10.4)."""
    actions = callback.get("actions") if isinstance(callback, dict) else None
    return _text(actions.get("write_bucket")) if isinstance(actions, dict) else None


def newest_row(answer: JsonValue) -> Mapping[str, JsonValue] | None:
    """Return the newest row of a bucket's data."""
    rows = _rows(answer)
    return max(rows, key=lambda row: _seconds(row.get("ts")) or 0, default=None)


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


def parse_row(
    bucket: Bucket, row: Mapping[str, JsonValue], devices: Mapping[str, Device]
) -> Listing:
    """Return a row as the newest values of a bucket, at the device that it is about."""
    values = row.get("val")
    parts = dict(values) if isinstance(values, dict) else dict(row)
    parts.pop("ts", None)
    named = _text(parts.get("device"))
    device = devices.get(named or "") or devices.get(bucket.device_id or "")
    if device is not None and device.id == named:
        del parts["device"]
    owner = device.id if device else BUCKETS_DEVICE
    resource = Resource(
        key=ResourceKey(owner, BUCKET_PREFIX + bucket.id),
        name=bucket.name,
        kind=ResourceKind.OUTPUT,
        source=BUCKETS,
        needs_device=False,
        value_type=ValueType.OBJECT,
        # Of a device that is there the bucket repeats what its resources say.
        enabled_default=device is None or device.type == HTTP or not device.online,
    )
    value: JsonValue = (
        parts if not isinstance(values, int | float | str) else {"value": values}
    )
    sample = Sample(resource.key, value, _seconds(row.get("ts")))
    return Listing(device_id=owner, resources=(resource,), samples=(sample,))


def _entries(
    answer: JsonValue, path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], Mapping[str, JsonValue]]]:
    if not isinstance(answer, dict) or depth > _MAX_DEPTH:
        return
    for name, entry in answer.items():
        if not isinstance(entry, dict) or not name or name.startswith("$"):
            continue
        yield (*path, name), entry
        yield from _entries(entry.get("/"), (*path, name), depth + 1)


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _rows(value: JsonValue) -> list[dict[str, JsonValue]]:
    return [row for row in _list(value) if isinstance(row, dict)]


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) and value else None


def _integer(value: JsonValue) -> int | None:
    if isinstance(value, str) and value.isdecimal():
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value == value // 1 else None


def _seconds(milliseconds: JsonValue) -> float | None:
    """Return Unix seconds; the server's times are milliseconds (2)."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    seconds = milliseconds / 1000
    return seconds if 0 < seconds < _LATEST else None
