"""Alarms of devices: whether there are any, what happens to them, what people do about them."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import (
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.event import async_track_state_change_event
import pytest
import voluptuous as vol

from custom_components.iot_platforms.const import DOMAIN
from custom_components.iot_platforms.model import alarm as model
from custom_components.iot_platforms.model.change import Alarms

from tests.boards import Board, add_board, live_board
from tests.home import add_account, device_of, reload, wait_until
from tests.simulators.effects import Status
from tests.simulators.thinger import ThingerSimulator
from tests.simulators.thingsboard import Alarm, ThingsBoardSimulator

BOILER = "Thermostat T1"
DOOR = "Door sensor"
TRACKER = "Tracker"


@pytest.fixture
async def board(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> Board:
    """Sign in to the sample account, and wait until push tells of everything."""
    return await live_board(hass, thingsboard)


def problem(board: Board, device: str) -> State:
    """Return what tells whether a device has alarms."""
    return board.shown("binary_sensor", device, "$problem")


async def until_problem(board: Board, device: str, expected: str) -> None:
    """Wait until it is told that a device has alarms, or has none."""
    await board.until(expected, "binary_sensor", device, "$problem")


def events_of(board: Board, device: str) -> list[dict[str, Any]]:
    """Return what happens to a device's alarms from now on, without HA's own attributes."""
    events: list[dict[str, Any]] = []
    own = ("event_types", "friendly_name", "icon")

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        assert new is not None
        events.append({k: v for k, v in new.attributes.items() if k not in own})

    event_id = board.found("event", device, "$alarms")
    async_track_state_change_event(board.hass, event_id, note)
    return events


def raise_alarm(board: Board, device: str, type_: str = "Stuck", **facts: Any) -> Alarm:
    """Raise an alarm of a device, or change the active one of this type."""
    return board.sim.store.alarms.create(board.sim.device(device), type_, **facts)


async def act(
    board: Board, name: str, device: str, **data: Any
) -> dict[str, Any] | None:
    """Call an action on a device."""
    services = board.hass.services
    return await services.async_call(
        DOMAIN,
        name,
        board.target(device, **data),
        blocking=True,
        return_response=services.supports_response(DOMAIN, name) != "none",
    )


# Whether there are any


async def test_problem(board: Board) -> None:
    """Each device tells how bad it is, and of what kind."""
    found = problem(board, BOILER)
    assert found.state == STATE_ON
    assert {
        name: found.attributes[name]
        for name in ("severity", "count", "types", "acknowledged", "device_class")
    } == {
        "severity": "major",
        "count": 2,
        "types": ["High Temperature", "Low Humidity"],
        "acknowledged": False,
        "device_class": "problem",
    }
    found = problem(board, DOOR)
    assert (found.state, found.attributes["acknowledged"]) == (STATE_ON, True)
    found = problem(board, TRACKER)
    assert found.state == STATE_OFF
    assert (found.attributes["count"], found.attributes["types"]) == (0, [])
    assert found.attributes["severity"] is None
    assert found.attributes["acknowledged"] is None


async def test_problem_comes_and_goes(board: Board) -> None:
    """Push tells of an alarm at once, of another severity, and when it is over."""
    alarm = raise_alarm(board, TRACKER, severity="WARNING")
    await until_problem(board, TRACKER, STATE_ON)
    assert problem(board, TRACKER).attributes["severity"] == "warning"
    raise_alarm(board, TRACKER, severity="CRITICAL")
    await wait_until(
        board.hass,
        lambda: problem(board, TRACKER).attributes["severity"] == "critical",
    )
    board.sim.store.alarms.clear(alarm)
    await until_problem(board, TRACKER, STATE_OFF)


async def test_several_alarms(board: Board) -> None:
    """Two alarms of one device are two; the worst counts, and whether all are acknowledged."""
    raise_alarm(board, DOOR, "Broken", severity="MAJOR")
    await wait_until(board.hass, lambda: problem(board, DOOR).attributes["count"] == 2)
    attributes = problem(board, DOOR).attributes
    assert attributes["types"] == ["Broken", "Low battery"]
    assert attributes["severity"] == "major"
    assert attributes["acknowledged"] is False


async def test_names(board: Board) -> None:
    """Both entities have names of our own."""
    assert problem(board, TRACKER).name == "Van Alarm"
    assert board.shown("event", TRACKER, "$alarms").name == "Van Alarms"


async def test_alarms_that_cannot_be_read(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Before alarms were read, nobody knows whether there are any."""
    fault = thingsboard.faults.add(Status(500), path="/alarms$")
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    assert problem(board, BOILER).state == STATE_UNKNOWN
    assert "count" not in problem(board, BOILER).attributes
    fault.remove()
    await board.entry.runtime_data.async_read_alarms()
    assert problem(board, BOILER).state == STATE_ON


