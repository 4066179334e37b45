"""What names say about places, distances and matter."""

from typing import Final

from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.const import DEGREE, UnitOfLength, UnitOfRatio

from ..rules import Confidence, Rule
from .common import PERCENT

MATTER: Final = (
    Rule(
        names=("latitude", "lat", "longitude", "lon", "lng"),
        unit=DEGREE,
        state_class=None,
        priority=60,
        precision=6,
        plausible=(-180, 180),
    ),
    Rule(
        names=("heading", "bearing", "azimuth"),
        unit=DEGREE,
        state_class=SensorStateClass.MEASUREMENT_ANGLE,
        confidence=Confidence.MEDIUM,
        precision=0,
        plausible=(0, 360),
    ),
    Rule(
        names=("altitude", "elevation"),
        device_class=SensorDeviceClass.DISTANCE,
        unit=UnitOfLength.METERS,
        confidence=Confidence.MEDIUM,
        precision=0,
        plausible=(-500, 12_000),
    ),
    Rule(
        names=("distance", "distancia", "depth", "height", "length"),
        device_class=SensorDeviceClass.DISTANCE,
        also=(SensorDeviceClass.VOLUME_STORAGE,),
        confidence=Confidence.LOW,
        priority=30,
    ),
    Rule(
        names=("level",),
        device_class=SensorDeviceClass.DISTANCE,
        also=(SensorDeviceClass.VOLUME_STORAGE,),
        confidence=Confidence.LOW,
        priority=20,
    ),
    Rule(
        names=("speed", "velocity", "velocidad"),
        device_class=SensorDeviceClass.SPEED,
        confidence=Confidence.LOW,
        priority=30,
    ),
    Rule(
        names=("flow", "flowrate", "flow rate", "flow meter", "caudal"),
        device_class=SensorDeviceClass.VOLUME_FLOW_RATE,
        also=(SensorDeviceClass.VOLUME,),
        confidence=Confidence.LOW,
        priority=40,
    ),
    *(
        Rule(
            names=(substance, f"{substance}meter"),
            device_class=device_class,
            also=(SensorDeviceClass.VOLUME_FLOW_RATE,),
            state_class=None,
            confidence=Confidence.LOW,
            priority=20,
        )
        for substance, device_class in (
            ("water", SensorDeviceClass.WATER),
            ("gas", SensorDeviceClass.GAS),
        )
    ),
    Rule(
        names=("tank", "fuel"),
        device_class=SensorDeviceClass.VOLUME_STORAGE,
        confidence=Confidence.LOW,
        priority=15,
    ),
    Rule(
        names=("volume",),
        device_class=SensorDeviceClass.VOLUME,
        also=(SensorDeviceClass.VOLUME_STORAGE,),
        state_class=None,
        confidence=Confidence.LOW,
        priority=30,
    ),
    Rule(
        names=("weight", "mass", "peso"),
        device_class=SensorDeviceClass.WEIGHT,
        confidence=Confidence.LOW,
    ),
    Rule(
        names=("conductivity", "ec"),
        device_class=SensorDeviceClass.CONDUCTIVITY,
        confidence=Confidence.LOW,
    ),
    Rule(
        names=("percent", "percentage"),
        unit=UnitOfRatio.PERCENTAGE,
        confidence=Confidence.MEDIUM,
        priority=10,
        plausible=PERCENT,
    ),
)
