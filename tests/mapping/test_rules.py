"""The rules, against themselves and against Home Assistant."""

from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass
import pytest

from custom_components.iot_platforms.mapping.device_classes import (
    CLASS_BY_UNIT,
    fits_unit,
    only_unit,
)
from custom_components.iot_platforms.mapping.names import tokens
from custom_components.iot_platforms.mapping.rules import (
    Confidence,
    Reading,
    Rule,
    RuleIndex,
    duplicate_names,
    validate_rules,
)
from custom_components.iot_platforms.mapping.tables import BOOLEANS, NUMBERS, RANGES


def test_rules_are_good() -> None:
    """Every rule says something that Home Assistant allows, and no two the same."""
    assert validate_rules(NUMBERS) == []
    assert duplicate_names(BOOLEANS) == []
    assert duplicate_names(RANGES) == []


@pytest.mark.parametrize("rule", [*NUMBERS, *BOOLEANS, *RANGES])
def test_phrases_are_made_of_tokens(rule: Rule) -> None:
    """A phrase that names cannot have would never be found."""
    for name in rule.names:
        assert " ".join(tokens(name)) == name


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        (
            Rule(names=("x",), device_class=SensorDeviceClass.TEMPERATURE, unit="V"),
            "unit 'V' is not one of temperature",
        ),
        (
            Rule(names=("x",), device_class=SensorDeviceClass.TEMPERATURE),
            "unit None is not one of temperature",
        ),
        (
            Rule(
                names=("x",),
                device_class=SensorDeviceClass.ENERGY,
                unit="kWh",
            ),
            "state class measurement is not one of energy",
        ),
        (
            Rule(names=("x",), state_class=SensorStateClass.MEASUREMENT_ANGLE),
            "state class measurement_angle is not one of None",
        ),
        (
            Rule(names=("x",), unit="V", confidence=Confidence.LOW),
            "a unit, although the name does not say it",
        ),
        (Rule(names=("x",), precision=9), "precision 9"),
        (Rule(names=("x",), plausible=(5, 5)), "no value is plausible"),
        (
            Rule(
                names=("x",),
                device_class=SensorDeviceClass.BATTERY,
                confidence=Confidence.LOW,
                readings=(
                    Reading(
                        low=0, high=9, device_class=SensorDeviceClass.VOLTAGE, unit="V"
                    ),
                ),
            ),
            "reading 'V' is not a unit of voltage",
        ),
    ],
)
def test_bad_rules_are_found(rule: Rule, problem: str) -> None:
    """The check of the rules finds what it is there for."""
    assert validate_rules([rule]) == [f"x: {problem}"]


def test_duplicates_are_found() -> None:
    """The order of words does not make another phrase."""
    rules = [Rule(names=("soil moisture",)), Rule(names=("moisture soil",))]
    assert validate_rules(rules) == ["soil moisture: 2 rules"]


def test_units_that_leave_no_doubt() -> None:
    """A class by unit has that unit; the likelier of two classes wins."""
    for unit, device_class in CLASS_BY_UNIT.items():
        assert fits_unit(device_class, unit)
    assert CLASS_BY_UNIT["°C"] is SensorDeviceClass.TEMPERATURE
    assert CLASS_BY_UNIT["mm/h"] is SensorDeviceClass.PRECIPITATION_INTENSITY
    assert CLASS_BY_UNIT["m"] is SensorDeviceClass.DISTANCE
    assert CLASS_BY_UNIT["dBm"] is SensorDeviceClass.SIGNAL_STRENGTH
    assert CLASS_BY_UNIT["kWh"] is SensorDeviceClass.ENERGY
    assert not {"%", "ppm", "dB", "m³", "μg/m³"} & CLASS_BY_UNIT.keys()


def test_units_of_classes() -> None:
    """Money has any currency, times have no unit, and some classes have but one unit."""
    assert fits_unit(SensorDeviceClass.MONETARY, "EUR")
    assert not fits_unit(SensorDeviceClass.MONETARY, None)
    assert fits_unit(SensorDeviceClass.TIMESTAMP, None)
    assert not fits_unit(SensorDeviceClass.TIMESTAMP, "s")
    assert only_unit(SensorDeviceClass.BATTERY) == "%"
    assert only_unit(SensorDeviceClass.AQI) is None
    assert only_unit(SensorDeviceClass.TEMPERATURE) is None
    assert only_unit(SensorDeviceClass.MONETARY) is None


def test_longest_phrase_wins() -> None:
    """A phrase says more than one of its words."""
    index = RuleIndex([Rule(names=("power",)), Rule(names=("power factor",))])
    match = index.find(["factor", "power"])
    assert match is not None
    assert match.rule.names == ("power factor",)
    assert index.find(["nothing"]) is None
