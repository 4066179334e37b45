"""No secret of a ThingsBoard account, nor a part of one, in anything that people get to see."""

from collections.abc import AsyncIterator
import json
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import EVENT_CALL_SERVICE, MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.iot_platforms.const import DOMAIN

from tests.boards import CUSTOMER_USER, Board, BoardTime, quiet, until_true
from tests.flows import open_reauth, open_reconfigure, open_sign_in, submit
from tests.home import device_of, settle
from tests.simulators.effects import Effect, Replace, Status
from tests.simulators.thingsboard import (
    TENANT_USER,
    Scope,
    ThingsBoardSimulator,
    TwoFactor,
)
from tests.test_secrets import PASSWORD, Watch, act, echoes

ROOM: Final = "TH-0042"
DEVICE_TOKEN: Final = "canary_device_token_77ab01"
OTHER_PASSWORD: Final = "another canary 5582"


@pytest.fixture
async def watch(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
) -> AsyncIterator[Watch]:
    """Watch everything, and search it in the end for all that was sent and given out."""
    caplog.set_level(logging.DEBUG)
    thingsboard.user().password = PASSWORD
    thingsboard.device(ROOM).access_token = DEVICE_TOKEN
    watch = Watch(hass, caplog, hass_storage)
    watch.secrets |= {
        PASSWORD,
        OTHER_PASSWORD,
        DEVICE_TOKEN,
        thingsboard.api_key().value,
        thingsboard.api_key(CUSTOMER_USER).value,
    }

    @callback
    def see_event(event: Event) -> None:
        if event.event_type != EVENT_CALL_SERVICE:
            watch.see(event.as_dict())

    stop = hass.bus.async_listen(MATCH_ALL, see_event)
    yield watch
    watch.see_all()
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    stop()
    watch.see_all()
    for request in thingsboard.requests():
        if request.token:
            watch.secrets.add(request.token)
        if "/auth/token" in request.path:
            watch.secrets.add(request.json()["refreshToken"])
    watch.check()


def remember_tokens(watch: Watch, entry: ConfigEntry) -> None:
    """Add what an account signs in with to what must not be seen."""
    for name in ("access_token", "refresh_token", "password", "api_key"):
        if name in entry.data:
            watch.secrets.add(entry.data[name])


