"""Actions on a ThingsBoard account: what arrives, what shows afterwards, who may call them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
import pytest
from pytest_homeassistant_custom_component.common import MockUser

from custom_components.iot_platforms.const import DOMAIN

from tests.boards import CUSTOMER_USER, Board, asked, live_board
from tests.home import add_account, device_of, wait_for_state
from tests.simulators.effects import Status
from tests.simulators.json_types import Json
from tests.simulators.thinger import ThingerSimulator
from tests.simulators.thingsboard import Scope, ThingsBoardSimulator, api_error

ROOM = "TH-0042"
WEATHER = "Weather station"
STREAM = "telemetry/temperature"
OF_THINGER_ONLY: dict[str, dict[str, Any]] = {
    "add_device": {"device": "new", "device_type": "http"},
    "delete_device": {},
    "list_device_tokens": {},
    "create_device_token": {"name": "Door"},
    "delete_device_token": {"token_id": "x"},
    "call_endpoint": {"endpoint": "mail"},
    "read_bucket": {"bucket": "climate"},
}
OF_ACCOUNTS = ("add_device", "call_endpoint", "read_bucket")
OF_THINGSBOARD: dict[str, dict[str, Any]] = {
    "call_method": {"method": "reboot"},
    "read_attributes": {},
    "write_attributes": {"attributes": {"mode": "off"}},
    "read_history": {"names": "temperature", "start": "2026-01-01"},
    "list_alarms": {},
    "acknowledge_alarm": {},
    "clear_alarm": {},
}


async def call(
    hass: HomeAssistant,
    name: str,
    data: dict[str, Any],
    *,
    context: Context | None = None,
) -> Any:
    """Call an action, and return its response, None where it has none."""
    supports = hass.services.supports_response(DOMAIN, name) != "none"
    return await hass.services.async_call(
        DOMAIN, name, data, blocking=True, return_response=supports, context=context
    )


async def act(board: Board, name: str, device: str, **data: Any) -> Any:
    """Call an action on a device."""
    return await call(board.hass, name, board.target(device, **data))


# Who may, and where


@pytest.mark.parametrize("name", OF_THINGER_ONLY)
async def test_what_thingsboard_does_not_have(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, name: str
) -> None:
    """What only another platform has is refused in words, and nothing is sent."""
    board = await live_board(hass, thingsboard)
    data = (
        {"config_entry_id": board.entry.entry_id}
        if name in OF_ACCOUNTS
        else board.target(ROOM)
    )
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, name, {**data, **OF_THINGER_ONLY[name]})
    assert caught.value.translation_key == "not_supported"
    assert board.entry.title in str(caught.value)
    assert thingsboard.requests() == []


@pytest.mark.parametrize("name", OF_THINGSBOARD)
async def test_what_thinger_does_not_have(
    hass: HomeAssistant, thinger: ThingerSimulator, name: str
) -> None:
    """The other way round as well."""
    entry = await add_account(hass, thinger.account().credentials())
    device = device_of(hass, entry, "boiler_ctl").id
    before = len(thinger.requests("POST"))
    with pytest.raises(ServiceValidationError) as caught:
        await call(hass, name, {"device_id": device, **OF_THINGSBOARD[name]})
    assert caught.value.translation_key == "not_supported"
    assert len(thinger.requests("POST")) == before


async def test_two_accounts(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A device of two accounts is called by the account whose device was chosen."""
    tenant = await live_board(hass, thingsboard)
    customer = await live_board(hass, thingsboard, email=CUSTOMER_USER)
    assert tenant.target(ROOM) != customer.target(ROOM)
    thingsboard.switches.customer_writes = False
    attributes = {"mode": "off"}
    with pytest.raises(HomeAssistantError) as caught:
        await act(customer, "write_attributes", ROOM, attributes=attributes)
    assert caught.value.translation_key == "no_permission"
    await act(tenant, "write_attributes", ROOM, attributes=attributes)
    assert thingsboard.device(ROOM).attribute(Scope.SHARED, "mode") == "off"
    # Both see what came of it.
    for board in (tenant, customer):
        await board.until("off", "text", ROOM, "shared/mode")


