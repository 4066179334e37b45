"""Installing over the air: what arrives at the server, and what shows until it runs."""

from typing import Any

from homeassistant.const import STATE_OFF, STATE_ON
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
import pytest

from tests.boards import Board, BoardTime, add_board, asked, histories, live_board
from tests.home import reload, settle, wait_for_state, wait_until
from tests.simulators.effects import Hang, LostResponse, Reset
from tests.simulators.thingsboard import (
    OtaPackage,
    Scope,
    ThingsBoardSimulator,
    api_error,
)
from tests.simulators.thingsboard.updates import assign

LAWN = "Sprinkler"


def firmware(board: Board) -> str:
    """Return the entity of the sprinkler's firmware."""
    return board.found("update", LAWN, "firmware")


def facts(board: Board) -> tuple[Any, ...]:
    """Return what runs, what is wanted, and whether it is on its way."""
    found = board.shown("update", LAWN, "firmware")
    names = ("installed_version", "latest_version", "in_progress")
    return (found.state, *(found.attributes[name] for name in names))


async def install(board: Board, **data: Any) -> None:
    """Press the button."""
    await board.use("update.install", firmware(board), **data)


async def test_the_whole_way(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """From the button to the version that runs: three requests, then push tells each step."""
    board = await live_board(hass, thingsboard)
    device, package = (
        thingsboard.device(LAWN),
        thingsboard.package("sprinkler-fw", "1.3.0"),
    )
    before = device.json()
    assert facts(board) == (STATE_OFF, "1.2.0", "1.2.0", False)
    await install(board, version="1.3.0")
    assert asked(thingsboard) == [
        ("GET", f"/api/device/{device.id}"),
        ("GET", f"/api/otaPackages/{device.profile.id}/FIRMWARE"),
        ("POST", "/api/device"),
    ]
    # The whole device is written, and only its firmware is another one.
    body = thingsboard.requests("POST")[0].json()
    assert body == {**before, "firmwareId": package.entity_id.json()}
    changes = ("firmwareId", "version")
    assert {k: v for k, v in device.json().items() if k not in changes} == {
        k: v for k, v in before.items() if k not in changes
    }
    # The server begins by itself.
    assert device.attribute(Scope.SHARED, "fw_version") == "1.3.0"
    await wait_until(hass, lambda: facts(board) == (STATE_ON, "1.2.0", "1.3.0", True))
    thingsboard.clear_requests()
    while device.advance_update() is not None:
        pass
    await wait_until(hass, lambda: facts(board) == (STATE_OFF, "1.3.0", "1.3.0", False))
    assert thingsboard.requests() == []
    await board.entry.runtime_data.async_read_list()
    assert facts(board) == (STATE_OFF, "1.3.0", "1.3.0", False)


async def test_polled(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Without push the same shows, a little later."""
    thingsboard.push_enabled = False
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    device = thingsboard.device(LAWN)
    await install(board, version="1.3.0")
    await board_time.until(
        lambda: facts(board) == (STATE_ON, "1.2.0", "1.3.0", True), within=70
    )
    device.fail_update("Battery is low")
    await board_time.until(
        lambda: facts(board) == (STATE_ON, "1.2.0", "1.3.0", False), within=70
    )

    def summary() -> str:
        attributes = board.shown("update", LAWN, "firmware").attributes
        return str(attributes["release_summary"])

    await board_time.until(lambda: "Battery is low" in summary(), within=70)


async def test_restart_in_the_middle(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """An update that is under way goes on to be, and what failed stays to be read."""
    board = await live_board(hass, thingsboard)
    await install(board, version="1.3.0")
    await wait_for_state(hass, firmware(board), STATE_ON)
    await reload(hass, board.entry)
    assert facts(board) == (STATE_ON, "1.2.0", "1.3.0", True)
    thingsboard.device(LAWN).fail_update("Flash is full")
    await reload(hass, board.entry)
    assert facts(board) == (STATE_ON, "1.2.0", "1.3.0", False)
    attributes = board.shown("update", LAWN, "firmware").attributes
    assert "Flash is full" in attributes["release_summary"]


async def test_same_version_again(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What is assigned already is taken back first: else the server would do nothing."""
    board = await live_board(hass, thingsboard)
    device = thingsboard.device(LAWN)
    package = thingsboard.package("sprinkler-fw", "1.2.0")
    await install(board, version="1.2.0")
    bodies = [r.json()["firmwareId"] for r in thingsboard.requests("POST", "/device$")]
    assert bodies == [None, package.entity_id.json()]
    assert device.firmware_id == package.id
    assert device.telemetry("fw_state") == "INITIATED"
    # It runs already, so nothing is to be done in Home Assistant's eyes.
    await settle(hass)
    assert facts(board)[0] == STATE_OFF


async def test_two_packages_of_a_version(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Only packages of the device's own profile are in question, software is none of them."""
    stranger = thingsboard.store.profile("thermostat")
    thingsboard.store.add(OtaPackage("other-fw", "2.0.0", profile=stranger))
    profile = thingsboard.store.profile("sprinkler")
    thingsboard.store.add(
        OtaPackage("sprinkler-app", "2.0.0", kind="SOFTWARE", profile=profile)
    )
    board = await live_board(hass, thingsboard)
    with pytest.raises(HomeAssistantError) as caught:
        await install(board, version="2.0.0")
    assert caught.value.translation_key == "no_firmware"
    assert thingsboard.requests("POST") == []


async def test_changed_by_somebody_else(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What somebody changes at the same moment is not undone."""
    board = await live_board(hass, thingsboard)
    device = thingsboard.device(LAWN)
    hang = Hang()
    thingsboard.faults.add(hang, path="/api/device$", method="POST", count=1)
    action = hass.async_create_task(install(board, version="1.3.0"))
    await thingsboard.wait_for_request("POST", "/api/device$", finished=False)
    device.label = "Front lawn"
    thingsboard.store.change(device)
    hang.release()
    await action
    statuses = [request.status for request in thingsboard.requests("POST")]
    assert statuses == [409, 200]
    assert device.label == "Front lawn"
    assert device.firmware_id == thingsboard.package("sprinkler-fw", "1.3.0").id


async def test_changed_again_and_again(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Nobody fights for a device."""
    board = await live_board(hass, thingsboard)
    conflict = api_error(409, 35, "Device was already changed by someone else")
    thingsboard.faults.add(conflict, path="/api/device$", method="POST")
    with pytest.raises(HomeAssistantError) as caught:
        await install(board, version="1.3.0")
    assert caught.value.translation_key == "command_rejected"
    assert "already changed" in str(caught.value)
    assert len(thingsboard.requests("POST")) == 2
    assert facts(board) == (STATE_OFF, "1.2.0", "1.2.0", False)


@pytest.mark.parametrize("effect", [Reset(), LostResponse()])
async def test_lost_connection(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, effect: Any
) -> None:
    """An assignment is sent once; whether it arrived, push tells."""
    board = await live_board(hass, thingsboard)
    thingsboard.faults.add(effect, path="/api/device$", method="POST")
    with pytest.raises(HomeAssistantError) as caught:
        await install(board, version="1.3.0")
    assert caught.value.translation_key == "cannot_connect"
    assert len(thingsboard.requests("POST", "/api/device$")) == 1
    if isinstance(effect, LostResponse):
        await wait_for_state(hass, firmware(board), STATE_ON)
    else:
        assert facts(board)[0] == STATE_OFF


async def test_taken_back(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What is assigned on the platform shows once, and taking it back too."""
    board = await live_board(hass, thingsboard)
    seen = histories(hass, firmware(board))
    assign(thingsboard.device(LAWN), thingsboard.package("sprinkler-fw", "1.3.0"))
    await wait_until(hass, lambda: facts(board) == (STATE_ON, "1.2.0", "1.3.0", True))
    assign(thingsboard.device(LAWN), thingsboard.package("sprinkler-fw", "1.2.0"))
    await wait_until(hass, lambda: facts(board)[:3] == (STATE_OFF, "1.2.0", "1.2.0"))
    assert set(seen) == {STATE_ON, STATE_OFF}
    assert facts(board)[3] is False
