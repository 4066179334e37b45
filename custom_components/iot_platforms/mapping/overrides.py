"""What a person changed about what resources become, as an entry's options hold it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from ..model.choices import Choices
from ..model.device import ResourceKey
from .controls import parse_controls
from .readers import (
    read_key,
    read_labels,
    read_number,
    read_step,
    read_text,
    read_texts,
)

CONF_RESOURCES: Final = "resources"
CONF_EXCLUDED_DEVICES: Final = "excluded_devices"
CONF_SAFE_DEVICES: Final = "safe_devices"
CONF_SAFE_RESOURCES: Final = "safe_resources"
CONF_VALUE_INTERVAL: Final = "value_interval"
CONF_HIDES_INACTIVE: Final = "hides_inactive"
CONF_READS_DASHBOARDS: Final = "reads_dashboards"

NO_DEVICE_CLASS: Final = "none"
"""Stands for "no device class", where leaving it out means "guess one"."""

DEFAULT_VALUE_INTERVAL: Final = 30.0
MINIMUM_VALUE_INTERVAL: Final = 5.0


class EntityType(StrEnum):
    """What a person can make of a resource."""

    SENSOR = "sensor"
    BINARY_SENSOR = "binary_sensor"
    SWITCH = "switch"
    NUMBER = "number"
    TEXT = "text"
    SELECT = "select"
    LIGHT = "light"
    BUTTON = "button"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """The changes to one resource; None means automatic.

    An empty ``unit`` stands for "no unit", ``NO_DEVICE_CLASS`` for "no device class".
    """

    entity: EntityType | None = None
    unit: str | None = None
    device_class: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    inverted: bool = False
    options: tuple[str, ...] = ()
    name: str | None = None


def parse_overrides(options: Mapping[str, Any]) -> Mapping[ResourceKey, Override]:
    """Return the overrides of an entry's options; whatever is unusable is left out."""
    rows = options.get(CONF_RESOURCES)
    if not isinstance(rows, Mapping):
        return {}
    return {
        key: override
        for text, row in rows.items()
        if (key := read_key(text)) is not None
        and (override := override_from_dict(row)) != Override()
    }


def override_from_dict(row: object) -> Override:
    """Return the override that a row of the options stands for, without its unusable parts."""
    if not isinstance(row, Mapping):
        return Override()
    return Override(
        entity=_entity(row.get("entity")),
        unit=read_text(row.get("unit")),
        device_class=read_text(row.get("device_class")) or None,
        minimum=read_number(row.get("minimum")),
        maximum=read_number(row.get("maximum")),
        step=read_step(row.get("step")),
        inverted=row.get("inverted") is True,
        options=read_labels(row.get("options")),
        name=read_text(row.get("name")) or None,
    )


def override_to_dict(override: Override) -> dict[str, Any]:
    """Return the row of the options for an override: only what is set."""
    row: dict[str, Any] = {
        "entity": override.entity and override.entity.value,
        "unit": override.unit,
        "device_class": override.device_class,
        "minimum": override.minimum,
        "maximum": override.maximum,
        "step": override.step,
        "inverted": override.inverted or None,
        "options": list(override.options) or None,
        "name": override.name,
    }
    return {field: value for field, value in row.items() if value is not None}


def parse_choices(options: Mapping[str, Any]) -> Choices:
    """Return what adapters have to obey; whatever is unusable is left out."""
    interval = read_number(options.get(CONF_VALUE_INTERVAL))
    return Choices(
        excluded_devices=frozenset(read_texts(options.get(CONF_EXCLUDED_DEVICES))),
        safe_devices=frozenset(read_texts(options.get(CONF_SAFE_DEVICES))),
        safe_resources=frozenset(
            key.root
            for text in read_texts(options.get(CONF_SAFE_RESOURCES))
            if (key := read_key(text)) is not None
        ),
        value_interval=(
            DEFAULT_VALUE_INTERVAL
            if interval is None
            # Options can be edited by hand; a server must not be flooded for it.
            else max(interval, MINIMUM_VALUE_INTERVAL)
        ),
        controls=parse_controls(options),
        hides_inactive=options.get(CONF_HIDES_INACTIVE) is True,
        reads_dashboards=options.get(CONF_READS_DASHBOARDS) is True,
    )


def _entity(value: object) -> EntityType | None:
    try:
        return EntityType(str(value))
    except ValueError:
        return None
