"""Large changes in small parts."""

from collections.abc import Sequence

from hypothesis import given, strategies as st

from custom_components.iot_platforms.model.change import (
    Change,
    Connectivity,
    DeviceLeft,
    Listing,
    ResyncNeeded,
    Samples,
    Snapshot,
    portions,
)
from custom_components.iot_platforms.model.device import Device, Sample
from custom_components.iot_platforms.model.state import AccountState, apply

from .helpers import LIVE, applied, device, key, resource, state_of


def account(count: int, *, complete: bool = True) -> Snapshot:
    """Return the snapshot of an account where every other device belongs to the one before it."""
    devices = tuple(
        device(str(n), parent_id=str(n - 1) if n % 2 else None) for n in range(count)
    )
    listings = tuple(
        Listing(
            device_id=found.id,
            resources=(resource(device_id=found.id),),
            samples=(Sample(key(device_id=found.id), 1),),
            complete=frozenset({LIVE}),
        )
        for found in devices
    )
    return Snapshot(
        devices=devices, listings=listings, complete=complete, has_values=True
    )


def whole(state: AccountState, change: Change) -> AccountState:
    """Return the state after a change in one go."""
    return applied(state, change)


def in_parts(state: AccountState, change: Change, size: int) -> AccountState:
    """Return the state after a change in parts."""
    return applied(state, *portions(change, size))


def test_small_changes_stay_whole() -> None:
    """What is small, or cannot be large, is the very same change."""
    for change in (
        account(5),
        Samples((Sample(key(), 1),)),
        Samples(()),
        Connectivity("d", online=True),
        DeviceLeft("d"),
        ResyncNeeded(),
        resource_list(300),
    ):
        assert [*portions(change, 10)] == [change]


def resource_list(count: int) -> Listing:
    """Return what a device with many resources offers."""
    found = tuple(resource(str(n)) for n in range(count))
    return Listing(device_id="d", resources=found)


def test_snapshot() -> None:
    """No part is larger than asked for; one of them proves what is gone, and says nothing again."""
    parts = [*portions(account(25), 10)]
    assert all(isinstance(part, Snapshot) for part in parts)
    sizes = [
        (len(part.devices), len(part.listings), part.complete)
        for part in parts
        if isinstance(part, Snapshot)
    ]
    devices = [(10, 0, False), (10, 0, False), (5, 0, False)]
    listings = [(0, 10, False), (0, 10, False), (0, 5, False)]
    assert sizes == [*devices, (0, 0, True), *listings]


def test_news_between_parts() -> None:
    """What happens while a snapshot is taken in is newer than the snapshot."""
    state = AccountState()
    parts = [*portions(account(25), 10)]
    for number, part in enumerate(parts):
        if number == 3:
            state, _ = apply(state, Connectivity("0", online=False))
        state, _ = apply(state, part)
    device = state.device("0")
    assert device is not None
    assert device.online is False


def test_parents_first() -> None:
    """A device comes in no later part than the one that it belongs to."""
    seen: list[Device] = []
    for part in portions(account(40), 3):
        if isinstance(part, Snapshot) and not part.complete:
            seen += part.devices
    order = {found.id: place for place, found in enumerate(seen)}
    assert len(order) == 40
    for found in seen:
        assert found.parent_id is None or order[found.parent_id] < order[found.id]


def test_what_is_gone() -> None:
    """In parts, a snapshot says the same about devices that it lacks."""
    state = applied(AccountState(), account(30))
    for complete in (True, False):
        smaller = account(20, complete=complete)
        after = in_parts(state, smaller, 7)
        assert after == whole(state, smaller)
        assert bool(after.absences) is complete
        # Twice in a row, and they are gone.
        after = in_parts(after, smaller, 7)
        assert len(after.devices) == (20 if complete else 30)


def test_samples() -> None:
    """Values keep their order: of two for one resource the later one counts."""
    change = Samples(tuple(Sample(key(str(n % 7)), n) for n in range(50)))
    parts = [*portions(change, 10)]
    assert [len(part.samples) for part in parts if isinstance(part, Samples)] == (
        [10] * 5
    )
    state = state_of(*(resource(str(n)) for n in range(7)))
    assert in_parts(state, change, 10) == whole(state, change)


_SNAPSHOTS: st.SearchStrategy[Sequence[Snapshot]] = st.lists(
    st.builds(account, st.integers(0, 12), complete=st.booleans()), max_size=4
)


@given(_SNAPSHOTS, st.integers(1, 15))
def test_parts_make_up_the_whole(snapshots: Sequence[Snapshot], size: int) -> None:
    """It makes no difference to what is known in the end."""
    one = other = AccountState()
    for snapshot in snapshots:
        one, other = whole(one, snapshot), in_parts(other, snapshot, size)
        assert one == other
