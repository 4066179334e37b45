"""What a number measures: its device class, its unit, and what statistics may do with it."""

from dataclasses import dataclass
from typing import Final

from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass

from ..model.device import Resource
from .device_classes import (
    CLASS_BY_UNIT,
    fits_state_class,
    fits_unit,
    numeric_class,
    only_unit,
)
from .findings import Finding, find, name_tokens
from .overrides import NO_DEVICE_CLASS, Override
from .rules import Confidence
from .traits import BALANCE, METER, NOT_AVERAGED, own_tokens
from .units import normalise_unit

METER_CLASSES: Final = frozenset(
    {
        SensorDeviceClass.ENERGY,
        SensorDeviceClass.REACTIVE_ENERGY,
        SensorDeviceClass.GAS,
        SensorDeviceClass.WATER,
        SensorDeviceClass.VOLUME,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What is known about a number; ``notes`` say how, ``confidence`` how well."""

    device_class: SensorDeviceClass | None
    unit: str | None
    state_class: SensorStateClass | None
    precision: int | None
    confidence: Confidence
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Unit:
    """A unit, and whether somebody said it: a guess is nobody's."""

    text: str | None
    said: bool = False
    note: str | None = None


def measure(resource: Resource, value: float | None, override: Override) -> Measure:
    """Return what a number measures."""
    finding = find(resource, value)
    chosen = numeric_class(override.device_class)
    unit = _unit(resource, override, finding)
    if chosen and not unit.said and not fits_unit(chosen, unit.text):
        unit = _Unit(only_unit(chosen))
    device_class, note = _device_class(finding, unit, override)
    state_class = _state_class(
        resource, finding, device_class, by_hand=bool(chosen or override.unit)
    )
    if state_class is SensorStateClass.TOTAL_INCREASING and _may_fall(resource, value):
        state_class = SensorStateClass.TOTAL
    return Measure(
        device_class=device_class,
        unit=unit.text,
        state_class=(
            state_class
            if fits_state_class(device_class, state_class, unit.text)
            else None
        ),
        precision=_precision(finding, device_class, unit),
        confidence=finding.confidence,
        notes=(finding.note, *(text for text in (unit.note, note) if text)),
    )


def _unit(resource: Resource, override: Override, finding: Finding) -> _Unit:
    if override.unit is not None:
        unit = normalise_unit(override.unit)
        return _Unit(unit, said=True, note=f"{unit or 'no'} unit set by hand")
    if unit := normalise_unit(resource.unit):
        return _Unit(unit, said=True, note=f"unit {unit} given by the platform")
    if unit := finding.name_unit:
        return _Unit(unit, said=True, note=f"unit {unit} stands in the name")
    if finding.unit:
        return _Unit(finding.unit, note=f"unit {finding.unit} guessed")
    return _Unit(None)


def _device_class(
    finding: Finding, unit: _Unit, override: Override
) -> tuple[SensorDeviceClass | None, str | None]:
    """Return the device class, and a note where a person or a unit decided."""
    if override.device_class == NO_DEVICE_CLASS:
        return None, "no device class, set by hand"
    if chosen := numeric_class(override.device_class):
        if fits_unit(chosen, unit.text):
            return chosen, f"device class {chosen} set by hand"
        return None, f"device class {chosen} needs another unit"
    note = override.device_class and f"{override.device_class} is no class of numbers"
    if not unit.said:
        return finding.device_class, note
    if finding.rule is None:
        return _class_by_unit(unit), note
    for device_class in finding.rule.device_classes:
        if fits_unit(device_class, unit.text):
            return device_class, note
    if finding.rule.confidence is Confidence.LOW:
        return _class_by_unit(unit), note
    return None, note or "name and unit do not go together"


def _class_by_unit(unit: _Unit) -> SensorDeviceClass | None:
    return CLASS_BY_UNIT.get(unit.text) if unit.text else None


def _state_class(
    resource: Resource,
    finding: Finding,
    device_class: SensorDeviceClass | None,
    *,
    by_hand: bool,
) -> SensorStateClass | None:
    rule = finding.rule
    if device_class is None:
        if rule is None:
            averaged = NOT_AVERAGED.isdisjoint(own_tokens(resource))
            return SensorStateClass.MEASUREMENT if averaged else None
        # A meter without a unit is not a measurement, and cannot be counted either.
        return (
            None
            if rule.state_class is SensorStateClass.TOTAL_INCREASING
            else rule.state_class
        )
    if rule and rule.device_class is device_class and rule.state_class:
        return rule.state_class
    if device_class in METER_CLASSES:
        counts = by_hand or not METER.isdisjoint(name_tokens(resource))
        return SensorStateClass.TOTAL_INCREASING if counts else None
    if rule and rule.device_class is device_class:
        return None
    if device_class is SensorDeviceClass.WIND_DIRECTION:
        return SensorStateClass.MEASUREMENT_ANGLE
    return SensorStateClass.MEASUREMENT


def _may_fall(resource: Resource, value: float | None) -> bool:
    return (value is not None and value < 0) or not BALANCE.isdisjoint(
        name_tokens(resource)
    )


def _precision(
    finding: Finding, device_class: SensorDeviceClass | None, unit: _Unit
) -> int | None:
    rule = finding.rule
    if rule is None or finding.confidence is Confidence.LOW:
        return None
    fits = rule.device_class is device_class and rule.unit == unit.text
    return rule.precision if fits else None
