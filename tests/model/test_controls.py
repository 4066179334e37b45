"""Controls that a person adds: what is sent, what is shown, what they are on a device."""

from typing import Any

from hypothesis import given
import pytest

from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.control import (
    VALUE,
    Control,
    ControlType,
    control_resources,
)
from custom_components.iot_platforms.model.device import ResourceKey, ResourceKind
from custom_components.iot_platforms.model.value import JsonValue, ValueType

from .helpers import ANY_VALUE


def control(type_: ControlType = ControlType.NUMBER, **facts: Any) -> Control:
    """Return a control of the device ``d``."""
    return Control(
        **{
            "id": "c1",
            "name": "Target",
            "type": type_,
            "devices": frozenset({"d"}),
            "method": "setTarget",
            **facts,
        }
    )


@pytest.mark.parametrize(
    ("found", "value", "sent"),
    [
        (control(), 21.5, 21.5),
        (control(ControlType.TEXT), "hello", "hello"),
        (control(ControlType.SELECT), "eco", "eco"),
        (control(ControlType.SWITCH), True, True),
        (control(ControlType.SWITCH), False, False),
        (control(ControlType.SWITCH, on=1, off=0), True, 1),
        (control(ControlType.SWITCH, on=1, off=0), False, 0),
        (control(ControlType.SWITCH, on={"mode": "heat"}), True, {"mode": "heat"}),
        # A button has no value.
        (control(ControlType.BUTTON), None, None),
        (control(ControlType.BUTTON, parameters={"delay": 5}), None, {"delay": 5}),
        # The value takes its place in what is sent, wherever that is.
        (control(parameters=VALUE), 3, 3),
        (control(parameters={"pin": 4, "value": VALUE}), 3, {"pin": 4, "value": 3}),
        (control(parameters=[1, [VALUE, {"x": VALUE}]]), 3, [1, [3, {"x": 3}]]),
        (
            control(ControlType.SWITCH, on="ON", off="OFF", parameters={"to": VALUE}),
            False,
            {"to": "OFF"},
        ),
        # Only the value of its own stands for it, and no part of a text.
        (
            control(parameters={VALUE: "$value!", "n": None}),
            3,
            {VALUE: "$value!", "n": None},
        ),
        (control(parameters=False), 3, False),
        (control(parameters={"value": VALUE}), {"a": VALUE}, {"value": {"a": VALUE}}),
    ],
)
def test_sent(found: Control, value: JsonValue, sent: JsonValue) -> None:
    """The value goes where the person said."""
    assert found.sent(value) == sent


def test_parameters_stay() -> None:
    """What is sent is a copy: the next value finds its place as well."""
    found = control(parameters={"value": VALUE, "list": [VALUE]})
    assert found.sent(1) == {"value": 1, "list": [1]}
    assert found.sent(2) == {"value": 2, "list": [2]}


@pytest.mark.parametrize(
    ("found", "state", "shown"),
    [
        (control(), 21.5, 21.5),
        (control(ControlType.SELECT), 2, 2),
        (control(ControlType.SWITCH), True, True),
        (control(ControlType.SWITCH, on=1, off=0), 1, True),
        (control(ControlType.SWITCH, on=1, off=0), 0, False),
        # 1 is not true: what it means is decided by the shape of the entity later.
        (control(ControlType.SWITCH, on=1, off=0), False, False),
        (control(ControlType.SWITCH, on="OPEN", off="SHUT"), "OPEN", True),
        (control(ControlType.SWITCH, on="OPEN", off="SHUT"), "SHUT", False),
        (control(ControlType.SWITCH, on=0, off=1), 1, False),
        (control(ControlType.SWITCH, on={"a": [1]}), {"a": [1]}, True),
        (control(ControlType.SWITCH, on="OPEN", off="SHUT"), "moving", "moving"),
        (control(ControlType.SWITCH), None, None),
    ],
)
def test_shown(found: Control, state: JsonValue, shown: JsonValue) -> None:
    """A switch knows what the device's words for on and off mean."""
    assert found.shown(state) == shown
    assert type(found.shown(state)) is type(shown)


@given(ANY_VALUE)
def test_a_switch_understands_itself(value: JsonValue) -> None:
    """What a switch sends for on is what it takes for on."""
    found = control(ControlType.SWITCH, on=value, off=[value])
    assert found.shown(found.sent(True)) is True


def test_state_key() -> None:
    """The state may be any value of the device, or a part of one, with any names."""
    assert control().state_key("d") is None
    found = control(state="ts%2Ftarget")
    assert found.state_key("d") == ResourceKey("d", "ts/target")
    assert found.state_key("a/b") == ResourceKey("a/b", "ts/target")
    assert control(state="climate/target").state_key("d") == ResourceKey(
        "d", "climate", ("target",)
    )


@pytest.mark.parametrize(
    ("type_", "kind", "value_type"),
    [
        (ControlType.BUTTON, ResourceKind.CALLBACK, None),
        (ControlType.SWITCH, ResourceKind.INPUT, ValueType.BOOLEAN),
        (ControlType.NUMBER, ResourceKind.INPUT, ValueType.NUMBER),
        (ControlType.TEXT, ResourceKind.INPUT, ValueType.TEXT),
        (ControlType.SELECT, ResourceKind.INPUT, ValueType.TEXT),
    ],
)
def test_resource(
    type_: ControlType, kind: ResourceKind, value_type: ValueType | None
) -> None:
    """A control is a resource like others, and can be used while the device is offline."""
    found = control(
        type_, minimum=5, maximum=30, step=0.5, unit="°C", options=("a", "b")
    ).resource("d")
    assert found.key == ResourceKey("d", "control/c1")
    assert (found.name, found.kind, found.value_type) == ("Target", kind, value_type)
    assert (found.minimum, found.maximum, found.step) == (5, 30, 0.5)
    assert (found.unit, found.options) == ("°C", ("a", "b"))
    assert not found.needs_device


def test_every_type_is_something() -> None:
    """A type that is added needs a resource."""
    for type_ in ControlType:
        assert control(type_).resource("d").kind in ResourceKind


def test_of_some_devices() -> None:
    """A control is there on its devices, and found by its resource."""
    one = control(devices=frozenset({"d", "e"}))
    two = control(id="c2", devices=frozenset({"e"}))
    choices = Choices(controls=(one, two))
    assert [r.key for r in control_resources(choices.controls, "e")] == [
        ResourceKey("e", "control/c1"),
        ResourceKey("e", "control/c2"),
    ]
    assert control_resources(choices.controls, "x") == ()
    assert choices.control(ResourceKey("e", "control/c2")) is two
    assert choices.control(ResourceKey("e", "control/c3")) is None
    assert choices.control(ResourceKey("e", "c2")) is None
