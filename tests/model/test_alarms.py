"""Alarms: which are active, how bad they are, and what happened to them."""

from dataclasses import replace

from hypothesis import given, strategies as st
import pytest

from custom_components.iot_platforms.model.alarm import (
    Alarm,
    AlarmEvent,
    Severity,
    events,
    worst,
)
from custom_components.iot_platforms.model.change import (
    Alarms,
    DeviceChanged,
    DeviceLeft,
    Occurrence,
)
from custom_components.iot_platforms.model.state import AccountState, Touched, apply

from .helpers import applied, device, resource, state_of, touched_by

HOT = Alarm(id="1", device_id="d", type="hot", severity=Severity.MAJOR, started_at=1.0)
DRY = Alarm(id="2", device_id="d", type="dry", severity=Severity.WARNING)
OTHER = Alarm(id="3", device_id="e", type="hot", severity=Severity.CRITICAL)


def complete(*alarms: Alarm) -> Alarms:
    """Return all active alarms."""
    return Alarms(alarms=alarms, complete=True)


def some(*alarms: Alarm) -> Alarms:
    """Return a few alarms, as push delivers them."""
    return Alarms(alarms=alarms, complete=False)


def account(*alarms: Alarm) -> AccountState:
    """Return an account with two devices whose alarms are known."""
    return applied(state_of(devices=(device("d"), device("e"))), complete(*alarms))


def happened(state: AccountState, change: Alarms) -> list[tuple[AlarmEvent, str]]:
    """Return what a change says that happened to which alarms."""
    touched = touched_by(state, change)
    return [(found.event, found.alarm.id) for found in touched.occurrences]


def active(state: AccountState, device_id: str = "d") -> set[str]:
    """Return the ids of a device's active alarms."""
    return {alarm.id for alarm in state.alarms(device_id)}


# One alarm


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        ((), None),
        ((Severity.WARNING,), Severity.WARNING),
        ((Severity.MINOR, Severity.CRITICAL, Severity.MAJOR), Severity.CRITICAL),
        ((Severity.INDETERMINATE, Severity.WARNING), Severity.WARNING),
        (tuple(Severity), Severity.CRITICAL),
    ],
)
def test_worst(severities: tuple[Severity, ...], expected: Severity | None) -> None:
    """The highest severity stands for all of them."""
    assert worst([replace(HOT, severity=found) for found in severities]) is expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, HOT, ("created",)),
        (None, replace(HOT, acknowledged=True), ("created",)),
        (None, replace(HOT, cleared=True), ()),
        (HOT, HOT, ()),
        (HOT, replace(HOT, text="42 °C", details={"data": 42}), ()),
        (HOT, replace(HOT, acknowledged=True), ("acknowledged",)),
        (replace(HOT, acknowledged=True), HOT, ()),
        (HOT, replace(HOT, severity=Severity.MINOR), ("severity_changed",)),
        (HOT, replace(HOT, cleared=True), ("cleared",)),
        (
            HOT,
            replace(HOT, cleared=True, acknowledged=True, severity=Severity.MINOR),
            ("severity_changed", "acknowledged", "cleared"),
        ),
    ],
)
def test_events(before: Alarm | None, after: Alarm, expected: tuple[str, ...]) -> None:
    """What differs between two looks at an alarm is what happened to it."""
    assert events(before, after) == expected


# All alarms


def test_first_list_is_no_news() -> None:
    """Alarms that were there before us did not happen now; from then on they are known."""
    state = state_of(devices=(device("d"), device("e")))
    assert not state.knows_alarms
    after, touched = apply(state, complete(HOT, DRY))
    assert after.knows_alarms
    assert active(after) == {"1", "2"}
    assert active(after, "e") == set()
    # Whether "e" has alarms was not known before.
    assert touched == Touched(alarms={"d", "e"})
    assert not touched.lists


def test_push_before_the_first_list() -> None:
    """What push tells first is taken in, but whether it is news nobody knows."""
    state = state_of(devices=(device("d"),))
    after, touched = apply(state, some(HOT))
    assert not after.knows_alarms
    assert active(after) == {"1"}
    assert touched == Touched(alarms={"d"})
    after, touched = apply(after, complete(HOT))
    assert after.knows_alarms
    assert touched == Touched(alarms={"d"})


def test_nothing_new_is_nothing() -> None:
    """The same alarms once more touch nothing, in any order."""
    state = account(HOT, DRY, OTHER)
    for change in (complete(OTHER, DRY, HOT), some(DRY), some(), some(HOT, HOT)):
        again, touched = apply(state, change)
        assert again is state
        assert touched == Touched()


