"""Calls to devices that a person added as controls: what arrives, what shows, what goes wrong."""

import asyncio
from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.iot_platforms.const import DOMAIN

from tests.boards import (
    CUSTOMER_USER,
    Board,
    BoardTime,
    histories,
    live_board,
    text_of,
    until_true,
)
from tests.home import reload, settle, wait_for_state
from tests.simulators.effects import Effect, Hang, Reset, Status
from tests.simulators.json_types import Json
from tests.simulators.thingsboard import ThingsBoardSimulator, api_error
from tests.simulators.thingsboard.rpc.behaviour import EMPTY, NEVER, NotJson

ROOM = "TH-0042"
OTHER = "Thermostat T1"
STREAM = "telemetry/temperature"
HEATING = "telemetry%2Fheating"
TARGET = "telemetry%2Ftarget"


def control(
    sim: ThingsBoardSimulator, type_: str, method: str, *devices: str, **fields: Any
) -> dict[str, Any]:
    """Return a control as the options hold it."""
    return {
        "id": "c1",
        "name": "Control",
        "type": type_,
        "devices": [sim.device(name).id for name in devices or (ROOM,)],
        "method": method,
        **fields,
    }


async def board_with(
    hass: HomeAssistant,
    sim: ThingsBoardSimulator,
    *controls: dict[str, Any],
    **how: Any,
) -> Board:
    """Sign in to an account with controls, and forget what was called meanwhile."""
    return await live_board(hass, sim, options={"controls": [*controls]}, **how)


async def change_controls(board: Board, *controls: dict[str, Any]) -> None:
    """Change the options, and load the account anew."""
    options = {"controls": [*controls]}
    board.hass.config_entries.async_update_entry(board.entry, options=options)
    await reload(board.hass, board.entry)
    await board.until_live()


def calls(sim: ThingsBoardSimulator, device: str = ROOM) -> list[tuple[str, Json]]:
    """Return what arrived at a device."""
    return [(call.method, call.params) for call in sim.device(device).rpc.calls]


def requests(sim: ThingsBoardSimulator) -> list[tuple[str, Any]]:
    """Return the calls that arrived at the server, with their bodies."""
    return [(r.path, r.json()) for r in sim.requests("POST", "/rpc/")]


# What arrives


