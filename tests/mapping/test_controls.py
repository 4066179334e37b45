"""The controls that a person added, in an entry's options."""

from typing import Any

from hypothesis import given, strategies as st
import pytest

from custom_components.iot_platforms.mapping import (
    control_from_dict,
    control_to_dict,
    parse_controls,
)
from custom_components.iot_platforms.mapping.controls import json_of
from custom_components.iot_platforms.model.control import Control, ControlType

_TEXTS = st.text("aä/%$ ", min_size=1)
_NAMES = st.sampled_from(["c1", "Änderung", "a/b %20"])
_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXTS,
    lambda parts: st.lists(parts) | st.dictionaries(_TEXTS, parts),
    max_leaves=5,
)
_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda parts: st.lists(parts) | st.dictionaries(st.text(), parts),
)
_CONTROLS = st.builds(
    Control,
    id=_NAMES,
    name=_NAMES,
    type=st.sampled_from([ControlType.BUTTON, ControlType.NUMBER, ControlType.TEXT]),
    devices=st.frozensets(_TEXTS, min_size=1),
    method=_NAMES,
    parameters=_JSON,
    one_way=st.booleans(),
    state=st.none() | st.sampled_from(["mode", "telemetry%2Fa%20b/c"]),
    timeout=st.floats(5, 25),
    minimum=st.none() | st.floats(-100, 0),
    maximum=st.none() | st.floats(1, 100),
    step=st.none() | st.floats(0.1, 5),
    unit=st.none() | st.just("°C"),
)
_WITH_VALUES = st.builds(
    Control,
    id=_NAMES,
    name=_NAMES,
    type=st.just(ControlType.SWITCH),
    devices=st.frozensets(_TEXTS, min_size=1),
    method=_NAMES,
    on=_JSON,
    off=_JSON,
)
_WITH_OPTIONS = st.builds(
    Control,
    id=_NAMES,
    name=_NAMES,
    type=st.just(ControlType.SELECT),
    devices=st.frozensets(_TEXTS, min_size=1),
    method=_NAMES,
    options=st.just(("eco", "boost")),
)

RELAY: dict[str, Any] = {
    "id": "c1",
    "name": "Relay",
    "type": "switch",
    "devices": ["boiler", "pump"],
    "method": "setRelay",
}


@given(_CONTROLS | _WITH_VALUES | _WITH_OPTIONS)
def test_controls_come_back(control: Control) -> None:
    """What is stored is what is read."""
    assert control_from_dict(control_to_dict(control)) == control


def test_only_what_is_set_is_stored() -> None:
    """A row tells what on and off are, and of the rest what is not as usual."""
    control = control_from_dict(RELAY)
    assert control is not None
    assert control_to_dict(control) == RELAY | {"on": True, "off": False}


@pytest.mark.parametrize(
    "row",
    [
        None,
        "relay",
        {},
        RELAY | {"id": ""},
        RELAY | {"name": " "},
        RELAY | {"type": "cover"},
        RELAY | {"devices": []},
        RELAY | {"devices": [7]},
        RELAY | {"method": None},
        RELAY | {"parameters": float("nan")},
        RELAY | {"on": {"x": float("inf")}},
        RELAY | {"type": "select"},
        RELAY | {"type": "select", "options": [" "]},
    ],
)
def test_unusable_rows(row: object) -> None:
    """What is no control is left out, and does not hinder the others."""
    assert control_from_dict(row) is None
    assert parse_controls({"controls": [row, RELAY]}) == (control_from_dict(RELAY),)


@pytest.mark.parametrize(
    ("given_as", "field", "used"),
    [
        ({"minimum": 5, "maximum": 5}, "minimum", None),
        ({"minimum": 5, "maximum": 5}, "maximum", None),
        ({"step": 0}, "step", None),
        ({"timeout": 1}, "timeout", 5),
        ({"timeout": 60}, "timeout", 25),
        ({"timeout": "long"}, "timeout", 10),
        ({"state": ""}, "state", None),
        ({"state": "%ff"}, "state", None),
        ({"state": 7}, "state", None),
        ({"one_way": "yes"}, "one_way", False),
        ({"unit": " "}, "unit", None),
    ],
)
def test_unusable_parts(given_as: dict[str, Any], field: str, used: object) -> None:
    """The rest of a control is used without what is wrong with it."""
    control = control_from_dict(RELAY | given_as)
    assert control is not None
    assert getattr(control, field) == used


def test_ids_are_there_once() -> None:
    """Of two controls with one id, the first counts: their entities would be the same."""
    rows = [RELAY, RELAY | {"name": "Other"}]
    [control] = parse_controls({"controls": rows})
    assert control.name == "Relay"


@given(_ANYTHING)
def test_any_options(value: Any) -> None:
    """No content of an entry's options does harm."""
    parse_controls({"controls": value})
    for field in (*RELAY, "parameters", "on", "state", "timeout", "options", "step"):
        parse_controls({"controls": [RELAY | {field: value}]})


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        (" 1 ", 1),
        ('"on"', "on"),
        ("null", None),
        ('{"pin": 1, "enabled": "$value"}', {"pin": 1, "enabled": "$value"}),
    ],
)
def test_json(text: str, value: object) -> None:
    """People write values as JSON."""
    assert json_of(text) == value


@pytest.mark.parametrize(
    "text", ["", "on", "{pin: 1}", "NaN", "[1", "[" * 100000, "1e999", '"\\ud800"']
)
def test_no_json(text: str) -> None:
    """What an entry's options cannot hold is no JSON."""
    with pytest.raises(ValueError, match=r".*"):
        json_of(text)
