"""Alarms of a ThingsBoard account over gaps, restarts and different rights."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.helpers.event import async_track_state_change_event
import pytest

from custom_components.iot_platforms.const import DOMAIN

from tests.boards import (
    CUSTOMER_USER,
    Board,
    BoardTime,
    add_board,
    histories,
    live_board,
    quiet,
    text_of,
)
from tests.home import reload, settle, wait_until
from tests.simulators.effects import Status
from tests.simulators.thingsboard import (
    Alarm,
    Device,
    Scope,
    ThingsBoardSimulator,
    api_error,
)

BOILER = "Thermostat T1"
KITCHEN = "Thermostat T2"
DOOR = "Door sensor"
VAN = "Tracker"


def problem(board: Board, device: str) -> dict[str, Any]:
    """Return what the problem sensor of a device tells."""
    found = board.shown("binary_sensor", device, "$problem")
    names = ("severity", "count", "types", "acknowledged")
    return {"state": found.state, **{name: found.attributes[name] for name in names}}


def watched(board: Board, device: str) -> list[dict[str, Any]]:
    """Return what happens to a device's alarms from now on."""
    found: list[dict[str, Any]] = []

    @callback
    def note(event: Event[EventStateChangedData]) -> None:
        new, old = event.data["new_state"], event.data["old_state"]
        assert new is not None
        if old is None or new.state not in (old.state, STATE_UNAVAILABLE):
            found.append(dict(new.attributes))

    entity = board.found("event", device, "$alarms")
    async_track_state_change_event(board.hass, entity, note)
    return found


