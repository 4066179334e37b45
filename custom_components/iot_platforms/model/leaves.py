"""An object's parts, as resources and samples of their own."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from .device import Resource, ResourceKey, ResourceKind, Sample
from .value import LATITUDE_NAMES, LONGITUDE_NAMES, JsonValue, ValueType, value_type_of

MAX_DEPTH: Final = 5
MAX_LEAVES: Final = 100
"""Of one object: what is larger is a document, not a set of values."""

_WHOLE_TYPES: Final = {
    ResourceKind.INPUT: (ValueType.COLOR,),
    ResourceKind.OUTPUT: (),
}


def leaves(
    resource: Resource, value: JsonValue
) -> Iterator[tuple[Resource, JsonValue]]:
    """Yield the parts of an object value; nothing where the value is no object."""
    for count, (key, part) in enumerate(_walk(resource, resource.key, value)):
        if count >= MAX_LEAVES:
            return
        yield _leaf(resource, key, part), part


def leaf_samples(
    sample: Sample, resource: Resource
) -> Iterator[tuple[Resource, Sample]]:
    """Yield the parts of an object sample, each with the resource that it belongs to."""
    for leaf, value in leaves(resource, sample.value):
        yield leaf, Sample(leaf.key, value, sample.at)


def merged(whole: JsonValue, path: tuple[str, ...], value: JsonValue) -> JsonValue:
    """Return the object with the part at the path replaced; the object given stays as it is."""
    if not path:
        return value
    parts = dict(whole) if isinstance(whole, dict) else {}
    parts[path[0]] = merged(parts.get(path[0]), path[1:], value)
    return parts


def _walk(
    resource: Resource, key: ResourceKey, value: JsonValue
) -> Iterator[tuple[ResourceKey, JsonValue]]:
    if (
        not isinstance(value, dict)
        or len(key.leaf) - len(resource.key.leaf) >= MAX_DEPTH
    ):
        return
    value_type = value_type_of(value)
    if value_type in _WHOLE_TYPES.get(resource.kind, ()):
        return
    for name, part in value.items():
        if value_type is ValueType.POSITION and name.lower() in (
            *LATITUDE_NAMES,
            *LONGITUDE_NAMES,
        ):
            continue
        child = key.child(name)
        if isinstance(part, dict):
            if value_type_of(part) in (ValueType.POSITION, ValueType.COLOR):
                yield child, part
            yield from _walk(resource, child, part)
        else:
            yield child, part


def _leaf(resource: Resource, key: ResourceKey, value: JsonValue) -> Resource:
    path = key.leaf[len(resource.key.leaf) :]
    return replace(
        resource,
        key=key,
        name="/".join((resource.name, *path)),
        value_type=value_type_of(value),
        example=None if isinstance(value, dict | list) else value,
        unit=None,
        meaning=None,
        minimum=None,
        maximum=None,
        step=None,
        options=(),
        translation_key=None,
    )
