"""Sockets of devices, and statistics as a stream (thinger.md 9.1, 9.3, 14.4)."""

import json
from typing import Any

from aiohttp import WSMsgType, WSServerHandshakeError
import pytest

from .client import Client, next_frame

from tests.simulators.thinger import Device, Fn, Resource, ThingerSimulator

V3 = "/v3/users/demo/devices/{}/resources{}"
V2 = "/v2/users/demo/devices/boiler_ctl"
EVENTS = "/{}/users/demo/events"


async def test_device_socket(client: Client, sim: ThingerSimulator) -> None:
    """One sample at once, then at each tick, and at a push."""
    temperature = sim.device("boiler_ctl").resource("temperature")
    socket = await client.socket(V3.format("boiler_ctl", ""))
    await socket.send_json({"resource": "temperature", "interval": 5, "enabled": True})
    first = {"resource": "temperature", "signal": "data", "payload": 21.5}
    assert await next_frame(socket) == first
    subscription = await sim.wait_for_subscription("temperature", device="boiler_ctl")
    assert subscription.interval == 5
    temperature.set(22.5)
    assert sim.tick_streams() == 1
    assert (await next_frame(socket))["payload"] == 22.5
    temperature.value = 23.5
    temperature.push()
    assert (await next_frame(socket))["payload"] == 23.5
    await socket.send_json({"resource": "temperature", "enabled": False})
    await sim.wait_until(lambda: not sim.subscriptions())
    assert sim.tick_streams() == 0
    await socket.close()
    await sim.wait_for_sockets(0)


async def test_interval_zero_gets_changes_at_once(
    client: Client, sim: ThingerSimulator
) -> None:
    """No tick, but every set."""
    path = V3.format("boiler_ctl", "/temperature")
    socket = await client.socket(path)
    assert (await next_frame(socket))["payload"] == 21.5
    sim.device("boiler_ctl").resource("temperature").set(1)
    assert (await next_frame(socket))["payload"] == 1
    assert sim.tick_streams() == 0


async def test_writes_over_a_socket(client: Client, sim: ThingerSimulator) -> None:
    """Both forms write; listeners hear of it."""
    relay = sim.device("boiler_ctl").resource("relay")
    new, old = await client.socket(V3.format("boiler_ctl", "")), await client.socket(V2)
    await old.send_json({"resource": "relay", "interval": 0, "enabled": True})
    assert await next_frame(old) == {"resource": "relay", "in": True}
    await new.send_json({"resource": "relay", "payload": False})
    assert await next_frame(old) == {"resource": "relay", "in": False}
    await old.send_json({"resource": "relay", "in": True})
    assert await next_frame(old) == {"resource": "relay", "in": True}
    assert [call.via for call in relay.calls] == ["socket-v3", "socket-v2"]
    await new.send_json({"resource": "nothing"})
    assert await next_frame(new) == {"resource": "nothing", "signal": "error"}


async def test_streams_of_inputs_are_harm(
    client: Client, sim: ThingerSimulator
) -> None:
    """Starting one executes the input with an empty value; so does each sample."""
    socket = await client.socket(V3.format("boiler_ctl", ""))
    await socket.send_json({"resource": "pump", "interval": 5})
    assert (await next_frame(socket))["payload"] is False
    sim.tick_streams()
    assert [(call.how, call.changed) for call in sim.harm] == [
        ("stream", True),
        ("stream", False),
    ]


async def test_rest_write_reaches_the_stream(
    client: Client, sim: ThingerSimulator
) -> None:
    """A device with an open stream sends the new state (7)."""
    socket = await client.socket(V3.format("boiler_ctl", "/setpoint?interval=60"))
    await next_frame(socket)
    await client.post(V3.format("boiler_ctl", "/setpoint"), 25)
    assert (await next_frame(socket))["payload"] == 25


@pytest.mark.parametrize(
    ("path", "status"),
    [
        (V3.format("old_node", ""), 404),
        (V3.format("nothing", ""), 404),
        (V3.format("boiler_ctl", "/nothing"), 404),
        ("/v1/users/guest/events", 403),
    ],
)
async def test_refused_handshakes(client: Client, path: str, status: int) -> None:
    """They are plain HTTP answers."""
    with pytest.raises(WSServerHandshakeError) as error:
        await client.socket(path)
    assert error.value.status == status


async def test_no_upgrade(client: Client) -> None:
    """Paths that are for sockets only say so."""
    for path in (V2, EVENTS.format("v1"), EVENTS.format("v2")):
        assert (await client.get(path)).status == 426


