"""An object's parts, and how a part is written back."""

from typing import Any

from hypothesis import given, settings
import pytest

from custom_components.iot_platforms.model.device import (
    Category,
    Resource,
    ResourceKey,
    ResourceKind,
)
from custom_components.iot_platforms.model.leaves import (
    MAX_DEPTH,
    MAX_LEAVES,
    leaf_of,
    parts,
)
from custom_components.iot_platforms.model.state import Touched, apply
from custom_components.iot_platforms.model.value import JsonValue, ValueType

from .helpers import (
    ANY_VALUE,
    applied,
    key,
    listing,
    resource,
    samples,
    state_of,
    touched_by,
)


def paths(
    value: JsonValue, kind: ResourceKind = ResourceKind.OUTPUT
) -> dict[str, JsonValue]:
    """Return the parts of a value, by their ways into it."""
    return {
        "/".join(key.leaf): part for key, part in parts(resource("r", kind), value, {})
    }


def types(
    *values: JsonValue, kind: ResourceKind = ResourceKind.OUTPUT
) -> dict[str, Any]:
    """Return the types of a resource and its parts after some values."""
    state = applied(state_of(resource("r", kind)), *map(samples, values))
    return {"/".join(found.key.leaf): found.value_type for found in state.resources()}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (5, {}),
        ([{"a": 1}], {}),
        ({}, {}),
        ({"a": 1, "b": "x"}, {"a": 1, "b": "x"}),
        ({"a": {"b": {"c": 1}}, "d": {}}, {"a/b/c": 1}),
        ({"a": [1, 2], "b": None}, {"a": [1, 2], "b": None}),
        # A position is one thing; the altitude beside it is another.
        ({"lat": 1, "lon": 2, "alt": 3}, {"alt": 3}),
        ({"gps": {"lat": 1, "lon": 2}}, {"gps": {"lat": 1, "lon": 2}}),
        # An output's colour is shown in parts too.
        (
            {"led": {"r": 1, "g": 2, "b": 3}},
            {"led": {"r": 1, "g": 2, "b": 3}, "led/r": 1, "led/g": 2, "led/b": 3},
        ),
    ],
)
def test_parts_of_an_output(value: JsonValue, expected: dict[str, JsonValue]) -> None:
    """Each value in an object is a part."""
    assert paths(value) == expected


def test_colour_of_an_input_is_whole() -> None:
    """A light is written as one colour."""
    colour: JsonValue = {"r": 1, "g": 2, "b": 3}
    assert paths(colour, ResourceKind.INPUT) == {}
    assert paths({"led": colour, "on": True}, ResourceKind.INPUT) == {
        "led": colour,
        "on": True,
    }


def test_strange_names() -> None:
    """Names are the platform's business: slashes, nothing, any script."""
    names = ["a/b", "", "Größe", "\ud800", "温度", "."]
    state = applied(state_of(resource()), samples(dict.fromkeys(names, 1)))
    assert {found.key for found in state.resources()} == {
        key(),
        *(key("r", name) for name in names),
    }
    assert state.value(key("r", "a/b")) == 1
    for found in state.resources():
        assert ResourceKey.parse(found.key.text) == found.key


def test_firmware_is_one_thing() -> None:
    """What runs on a device, and what could, has no parts, whatever it holds."""
    found = resource(value_type=ValueType.FIRMWARE)
    state = applied(state_of(found), samples({"installed": "1", "lat": 1, "lon": 2}))
    assert [known.key for known in state.resources()] == [key()]
    change = samples({"installed": "2"})
    assert touched_by(state, change) == Touched(values={key()})


def test_limits() -> None:
    """What is too large or too deep is a document, not a set of values."""
    assert len(paths({str(n): n for n in range(10 * MAX_LEAVES)})) == MAX_LEAVES
    deep: JsonValue = 1
    for level in range(MAX_DEPTH + 3):
        deep = {"x": deep, f"level{level}": level}
    assert len(paths(deep)) == MAX_DEPTH
    state = applied(
        state_of(resource()), samples({str(n): n for n in range(10 * MAX_LEAVES)})
    )
    assert len(list(state.resources())) == MAX_LEAVES + 1


