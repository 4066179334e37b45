"""The decision which entity a resource becomes: rules, units, names, a person's changes."""

from .controls import control_from_dict, control_to_dict, parse_controls
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
    "control_from_dict",
    "control_to_dict",
    "explain",
    "humanise",
    "map_resource",
    "normalise_unit",
    "override_from_dict",
    "override_to_dict",
    "parse_choices",
    "parse_controls",
    "parse_overrides",
    "tokens",
]
