"""How a part of an object is written."""

import pytest

from custom_components.iot_platforms.model.device import (
    ResourceKind,
)
from custom_components.iot_platforms.model.leaves import (
    merged,
)
from custom_components.iot_platforms.model.state import apply
from custom_components.iot_platforms.model.value import JsonValue

from .helpers import (
    applied,
    key,
    resource,
    samples,
    state_of,
)


@pytest.mark.parametrize(
    ("whole", "path", "expected"),
    [
        (1, (), 5),
        ({"a": 1, "b": 2}, ("a",), {"a": 5, "b": 2}),
        ({"a": {"b": 1, "c": 2}}, ("a", "b"), {"a": {"b": 5, "c": 2}}),
        (None, ("a", "b"), {"a": {"b": 5}}),
        ({"a": 1}, ("a", "b"), {"a": {"b": 5}}),
        ([1], ("0",), {"0": 5}),
    ],
)
def test_merged(whole: JsonValue, path: tuple[str, ...], expected: JsonValue) -> None:
    """A part is put into the whole; what lies in its way is replaced."""
    before = repr(whole)
    assert merged(whole, path, 5) == expected
    assert repr(whole) == before


def test_merged_deeply() -> None:
    """No path is too long."""
    value = merged(None, ("x",) * 50_000, 5)
    for _ in range(50_000):
        assert isinstance(value, dict)
        value = value["x"]
    assert value == 5


def test_whole_of_a_simple_input() -> None:
    """A value that is no part is written as it is, even over an object."""
    state = applied(state_of(resource("r", ResourceKind.INPUT)), samples({"a": 1}))
    assert state.whole_of(key(), 5) == (key(), 5)
    assert state.whole_of(key("unknown"), 5) == (key("unknown"), 5)


def test_whole_of_a_part() -> None:
    """A part is written together with what is known of the rest."""
    state = applied(
        state_of(resource("r", ResourceKind.INPUT)),
        samples({"a": 1, "b": {"c": 2, "d": 3}}),
    )
    assert state.whole_of(key("r", "a"), 5) == (key(), {"a": 5, "b": {"c": 2, "d": 3}})
    assert state.whole_of(key("r", "b", "c"), 5) == (
        key(),
        {"a": 1, "b": {"c": 5, "d": 3}},
    )
    assert state.whole_of(key("r", "new", "x"), 5) == (
        key(),
        {"a": 1, "b": {"c": 2, "d": 3}, "new": {"x": 5}},
    )
    assert state.value(key()) == {"a": 1, "b": {"c": 2, "d": 3}}


def test_whole_of_an_output() -> None:
    """A value that the platform keeps for us, and that may be written, is written whole as well."""
    state = applied(state_of(resource()), samples({"a": 1, "b": 2}))
    assert state.whole_of(key("r", "a"), 5) == (key(), {"a": 5, "b": 2})


def test_whole_of_what_was_never_read() -> None:
    """Where nothing is known of the rest, the part alone is written."""
    state = state_of(resource("r", ResourceKind.INPUT))
    assert state.whole_of(key("r", "a", "b"), 5) == (key(), {"a": {"b": 5}})


def test_whole_of_an_input_half() -> None:
    """Of an input/output, the half that it takes is written: that far and no further up."""
    state = applied(
        state_of(
            resource("r", ResourceKind.INPUT_OUTPUT),
            resource("r", ResourceKind.INPUT, "in"),
            resource("r", ResourceKind.OUTPUT, "out"),
        ),
        samples({"x": 1, "y": 2}, key("r", "in")),
        samples({"x": 9}, key("r", "out")),
    )
    assert state.whole_of(key("r", "in"), 5) == (key("r", "in"), 5)
    assert state.whole_of(key("r", "in", "x"), 5) == (
        key("r", "in"),
        {"x": 5, "y": 2},
    )


def test_written_part_is_known() -> None:
    """What was written as a whole comes back as its parts."""
    state = applied(
        state_of(resource("r", ResourceKind.INPUT)), samples({"a": 1, "b": 2})
    )
    root, whole = state.whole_of(key("r", "a"), 5)
    state, touched = apply(state, samples(whole, root, at=1))
    assert touched.values == {key(), key("r", "a")}
    assert state.value(key("r", "a")) == 5