async def test_device_leaves(client: Client, sim: ThingerSimulator) -> None:
    """A stop for each resource, then an orderly end; or neither."""
    socket = await client.socket(V3.format("boiler_ctl", "/temperature"))
    await next_frame(socket)
    sim.device("boiler_ctl").go_offline()
    assert await next_frame(socket) == {"resource": "temperature", "signal": "stop"}
    assert (await socket.receive(timeout=2)).type is WSMsgType.CLOSE
    assert socket.close_code == 1000
    sim.device("boiler_ctl").go_online()
    sim.switches.drop = "abort"
    socket = await client.socket(V3.format("boiler_ctl", "/temperature"))
    await next_frame(socket)
    sim.device("boiler_ctl").go_offline()
    assert (await socket.receive(timeout=2)).type in {
        WSMsgType.CLOSED,
        WSMsgType.ERROR,
    }
    await sim.wait_for_sockets(0)


async def test_frame_switches(client: Client, sim: ThingerSimulator) -> None:
    """The unknown details of frames can be changed."""
    sim.switches.signal_in_frames = False
    sim.switches.context_in_frames = True
    sim.switches.wrapped_proto_payloads = True
    sim.switches.start_frames = True
    socket = await client.socket(V3.format("greenhouse", "/climate/humidity"))
    assert (await next_frame(socket))["signal"] == "start"
    frame = await next_frame(socket)
    assert frame["payload"] == {"out": 64}
    assert "signal" not in frame
    assert frame["device"] == "greenhouse"


async def test_expired_token_can_close(client: Client, sim: ThingerSimulator) -> None:
    """By default a socket outlives its token."""
    sim.mint_access_token("short", expire=int(sim.clock.now()) + 60)
    token = sim.access_token("short").jwt
    socket = await client.socket(EVENTS.format("v2"), token=token)
    await sim.wait_for_sockets(1, kind="events-v2")
    sim.clock.advance(61)
    await socket.send_json({"event": "device_create"})
    assert await next_frame(socket) == {"registered": True}
    sim.switches.close_on_expiry = True
    sim.settle()
    assert (await socket.receive(timeout=2)).type is WSMsgType.CLOSE
    assert socket.close_code == 1008


async def test_garbage_and_silence(client: Client, sim: ThingerSimulator) -> None:
    """A socket can send anything, or nothing, not even a pong."""
    socket = await client.socket(EVENTS.format("v2"), autoping=False)
    await sim.wait_for_sockets()
    sim.broadcast_raw("{")
    sim.broadcast_raw(b"\x00\xff")
    sim.emit({"event": "unheard_of"})
    assert (await socket.receive(timeout=2)).data == "{"
    assert (await socket.receive(timeout=2)).data == b"\x00\xff"
    sim.mute_sockets(True)
    await socket.ping()
    await socket.send_json({"event": "device_create"})
    await sim.wait_for_subscription(event="device_create")
    await sim.flush()
    sim.mute_sockets(False)
    await socket.ping()
    assert (await socket.receive(timeout=2)).type is WSMsgType.PONG
    assert sim.sockets[0].received == [{"event": "device_create"}]
    assert sim.sockets[0].sent == ["{"]


async def test_push_can_be_switched_off(client: Client, sim: ThingerSimulator) -> None:
    """All sockets close, new ones are refused, until it is on again."""
    socket = await client.socket(EVENTS.format("v2"))
    sim.push_enabled = False
    assert (await socket.receive(timeout=2)).type is WSMsgType.CLOSE
    with pytest.raises(WSServerHandshakeError) as error:
        await client.socket(EVENTS.format("v2"))
    assert error.value.status == 503
    sim.push_enabled = True
    await client.socket(EVENTS.format("v2"))


async def test_statistics_as_events(client: Client, sim: ThingerSimulator) -> None:
    """All at first, then increments, then the end of the connection."""
    url = f"{sim.url}/v1/users/demo/devices/boiler_ctl/stats"
    headers = {
        "Accept": "text/event-stream",
        "Authorization": f"Bearer {sim.account().access_token}",
    }

    async with client.session.get(url, headers=headers) as response:

        async def next_event() -> Any:
            line = await response.content.readuntil(b"\n\n")
            return json.loads(line.removeprefix(b"data: "))

        assert response.content_type == "text/event-stream"
        assert (await next_event())["connected"] is True
        sim.device("boiler_ctl").add_traffic(rx=22)
        assert await next_event() == {"rx_bytes": 22}
        sim.device("boiler_ctl").go_offline()
        assert await next_event() == {"connected": False}
        await sim.close_sockets(kind="stats")
        assert await response.content.read() == b""


async def test_timers_tick_when_wanted(socket_enabled: None, client: Client) -> None:
    """Without `auto_tick=False` intervals are real time."""
    async with ThingerSimulator() as sim:
        client.sim = sim
        sim.add_device(
            Device("d", active=True, resources=[Resource("r", Fn.OUTPUT, 1)])
        )
        socket = await client.socket(V3.format("d", "/r?interval=0.01"))
        assert [(await next_frame(socket))["payload"] for _ in range(3)] == [1, 1, 1]
        await client.close()
