"""What numbers measure."""

from homeassistant.components.sensor.const import SensorStateClass
from homeassistant.const import Platform
import pytest

from custom_components.iot_platforms.mapping import Override
from custom_components.iot_platforms.mapping.measure import METER_CLASSES
from custom_components.iot_platforms.mapping.rules import Confidence, Reading, Rule
from custom_components.iot_platforms.mapping.tables import NUMBERS
from custom_components.iot_platforms.model.device import ResourceKind
from custom_components.iot_platforms.model.value import ValueType

from .helpers import entity, resource

_MEASUREMENT = SensorStateClass.MEASUREMENT
_ANGLE = SensorStateClass.MEASUREMENT_ANGLE
_TOTAL = SensorStateClass.TOTAL
_INCREASING = SensorStateClass.TOTAL_INCREASING

_NAMES = [pytest.param(rule, name, id=name) for rule in NUMBERS for name in rule.names]
_READINGS = [(rule, reading) for rule in NUMBERS for reading in rule.readings]


@pytest.mark.parametrize(("rule", "name"), _NAMES)
def test_each_name_finds_its_rule(rule: Rule, name: str) -> None:
    """Each name of each rule tells what the rule says, and no more than it may."""
    low, high = rule.plausible or (50, 51)
    # Between the readings, where the value says nothing.
    value = 200.5 if rule.readings else (low + high) / 2
    spec = entity(resource(name), value)
    if rule.confidence is Confidence.LOW:
        assert (spec.device_class, spec.unit) == (None, None)
    else:
        assert (spec.device_class, spec.unit) == (rule.device_class, rule.unit)
        assert spec.state_class is rule.state_class
        assert spec.precision == rule.precision


@pytest.mark.parametrize(("rule", "name"), _NAMES)
def test_each_name_without_a_value(rule: Rule, name: str) -> None:
    """Before there is a value, only what leaves no doubt counts."""
    spec = entity(resource(name))
    if rule.confidence is Confidence.HIGH:
        assert (spec.device_class, spec.unit) == (rule.device_class, rule.unit)
        assert spec.value_type is ValueType.NUMBER
    else:
        assert (spec.device_class, spec.unit, spec.state_class) == (None, None, None)
        assert spec.value_type is None


@pytest.mark.parametrize("rule", [rule for rule in NUMBERS if rule.plausible])
def test_absurd_values_speak_against_a_unit(rule: Rule) -> None:
    """A unit that makes a value absurd is the wrong one, but a failed reading says nothing."""
    assert rule.plausible
    spec = entity(resource(rule.names[0]), rule.plausible[1] + 1e7)
    assert (spec.device_class, spec.unit) == (None, None)
    spec = entity(resource(rule.names[0]), -9999)
    assert (spec.device_class, spec.unit) == (rule.device_class, rule.unit)


@pytest.mark.parametrize(("rule", "reading"), _READINGS)
def test_values_tell_units(rule: Rule, reading: Reading) -> None:
    """A value within a range that only one unit makes sense of tells that unit."""
    for value in (reading.low, reading.high):
        spec = entity(resource(rule.names[0]), value)
        assert (spec.device_class, spec.unit) == (reading.device_class, reading.unit)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("tempOut", 21.5, ("temperature", "°C", _MEASUREMENT)),
        ("Temperature_1", 21.5, ("temperature", "°C", _MEASUREMENT)),
        ("current_temperature", 21.5, ("temperature", "°C", _MEASUREMENT)),
        ("battery_temp", 30, ("temperature", "°C", _MEASUREMENT)),
        ("supply_temp", 30, ("temperature", "°C", _MEASUREMENT)),
        ("temp_water", 30, ("temperature", "°C", _MEASUREMENT)),
        ("temperatureAlarmThreshold", 25, ("temperature", "°C", _MEASUREMENT)),
        ("humidity_level", 40, ("humidity", "%", _MEASUREMENT)),
        # Two strong words: neither is sure.
        ("temp_battery", 50, (None, None, _MEASUREMENT)),
        # Something about what is measured.
        ("temperatureAlarm", 1, (None, None, None)),
        ("temp_status", 1, (None, None, None)),
        ("humidity_raw", 512, (None, None, _MEASUREMENT)),
        ("temp_rate", 0.1, (None, None, _MEASUREMENT)),
        # Units at the end of names.
        ("temp_f", 70, ("temperature", "°F", _MEASUREMENT)),
        ("tempF", 70, ("temperature", "°F", _MEASUREMENT)),
        ("power_kw", 1.2, ("power", "kW", _MEASUREMENT)),
        ("energy_wh", 5, ("energy", "Wh", _INCREASING)),
        ("total_kwh", 5, ("energy", "kWh", _INCREASING)),
        ("net_kwh", 5, ("energy", "kWh", _TOTAL)),
        ("kwh", -5, ("energy", "kWh", _TOTAL)),
        ("battery_mv", 3700, ("voltage", "mV", _MEASUREMENT)),
        ("current_ma", 3700, ("current", "mA", _MEASUREMENT)),
        ("pressure_bar", 2.5, ("pressure", "bar", _MEASUREMENT)),
        ("response_time_ms", 20, ("duration", "ms", _MEASUREMENT)),
        ("water_total_m3", 3, ("water", "m³", _INCREASING)),
        ("water_m3", 3, ("water", "m³", None)),
        ("ping_ms", 3, ("duration", "ms", _MEASUREMENT)),
        ("x_hpa", 3, ("pressure", "hPa", _MEASUREMENT)),
        ("power_percent", 3, (None, "%", _MEASUREMENT)),
        # No units at all.
        ("phase_a", 1, (None, None, _MEASUREMENT)),
        ("progress_bar", 1, (None, None, _MEASUREMENT)),
        ("temp_ma", 20, ("temperature", "°C", _MEASUREMENT)),
        ("stepC", 1, (None, None, _MEASUREMENT)),
        ("soil_10cm", 1, (None, None, _MEASUREMENT)),
        # No statistics of ids, clocks and counters.
        ("device_id", 1, (None, None, None)),
        ("pulse_count", 1, (None, None, None)),
        ("timestamp", 1e9, (None, None, None)),
        ("energy", 12.5, (None, None, None)),
        ("foo", 1, (None, None, _MEASUREMENT)),
        ("battery", 3.7, (None, None, _MEASUREMENT)),
    ],
)
def test_names(
    name: str, value: float, expected: tuple[str | None, str | None, str | None]
) -> None:
    """Names of the wild are understood, or left alone."""
    spec = entity(resource(name), value)
    assert (spec.device_class, spec.unit, spec.state_class) == expected


