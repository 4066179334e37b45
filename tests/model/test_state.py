"""The one function through which everything new comes in."""

from dataclasses import replace

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.model.change import (
    Change,
    Connectivity,
    DeviceChanged,
    DeviceLeft,
    Listing,
    ResyncNeeded,
    Samples,
    Snapshot,
)
from custom_components.iot_platforms.model.device import (
    Device,
    ResourceKey,
    ResourceKind,
    Sample,
)
from custom_components.iot_platforms.model.state import AccountState, Touched, apply
from custom_components.iot_platforms.model.value import JsonValue, ValueType

from .helpers import (
    ANY_TEXT,
    ANY_VALUE,
    LIVE,
    OTHER,
    applied,
    device,
    devices,
    key,
    listing,
    nested,
    resource,
    resources,
    samples,
    state_of,
    touched_by,
)


def test_first_snapshot() -> None:
    """A snapshot brings devices, what they offer, and values, at once."""
    found = resource()
    snapshot = Snapshot(
        devices=(device("d"), device("e", online=False)),
        listings=(
            Listing(device_id="d", resources=(found,), samples=(Sample(key(), 1),)),
            listing(resource(device_id="unknown"), device_id="unknown"),
        ),
    )
    state, touched = apply(AccountState(), snapshot)
    assert set(state.devices) == {"d", "e"}
    assert state.value(key()) == 1
    learned = replace(found, value_type=ValueType.NUMBER, example=1)
    assert list(state.resources()) == [learned]
    assert touched == Touched(
        values={key()},
        resources={key()},
        devices={"d", "e"},
        to_discover={"d", "e"},
    )
    assert touched.lists


def test_nothing_new_is_nothing() -> None:
    """What is known already touches nothing, and the state stays the very same object."""
    snapshot = Snapshot(
        devices=(device("d"),),
        listings=(
            Listing(
                device_id="d",
                resources=(resource(),),
                samples=(Sample(key(), {"a": 1}),),
                complete=frozenset({LIVE}),
            ),
        ),
    )
    state = applied(AccountState(), snapshot)
    for change in (
        snapshot,
        *snapshot.listings,
        DeviceChanged(device("d")),
        Connectivity("d", online=True),
        ResyncNeeded(),
        ResyncNeeded("d"),
        Samples(()),
        Snapshot(devices=(), complete=False),
    ):
        again, touched = apply(state, change)
        assert again is state
        assert touched == Touched()
        assert not touched.lists


@pytest.mark.parametrize(
    "change",
    [
        samples(1, key(device_id="unknown")),
        samples(1, key("unknown")),
        Connectivity("unknown", online=True),
        DeviceLeft("unknown"),
        listing(resource(device_id="unknown"), device_id="unknown"),
    ],
)
def test_unknown_things(change: Change) -> None:
    """What belongs to nothing that is known is left out."""
    state = state_of(resource())
    assert apply(state, change) == (state, Touched())


def test_old_state_stays() -> None:
    """Whoever holds an older state sees no change in it; what did not change is shared."""
    first, second = resource("a"), resource("b", device_id="e")
    state = applied(
        state_of(first, second),
        samples({"x": 1}, key("a")),
        samples(1, key("b", device_id="e")),
    )
    before = {
        device_id: (known.device, dict(known.resources), dict(known.samples))
        for device_id, known in state.devices.items()
    }
    for change in (
        samples({"x": 2, "y": {"z": 3}}, key("a")),
        listing(resource("c"), complete=(LIVE,)),
        Connectivity("d", online=False, at=9),
        DeviceChanged(device("d", name="New")),
        DeviceLeft("d"),
        DeviceChanged(device("f")),
        Snapshot(devices=()),
    ):
        after, _ = apply(state, change)
        assert after is not state
        assert {
            device_id: (known.device, dict(known.resources), dict(known.samples))
            for device_id, known in state.devices.items()
        } == before
        assert not state.absences
        if "e" in after.devices:
            assert after.devices["e"] is state.devices["e"]


