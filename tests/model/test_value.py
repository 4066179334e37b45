"""Values as platforms send them."""

import math

from hypothesis import given, settings
import pytest

from custom_components.iot_platforms.model.value import (
    JsonValue,
    ValueType,
    coerced,
    example_of,
    is_same,
    is_storable,
    is_too_deep,
    position_of,
    value_type_of,
)

from .helpers import ANY_VALUE, nested, nested_objects

HOPELESS = 60_000
"""So deep that comparing or writing it the simple way runs out of stack."""


@pytest.mark.parametrize(
    ("value", "value_type"),
    [
        (None, None),
        (True, ValueType.BOOLEAN),
        (0, ValueType.NUMBER),
        (1.5, ValueType.NUMBER),
        ("", ValueType.TEXT),
        ([], ValueType.LIST),
        ({}, ValueType.OBJECT),
        ({"lat": 1, "lon": 2}, ValueType.POSITION),
        ({"Latitude": -90, "LONG": 180.0, "alt": 3}, ValueType.POSITION),
        ({"lat": 91, "lon": 2}, ValueType.OBJECT),
        ({"lat": "1", "lon": 2}, ValueType.OBJECT),
        ({"lat": True, "lon": 2}, ValueType.OBJECT),
        ({"lat": math.nan, "lon": 2}, ValueType.OBJECT),
        ({"lat": 1}, ValueType.OBJECT),
        # A tracker before its first fix.
        ({"lat": None, "lon": None}, ValueType.POSITION),
        ({"lat": 1, "lng": None}, ValueType.POSITION),
        ({"r": 1, "g": 2, "b": 3}, ValueType.COLOR),
        ({"R": 1, "G": 2.5, "B": 0}, ValueType.COLOR),
        ({"r": None, "g": None, "b": None}, ValueType.COLOR),
        ({"r": 1, "g": 2, "b": "3"}, ValueType.OBJECT),
        ({"r": 1, "g": 2, "b": True}, ValueType.OBJECT),
        ({"r": 1, "g": 2}, ValueType.OBJECT),
        ({"r": 1, "g": 2, "b": 3, "w": 4}, ValueType.OBJECT),
        ({"r": 1, "R": 1, "g": 2, "b": 3}, ValueType.OBJECT),
    ],
)
def test_value_type(value: JsonValue, value_type: ValueType | None) -> None:
    """The shape of a value."""
    assert value_type_of(value) is value_type


@pytest.mark.parametrize(
    ("value", "position"),
    [
        ({"lat": 52.5, "lng": 13}, (52.5, 13.0)),
        ({"lon": -180, "LAT": -90, "x": "y"}, (-90.0, -180.0)),
        ({"lat": 10**400, "lon": 0}, None),
        ({"lat": 1, "lon": None}, None),
        ({"lat": 90.1, "lon": 0}, None),
        ([1, 2], None),
        ("1,2", None),
        (None, None),
    ],
)
def test_position(value: JsonValue, position: tuple[float, float] | None) -> None:
    """A position is a plausible pair of numbers."""
    assert position_of(value) == position


@pytest.mark.parametrize(
    ("value", "value_type", "expected"),
    [
        (1, ValueType.BOOLEAN, True),
        (0.0, ValueType.BOOLEAN, False),
        (" ON ", ValueType.BOOLEAN, True),
        ("0", ValueType.BOOLEAN, False),
        ("maybe", ValueType.BOOLEAN, None),
        (math.nan, ValueType.BOOLEAN, None),
        (10**400, ValueType.BOOLEAN, True),
        ([], ValueType.BOOLEAN, None),
        (None, ValueType.BOOLEAN, None),
        (True, ValueType.NUMBER, 1),
        (21, ValueType.NUMBER, 21),
        (" 21.0 ", ValueType.NUMBER, 21.0),
        ("1e3", ValueType.TIMESTAMP, 1000.0),
        ("warm", ValueType.NUMBER, None),
        ("nan", ValueType.NUMBER, None),
        ("1e999", ValueType.NUMBER, None),
        (math.inf, ValueType.NUMBER, None),
        (2**63 - 1, ValueType.NUMBER, 2**63 - 1),
        # More than what is handed on to browsers and databases as a whole number.
        (2**64, ValueType.NUMBER, float(2**64)),
        (10**400, ValueType.NUMBER, None),
        ({}, ValueType.NUMBER, None),
        (None, ValueType.NUMBER, None),
        ("x", ValueType.TEXT, "x"),
        (None, ValueType.TEXT, None),
        (1, ValueType.TEXT, "1"),
        (True, ValueType.TEXT, "true"),
        ({"ä": [1]}, ValueType.TEXT, '{"ä": [1]}'),
        pytest.param(10**5000, ValueType.TEXT, None, id="endless integer"),
        ({"r": 1}, ValueType.COLOR, {"r": 1}),
        (5, ValueType.OBJECT, 5),
        ([1], None, [1]),
    ],
)
def test_coerced(
    value: JsonValue, value_type: ValueType | None, expected: JsonValue
) -> None:
    """A value in its resource's shape, None where it does not fit."""
    result = coerced(value, value_type)
    assert result == expected
    assert type(result) is type(expected)


