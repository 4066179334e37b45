"""The account's socket: signing in on it, its two forms, and every way it can end (11.1, 11.5)."""

import asyncio
import json
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thingsboard.catalog import (
    SHORTEST_INTERVAL,
)
from custom_components.iot_platforms.adapters.thingsboard.live import (
    FIRST_PAUSE,
    LIMIT_PAUSE,
    LONGEST_PAUSE,
)
from custom_components.iot_platforms.model.change import ResyncNeeded
from custom_components.iot_platforms.model.errors import BadCredentialsError
from custom_components.iot_platforms.model.platform import Capability

from .conftest import Accounts, key
from .helpers import go_live, is_live

from tests.adapters.account import Account, case_id, key_of
from tests.simulators.effects import Hang, Reset, Status
from tests.simulators.thingsboard import ThingsBoardSimulator

DEVICE = "TH-0042"
TENANT = "tenant@thingsboard.org"
CUSTOMER = "customer@thingsboard.org"
SHORTEST = 0.1
"""Of what a pause may be: it is drawn by lot."""


@pytest.fixture
def temperature(thingsboard: ThingsBoardSimulator) -> str:
    """Return the key of a temperature."""
    return f"{thingsboard.device(DEVICE).id}/telemetry/temperature"


def handshakes(sim: ThingsBoardSimulator) -> list[Any]:
    """Return the sockets that were asked for."""
    return [request for request in sim.requests() if request.upgrade]


async def is_pushed(
    sim: ThingsBoardSimulator, account: Account, temperature: str, value: float
) -> None:
    """Wait until a new value comes by push."""
    sim.device(DEVICE).post_telemetry({"temperature": value})
    await account.until_value(temperature, value)


def rests(account: Account) -> list[float]:
    """Return the pauses between two tries; the looks for new keys are none."""
    return [pause for pause in account.clock.pauses if pause != SHORTEST_INTERVAL]


async def rested(account: Account, count: int) -> None:
    """Wait until an account pauses for the so many-th time."""
    await account.until(lambda: len(rests(account)) >= count)


# Coming in (11.1, 11.2).


