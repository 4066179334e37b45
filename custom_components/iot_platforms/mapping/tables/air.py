"""What names say about the air."""

from typing import Final

from homeassistant.components.sensor.const import SensorDeviceClass
from homeassistant.const import UnitOfDensity, UnitOfRatio, UnitOfSoundPressure

from ..rules import Confidence, Rule

AIR: Final = (
    Rule(
        names=("co2", "eco2", "carbon dioxide"),
        device_class=SensorDeviceClass.CO2,
        unit=UnitOfRatio.PARTS_PER_MILLION,
        priority=60,
        precision=0,
        plausible=(0, 100_000),
    ),
    Rule(
        names=("co", "carbon monoxide"),
        device_class=SensorDeviceClass.CO,
        confidence=Confidence.LOW,
        priority=30,
    ),
    Rule(
        names=("tvoc",),
        device_class=SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS_PARTS,
        also=(SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS,),
        unit=UnitOfRatio.PARTS_PER_BILLION,
        confidence=Confidence.MEDIUM,
        precision=0,
    ),
    Rule(
        # An index, with many sensors.
        names=("voc", "vocs"),
        device_class=SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS_PARTS,
        also=(SensorDeviceClass.VOLATILE_ORGANIC_COMPOUNDS,),
        confidence=Confidence.LOW,
    ),
    *(
        Rule(
            names=(name,),
            device_class=device_class,
            unit=UnitOfDensity.MICROGRAMS_PER_CUBIC_METER,
            priority=60,
            precision=1,
        )
        for name, device_class in {
            "pm1": SensorDeviceClass.PM1,
            "pm25": SensorDeviceClass.PM25,
            "pm4": SensorDeviceClass.PM4,
            "pm10": SensorDeviceClass.PM10,
        }.items()
    ),
    *(
        Rule(names=names, device_class=device_class, confidence=Confidence.LOW)
        for names, device_class in {
            ("no2", "nitrogen dioxide"): SensorDeviceClass.NITROGEN_DIOXIDE,
            ("n2o", "nitrous oxide"): SensorDeviceClass.NITROUS_OXIDE,
            ("so2", "sulphur dioxide"): SensorDeviceClass.SULPHUR_DIOXIDE,
            ("o3", "ozone"): SensorDeviceClass.OZONE,
            ("radon",): SensorDeviceClass.RADON,
        }.items()
    ),
    Rule(
        names=("aqi", "air quality index"),
        device_class=SensorDeviceClass.AQI,
        priority=60,
        precision=0,
    ),
    Rule(
        # A phase, perhaps: only what can be acidity is.
        names=("ph",),
        device_class=SensorDeviceClass.PH,
        confidence=Confidence.MEDIUM,
        precision=2,
        plausible=(0, 14),
    ),
    Rule(
        names=("noise", "spl", "noise level", "sound level", "sound pressure"),
        device_class=SensorDeviceClass.SOUND_PRESSURE,
        unit=UnitOfSoundPressure.DECIBEL,
        confidence=Confidence.MEDIUM,
        precision=1,
        plausible=(0, 150),
    ),
)
