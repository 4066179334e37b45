"""What outlives a restart."""

from dataclasses import fields, replace
import json
import math

from hypothesis import given, settings, strategies as st
import orjson
import pytest

from custom_components.iot_platforms.model.archive import from_json, to_json
from custom_components.iot_platforms.model.device import (
    Category,
    Device,
    Resource,
    ResourceKey,
    ResourceKind,
    Sample,
)
from custom_components.iot_platforms.model.state import AccountState, DeviceState
from custom_components.iot_platforms.model.value import JsonValue, ValueType

from .helpers import (
    ANY_VALUE,
    applied,
    device,
    devices,
    key,
    nested,
    resource,
    resources,
    samples,
    state_of,
)


def kept(state: AccountState) -> AccountState:
    """Return what is left of a state after a restart."""
    data = to_json(state)
    # As Home Assistant writes it, and as others would: no reader may be surprised.
    assert json.loads(json.dumps(data, allow_nan=False)) == orjson.loads(
        orjson.dumps(data)
    )
    return from_json(orjson.loads(orjson.dumps(data)))


@st.composite
def states(draw: st.DrawFn) -> AccountState:
    """Return states of an account, values of inputs among them."""
    found: dict[str, DeviceState] = {}
    for facts in draw(st.lists(devices(st.text(max_size=4)), max_size=3)):
        keys = st.builds(
            ResourceKey,
            st.just(facts.id),
            st.text(max_size=4),
            st.lists(st.text(max_size=3), max_size=2).map(tuple),
        )
        offered = {r.key: r for r in draw(st.lists(resources(keys), max_size=3))}
        found[facts.id] = DeviceState(
            device=facts,
            resources=offered,
            samples={
                known: Sample(
                    known,
                    draw(st.none() | st.integers(-5, 5) | st.text(max_size=4)),
                    draw(st.none() | st.floats(0, 2e9)),
                )
                for known in draw(st.sets(st.sampled_from(sorted(offered))))
            }
            if offered
            else {},
        )
    return AccountState(devices=found)


@settings(max_examples=150, deadline=None)
@given(states())
def test_round_trip(state: AccountState) -> None:
    """All comes back but the values that can be read anew."""
    expected = {
        device_id: replace(
            known,
            samples={
                key: sample
                for key, sample in known.samples.items()
                if known.resources[key].kind is ResourceKind.INPUT
            },
        )
        for device_id, known in state.devices.items()
    }
    assert kept(state) == AccountState(devices=expected)


def test_everything_said_of_a_resource() -> None:
    """No field is forgotten."""
    full = resource(
        "r",
        ResourceKind.INPUT,
        "part",
        value_type=ValueType.NUMBER,
        read_safe=False,
        needs_device=False,
        writable=True,
        example=0,
        unit="°C",
        meaning="temperature",
        minimum=0.0,
        maximum=5,
        step=0.5,
        options=("a", "b"),
        category=Category.DIAGNOSTIC,
        enabled_default=False,
        translation_key="x",
    )
    state = state_of(full)
    assert kept(state) == state
    (row,) = to_json(state)["devices"][0]["resources"]
    assert len(row) == len(fields(Resource))
    (row,) = to_json(state_of(resource(name="n", source="")))["devices"][0]["resources"]
    assert row == {"key": "d/r", "name": "n", "kind": "output"}


def test_only_inputs_keep_values() -> None:
    """What is read is read anew; absences are counted anew."""
    state = applied(
        state_of(resource("in", ResourceKind.INPUT), resource("out")),
        samples({"a": 1}, key("in")),
        samples(2, key("out")),
    )
    after = kept(state)
    assert after.value(key("in")) == {"a": 1}
    assert after.value(key("in", "a")) == 1
    assert after.sample(key("out")) is None
    assert list(after.resources()) == list(state.resources())


@pytest.mark.parametrize(
    "value", [math.nan, math.inf, 2**70, "\ud800", nested(500), {"\ud800": 1}]
)
def test_value_that_cannot_be_kept(value: JsonValue) -> None:
    """One value that no file takes does not keep the rest from being kept."""
    state = applied(
        state_of(resource("a", ResourceKind.INPUT), resource("b", ResourceKind.INPUT)),
        samples(value, key("a")),
        samples(1, key("b")),
    )
    after = kept(state)
    assert after.sample(key("a")) is None
    assert after.value(key("b")) == 1


def test_time_that_is_none() -> None:
    """A time that no file takes is no time."""
    state = applied(
        state_of(resource("a", ResourceKind.INPUT)), samples(1, key("a"), at=math.nan)
    )
    assert kept(state).sample(key("a")) == Sample(key("a"), 1, None)


