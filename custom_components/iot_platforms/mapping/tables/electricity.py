"""What names say about electricity."""

from typing import Final

from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
from homeassistant.const import (
    UnitOfApparentPower,
    UnitOfElectricCurrent,
    UnitOfElectricPotential,
    UnitOfEnergy,
    UnitOfFrequency,
    UnitOfPower,
    UnitOfRatio,
    UnitOfReactivePower,
)

from ..rules import Confidence, Reading, Rule
from .common import pairs

_BATTERY: Final = ("battery", "batt", "bat", "bateria", "akku")
ELECTRICITY: Final = (
    Rule(
        names=_BATTERY,
        device_class=SensorDeviceClass.BATTERY,
        also=(SensorDeviceClass.VOLTAGE,),
        confidence=Confidence.LOW,
        priority=40,
        readings=(
            Reading(
                low=0,
                high=100,
                device_class=SensorDeviceClass.BATTERY,
                unit=UnitOfRatio.PERCENTAGE,
                whole_below=20,
            ),
            Reading(
                low=1500,
                high=60_000,
                device_class=SensorDeviceClass.VOLTAGE,
                unit=UnitOfElectricPotential.MILLIVOLT,
            ),
        ),
    ),
    Rule(
        names=(
            *("soc", "batterylevel", "state of charge"),
            *pairs(_BATTERY, ("level", "percent", "percentage", "soc")),
        ),
        device_class=SensorDeviceClass.BATTERY,
        unit=UnitOfRatio.PERCENTAGE,
        confidence=Confidence.MEDIUM,
        priority=40,
        precision=0,
        plausible=(0, 100),
    ),
    Rule(
        names=(
            *("voltage", "volt", "volts", "voltaje", "spannung", "u1", "u2", "u3"),
            *("vcc", "vbat", "vbatt"),
        ),
        device_class=SensorDeviceClass.VOLTAGE,
        unit=UnitOfElectricPotential.VOLT,
        confidence=Confidence.MEDIUM,
        priority=55,
        precision=2,
        plausible=(-1000, 1000),
    ),
    Rule(
        names=("current", "corriente", "strom", "i1", "i2", "i3"),
        device_class=SensorDeviceClass.CURRENT,
        confidence=Confidence.LOW,
        priority=45,
    ),
    Rule(
        names=("amp", "amps", "ampere", "amperes"),
        device_class=SensorDeviceClass.CURRENT,
        unit=UnitOfElectricCurrent.AMPERE,
        confidence=Confidence.MEDIUM,
        priority=55,
        precision=2,
        plausible=(-1000, 1000),
    ),
    Rule(
        names=("power", "watt", "watts", "activepower", "potencia", "leistung"),
        device_class=SensorDeviceClass.POWER,
        also=(SensorDeviceClass.APPARENT_POWER, SensorDeviceClass.REACTIVE_POWER),
        unit=UnitOfPower.WATT,
        confidence=Confidence.MEDIUM,
        priority=55,
        precision=1,
    ),
    Rule(
        names=("power consumption",),
        device_class=SensorDeviceClass.POWER,
        also=(SensorDeviceClass.ENERGY,),
        confidence=Confidence.LOW,
        priority=55,
    ),
    Rule(
        names=("apparent power",),
        device_class=SensorDeviceClass.APPARENT_POWER,
        unit=UnitOfApparentPower.VOLT_AMPERE,
        confidence=Confidence.MEDIUM,
        priority=55,
        precision=1,
    ),
    Rule(
        names=("reactive power",),
        device_class=SensorDeviceClass.REACTIVE_POWER,
        unit=UnitOfReactivePower.VOLT_AMPERE_REACTIVE,
        confidence=Confidence.MEDIUM,
        priority=55,
        precision=1,
    ),
    Rule(
        names=("power factor", "powerfactor", "cos phi", "cosphi"),
        device_class=SensorDeviceClass.POWER_FACTOR,
        confidence=Confidence.MEDIUM,
        priority=55,
        precision=2,
        plausible=(-1, 1),
    ),
    Rule(
        names=pairs(("tx", "rx", "transmit", "signal"), ("power",)),
        device_class=SensorDeviceClass.SIGNAL_STRENGTH,
        confidence=Confidence.LOW,
        priority=55,
    ),
    Rule(
        names=("kwh",),
        device_class=SensorDeviceClass.ENERGY,
        unit=UnitOfEnergy.KILO_WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        priority=55,
        precision=2,
    ),
    Rule(
        names=("wh",),
        device_class=SensorDeviceClass.ENERGY,
        unit=UnitOfEnergy.WATT_HOUR,
        state_class=SensorStateClass.TOTAL_INCREASING,
        priority=55,
        precision=0,
    ),
    Rule(
        # Certainly a meter, but Wh or kWh?
        names=("energy", "energia", "energía", "energie"),
        device_class=SensorDeviceClass.ENERGY,
        also=(SensorDeviceClass.REACTIVE_ENERGY,),
        state_class=SensorStateClass.TOTAL_INCREASING,
        confidence=Confidence.LOW,
        priority=55,
    ),
    Rule(
        names=(
            *("battery capacity", "energy storage"),
            *pairs(("battery", "stored", "available", "remaining"), ("energy",)),
        ),
        device_class=SensorDeviceClass.ENERGY_STORAGE,
        confidence=Confidence.LOW,
        priority=55,
    ),
    Rule(
        names=("frequency", "freq", "frecuencia", "frequenz"),
        device_class=SensorDeviceClass.FREQUENCY,
        unit=UnitOfFrequency.HERTZ,
        confidence=Confidence.MEDIUM,
        precision=2,
        # Radios count in MHz.
        plausible=(0, 400),
    ),
)
