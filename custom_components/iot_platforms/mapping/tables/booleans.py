"""What names say about what is on or off."""

from typing import Final

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass

from ..rules import BooleanRule
from .common import pairs

_BATTERY: Final = ("battery", "batt", "bat")

BOOLEANS: Final[tuple[BooleanRule, ...]] = (
    BooleanRule(names=("door", "puerta"), device_class=BinarySensorDeviceClass.DOOR),
    BooleanRule(
        names=("window", "ventana"), device_class=BinarySensorDeviceClass.WINDOW
    ),
    BooleanRule(
        names=("garage", "garage door"),
        device_class=BinarySensorDeviceClass.GARAGE_DOOR,
    ),
    BooleanRule(
        names=("open", "opened", "opening"),
        device_class=BinarySensorDeviceClass.OPENING,
        # A door that is open is a door first.
        priority=20,
    ),
    BooleanRule(
        names=("motion", "pir", "movement", "movimiento"),
        device_class=BinarySensorDeviceClass.MOTION,
    ),
    BooleanRule(
        names=("occupancy", "occupied", "presence", "presencia"),
        device_class=BinarySensorDeviceClass.OCCUPANCY,
    ),
    BooleanRule(
        names=(
            *("leak", "leakage", "flood", "flooding", "wet", "moisture", "rain"),
            *("raining", "fuga"),
        ),
        device_class=BinarySensorDeviceClass.MOISTURE,
    ),
    BooleanRule(names=("smoke", "humo"), device_class=BinarySensorDeviceClass.SMOKE),
    BooleanRule(
        names=("gas", "gas leak", "methane"), device_class=BinarySensorDeviceClass.GAS
    ),
    BooleanRule(
        names=("co", "carbon monoxide"), device_class=BinarySensorDeviceClass.CO
    ),
    BooleanRule(
        names=("vibration", "vibrating", "shock"),
        device_class=BinarySensorDeviceClass.VIBRATION,
    ),
    BooleanRule(names=("sound", "noise"), device_class=BinarySensorDeviceClass.SOUND),
    BooleanRule(
        names=("tamper", "tampered"), device_class=BinarySensorDeviceClass.TAMPER
    ),
    BooleanRule(
        names=("running", "pump", "motor", "compressor", "fan"),
        device_class=BinarySensorDeviceClass.RUNNING,
        priority=30,
    ),
    BooleanRule(names=("moving",), device_class=BinarySensorDeviceClass.MOVING),
    BooleanRule(
        names=("connected", "online", "connection", "connectivity", "reachable"),
        device_class=BinarySensorDeviceClass.CONNECTIVITY,
    ),
    BooleanRule(
        names=("charging", *pairs(_BATTERY, ("charging",))),
        device_class=BinarySensorDeviceClass.BATTERY_CHARGING,
    ),
    BooleanRule(
        names=("lowbat", *pairs(_BATTERY, ("low",))),
        device_class=BinarySensorDeviceClass.BATTERY,
    ),
    BooleanRule(names=("plug", "plugged"), device_class=BinarySensorDeviceClass.PLUG),
    BooleanRule(
        names=("problem", "fault", "faulty", "failure", "error"),
        device_class=BinarySensorDeviceClass.PROBLEM,
        # A door's error is no door.
        priority=60,
    ),
)
