"""Controls that a person adds: a call that a device understands, with a place for the value."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .device import Resource, ResourceKey, ResourceKind, device_key_text
from .value import JsonValue, ValueType, is_same

CONTROL_PREFIX: Final = "control/"
VALUE: Final = "$value"
"""Stands in the parameters for the value."""
DEFAULT_TIMEOUT: Final = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodCall:
    """A call of a device's method; ``timeout`` is what the device is given to answer (seconds)."""

    device_id: str
    method: str
    parameters: JsonValue = None
    one_way: bool = False
    timeout: float = DEFAULT_TIMEOUT


class ControlType(StrEnum):
    """What a control is in Home Assistant."""

    BUTTON = "button"
    SWITCH = "switch"
    NUMBER = "number"
    TEXT = "text"
    SELECT = "select"


_VALUE_TYPES: Final = {
    ControlType.SWITCH: ValueType.BOOLEAN,
    ControlType.NUMBER: ValueType.NUMBER,
    ControlType.TEXT: ValueType.TEXT,
    ControlType.SELECT: ValueType.TEXT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A call to a method of some devices.

    ``id`` never changes. ``parameters`` are sent with ``VALUE`` replaced; None sends the value alone.
    ``on`` and ``off`` are what a switch's states are to the device. ``state`` is the id of the
    resource that shows the state, with its leaf where it has one (as in ``ResourceKey.text`` without
    the device). ``timeout`` is in seconds.
    """

    id: str
    name: str
    type: ControlType
    devices: frozenset[str]
    method: str
    parameters: JsonValue = None
    on: JsonValue = True
    off: JsonValue = False
    one_way: bool = False
    state: str | None = None
    timeout: float = DEFAULT_TIMEOUT
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    unit: str | None = None
    options: tuple[str, ...] = ()

    @property
    def resource_id(self) -> str:
        """Return the id of the resource that this control is on each of its devices."""
        return f"{CONTROL_PREFIX}{self.id}"

    def call(self, device_id: str, value: JsonValue) -> MethodCall:
        """Return the call that gives a device a value."""
        return MethodCall(
            device_id=device_id,
            method=self.method,
            parameters=self.sent(value),
            one_way=self.one_way,
            timeout=self.timeout,
        )

    def sent(self, value: JsonValue) -> JsonValue:
        """Return the parameters for a value; a button has none."""
        if self.type is ControlType.SWITCH:
            value = self.on if value else self.off
        if self.parameters is None:
            return None if self.type is ControlType.BUTTON else value
        return _filled(self.parameters, value)

    def shown(self, state: JsonValue) -> JsonValue:
        """Return the value that a state of the device stands for."""
        if self.type is ControlType.SWITCH:
            for value, meaning in ((self.on, True), (self.off, False)):
                if is_same(state, value):
                    return meaning
        return state

    def state_key(self, device_id: str) -> ResourceKey | None:
        """Return the resource that shows the state on a device, None where nothing does."""
        if self.state is None:
            return None
        return ResourceKey.parse(f"{device_key_text(device_id)}/{self.state}")

    def resource(self, device_id: str) -> Resource:
        """Return what this control is on a device."""
        return Resource(
            key=ResourceKey(device_id, self.resource_id),
            name=self.name,
            kind=ResourceKind.CALLBACK
            if self.type is ControlType.BUTTON
            else ResourceKind.INPUT,
            source=CONTROL_PREFIX,
            value_type=_VALUE_TYPES.get(self.type),
            needs_device=False,
            unit=self.unit,
            minimum=self.minimum,
            maximum=self.maximum,
            step=self.step,
            options=self.options,
        )


def is_control(key: ResourceKey) -> bool:
    """Return whether a resource is a person's control."""
    return key.resource_id.startswith(CONTROL_PREFIX)


def control_resources(
    controls: Iterable[Control], device_id: str
) -> tuple[Resource, ...]:
    """Return the controls of a device as resources."""
    return tuple(c.resource(device_id) for c in controls if device_id in c.devices)


def _filled(template: JsonValue, value: JsonValue) -> JsonValue:
    match template:
        case str() if template == VALUE:
            return value
        case list():
            return [_filled(part, value) for part in template]
        case dict():
            return {name: _filled(part, value) for name, part in template.items()}
        case _:
            return template