@pytest.mark.parametrize(
    ("name", "unit", "expected"),
    [
        ("x", "C", ("temperature", "°C", _MEASUREMENT)),
        ("x", "kWh", ("energy", "kWh", None)),
        ("import", "kWh", ("energy", "kWh", _INCREASING)),
        ("energy", "kWh", ("energy", "kWh", _INCREASING)),
        ("energy", "kvarh", ("reactive_energy", "kvarh", None)),
        ("power", "VA", ("apparent_power", "VA", _MEASUREMENT)),
        ("battery", "V", ("voltage", "V", _MEASUREMENT)),
        ("current", "A", ("current", "A", _MEASUREMENT)),
        ("current", "°C", ("temperature", "°C", _MEASUREMENT)),
        ("rain", "mm/h", ("precipitation_intensity", "mm/h", _MEASUREMENT)),
        ("humidity", "°C", (None, "°C", _MEASUREMENT)),
        ("temp_status", "°C", ("temperature", "°C", _MEASUREMENT)),
        ("humidity", "%RH", ("humidity", "%", _MEASUREMENT)),
        ("x", "%", (None, "%", _MEASUREMENT)),
        ("x", "m3", (None, "m³", _MEASUREMENT)),
        ("wind", "°", (None, "°", _MEASUREMENT)),
        ("x", "widgets", (None, "widgets", _MEASUREMENT)),
        ("acidity", "pH", (None, None, _MEASUREMENT)),
        ("pm25", "µg/m3", ("pm25", "μg/m³", _MEASUREMENT)),
        ("dust", "dBm", ("signal_strength", "dBm", _MEASUREMENT)),
        ("heading", "rad", (None, "rad", None)),
    ],
)
def test_units_of_platforms(
    name: str, unit: str, expected: tuple[str | None, str | None, str | None]
) -> None:
    """What a platform says about a unit counts more than a name."""
    spec = entity(resource(name, unit=unit), 3)
    assert (spec.device_class, spec.unit, spec.state_class) == expected


def test_wind_direction_by_unit() -> None:
    """Angles have statistics of their own, also where a person says that it is one."""
    spec = entity(resource("vane"), 3, Override(device_class="wind_direction"))
    assert (spec.unit, spec.state_class) == ("°", _ANGLE)


def test_leaves_and_parents() -> None:
    """A leaf's own name counts first, then its parents'."""
    leaf = resource("Climate celsius", resource_id="climate", leaf=("celsius",))
    assert entity(leaf, 21.0).device_class == "temperature"
    leaf = resource("Level", resource_id="battery", leaf=("level",))
    assert entity(leaf, 80).device_class == "battery"
    leaf = resource("Value", resource_id="temperature", leaf=("value",))
    assert entity(leaf, 21.0).device_class == "temperature"
    leaf = resource("Battery", resource_id="temperature", leaf=("battery",))
    assert entity(leaf, 80).device_class == "battery"
    leaf = resource("Status", resource_id="temperature", leaf=("status",))
    assert entity(leaf, 1).device_class is None
    leaf = resource("Outside temperature", resource_id="o", leaf=("t",))
    assert entity(leaf, 1).device_class == "temperature"


