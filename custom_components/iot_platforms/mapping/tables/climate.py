"""What names say about climate and weather."""

from typing import Final

from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    DEGREE,
    LIGHT_LUX,
    UV_INDEX,
    UnitOfIrradiance,
    UnitOfPrecipitationDepth,
    UnitOfPressure,
    UnitOfRatio,
    UnitOfSpeed,
    UnitOfTemperature,
    UnitOfVolumetricFlux,
)

from ..rules import Confidence, Reading, Rule
from .common import PERCENT, pairs

_TEMPERATURE: Final = ("temperature", "temp", "temperatura", "temperatur")
_BAROMETER: Final = (
    Reading(
        low=800,
        high=1100,
        device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        unit=UnitOfPressure.HPA,
    ),
    Reading(
        low=80_000,
        high=110_000,
        device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        unit=UnitOfPressure.PA,
    ),
)

CLIMATE: Final = (
    Rule(
        names=(
            *_TEMPERATURE,
            *("celsius", "thermometer", "dewpoint", "dew point", "heat index"),
            *("feels like", "wind chill"),
            # Not amperes, but now.
            *pairs(_TEMPERATURE, ("current",)),
        ),
        device_class=SensorDeviceClass.TEMPERATURE,
        unit=UnitOfTemperature.CELSIUS,
        priority=60,
        precision=1,
        plausible=(-273.15, 2000),
    ),
    Rule(
        names=("fahrenheit",),
        device_class=SensorDeviceClass.TEMPERATURE,
        unit=UnitOfTemperature.FAHRENHEIT,
        priority=60,
        precision=1,
    ),
    Rule(
        # Converted as a temperature, a difference of 1 °C would become 33.8 °F.
        names=pairs(
            _TEMPERATURE,
            ("delta", "diff", "difference", "offset", "hysteresis", "deadband"),
        ),
        device_class=SensorDeviceClass.TEMPERATURE_DELTA,
        unit=UnitOfTemperature.CELSIUS,
        confidence=Confidence.MEDIUM,
        priority=60,
        precision=1,
    ),
    Rule(
        # Kelvin or mired.
        names=pairs(_TEMPERATURE[:2], ("color", "colour")),
        confidence=Confidence.LOW,
        priority=60,
    ),
    Rule(
        names=(
            "humidity",
            "humidity current",
            "hum",
            "rh",
            "humedad",
            "feuchte",
            "luftfeuchte",
        ),
        device_class=SensorDeviceClass.HUMIDITY,
        unit=UnitOfRatio.PERCENTAGE,
        priority=60,
        precision=1,
        plausible=PERCENT,
    ),
    Rule(
        names=("absolute humidity",),
        device_class=SensorDeviceClass.ABSOLUTE_HUMIDITY,
        confidence=Confidence.LOW,
        priority=60,
    ),
    Rule(
        names=("moisture", "soilmoisture", "soil humidity", "leaf wetness"),
        device_class=SensorDeviceClass.MOISTURE,
        unit=UnitOfRatio.PERCENTAGE,
        priority=60,
        precision=1,
        plausible=PERCENT,
    ),
    Rule(
        names=("pressure", "presion", "presión", "druck"),
        device_class=SensorDeviceClass.PRESSURE,
        also=(SensorDeviceClass.ATMOSPHERIC_PRESSURE,),
        confidence=Confidence.LOW,
        priority=60,
        readings=_BAROMETER,
    ),
    Rule(
        names=(
            *("barometer", "luftdruck", "air pressure", "atmospheric pressure"),
            "barometric pressure",
        ),
        device_class=SensorDeviceClass.ATMOSPHERIC_PRESSURE,
        confidence=Confidence.LOW,
        priority=60,
        readings=_BAROMETER,
    ),
)

WEATHER: Final = (
    Rule(
        names=("wind speed", "windspeed", "wind gust", "gust"),
        device_class=SensorDeviceClass.WIND_SPEED,
        unit=UnitOfSpeed.METERS_PER_SECOND,
        confidence=Confidence.MEDIUM,
        precision=1,
        plausible=(0, 120),
    ),
    Rule(
        names=("wind",),
        device_class=SensorDeviceClass.WIND_SPEED,
        confidence=Confidence.LOW,
        priority=20,
    ),
    Rule(
        names=("wind direction", "wind dir", "winddir", "wind bearing"),
        device_class=SensorDeviceClass.WIND_DIRECTION,
        unit=DEGREE,
        state_class=SensorStateClass.MEASUREMENT_ANGLE,
        precision=0,
        plausible=(0, 360),
    ),
    Rule(
        # Of the last hour, the day or for ever: a name does not say how to count.
        names=("rain", "rainfall", "precipitation", "lluvia"),
        device_class=SensorDeviceClass.PRECIPITATION,
        also=(SensorDeviceClass.PRECIPITATION_INTENSITY,),
        unit=UnitOfPrecipitationDepth.MILLIMETERS,
        state_class=None,
        confidence=Confidence.MEDIUM,
        precision=1,
        plausible=(0, 400),
    ),
    Rule(
        names=pairs(("rain", "rainfall", "precipitation"), ("rate", "intensity")),
        device_class=SensorDeviceClass.PRECIPITATION_INTENSITY,
        unit=UnitOfVolumetricFlux.MILLIMETERS_PER_HOUR,
        confidence=Confidence.MEDIUM,
        precision=1,
    ),
    Rule(
        names=("irradiance", "solar radiation", "solar irradiance"),
        device_class=SensorDeviceClass.IRRADIANCE,
        unit=UnitOfIrradiance.WATTS_PER_SQUARE_METER,
        confidence=Confidence.MEDIUM,
        precision=0,
    ),
    Rule(names=("uv index", "uvi"), unit=UV_INDEX, precision=1, plausible=(0, 20)),
    Rule(
        names=("lux", "lx", "illuminance", "ambient light", "light intensity"),
        device_class=SensorDeviceClass.ILLUMINANCE,
        unit=LIGHT_LUX,
        confidence=Confidence.MEDIUM,
        precision=0,
    ),
    Rule(
        names=("light", "light level"),
        device_class=SensorDeviceClass.ILLUMINANCE,
        confidence=Confidence.LOW,
        priority=20,
    ),
)
