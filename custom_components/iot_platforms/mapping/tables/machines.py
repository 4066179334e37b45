"""What names say about radios and processors."""

from typing import Final

from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.const import (
    REVOLUTIONS_PER_MINUTE,
    SIGNAL_STRENGTH_DECIBELS,
    SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
    UnitOfTime,
)

from ..rules import Confidence, Rule
from .common import pairs

MACHINES: Final = (
    Rule(
        names=("rssi",),
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        unit=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        priority=60,
        precision=0,
        # Modems count from 0 to 31.
        plausible=(-160, 0),
    ),
    Rule(
        names=("rsrp", "signal strength", "wifi signal"),
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        unit=SIGNAL_STRENGTH_DECIBELS_MILLIWATT,
        confidence=Confidence.MEDIUM,
        priority=60,
        precision=0,
        # A positive one is a percentage or a modem's own scale.
        plausible=(-160, -1),
    ),
    Rule(
        names=("snr", "lsnr", "sinr", "rsrq"),
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        unit=SIGNAL_STRENGTH_DECIBELS,
        priority=60,
        precision=1,
        plausible=(-60, 60),
    ),
    Rule(
        names=("millis",),
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.MILLISECONDS,
        state_class=None,
    ),
    Rule(
        names=("micros",),
        device_class=SensorDeviceClass.DURATION,
        unit=UnitOfTime.MICROSECONDS,
        state_class=None,
    ),
    Rule(
        names=("uptime", "up time"),
        device_class=SensorDeviceClass.DURATION,
        state_class=None,
        confidence=Confidence.LOW,
    ),
    Rule(
        names=(
            *("duration", "latency", "ping", "runtime", "elapsed"),
            *pairs(("response", "run", "cycle", "loop"), ("time",)),
        ),
        device_class=SensorDeviceClass.DURATION,
        confidence=Confidence.LOW,
    ),
    Rule(
        names=("heap", "memory", "ram", "psram", "flash", "free storage"),
        device_class=SensorDeviceClass.DATA_SIZE,
        confidence=Confidence.LOW,
    ),
    Rule(
        names=("data rate", "datarate", "bandwidth", "throughput"),
        device_class=SensorDeviceClass.DATA_RATE,
        confidence=Confidence.LOW,
    ),
    Rule(
        names=("rpm",),
        unit=REVOLUTIONS_PER_MINUTE,
        confidence=Confidence.MEDIUM,
        precision=0,
    ),
)
