"""What comes over the sockets: values of devices, and the account's events (9)."""

from typing import Any

import pytest

from custom_components.iot_platforms.model.change import (
    Connectivity,
    ResyncNeeded,
    Samples,
)
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import ResourceKey

from .conftest import Accounts

from tests.adapters.account import Account, key_of
from tests.simulators.effects import Rewrite, Status
from tests.simulators.thinger import Fn, Resource, ThingerSimulator

TEMPERATURE = "boiler_ctl/temperature"
FLOW = "boiler_ctl/Flow meter"


async def stream(account: Account, *keys: str) -> None:
    """Find out about the devices of some resources, and stream these."""
    await account.start(*{key_of(key).device_id for key in keys})
    account.listen()
    account.watch(*keys)
    await account.until_live(*keys)


# Values (9.1).


@pytest.mark.parametrize("v3", [True, False])
@pytest.mark.parametrize("context", [True, False])
async def test_frames(
    sim: ThingerSimulator, account: Account, v3: bool, context: bool
) -> None:
    """Both versions' sockets, with signals and context or without."""
    sim.switches.v3 = v3
    sim.switches.signal_in_frames = sim.switches.context_in_frames = context
    sim.switches.start_frames = context
    await stream(account, TEMPERATURE, FLOW)
    (socket,) = [s for s in sim.sockets if s.device == "boiler_ctl"]
    assert socket.kind == ("device-v3" if v3 else "device-v2")
    assert sorted(socket.received, key=str) == [
        {"resource": "Flow meter", "interval": 30, "enabled": True},
        {"resource": "temperature", "interval": 30, "enabled": True},
    ]
    sim.device("boiler_ctl").resource("temperature").set(22)
    sim.tick_streams()
    await account.until_value(TEMPERATURE, 22)
    for value in (None, {"a": 1}, True, "text", [1]):
        sim.device("boiler_ctl").resource("Flow meter").value = value
        sim.device("boiler_ctl").resource("Flow meter").push()
        key = key_of(FLOW)
        await account.until(
            lambda value=value, key=key: any(
                isinstance(c, Samples)
                and (c.samples[0].key, c.samples[0].value) == (key, value)
                for c in account.heard
            )
        )


async def test_token_in_the_header(sim: ThingerSimulator, account: Account) -> None:
    """Tokens do not go into addresses where the header will do (3.1)."""
    await stream(account, TEMPERATURE, "boiler_ctl/$stats:rx_bytes")
    await sim.wait_for_sockets(2)
    upgrades = [r for r in sim.requests() if r.upgrade]
    assert {request.auth for request in upgrades} == {"header"}
    assert not [r for r in sim.requests() if "authorization" in r.raw_path]


async def test_token_in_the_query(sim: ThingerSimulator, account: Account) -> None:
    """A server that looks for it only there gets it there, and is remembered (3.1)."""

    class OnlyQuery(Status):
        """Refuses what has no token in its query."""

        async def apply(self, request: Any, answer: Any) -> Any:
            if "authorization" in request.query or "Upgrade" not in request.headers:
                return await answer()
            return await super().apply(request, answer)

    sim.faults.add(OnlyQuery(401))
    await stream(account, TEMPERATURE)
    account.watch(TEMPERATURE, "greenhouse/climate/temperature")
    await account.discover("greenhouse")
    await account.until_live("greenhouse/climate/temperature")
    upgrades = [r.auth for r in sim.requests() if r.upgrade]
    assert upgrades.count("query") == 3
    assert upgrades.count("header") <= 2
    assert upgrades[-1] == "query"


@pytest.mark.parametrize("wrapped", [True, False])
async def test_wrapped_payloads(
    sim: ThingerSimulator, accounts: Accounts, wrapped: bool
) -> None:
    """PROTO devices may wrap what they send (9.1)."""
    sim.switches.wrapped_proto_payloads = wrapped
    greenhouse = sim.device("greenhouse")
    greenhouse.add_resource(Resource("own", Fn.OUTPUT, {"out": 5}))
    greenhouse.add_resource(Resource("both", Fn.OUTPUT, {"in": 1, "out": 2}))
    safe = frozenset({ResourceKey("greenhouse", "climate/setpoint")})
    account = accounts(choices=Choices(safe_resources=safe))
    names = ("climate/temperature", "climate/setpoint", "both")
    await stream(account, *(f"greenhouse/{name}" for name in names))
    assert account.value("greenhouse/climate/temperature") == 26.3
    assert account.value("greenhouse/climate/setpoint") == 24
    assert account.value("greenhouse/both") == {"in": 1, "out": 2}