@settings(deadline=None)
@given(ANY_VALUE)
def test_any_value(value: JsonValue) -> None:
    """No value whatsoever is too much."""
    value_type_of(value)
    position_of(value)
    assert is_same(value, value)
    assert is_storable(example_of(value))
    for value_type in (None, *ValueType):
        result = coerced(value, value_type)
        assert is_same(coerced(result, value_type), result)
        if value_type is ValueType.NUMBER and result is not None:
            assert isinstance(result, int | float)
            assert math.isfinite(result)


@pytest.mark.parametrize("value", [nested(HOPELESS), nested_objects(HOPELESS)])
def test_endless_value(value: JsonValue) -> None:
    """However deep a value is, the worst is that it is unknown."""
    value_type_of(value)
    assert is_same(value, value)
    assert is_too_deep(value)
    assert not is_storable(value)
    assert example_of(value) is None
    assert coerced(value, ValueType.TEXT) is None


@pytest.mark.parametrize("nest", [nested, nested_objects])
def test_endless_values_compared(nest: type) -> None:
    """Not even equal ones that are not the same object run out of stack."""
    assert is_same(nest(HOPELESS), nest(HOPELESS))
    assert not is_same(nest(HOPELESS), nest(HOPELESS, 2))
    assert not is_same(nest(HOPELESS), nest(HOPELESS - 1))


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        (21, 21.0, True),
        (1, True, False),
        (0, False, False),
        (False, None, False),
        (math.nan, math.nan, True),
        (math.nan, 1.0, False),
        (math.nan, None, False),
        (math.inf, math.inf, True),
        (10**400, math.inf, False),
        ("1", 1, False),
        ([], {}, False),
        ([1, 2], [1, 2.0], True),
        ([1, 2], [2, 1], False),
        ([1], [1, 2], False),
        ([1], [True], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ({"a": 1}, {"b": 1}, False),
        ({"a": 1}, {"a": 1, "b": 1}, False),
        ({"a": {"b": [0]}}, {"a": {"b": [False]}}, False),
        ({"a": float("nan")}, {"a": float("nan")}, True),
    ],
)
def test_is_same(one: JsonValue, other: JsonValue, same: bool) -> None:
    """Equal as JSON, not as Python."""
    assert is_same(one, other) is same
    assert is_same(other, one) is same


@pytest.mark.parametrize(
    ("value", "storable"),
    [
        ({"a": [1, 1.5, "ä😀", None, True]}, True),
        (2**63 - 1, True),
        (2**63, False),
        (-(2**63) - 1, False),
        (math.nan, False),
        (math.inf, False),
        ("\ud800", False),
        ({"\udfff": 1}, False),
        ([["\ud800"]], False),
        (nested(15), True),
        (nested(200), False),
    ],
)
def test_is_storable(value: JsonValue, storable: bool) -> None:
    """What strict JSON takes, so that one absurd value does not keep all others from being kept."""
    assert is_storable(value) is storable


@pytest.mark.parametrize(
    ("value", "example"),
    [
        (21.5, 21.5),
        (False, False),
        ("on", "on"),
        ({"a": 1}, None),
        ([1], None),
        (math.nan, None),
        (2**70, None),
        ("x" * 1000, "x" * 255),
    ],
)
def test_example(value: JsonValue, example: JsonValue) -> None:
    """What a resource's first value shows of its meaning is short and can be stored."""
    assert example_of(value) == example