async def sign_in(
    watch: Watch, sim: ThingsBoardSimulator, answers: dict[str, Any]
) -> Board:
    """Add an account, looking at each form, and let it come to rest."""
    form = watch.see_form(await open_sign_in(watch.hass, "thingsboard"))
    form = watch.see_form(await submit(watch.hass, form, answers))
    result = await submit(watch.hass, form, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    entry: ConfigEntry = result["result"]
    remember_tokens(watch, entry)
    return Board(watch.hass, sim, entry)


def by_password(sim: ThingsBoardSimulator, **fields: Any) -> dict[str, Any]:
    """Return what a person types."""
    return {"url": sim.url, "username": TENANT_USER, "password": PASSWORD, **fields}


async def try_all_actions(watch: Watch, board: Board) -> None:
    """Call every action that an account has."""
    device = board.target(ROOM)
    for name, data in (
        ("read_resource", {"resource": "telemetry/temperature"}),
        ("write_resource", {"resource": "shared/mode", "value": "off"}),
        ("run_callback", {"resource": "control/c1"}),
        ("call_method", {"method": "getState"}),
        ("read_attributes", {}),
        ("write_attributes", {"attributes": {"mode": "heat"}}),
        ("read_history", {"names": "temperature", "start": "2026-01-01"}),
        ("list_alarms", {"active": False}),
        ("acknowledge_alarm", {"alarm_id": "6f1a4c30-5a0f-11f0-9c55-1f0b7f0a9d01"}),
        ("clear_alarm", {}),
    ):
        await act(watch, name, {**device, **data})


async def in_trouble(watch: Watch, board: Board, effect: Effect) -> None:
    """Let a server misbehave while everything is tried."""
    hass, entry, sim = board.hass, board.entry, board.sim
    sim.faults.add(effect)
    await sim.close_sockets(abort=True)
    await entry.runtime_data.async_read_list()
    await try_all_actions(watch, board)
    own = ("username", "password") if "username" in entry.data else ("api_key",)
    for names in ((), own):
        secrets = {name: entry.data[name] for name in names}
        form = watch.see_form(await open_reconfigure(hass, entry))
        result = await submit(hass, form, {"url": sim.url, **secrets})
        if result["type"] is FlowResultType.FORM:
            watch.see_form(result)
            hass.config_entries.flow.async_abort(form["flow_id"])
        else:
            watch.see(result)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    watch.see_all()
    sim.faults.clear()
    for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        watch.see(flow)
        hass.config_entries.flow.async_abort(flow["flow_id"])
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    remember_tokens(watch, entry)


async def test_password(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, watch: Watch
) -> None:
    """An account with a remembered password, on a server that repeats what it was sent."""
    answers = by_password(thingsboard, remember_password=True)
    board = await sign_in(watch, thingsboard, answers)
    for effect in echoes(board.entry.data["access_token"])[::2]:
        await in_trouble(watch, board, effect)


async def test_api_key(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, watch: Watch
) -> None:
    """An account with a key."""
    key = thingsboard.api_key().value
    answers = {"url": thingsboard.url, "api_key": key}
    board = await sign_in(watch, thingsboard, answers)
    for effect in echoes(key)[::2]:
        await in_trouble(watch, board, effect)
    thingsboard.api_key().enabled = False
    await board.entry.runtime_data.async_read_list()
    await hass.async_block_till_done()
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    watch.see_form(form)
    watch.see_form(await submit(hass, form, {"api_key": key}))
    thingsboard.api_key().enabled = True
    watch.see(await submit(hass, form, {"api_key": key}))


async def test_signing_in(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, watch: Watch
) -> None:
    """Each way in which a sign-in can fail shows the form again, without what was typed."""
    answers = by_password(thingsboard, remember_password=False)
    form = watch.see_form(await open_sign_in(hass, "thingsboard"))
    for effect in (*echoes(PASSWORD), Replace(json.dumps({"token": PASSWORD}))):
        thingsboard.faults.add(effect, path="/api/auth/login$")
        watch.see_form(await submit(hass, form, answers))
        thingsboard.faults.clear()
    wrong = {**answers, "password": OTHER_PASSWORD}
    watch.see_form(await submit(hass, form, wrong))
    user = thingsboard.user()
    user.two_factor = TwoFactor()
    watch.see_form(await submit(hass, form, answers))
    user.two_factor = None
    user.password_expired = True
    watch.see_form(await submit(hass, form, answers))
    user.password_expired = False
    user.password_violation = f"Password {PASSWORD} must contain a digit"
    watch.see_form(await submit(hass, form, answers))
    user.password_violation = ""
    key = thingsboard.api_key().value
    both = {"url": thingsboard.url, "api_key": key, "password": OTHER_PASSWORD}
    watch.see_form(await submit(hass, form, {**both, "api_key": f"{key}x"}))
    watch.see_form(await submit(hass, form, answers))


async def test_renewal(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    watch: Watch,
    board_time: BoardTime,
) -> None:
    """Tokens that are renewed, cannot be, and die."""
    board = await sign_in(watch, thingsboard, by_password(thingsboard))
    for effect in echoes(board.entry.data["refresh_token"])[::3]:
        thingsboard.faults.add(effect, path="/api/auth/token$")
        await board_time.passes(9100)
        await board_time.passes(301)
        thingsboard.faults.clear()
        await board_time.passes(301)
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
            watch.see(flow)
            hass.config_entries.flow.async_abort(flow["flow_id"])
        await hass.config_entries.async_reload(board.entry.entry_id)
        await settle(hass)
        remember_tokens(watch, board.entry)
    thingsboard.change_password(OTHER_PASSWORD)
    await board.entry.runtime_data.async_read_list()
    await hass.async_block_till_done()
    watch.see_all()
    for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        hass.config_entries.flow.async_abort(flow["flow_id"])
    form = watch.see_form(await open_reauth(hass, board.entry))
    answers = {"username": TENANT_USER, "password": OTHER_PASSWORD}
    for effect in echoes(OTHER_PASSWORD)[::3]:
        thingsboard.faults.add(effect, path="/api/auth/login$")
        watch.see_form(await submit(hass, form, answers))
        thingsboard.faults.clear()
    watch.see(await submit(hass, form, answers))
    remember_tokens(watch, board.entry)


@pytest.mark.parametrize("version", ["3.5.1", "4.3.1.3"])
async def test_socket(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    watch: Watch,
    board_time: BoardTime,
    version: str,
) -> None:
    """Sockets that are refused, and end with all kinds of words; the older one has the token in its address."""
    thingsboard.switches.version = version
    board = await sign_in(watch, thingsboard, by_password(thingsboard))
    await until_true(lambda: board.is_live)
    token = board.entry.data["access_token"]
    for effect in echoes(token)[::3]:
        fault = thingsboard.faults.add(effect, path="/api/ws")
        await thingsboard.close_sockets(abort=True)
        before = fault.hits
        for _ in range(4):
            await board_time.passes(61)
        assert fault.hits > before
        watch.see_all()
        thingsboard.faults.clear()
        for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
            watch.see(flow)
            hass.config_entries.flow.async_abort(flow["flow_id"])
        await hass.config_entries.async_reload(board.entry.entry_id)
        await until_true(lambda: board.is_live)
        remember_tokens(watch, board.entry)


WORDS: Final = (
    "Max tenant sessions limit reached! {}",
    "Invalid JWT token: {}",
    "Token is invalid {}",
    "token={}",
    "{}",
)


@pytest.mark.parametrize("code", [1007, 1008, 1011])
async def test_close_reason(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    watch: Watch,
    board_time: BoardTime,
    code: int,
) -> None:
    """What a server says when it closes a socket may repeat the token, as far as that fits."""
    board = await sign_in(watch, thingsboard, by_password(thingsboard))
    for words in WORDS:
        await board_time.until(lambda: board.is_live, within=700)
        # A reason has at most 123 bytes.
        reason = words.format(board.entry.data["access_token"])[:123]
        await thingsboard.close_sockets(code=code, message=reason)
        await board_time.passes(1)
        watch.see_all()


async def test_frames(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    watch: Watch,
    board_time: BoardTime,
) -> None:
    """Errors, and whatever else comes out of a socket, may repeat the token."""
    board = await sign_in(watch, thingsboard, by_password(thingsboard))
    await until_true(lambda: board.is_live)
    token = board.entry.data["access_token"]
    for frame in (
        {"subscriptionId": 99, "errorCode": 1, "errorMsg": f"bad {token}"},
        {"cmdId": 99, "errorCode": 3, "errorMsg": f"Unauthorized: Bearer {token}"},
        {"cmdId": token, "errorCode": token, "errorMsg": token},
        {"subscriptionId": 1, "errorCode": 2, "errorMsg": f"parse {token}"},
    ):
        thingsboard.broadcast_raw(json.dumps(frame))
        thingsboard.broadcast_raw(f"no JSON {token}")
        await quiet(thingsboard)
        await board_time.until(lambda: board.is_live, within=200)


PRIVATE: Final = (
    TENANT_USER,
    "127.0.0.1",
    "Living room",
    "Roof",
    "40.4168",
    "-3.7038",
    "37.3948",
    "21.5",
    "HX-3-SECRET",
    "AC-1007",
    "Customer A",
    "My control",
    "sesame",
)
"""What says who one is, where one is, and what one's things are called and tell."""


async def test_diagnostics(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    watch: Watch,
    hass_client: ClientSessionGenerator,
) -> None:
    """Diagnostics hold nothing of what thingsboard.md 21 lists, and no values."""
    assert await async_setup_component(hass, "diagnostics", {})
    room = thingsboard.device(ROOM)
    room.set_attributes(
        Scope.SHARED, {"token": DEVICE_TOKEN, "wifi": {"password": "open sesame 1"}}
    )
    room.set_attributes(Scope.SERVER, {"latitude": 40.4168, "longitude": -3.7038})
    watch.secrets.discard(DEVICE_TOKEN)  # here it is a value, and shows as such
    board = await sign_in(watch, thingsboard, by_password(thingsboard))
    options = {
        "controls": [
            {
                "id": "c1",
                "name": "My control",
                "type": "button",
                "devices": [room.id],
                "method": "reboot",
                "parameters": {"pin": "open sesame"},
            }
        ],
        "resources": {f"{room.id}/shared%2Fmode": {"name": "My control"}},
    }
    hass.config_entries.async_update_entry(board.entry, options=options)
    await hass.config_entries.async_reload(board.entry.entry_id)
    await until_true(lambda: board.is_live)
    device = device_of(hass, board.entry, room.id)
    for found in (
        await get_diagnostics_for_config_entry(hass, hass_client, board.entry),
        await get_diagnostics_for_device(hass, hass_client, board.entry, device),
    ):
        text = json.dumps(found, ensure_ascii=False)
        for private in (*PRIVATE, *watch.secrets, DEVICE_TOKEN):
            assert private not in text, private
        account: Any = found["account"]
        assert account["signed_in_by"] == "password"
        assert account["options"]["controls"] == 1
        assert account["adapter"]["version"] == "4.3.1.3"
        assert account["adapter"]["role"] == "TENANT_ADMIN"
        assert account["hears_devices"] is True
        watch.see(found)


async def test_diagnostics_of_a_key(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    watch: Watch,
    hass_client: ClientSessionGenerator,
) -> None:
    """A key is told as little, also where set-up failed."""
    assert await async_setup_component(hass, "diagnostics", {})
    key = thingsboard.api_key().value
    board = await sign_in(watch, thingsboard, {"url": thingsboard.url, "api_key": key})
    found: Any = await get_diagnostics_for_config_entry(hass, hass_client, board.entry)
    assert TENANT_USER not in json.dumps(found)
    watch.see(found)
    thingsboard.faults.add(Status(401, body=key))
    await hass.config_entries.async_reload(board.entry.entry_id)
    assert board.entry.state is ConfigEntryState.SETUP_ERROR
    found = await get_diagnostics_for_config_entry(hass, hass_client, board.entry)
    assert found["account"]["reason"] == "api_key_rejected"
    watch.see(found)
    thingsboard.faults.clear()


async def test_everyday_life(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, watch: Watch
) -> None:
    """Entities, actions, options and missing permissions of an account that works."""
    refusal = json.dumps({"status": 403, "message": f"no {PASSWORD}", "errorCode": 20})
    thingsboard.faults.add(
        Status(403, body=refusal.replace(PASSWORD, "rights")), path="/alarms$"
    )
    board = await sign_in(watch, thingsboard, by_password(thingsboard))
    assert len(ir.async_get(hass).issues) == 1
    thingsboard.faults.clear()
    await try_all_actions(watch, board)
    for entity in er.async_entries_for_config_entry(
        er.async_get(hass), board.entry.entry_id
    ):
        watch.see(entity)
    for step in ("devices", "controls", "resource", "updates"):
        menu = await hass.config_entries.options.async_init(board.entry.entry_id)
        form = await hass.config_entries.options.async_configure(
            menu["flow_id"], {"next_step_id": step}
        )
        watch.see_form(form)
    await until_true(lambda: board.is_live)
    # Nobody asked for a device's credentials.
    assert thingsboard.requests(path="credentials") == []
