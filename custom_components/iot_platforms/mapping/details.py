"""What each kind of entity has besides: classes, units, limits, the shape of its values."""

from dataclasses import dataclass, replace

from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.const import Platform

from ..model.device import Resource, ResourceKind
from ..model.value import JsonValue, ValueType, coerced
from .choice import COMPOUND
from .device_classes import is_device_class, numeric_class
from .findings import boolean_class
from .limits import limits
from .measure import Measure, measure
from .overrides import NO_DEVICE_CLASS, Override
from .rules import Confidence
from .spec import EntitySpec
from .tables.ranges import BRIGHTNESS
from .traits import is_restart, says_brightness, says_color
from .units import normalise_unit

type Filled = tuple[EntitySpec, tuple[str, ...]]
"""An entity, and notes that say why it is like this."""


@dataclass(frozen=True, slots=True)
class Case:
    """A resource, the shape of its values, a value, and what a person wants of it."""

    resource: Resource
    value_type: ValueType | None
    value: JsonValue
    override: Override

    @property
    def number(self) -> int | float | None:
        """Return the value as a number, None where it is none."""
        number = coerced(self.value, ValueType.NUMBER)
        return number if isinstance(number, int | float) else None

    @property
    def wants_number(self) -> bool:
        """Return whether a person gave it what only numbers have."""
        return bool(
            self.override.unit or numeric_class(self.override.device_class)
        ) or (
            self.value_type is ValueType.TIMESTAMP
            and self.override.device_class == NO_DEVICE_CLASS
        )


def fill(case: Case, spec: EntitySpec) -> Filled:
    """Return the entity with all that its kind has."""
    match spec.platform:
        case Platform.SENSOR:
            return _sensor(case, spec)
        case Platform.BINARY_SENSOR:
            return _binary_sensor(case, spec)
        case Platform.SWITCH:
            return _switch(case, spec)
        case Platform.NUMBER:
            return _number(case, spec)
        case Platform.LIGHT:
            return _light(case, spec)
        case Platform.BUTTON:
            return _button(case, spec)
        case Platform.SELECT:
            return replace(spec, value_type=ValueType.TEXT, options=_options(case)), ()
        case Platform.TEXT:
            return replace(spec, value_type=ValueType.TEXT), ()
        case _:
            return spec, ()


def _sensor(case: Case, spec: EntitySpec) -> Filled:
    if case.value_type in COMPOUND:
        return replace(spec, value_type=ValueType.TEXT), ("shown as text",)
    if _is_time(case):
        return replace(
            spec,
            value_type=ValueType.TIMESTAMP,
            device_class=SensorDeviceClass.TIMESTAMP,
        ), ()
    measured = measure(case.resource, case.number, case.override)
    if _is_number(case, measured):
        return _measuring(spec, measured)
    if case.value_type is None:
        return spec, ("no value so far, and no name that leaves no doubt",)
    return _text_sensor(case, spec)


def _is_time(case: Case) -> bool:
    if case.wants_number:
        return False
    return case.value_type is ValueType.TIMESTAMP or (
        case.override.device_class == SensorDeviceClass.TIMESTAMP
        and case.value_type in {None, ValueType.NUMBER}
    )


def _is_number(case: Case, measured: Measure) -> bool:
    if case.wants_number or case.value_type in {
        ValueType.NUMBER,
        ValueType.TIMESTAMP,
    }:
        return True
    has_unit = normalise_unit(case.resource.unit) is not None
    if case.value_type is None:
        return has_unit or measured.confidence is Confidence.HIGH
    # Some platforms send numbers as text; what has a unit is one.
    return has_unit and case.number is not None


def _measuring(spec: EntitySpec, measured: Measure) -> Filled:
    return replace(
        spec,
        value_type=ValueType.NUMBER,
        device_class=measured.device_class,
        unit=measured.unit,
        state_class=measured.state_class,
        precision=measured.precision,
    ), measured.notes