def told(events: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Return what happened to which alarm."""
    return [(event["event_type"], event["type"]) for event in events]


def raise_alarm(
    sim: ThingsBoardSimulator, device: str, type_: str, **facts: Any
) -> Alarm:
    """Raise an alarm of a device."""
    return sim.store.alarms.create(sim.device(device), type_, **facts)


async def act(board: Board, name: str, device: str, **data: Any) -> Any:
    """Call an action on a device."""
    return await board.hass.services.async_call(
        DOMAIN,
        name,
        board.target(device, **data),
        blocking=True,
        return_response=name == "list_alarms",
    )


# From the value to the alarm


async def test_value_that_raises_an_alarm(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A thermostat that gets too hot is in alarm; when it cools down it is not; without a request."""
    board = await live_board(hass, thingsboard)
    events = watched(board, KITCHEN)
    assert problem(board, KITCHEN)["state"] == STATE_OFF
    kitchen = thingsboard.device(KITCHEN)
    kitchen.post_telemetry({"temperature": 27.1})
    await board.until(STATE_ON, "binary_sensor", KITCHEN, "$problem")
    assert problem(board, KITCHEN) == {
        "state": STATE_ON,
        "severity": "major",
        "count": 1,
        "types": ["High Temperature"],
        "acknowledged": False,
    }
    await board.until("27.1", "sensor", KITCHEN, "telemetry/temperature")
    [created] = events
    assert created["event_type"] == "created"
    assert created["text"] == "Current temperature = 27.1"
    assert created["alarm_id"] == thingsboard.alarm(KITCHEN, "High Temperature").id
    kitchen.post_telemetry({"temperature": 24})
    await board.until(STATE_OFF, "binary_sensor", KITCHEN, "$problem")
    assert told(events) == [
        ("created", "High Temperature"),
        ("cleared", "High Temperature"),
    ]
    # The values come by themselves; that an alarm is over, the list has to say.
    paths = {request.path for request in thingsboard.requests()}
    assert paths <= {"/api/v2/alarms"}


async def test_threshold_that_is_changed_here(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """An attribute that is written here and ends an alarm there, ends it here."""
    board = await live_board(hass, thingsboard)
    assert problem(board, BOILER)["types"] == ["High Temperature", "Low Humidity"]
    await hass.services.async_call(
        DOMAIN,
        "write_attributes",
        board.target(
            BOILER, scope="server", attributes={"temperatureAlarmThreshold": 50}
        ),
        blocking=True,
    )
    await wait_until(hass, lambda: problem(board, BOILER)["types"] == ["Low Humidity"])
    assert problem(board, BOILER)["severity"] == "minor"


# Gaps and restarts


async def test_alarms_during_a_gap(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """What happened while push was down is told by the next list: each thing once."""
    board = await live_board(hass, thingsboard)
    boiler, van, door = (watched(board, name) for name in (BOILER, VAN, DOOR))
    thingsboard.push_enabled = False
    await thingsboard.wait_for_sockets(0)
    alarms = thingsboard.store.alarms
    alarms.clear(thingsboard.alarm(BOILER, "High Temperature"))
    alarms.acknowledge(thingsboard.alarm(BOILER, "Low Humidity"))
    raise_alarm(thingsboard, VAN, "Stuck", severity="MINOR")
    alarms.create(thingsboard.device(DOOR), "Low battery", "MAJOR")
    await quiet(thingsboard)
    assert boiler == van == door == []
    await board_time.until(lambda: bool(van), within=130)
    assert sorted(told(boiler)) == [
        ("acknowledged", "Low Humidity"),
        ("cleared", "High Temperature"),
    ]
    assert told(van) == [("created", "Stuck")]
    [changed] = door
    assert changed["event_type"] == "severity_changed"
    assert (changed["previous_severity"], changed["severity"]) == ("warning", "major")
    assert problem(board, BOILER)["acknowledged"] is True
    # Neither the next list nor the socket tell it once more.
    thingsboard.push_enabled = True
    await board_time.until(lambda: board.is_live, within=130)
    await board.entry.runtime_data.async_read_list()
    await quiet(thingsboard)
    assert (len(boiler), len(van), len(door)) == (2, 1, 1)


async def test_alarm_that_came_and_went_during_a_gap(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """What nobody saw did not happen: only what is left of it is told."""
    board = await live_board(hass, thingsboard)
    van = watched(board, VAN)
    thingsboard.push_enabled = False
    await thingsboard.wait_for_sockets(0)
    alarm = raise_alarm(thingsboard, VAN, "Stuck")
    thingsboard.store.alarms.clear(alarm)
    for _ in range(3):
        await board_time.passes(31)
    assert van == []
    assert problem(board, VAN)["state"] == STATE_OFF


async def test_alarms_while_home_assistant_is_down(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What happened before the start shows, and is no news."""
    board = await live_board(hass, thingsboard)
    assert await hass.config_entries.async_unload(board.entry.entry_id)
    raise_alarm(thingsboard, VAN, "Stuck", severity="WARNING")
    thingsboard.store.alarms.clear(thingsboard.alarm(DOOR, "Low battery"))
    seen = histories(hass, board.found("event", VAN, "$alarms"))
    assert await hass.config_entries.async_setup(board.entry.entry_id)
    await board.until_live()
    assert problem(board, VAN)["state"] == STATE_ON
    assert problem(board, VAN)["severity"] == "warning"
    assert problem(board, DOOR)["state"] == STATE_OFF
    assert set(seen) <= {STATE_UNKNOWN}
    assert board.value("event", BOILER, "$alarms") == STATE_UNKNOWN
    # What happens now is.
    raise_alarm(thingsboard, VAN, "Lost")
    await wait_until(hass, lambda: problem(board, VAN)["count"] == 2)
    attributes = board.shown("event", VAN, "$alarms").attributes
    assert (attributes["event_type"], attributes["type"]) == ("created", "Lost")


async def test_alarms_that_are_polled(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Where there is no push alarms show within a minute."""
    thingsboard.switches.version = "4.3.1.3"
    board = Board(hass, thingsboard, await add_board(hass, thingsboard, with_key=True))
    events = watched(board, VAN)
    alarm = raise_alarm(thingsboard, VAN, "Stuck")
    await board_time.until(lambda: bool(events), within=70)
    assert problem(board, VAN)["state"] == STATE_ON
    thingsboard.store.alarms.clear(alarm)
    await board_time.until(lambda: len(events) == 2, within=70)
    assert told(events) == [("created", "Stuck"), ("cleared", "Stuck")]
    assert problem(board, VAN)["state"] == STATE_OFF


@pytest.mark.parametrize("version", ["3.4.1", "3.6.4"])
async def test_older_servers(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, version: str
) -> None:
    """Servers before 3.5 have another list of alarms, those before 3.6.2 another socket."""
    thingsboard.switches.version = version
    board = await live_board(hass, thingsboard)
    events = watched(board, VAN)
    assert problem(board, BOILER)["count"] == 2
    raise_alarm(thingsboard, VAN, "Stuck")
    await board.until(STATE_ON, "binary_sensor", VAN, "$problem")
    await act(board, "acknowledge_alarm", VAN)
    await act(board, "clear_alarm", VAN)
    assert problem(board, VAN)["state"] == STATE_OFF
    assert told(events) == [
        ("created", "Stuck"),
        ("acknowledged", "Stuck"),
        ("cleared", "Stuck"),
    ]
    assert await act(board, "list_alarms", VAN) == {"alarms": []}
    [alarm] = (await act(board, "list_alarms", VAN, active=False))["alarms"]
    assert alarm["status"] == "CLEARED_ACK"


async def test_many_alarms(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """More alarms than a page has are all counted."""
    for number in range(450):
        raise_alarm(thingsboard, VAN, f"Alarm {number}", severity="MINOR")
    raise_alarm(thingsboard, VAN, "First", severity="CRITICAL", created=10**12)
    board = await live_board(hass, thingsboard)
    assert problem(board, VAN)["count"] == 451
    assert problem(board, VAN)["severity"] == "critical"
    events = watched(board, VAN)
    thingsboard.store.alarms.clear(thingsboard.alarm(VAN, "Alarm 449"))
    await wait_until(hass, lambda: problem(board, VAN)["count"] == 450)
    assert told(events) == [("cleared", "Alarm 449")]
    # Of what the first page does not show only the list tells that it is over.
    thingsboard.store.alarms.clear(thingsboard.alarm(VAN, "First"))
    await board_time.until(lambda: len(events) == 2, within=1000)
    assert told(events)[1:] == [("cleared", "First")]
    assert problem(board, VAN)["severity"] == "minor"


async def test_burst(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """Many alarms in a moment are all told, also where the server sends fewer lists than that."""
    board = await live_board(hass, thingsboard)
    events = watched(board, VAN)
    for number in range(25):
        raise_alarm(thingsboard, VAN, f"Alarm {number}")
    thingsboard.live.refresh()
    await wait_until(hass, lambda: problem(board, VAN)["count"] == 25)
    assert sorted(told(events)) == sorted(
        ("created", f"Alarm {number}") for number in range(25)
    )


# Whose alarms


async def test_alarm_of_another_thing(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Alarms of assets, and of devices that a person left out, are none of ours."""
    store = thingsboard.store
    store.alarms.create(thingsboard.asset("House"), "Fire")
    options = {"excluded_devices": [thingsboard.device(DOOR).id]}
    board = await live_board(hass, thingsboard, options=options)
    problems = [
        found.entity_id
        for found in hass.states.async_all("binary_sensor")
        if found.attributes.get("device_class") == "problem" and found.state == STATE_ON
    ]
    assert problems == [board.found("binary_sensor", BOILER, "$problem")]


async def test_alarms_of_a_new_device(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Push tells of the alarms of devices that came later as well."""
    board = await live_board(hass, thingsboard)
    thingsboard.add_device(Device("Attic", type="default")).post_telemetry({"x": 1})
    unique_id = f"{board.entry.unique_id}/{text_of(thingsboard, 'Attic', '$problem')}"

    def is_there() -> bool:
        registry = er.async_get(hass)
        return bool(registry.async_get_entity_id("binary_sensor", DOMAIN, unique_id))

    await board_time.until(is_there, within=130)
    await settle(hass)
    assert problem(board, "Attic")["state"] == STATE_OFF
    raise_alarm(thingsboard, "Attic", "Fire")
    await board.until(STATE_ON, "binary_sensor", "Attic", "$problem")


async def test_device_that_is_deleted_in_alarm(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A device goes with its alarms, and nothing else changes."""
    board = await live_board(hass, thingsboard)
    thingsboard.remove_device(DOOR)
    for _ in range(2):
        await board.entry.runtime_data.async_read_list()
    assert problem(board, BOILER)["count"] == 2


# Rights


async def test_customer(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A customer's user sees, acknowledges and clears the alarms of the customer's devices."""
    board = await live_board(hass, thingsboard, email=CUSTOMER_USER)
    assert problem(board, DOOR)["types"] == ["Low battery"]
    raise_alarm(thingsboard, DOOR, "Broken", severity="MAJOR")
    await wait_until(hass, lambda: problem(board, DOOR)["count"] == 2)
    await act(board, "acknowledge_alarm", DOOR)
    await act(board, "clear_alarm", DOOR)
    assert problem(board, DOOR)["state"] == STATE_OFF
    assert thingsboard.alarm(DOOR, "Broken").status == "CLEARED_ACK"
    # Those of others are not.
    assert not thingsboard.alarm(BOILER, "High Temperature").acknowledged
    foreign = thingsboard.alarm(BOILER, "High Temperature").id
    with pytest.raises(HomeAssistantError) as caught:
        await act(board, "acknowledge_alarm", DOOR, alarm_id=foreign)
    assert caught.value.translation_key in ("no_permission", "command_rejected")
    assert not thingsboard.alarm(BOILER, "High Temperature").acknowledged


async def test_user_who_may_only_look(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What the server refuses is told; the alarms go on to show, and nobody is signed out."""
    thingsboard.switches.customer_writes = False
    board = await live_board(hass, thingsboard, email=CUSTOMER_USER)
    for action in ("acknowledge_alarm", "clear_alarm"):
        with pytest.raises(HomeAssistantError) as caught:
            await act(board, action, DOOR, alarm_id=thingsboard.alarms[0].id)
        assert caught.value.translation_key == "no_permission"
        assert DOOR in str(caught.value)
    assert problem(board, DOOR)["count"] == 1
    assert hass.config_entries.flow.async_progress() == []
    assert ir.async_get(hass).issues == {}


async def test_user_who_may_not_look(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Without the right to read alarms that is said once, values work, and it mends by itself."""
    refusal = "You don't have permission to perform 'READ' operation!"
    fault = thingsboard.faults.add(api_error(403, 20, refusal), path="/alarms$")
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    issue_id = f"permission_alarms_{board.entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {
        "account": board.entry.title,
        "permission": issue.translation_placeholders["permission"],
    }
    assert refusal in issue.translation_placeholders["permission"]
    assert board.value("binary_sensor", BOILER, "$problem") == STATE_UNAVAILABLE
    assert board.value("event", BOILER, "$alarms") == STATE_UNAVAILABLE
    await board.until_live()
    thingsboard.device(BOILER).post_telemetry({"temperature": 19})
    await board.until("19", "sensor", BOILER, "telemetry/temperature")
    assert hass.config_entries.flow.async_progress() == []
    fault.remove()
    await board_time.until(
        lambda: ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None,
        within=1000,
    )
    assert problem(board, BOILER)["state"] == STATE_ON


async def test_trouble_with_alarms(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A list of alarms that fails takes no values along, and no alarm away."""
    board = await live_board(hass, thingsboard)
    events = watched(board, BOILER)
    thingsboard.faults.add(Status(503), path="/alarms$")
    for _ in range(4):
        await board.entry.runtime_data.async_read_list()
    assert problem(board, BOILER)["count"] == 2
    assert events == []
    assert board.value("sensor", BOILER, "telemetry/temperature") == "22.4"
    # The socket still tells what is new.
    raise_alarm(thingsboard, BOILER, "Fire", severity="CRITICAL")
    await wait_until(hass, lambda: problem(board, BOILER)["severity"] == "critical")


async def test_restart(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A reload shows the same, and the last event stays what it was."""
    board = await live_board(hass, thingsboard)
    raise_alarm(thingsboard, VAN, "Stuck")
    await board.until(STATE_ON, "binary_sensor", VAN, "$problem")
    before = board.value("event", VAN, "$alarms")
    await reload(hass, board.entry)
    await board.until_live()
    assert problem(board, VAN)["types"] == ["Stuck"]
    assert board.value("event", VAN, "$alarms") == before


async def test_attribute_of_the_same_name(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A device may have values that are called like our entities."""
    thingsboard.device(VAN).set_attributes(Scope.SERVER, {"$problem": 1, "$alarms": 2})
    board = await live_board(hass, thingsboard)
    assert problem(board, VAN)["state"] == STATE_OFF
    assert board.value("sensor", VAN, "server/$problem") == "1"
