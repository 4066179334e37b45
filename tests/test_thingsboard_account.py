"""A ThingsBoard account from sign-in to unload: requests, push, polling, trouble, sign-ins."""

from collections.abc import Iterator
import logging
from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
import pytest

from custom_components.iot_platforms import async_remove_config_entry_device
from custom_components.iot_platforms.const import DOMAIN

from tests.boards import (
    CUSTOMER_USER,
    Board,
    BoardTime,
    add_board,
    asked,
    histories,
    live_board,
    text_of,
    until_true,
)
from tests.home import device_of, reload, settle, wait_until
from tests.simulators.effects import Effect, Replace, Reset, Status
from tests.simulators.thingsboard import (
    Device,
    Edition,
    Scope,
    ThingsBoardSimulator,
    api_error,
)

FIND = "/api/entitiesQuery/find"
FIND_KEYS = "/api/v2/entitiesQuery/find/keys"
ALARMS = "/api/v2/alarms"
LIST = [
    ("POST", FIND_KEYS),
    ("POST", FIND),  # the devices
    ("POST", FIND),  # the assets
    ("POST", FIND),  # which devices they contain
]
START = [("GET", "/api/system/info"), *LIST, ("GET", ALARMS)]
SOCKET = ("GET", "/api/ws")
STREAM = "telemetry/temperature"
ROOM = "TH-0042"
METER = "Meter M1"


# Requests