def _text_sensor(case: Case, spec: EntitySpec) -> Filled:
    spec = replace(spec, value_type=ValueType.TEXT)
    options = _options(case)
    if (
        not options
        or case.override.device_class == NO_DEVICE_CLASS
        or (case.value is not None and case.value not in options)
    ):
        return spec, ()
    return replace(spec, device_class=SensorDeviceClass.ENUM, options=options), (
        "the platform lists its values",
    )


def _binary_sensor(case: Case, spec: EntitySpec) -> Filled:
    guessed = boolean_class(case.resource)
    device_class, notes = _chosen(case, Platform.BINARY_SENSOR, guessed)
    return replace(
        spec,
        value_type=ValueType.BOOLEAN,
        device_class=device_class,
        inverted=case.override.inverted,
    ), notes


def _switch(case: Case, spec: EntitySpec) -> Filled:
    device_class, notes = _chosen(case, Platform.SWITCH, None)
    return replace(
        spec,
        value_type=_switched(case),
        device_class=device_class,
        inverted=case.override.inverted,
    ), notes


def _number(case: Case, spec: EntitySpec) -> Filled:
    measured = measure(case.resource, case.number, case.override)
    found = limits(case.resource, case.override, measured.unit)
    return replace(
        spec,
        value_type=ValueType.NUMBER,
        device_class=measured.device_class,
        unit=measured.unit,
        minimum=found.minimum,
        maximum=found.maximum,
        step=found.step,
    ), measured.notes


def _light(case: Case, spec: EntitySpec) -> Filled:
    value_type = case.value_type
    if value_type is ValueType.BOOLEAN and not case.resource.read_safe:
        # Perhaps just what our own switch wrote: that tells nothing of what the input takes.
        value_type = None
    if value_type is ValueType.COLOR or (
        value_type in {None, ValueType.OBJECT} and says_color(case.resource)
    ):
        return replace(spec, value_type=ValueType.COLOR), ("has a colour",)
    if value_type is ValueType.NUMBER or (
        value_type is None and says_brightness(case.resource)
    ):
        found = limits(case.resource, case.override, None, usual=BRIGHTNESS)
        return replace(
            spec,
            value_type=ValueType.NUMBER,
            minimum=found.minimum,
            maximum=found.maximum,
            step=found.step,
        ), ("its number is brightness",)
    return replace(
        spec, value_type=ValueType.BOOLEAN, inverted=case.override.inverted
    ), ("on and off only",)


def _button(case: Case, spec: EntitySpec) -> Filled:
    if case.resource.kind is not ResourceKind.CALLBACK:
        device_class, notes = _chosen(case, Platform.BUTTON, None)
        return replace(
            spec,
            value_type=_switched(case),
            device_class=device_class,
            inverted=case.override.inverted,
        ), notes
    guessed = ButtonDeviceClass.RESTART if is_restart(case.resource) else None
    device_class, notes = _chosen(case, Platform.BUTTON, guessed)
    return replace(spec, value_type=None, device_class=device_class), notes


def _chosen(
    case: Case, platform: Platform, guessed: str | None
) -> tuple[str | None, tuple[str, ...]]:
    """Return a person's device class, else the guessed one."""
    match case.override.device_class:
        case None:
            return guessed, (f"name says {guessed}",) if guessed else ()
        case chosen if chosen == NO_DEVICE_CLASS:
            return None, ("no device class, set by hand",)
        case chosen if is_device_class(platform, chosen):
            return chosen, (f"device class {chosen} set by hand",)
        case chosen:
            return guessed, (f"device class {chosen} is impossible for it",)


def _switched(case: Case) -> ValueType:
    """Return the shape of what is written to switch something: 1 and 0 to what has numbers."""
    is_number = case.value_type is ValueType.NUMBER
    return ValueType.NUMBER if is_number else ValueType.BOOLEAN


def _options(case: Case) -> tuple[str, ...]:
    return case.override.options or tuple(dict.fromkeys(case.resource.options))