def test_devices_cannot_be_changed_in_place() -> None:
    """What comes out of ``apply`` is read-only."""
    state = applied(AccountState(), DeviceChanged(device()))
    with pytest.raises(TypeError):
        state.devices["x"] = state.devices["d"]  # type: ignore[index]


def test_one_value_among_many() -> None:
    """One changed value leaves the objects of all other devices, and of all other values, alone."""
    found = [
        resource(f"r{r}", device_id=f"d{d}", value_type=ValueType.NUMBER)
        for d in range(100)
        for r in range(100)
    ]
    everything = Samples(tuple(Sample(f.key, 0) for f in found))
    state, touched = apply(state_of(*found), everything)
    assert touched.values == {f.key for f in found}
    changed = key("r7", device_id="d42")
    after, touched = apply(state, samples(1, changed))
    assert touched == Touched(values={changed})
    for device_id, known in state.devices.items():
        assert (after.devices[device_id] is known) is (device_id != "d42")
    old, new = state.devices["d42"], after.devices["d42"]
    assert new.resources is old.resources
    assert new.device is old.device
    for known_key, sample in old.samples.items():
        assert (new.samples[known_key] is sample) is (known_key != changed)


def test_unchanged_values_cost_no_copy() -> None:
    """A poll that brings nothing new gives the state back as it was."""
    state = applied(state_of(resource()), samples(1))
    assert apply(state, samples(1))[0] is state


# Devices


def test_device_changed() -> None:
    """A rename touches the device and nothing else."""
    state = state_of(resource())
    after, touched = apply(state, DeviceChanged(device(name="New name")))
    assert touched == Touched(devices={"d"})
    assert after.device("d") == device(name="New name")
    assert after.devices["d"].resources is state.devices["d"].resources


@pytest.mark.parametrize(
    ("before", "after", "discovers"),
    [
        (False, True, True),
        (None, True, True),
        (True, False, False),
        (False, None, False),
        (True, None, False),
    ],
)
def test_to_discover(
    before: bool | None, after: bool | None, *, discovers: bool
) -> None:
    """Who comes online may offer something else than before."""
    state = state_of(devices=(device(online=before),))
    touched = touched_by(state, DeviceChanged(device(online=after)))
    assert touched.to_discover == ({"d"} if discovers else set())
    assert touched.devices == {"d"}
    if after is not None:
        assert touched_by(state, Connectivity("d", online=after)) == touched


def test_connectivity() -> None:
    """Going online and offline changes just that."""
    state = state_of(devices=(device(online=False, online_since=5.0, name="Boiler"),))
    state, touched = apply(state, Connectivity("d", online=True, at=9.0))
    assert state.device("d") == device(online=True, online_since=9.0, name="Boiler")
    assert touched == Touched(devices={"d"}, to_discover={"d"})
    state = applied(state, Connectivity("d", online=False))
    # The old time is not the time of this change.
    assert state.device("d") == device(online=False, online_since=None, name="Boiler")


def test_connectivity_out_of_order() -> None:
    """What happened before the last change that we know of is history."""
    state = state_of(devices=(device(online=True, online_since=10.0),))
    assert apply(state, Connectivity("d", online=False, at=9.0))[0] is state
    after = applied(state, Connectivity("d", online=False, at=10.0))
    assert after.device("d") == device(online=False, online_since=10.0)


def test_device_left() -> None:
    """A deleted device takes everything with it, at once."""
    state, touched = apply(applied(state_of(resource()), samples(1)), DeviceLeft("d"))
    assert touched == Touched(removed_devices={"d"})
    assert state == AccountState()
    assert state.device("d") is state.resource(key()) is state.sample(key()) is None


