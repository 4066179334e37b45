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
_MAX_DIGITS: Final = 9
_UNSAFE_SEGMENTS: Final = ("", ".", "..")
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


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceList:
    """What a device offers, and what of it cannot be streamed.

    Only a ``complete`` list says something about resources that it lacks.
    """

    resources: tuple[Resource, ...]
    unstreamable: frozenset[str]
    complete: bool


def parse_devices(rows: JsonValue, names: Names, console: str) -> dict[str, Device]:
    """Return the devices of a page by id; rows may repeat (5.1)."""
    devices = (parse_device(row, names, console) for row in _list(rows))
    return {device.id: device for device in devices if device}


def parse_device(row: JsonValue, names: Names, console: str) -> Device | None:
    """Return a device, None where the row is none. Only the id is sure to be there (5.1)."""
    if not isinstance(row, dict):
        return None
    device_id = text(row.get("device"))
    if not device_id:
        return None
    device_type = text(row.get("type"))
    enabled = row.get("enabled") is not False
    connection = row.get("connection")
    active = connection.get("active") if isinstance(connection, dict) else None
    product = text(row.get("product"))
    group = text(row.get("asset_group"))
    asset_type = text(row.get("asset_type"))
    return Device(
        id=device_id,
        name=text(row.get("name")) or device_id,
        online=enabled and (device_type == VIRTUAL or active is True),
        online_since=seconds(connection.get("ts"))
        if isinstance(connection, dict)
        else None,
        enabled=enabled,
        type=device_type,
        manufacturer="Thinger.io",
        model=(names.products.get(product, product) if product else None)
        or (f"{device_type} device" if device_type else None),
        model_id=names.types.get(asset_type, asset_type) if asset_type else None,
        area=names.groups.get(group, group) if group else None,
        description=text(row.get("description")),
        url=f"{console}/devices/{device_id}",
    )


def parse_names(rows: JsonValue, id_key: str) -> dict[str, str]:
    """Return names by id of a list of groups, types or products (10.5)."""
    return {
        row_id: text(row.get("name")) or row_id
        for row in rows(rows)
        if (row_id := text(row.get(id_key)))
    }


def parse_resources(
    answer: JsonValue, device_id: str, allowed: frozenset[str] | None
) -> ResourceList | None:
    """Return the resources of a list, nested (PROTO) or flat (IOTMP); None where it is no list (6.1)."""
    if not isinstance(answer, dict):
        return None
    kinds: dict[str, ResourceKind] = {}
    unstreamable: set[str] = set()
    complete = True
    for path, entry in _entries(answer, (), 0):
        name = "/".join(path)
        number = integer(entry.get("fn"))
        if number is None and "fn" in entry:
            complete = False
        kind = _KINDS.get(number or 0)
        if kind is None or (allowed is not None and name not in allowed):
            continue
        if not _is_addressable(name):
            continue
        kinds[name] = kind
        if entry.get("st") is False:
            unstreamable.add(name)
    return ResourceList(
        resources=tuple(
            live_resource(ResourceKey(device_id, name), kind)
            for name, kind in kinds.items()
        ),
        unstreamable=frozenset(unstreamable),
        complete=complete,
    )


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


def _entries(
    answer: JsonValue, path: tuple[str, ...], depth: int
) -> Iterator[tuple[tuple[str, ...], Mapping[str, JsonValue]]]:
    if not isinstance(answer, dict) or depth > _MAX_DEPTH:
        return
    for name, entry in answer.items():
        if not isinstance(entry, dict) or name.startswith("$") or not _istext(name):
            continue
        yield (*path, name), entry
        yield from _entries(entry.get("/"), (*path, name), depth + 1)


def _is_addressable(name: str) -> bool:
    """Return whether a resource's address means it, and nothing else.

    What ends in ``api`` is the address of a description, which runs code on the device (6.3).
    """
    segments = name.split("/")
    return segments[-1] != "api" and not any(s in _UNSAFE_SEGMENTS for s in segments)