@settings(max_examples=150, deadline=None)
@given(
    st.recursive(
        ANY_VALUE,
        lambda parts: (
            st.fixed_dictionaries({"devices": parts | st.lists(parts, max_size=2)})
            | st.fixed_dictionaries(
                {},
                optional={
                    "device": parts
                    | st.fixed_dictionaries({"id": parts, "name": parts}),
                    "resources": parts | st.lists(parts, max_size=2),
                    "written": parts | st.lists(st.lists(parts, max_size=4)),
                    "key": parts | st.just("d/r"),
                    "name": parts,
                    "kind": parts | st.just("input"),
                    "options": parts,
                    "example": parts,
                    "minimum": parts,
                    "value_type": parts | st.just("number"),
                    "category": parts,
                },
            )
        ),
        max_leaves=20,
    )
)
def test_garbage(data: JsonValue) -> None:
    """No file whatsoever keeps an account from starting."""
    state = from_json(data)
    kept(state)
    applied(state, samples(1), samples({"a": 2}))


def _rows(**changed: object) -> dict[str, object]:
    row: dict[str, object] = {
        "device": {"id": "d", "name": "D"},
        "resources": [{"key": "d/r", "name": "r", "kind": "input"}],
        "written": [["d/r", 5, 7.5]],
    }
    return {"devices": [row | changed, {"device": {"id": "e", "name": "E"}}]}


GOOD_RESOURCE = {"key": "d/r", "name": "r", "kind": "input"}


def test_sound_file() -> None:
    """What the others of these tests spoil is good as it is; missing parts are empty."""
    state = from_json(_rows())
    assert state.sample(key()) == Sample(key(), 5, 7.5)
    assert set(state.devices) == {"d", "e"}


@pytest.mark.parametrize(
    "facts",
    [
        None,
        [],
        {},
        {"id": "d"},
        {"id": 5, "name": "x"},
        {"id": "d", "name": None},
        {"id": "d", "name": "x", "online": "yes"},
        {"id": "d", "name": "x", "online_since": "now"},
        {"id": "d", "name": "x", "area": ["x"]},
        {"id": "d", "name": "x", "enabled": None},
    ],
)
def test_unsound_device(facts: object) -> None:
    """A device that cannot be understood is left out; the others are not."""
    assert set(from_json(_rows(device=facts)).devices) == {"e"}


@pytest.mark.parametrize(
    "row",
    [
        None,
        "x",
        {},
        {"key": "d/r"},
        GOOD_RESOURCE | {"key": 5},
        GOOD_RESOURCE | {"key": "r"},
        GOOD_RESOURCE | {"key": "e/r"},
        GOOD_RESOURCE | {"kind": "other"},
        GOOD_RESOURCE | {"kind": ["input"]},
        GOOD_RESOURCE | {"name": 1},
        GOOD_RESOURCE | {"minimum": "1"},
        GOOD_RESOURCE | {"options": [1]},
        GOOD_RESOURCE | {"value_type": "x"},
        GOOD_RESOURCE | {"category": "x"},
        GOOD_RESOURCE | {"category": {}},
        GOOD_RESOURCE | {"read_safe": 1},
    ],
)
def test_unsound_resource(row: object) -> None:
    """A resource that cannot be understood is left out; its device and the others are not."""
    other = {"key": "d/other", "name": "other", "kind": "output"}
    state = from_json(_rows(resources=[row, other]))
    assert [found.key for found in state.resources()] == [key("other")]
    assert state.sample(key()) is None


@pytest.mark.parametrize(
    "row",
    [
        None,
        "abc",
        [],
        ["d/r", 1],
        ["d/r", 1, "now"],
        ["d/r", 1, True],
        ["d/unknown", 1, None],
        ["?", 1, None],
        [5, 1, None],
    ],
)
def test_unsound_value(row: object) -> None:
    """A value that cannot be understood is left out."""
    state = from_json(_rows(written=[row]))
    assert state.sample(key()) is None
    assert state.resource(key()) is not None


def test_fields_of_a_newer_version() -> None:
    """After a step back to this version the devices are still there."""
    state = from_json(
        _rows(
            device={"id": "d", "name": "D", "colour": "red"},
            resources=[GOOD_RESOURCE | {"smell": [1, 2]}],
        )
        | {"more": 1}
    )
    assert state.device("d") == Device(id="d", name="D")
    assert state.resource(key()) == resource("r", ResourceKind.INPUT, source="")
    assert kept(state) == state


def test_file_of_this_version() -> None:
    """What this version writes stays readable: this is how files look."""
    state = applied(
        state_of(
            resource("relay", ResourceKind.INPUT, read_safe=False),
            devices=(device(online_since=1.5),),
        ),
        samples(True, key("relay"), at=9.0),
    )
    (row,) = to_json(state)["devices"]
    assert row["device"]["id"] == "d"
    assert row["resources"] == [
        {
            "key": "d/relay",
            "name": "relay",
            "kind": "input",
            "source": "live",
            "value_type": "boolean",
            "read_safe": False,
            "example": True,
        }
    ]
    assert row["written"] == [["d/relay", True, 9.0]]
