"""What Home Assistant allows: units and state classes of device classes."""

from typing import Final

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.button.const import ButtonDeviceClass
from homeassistant.components.number.const import NumberDeviceClass
from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    NON_NUMERIC_DEVICE_CLASSES,
    STATE_CLASS_UNITS,
    SensorDeviceClass,
    SensorStateClass,
)
from homeassistant.components.switch.const import SwitchDeviceClass
from homeassistant.const import Platform

# Where a unit leaves no doubt about what is measured. The first of two that share a unit wins.
_CLASSES_OF_UNITS: Final = (
    SensorDeviceClass.TEMPERATURE,
    SensorDeviceClass.PRESSURE,
    SensorDeviceClass.VOLTAGE,
    SensorDeviceClass.CURRENT,
    SensorDeviceClass.POWER,
    SensorDeviceClass.ENERGY,
    SensorDeviceClass.APPARENT_POWER,
    SensorDeviceClass.REACTIVE_POWER,
    SensorDeviceClass.REACTIVE_ENERGY,
    SensorDeviceClass.FREQUENCY,
    SensorDeviceClass.ILLUMINANCE,
    SensorDeviceClass.IRRADIANCE,
    SensorDeviceClass.CONDUCTIVITY,
    SensorDeviceClass.VOLUME_FLOW_RATE,
    SensorDeviceClass.PRECIPITATION_INTENSITY,
    SensorDeviceClass.SPEED,
    SensorDeviceClass.DISTANCE,
    SensorDeviceClass.DURATION,
    SensorDeviceClass.WEIGHT,
    SensorDeviceClass.DATA_RATE,
    SensorDeviceClass.DATA_SIZE,
)
CLASS_BY_UNIT: Final[dict[str, SensorDeviceClass]] = {
    "dBm": SensorDeviceClass.SIGNAL_STRENGTH
} | {
    str(unit): device_class
    for device_class in reversed(_CLASSES_OF_UNITS)
    for unit in DEVICE_CLASS_UNITS[device_class]
}

_CLASSES_BY_PLATFORM: Final[dict[Platform, frozenset[str]]] = {
    Platform.SENSOR: frozenset(SensorDeviceClass),
    Platform.BINARY_SENSOR: frozenset(BinarySensorDeviceClass),
    Platform.NUMBER: frozenset(NumberDeviceClass),
    Platform.SWITCH: frozenset(SwitchDeviceClass),
    Platform.BUTTON: frozenset(ButtonDeviceClass),
}


def is_device_class(platform: Platform, device_class: str) -> bool:
    """Return whether an entity platform has a device class."""
    return device_class in _CLASSES_BY_PLATFORM.get(platform, ())


def numeric_class(device_class: str | None) -> SensorDeviceClass | None:
    """Return the device class of numbers that a text names, None where it names none."""
    if not device_class or not is_device_class(Platform.NUMBER, device_class):
        return None
    return SensorDeviceClass(device_class)


def is_numeric(device_class: str) -> bool:
    """Return whether sensors of a device class have numbers as states."""
    return device_class not in NON_NUMERIC_DEVICE_CLASSES


def fits_unit(device_class: SensorDeviceClass | None, unit: str | None) -> bool:
    """Return whether numbers of a device class may have a unit; None as unit means none."""
    if device_class is None:
        return True
    if not is_numeric(device_class):
        return unit is None
    if (units := DEVICE_CLASS_UNITS.get(device_class)) is None:
        # Money: any currency, but one of them.
        return unit is not None
    return unit in units


def only_unit(device_class: SensorDeviceClass) -> str | None:
    """Return the unit of a device class that has no other, None where there is a choice."""
    units = DEVICE_CLASS_UNITS.get(device_class, set())
    if len(units) != 1 or (unit := next(iter(units))) is None:
        return None
    return str(unit)


def fits_state_class(
    device_class: SensorDeviceClass | None,
    state_class: SensorStateClass | None,
    unit: str | None,
) -> bool:
    """Return whether a device class and a unit may have a state class."""
    if state_class is None:
        return True
    if (units := STATE_CLASS_UNITS.get(state_class)) is not None and unit not in units:
        return False
    return (
        device_class is None or state_class in DEVICE_CLASS_STATE_CLASSES[device_class]
    )