async def test_requests_of_set_up(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Signing in looks once, loading once more; then a socket, and nothing else."""
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    await board.until_live()
    await board_time.passes(4)
    form = [
        ("POST", "/api/auth/login"),
        ("GET", "/api/system/info"),
        ("GET", "/api/auth/user"),
        *LIST,
    ]
    assert asked(thingsboard) == [*form, *START, SOCKET]
    assert all(request.status in (200, 101) for request in thingsboard.requests())
    assert {request.query.get("pageSize") for request in thingsboard.requests()} == {
        None,
        "200",
    }


async def test_requests_of_a_restart(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A restart signs in with the tokens that are kept."""
    board = await live_board(hass, thingsboard)
    token = board.entry.data["access_token"]
    await reload(hass, board.entry)
    await board.until_live()
    assert asked(thingsboard) == [*START, SOCKET]
    *requests, socket = thingsboard.requests()
    assert {request.token for request in requests} == {token}
    assert "X-Authorization" in requests[0].headers
    # Addresses end up in logs: the token of the socket stands in its first message.
    assert socket.token is None
    [opened] = thingsboard.sockets
    assert opened.received[0]["authCmd"]["token"] == token
    assert thingsboard.logins == 1


async def test_requests_at_rest(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A quarter of an hour costs one list, and a look for new keys every five minutes."""
    await live_board(hass, thingsboard)
    for _ in range(30):
        await board_time.passes(30)
    await settle(hass)
    paths = [path for _, path in asked(thingsboard)]
    assert sorted(set(paths)) == [FIND, ALARMS, FIND_KEYS]
    assert paths.count(FIND) == 1
    assert paths.count(ALARMS) <= 2
    assert paths.count(FIND_KEYS) <= 3
    assert len(thingsboard.sockets) == 1


# Values


async def test_pushed_value(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A value that a device sends shows by push, without any request, and only there."""
    board = await live_board(hass, thingsboard)
    other = histories(hass, board.found("sensor", "Thermostat T1", STREAM))
    thingsboard.device(ROOM).post_telemetry({"temperature": 23.75})
    await board.until("23.75", "sensor", ROOM, STREAM)
    assert thingsboard.requests() == []
    assert other == []


async def test_pushed_attribute_and_activity(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Attributes and activity are pushed as well."""
    board = await live_board(hass, thingsboard)
    thingsboard.device(ROOM).set_attributes(Scope.SHARED, {"mode": "off"})
    await board.until("off", "text", ROOM, "shared/mode")
    # The device repeats it.
    await board.until("off", "sensor", ROOM, "telemetry/state")
    assert board.value("binary_sensor", "Cellar sensor") == "off"
    thingsboard.device("Cellar sensor").post_telemetry({"temperature": 12})
    await board.until("on", "binary_sensor", "Cellar sensor")
    await board.until("12", "sensor", "Cellar sensor", STREAM)


async def test_silent_device(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A device that falls silent is no longer connected; its values stay, for the platform has them."""
    board = await live_board(hass, thingsboard)
    thingsboard.device(ROOM).disconnect()
    await board_time.passes(661)
    await board.until("off", "binary_sensor", ROOM)
    assert board.value("sensor", ROOM, STREAM) == "21.5"
    assert board.value("binary_sensor", METER) == "on"


async def test_push_is_cut_and_comes_back(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Polling takes over, with one query a turn for all values; then push again."""
    board = await live_board(hass, thingsboard)
    thingsboard.push_enabled = False
    await thingsboard.wait_for_sockets(0)
    await settle(hass)
    # Twice, as the end of push asks for a list of its own.
    for _ in range(2):
        await board_time.passes(31)
    thingsboard.clear_requests()
    for number in (24.0, 25.5):
        thingsboard.device(ROOM).post_telemetry({"temperature": number})
        await board_time.passes(31)
        await board.until(str(number), "sensor", ROOM, STREAM)
    paths = [path for _, path in asked(thingsboard) if path != SOCKET[1]]
    # One turn of two is the list's, which brings values along.
    assert paths.count(FIND) == 2
    assert paths.count(ALARMS) == 1
    assert len(paths) <= 4, paths
    assert thingsboard.logins == 1

    thingsboard.push_enabled = True
    await board_time.until(lambda: board.is_live, within=70)
    thingsboard.clear_requests()
    thingsboard.device(ROOM).post_telemetry({"temperature": 26.25})
    await board.until("26.25", "sensor", ROOM, STREAM)
    await board_time.passes(31)
    assert thingsboard.requests("POST", FIND) == []


async def test_polling_costs_pages(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """So many requests as there are pages of devices, whatever the number of values."""
    for number in range(501):
        node = Device(f"Node {number}", type="node")
        thingsboard.add_device(node).put_telemetry({"depth": number})
    thingsboard.push_enabled = False
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    await board_time.passes(31)
    await board_time.passes(31)
    thingsboard.clear_requests()
    thingsboard.device("Node 500").put_telemetry({"depth": 9999})
    await board_time.passes(31)
    await settle(hass)
    requests = thingsboard.requests("POST", FIND)
    assert [request.json()["pageLink"]["page"] for request in requests] == [0, 1]
    assert board.value("sensor", "Node 500", "telemetry/depth") == "9999"
    assert thingsboard.max_in_flight <= 5


async def test_server_restarts(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """After a restart of the server the socket is back, and what was missed is known."""
    board = await live_board(hass, thingsboard)
    room = thingsboard.device(ROOM)

    async def meanwhile() -> None:
        room.put_telemetry({"temperature": 30.5})

    await thingsboard.restart(pause=meanwhile)
    await board_time.until(lambda: board.is_live, within=70)
    await board.until("30.5", "sensor", ROOM, STREAM)
    assert thingsboard.logins == 1
    room.post_telemetry({"temperature": 31.5})
    await board.until("31.5", "sensor", ROOM, STREAM)


async def test_server_away(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    board_time: BoardTime,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A hiccup is tolerated; a lasting failure shows once, and its end once."""
    board = await live_board(hass, thingsboard)
    caplog.clear()
    caplog.set_level(logging.INFO, "custom_components.iot_platforms")
    fault = thingsboard.faults.add(Reset())
    await thingsboard.close_sockets(abort=True)
    seen = []
    for _ in range(5):
        await board_time.passes(31)
        seen.append(board.value("sensor", ROOM, STREAM) == STATE_UNAVAILABLE)
    assert fault.hits >= 5
    assert seen == [False, False, True, True, True]
    assert board.value("binary_sensor", ROOM) == STATE_UNAVAILABLE
    assert board.value("binary_sensor", ROOM, "$problem") == STATE_UNAVAILABLE
    assert board.value("number", ROOM, "shared/targetTemperature") == STATE_UNAVAILABLE
    fault.remove()
    await board_time.passes(31)
    assert board.value("sensor", ROOM, STREAM) == "21.5"
    await board_time.until(lambda: board.is_live, within=130)
    lines = [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.INFO
        and record.name.startswith("custom_components")
    ]
    assert len(lines) == 2, lines
    assert "recovered" in lines[1]
    assert hass.config_entries.flow.async_progress() == []


async def test_lost_updates(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """While the server drops updates polling helps out, on the socket that stays."""
    board = await live_board(hass, thingsboard)
    room = thingsboard.device(ROOM)
    thingsboard.live.too_many_updates = True
    room.post_telemetry({"temperature": 40})
    await thingsboard.wait_until(
        lambda: any(f.get("errorCode") == 34 for f in thingsboard.sockets[0].sent)
    )
    await thingsboard.flush()
    await board_time.passes(31)
    await board.until("40", "sensor", ROOM, STREAM)
    assert len(thingsboard.requests("GET", "/api/ws")) == 0
    thingsboard.live.too_many_updates = False
    await board_time.until(lambda: board.is_live, within=100)
    room.post_telemetry({"temperature": 41})
    await board.until("41", "sensor", ROOM, STREAM)


async def test_session_limit(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A server that wants no more sockets is left alone; that is said once, and polling works."""
    first = await live_board(hass, thingsboard)
    thingsboard.switches.ws_sessions_per_tenant = 1
    changes: list[str] = []
    hass.bus.async_listen(
        ir.EVENT_REPAIRS_ISSUE_REGISTRY_UPDATED,
        lambda event: changes.append(event.data["action"]),
    )
    board = Board(
        hass, thingsboard, await add_board(hass, thingsboard, email=CUSTOMER_USER)
    )
    adapter = board.entry.runtime_data.adapter
    await until_true(lambda: bool(adapter.denied))
    await board_time.passes(31)
    issue_id = f"permission_push_{board.entry.entry_id}"
    issue = ir.async_get(hass).async_get_issue(DOMAIN, issue_id)
    assert issue is not None
    assert issue.translation_placeholders == {
        "account": board.entry.title,
        "permission": "Max tenant sessions limit reached!",
    }
    thingsboard.clear_requests()
    thingsboard.device(ROOM).post_telemetry({"temperature": 28})
    for _ in range(3):
        await board_time.passes(31)
        await board.until("28", "sensor", ROOM, STREAM)
    assert changes == ["create"]
    # Nobody hammers.
    assert thingsboard.requests("GET", "/api/ws") == []

    assert await hass.config_entries.async_unload(first.entry.entry_id)
    await board_time.until(lambda: board.is_live, within=620)
    await board_time.passes(31)
    assert ir.async_get(hass).async_get_issue(DOMAIN, issue_id) is None
    assert changes == ["create", "remove"]


async def test_rate_limit(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A server that wants us to wait is left alone; a short pause hides nothing."""
    thingsboard.push_enabled = False
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    for _ in range(2):
        await board_time.passes(31)
    thingsboard.switches.tenant_rest_limits = "3:60"
    thingsboard.device(ROOM).post_telemetry({"temperature": 26})
    for _ in range(3):
        await board_time.passes(10)
    thingsboard.clear_requests()
    for _ in range(12):
        await board_time.passes(10)
        assert board.value("sensor", ROOM, STREAM) != STATE_UNAVAILABLE
    # Two minutes: four turns at most, and none repeats what was refused.
    assert len(thingsboard.requests("POST")) <= 6
    thingsboard.switches.tenant_rest_limits = ""
    for _ in range(4):
        await board_time.passes(31)
    assert board.value("sensor", ROOM, STREAM) == "26"
    assert hass.config_entries.flow.async_progress() == []


@pytest.mark.parametrize(
    "switches",
    [
        {"edition": Edition.PE, "version": "4.2.1PE"},
        {"edition": Edition.CLOUD, "version": "4.3.1PE", "edqs": True},
        {"version": "4.0.1", "edqs": True},
        {"version": "3.2.2"},
    ],
)
async def test_kinds_of_servers(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, switches: dict[str, Any]
) -> None:
    """Whatever the edition and version, the same shows, and push brings what is new."""
    for name, value in switches.items():
        setattr(thingsboard.switches, name, value)
    board = await live_board(hass, thingsboard)
    assert board.value("sensor", ROOM, STREAM) == "21.5"
    assert board.value("binary_sensor", "Cellar sensor") == "off"
    assert board.value("sensor", "Weather station", "telemetry/serial") == "007"
    assert board.value("binary_sensor", "Thermostat T1", "$problem") == "on"
    assert board.value("number", ROOM, "shared/targetTemperature") == "22.0"
    thingsboard.device(ROOM).post_telemetry({"temperature": 24.5})
    await board.until("24.5", "sensor", ROOM, STREAM)
    switch = board.found("switch", ROOM, "shared/enabled")
    await board.use("switch.turn_off", switch)
    assert thingsboard.device(ROOM).attribute(Scope.SHARED, "enabled") is False


# Tokens


@pytest.mark.parametrize(("remember", "days"), [(False, 30), (True, 9)])
async def test_a_month(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    board_time: BoardTime,
    remember: bool,
    days: int,
) -> None:
    """Tokens that live for hours, and daily restarts, ask for no password, nor use it."""
    entry = await add_board(hass, thingsboard, remember_password=remember)
    board = Board(hass, thingsboard, entry)
    assert ("password" in entry.data) is remember
    for day in range(days):
        for _ in range(2):
            await board_time.passes(12 * 3600)
        await reload(hass, entry)
        await board_time.passes(1)
        assert board.is_live
        thingsboard.device(ROOM).post_telemetry({"temperature": day})
        await board.until(str(day), "sensor", ROOM, STREAM)
    assert hass.config_entries.flow.async_progress() == []
    assert thingsboard.logins == 1
    assert thingsboard.refreshes >= 2 * days
    assert len(thingsboard.sockets) == 1


@pytest.mark.parametrize("remember", [True, False])
async def test_two_weeks_away(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    board_time: BoardTime,
    remember: bool,
) -> None:
    """After more than a week even the refresh token is dead: the password helps, or a person."""
    entry = await add_board(hass, thingsboard, remember_password=remember)
    assert await hass.config_entries.async_unload(entry.entry_id)
    board_time.moved.advance(14 * 86_400)
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    if remember:
        assert entry.state is ConfigEntryState.LOADED
        assert thingsboard.logins == 2
        assert hass.config_entries.flow.async_progress() == []
    else:
        assert entry.state is ConfigEntryState.SETUP_ERROR
        assert entry.error_reason_translation_key == "signed_out"
        assert _asked_for(hass, entry)
        assert thingsboard.logins == 1


async def test_sessions_end_meanwhile(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Where all sessions were ended, a remembered password begins another."""
    board = await live_board(hass, thingsboard, remember_password=True)
    thingsboard.end_sessions()
    await thingsboard.close_sockets()
    await board_time.until(lambda: board.is_live, within=130)
    assert thingsboard.logins == 2
    assert hass.config_entries.flow.async_progress() == []
    await reload(hass, board.entry)
    assert thingsboard.logins == 2


async def test_an_open_socket_outlives_its_token(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Push goes on over the end of the token that it began with."""
    board = await live_board(hass, thingsboard)
    for _ in range(10):
        await board_time.passes(3600)
    assert thingsboard.requests("GET", "/api/ws") == []
    thingsboard.device(ROOM).post_telemetry({"temperature": 27})
    await board.until("27", "sensor", ROOM, STREAM)
    assert thingsboard.refreshes >= 3
    assert thingsboard.logins == 1


def _asked_for(hass: HomeAssistant, entry: ConfigEntry) -> bool:
    """Return whether the person is asked to sign in anew, and nothing else."""
    flows = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    asked_for = [
        (flow["context"]["source"], flow["context"]["entry_id"]) for flow in flows
    ]
    assert asked_for in ([], [("reauth", entry.entry_id)])
    return bool(asked_for)


@pytest.mark.parametrize(
    ("reason", "remember"),
    [("signed_out", False), ("invalid_auth", True), ("account_disabled", True)],
)
async def test_dead_credentials_while_running(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    board_time: BoardTime,
    reason: str,
    remember: bool,
) -> None:
    """What signs in no more is asked for once, and the server is left alone."""
    board = await live_board(hass, thingsboard, remember_password=remember)
    if reason == "account_disabled":
        thingsboard.disable()
    else:
        thingsboard.change_password("another password")
    # A server closes no sockets then (4.4); a restart of it does.
    await thingsboard.close_sockets()
    await board_time.until(lambda: _asked_for(hass, board.entry), within=70)
    assert board.entry.runtime_data.last_exception.translation_key == reason
    assert board.value("sensor", ROOM, STREAM) == STATE_UNAVAILABLE
    await thingsboard.wait_for_sockets(0)
    thingsboard.clear_requests()
    for _ in range(5):
        await board_time.passes(61)
    assert thingsboard.requests() == []
    assert _asked_for(hass, board.entry)


@pytest.mark.parametrize(
    ("effect", "is_asked_for"),
    [
        (Status(503, html=True), False),
        (Status(500), False),
        (Status(429), False),
        (Reset(), False),
        (Replace("<html>hello</html>"), False),
        (Replace("not JSON", content_type="application/json"), False),
        (api_error(403, 20, "You don't have permission"), False),
        (api_error(401, 10, "Authentication failed"), True),
    ],
)
async def test_set_up_failures(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    effect: Effect,
    is_asked_for: bool,
) -> None:
    """A server in trouble is tried again; only dead credentials are asked for."""
    entry = await add_board(hass, thingsboard, remember_password=False)
    thingsboard.faults.add(effect)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    expected = (
        ConfigEntryState.SETUP_ERROR if is_asked_for else ConfigEntryState.SETUP_RETRY
    )
    assert entry.state is expected
    assert _asked_for(hass, entry) is is_asked_for


@pytest.mark.parametrize(
    "effect",
    [
        Status(502, html=True),
        Status(429),
        Replace("{}"),
        Replace("<html>"),
        Reset(),
        api_error(500, 2, "Database error"),
    ],
)
async def test_trouble_with_the_renewal(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    board_time: BoardTime,
    effect: Effect,
) -> None:
    """A server that cannot renew a token now is no reason to ask a person."""
    board = await live_board(hass, thingsboard, remember_password=False)
    fault = thingsboard.faults.add(effect, path="/api/auth/token$")
    board_time.moved.advance(9100)
    for _ in range(5):
        await board_time.passes(61)
    await board.entry.runtime_data.async_read_list()
    assert fault.hits > 0
    assert not _asked_for(hass, board.entry)
    fault.remove()
    for _ in range(6):
        await board_time.passes(61)
    await board.entry.runtime_data.async_read_list()
    assert board.entry.runtime_data.available
    assert thingsboard.logins == 1
    assert not _asked_for(hass, board.entry)


# Other accounts


async def test_customer_user(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A customer's user sees the customer's devices and nothing is refused."""
    board = await live_board(hass, thingsboard, email=CUSTOMER_USER)
    names = {
        device.name
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), board.entry.entry_id
        )
    }
    assert names == {
        "Living room thermostat",
        "Door sensor",
        "Test Device A1",
        "Test Device A2",
        "Test Device A3",
    }
    await reload(hass, board.entry)
    await board.until_live()
    assert all(request.status in (200, 101) for request in thingsboard.requests())
    thingsboard.clear_requests()
    thingsboard.device(ROOM).post_telemetry({"temperature": 20.5})
    await board.until("20.5", "sensor", ROOM, STREAM)
    number = board.found("number", ROOM, "shared/targetTemperature")
    await board.use("number.set_value", number, value=19)
    assert thingsboard.device(ROOM).attribute(Scope.SHARED, "targetTemperature") == 19
    assert ir.async_get(hass).issues == {}


async def test_key_on_a_server_without_push_for_keys(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """On 4.3 an API key is good for everything but the socket: polling it is."""
    thingsboard.switches.version = "4.3.1.3"
    board = Board(hass, thingsboard, await add_board(hass, thingsboard, with_key=True))
    await board_time.passes(31)
    thingsboard.device(ROOM).post_telemetry({"temperature": 29})
    await board_time.passes(31)
    await board.until("29", "sensor", ROOM, STREAM)
    assert thingsboard.requests(path="/api/ws|/api/auth/login|/api/auth/token") == []
    headers = {r.headers["X-Authorization"] for r in thingsboard.requests()}
    assert headers == {f"ApiKey {thingsboard.account().api_key}"}
    assert ir.async_get(hass).issues == {}


async def test_key_on_a_server_with_push_for_keys(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """On 4.4 a key opens the socket."""
    thingsboard.switches.version = "4.4.0"
    board = await live_board(hass, thingsboard, with_key=True)
    [socket] = thingsboard.sockets
    key = thingsboard.account().api_key
    assert socket.received[0]["authCmd"] == {"cmdId": 0, "apiKey": key}
    thingsboard.device(ROOM).post_telemetry({"temperature": 29})
    await board.until("29", "sensor", ROOM, STREAM)
    assert thingsboard.requests() == []
    # A key that is switched off is asked for anew.
    thingsboard.api_key().enabled = False
    await thingsboard.close_sockets()
    await board_time.until(lambda: _asked_for(hass, board.entry), within=70)
    assert board.entry.runtime_data.last_exception.translation_key in (
        "account_disabled",
        "api_key_rejected",
    )


async def test_older_server(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A server before the one socket for everything has an older one, which is as good."""
    thingsboard.switches.version = "3.5.1"
    board = await live_board(hass, thingsboard)
    assert [socket.kind for socket in thingsboard.sockets] == ["ws-telemetry"]
    thingsboard.device(ROOM).post_telemetry({"temperature": 29.5})
    await board.until("29.5", "sensor", ROOM, STREAM)
    assert thingsboard.requests() == []
    assert board.value("sensor", "Weather station", "telemetry/serial") == "007"
    assert board.value("binary_sensor", "Thermostat T1", "$problem") == "on"


async def test_oldest_server(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A server before queries is asked device by device."""
    thingsboard.switches.version = "3.1.1"
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    assert board.value("sensor", ROOM, STREAM) == "21.5"
    await board_time.passes(31)
    thingsboard.device(ROOM).post_telemetry({"temperature": 29.5})
    await board_time.passes(31)
    await board.until("29.5", "sensor", ROOM, STREAM)


# Devices that come, go and change


async def test_new_device(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A device that is new appears within a minute, with its values, without a reload."""
    board = await live_board(hass, thingsboard)
    attic = thingsboard.add_device(Device("Attic", type="thermometer", label="Attic 1"))
    attic.post_telemetry({"temperature": 8.5, "frost": False})
    await board_time.until(
        lambda: _is_registered(hass, board, "sensor", "Attic", STREAM), within=70
    )
    assert board.value("sensor", "Attic", STREAM) == "8.5"
    assert device_of(hass, board.entry, attic.id).name == "Attic 1"
    await board_time.until(
        lambda: _is_registered(
            hass, board, "binary_sensor", "Attic", "telemetry/frost"
        ),
        within=1000,
    )
    await board.until_live()
    attic.post_telemetry({"temperature": 9.25})
    await board.until("9.25", "sensor", "Attic", STREAM)


def _is_registered(
    hass: HomeAssistant, board: Board, domain: str, device: str, resource: str
) -> bool:
    unique_id = f"{board.entry.unique_id}/{text_of(board.sim, device, resource)}"
    found = er.async_get(hass).async_get_entity_id(domain, DOMAIN, unique_id)
    return found is not None and hass.states.get(found) is not None


async def test_device_that_speaks_for_the_first_time(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Keys of a device that never spoke before appear as soon as it does."""
    board = await live_board(hass, thingsboard)
    thingsboard.device("Test Device B1").post_telemetry({"novelty": 5})
    await wait_until(
        hass,
        lambda: _is_registered(
            hass, board, "sensor", "Test Device B1", "telemetry/novelty"
        ),
    )
    await board.until("5", "sensor", "Test Device B1", "telemetry/novelty")


async def test_new_key(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A key that is new is found with the next look for keys, and is live from then on."""
    board = await live_board(hass, thingsboard)
    thingsboard.device(ROOM).post_telemetry({"co2": 612})
    await board_time.until(
        lambda: _is_registered(hass, board, "sensor", ROOM, "telemetry/co2"),
        within=620,
    )
    found = board.shown("sensor", ROOM, "telemetry/co2")
    assert (found.state, found.attributes["unit_of_measurement"]) == ("612", "ppm")
    await board.until_live()
    thingsboard.device(ROOM).post_telemetry({"co2": 640})
    await board.until("640", "sensor", ROOM, "telemetry/co2")


async def test_vanished_key(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A key that was deleted goes after two lists without it; at once it has no value any more."""
    thingsboard.push_enabled = False
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    humidity = board.found("sensor", ROOM, "telemetry/humidity")
    thingsboard.device(ROOM).delete_telemetry(["humidity"])
    await board.entry.runtime_data.async_read_list()
    assert er.async_get(hass).async_get(humidity) is not None
    await board.entry.runtime_data.async_read_list()
    assert er.async_get(hass).async_get(humidity) is None
    # That of another device stays.
    assert board.value("sensor", "Thermostat T1", "telemetry/humidity") == "44"


async def test_deleted_device(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A device is forgotten after two complete lists without it, not after a failed one."""
    board = await live_board(hass, thingsboard)
    registered = device_of(hass, board.entry, thingsboard.device(METER).id)
    assert not await async_remove_config_entry_device(hass, board.entry, registered)
    meter = thingsboard.device(METER).id
    gone = board.found("sensor", METER, "telemetry/power")
    thingsboard.remove_device(METER)
    fault = thingsboard.faults.add(Status(503), path=f"{FIND}$")
    await board.entry.runtime_data.async_read_list()
    assert fault.hits == 1
    fault.remove()
    assert not await async_remove_config_entry_device(hass, board.entry, registered)
    await board.entry.runtime_data.async_read_list()
    assert dr.async_get(hass).async_get(registered.id) is not None
    assert await async_remove_config_entry_device(hass, board.entry, registered)
    await board.entry.runtime_data.async_read_list()
    assert dr.async_get(hass).async_get(registered.id) is None
    assert er.async_get(hass).async_get(gone) is None
    assert all(
        meter not in entity.unique_id for entity in er.async_get(hass).entities.values()
    )


async def test_deleted_device_while_push_works(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """The server's own look at its devices is enough to find that one has gone."""
    board = await live_board(hass, thingsboard)
    registered = device_of(hass, board.entry, thingsboard.device(METER).id)
    thingsboard.remove_device(METER)
    await board_time.until(
        lambda: dr.async_get(hass).async_get(registered.id) is None, within=190
    )
    assert len(thingsboard.requests("POST", f"{FIND}$")) <= 6


async def test_rename(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """A rename on the platform renames, and orphans nothing."""
    board = await live_board(hass, thingsboard)
    before = _registered(hass, board)
    room = thingsboard.device(ROOM)
    room.name, room.label = "TH-0043", "Bedroom thermostat"
    thingsboard.store.change(room)
    await board.entry.runtime_data.async_read_list()
    assert device_of(hass, board.entry, room.id).name == "Bedroom thermostat"
    assert _registered(hass, board) == before
    found = board.shown("sensor", "TH-0043", STREAM)
    assert found.name == "Bedroom thermostat Temperature"
    # Without a label the name counts, and no name is no reason to lose a device.
    room.label = ""
    thingsboard.store.change(room)
    await board.entry.runtime_data.async_read_list()
    assert device_of(hass, board.entry, room.id).name == "TH-0043"
    assert _registered(hass, board) == before
    await reload(hass, board.entry)
    assert _registered(hass, board) == before


def _registered(hass: HomeAssistant, board: Board) -> dict[str, str]:
    return {
        entity.unique_id: entity.entity_id
        for entity in er.async_entries_for_config_entry(
            er.async_get(hass), board.entry.entry_id
        )
    }


async def test_excluded_devices(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Devices that a person leaves out are gone, and come back."""
    board = await live_board(hass, thingsboard)
    meter = thingsboard.device(METER)
    options = {"excluded_devices": [meter.id]}
    hass.config_entries.async_update_entry(board.entry, options=options)
    await reload(hass, board.entry)
    await board.until_live()
    identifier = (DOMAIN, f"{board.entry.unique_id}/{meter.id}")
    registry = dr.async_get(hass)
    entry_id = board.entry.entry_id
    assert registry.async_get_device_by_identifier(identifier, entry_id) is None
    meter.post_telemetry({"power": 1})
    thingsboard.device(ROOM).post_telemetry({"temperature": 1})
    await board.until("1", "sensor", ROOM, STREAM)
    hass.config_entries.async_update_entry(board.entry, options={})
    await reload(hass, board.entry)
    assert board.value("sensor", METER, "telemetry/power") == "1"


# Harm


def _silent(sim: ThingsBoardSimulator) -> Iterator[tuple[str, object]]:
    for device in sim.devices:
        if not device.active:
            found = device.attribute(Scope.SERVER, "lastActivityTime")
            yield device.name, found


async def test_no_harm(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """An hour of streaming and one of polling make no device look alive."""
    before = dict(_silent(thingsboard))
    assert before["Cellar sensor"]
    board = await live_board(hass, thingsboard)
    for _ in range(60):
        await board_time.passes(60)
    thingsboard.push_enabled = False
    await thingsboard.wait_for_sockets(0)
    for _ in range(60):
        await board_time.passes(60)
    number = board.found("number", ROOM, "shared/targetTemperature")
    await board.use("number.set_value", number, value=18)
    assert before.items() <= dict(_silent(thingsboard)).items()
    assert board.value("binary_sensor", "Cellar sensor") == "off"
    assert thingsboard.harm == []
    assert thingsboard.unsafe_writes == []
    writes = {
        request.path
        for request in thingsboard.requests()
        if request.method != "GET" and "/entitiesQuery/" not in request.path
    }
    assert writes <= {
        "/api/auth/token",
        f"/api/plugins/telemetry/DEVICE/{thingsboard.device(ROOM).id}/attributes/SHARED_SCOPE",
    }