async def test_who_is_no_administrator(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, hass_admin_user: MockUser
) -> None:
    """What changes the platform's devices is for administrators; what uses them is for everybody."""
    board = await live_board(hass, thingsboard)
    user = MockUser(name="guest").add_to_hass(hass)
    context = Context(user_id=user.id)
    for name in (
        "add_device",
        "delete_device",
        "list_device_tokens",
        "create_device_token",
        "delete_device_token",
    ):
        data = (
            {"config_entry_id": board.entry.entry_id}
            if name in OF_ACCOUNTS
            else board.target(ROOM)
        )
        with pytest.raises(Unauthorized):
            await call(hass, name, {**data, **OF_THINGER_ONLY[name]}, context=context)
    answer = await call(
        hass,
        "call_method",
        board.target(ROOM, method="getTargetTemperature"),
        context=context,
    )
    assert answer == {"answer": 22.0}


# Resources, as on every platform


@pytest.mark.parametrize(
    ("device", "resource", "value"),
    [
        (ROOM, STREAM, 21.5),
        (ROOM, "telemetry/heating", True),
        (ROOM, "shared/targetTemperature", 22.0),
        (ROOM, "client/model", "HX-3"),
        (WEATHER, "telemetry/serial", "007"),
        (WEATHER, "telemetry/rain/hour", 0.4),
        (WEATHER, "telemetry/readings", [1, 2.5, "three"]),
        (
            WEATHER,
            "telemetry/wind",
            {"speed": 4.2, "direction": "NW", "gusts": [5.1, 7.9]},
        ),
    ],
)
async def test_read_resource(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    device: str,
    resource: str,
    value: Json,
) -> None:
    """Whatever the server keeps can be read now, in its own type, with one request."""
    board = await live_board(hass, thingsboard)
    assert await act(board, "read_resource", device, resource=resource) == {
        "value": value
    }
    [request] = thingsboard.requests()
    kind = "timeseries" if resource.startswith("telemetry") else "attributes"
    assert request.method == "GET"
    assert f"/values/{kind}" in request.path