def test_new_alarm() -> None:
    """A new alarm concerns its device only."""
    state = account(HOT)
    after, touched = apply(state, some(OTHER))
    assert active(after, "e") == {"3"}
    assert after.devices["d"] is state.devices["d"]
    occurrence = Occurrence(event=AlarmEvent.CREATED, alarm=OTHER)
    assert touched == Touched(alarms={"e"}, occurrences=[occurrence])


def test_other_severity() -> None:
    """What it was before is told, but only where that is what happened."""
    worse = replace(HOT, severity=Severity.CRITICAL, acknowledged=True)
    touched = touched_by(account(HOT), some(worse))
    assert touched.occurrences == [
        Occurrence(
            event=AlarmEvent.SEVERITY_CHANGED,
            alarm=worse,
            previous_severity=Severity.MAJOR,
        ),
        Occurrence(event=AlarmEvent.ACKNOWLEDGED, alarm=worse),
    ]


def test_quiet_change() -> None:
    """Another text is told to those who show it, and is no event."""
    after, touched = apply(account(HOT), some(replace(HOT, text="42 °C")))
    assert [alarm.text for alarm in after.alarms("d")] == ["42 °C"]
    assert touched == Touched(alarms={"d"})


def test_cleared() -> None:
    """A cleared alarm is no longer active; to clear it again does nothing."""
    cleared = replace(HOT, cleared=True)
    state, touched = apply(account(HOT, DRY), some(cleared))
    assert active(state) == {"2"}
    assert [(o.event, o.alarm) for o in touched.occurrences] == [
        (AlarmEvent.CLEARED, cleared)
    ]
    assert apply(state, some(cleared)) == (state, Touched())


def test_missing_from_a_complete_list() -> None:
    """What a complete list lacks was cleared meanwhile; an incomplete one proves nothing."""
    state = account(HOT, DRY, OTHER)
    assert happened(state, some()) == []
    assert happened(state, complete(DRY)) == [
        (AlarmEvent.CLEARED, "1"),
        (AlarmEvent.CLEARED, "3"),
    ]
    after = applied(state, complete(DRY))
    assert active(after) == {"2"}
    assert active(after, "e") == set()


def test_several_at_once() -> None:
    """Each alarm of a list is one of its own."""
    state = account(HOT)
    change = complete(replace(HOT, acknowledged=True), DRY)
    assert happened(state, change) == [
        (AlarmEvent.ACKNOWLEDGED, "1"),
        (AlarmEvent.CREATED, "2"),
    ]


def test_unknown_device() -> None:
    """Alarms of what the account does not list are left out."""
    state = account()
    stranger = replace(HOT, device_id="x")
    assert apply(state, some(stranger)) == (state, Touched())
    assert apply(state, complete(stranger)) == (state, Touched())
    assert list(state.alarms("x")) == []


def test_alarms_stay_with_their_device() -> None:
    """Facts and values leave alarms alone; a device that leaves takes them along."""
    state = account(HOT)
    state = applied(state, DeviceChanged(device(name="New name")))
    assert active(state) == {"1"}
    state = applied(state, DeviceLeft("d"), DeviceChanged(device("d")))
    assert active(state) == set()
    assert state.knows_alarms


def test_without_some_devices() -> None:
    """What is known of alarms stays known for the devices that stay."""
    state = account(HOT, OTHER).without({"e"})
    assert state.knows_alarms
    assert active(state) == {"1"}


def test_values_and_alarms() -> None:
    """One knows nothing of the other."""
    state = applied(state_of(resource()), complete(HOT))
    assert list(state.resources()) == [resource()]


_ALARMS = st.builds(
    Alarm,
    id=st.sampled_from(["1", "2", "3"]),
    device_id=st.sampled_from(["d", "e", "x"]),
    type=st.just("hot"),
    severity=st.sampled_from(Severity),
    acknowledged=st.booleans(),
    cleared=st.booleans(),
)
_CHANGES = st.builds(
    Alarms, alarms=st.lists(_ALARMS, max_size=4).map(tuple), complete=st.booleans()
)


@given(st.lists(_CHANGES, max_size=6))
def test_anything(changes: list[Alarms]) -> None:
    """Whatever comes, what is active is active, and what happened happened to it."""
    state = account()
    for change in changes:
        before = {d: dict(known.alarms) for d, known in state.devices.items()}
        after, touched = apply(state, change)
        assert before == {d: dict(known.alarms) for d, known in state.devices.items()}
        for device_id, known in after.devices.items():
            assert (known.alarms != before[device_id]) is (device_id in touched.alarms)
            for alarm_id, alarm in known.alarms.items():
                assert (alarm.id, alarm.device_id) == (alarm_id, device_id)
                assert not alarm.cleared
        for occurrence in touched.occurrences:
            alarm = occurrence.alarm
            is_active = alarm.id in after.devices[alarm.device_id].alarms
            assert is_active is not alarm.cleared
            assert alarm.device_id in touched.alarms
        assert apply(after, change)[1] == Touched()
        state = after
