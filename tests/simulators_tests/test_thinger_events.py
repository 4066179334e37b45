"""The account's event sockets (thinger.md 9.2, 14.4)."""

from aiohttp import WSServerHandshakeError
import pytest

from .client import Client, next_frame

from tests.simulators.thinger import Device, Fn, Resource, ThingerSimulator

EVENTS = "/{}/users/demo/events"


async def test_events_v2(client: Client, sim: ThingerSimulator) -> None:
    """Acknowledged, exact filters, each event once however often it was asked for."""
    socket = await client.socket(EVENTS.format("v2"))
    for frame in (
        {"event": "device_state_change"},
        {"event": "device_state_change"},
        {"event": "bucket_write", "filters": {"bucket": "climate"}},
        {"event": "device_property_update"},
    ):
        await socket.send_json(frame)
        assert await next_frame(socket) == {"registered": True}
    await socket.send_json({"nothing": 1})
    assert (await next_frame(socket))["success"] is False
    sim.device("boiler_ctl").go_offline()
    frame = await next_frame(socket)
    assert (frame["device"], frame["state"]) == ("boiler_ctl", "disconnected")
    sim.bucket("climate").write({"celsius": 1})
    frame = await next_frame(socket)
    assert (frame["event"], frame["data"]) == ("bucket_write", {"celsius": 1})
    sim.device("lora_probe").property_set("last", {"celsius": 2})
    frame = await next_frame(socket)
    assert (frame["property"], frame["value"]) == ("last", {"celsius": 2})


async def test_events_v2_stream(client: Client, sim: ThingerSimulator) -> None:
    """Samples as events; the interval is in milliseconds."""
    socket = await client.socket(EVENTS.format("v2"))
    filters = {"device": "boiler_ctl", "resource": "temperature"}
    await socket.send_json(
        {
            "event": "device_resource_stream",
            "filters": filters,
            "params": {"interval": 60000},
        }
    )
    await next_frame(socket)
    frame = await next_frame(socket)
    assert (frame["payload"], frame["signal"]) == (21.5, "data")
    subscription = await sim.wait_for_subscription(event="device_resource_stream")
    assert subscription.interval == 60
    assert sim.tick_streams() == 1
    assert (await next_frame(socket))["resource"] == "temperature"


async def test_events_v1(client: Client, sim: ThingerSimulator) -> None:
    """No acknowledgement; patterns fit whole values."""
    socket = await client.socket(EVENTS.format("v1"))
    await socket.send_json({"event": "device_.*", "device": "boiler"})
    await socket.send_json({"event": "device_.*", "device": "green.*"})
    await sim.wait_for_subscription(event="device_.*", count=2)
    sim.device("boiler_ctl").go_offline()
    sim.device("greenhouse").go_offline()
    assert (await next_frame(socket))["device"] == "greenhouse"


async def test_events_can_be_missing(client: Client, sim: ThingerSimulator) -> None:
    """All of them, or one version."""
    sim.switches.event_versions = frozenset({"v1"})
    with pytest.raises(WSServerHandshakeError) as error:
        await client.socket(EVENTS.format("v2"))
    assert error.value.status == 404
    sim.switches.events = False
    sim.switches.events_status = 403
    with pytest.raises(WSServerHandshakeError) as error:
        await client.socket(EVENTS.format("v1"))
    assert error.value.status == 403


async def test_a_stream_for_several_devices(
    client: Client, sim: ThingerSimulator
) -> None:
    """Filters need not name the device; one that comes back streams again."""
    twin = Device("twin", active=True, resources=[Resource("power", Fn.OUTPUT, 2)])
    sim.add_device(twin)
    socket = await client.socket(EVENTS.format("v2"))
    await socket.send_json(
        {"event": "device_resource_stream", "filters": {"resource": "power"}}
    )
    await next_frame(socket)
    frames = [await next_frame(socket) for _ in range(2)]
    assert [frame["device"] for frame in frames] == ["meter", "twin"]
    twin.go_offline()
    twin.go_online()
    assert (await next_frame(socket))["device"] == "twin"
