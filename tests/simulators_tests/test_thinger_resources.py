"""Resources, and the harm that reading does (thinger.md 6 to 8)."""

import asyncio

import pytest

from .client import Client

from tests.simulators.thinger import FirmwareError, ThingerSimulator

V3 = "/v3/users/demo/devices/{}/resources{}"
V2 = "/v2/users/demo/devices/{}{}"


async def test_lists_of_resources(client: Client, sim: ThingerSimulator) -> None:
    """Flat for IOTMP, nested for PROTO, with the product's only where they belong."""
    boiler = (await client.get(V3.format("boiler_ctl", "/api"))).json
    assert boiler["threshold"] == {"fn": 4}
    assert "$ota/options" in boiler
    old = (await client.get(V2.format("boiler_ctl", "/api"))).json
    assert old["$ota"]["/"]["options"] == {"al": 0, "fn": 3}
    greenhouse = (await client.get(V3.format("greenhouse", "/api"))).json
    assert greenhouse["climate"]["/"]["setpoint"] == {"al": 1, "fn": 2}
    sim.switches.v3_nested = False
    greenhouse = (await client.get(V3.format("greenhouse", "/api"))).json
    assert greenhouse["climate/temperature"] == {"al": 0, "fn": 3}
    assert (await client.get(V3.format("meter", "/api"))).json["power"] == {"fn": 3}
    assert (await client.get(V3.format("meter", ""))).json == {}


async def test_values_in_each_version(client: Client) -> None:
    """Bare in 1 and 3, wrapped in 2; names are percent-encoded."""
    v1 = "/v1/users/demo/devices/boiler_ctl/temperature"
    assert (await client.get(v1)).json == 21.5
    assert (await client.get(V2.format("boiler_ctl", "/temperature"))).json == {
        "out": 21.5
    }
    assert (await client.get(V3.format("boiler_ctl", "/temperature"))).json == 21.5
    flow = await client.get(V3.format("boiler_ctl", "/Flow%20meter"))
    assert flow.json == 12.4
    nested = await client.get(V3.format("greenhouse", "/climate/humidity"))
    assert nested.json == 64


@pytest.mark.parametrize("version", ["v2", "v3"])
async def test_writes(client: Client, sim: ThingerSimulator, version: str) -> None:
    """An input answers without a body, an in/out with its output."""
    path = V2 if version == "v2" else V3
    boiler = sim.device("boiler_ctl")

    def wrapped(value: object) -> object:
        return {"in": value} if version == "v2" else value

    answer = await client.post(path.format("boiler_ctl", "/relay"), wrapped(False))
    assert (answer.status, answer.body) == (200, b"")
    assert answer.response.headers["Content-Length"] == "0"
    assert boiler.resource("relay").value is False
    (call,) = boiler.resource("relay").calls
    assert (call.value, call.via) == (False, version)
    answer = await client.post(
        path.format("boiler_ctl", "/threshold"), wrapped({"value": 31})
    )
    assert answer.json == ({"out": {"value": 31}} if version == "v2" else {"value": 31})
    await client.post(path.format("boiler_ctl", "/rgb"), wrapped({"r": 9}))
    assert boiler.resource("rgb").value == {"r": 9, "g": 0, "b": 0}
    assert sim.unsafe_reads == []


async def test_unwrapped_v2_write(client: Client, sim: ThingerSimulator) -> None:
    """The vendor's own example; a switch refuses it."""
    path = V2.format("boiler_ctl", "/threshold")
    assert (await client.post(path, {"value": 7})).json == {"out": {"value": 7}}
    sim.switches.unwrapped_v2_writes = False
    assert (await client.post(path, {"value": 7})).status == 400


async def test_runs(client: Client, sim: ThingerSimulator) -> None:
    """GET runs in 2 and 3, POST without a body in 3."""
    reboot = sim.device("boiler_ctl").resource("reboot")
    assert (await client.get(V2.format("boiler_ctl", "/reboot"))).body == b""
    assert (await client.post(V3.format("boiler_ctl", "/reboot"))).body == b""
    assert (await client.get(V3.format("boiler_ctl", "/reboot"))).status == 200
    assert [call.via for call in reboot.calls] == ["v2", "v3", "v3"]
    assert (await client.get(V3.format("boiler_ctl", "/reboot/api"))).json == {}
    assert reboot.runs == 3
    sim.switches.v3_get_runs = False
    assert (await client.get(V3.format("boiler_ctl", "/reboot"))).status == 405