def test_without() -> None:
    """What a person left out is not there."""
    state = applied(state_of(resource(), resource(device_id="e")), Snapshot(devices=()))
    assert set(state.absences) == {"d", "e"}
    assert state.without({"d", "x"}) == AccountState(
        devices={"e": state.devices["e"]}, absences={"e": 1}
    )


# Anything


_IDS = st.sampled_from(["d", "e", ""])
_RESOURCE_KEYS = st.builds(
    ResourceKey,
    _IDS,
    st.sampled_from(["r", "s", "/"]),
    st.lists(st.sampled_from(["in", "out", "x"]) | ANY_TEXT, max_size=2).map(tuple),
)
_SAMPLES = st.builds(Sample, _RESOURCE_KEYS, ANY_VALUE, st.none() | st.floats(width=16))
_LISTINGS = st.builds(
    Listing,
    device_id=_IDS,
    resources=st.lists(resources(_RESOURCE_KEYS), max_size=3).map(tuple),
    samples=st.lists(_SAMPLES, max_size=3).map(tuple),
    complete=st.frozensets(st.sampled_from([LIVE, OTHER])),
)
_CHANGES: st.SearchStrategy[Change] = st.one_of(
    st.builds(
        Snapshot,
        devices=st.lists(devices(_IDS), max_size=3).map(tuple),
        listings=st.lists(_LISTINGS, max_size=2).map(tuple),
        complete=st.booleans(),
    ),
    _LISTINGS,
    st.builds(Samples, st.lists(_SAMPLES, max_size=4).map(tuple)),
    st.builds(Connectivity, _IDS, st.booleans(), st.none() | st.floats()),
    st.builds(DeviceChanged, devices(_IDS)),
    st.builds(DeviceLeft, _IDS),
    st.builds(ResyncNeeded, st.none() | _IDS),
)


def _facts(state: AccountState) -> dict[str, tuple[Device, int, int]]:
    return {
        device_id: (known.device, len(known.resources), len(known.samples))
        for device_id, known in state.devices.items()
    }


@settings(max_examples=150, deadline=None)
@given(st.lists(_CHANGES, max_size=8))
def test_anything(changes: list[Change]) -> None:
    """Whatever arrives, in whatever order, the state is sound and ``touched`` tells the truth."""
    state = applied(AccountState(), Snapshot(devices=(device("d"), device("e"))))
    for change in changes:
        before = _facts(state)
        after, touched = apply(state, change)
        assert _facts(state) == before
        assert touched.removed_devices == state.devices.keys() - after.devices.keys()
        assert touched.devices <= after.devices.keys() | touched.removed_devices
        for device_id, known in after.devices.items():
            assert known.device.id == device_id
            assert known.samples.keys() <= known.resources.keys()
            assert all(known.resources[k].key == k for k in known.resources)
            assert {key.device_id for key in known.resources} <= {device_id}
            old = state.devices.get(device_id)
            if old is known:
                assert not {k for k in touched.values if k.device_id == device_id}
                continue
            new_keys = {
                k
                for k, sample in known.samples.items()
                if old is None or old.samples.get(k) is not sample
            }
            assert {k for k in touched.values if k.device_id == device_id} <= new_keys
        # The same once more brings nothing new, except that absences are counted.
        if isinstance(change, Samples | DeviceChanged | Connectivity | DeviceLeft):
            again, touched = apply(after, change)
            if len(getattr(change, "samples", ())) <= 1:
                assert touched == Touched()
                assert _facts(again) == _facts(after)
        state = after


@pytest.mark.parametrize("value", [nested(60_000), {"x": nested(60_000)}])
@pytest.mark.parametrize("kind", list(ResourceKind))
def test_endless_value(value: JsonValue, kind: ResourceKind) -> None:
    """A value that is deeper than any stack is left out: whoever compares states would fall."""
    state = state_of(resource("r", kind))
    assert apply(state, samples(value)) == (state, Touched())
    assert touched_by(state, samples(nested(40))).values == {key()}
