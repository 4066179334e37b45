"""Which connections are open, for how long, and what ends them (9)."""

import asyncio
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thinger import stream
from custom_components.iot_platforms.model.change import ResyncNeeded
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.errors import BadCredentialsError
from custom_components.iot_platforms.model.platform import Capability

from .conftest import Accounts

from tests.adapters.account import Account
from tests.simulators.effects import Delay, Hang, Replace, Status
from tests.simulators.thinger import Device, Fn, Resource, ThingerSimulator

TEMPERATURE = "boiler_ctl/temperature"


async def live(sim: ThingerSimulator, account: Account) -> None:
    """Stream one device, and hear the account's events."""
    await account.start("boiler_ctl")
    account.listen()
    account.watch(TEMPERATURE)
    await sim.wait_for_subscription(event="device_delete")
    await account.until_live(TEMPERATURE)
    await account.until_heard(ResyncNeeded())


async def test_what_is_open(sim: ThingerSimulator, account: Account) -> None:
    """One socket for the account, and one for each device that somebody looks at."""
    await live(sim, account)
    assert [s.kind for s in sim.sockets] == ["events-v2", "device-v3"]
    assert account.adapter.statistics["connections"] == 2
    assert account.adapter.statistics["hears_account"] is True
    account.watch("meter/power")
    await sim.wait_for_sockets(1)
    assert account.adapter.statistics["connections"] == 1


async def test_pauses_grow(sim: ThingerSimulator, account: Account) -> None:
    """Who cannot connect waits longer and longer, with jitter, up to two minutes."""
    await live(sim, account)
    account.clock.pauses.clear()
    sim.push_enabled = False
    with account.clock.running():
        await account.until(lambda: len(account.clock.pauses) >= 40)
    assert max(account.clock.pauses[:2]) <= 1
    assert max(account.clock.pauses) > 30
    assert max(account.clock.pauses) <= 120


@pytest.mark.parametrize("lasts", [1, 31])
async def test_connection_that_does_not_hold(
    sim: ThingerSimulator, account: Account, lasts: float
) -> None:
    """A connection that ends soon after its first message is not opened in a storm."""
    await account.start("boiler_ctl")
    account.listen()
    for count in range(1, 13):
        await account.until_back(
            lambda count=count: account.heard.count(ResyncNeeded()) >= count
        )
        await sim.wait_for_subscription(event="device_delete")
        await sim.flush()
        account.clock.advance(lasts)
        await sim.close_sockets(abort=True)
        await account.until(lambda: not account.adapter.hears_devices)
        await account.until(lambda count=count: len(account.clock.pauses) >= count)
    if lasts < stream.STEADY:
        assert sum(account.clock.pauses[-4:]) > 60
    else:
        assert max(account.clock.pauses) <= 1


async def test_many_devices_after_a_restart(
    sim: ThingerSimulator, account: Account
) -> None:
    """When the server comes back, not everything rushes at once (11)."""
    keys = []
    for number in range(20):
        output = Resource("value", Fn.OUTPUT, number)
        sim.add_device(Device(f"node_{number}", active=True, resources=[output]))
        keys.append(f"node_{number}/value")
    await account.start(*(f"node_{number}" for number in range(20)))
    account.listen()
    account.watch(*keys)
    await account.until_live(*keys)
    sim.clear_requests()
    sim.faults.add(Delay(0.002))
    await sim.restart()
    await account.until(lambda: not any(account.is_live(key) for key in keys))
    await account.until_back(lambda: all(account.is_live(key) for key in keys))
    assert sim.max_in_flight <= 5
    assert account.adapter.statistics["connections"] == 21