@pytest.mark.parametrize("restarted", [True, False])
async def test_value_that_looks_wrapped(
    sim: ThingerSimulator, accounts: Accounts, restarted: bool
) -> None:
    """An object with just one key of that name is a value, if the device gives such (9.1)."""
    sim.device("boiler_ctl").resource("temperature").value = {"out": 5}
    account = accounts()
    if restarted:
        await account.start("boiler_ctl")
        again = accounts()
        again.state = account.state
        account = again
    await stream(account, TEMPERATURE)
    sim.device("boiler_ctl").resource("temperature").value = {"out": 6}
    sim.device("boiler_ctl").resource("temperature").push()
    await account.until_value(f"{TEMPERATURE}:out", 6)


async def test_unstreamable(sim: ThingerSimulator, account: Account) -> None:
    """What cannot be streamed is polled (6.1)."""

    def without_stream(answer: Any) -> Any:
        answer["Flow meter"]["st"] = False
        return answer

    sim.faults.add(Rewrite(without_stream), path="/boiler_ctl/resources/api$")
    await account.start("boiler_ctl")
    account.listen()
    account.watch(TEMPERATURE, FLOW)
    await account.until_live(TEMPERATURE)
    assert not sim.subscriptions("Flow meter")
    assert not account.is_live(FLOW)
    sim.device("boiler_ctl").resource("Flow meter").value = 1
    await account.poll()
    assert account.value(FLOW) == 1


@pytest.mark.parametrize("signal", ["stop", "error"])
async def test_stream_that_ends(
    sim: ThingerSimulator, account: Account, signal: str
) -> None:
    """A resource whose stream ended is polled, the others are not."""
    await stream(account, TEMPERATURE, FLOW)
    (socket,) = [s for s in sim.sockets if s.device == "boiler_ctl"]
    socket.send({"resource": "temperature", "signal": signal})
    socket.send({"resource": "Flow meter", "signal": "data", "payload": 1})
    await account.until_value(FLOW, 1)
    assert not account.is_live(TEMPERATURE)
    assert account.is_live(FLOW)


async def test_stream_that_falls_silent(
    sim: ThingerSimulator, account: Account
) -> None:
    """A stream from which nothing comes any more counts as none."""
    await stream(account, TEMPERATURE)
    account.clock.advance(89)
    assert account.is_live(TEMPERATURE)
    account.clock.advance(2)
    assert not account.is_live(TEMPERATURE)
    sim.tick_streams()
    await account.until_live(TEMPERATURE)


async def test_garbage_frames(sim: ThingerSimulator, account: Account) -> None:
    """What is no frame of ours is left out."""
    await stream(account, TEMPERATURE)
    for garbage in (
        "no JSON",
        b"\x00\x01",
        "[1]",
        "null",
        "{}",
        '{"resource": 7, "payload": 1}',
        '{"resource": "unheard_of", "payload": 1}',
        '{"resource": "temperature"}',
        '{"resource": "temperature", "signal": "data"}',
        '{"resource": "temperature", "signal": "data", "payload": 77}',
    ):
        sim.broadcast_raw(garbage)
    await account.until_value(TEMPERATURE, 77)


async def test_wants_change(sim: ThingerSimulator, account: Account) -> None:
    """What is wanted no more is stopped, what is wanted now is begun, on the same socket."""
    await stream(account, TEMPERATURE)
    account.watch(FLOW)
    await account.until_live(FLOW)
    assert not account.is_live(TEMPERATURE)
    await account.until(lambda: not sim.subscriptions("temperature"))
    (socket,) = [s for s in sim.sockets if s.device == "boiler_ctl"]
    assert {"resource": "temperature", "enabled": False} in socket.received
    # Late frames of what was stopped are left out.
    socket.send({"resource": "temperature", "signal": "data", "payload": 1})
    socket.send({"resource": "Flow meter", "signal": "data", "payload": 2})
    await account.until_value(FLOW, 2)
    assert account.value(TEMPERATURE) == 21.5


