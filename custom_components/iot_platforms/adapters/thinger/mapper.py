"""What the server sends of devices and their resources, as the model. Pure functions that take whatever comes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ...model.device import Device, Resource, ResourceKey, ResourceKind
from ...model.value import JsonValue
from .parsing import integer_of, rows_of, seconds_of, text_of

LIVE: Final = "device"
"""The source of resources that devices offer themselves (``Resource.source``)."""

VIRTUAL: Final = "Virtual"
HTTP: Final = "HTTP"

_KINDS: Final = {
    1: ResourceKind.CALLBACK,
    2: ResourceKind.INPUT,
    3: ResourceKind.OUTPUT,
    4: ResourceKind.INPUT_OUTPUT,
}
_MAX_DEPTH: Final = 8
_UNSAFE_SEGMENTS: Final = ("", ".", "..")


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """The names of groups, asset types and products by their ids."""

    groups: Mapping[str, str]
    types: Mapping[str, str]
    products: Mapping[str, str]


NO_NAMES: Final = Names(groups={}, types={}, products={})


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceList:
    """What a device offers, and the names of what cannot be streamed.

    Only a ``complete`` list proves that what it lacks is gone.
    """

    resources: tuple[Resource, ...]
    unstreamable: frozenset[str] = frozenset()
    complete: bool = True


def parse_devices(rows: JsonValue, names: Names, console: str) -> dict[str, Device]:
    """Return the devices of a page by id; rows may repeat (5.1)."""
    devices = (parse_device(row, names, console) for row in rows_of(rows))
    return {device.id: device for device in devices if device}


def parse_device(row: JsonValue, names: Names, console: str) -> Device | None:
    """Return a device, None where the row is none. Only the id is sure to be there (5.1)."""
    if not isinstance(row, dict):
        return None
    device_id = text_of(row.get("device"))
    if not device_id:
        return None
    device_type = text_of(row.get("type"))
    enabled = row.get("enabled") is not False
    connection = row.get("connection")
    if not isinstance(connection, dict):
        connection = {}
    product = text_of(row.get("product"))
    group = text_of(row.get("asset_group"))
    asset_type = text_of(row.get("asset_type"))
    return Device(
        id=device_id,
        name=text_of(row.get("name")) or device_id,
        online=enabled and (device_type == VIRTUAL or connection.get("active") is True),
        online_since=seconds_of(connection.get("ts")),
        enabled=enabled,
        type=device_type,
        manufacturer="Thinger.io",
        model=(names.products.get(product, product) if product else None)
        or (f"{device_type} device" if device_type else None),
        model_id=names.types.get(asset_type, asset_type) if asset_type else None,
        area=names.groups.get(group, group) if group else None,
        description=text_of(row.get("description")),
        url=f"{console}/devices/{device_id}",
    )


def parse_names(rows: JsonValue, id_key: str) -> dict[str, str]:
    """Return names by id of a list of groups, types or products (10.5)."""
    return {
        row_id: text_of(row.get("name")) or row_id
        for row in rows_of(rows)
        if (row_id := text_of(row.get(id_key)))
    }


def parse_resources(
    answer: JsonValue, device_id: str, allowed: frozenset[str] | None
) -> ResourceList | None:
    """Return a device's list, nested (PROTO) or flat (IOTMP); None where the answer is no list (6.1)."""
    if not isinstance(answer, dict):
        return None
    kinds: dict[str, ResourceKind] = {}
    unstreamable: set[str] = set()
    complete = True
    for name, entry in _entries(answer, "", 0):
        number = integer_of(entry.get("fn"))
        if number is None and "fn" in entry:
            complete = False
        kind = _KINDS.get(number or 0)
        if kind is None or not _is_addressable(name):
            continue
        if allowed is None or name in allowed:
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
    answer: JsonValue, prefix: str, depth: int
) -> Iterator[tuple[str, Mapping[str, JsonValue]]]:
    """Yield the entries of a list and of the groups in it, by their paths."""
    if not isinstance(answer, dict) or depth > _MAX_DEPTH:
        return
    for name, entry in answer.items():
        # What starts with $ is the vendor's own (4).
        if isinstance(entry, dict) and not name.startswith("$"):
            yield prefix + name, entry
            yield from _entries(entry.get("/"), f"{prefix}{name}/", depth + 1)


def _is_addressable(name: str) -> bool:
    """Return whether a resource's address means it, and nothing else.

    What ends in ``api`` is the address of a description, which runs code on the device (6.3).
    """
    segments = name.split("/")
    return segments[-1] != "api" and not any(s in _UNSAFE_SEGMENTS for s in segments)