async def test_alarms_that_are_forbidden(board: Board) -> None:
    """Without the permission there is nothing to tell; with it there is again."""
    fault = board.sim.faults.add(Status(403), path="/alarms$")
    await board.entry.runtime_data.async_read_list()
    assert problem(board, BOILER).state == STATE_UNAVAILABLE
    assert board.value("event", BOILER, "$alarms") == STATE_UNAVAILABLE
    temperature = board.value("sensor", BOILER, "telemetry/temperature")
    assert temperature != STATE_UNAVAILABLE
    fault.remove()
    await board.entry.runtime_data.async_read_list()
    assert problem(board, BOILER).state == STATE_ON
    assert board.value("event", BOILER, "$alarms") == STATE_UNKNOWN


async def test_platform_without_alarms(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Where there are no alarms, there are no entities for them."""
    entry = await add_account(hass, thinger.account().credentials())
    registered = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not [found for found in registered if "$" in found.unique_id]
    await entry.runtime_data.async_read_alarms()
    assert not entry.runtime_data.data.knows_alarms


# What happens to them


async def test_events(board: Board) -> None:
    """What happens to an alarm is told in its order, and only to its device."""
    assert board.value("event", TRACKER, "$alarms") == STATE_UNKNOWN
    events, others = events_of(board, TRACKER), events_of(board, BOILER)
    details = {"data": "Current speed = 0"}
    alarm = raise_alarm(board, TRACKER, severity="MINOR", details=details)
    await wait_until(board.hass, lambda: len(events) == 1)
    assert events[0] == {
        "event_type": "created",
        "alarm_id": alarm.id,
        "type": "Stuck",
        "severity": "minor",
        "previous_severity": None,
        "text": "Current speed = 0",
        "started_at": events[0]["started_at"],
        "acknowledged": False,
    }
    assert events[0]["started_at"].startswith("20")
    raise_alarm(board, TRACKER, severity="MAJOR", details=details)
    await wait_until(board.hass, lambda: len(events) == 2)
    board.sim.store.alarms.acknowledge(alarm)
    await wait_until(board.hass, lambda: len(events) == 3)
    board.sim.store.alarms.clear(alarm)
    await wait_until(board.hass, lambda: len(events) == 4)
    assert [
        (e["event_type"], e["severity"], e["previous_severity"], e["acknowledged"])
        for e in events
    ] == [
        ("created", "minor", None, False),
        ("severity_changed", "major", "minor", False),
        ("acknowledged", "major", None, True),
        ("cleared", "major", None, True),
    ]
    assert others == []


async def test_several_events_at_once(board: Board) -> None:
    """Nothing is lost where several things happened between two looks."""
    alarm = raise_alarm(board, TRACKER, severity="MINOR")
    await until_problem(board, TRACKER, STATE_ON)
    events = events_of(board, TRACKER)
    raise_alarm(board, TRACKER, severity="CRITICAL")
    board.sim.store.alarms.acknowledge(alarm)
    raise_alarm(board, TRACKER, "Lost")
    await wait_until(board.hass, lambda: len(events) >= 3)
    assert sorted((e["event_type"], e["type"]) for e in events) == [
        ("acknowledged", "Stuck"),
        ("created", "Lost"),
        ("severity_changed", "Stuck"),
    ]


async def test_old_alarms_are_no_news(board: Board) -> None:
    """What was there before, and is there after a restart, did not happen just now."""
    assert board.value("event", BOILER, "$alarms") == STATE_UNKNOWN
    await reload(board.hass, board.entry)
    await board.until_live()
    assert board.value("event", BOILER, "$alarms") == STATE_UNKNOWN


async def test_absurd_alarm(board: Board) -> None:
    """A time that no calendar knows, and an endless text, harm nobody."""
    events = events_of(board, TRACKER)
    alarm = model.Alarm(
        id="1",
        device_id=board.sim.device(TRACKER).id,
        type="Stuck",
        text="x" * 5000,
        started_at=1e15,
    )
    board.entry.runtime_data.async_apply(Alarms(alarms=(alarm,), complete=False))
    await board.hass.async_block_till_done()
    [event] = events
    assert event["started_at"] is None
    assert len(event["text"]) == 255


# What people do about them


async def test_list(board: Board) -> None:
    """The alarms come as the platform has them."""

    async def types(device: str, **data: Any) -> set[str]:
        answer = await act(board, "list_alarms", device, **data)
        assert answer is not None
        assert set(answer) == {"alarms"}
        return {alarm["type"] for alarm in answer["alarms"]}

    assert await types(BOILER) == {"High Temperature", "Low Humidity"}
    assert len(await types(BOILER, limit=1)) == 1
    assert await types(TRACKER) == set()
    assert await types("Gateway G1") == set()
    assert await types("Gateway G1", active=False) == {"Connection lost"}


async def test_acknowledge_one(board: Board) -> None:
    """One alarm is acknowledged, and that shows; twice is refused."""
    alarm = board.sim.alarm(BOILER, "High Temperature")
    events = events_of(board, BOILER)
    assert await act(board, "acknowledge_alarm", BOILER, alarm_id=alarm.id) is None
    assert alarm.acknowledged
    assert not alarm.cleared
    assert not board.sim.alarm(BOILER, "Low Humidity").acknowledged
    assert [e["event_type"] for e in events] == ["acknowledged"]
    with pytest.raises(HomeAssistantError) as caught:
        await act(board, "acknowledge_alarm", BOILER, alarm_id=alarm.id)
    assert caught.value.translation_key == "command_rejected"
    assert "already acknowledged" in str(caught.value)


async def test_acknowledge_all(board: Board) -> None:
    """All alarms of the device are acknowledged that were not so far; no others."""
    raise_alarm(board, TRACKER)
    first = board.sim.alarm(BOILER, "High Temperature")
    await act(board, "acknowledge_alarm", BOILER, alarm_id=first.id)
    board.sim.clear_requests()
    await act(board, "acknowledge_alarm", BOILER)
    assert board.sim.alarm(BOILER, "Low Humidity").acknowledged
    assert not board.sim.alarm(TRACKER, "Stuck").acknowledged
    assert len(board.sim.requests("POST", "/ack$")) == 1
    assert problem(board, BOILER).state == STATE_ON
    assert problem(board, BOILER).attributes["acknowledged"] is True
    # Nothing is left to do.
    await act(board, "acknowledge_alarm", BOILER)
    assert len(board.sim.requests("POST", "/ack$")) == 1


async def test_clear(board: Board) -> None:
    """Cleared alarms are gone at once: one, or all of a device."""
    first = board.sim.alarm(BOILER, "High Temperature")
    await act(board, "clear_alarm", BOILER, alarm_id=first.id)
    assert first.cleared
    assert problem(board, BOILER).attributes["types"] == ["Low Humidity"]
    await act(board, "clear_alarm", BOILER)
    assert problem(board, BOILER).state == STATE_OFF
    assert board.sim.alarm(BOILER, "Low Humidity").cleared
    assert problem(board, DOOR).state == STATE_ON


async def test_clear_some(board: Board) -> None:
    """Where one of several fails, it is said, and what was done shows."""
    board.sim.faults.add(Status(403), path="/clear$", skip=1)
    with pytest.raises(HomeAssistantError) as caught:
        await act(board, "clear_alarm", BOILER)
    assert caught.value.translation_key == "no_permission"
    assert BOILER in str(caught.value)
    assert problem(board, BOILER).attributes["count"] == 1


async def test_all_of_what_is_not_known(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Where alarms could not be read so far, that is tried, and told if it fails again."""
    fault = thingsboard.faults.add(Status(500), path="/alarms$")
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    with pytest.raises(HomeAssistantError) as caught:
        await act(board, "acknowledge_alarm", BOILER)
    assert caught.value.translation_key == "server_trouble"
    fault.remove()
    await act(board, "acknowledge_alarm", BOILER)
    assert thingsboard.alarm(BOILER, "Low Humidity").acknowledged


async def test_wrong_fields(board: Board) -> None:
    """What a field cannot take is refused before anything is sent."""
    for action, field, value in (
        ("list_alarms", "limit", 0),
        ("list_alarms", "limit", 1001),
        ("list_alarms", "active", "perhaps"),
        ("acknowledge_alarm", "alarm_id", ""),
        ("acknowledge_alarm", "alarm_id", "1/../../device"),
        ("clear_alarm", "alarm_id", "a b"),
    ):
        with pytest.raises(vol.Invalid, match=f"at '{field}'"):
            await act(board, action, BOILER, **{field: value})
    assert board.sim.requests(path="/alarm/") == []


async def test_not_supported(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Who has no alarms cannot clear any."""
    entry = await add_account(hass, thinger.account().credentials())
    device = device_of(hass, entry, "boiler_ctl").id
    for action in ("list_alarms", "acknowledge_alarm", "clear_alarm"):
        with pytest.raises(ServiceValidationError) as caught:
            await hass.services.async_call(
                DOMAIN,
                action,
                {"device_id": device},
                blocking=True,
                return_response=action == "list_alarms",
            )
        assert caught.value.translation_key == "not_supported"