async def test_many_quick_wants(sim: ThingerSimulator, account: Account) -> None:
    """However often the wants change, in the end exactly the last ones are streamed, each once."""
    await account.start("boiler_ctl")
    account.listen()
    for wanted in ((TEMPERATURE,), (FLOW,), (TEMPERATURE, FLOW), (FLOW,)) * 5:
        account.watch(*wanted)
        await sim.flush()
    await account.until_live(FLOW)
    await account.until(lambda: not sim.subscriptions("temperature"))
    assert [s.resource for s in sim.subscriptions(device="boiler_ctl")] == [
        "Flow meter"
    ]


async def test_interval(sim: ThingerSimulator, accounts: Accounts) -> None:
    """The interval is the person's, in seconds."""
    account = accounts(choices=Choices(value_interval=12))
    await stream(account, TEMPERATURE)
    assert sim.subscriptions("temperature")[0].interval == 12


# Devices that leave and come back.


@pytest.mark.parametrize("drop", ["stop", "abort", "silence"])
async def test_device_leaves_and_comes(
    sim: ThingerSimulator, account: Account, drop: Any
) -> None:
    """However a socket tells it (15.8), the device is offline, and streams again when it is back."""
    sim.switches.drop = drop
    await stream(account, TEMPERATURE)
    await sim.wait_for_subscription(event="device_delete")
    boiler = sim.device("boiler_ctl")
    boiler.go_offline()
    await account.until(lambda: account.online("boiler_ctl") is False)
    account.watch()
    await account.until(lambda: not [s for s in sim.sockets if s.device])
    boiler.go_online()
    await account.until(lambda: account.online("boiler_ctl") is True)
    account.watch(TEMPERATURE)
    await account.discover("boiler_ctl")
    boiler.resource("temperature").value = 5
    await account.until_live(TEMPERATURE)
    assert account.value(TEMPERATURE) == 5


async def test_quick_reconnect(sim: ThingerSimulator, account: Account) -> None:
    """A device that is gone for a moment only: nothing of before is left over."""
    await stream(account, TEMPERATURE)
    await sim.wait_for_subscription(event="device_delete")
    boiler = sim.device("boiler_ctl")
    for _ in range(3):
        boiler.go_offline()
        boiler.go_online()
    heard = [False, True] * 3
    await account.until(
        lambda: (
            [c.online for c in account.heard if isinstance(c, Connectivity)] == heard
        )
    )
    account.watch(TEMPERATURE)
    await account.discover("boiler_ctl")
    await account.until_back(lambda: account.is_live(TEMPERATURE))
    assert len([s for s in sim.sockets if s.device == "boiler_ctl"]) == 1
    assert len(sim.subscriptions("temperature")) == 1


async def test_handshake_of_an_absent_device(
    sim: ThingerSimulator, account: Account
) -> None:
    """A 404 at the handshake is no reason to give up for ever."""
    await account.start("boiler_ctl")
    fault = sim.faults.add(Status(404), path="/resources$")
    account.listen()
    account.watch(TEMPERATURE)
    with account.clock.running():
        await sim.wait_for_request(path="/boiler_ctl/resources$", count=3)
        fault.remove()
        await account.until_live(TEMPERATURE)


async def test_refused_device_socket(sim: ThingerSimulator, account: Account) -> None:
    """Where the socket is refused, polling does it, and nobody insists."""
    await account.start("boiler_ctl")
    sim.faults.add(Status(403), path="/resources$")
    account.listen()
    account.watch(TEMPERATURE)
    await sim.wait_for_request(path="/boiler_ctl/resources$")
    with account.clock.running():
        sim.device("boiler_ctl").resource("temperature").value = 9
        await account.poll()
    assert account.value(TEMPERATURE) == 9
    assert len(sim.requests(path="/boiler_ctl/resources$")) == 1