@pytest.mark.parametrize(
    ("tail", "how"), [("/pump", "read"), ("/pump/api", "describe")]
)
@pytest.mark.parametrize("path", [V2, V3])
async def test_reading_naive_firmware_harms(
    client: Client, sim: ThingerSimulator, path: str, tail: str, how: str
) -> None:
    """The pump stops, and it is counted."""
    answer = await client.get(path.format("boiler_ctl", tail))
    assert sim.device("boiler_ctl").resource("pump").value is False
    assert b"false" in answer.body
    (call,) = sim.harm
    assert (call.device, call.resource, call.how) == ("boiler_ctl", "pump", how)
    assert call.changed


async def test_other_empty_calls(client: Client, sim: ThingerSimulator) -> None:
    """Guarded firmware survives, but it is counted; in/out and empty writes count too."""
    answer = await client.get(V3.format("boiler_ctl", "/relay/api"))
    assert answer.json == {"in": True}
    assert (sim.harm, [call.resource for call in sim.empty_calls]) == ([], ["relay"])
    answer = await client.get(V3.format("boiler_ctl", "/threshold/api"))
    assert answer.json == {"in": {"value": 0}, "out": {"value": 0}}
    await client.post(V3.format("boiler_ctl", "/pump"))
    assert [call.how for call in sim.harm] == ["describe", "write"]
    assert len(sim.unsafe_reads) == 3
    # An output can be read and described, and a list executes nothing.
    sim.clear_harm()
    for tail in ("", "/api", "/status", "/status/api"):
        await client.get(V3.format("boiler_ctl", tail))
    assert sim.unsafe_reads == []


async def test_v3_get_of_an_input_is_unknown(
    client: Client, sim: ThingerSimulator
) -> None:
    """Three ways a server may behave (15.7)."""
    path = V3.format("boiler_ctl", "/relay")
    assert (await client.get(path)).json is True
    sim.switches.v3_get_input = "empty"
    assert (await client.get(path)).body == b""
    sim.switches.v3_get_input = "refuse"
    assert (await client.get(path)).status == 400
    assert len(sim.unsafe_reads) == 2


async def test_firmware_errors(client: Client, sim: ThingerSimulator) -> None:
    """The firmware's code and text; `error` is a text here."""
    sim.device("boiler_ctl").resource("temperature").error = FirmwareError(409, "stuck")
    answer = await client.get(V3.format("boiler_ctl", "/temperature"))
    assert (answer.status, answer.json) == (409, {"error": "stuck"})
    sim.device("boiler_ctl").describe_status = 501
    answer = await client.get(V3.format("boiler_ctl", "/status/api"))
    assert answer.status == 501


async def test_bad_json(client: Client) -> None:
    """The library's plain text."""
    path = V3.format("boiler_ctl", "/relay")
    answer = await client.call("POST", path, data=b"{", headers={"Content-Type": "x/y"})
    assert (answer.status, answer.body) == (400, b"Invalid JSON")


async def test_silent_crash(client: Client, sim: ThingerSimulator) -> None:
    """It hangs and fails while it counts as connected, then it is offline."""
    sim.switches.silent_delay = 0.01
    boiler = sim.device("boiler_ctl")
    boiler.crash()
    path = V3.format("boiler_ctl", "/temperature")
    assert (await client.get(path)).status == 408
    assert sim.device("boiler_ctl").active
    sim.switches.silent_status = 504
    assert (await client.get(path)).status == 504
    sim.clock.advance(70)
    assert not sim.device("boiler_ctl").active
    assert (await client.get(path)).status == 404
    boiler.recover()
    assert (await client.get(path)).status == 200


async def test_a_server_without_v3(client: Client, sim: ThingerSimulator) -> None:
    """Every path of version 3 is unknown, version 2 works."""
    sim.switches.v3 = False
    assert (await client.get(V3.format("boiler_ctl", "/temperature"))).status == 404
    assert (await client.get(V2.format("boiler_ctl", "/temperature"))).status == 200


async def test_product_resources_without_the_device(
    client: Client, sim: ThingerSimulator
) -> None:
    """What needs no device answers while it is offline; a topic does not."""
    power = sim.device("meter").resource("power")
    sim.device("meter").go_offline()
    path = V3.format("meter", "/power")
    assert (await client.get(path)).status == 404
    power.source = "property"
    assert (await client.get(path)).status == 200
    assert (await client.get(V3.format("forecast", "/weather"))).json["rain"] is False


async def test_one_device_does_one_thing_at_a_time(
    client: Client, sim: ThingerSimulator
) -> None:
    """The log knows how many requests were at work at a time."""
    sim.device("boiler_ctl").latency = 0.01
    path = V3.format("boiler_ctl", "/temperature")
    await asyncio.gather(*(client.get(path) for _ in range(4)))
    assert sim.max_in_flight == sim.max_in_flight_of("boiler_ctl") == 4
    sim.clear_requests()
    await client.get(path)
    assert (sim.max_in_flight, len(sim.requests(path="temperature$"))) == (1, 1)
