"""Which kind of entity a resource becomes: by itself, or because a person says so."""

from dataclasses import dataclass
from typing import Final

from homeassistant.const import Platform

from ..model.device import Resource, ResourceKind
from ..model.value import ValueType
from .overrides import EntityType
from .traits import says_color

COMPOUND: Final = frozenset(
    {
        ValueType.POSITION,
        ValueType.COLOR,
        ValueType.FIRMWARE,
        ValueType.OBJECT,
        ValueType.LIST,
    }
)

_OUTPUTS: Final[dict[ValueType | None, Platform]] = {
    None: Platform.SENSOR,
    ValueType.BOOLEAN: Platform.BINARY_SENSOR,
    ValueType.NUMBER: Platform.SENSOR,
    ValueType.TEXT: Platform.SENSOR,
    ValueType.TIMESTAMP: Platform.SENSOR,
    ValueType.LIST: Platform.SENSOR,
    ValueType.POSITION: Platform.DEVICE_TRACKER,
    ValueType.FIRMWARE: Platform.UPDATE,
}
_INPUTS: Final[dict[ValueType | None, Platform]] = {
    None: Platform.SWITCH,
    ValueType.BOOLEAN: Platform.SWITCH,
    ValueType.NUMBER: Platform.NUMBER,
    ValueType.TEXT: Platform.TEXT,
    ValueType.COLOR: Platform.LIGHT,
}
_PLATFORMS: Final[dict[EntityType, Platform]] = {
    EntityType.SENSOR: Platform.SENSOR,
    EntityType.BINARY_SENSOR: Platform.BINARY_SENSOR,
    EntityType.SWITCH: Platform.SWITCH,
    EntityType.NUMBER: Platform.NUMBER,
    EntityType.TEXT: Platform.TEXT,
    EntityType.SELECT: Platform.SELECT,
    EntityType.LIGHT: Platform.LIGHT,
    EntityType.BUTTON: Platform.BUTTON,
}
_POSSIBLE: Final[dict[ResourceKind, frozenset[EntityType]]] = {
    ResourceKind.OUTPUT: frozenset({EntityType.SENSOR, EntityType.BINARY_SENSOR}),
    ResourceKind.INPUT: frozenset(
        {
            EntityType.SWITCH,
            EntityType.NUMBER,
            EntityType.TEXT,
            EntityType.SELECT,
            EntityType.LIGHT,
            EntityType.BUTTON,
        }
    ),
    ResourceKind.INPUT_OUTPUT: frozenset(),
    ResourceKind.CALLBACK: frozenset({EntityType.BUTTON}),
}
_WRITABLE: Final = frozenset(
    {EntityType.SWITCH, EntityType.NUMBER, EntityType.TEXT, EntityType.SELECT}
)
_SINGLE: Final = _WRITABLE | {EntityType.BINARY_SENSOR, EntityType.BUTTON}
_LEAVES: Final = "nothing of its own; its parts are resources"


@dataclass(frozen=True, slots=True)
class Choice:
    """The kind of entity, None for none; whether a person chose it, and why it is this."""

    platform: Platform | None
    by_hand: bool
    notes: tuple[str, ...]


def possible(resource: Resource, value_type: ValueType | None) -> frozenset[EntityType]:
    """Return what a person can make of a resource, besides nothing."""
    found = _POSSIBLE[resource.kind]
    if resource.kind is ResourceKind.OUTPUT and resource.writable:
        found |= _WRITABLE
    # Objects and lists are never on or off, and one value must not take the place of a whole.
    return found - _SINGLE if value_type in COMPOUND else found


def choose(
    resource: Resource, value_type: ValueType | None, entity: EntityType | None
) -> Choice:
    """Return which kind of entity a resource becomes."""
    what = _description(resource.kind, value_type)
    if entity is EntityType.NONE:
        return Choice(None, True, (what, "no entity, set by hand"))
    if entity in possible(resource, value_type):
        return Choice(_PLATFORMS[entity], True, (what, f"{entity} set by hand"))
    platform, note = _automatic(resource, value_type)
    refused = f"{entity} set by hand is impossible for it" if entity else None
    return Choice(
        platform, False, tuple(text for text in (what, refused, note) if text)
    )


def _automatic(
    resource: Resource, value_type: ValueType | None
) -> tuple[Platform | None, str | None]:
    if resource.kind is ResourceKind.CALLBACK:
        return Platform.BUTTON, None
    if resource.kind is ResourceKind.INPUT_OUTPUT:
        return None, "takes a value and answers with one: use the action"
    if resource.kind is ResourceKind.INPUT:
        return _automatic_input(resource, value_type)
    platform = _OUTPUTS.get(value_type)
    return platform, None if platform else _LEAVES


def _automatic_input(
    resource: Resource, value_type: ValueType | None
) -> tuple[Platform | None, str | None]:
    if resource.options and value_type in {None, ValueType.TEXT}:
        return Platform.SELECT, "the platform lists what it takes"
    if value_type is None:
        note = "a switch until something else is chosen in the options"
        if says_color(resource):
            note += "; its name says colour: it can be made a light there"
        return Platform.SWITCH, note
    if value_type is ValueType.OBJECT:
        return None, _LEAVES
    platform = _INPUTS.get(value_type)
    return platform, None if platform else "nothing that sets such a value"


def _description(kind: ResourceKind, value_type: ValueType | None) -> str:
    if kind is ResourceKind.CALLBACK:
        return "callback"
    name = kind.value.replace("_", "/")
    return f"{value_type} {name}" if value_type else f"{name} of unknown type"
