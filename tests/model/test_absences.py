"""What is gone, and what only seems to be."""

import pytest

from custom_components.iot_platforms.model.change import (
    Change,
    DeviceChanged,
    DeviceLeft,
    Snapshot,
)
from custom_components.iot_platforms.model.device import (
    ResourceKind,
)
from custom_components.iot_platforms.model.state import AccountState, Touched, apply

from .helpers import (
    LIVE,
    OTHER,
    applied,
    device,
    key,
    listing,
    resource,
    samples,
    state_of,
)


def snapshot(*device_ids: str, complete: bool = True) -> Snapshot:
    """Return a list of devices."""
    return Snapshot(devices=tuple(map(device, device_ids)), complete=complete)


def test_gone_after_two_complete_snapshots() -> None:
    """Once may be a hiccup, twice is a fact."""
    state = applied(AccountState(), snapshot("d", "e"))
    state, touched = apply(state, snapshot("e"))
    assert touched == Touched()
    assert (set(state.devices), state.absences) == ({"d", "e"}, {"d": 1})
    state, touched = apply(state, snapshot("e"))
    assert touched == Touched(removed_devices={"d"})
    assert (set(state.devices), state.absences) == ({"e"}, {})
    state, touched = apply(state, snapshot("d", "e"))
    assert touched == Touched(devices={"d"}, to_discover={"d"})


def test_incomplete_snapshots_prove_nothing() -> None:
    """A short or failed answer is no proof, neither by itself nor as the second one."""
    state = applied(AccountState(), snapshot("d"))
    state = applied(state, *[snapshot(complete=False)] * 5)
    assert (set(state.devices), state.absences) == ({"d"}, {})
    state = applied(state, snapshot(), *[snapshot(complete=False)] * 5)
    assert (set(state.devices), state.absences) == ({"d"}, {"d": 1})


@pytest.mark.parametrize(
    "sign_of_life",
    [snapshot("d"), snapshot("d", complete=False), DeviceChanged(device("d"))],
)
def test_seen_in_between(sign_of_life: Change) -> None:
    """Whoever was seen since the first absence is not gone by the second."""
    state = applied(AccountState(), snapshot("d"), snapshot(), sign_of_life)
    assert not state.absences
    assert set(applied(state, snapshot()).devices) == {"d"}


def test_absence_ends_with_the_device() -> None:
    """A device that was deleted and made again starts anew."""
    state = applied(AccountState(), snapshot("d"), snapshot(), DeviceLeft("d"))
    assert not state.absences
    state = applied(state, DeviceChanged(device("d")), snapshot())
    assert set(state.devices) == {"d"}


def test_resource_gone_after_two_complete_lists() -> None:
    """A resource goes with its parts and its values, after two complete lists of its source."""
    state = applied(
        state_of(resource("a"), resource("b")),
        samples({"x": 1, "y": {"z": 2}}, key("a")),
    )
    only_b = listing(resource("b"), complete=(LIVE,))
    state, touched = apply(state, only_b)
    assert touched == Touched()
    state, touched = apply(state, only_b)
    assert touched == Touched(
        removed_resources={key("a"), key("a", "x"), key("a", "y", "z")}
    )
    assert touched.lists
    assert {found.key for found in state.resources()} == {key("b")}
    assert not state.devices["d"].samples
    assert not state.devices["d"].absences


def test_lists_prove_nothing_about_other_sources() -> None:
    """A list only tells of what it would contain."""
    state = state_of(resource("a"), resource("b", source=OTHER))
    for complete in ((), (LIVE,)):
        after = applied(state, *[listing(resource("a"), complete=complete)] * 5)
        assert {found.key for found in after.resources()} == {key("a"), key("b")}
    after = applied(state, *[listing(complete=(LIVE, OTHER))] * 2)
    assert not list(after.resources())


def test_partial_list_in_between() -> None:
    """An incomplete list neither counts as an absence nor hides that something is there."""
    gone, nothing = listing(complete=(LIVE,)), listing()
    state = applied(state_of(resource()), gone, nothing, nothing)
    assert state.devices["d"].absences == {key(): 1}
    seen = applied(state, listing(resource()))
    assert not seen.devices["d"].absences
    assert list(applied(seen, gone).resources())
    assert not list(applied(state, gone).resources())


def test_listed_parts_speak_for_their_whole() -> None:
    """Where only parts are listed, they go together when none of them is listed any more."""
    parts = (resource("$s", ResourceKind.OUTPUT, name) for name in ("a", "b"))
    state = state_of(*parts)
    one_left = listing(resource("$s", ResourceKind.OUTPUT, "a"), complete=(LIVE,))
    assert len(list(applied(state, one_left, one_left).resources())) == 2
    nothing = listing(complete=(LIVE,))
    assert not list(applied(state, nothing, nothing).resources())


def test_listing_touches_what_changed() -> None:
    """A description that changed is told; one that stayed is not."""
    state = state_of(resource("a"), resource("b"))
    change = listing(resource("a", unit="°C"), resource("b"), resource("c"))
    after, touched = apply(state, change)
    assert touched == Touched(resources={key("a"), key("c")})
    assert after.devices["d"].samples is state.devices["d"].samples
    assert after.resource(key("b")) is state.resource(key("b"))


def test_list_of_another_device() -> None:
    """A list tells of its own device, whatever keys stand in it."""
    state = state_of(devices=(device("d"), device("e")))
    assert apply(state, listing(resource(device_id="e")))[0] is state