async def test_first_message(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """The token goes where no proxy logs it, with the first commands in one message."""
    await go_live(account, key_of(temperature))
    (socket,) = thingsboard.sockets
    assert (socket.kind, socket.path) == ("ws", "/api/ws")
    (message,) = socket.received
    assert isinstance(message, dict)
    assert message.keys() == {"authCmd", "cmds"}
    token = account.credentials["access_token"]
    assert message["authCmd"] == {"cmdId": 0, "token": token}
    assert [c["type"] for c in thingsboard.live.commands()] == [
        "ALARM_DATA",
        "ENTITY_DATA",
    ]
    (handshake,) = handshakes(thingsboard)
    assert handshake.auth is None
    assert token not in handshake.raw_path


async def test_one_sign_in_for_a_socket(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """Later messages hold commands only."""
    await go_live(account, key_of(temperature))
    humidity = key(thingsboard, DEVICE, "telemetry/humidity")
    account.watch(humidity)
    await account.until(lambda: is_live(account, humidity))
    (socket,) = thingsboard.sockets
    assert [set(m) for m in socket.received if isinstance(m, dict)] == [
        {"authCmd", "cmds"},
        {"cmds"},
    ]


async def test_key_on_the_socket(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, temperature: str
) -> None:
    """From 4.4 on a key signs in, and then nothing else does (4.6, 11.1)."""
    thingsboard.switches.version = "4.4.0"
    account = accounts(accounts.key())
    await go_live(account, key_of(temperature))
    (message,) = thingsboard.live.messages
    assert isinstance(message, dict)
    assert message["authCmd"] == {
        "cmdId": 0,
        "apiKey": thingsboard.api_key().value,
    }
    await is_pushed(thingsboard, account, temperature, 30.5)


@pytest.mark.parametrize("version", ["4.3", "4.3.1.3"])
async def test_key_without_a_socket(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    temperature: str,
    version: str,
) -> None:
    """Before 4.4 no socket takes a key: none is opened, and values are read (4.6)."""
    thingsboard.switches.version = version
    account = accounts(accounts.key())
    await account.start()
    account.watch()
    assert account.adapter.changes() is None
    assert account.adapter.statistics["has_push"] is False
    assert not account.adapter.hears_devices
    assert not account.is_live(temperature)
    thingsboard.device(DEVICE).post_telemetry({"temperature": 30.5})
    await account.poll()
    assert account.value(temperature) == 30.5
    assert handshakes(thingsboard) == []


async def test_revoked_key(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, temperature: str
) -> None:
    """A key that ended cannot be renewed: a person has to look."""
    thingsboard.switches.version = "4.4.0"
    account = accounts(accounts.key())
    await go_live(account, key_of(temperature))
    thingsboard.remove_api_key()
    await thingsboard.close_sockets()
    await account.until_back(lambda: account.failure is not None)
    assert isinstance(account.failure, BadCredentialsError)


async def test_nothing_wanted(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A server closes sockets that say nothing for ten seconds: all are told at once (11.1)."""
    await account.start()
    account.listen()
    await account.until(lambda: account.adapter.hears_devices)
    (message,) = thingsboard.live.messages
    assert isinstance(message, dict)
    assert "authCmd" in message


# The older form (11.9).


@pytest.mark.parametrize("version", ["3.6.1", "3.3.3", "3.2.2"])
async def test_older_form(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: str,
    version: str,
) -> None:
    """Before 3.6.2 the token stands in the address, and commands in lists by their kind."""
    thingsboard.switches.version = version
    # The oldest do not tell their version: then it takes a try to find out.
    await account.start()
    account.listen()
    account.watch(key_of(temperature))
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    (socket,) = thingsboard.sockets
    assert (socket.kind, socket.path) == ("ws-telemetry", "/api/ws/plugins/telemetry")
    (message,) = socket.received
    assert isinstance(message, dict)
    assert message.keys() == {"alarmDataCmds", "entityDataCmds"}
    assert "type" not in json.dumps([set(c) for c in _items(message)], default=list)
    await is_pushed(thingsboard, account, temperature, 30.5)
    humidity = key(thingsboard, DEVICE, "telemetry/humidity")
    account.watch(humidity)
    await account.until(lambda: is_live(account, humidity))
    last = socket.received[-1]
    assert isinstance(last, dict)
    assert last.keys() == {"entityDataUnsubscribeCmds", "entityDataCmds"}
    tries = [r.path for r in handshakes(thingsboard)]
    assert tries.count("/api/ws") == (version == "3.2.2")


def _items(message: dict[str, Any]) -> list[dict[str, Any]]:
    return [item for items in message.values() for item in items]


async def test_older_form_is_remembered(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """What a server speaks is found out once."""
    thingsboard.switches.version = "3.2.2"
    await account.start()
    account.listen()
    account.watch(key_of(temperature))
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    thingsboard.clear_requests()
    await thingsboard.close_sockets(abort=True)
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    assert {r.path for r in handshakes(thingsboard)} == {"/api/ws/plugins/telemetry"}


async def test_newer_server_that_hides_its_version(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """Without a version the newer form is tried first; it stays, whatever happens later."""
    thingsboard.faults.add(Status(403), path="/system/info$")
    await go_live(account, key_of(temperature))
    thingsboard.faults.add(Status(404), path="/api/ws$", count=1)
    await thingsboard.close_sockets(abort=True)
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    assert {r.path for r in handshakes(thingsboard)} == {"/api/ws"}


async def test_unknown_session_type(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """A server that opens the newer path and knows it not is an older one (11.5)."""
    thingsboard.faults.add(Status(403), path="/system/info$")
    hang = Hang()
    thingsboard.faults.add(hang, path="/api/ws$", count=1)
    await account.start()
    account.listen()
    account.watch(key_of(temperature))
    await thingsboard.wait_until(lambda: hang.waiting == 1)
    thingsboard.live.drop_updates = True
    hang.release()
    await thingsboard.wait_for_sockets(1)
    await thingsboard.live.wait_for_subscriptions()
    await thingsboard.close_sockets(code=1007, message="Unknown session type")
    thingsboard.live.drop_updates = False
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    (socket,) = thingsboard.sockets
    assert socket.kind == "ws-telemetry"
    await is_pushed(thingsboard, account, temperature, 30.5)


@pytest.mark.parametrize("version", ["3.6.1", "4.3.1.3"])
async def test_token_that_ran_out(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: str,
    version: str,
) -> None:
    """It is renewed once, and the socket opened again; both forms (11.5)."""
    thingsboard.switches.version = version
    await go_live(account, key_of(temperature))
    # Our own clock does not see it coming.
    thingsboard.clock.advance(thingsboard.switches.access_seconds + 1)
    assert thingsboard.refreshes == 0
    await thingsboard.close_sockets()
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    assert (thingsboard.refreshes, thingsboard.logins) == (1, 1)
    assert account.failure is None
    await is_pushed(thingsboard, account, temperature, 30.5)


@pytest.mark.parametrize("version", ["3.6.1", "4.3.1.3"])
async def test_session_that_ended(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: str,
    version: str,
) -> None:
    """A token that is outdated together with what renews it: the password helps."""
    thingsboard.switches.version = version
    await go_live(account, key_of(temperature))
    thingsboard.end_sessions()
    await thingsboard.close_sockets()
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    assert thingsboard.logins == 2
    assert account.failure is None


@pytest.mark.parametrize("version", ["3.6.1", "4.3.1.3"])
async def test_sign_in_that_ended(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    temperature: str,
    version: str,
) -> None:
    """Where nothing helps any more, push ends, and says why."""
    thingsboard.switches.version = version
    account = accounts(accounts.tokens())
    await go_live(account, key_of(temperature))
    thingsboard.end_sessions()
    await thingsboard.close_sockets()
    await account.until_back(lambda: account.failure is not None)
    assert isinstance(account.failure, BadCredentialsError)
    assert not account.adapter.hears_devices


async def test_open_socket_outlives_its_token(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """A renewed token is no reason to connect anew (4.4)."""
    await go_live(account, key_of(temperature))
    account.clock.advance(thingsboard.switches.access_seconds)
    await account.refresh()
    assert thingsboard.refreshes == 1
    await is_pushed(thingsboard, account, temperature, 30.5)
    assert len(handshakes(thingsboard)) == 1


# How a socket ends (11.5).

TOKEN_REASONS = [
    (1007, "JWT Token expired"),
    (1007, "Token is outdated"),
    (1007, "Invalid JWT token: "),
    (1007, "Token is invalid"),
    (1011, "JWT Token expired"),
    (1011, "Token is outdated"),
]
OTHER_REASONS = [
    (1000, ""),
    (1001, ""),
    (1007, ""),
    (1007, "Failed to parse the payload"),
    (
        1007,
        'Unrecognized field "x", not marked as ignorable (2 known: "cmdId", "token")',
    ),
    (1008, ""),
    (1008, "Auth cmd is missing"),
    (1008, "Max tenant subscriptions limit reached!"),
    (1008, "Max customer subscriptions limit reached"),
    (1008, "Max regular user subscriptions limit reached"),
    (1008, "Max public user subscriptions limit reached"),
    (1008, "Max pending updates limit reached!"),
    (1009, ""),
    (1011, ""),
    (1011, "Session not found!"),
    (1011, "java.lang.NullPointerException"),
    (1012, ""),
    (1013, "Try again later"),
    (4500, ""),
]
LIMIT_REASONS = [
    "Max tenant sessions limit reached!",
    "Max customer sessions limit reached",
    "Max regular user sessions limit reached",
    "Max public user sessions limit reached",
]


async def _close(
    sim: ThingsBoardSimulator, account: Account, code: int, reason: str
) -> None:
    """Let the server close the socket, and wait until the account rests."""
    account.clock.pauses.clear()
    await sim.close_sockets(code=code, message=reason)
    await rested(account, 1)


@pytest.mark.parametrize(("code", "reason"), TOKEN_REASONS)
async def test_refused_token(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: str,
    code: int,
    reason: str,
) -> None:
    """A token that the server refuses is renewed before the next try, whatever we think of it."""
    await go_live(account, key_of(temperature))
    await _close(thingsboard, account, code, reason)
    assert not account.is_live(temperature)
    assert thingsboard.refreshes == 0
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    assert thingsboard.refreshes == 1
    tokens = [m["authCmd"]["token"] for m in _first_messages(thingsboard)]
    assert len({*tokens}) == len(tokens) == 2
    # Once it works again, another end is no reason to renew it again.
    await _close(thingsboard, account, 1001, "")
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    assert thingsboard.refreshes == 1


def _first_messages(sim: ThingsBoardSimulator) -> list[dict[str, Any]]:
    return [m for m in sim.live.messages if isinstance(m, dict) and "authCmd" in m]


@pytest.mark.parametrize(("code", "reason"), OTHER_REASONS)
async def test_other_ends(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: str,
    code: int,
    reason: str,
) -> None:
    """After a short pause the socket is opened again, with the same token."""
    await go_live(account, key_of(temperature))
    account.heard.clear()
    await _close(thingsboard, account, code, reason)
    assert not account.adapter.hears_devices
    assert not account.is_live(temperature)
    (pause,) = rests(account)
    assert SHORTEST * FIRST_PAUSE <= pause <= FIRST_PAUSE
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    await account.until_heard(ResyncNeeded())
    assert thingsboard.refreshes == 0
    assert len(handshakes(thingsboard)) == 2
    assert account.adapter.denied == {}
    assert account.failure is None
    await is_pushed(thingsboard, account, temperature, 30.5)


async def test_end_without_a_farewell(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """A connection that just breaks off."""
    await go_live(account, key_of(temperature))
    account.clock.pauses.clear()
    await thingsboard.close_sockets(abort=True)
    await account.until(lambda: bool(account.clock.pauses))
    assert not account.is_live(temperature)
    await account.until_back(lambda: is_live(account, key_of(temperature)))


@pytest.mark.parametrize("reason", LIMIT_REASONS)
async def test_session_limit(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str, reason: str
) -> None:
    """A server that wants no more sockets is left alone for minutes, and values are read."""
    await go_live(account, key_of(temperature))
    await _close(thingsboard, account, 1008, reason)
    (pause,) = rests(account)
    assert LIMIT_PAUSE <= pause <= 2 * LIMIT_PAUSE
    assert account.adapter.denied == {Capability.PUSH: reason}
    assert not account.is_live(temperature)
    thingsboard.device(DEVICE).post_telemetry({"temperature": 30.5})
    await account.poll()
    assert account.value(temperature) == 30.5
    account.clock.advance(LIMIT_PAUSE * 0.99)
    await asyncio.sleep(0)
    assert len(handshakes(thingsboard)) == 1
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    assert account.adapter.denied == {}


@pytest.mark.parametrize(
    ("email", "switch", "reason"),
    [
        (TENANT, "tenant", "Max tenant sessions limit reached!"),
        (CUSTOMER, "customer", "Max customer sessions limit reached"),
        (CUSTOMER, "regular_user", "Max regular user sessions limit reached"),
    ],
)
async def test_too_many_sessions(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    temperature: str,
    email: str,
    switch: str,
    reason: str,
) -> None:
    """The limit holds for as long as others hold theirs; nobody hammers (I15219)."""
    first, second = accounts(email=email), accounts(email=email)
    await go_live(first, key_of(temperature))
    setattr(thingsboard.switches, f"ws_sessions_per_{switch}", 1)
    await second.start()
    second.listen()
    second.watch(key_of(temperature))
    await second.until(lambda: Capability.PUSH in second.adapter.denied)
    assert second.adapter.denied == {Capability.PUSH: reason}
    assert not second.adapter.hears_devices
    second.clock.pauses.clear()
    for count in range(1, 4):
        second.clock.advance(2 * LIMIT_PAUSE)
        await rested(second, count)
    assert second.adapter.denied == {Capability.PUSH: reason}
    assert first.is_live(temperature)
    await first.close()
    await second.until_back(lambda: is_live(second, key_of(temperature)))
    assert second.adapter.denied == {}


async def test_refused_token_and_too_many_sessions(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, temperature: str
) -> None:
    """A token that was renewed is good, however often the server has no place for a socket."""
    first, second = accounts(), accounts()
    await go_live(first, key_of(temperature))
    await go_live(second, key_of(temperature))
    thingsboard.switches.ws_sessions_per_tenant = 1
    second.clock.pauses.clear()
    thingsboard.live.sessions[1].close(1007, "JWT Token expired")
    for count in range(1, 4):
        await rested(second, count)
        second.clock.advance(2 * LIMIT_PAUSE)
    assert thingsboard.refreshes == 1
    assert Capability.PUSH in second.adapter.denied


async def test_pauses_grow(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """A socket that opens and tells nothing is no good one: the pauses go on growing (11.5)."""
    await go_live(account, key_of(temperature))
    thingsboard.live.drop_updates = True
    found: list[float] = []
    for _ in range(8):
        thingsboard.live.messages.clear()
        await _close(thingsboard, account, 1011, "")
        (pause,) = rests(account)
        found.append(pause)
        account.clock.advance(pause)
        await thingsboard.wait_until(lambda: bool(thingsboard.live.messages))
        assert not account.adapter.hears_devices
    for number, pause in enumerate(found):
        limit = min(LONGEST_PAUSE, FIRST_PAUSE * 2**number)
        assert SHORTEST * limit <= pause <= limit
    # Only what it tells makes the pauses short again.
    thingsboard.live.drop_updates = False
    await thingsboard.close_sockets()
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    await _close(thingsboard, account, 1011, "")
    assert rests(account)[0] <= FIRST_PAUSE


@pytest.mark.parametrize(
    "effect",
    [
        Status(503, html=True),
        Status(429),
        Status(403),
        Status(404),
        Status(302, headers={"Location": "/login"}),
        Reset(),
        Status(200, html=True),
    ],
    ids=case_id,
)
async def test_refused_handshake(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str, effect: Any
) -> None:
    """A proxy that knows no sockets, a server that restarts: it is tried again, ever more rarely."""
    await account.start()
    fault = thingsboard.faults.add(effect, path="/api/ws")
    account.listen()
    account.watch(key_of(temperature))
    account.clock.pauses.clear()
    for count in range(1, 8):
        await rested(account, count)
        account.clock.advance(LONGEST_PAUSE)
    assert rests(account)[6] >= SHORTEST * LONGEST_PAUSE
    assert not account.is_live(temperature)
    assert account.failure is None
    await account.read(key_of(temperature))
    fault.remove()
    await account.until_back(lambda: is_live(account, key_of(temperature)))


async def test_refused_by_a_proxy(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """A 401 at the handshake is about the token as any other: it is renewed, and tried again."""
    await account.start()
    thingsboard.faults.add(Status(401), path="/api/ws", count=1)
    account.listen()
    account.watch(key_of(temperature))
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    assert thingsboard.refreshes == 1
    assert account.failure is None


# Staying open (11.6).


async def test_pings(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """Each ping of the server has its pong: only that counts as a sign of life."""
    await go_live(account, key_of(temperature))
    (socket,) = thingsboard.sockets
    for _ in range(2 * thingsboard.switches.ws_missed_pongs):
        thingsboard.live.ping()
        await thingsboard.wait_until(lambda: socket.unanswered_pings == 0)
    assert thingsboard.sockets == [socket]
    assert len(handshakes(thingsboard)) == 1


async def test_slow_client(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: str
) -> None:
    """A server that gives us up as too slow: there is a gap, and then push again."""
    thingsboard.switches.ws_max_pending = 5
    await go_live(account, key_of(temperature))
    (socket,) = thingsboard.sockets
    socket.pace = 0.05
    for number in range(20):
        thingsboard.device(DEVICE).post_telemetry({"temperature": 40 + number})
    account.heard.clear()
    await thingsboard.wait_until(lambda: socket not in thingsboard.sockets)
    await account.until_back(lambda: is_live(account, key_of(temperature)))
    await account.until_heard(ResyncNeeded())
    await account.until_value(temperature, 59)


@pytest.mark.parametrize(
    "garbage",
    ["no JSON", "[]", "7", "null", '"x"', "{}", '{"cmdId": "1"}', b"\x00\xff"],
)
async def test_garbage(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: str,
    garbage: str | bytes,
) -> None:
    """What makes no sense is left out."""
    await go_live(account, key_of(temperature))
    thingsboard.broadcast_raw(garbage)
    await is_pushed(thingsboard, account, temperature, 30.5)
    assert len(handshakes(thingsboard)) == 1