def test_leaf() -> None:
    """A part has its resource's nature, but its own name, type and meaning."""
    whole = resource(
        "climate",
        ResourceKind.INPUT,
        name="Klima",
        value_type=ValueType.OBJECT,
        unit="°C",
        meaning="temperature",
        minimum=1,
        maximum=2,
        step=3,
        options=("a",),
        translation_key="climate",
        read_safe=False,
        needs_device=False,
        category=Category.CONFIG,
        enabled_default=False,
    )
    assert leaf_of(whole, key("climate", "in", "temp"), 21.5) == Resource(
        key=key("climate", "in", "temp"),
        name="Klima/in/temp",
        kind=ResourceKind.INPUT,
        source=whole.source,
        value_type=ValueType.NUMBER,
        example=21.5,
        read_safe=False,
        needs_device=False,
        category=Category.CONFIG,
        enabled_default=False,
    )


def test_parts_touch_what_changed() -> None:
    """Of an object, only the parts that changed are told, and the object itself."""
    state = state_of(resource())
    state, touched = apply(state, samples({"a": 1, "b": {"c": 2}}))
    everything = {key(), key("r", "a"), key("r", "b", "c")}
    assert touched == Touched(values=everything, resources=everything)
    state, touched = apply(state, samples({"a": 1, "b": {"c": 3}}))
    assert touched == Touched(values={key(), key("r", "b", "c")})
    # A part that is missing keeps its value: updates are partial on some platforms.
    state, touched = apply(state, samples({"a": 5}))
    assert touched == Touched(values={key(), key("r", "a")})
    assert state.value(key("r", "b", "c")) == 3
    state, touched = apply(state, samples({"a": 5, "new": "x"}))
    assert touched == Touched(
        values={key(), key("r", "new")}, resources={key("r", "new")}
    )


def test_part_without_value() -> None:
    """A part that is null at first learns its type later."""
    state = applied(state_of(resource()), samples({"a": None}))
    found = state.resource(key("r", "a"))
    assert found is not None
    assert found.value_type is None
    state, touched = apply(state, samples({"a": 1}))
    assert touched.resources == {key("r", "a")}
    found = state.resource(key("r", "a"))
    assert found is not None
    assert (found.value_type, found.example) == (ValueType.NUMBER, 1)


def test_part_that_changes_its_type() -> None:
    """An output's part has the type of its first value; what does not fit is unknown."""
    state = applied(state_of(resource()), samples({"a": 1}), samples({"a": "two"}))
    assert state.value(key("r", "a")) is None
    state = applied(state, samples({"a": "2"}))
    assert state.value(key("r", "a")) == 2
    # What becomes an object shows its parts; what it was is unknown from then on.
    state = applied(state, samples({"a": {"b": 3}}))
    assert state.value(key("r", "a", "b")) == 3
    # An input's is kept as it is: it is written back.
    state = applied(
        state_of(resource("r", ResourceKind.INPUT)),
        samples({"a": 1}),
        samples({"a": "two"}),
    )
    assert state.value(key("r", "a")) == "two"


def test_value_that_becomes_an_object() -> None:
    """A number that becomes an object shows its parts, and is itself unknown."""
    state = applied(state_of(resource()), samples(5), samples({"a": 1}))
    assert state.value(key()) is None
    assert state.value(key("r", "a")) == 1


POSITION: dict[str, JsonValue] = {"lat": 52.5, "lon": 13.4}


