"""The decision which entity a resource becomes: rules, units, names, a person's changes."""

from .mapper import explain, map_resource
from .names import humanise, tokens
from .overrides import (
    NO_DEVICE_CLASS,
    EntityType,
    Override,
    override_from_dict,
    override_to_dict,
    parse_choices,
    parse_overrides,
)
from .spec import EntitySpec
from .units import normalise_unit

__all__ = [
    "NO_DEVICE_CLASS",
    "EntitySpec",
    "EntityType",
    "Override",
    "explain",
    "humanise",
    "map_resource",
    "normalise_unit",
    "override_from_dict",
    "override_to_dict",
    "parse_choices",
    "parse_overrides",
    "tokens",
]
