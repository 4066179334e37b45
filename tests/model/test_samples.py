"""Values as they come in: what changed, what is late, and what shape they have."""

import math

import pytest

from custom_components.iot_platforms.model.change import Samples
from custom_components.iot_platforms.model.device import ResourceKind, Sample
from custom_components.iot_platforms.model.state import Touched, apply
from custom_components.iot_platforms.model.value import JsonValue, ValueType

from .helpers import applied, key, listing, resource, samples, state_of, touched_by

BOTH_WAYS = [ResourceKind.OUTPUT, ResourceKind.INPUT]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (21, 21.0),
        (True, True),
        ("a", "a"),
        (None, None),
        (math.nan, float("nan")),
        ([1, {"a": 2}], [1.0, {"a": 2.0}]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_same_value(before: JsonValue, after: JsonValue, kind: ResourceKind) -> None:
    """A value that did not change touches nothing."""
    state = applied(state_of(resource("r", kind)), samples(before))
    assert touched_by(state, samples(after)) == Touched()


@pytest.mark.parametrize(
    ("value_type", "before", "after"),
    [
        (ValueType.BOOLEAN, True, 1),
        (ValueType.BOOLEAN, False, "off"),
        (ValueType.NUMBER, 21, "21.0"),
        (ValueType.NUMBER, 1, True),
        (ValueType.TEXT, "1", 1),
    ],
)
def test_same_value_in_another_shape(
    value_type: ValueType, before: JsonValue, after: JsonValue
) -> None:
    """Servers and firmware change between 1 and true: of an output that is the same value."""
    state = applied(state_of(resource(value_type=value_type)), samples(before))
    after_state, touched = apply(state, samples(after))
    assert touched == Touched()
    assert type(after_state.value(key())) is type(before)


def test_input_keeps_its_own_shape() -> None:
    """What an input holds is written back as it came, so 1 and true differ."""
    state = applied(state_of(resource("r", ResourceKind.INPUT)), samples(1))
    state, touched = apply(state, samples(True))
    assert touched == Touched(values={key()})
    assert state.value(key()) is True


def test_part_that_becomes_true() -> None:
    """The whole keeps step with its part, for it is the whole that is written back."""
    state = applied(state_of(resource("r", ResourceKind.INPUT)), samples({"a": 1}))
    state, touched = apply(state, samples({"a": True}))
    assert touched.values == {key(), key("r", "a")}
    assert state.value(key()) == {"a": True}


def test_type_is_learned_once() -> None:
    """The first value that is one says what shape the values have; none takes that back."""
    state = state_of(resource())
    state, touched = apply(state, samples(None))
    assert touched == Touched(values={key()})
    state, touched = apply(state, samples(21.5))
    assert touched == Touched(values={key()}, resources={key()})
    state, touched = apply(state, samples("warm"))
    assert touched == Touched(values={key()})
    found = state.resource(key())
    assert found is not None
    assert (found.value_type, found.example) == (ValueType.NUMBER, 21.5)
    assert state.value(key()) is None


def test_learned_type_survives_lists() -> None:
    """A list that does not tell the type does not make it unknown again."""
    state = applied(state_of(resource()), samples(1))
    state, touched = apply(state, listing(resource(name="New")))
    assert touched == Touched(resources={key()})
    found = state.resource(key())
    assert found is not None
    assert (found.name, found.value_type, found.example) == ("New", ValueType.NUMBER, 1)
    state, _ = apply(state, listing(resource(value_type=ValueType.TEXT)))
    found = state.resource(key())
    assert found is not None
    assert found.value_type is ValueType.TEXT


def test_other_kind_learns_anew() -> None:
    """An output that new firmware makes an input is another thing under the same name."""
    state = applied(state_of(resource()), samples("on"))
    state = applied(state, listing(resource("r", ResourceKind.INPUT)))
    found = state.resource(key())
    assert found is not None
    assert (found.value_type, found.example) == (None, None)
    state = applied(state, samples(True))
    found = state.resource(key())
    assert found is not None
    assert (found.value_type, found.example) == (ValueType.BOOLEAN, True)


def test_absurd_first_value() -> None:
    """What is no number is no example of one."""
    state = applied(state_of(resource()), samples(math.nan))
    found = state.resource(key())
    assert found is not None
    assert (found.value_type, found.example) == (ValueType.NUMBER, None)
    assert touched_by(state, listing(resource())) == Touched()


@pytest.mark.parametrize(
    ("known", "late", "is_taken"),
    [
        (10, 9, False),
        (10, 10, True),
        (10, 11, True),
        (None, 1, True),
        (10, None, True),
        (None, None, True),
    ],
)
def test_out_of_order(known: float | None, late: float | None, is_taken: bool) -> None:
    """What is older than what is known is left out; what has no time is new."""
    state = applied(state_of(resource()), samples({"a": 1}, at=known))
    after, touched = apply(state, samples({"a": 2}, at=late))
    assert (after is not state) is is_taken
    assert touched == (
        Touched(values={key(), key("r", "a")}) if is_taken else Touched()
    )


def test_time_of_an_unchanged_value() -> None:
    """A value that was confirmed later makes what lies between out of date."""
    state = applied(state_of(resource()), samples(1, at=10))
    state, touched = apply(state, samples(1, at=20))
    assert touched == Touched()
    assert state.sample(key()) == Sample(key(), 1, 20)
    assert touched_by(state, samples(2, at=15)) == Touched()
    assert apply(state, samples(1))[0].sample(key()) == Sample(key(), 1, 20)


def test_several_in_one_go() -> None:
    """Of several values in one change the last one counts; the key is told once."""
    state = state_of(resource(), resource(device_id="e"))
    other = key(device_id="e")
    change = Samples(
        (Sample(key(), 1), Sample(other, 5), Sample(key(), 2), Sample(key("?"), 3))
    )
    state, touched = apply(state, change)
    assert (state.value(key()), state.value(other)) == (2, 5)
    assert touched.values == {key(), other}
    assert touched.resources == {key(), other}


def test_unknown_is_a_change() -> None:
    """Known to unknown and back are changes; unknown to unknown is none."""
    state = applied(state_of(resource(value_type=ValueType.NUMBER)), samples(1))
    state, touched = apply(state, samples(None))
    assert touched == Touched(values={key()})
    assert touched_by(state, samples("?")) == Touched()
    assert touched_by(state, samples(1)) == Touched(values={key()})