@pytest.mark.parametrize(
    "values",
    [
        (POSITION,),
        ({"lat": None, "lon": None}, POSITION),
        (POSITION, {"lat": None, "lon": None}),
        (POSITION, {"lat": 999, "lon": 999}),
        (POSITION, {"lat": "no fix", "lon": ""}),
        (POSITION, {"lat": 1}),
    ],
)
def test_position_stays_a_position(values: tuple[JsonValue, ...]) -> None:
    """A tracker that loses its fix, or has none at first, is still a tracker and nothing else."""
    assert types(*values) == {"": ValueType.POSITION}
    assert types(*({"gps": value, "v": 1} for value in values)) == {
        "": ValueType.OBJECT,
        "gps": ValueType.POSITION,
        "v": ValueType.NUMBER,
    }


def test_parts_stay_parts() -> None:
    """What began as two numbers goes on as two numbers: they would stop for ever."""
    outside: JsonValue = {"lat": 999, "lon": 0}
    for values in ((outside, POSITION), ({"g": outside}, {"g": POSITION})):
        state = applied(state_of(resource()), *map(samples, values))
        leaf = key("r", "lat") if values[0] == outside else key("r", "g", "lat")
        assert state.value(leaf) == 52.5
        assert ValueType.POSITION not in types(*values).values()


def test_colour_stays_a_colour() -> None:
    """A light that answers with a part of its colour is still one light."""
    colour: JsonValue = {"r": 1, "g": 2, "b": 3}
    for other in ({"r": 1}, {"r": "1", "g": 2, "b": 3}, {"r": None, "g": 1, "b": 2}):
        assert types(colour, other, kind=ResourceKind.INPUT) == {"": ValueType.COLOR}
        assert types({"led": colour}, {"led": other}, kind=ResourceKind.INPUT) == {
            "": ValueType.OBJECT,
            "led": ValueType.COLOR,
        }


def test_listed_position_type_counts() -> None:
    """What the adapter says of the shape counts more than the first value."""
    state = state_of(resource(value_type=ValueType.OBJECT))
    state = applied(state, samples(POSITION))
    assert state.value(key("r", "lat")) == 52.5


def test_parts_follow_their_whole() -> None:
    """A resource that is renamed, or becomes an input, takes its parts along."""
    state = applied(
        state_of(resource(), resource("other")), samples({"a": {"b": 1}, "c": None})
    )
    change = listing(
        resource("r", ResourceKind.INPUT, name="New", read_safe=False),
        resource("other"),
    )
    state, touched = apply(state, change)
    assert touched == Touched(resources={key(), key("r", "a", "b"), key("r", "c")})
    part = state.resource(key("r", "a", "b"))
    assert part is not None
    assert (part.name, part.kind, part.read_safe) == (
        "New/a/b",
        ResourceKind.INPUT,
        False,
    )
    assert (part.value_type, part.example) == (ValueType.NUMBER, 1)
    assert touched_by(state, change) == Touched()


def test_listed_parts_go_their_own_way() -> None:
    """A part that is listed itself is described by its list, not by its whole."""
    taken = resource("r", ResourceKind.OUTPUT, "out", name="r")
    state = applied(
        state_of(resource("r", ResourceKind.INPUT_OUTPUT), taken),
        samples({"x": 1}, key("r", "out")),
    )
    state, touched = apply(
        state, listing(resource("r", ResourceKind.INPUT_OUTPUT, name="New"), taken)
    )
    assert touched == Touched(resources={key()})
    assert state.resource(key("r", "out", "x")) is not None


@settings(deadline=None)
@given(ANY_VALUE)
def test_any_parts(value: JsonValue) -> None:
    """Whatever a value is, its parts are few and are what it holds."""
    found = dict(parts(resource(), value, {}))
    assert len(found) <= MAX_LEAVES
    for part_key, part in found.items():
        assert 0 < len(part_key.leaf) <= MAX_DEPTH
        holder: Any = value
        for name in part_key.leaf:
            holder = holder[name]
        assert holder is part
        assert leaf_of(resource(), part_key, part).key == part_key