async def test_read_resource_shows(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What was read is what is known from then on."""
    thingsboard.push_enabled = False
    board = Board(
        hass,
        thingsboard,
        await add_account(
            hass, thingsboard.account().credentials(), platform="thingsboard"
        ),
    )
    thingsboard.device(ROOM).post_telemetry({"temperature": 25.5})
    await act(board, "read_resource", ROOM, resource=STREAM)
    assert board.value("sensor", ROOM, STREAM) == "25.5"


async def test_write_resource(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A shared attribute can be given any JSON; what a device tells is not for writing."""
    board = await live_board(hass, thingsboard)
    thingsboard.device(ROOM).set_attributes(Scope.SHARED, {"plan": {"a": 1}})
    await board.entry.runtime_data.async_read_list()
    thingsboard.clear_requests()
    for resource, value in (
        ("shared/mode", "eco"),
        ("shared/targetTemperature", 23.5),
        ("shared/enabled", False),
    ):
        await act(board, "write_resource", ROOM, resource=resource, value=value)
        name = resource.partition("/")[2]
        assert thingsboard.device(ROOM).attribute(Scope.SHARED, name) == value
    await board.until("23.5", "number", ROOM, "shared/targetTemperature")
    for resource, key in (
        (STREAM, "wrong_kind"),
        ("server/lastActivityTime", "wrong_kind"),
        ("shared/nothing", "unknown_resource"),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await act(board, "write_resource", ROOM, resource=resource, value=1)
        assert caught.value.translation_key == key
    assert thingsboard.unsafe_writes == []


async def test_run_a_control(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A control is a resource as well: buttons are run, others written."""
    device = thingsboard.device(ROOM)
    rows = [
        {"id": i, "name": i, "type": kind, "devices": [device.id], "method": method}
        for i, kind, method in (
            ("b", "button", "reboot"),
            ("n", "number", "setTargetTemperature"),
        )
    ]
    board = await live_board(hass, thingsboard, options={"controls": rows})
    await act(board, "run_callback", ROOM, resource="control/b")
    await act(board, "write_resource", ROOM, resource="control/n", value=19)
    assert [(c.method, c.params) for c in device.rpc.calls] == [
        ("reboot", None),
        ("setTargetTemperature", 19),
    ]
    assert float(board.value("number", ROOM, "control/n")) == 19
    await board.until("19", "sensor", ROOM, "telemetry/target")


# What shows afterwards


async def test_call_method(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A device that reports what it was told to do shows it."""
    board = await live_board(hass, thingsboard)
    answer = await act(
        board, "call_method", ROOM, method="setTargetTemperature", parameters=17.5
    )
    assert answer == {"answer": None}
    assert asked(thingsboard) == [
        ("POST", f"/api/rpc/twoway/{thingsboard.device(ROOM).id}")
    ]
    await board.until("17.5", "sensor", ROOM, "telemetry/target")
    answer = await act(board, "call_method", ROOM, method="getTargetTemperature")
    assert answer == {"answer": 17.5}


async def test_write_attributes(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Several attributes go in one request; the device reacts, and that shows."""
    board = await live_board(hass, thingsboard)
    attributes = {"mode": "cool", "targetTemperature": 25, "enabled": False}
    await act(board, "write_attributes", ROOM, attributes=attributes)
    [write] = thingsboard.requests("POST")
    assert write.json() == attributes
    await board.until("cool", "sensor", ROOM, "telemetry/state")
    await board.until("25", "sensor", ROOM, "telemetry/target")
    await wait_for_state(hass, board.found("switch", ROOM, "shared/enabled"), "off")
    assert board.value("text", ROOM, "shared/mode") == "cool"


async def test_history_of_an_hour(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What came in is what comes out, every value or summed up."""
    board = await live_board(hass, thingsboard)
    device = thingsboard.device("Tracker")
    end = datetime.fromtimestamp(thingsboard.clock.now() // 600 * 600, UTC)
    start = end - timedelta(hours=1)
    first = int(start.timestamp() * 1000)
    for minute in range(60):
        device.put_telemetry({"level": minute}, ts=first + minute * 60_000)
    answer = await act(
        board,
        "read_history",
        "Tracker",
        names="level",
        start=start.isoformat(),
        end=end.isoformat(),
        limit=1000,
    )
    assert answer == {
        "values": {
            "level": [
                {"ts": first + minute * 60_000, "value": minute} for minute in range(60)
            ]
        }
    }
    for aggregation, expected in (
        ("max", [9, 19, 29, 39, 49, 59]),
        ("avg", [4.5, 14.5, 24.5, 34.5, 44.5, 54.5]),
        ("count", [10] * 6),
    ):
        answer = await act(
            board,
            "read_history",
            "Tracker",
            names=["level"],
            start=start.isoformat(),
            end=end.isoformat(),
            aggregation=aggregation,
            interval={"minutes": 10},
        )
        rows = answer["values"]["level"]
        assert [row["value"] for row in rows] == expected, aggregation


# What goes wrong


@pytest.mark.parametrize("name", OF_THINGSBOARD)
@pytest.mark.parametrize(
    ("effect", "key"),
    [
        (api_error(403, 20, "You don't have permission"), "no_permission"),
        (api_error(429, 33, "Too many requests for current tenant!"), "rate_limited"),
        (Status(502, html=True), "server_trouble"),
    ],
)
async def test_refusals(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    name: str,
    effect: Any,
    key: str,
) -> None:
    """What the server refuses is told with the device's name; the account goes on."""
    board = await live_board(hass, thingsboard)
    device = "Thermostat T1"
    thingsboard.faults.add(effect, path="/api/(rpc|plugins|alarm)")
    with pytest.raises(HomeAssistantError) as caught:
        await act(board, name, device, **OF_THINGSBOARD[name])
    assert caught.value.translation_key == key
    assert device in str(caught.value)
    assert "{" not in str(caught.value)
    assert hass.config_entries.flow.async_progress() == []
    assert board.value("sensor", device, STREAM) == "22.4"


@pytest.mark.parametrize("name", OF_THINGSBOARD)
async def test_sign_in_that_has_ended(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, name: str
) -> None:
    """An action finds out that the account has to be signed in anew, and that is asked for."""
    board = await live_board(hass, thingsboard, remember_password=False)
    thingsboard.change_password("another password")
    with pytest.raises(HomeAssistantError) as caught:
        await act(board, name, "Thermostat T1", **OF_THINGSBOARD[name])
    assert caught.value.translation_key == "signed_out"
    await hass.async_block_till_done()
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == "reauth"