async def test_hung_handshakes_hold_up_nobody_for_long(
    sim: ThingerSimulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sockets that do not open do not keep requests from being sent."""
    monkeypatch.setattr(
        "custom_components.iot_platforms.transport.http.HANDSHAKE_TIMEOUT", 0.05
    )
    keys = []
    for number in range(6):
        output = Resource("value", Fn.OUTPUT, number)
        sim.add_device(Device(f"node_{number}", active=True, resources=[output]))
        keys.append(f"node_{number}/value")
    await account.start(*(f"node_{number}" for number in range(6)))
    hang = Hang()
    sim.faults.add(hang, path="/(resources|events)$")
    account.listen()
    account.watch(*keys)
    await sim.wait_until(lambda: hang.waiting == 5)
    await account.read("node_0/value")
    sim.faults.clear()


# The sign-in.


async def test_token_that_ends_while_open(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A socket that is closed because its token ran out comes back with a new one."""
    sim.switches.close_on_expiry = True
    credentials = sim.account().password_credentials()
    account = accounts(credentials)
    await live(sim, account)
    account.heard.clear()
    account.clock.advance(7201)
    await account.until_back(
        lambda: (
            account.adapter.hears_devices
            and account.is_live(TEMPERATURE)
            and ResyncNeeded() in account.heard
        )
    )
    assert sim.refreshes == 1
    assert {s.path for s in sim.sockets} == {
        "/v2/users/demo/events",
        "/v3/users/demo/devices/boiler_ctl/resources",
    }
    tokens = {r.token for r in sim.requests() if r.upgrade}
    assert tokens == {saved["access_token"] for saved in account.saved}


async def test_refused_handshake_renews_the_token(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A 401 at the handshake is a token that ended: it is renewed, once (9.2)."""
    account = accounts(sim.account().password_credentials())
    await live(sim, account)
    account.heard.clear()
    sim.faults.add(Status(401), path="/events$", count=1)
    await sim.close_sockets(kind="events-v2")
    await account.until_back(lambda: ResyncNeeded() in account.heard)
    assert sim.refreshes == 1
    assert account.failure is None


async def test_revoked_token_ends_push(sim: ThingerSimulator, account: Account) -> None:
    """A token that was revoked is told by the end of push."""
    await live(sim, account)
    sim.access_token("home_assistant").enabled = False
    await sim.close_sockets(abort=True)
    with account.clock.running():
        await account.until(lambda: account.failure is not None)
    assert isinstance(account.failure, BadCredentialsError)
    assert account.failure.reason == "token_rejected"
    await sim.wait_for_sockets(0)
    # What was left over of before is not told to the next listener.
    sim.access_token("home_assistant").enabled = True
    account.heard.clear()
    account.listen()
    await account.until_heard(ResyncNeeded())
    assert account.failure is None


async def test_lost_session_ends_push(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A session that cannot be renewed ends push, too."""
    credentials = sim.account().password_credentials()
    del credentials["remember_password"]
    account = accounts(credentials)
    await account.adapter.connect()
    again = accounts(
        {key: v for key, v in account.credentials.items() if key != "password"}
    )
    await live(sim, again)
    sim.revoke_grants()
    again.clock.advance(7201)
    await sim.close_sockets(abort=True)
    with again.clock.running():
        await again.until(lambda: again.failure is not None)
    assert isinstance(again.failure, BadCredentialsError)
    assert again.failure.reason == "signed_out"


async def test_socket_that_refuses_a_good_token(
    sim: ThingerSimulator, account: Account
) -> None:
    """A socket that takes no token is one that cannot be had: the sign-in is good."""
    sim.faults.add(Status(401), path="/events$")
    await account.start("boiler_ctl")
    account.listen()
    account.watch(TEMPERATURE)
    await account.until_live(TEMPERATURE)
    await account.until(lambda: Capability.EVENTS in account.adapter.denied)
    assert account.failure is None
    assert len(sim.requests(path="/events$")) == 2


async def test_trouble_while_the_sign_in_is_checked(
    sim: ThingerSimulator, account: Account
) -> None:
    """Where it cannot be found out why, it is tried again."""
    await live(sim, account)
    events = sim.faults.add(Status(401), path="/events$")
    trouble = sim.faults.add(Status(503), path="/devices$")
    await sim.close_sockets(kind="events-v2")
    with account.clock.running():
        await sim.wait_for_request(path="/devices$", count=4)
        events.remove()
        trouble.remove()
        await account.until(lambda: account.adapter.hears_devices)
    assert account.failure is None
    assert account.adapter.denied == {}


async def test_forbidden_events(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Who may not hear events goes without: everything else works."""
    deny: Any = {"Event": {"*": ["ListenEvents"]}}
    jwt = sim.mint_access_token("deaf", deny=deny).jwt
    account = accounts({"url": sim.url, "access_token": jwt})
    await account.start("boiler_ctl")
    account.listen()
    account.watch(TEMPERATURE, "boiler_ctl/$property/setpoint")
    await account.until_live(TEMPERATURE)
    await account.until(lambda: bool(account.adapter.denied))
    assert account.adapter.denied == {Capability.EVENTS: "Events"}
    assert not account.adapter.hears_devices
    assert not account.is_live("boiler_ctl/$property/setpoint")
    assert len(sim.requests(path="/events$")) == 1


# Listeners.


async def test_listener_that_cannot_keep_up(
    sim: ThingerSimulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is slow slows the sockets down, and can still be ended."""
    monkeypatch.setattr(stream, "QUEUE_SIZE", 3)
    await account.start("boiler_ctl")
    changes = account.adapter.changes()
    assert changes is not None
    account.watch(TEMPERATURE)
    assert await anext(changes) is not None
    await sim.wait_for_subscription("temperature")
    for value in range(50):
        sim.device("boiler_ctl").resource("temperature").set(value)
        sim.device("boiler_ctl").resource("temperature").push()
    queue = account.adapter._streams._queue  # type: ignore[attr-defined]
    while not queue.full():  # noqa: ASYNC110  # it tells nobody
        await asyncio.sleep(0)
    await account.adapter.close()
    rest = [change async for change in changes]
    assert len(rest) <= 3
    await sim.wait_for_sockets(0)


async def test_bug_in_a_stream_is_not_silent(
    sim: ThingerSimulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What nobody foresaw ends push, so that it shows."""
    await live(sim, account)

    def broken(_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(account.adapter._streams._events, "_interpret", broken)  # type: ignore[attr-defined]
    sim.device("meter").go_offline()
    await account.until(lambda: account.failure is not None)
    assert isinstance(account.failure, ZeroDivisionError)
    await sim.wait_for_sockets(0)


async def test_changes_before_the_sign_in(account: Account) -> None:
    """Without an account there are no changes."""
    changes = account.adapter.changes()
    assert changes is not None
    assert [change async for change in changes] == []


async def test_closed_while_connecting(sim: ThingerSimulator, account: Account) -> None:
    """A handshake that hangs does not keep anybody from closing."""
    await account.start("boiler_ctl")
    hang = Hang()
    sim.faults.add(hang, path="/(resources|events)$")
    account.listen()
    account.watch(TEMPERATURE)
    await sim.wait_until(lambda: hang.waiting == 2)
    async with asyncio.timeout(1):
        await account.close()
    sim.faults.clear()
    await sim.wait_for_sockets(0)


async def test_html_instead_of_a_stream(
    sim: ThingerSimulator, account: Account
) -> None:
    """An answer that is no stream is none."""
    await account.start("boiler_ctl")
    sim.faults.add(Replace("<html>"), path="/stats$", count=1)
    account.listen()
    account.watch("boiler_ctl/$stats:rx_bytes")
    await account.until_back(lambda: account.is_live("boiler_ctl/$stats:rx_bytes"))


async def test_unwanted_device_is_let_go(
    sim: ThingerSimulator, account: Account
) -> None:
    """Nobody waits for one socket to close before the next can open."""
    await live(sim, account)
    await account.discover("greenhouse")
    sim.mute_sockets(True)
    account.watch("greenhouse/climate/temperature")
    async with asyncio.timeout(1):
        await account.until_live("greenhouse/climate/temperature")
    sim.mute_sockets(False)
    assert not account.is_live(ResourceKey("boiler_ctl", "temperature"))
