"""An object's parts, as resources and values of their own."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Final

from .device import Resource, ResourceKey, ResourceKind
from .value import (
    LATITUDE_NAMES,
    LONGITUDE_NAMES,
    JsonValue,
    ValueType,
    example_of,
    value_type_of,
)

MAX_DEPTH: Final = 5
MAX_LEAVES: Final = 100
"""Of one object: what is larger is a document, not a set of values."""

_POSITION_NAMES: Final = (*LATITUDE_NAMES, *LONGITUDE_NAMES)
_ONE_THING: Final = (ValueType.POSITION, ValueType.COLOR)
"""Objects that are shown as one thing."""
_WHOLE: Final = (ValueType.FIRMWARE,)
"""Objects that have no parts."""


def parts(
    resource: Resource, value: JsonValue, known: Mapping[ResourceKey, Resource]
) -> Iterator[tuple[ResourceKey, JsonValue]]:
    """Yield the parts of an object value; nothing where the value is no object.

    What is ``known`` decides whether an object is one thing or several: a tracker that loses its fix
    must not fall apart into numbers, nor numbers stop because they become a position.
    """
    return islice(_walk(resource, resource.key, value, known), MAX_LEAVES)


def leaf_of(resource: Resource, key: ResourceKey, value: JsonValue) -> Resource:
    """Return the resource that a part becomes; the hints for the whole say nothing about it."""
    return replace(
        resource,
        key=key,
        name="/".join((resource.name, *key.leaf[len(resource.key.leaf) :])),
        value_type=value_type_of(value),
        example=example_of(value),
        unit=None,
        meaning=None,
        minimum=None,
        maximum=None,
        step=None,
        options=(),
        translation_key=None,
    )


def leaf_after(leaf: Resource, before: Resource, after: Resource) -> Resource:
    """Return a part after its whole was described anew; a part that is listed itself stays."""
    old, new = (
        replace(
            leaf_of(whole, leaf.key, None),
            value_type=leaf.value_type,
            example=leaf.example,
        )
        for whole in (before, after)
    )
    return new if leaf == old else leaf


def merged(whole: JsonValue, path: tuple[str, ...], value: JsonValue) -> JsonValue:
    """Return the object with the part at the path replaced; the object given stays as it is."""
    on_the_way: list[dict[str, JsonValue]] = []
    for name in path:
        on_the_way.append(dict(whole) if isinstance(whole, dict) else {})
        whole = on_the_way[-1].get(name)
    for holder, name in zip(reversed(on_the_way), reversed(path), strict=True):
        holder[name] = value
        value = holder
    return value


def _walk(
    resource: Resource,
    key: ResourceKey,
    value: JsonValue,
    known: Mapping[ResourceKey, Resource],
) -> Iterator[tuple[ResourceKey, JsonValue]]:
    if not isinstance(value, dict) or resource.value_type in _WHOLE:
        return
    depth = len(key.leaf) - len(resource.key.leaf)
    shape = _shape(key, value, known)
    if depth and shape in _ONE_THING:
        yield key, value
    is_whole = shape is ValueType.COLOR and resource.kind is ResourceKind.INPUT
    if is_whole or depth >= MAX_DEPTH:
        return
    for name, part in value.items():
        if shape is ValueType.POSITION and name.lower() in _POSITION_NAMES:
            continue
        child = key.child(name)
        if isinstance(part, dict):
            yield from _walk(resource, child, part, known)
        else:
            yield child, part


def _shape(
    key: ResourceKey,
    value: dict[str, JsonValue],
    known: Mapping[ResourceKey, Resource],
) -> ValueType | None:
    earlier = known.get(key)
    if earlier is not None and earlier.value_type in (*_ONE_THING, ValueType.OBJECT):
        return earlier.value_type
    shape = value_type_of(value)
    if shape in _ONE_THING and any(key.child(name) in known for name in value):
        return ValueType.OBJECT
    return shape