async def test_socket_of_an_unknown_version(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Who may not list learns from the handshake which version there is."""
    sim.switches.v3 = False
    jwt = sim.mint_device_token("boiler_ctl", resources=["temperature"]).jwt
    account = accounts({"url": sim.url, "access_token": jwt})
    await account.adapter.connect()
    await account.refresh()
    assert account.online("boiler_ctl") is True
    tried = [r.path.split("/")[1] for r in sim.requests() if r.upgrade]
    assert tried == ["v3", "v2"]


# Events (9.2).


async def events(sim: ThingerSimulator, account: Account) -> None:
    """Listen to events only."""
    await account.adapter.connect()
    await account.refresh()
    account.listen()
    await account.until_heard(ResyncNeeded())


async def test_newer_events_first(sim: ThingerSimulator, account: Account) -> None:
    """Version 2, with the frames that its clients send."""
    await events(sim, account)
    await sim.wait_for_subscription(event="device_delete")
    (socket,) = sim.sockets
    assert socket.kind == "events-v2"
    assert socket.received == [
        {"event": name}
        for name in (
            "device_state_change",
            "device_property_update",
            "device_create",
            "device_update",
            "device_delete",
        )
    ]


async def test_older_events(sim: ThingerSimulator, account: Account) -> None:
    """Where there is no version 2, version 1; that is remembered."""
    sim.switches.event_versions = frozenset({"v1"})
    await events(sim, account)
    await sim.wait_for_subscription(event="device_delete")
    sim.device("meter").go_offline()
    await account.until(lambda: account.online("meter") is False)
    sim.clear_requests()
    account.heard.clear()
    await sim.close_sockets()
    await account.until_back(lambda: ResyncNeeded() in account.heard)
    assert [r.path for r in sim.requests()] == ["/v1/users/demo/events"]


async def test_no_events_yet(sim: ThingerSimulator, account: Account) -> None:
    """A server without events is asked again, but rarely: it may have been its restart."""
    sim.switches.events = False
    await account.start("boiler_ctl")
    account.listen()
    account.watch(TEMPERATURE)
    with account.clock.running():
        await sim.wait_for_request(path="/events$", count=40)
        sim.switches.events = True
        await account.until(lambda: account.adapter.hears_devices)
    assert account.adapter.denied == {}
    assert sum(account.clock.pauses) / len(account.clock.pauses) > 30


async def test_events_that_vanish(sim: ThingerSimulator, account: Account) -> None:
    """A version that was there is waited for."""
    await events(sim, account)
    sim.switches.events = False
    await sim.close_sockets()
    with account.clock.running():
        await sim.wait_for_request(path="/events$", count=4)
    assert {r.path for r in sim.requests(path="/events$")} == {"/v2/users/demo/events"}


async def test_resync_after_every_connection(
    sim: ThingerSimulator, account: Account
) -> None:
    """Nothing is replayed: what happened between list and socket, nobody told."""
    await events(sim, account)
    for count in (2, 3):
        await sim.close_sockets(abort=True)
        await account.until_back(
            lambda count=count: account.heard.count(ResyncNeeded()) == count
        )
    await sim.wait_for_subscription(event="device_delete")
    sim.device("meter").go_offline()
    await account.until(lambda: account.online("meter") is False)


async def test_acknowledgements(sim: ThingerSimulator, account: Account) -> None:
    """What is no event is left out, a refusal too."""
    await events(sim, account)
    await sim.wait_for_subscription(event="device_delete")
    account.heard.clear()
    for frame in ('{"registered": true}', '{"success": false}', '{"event": 7}', "x"):
        sim.broadcast_raw(frame)
    sim.device("meter").go_offline()
    await account.until(lambda: account.online("meter") is False)
    assert len(account.heard) == 1


async def test_time_of_events(sim: ThingerSimulator, account: Account) -> None:
    """Events tell since when."""
    await events(sim, account)
    await sim.wait_for_subscription(event="device_delete")
    sim.device("meter").go_offline()
    await account.until(lambda: account.online("meter") is False)
    device = account.state.device("meter")
    assert device is not None
    assert device.online_since == pytest.approx(sim.clock.now(), abs=5)


async def test_mute_sockets(
    sim: ThingerSimulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection from which not even a pong comes is given up."""
    monkeypatch.setattr(
        "custom_components.iot_platforms.adapters.thinger.client.HEARTBEAT", 0.05
    )
    await events(sim, account)
    assert account.adapter.hears_devices
    sim.mute_sockets(True)
    await account.until_back(lambda: account.heard.count(ResyncNeeded()) >= 2)
