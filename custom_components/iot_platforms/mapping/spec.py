"""What a resource became: all that an entity needs to know, before there is an entity."""

from dataclasses import dataclass

from homeassistant.components.sensor.const import SensorStateClass
from homeassistant.const import EntityCategory, Platform

from ..model.device import ResourceKey
from ..model.value import ValueType


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySpec:
    """One entity of one resource.

    ``name`` is None where ``translation_key`` names the entity. ``value_type`` is the shape that
    values are brought into before they are shown, and the shape in which they are written: a switch
    of numbers writes 1 and 0. ``reason`` says in plain English why the resource became this.
    """

    key: ResourceKey
    platform: Platform
    name: str | None
    translation_key: str | None = None
    device_class: str | None = None
    unit: str | None = None
    state_class: SensorStateClass | None = None
    precision: int | None = None
    category: EntityCategory | None = None
    enabled_default: bool = True
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    options: tuple[str, ...] = ()
    inverted: bool = False
    value_type: ValueType | None = None
    reason: str = ""