async def test_button(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A press is one call, to the device of the button."""
    row = control(thingsboard, "button", "reboot", ROOM, OTHER, name="Reboot now")
    board = await board_with(hass, thingsboard, row)
    button = board.found("button", ROOM, "control/c1")
    assert hass.states.get(button).name == "Living room thermostat Reboot now"
    assert board.value("button", OTHER, "control/c1") == STATE_UNKNOWN
    await board.use("button.press", button)
    room = thingsboard.device(ROOM)
    assert requests(thingsboard) == [
        (
            f"/api/rpc/twoway/{room.id}",
            {"method": "reboot", "params": None, "timeout": 10000},
        )
    ]
    assert calls(thingsboard) == [("reboot", None)]
    assert calls(thingsboard, OTHER) == []
    assert hass.states.get(button).state not in (STATE_UNKNOWN, STATE_UNAVAILABLE)
    assert len(thingsboard.requests()) == 1


async def test_parameters(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Parameters arrive as the person wrote them, with the value in its place."""
    thingsboard.device(ROOM).rpc.default = EMPTY
    board = await board_with(
        hass,
        thingsboard,
        control(thingsboard, "button", "set", parameters={"pin": 1, "x": [None]}),
        control(
            thingsboard,
            "number",
            "dim",
            id="c2",
            parameters={"pin": 2, "levels": ["$value", "$values"]},
            minimum=0,
            maximum=100,
            unit="%",
            timeout=7,
        ),
    )
    await board.use("button.press", board.found("button", ROOM, "control/c1"))
    number = board.found("number", ROOM, "control/c2")
    attributes = hass.states.get(number).attributes
    assert (attributes["min"], attributes["max"]) == (0, 100)
    assert attributes["unit_of_measurement"] == "%"
    await board.use("number.set_value", number, value=40)
    assert calls(thingsboard) == [
        ("set", {"pin": 1, "x": [None]}),
        ("dim", {"pin": 2, "levels": [40, "$values"]}),
    ]
    assert requests(thingsboard)[1][1]["timeout"] == 7000
    # Nothing tells its state, so it is what was set last, and that is said.
    assert float(hass.states.get(number).state) == 40
    assert attributes["assumed_state"] is True
    await reload(hass, board.entry)
    assert float(hass.states.get(number).state) == 40


async def test_text_and_select(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Texts and choices call methods as well, and show what the device reports."""
    board = await board_with(
        hass,
        thingsboard,
        control(thingsboard, "text", "setMode", state="telemetry%2Fstate"),
        control(
            thingsboard,
            "select",
            "setMode",
            id="c2",
            state="telemetry%2Fstate",
            options=["heat", "cool"],
        ),
    )
    text = board.found("text", ROOM, "control/c1")
    select = board.found("select", ROOM, "control/c2")
    assert hass.states.get(text).state == hass.states.get(select).state == "heat"
    await board.use("text.set_value", text, value="cool")
    await wait_for_state(hass, select, "cool")
    await board.use("select.select_option", select, option="heat")
    await wait_for_state(hass, text, "heat")
    assert calls(thingsboard) == [("setMode", "cool"), ("setMode", "heat")]
    with pytest.raises(ServiceValidationError):
        await board.use("select.select_option", select, option="boil")
    assert len(calls(thingsboard)) == 2
    # A state that is no option is none that could be chosen.
    thingsboard.device(ROOM).post_telemetry({"state": "boil"})
    await wait_for_state(hass, select, STATE_UNKNOWN)
    assert hass.states.get(text).state == "boil"


async def test_switch_with_values_of_its_own(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What on and off are to a device goes out, and is understood when it comes back."""
    row = control(
        thingsboard,
        "switch",
        "setMode",
        on="heat",
        off="off",
        state="telemetry%2Fstate",
    )
    board = await board_with(hass, thingsboard, row)
    switch = board.found("switch", ROOM, "control/c1")
    assert hass.states.get(switch).state == "on"
    await board.use("switch.turn_off", switch)
    await wait_for_state(hass, switch, "off")
    await board.until("off", "sensor", ROOM, "telemetry/state")
    await board.use("switch.turn_on", switch)
    assert calls(thingsboard) == [("setMode", "off"), ("setMode", "heat")]
    await wait_for_state(hass, switch, "on")


async def test_one_way(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A call that wants no answer does not wait for one."""
    thingsboard.device(ROOM).rpc.on("forget", NEVER)
    row = control(thingsboard, "button", "forget", one_way=True)
    board = await board_with(hass, thingsboard, row)
    await board.use("button.press", board.found("button", ROOM, "control/c1"))
    [(path, _)] = requests(thingsboard)
    assert path == f"/api/rpc/oneway/{thingsboard.device(ROOM).id}"
    [call] = thingsboard.device(ROOM).rpc.calls
    assert call.oneway


async def test_older_server(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Servers before 3.3 know calls by another path: that is tried once."""
    thingsboard.switches.version = "3.2.2"
    board = await board_with(
        hass, thingsboard, control(thingsboard, "button", "reboot")
    )
    button = board.found("button", ROOM, "control/c1")
    await board.use("button.press", button)
    await board.use("button.press", button)
    room = thingsboard.device(ROOM).id
    assert [path for path, _ in requests(thingsboard)] == [
        f"/api/rpc/twoway/{room}",
        f"/api/plugins/rpc/twoway/{room}",
        f"/api/plugins/rpc/twoway/{room}",
    ]
    assert len(calls(thingsboard)) == 2


async def test_customer(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A customer's user may call the customer's devices; those of others are none of the account's."""
    row = control(thingsboard, "button", "reboot", ROOM, OTHER)
    board = await board_with(hass, thingsboard, row, email=CUSTOMER_USER)
    await board.use("button.press", board.found("button", ROOM, "control/c1"))
    assert calls(thingsboard) == [("reboot", None)]
    unique_id = f"{board.entry.unique_id}/{text_of(thingsboard, OTHER, 'control/c1')}"
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("button", DOMAIN, unique_id) is None


# What shows


async def test_toggle_does_not_jump(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What was asked for shows until the device reports it, and then that: one change, no way back."""
    thingsboard.device(ROOM).rpc.on("setState", EMPTY)  # it will report later
    row = control(thingsboard, "switch", "setState", state=HEATING)
    board = await board_with(hass, thingsboard, row)
    switch = board.found("switch", ROOM, "control/c1")
    assert hass.states.get(switch).state == "on"
    assert "assumed_state" not in hass.states.get(switch).attributes
    seen = histories(hass, switch)
    hang = Hang()
    thingsboard.faults.add(hang, path="/rpc/", count=1)
    action = hass.async_create_task(board.use("switch.turn_off", switch))
    await wait_for_state(hass, switch, "off")
    # Something else arrives while the call is on its way.
    thingsboard.device(ROOM).post_telemetry({"temperature": 30})
    await board.until("30", "sensor", ROOM, STREAM)
    hang.release()
    await action
    # The call is confirmed, and the device has not reported yet.
    thingsboard.device(ROOM).post_telemetry({"temperature": 31})
    await board.until("31", "sensor", ROOM, STREAM)
    assert hass.states.get(switch).state == "off"
    thingsboard.device(ROOM).post_telemetry({"heating": False})
    await board.until("off", "binary_sensor", ROOM, "telemetry/heating")
    assert seen == ["off"]
    # From now on it follows the device.
    thingsboard.device(ROOM).post_telemetry({"heating": True})
    await wait_for_state(hass, switch, "on")
    assert seen == ["off", "on"]


async def test_device_that_does_not_follow(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A device that says yes and does nothing is shown as it is, after a while."""
    thingsboard.device(ROOM).rpc.on("setState", EMPTY)
    row = control(thingsboard, "switch", "setState", state=HEATING)
    board = await board_with(hass, thingsboard, row)
    switch = board.found("switch", ROOM, "control/c1")
    seen = histories(hass, switch)
    await board.use("switch.turn_off", switch)
    await board_time.passes(3)
    assert seen == ["off"]
    await board_time.passes(3)
    assert seen == ["off", "on"]


async def test_device_that_does_something_else(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What the device reports is what counts, at once."""
    thingsboard.device(ROOM).rpc.on("setTemperature", EMPTY)
    row = control(
        thingsboard, "number", "setTemperature", state=TARGET, minimum=5, maximum=30
    )
    board = await board_with(hass, thingsboard, row)
    number = board.found("number", ROOM, "control/c1")
    assert float(hass.states.get(number).state) == 22
    await board.use("number.set_value", number, value=30)
    assert float(hass.states.get(number).state) == 30
    thingsboard.device(ROOM).post_telemetry({"target": 25})
    await wait_for_state(hass, number, "25")


async def test_several_presses(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Quick changes of mind arrive in their order, and the last one shows."""
    row = control(thingsboard, "switch", "setState", state=HEATING)
    board = await board_with(hass, thingsboard, row)
    switch = board.found("switch", ROOM, "control/c1")
    hang = Hang()
    thingsboard.faults.add(hang, path="/rpc/", count=1)
    first = hass.async_create_task(board.use("switch.turn_off", switch))
    await wait_for_state(hass, switch, "off")
    second = hass.async_create_task(board.use("switch.turn_on", switch))
    await wait_for_state(hass, switch, "on")
    seen = histories(hass, switch)
    hang.release()
    await asyncio.gather(first, second)
    assert calls(thingsboard) == [("setState", False), ("setState", True)]
    await settle(hass)
    assert hass.states.get(switch).state == "on"
    assert "off" not in seen


async def test_state_that_is_part_of_an_object(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A state may stand within an object."""
    room = thingsboard.device(ROOM)
    room.post_telemetry({"relay": {"one": False, "two": True}})
    row = control(thingsboard, "switch", "setRelay", state="telemetry%2Frelay/one")
    room.rpc.on("setRelay", EMPTY)
    board = await board_with(hass, thingsboard, row)
    switch = board.found("switch", ROOM, "control/c1")
    assert hass.states.get(switch).state == "off"
    room.post_telemetry({"relay": {"one": True, "two": True}})
    await wait_for_state(hass, switch, "on")


async def test_state_while_push_is_cut(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Without push the state is what the next poll says."""
    row = control(thingsboard, "switch", "setState", state=HEATING)
    board = await board_with(hass, thingsboard, row)
    thingsboard.push_enabled = False
    await thingsboard.wait_for_sockets(0)
    switch = board.found("switch", ROOM, "control/c1")
    await board.use("switch.turn_off", switch)
    assert hass.states.get(switch).state == "off"
    await board_time.passes(31)
    await board_time.passes(31)
    assert hass.states.get(switch).state == "off"
    assert board.value("binary_sensor", ROOM, "telemetry/heating") == "off"


# What goes wrong


async def test_device_is_offline(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A device that is not active is tried nevertheless: the platform may be behind."""
    thingsboard.switches.rpc_scale = 0.01
    row = control(thingsboard, "switch", "setState", state=HEATING)
    board = await board_with(hass, thingsboard, row)
    room = thingsboard.device(ROOM)
    room.disconnect()
    await board_time.passes(661)
    await board.until("off", "binary_sensor", ROOM)
    switch = board.found("switch", ROOM, "control/c1")
    assert hass.states.get(switch).state == "on"
    seen = histories(hass, switch)
    with pytest.raises(HomeAssistantError) as caught:
        await board.use("switch.turn_off", switch)
    assert caught.value.translation_key == "device_offline"
    assert str(caught.value).startswith("Living room thermostat is offline")
    assert seen == ["off", "on"]
    assert len(requests(thingsboard)) == 1
    # It is back before anybody says so.
    room.connect()
    await board.use("switch.turn_off", switch)
    assert calls(thingsboard) == [("setState", False)]


@pytest.mark.parametrize(
    ("reply", "key"),
    [
        (NEVER, "command_timed_out"),
        (NotJson("OK!"), "call_not_understood"),
    ],
)
async def test_device_that_does_not_answer(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, reply: Any, key: str
) -> None:
    """Silence and nonsense are told apart, and the state goes back."""
    thingsboard.switches.rpc_scale = 0.01
    thingsboard.device(ROOM).rpc.on("setState", reply)
    row = control(thingsboard, "switch", "setState", state=HEATING)
    board = await board_with(hass, thingsboard, row)
    switch = board.found("switch", ROOM, "control/c1")
    seen = histories(hass, switch)
    with pytest.raises(HomeAssistantError) as caught:
        await board.use("switch.turn_off", switch)
    assert caught.value.translation_domain == DOMAIN
    assert caught.value.translation_key == key
    assert "Living room thermostat" in str(caught.value)
    assert seen == ["off", "on"]
    # It arrived once: nobody rings twice.
    assert calls(thingsboard) == [("setState", False)]
    assert board.value("sensor", ROOM, STREAM) == "21.5"


@pytest.mark.parametrize(
    ("effect", "key"),
    [
        (
            Status(403, body="You don't have permission to perform this operation!"),
            "no_permission",
        ),
        (Status(404, body="Device with requested id wasn't found!"), "device_gone"),
        (api_error(400, 31, "Invalid request body"), "command_rejected"),
        (api_error(500, 2, "Request timeout"), "command_timed_out"),
        (api_error(500, 2, "Database error"), "server_trouble"),
        (api_error(429, 33, "Too many requests for current tenant!"), "rate_limited"),
        (Status(504, body="", content_type=None), "command_timed_out"),
        (Status(409, body="", content_type=None), "device_offline"),
        (Status(408, body="", content_type=None), "command_timed_out"),
        (Reset(), "cannot_connect"),
    ],
)
@pytest.mark.parametrize("type_", ["switch", "button"])
async def test_rejections(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    type_: str,
    effect: Effect,
    key: str,
) -> None:
    """Each way to fail is explained, for presses and for switches."""
    board = await board_with(
        hass, thingsboard, control(thingsboard, type_, "setState", state=HEATING)
    )
    found = board.found(type_, ROOM, "control/c1")
    before = hass.states.get(found).state
    thingsboard.faults.add(effect, path="/rpc/")
    with pytest.raises(HomeAssistantError) as caught:
        await board.use(
            f"{type_}.{'press' if type_ == 'button' else 'turn_off'}", found
        )
    assert caught.value.translation_domain == DOMAIN
    assert caught.value.translation_key == key
    assert "Living room thermostat" in str(caught.value)
    assert "{" not in str(caught.value)
    assert len(requests(thingsboard)) == 1
    assert hass.config_entries.flow.async_progress() == []
    if type_ == "switch":
        assert hass.states.get(found).state == before


async def test_slow_call_blocks_nobody(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """While devices let one wait, others are called, attributes written, and values polled."""
    for name in (ROOM, OTHER):
        thingsboard.device(name).rpc.default = EMPTY
    hang = Hang()
    rows = [
        control(thingsboard, "button", f"slow{number}", id=f"c{number}")
        for number in range(8)
    ]
    quick = control(thingsboard, "button", "quick", OTHER, id="quick")
    board = await board_with(hass, thingsboard, *rows, quick)
    thingsboard.push_enabled = False
    await thingsboard.wait_for_sockets(0)
    thingsboard.faults.add(hang, path=f"/rpc/twoway/{thingsboard.device(ROOM).id}$")
    actions = [
        hass.async_create_task(
            board.use("button.press", board.found("button", ROOM, f"control/c{number}"))
        )
        for number in range(8)
    ]
    await until_true(lambda: hang.waiting == 8)
    await board.use("button.press", board.found("button", OTHER, "control/quick"))
    assert calls(thingsboard, OTHER) == [("quick", None)]
    number = board.found("number", ROOM, "shared/targetTemperature")
    await board.use("number.set_value", number, value=18)
    await board.until("18", "number", ROOM, "shared/targetTemperature")
    thingsboard.device(ROOM).post_telemetry({"temperature": 12.75})
    await board.entry.runtime_data.async_read_list()
    await board.until("12.75", "sensor", ROOM, STREAM)
    assert not any(action.done() for action in actions)
    hang.release()
    await asyncio.gather(*actions)
    assert len(calls(thingsboard)) == 8


async def test_call_that_ends_after_an_unload(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """An account that is unloaded while a device takes its time leaves nothing behind."""
    row = control(thingsboard, "switch", "setState", state=HEATING)
    board = await board_with(hass, thingsboard, row)
    switch = board.found("switch", ROOM, "control/c1")
    await board.use("switch.turn_off", switch)
    # What is held is let go of.
    assert await hass.config_entries.async_unload(board.entry.entry_id)
    await thingsboard.wait_for_sockets(0)
    assert hass.states.get(switch).state == STATE_UNAVAILABLE


# What a person changes


async def test_removed_control(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A control that is taken back takes its entities along; so does a device that is taken out of it."""
    first = control(thingsboard, "button", "reboot", ROOM, OTHER)
    second = control(thingsboard, "switch", "setState", ROOM, id="c2", state=HEATING)
    board = await board_with(hass, thingsboard, first, second)
    registry = er.async_get(hass)
    button = board.found("button", ROOM, "control/c1")
    other = board.found("button", OTHER, "control/c1")
    switch = board.found("switch", ROOM, "control/c2")
    await change_controls(board, {**first, "devices": first["devices"][:1]}, second)
    assert registry.async_get(button) is not None
    assert registry.async_get(other) is None
    await change_controls(board, second)
    assert registry.async_get(button) is None
    assert registry.async_get(switch) is not None
    await change_controls(board)
    assert registry.async_get(switch) is None
    assert board.value("binary_sensor", ROOM, "telemetry/heating") == "on"


async def test_changed_control(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A control that becomes another one keeps its id where it can, and leaves nothing else."""
    row = control(thingsboard, "switch", "setState", state=HEATING, name="Heater")
    board = await board_with(hass, thingsboard, row)
    switch = board.found("switch", ROOM, "control/c1")
    await change_controls(board, {**row, "name": "Boiler", "method": "setMode"})
    assert board.found("switch", ROOM, "control/c1") == switch
    assert hass.states.get(switch).name == "Living room thermostat Boiler"
    await board.use("switch.turn_off", switch)
    assert calls(thingsboard) == [("setMode", False)]
    await change_controls(board, {**row, "type": "button"})
    assert er.async_get(hass).async_get(switch) is None
    board.found("button", ROOM, "control/c1")


async def test_device_that_is_deleted(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A device that is deleted takes its controls along; the others keep theirs."""
    row = control(thingsboard, "button", "reboot", ROOM, OTHER)
    board = await board_with(hass, thingsboard, row)
    button = board.found("button", ROOM, "control/c1")
    thingsboard.remove_device(ROOM)
    for _ in range(2):
        await board.entry.runtime_data.async_read_list()
    assert er.async_get(hass).async_get(button) is None
    await board.use("button.press", board.found("button", OTHER, "control/c1"))
    assert calls(thingsboard, OTHER) == [("reboot", None)]