def test_ids_and_meanings() -> None:
    """Where the name says nothing, the platform's id and its hint may."""
    found = resource("T", resource_id="c8y_TemperatureMeasurement/T")
    assert entity(found, 21.0).device_class == "temperature"
    assert entity(resource("x", meaning="humidity"), 40).device_class == "humidity"


def test_unit_by_hand() -> None:
    """A person's unit counts most, and makes a meter of what has a unit of energy."""
    spec = entity(resource("x", unit="V"), 5, Override(unit="kwh"))
    assert (spec.device_class, spec.unit) == ("energy", "kWh")
    assert spec.state_class is _INCREASING
    spec = entity(resource("temperature"), 5, Override(unit=""))
    assert (spec.device_class, spec.unit, spec.state_class) == (
        None,
        None,
        _MEASUREMENT,
    )
    assert "no unit set by hand" in spec.reason


def test_device_class_by_hand() -> None:
    """A person's device class counts most, if its unit is known."""
    spec = entity(resource("x"), 5, Override(device_class="battery"))
    assert (spec.device_class, spec.unit) == ("battery", "%")
    spec = entity(resource("x", unit="l"), 5, Override(device_class="water"))
    assert (spec.device_class, spec.unit, spec.state_class) == (
        "water",
        "L",
        _INCREASING,
    )
    spec = entity(resource("x"), 5, Override(device_class="energy"))
    assert (spec.device_class, spec.state_class) == (None, _MEASUREMENT)
    assert "needs another unit" in spec.reason
    spec = entity(resource("temperature"), 5, Override(device_class="none"))
    assert (spec.device_class, spec.unit) == (None, "°C")
    spec = entity(resource("temperature"), 5, Override(device_class="door"))
    assert (spec.device_class, spec.unit) == ("temperature", "°C")
    assert "no class of numbers" in spec.reason
    spec = entity(resource("temp"), 5, Override(device_class="temperature_delta"))
    assert (spec.device_class, spec.unit) == ("temperature_delta", "°C")


def test_all_meters_may_count() -> None:
    """Each class of meters may have the state class that we give it."""
    for device_class in METER_CLASSES:
        spec = entity(
            resource("x", unit="kvarh" if "reactive" in device_class else "m3"),
            5,
            Override(
                device_class=device_class,
                unit="kWh" if device_class == "energy" else None,
            ),
        )
        assert (spec.device_class, spec.state_class) == (device_class, _INCREASING)


@pytest.mark.parametrize(
    ("name", "override", "expected"),
    [
        ("setpoint", Override(), (None, None, -1_000_000, 1_000_000, 0.01)),
        ("temp_setpoint", Override(), ("temperature", "°C", -100, 500, 0.1)),
        ("climate/temp_f", Override(), ("temperature", "°F", -148, 932, 0.1)),
        ("humidity", Override(), ("humidity", "%", 0, 100, 1)),
        ("opening_percent", Override(), (None, "%", 0, 100, 1)),
        ("brightness", Override(), (None, None, 0, 255, 1)),
        ("servo", Override(), (None, None, 0, 180, 1)),
        (
            "temp_setpoint",
            Override(minimum=5, maximum=30, step=0.5),
            ("temperature", "°C", 5, 30, 0.5),
        ),
        ("x", Override(minimum=5, maximum=5), (None, None, -1e6, 1e6, 0.01)),
        ("x", Override(minimum=2e6), (None, None, 2e6, 4e6, 0.01)),
        ("x", Override(maximum=-2e6), (None, None, -4e6, -2e6, 0.01)),
        ("x", Override(minimum=1e300), (None, None, -1e6, 1e6, 0.01)),
        ("x", Override(minimum=0, maximum=0.001), (None, None, 0, 0.001, 0.001)),
    ],
)
def test_limits(
    name: str,
    override: Override,
    expected: tuple[str | None, str | None, float, float, float],
) -> None:
    """Numbers that can be set have sensible limits."""
    number = resource(name, ResourceKind.INPUT, value_type=ValueType.NUMBER)
    spec = entity(number, None, override)
    assert spec.platform is Platform.NUMBER
    assert (
        spec.device_class,
        spec.unit,
        spec.minimum,
        spec.maximum,
        spec.step,
    ) == expected
    assert (spec.state_class, spec.precision) == (None, None)


def test_limits_of_platforms() -> None:
    """A platform's limits count before what is usual, if they are any."""
    number = resource(
        "x",
        ResourceKind.INPUT,
        value_type=ValueType.NUMBER,
        minimum=1,
        maximum=9,
        step=2,
    )
    spec = entity(number)
    assert (spec.minimum, spec.maximum, spec.step) == (1, 9, 2)
    spec = entity(number, None, Override(maximum=5))
    assert (spec.minimum, spec.maximum, spec.step) == (1, 5, 2)
    number = resource(
        "x",
        ResourceKind.INPUT,
        value_type=ValueType.NUMBER,
        minimum=float("nan"),
        step=-1,
    )
    spec = entity(number)
    assert (spec.minimum, spec.maximum, spec.step) == (-1e6, 1e6, 0.01)
