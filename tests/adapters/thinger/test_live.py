"""What devices offer: found, described and read only where that is safe (6, 7)."""

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thinger import auth
from custom_components.iot_platforms.model.change import (
    Connectivity,
    ResyncNeeded,
)
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import ResourceKey, ResourceKind
from custom_components.iot_platforms.model.errors import (
    RateLimitedError,
    UnreachableError,
)

from .conftest import Accounts

from tests.adapters.account import Account, case_id, key_of, samples
from tests.simulators.effects import (
    Delay,
    Hang,
    Replace,
    Reset,
    Rewrite,
    Status,
    nulls,
    numbers_as_strings,
)
from tests.simulators.thinger import (
    Device,
    FirmwareError,
    Fn,
    Resource,
    Style,
    ThingerSimulator,
)

LIVE_OF_BOILER = {
    "temperature": ResourceKind.OUTPUT,
    "relay": ResourceKind.INPUT,
    "pump": ResourceKind.INPUT,
    "setpoint": ResourceKind.INPUT,
    "message": ResourceKind.INPUT,
    "rgb": ResourceKind.INPUT,
    "threshold": ResourceKind.INPUT_OUTPUT,
    "reboot": ResourceKind.CALLBACK,
    "status": ResourceKind.OUTPUT,
    "Flow meter": ResourceKind.OUTPUT,
}


def paths(sim: ThingerSimulator, device_id: str) -> list[str]:
    """Return what was sent about a device's resources, as it was sent."""
    return [
        request.raw_path.partition(f"/{device_id}/")[2]
        for request in sim.requests(device=device_id)
        if "/properties" not in request.path
    ]


# Discovery (6.1).


async def test_found(sim: ThingerSimulator, account: Account) -> None:
    """One list, and the values of outputs only; names are percent-encoded."""
    await account.start()
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    assert paths(sim, "boiler_ctl") == [
        "resources/api",
        "resources/temperature",
        "resources/status",
        "resources/Flow%20meter",
    ]
    assert account.value("boiler_ctl/Flow meter") == 12.4
    assert account.value("boiler_ctl/status:mode") == "eco"
    assert account.value("boiler_ctl/status:fault") is None
    # Product resources, by their own kind of list (6.5).
    assert account.kinds("meter") == {
        "power": ResourceKind.OUTPUT,
        "reset": ResourceKind.CALLBACK,
    }
    assert account.kinds("forecast") == {"weather": ResourceKind.OUTPUT}


@pytest.mark.parametrize("nested", [True, False])
@pytest.mark.parametrize("v3", [True, False])
async def test_groups(
    sim: ThingerSimulator, account: Account, nested: bool, v3: bool
) -> None:
    """Groups of PROTO devices, nested or flat; streams without values are left out (15.16)."""
    sim.switches.v3_nested = nested
    sim.switches.v3 = v3
    await account.start("greenhouse")
    assert account.kinds("greenhouse") == {
        "climate/temperature": ResourceKind.OUTPUT,
        "climate/humidity": ResourceKind.OUTPUT,
        "climate/setpoint": ResourceKind.INPUT,
    }
    assert account.value("greenhouse/climate/humidity") == 64


async def test_special_names(sim: ThingerSimulator, account: Account) -> None:
    """Whatever a name holds reaches the server as one name (4)."""
    names = ["millis()", "a/b c", "50%", "ü&ö?#", "x+y", 'say "hi"', "в/дом", "q;p:@"]
    for number, name in enumerate(names):
        sim.device("meter").add_resource(
            Resource(name, Fn.OUTPUT, number, product=True)
        )
    await account.start()
    for number, name in enumerate(names):
        key = ResourceKey("meter", name)
        assert account.state.value(key) == number, name
    sent = paths(sim, "meter")
    assert "resources/a/b%20c" in sent
    assert "resources/50%25" in sent
    assert "resources/%C3%BC%26%C3%B6%3F%23" in sent


async def test_offline_devices_are_not_asked(
    sim: ThingerSimulator, account: Account
) -> None:
    """What is not there is not asked what it offers."""
    await account.start()
    for device_id in ("old_node", "fresh_node", "paused", "lora_probe"):
        assert not [p for p in paths(sim, device_id) if p.startswith("resources")]
    assert not sim.requests(path="/stats$")


async def test_known_values_are_not_read_again(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """After a restart a device is asked for its list only: values come by themselves."""
    first = accounts()
    await first.start()
    second = accounts()
    await second.adapter.connect()
    await second.refresh()
    sim.clear_requests()
    known = first.state.devices["boiler_ctl"].resources
    device = second.state.devices["boiler_ctl"].device
    await second.adapter.discover(device, known)  # type: ignore[attr-defined]
    assert paths(sim, "boiler_ctl") == ["resources/api"]


async def test_list_of_an_old_server(sim: ThingerSimulator, account: Account) -> None:
    """Without v3 all goes the old way; what the server has is asked for once per host."""
    sim.switches.v3 = False
    await account.adapter.connect()
    await account.refresh()
    await account.discover("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    assert account.value("boiler_ctl/temperature") == 21.5
    assert account.adapter.statistics["api"] == "v2"
    sim.clear_requests()
    await account.discover("greenhouse")
    await account.read("boiler_ctl/temperature")
    tried = [r.path for r in sim.requests(path="^/v3") if "/resources" in r.path]
    assert tried == []


async def test_server_with_the_plain_list_only(
    sim: ThingerSimulator, account: Account
) -> None:
    """A server that has v3, but not its best list, is v3 all the same."""
    sim.faults.add(Status(404), path="/resources/api$")
    await account.start()
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    assert account.adapter.statistics["api"] == "v3"
    assert not sim.requests(path="^/v2")


async def test_v3_is_remembered(sim: ThingerSimulator, account: Account) -> None:
    """Once v3 is known to be there, a 404 is about the device."""
    await account.start()
    sim.device("boiler_ctl").go_offline()
    sim.clear_requests()
    await account.read("boiler_ctl/temperature")
    assert not sim.requests(path="^/v2")


@pytest.mark.parametrize(
    "answer", ["[]", "null", '"x"', "", "<html>", "7"], ids=case_id
)
async def test_garbage_is_no_list(
    sim: ThingerSimulator, account: Account, answer: str
) -> None:
    """An answer that is no list does not make resources disappear."""
    await account.start("boiler_ctl")
    sim.faults.add(
        Replace(answer, content_type="application/json"), path="/resources/api$"
    )
    for _ in range(3):
        account.clock.advance(1000)
        assert ResyncNeeded("boiler_ctl") in await account.discover("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER


async def test_kinds_that_cannot_be_understood(
    sim: ThingerSimulator, account: Account
) -> None:
    """A list whose kinds are null proves nothing; numbers as texts are numbers (14.5)."""
    await account.start("boiler_ctl")
    fault = sim.faults.add(Rewrite(nulls), path="/resources/api$")
    for _ in range(3):
        await account.discover("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    fault.remove()
    sim.faults.add(Rewrite(numbers_as_strings), path="/resources/api$")
    await account.discover("boiler_ctl")
    await account.read("boiler_ctl/temperature")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER


async def test_list_that_is_refused_by_the_firmware(
    sim: ThingerSimulator, account: Account
) -> None:
    """Whatever a device answers instead of a list, it is left alone for a while."""
    sim.faults.add(Status(409), path="/boiler_ctl/resources/api$")
    await account.start("boiler_ctl")
    assert account.kinds("boiler_ctl") == {}
    sim.clear_requests()
    assert await account.discover("boiler_ctl") != []
    assert not sim.requests(path="/resources/api$")


async def test_vanished_resources(sim: ThingerSimulator, account: Account) -> None:
    """Two complete lists in a row without it: then a resource is gone."""
    await account.start("boiler_ctl")
    for name in ("relay", "status", "reboot"):
        sim.device("boiler_ctl").remove_resource(name)
    assert ResyncNeeded("boiler_ctl") in await account.discover("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    assert ResyncNeeded("boiler_ctl") not in await account.discover("boiler_ctl")
    assert "relay" not in account.kinds("boiler_ctl")
    assert account.state.resource(key_of("boiler_ctl/status:mode")) is None


# Harm (6.3).


async def test_inputs_are_never_read(sim: ThingerSimulator, account: Account) -> None:
    """Not to find out, not to poll, not when asked for: the fixture counts."""
    await account.start()
    account.listen()
    await account.read(*(f"boiler_ctl/{name}" for name in LIVE_OF_BOILER))
    account.watch(*(f"boiler_ctl/{name}" for name in LIVE_OF_BOILER))
    await account.until_live("boiler_ctl/temperature", "boiler_ctl/Flow meter")
    assert {s.resource for s in sim.subscriptions(device="boiler_ctl")} == {
        "temperature",
        "status",
        "Flow meter",
    }
    boiler = sim.device("boiler_ctl")
    assert [boiler.resource(n).reads for n in ("relay", "pump", "threshold")] == [0] * 3
    assert boiler.resource("reboot").runs == 0


async def test_safe_resource(sim: ThingerSimulator, accounts: Accounts) -> None:
    """What a person marked is described; nothing else is."""
    safe = frozenset({ResourceKey("boiler_ctl", "relay")})
    account = accounts(choices=Choices(safe_resources=safe))
    await account.start()
    assert account.value("boiler_ctl/relay") is True
    assert "resources/relay/api" in paths(sim, "boiler_ctl")
    sim.device("boiler_ctl").resource("relay").value = False
    sim.clear_requests()
    await account.read("boiler_ctl/relay", "boiler_ctl/pump")
    assert account.value("boiler_ctl/relay") is False
    assert paths(sim, "boiler_ctl") == ["resources/relay/api"]
    account.listen()
    account.watch("boiler_ctl/relay", "boiler_ctl/pump")
    await account.until_live("boiler_ctl/relay")
    assert not account.is_live("boiler_ctl/pump")


@pytest.mark.parametrize("v3", [True, False])
async def test_safe_device(sim: ThingerSimulator, accounts: Accounts, v3: bool) -> None:
    """Of a device that is safe everything is described, by both versions."""
    sim.switches.v3 = v3
    for name in ("pump", "threshold"):
        sim.device("boiler_ctl").resource(name).style = Style.GUARDED
    account = accounts(choices=Choices(safe_devices=frozenset({"boiler_ctl"})))
    await account.start()
    assert account.value("boiler_ctl/rgb") == {"r": 0, "g": 255, "b": 0}
    assert account.value("boiler_ctl/setpoint") == 21.0
    assert account.value("boiler_ctl/threshold:in:value") == 30
    assert account.value("boiler_ctl/threshold:out:value") == 30
    assert account.state.resource(key_of("boiler_ctl/threshold:in")) is not None
    sim.device("boiler_ctl").resource("threshold").value = {"value": 31}
    await account.read("boiler_ctl/threshold:out:value")
    assert account.value("boiler_ctl/threshold:out:value") == 31
    account.listen()
    account.watch()
    await account.until_live("boiler_ctl/rgb")
    assert not account.is_live("boiler_ctl/threshold:out:value")
    # Greenhouse was not marked.
    assert sim.device("greenhouse").resource("climate/setpoint").reads == 0


async def test_safe_but_not_describable(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Firmware that cannot describe keeps its kinds (6.2)."""
    sim.device("boiler_ctl").describe_status = 501
    account = accounts(choices=Choices(safe_devices=frozenset({"boiler_ctl"})))
    await account.start("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    assert account.value("boiler_ctl/temperature") == 21.5
    assert account.online("boiler_ctl") is True


async def test_description_without_a_state(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """An input that does not report its state has none (6.2)."""
    sim.faults.add(Rewrite(lambda _: {}), path="/relay/api$")
    safe = frozenset({ResourceKey("boiler_ctl", "relay")})
    account = accounts(choices=Choices(safe_resources=safe))
    await account.start("boiler_ctl")
    assert account.state.sample(key_of("boiler_ctl/relay")) is None


async def test_other_firmware_after_a_reconnect(
    sim: ThingerSimulator, account: Account
) -> None:
    """What gave a value may take one after an update: it is not touched before the new list."""
    await account.start("boiler_ctl")
    account.listen()
    account.watch("boiler_ctl/status", "boiler_ctl/temperature")
    await account.until_live("boiler_ctl/temperature")
    await sim.wait_for_subscription(event="device_delete")
    boiler = sim.device("boiler_ctl")
    boiler.go_offline()
    boiler.add_resource(Resource("temperature", Fn.INPUT, 20, style=Style.NAIVE))
    boiler.go_online()
    await account.until(
        lambda: (
            [c.online for c in account.heard if isinstance(c, Connectivity)]
            == [False, True]
        )
    )
    account.clock.advance(100)
    # Nobody knows anything before the new list.
    assert await account.read("boiler_ctl/temperature") == [ResyncNeeded("boiler_ctl")]
    with account.clock.running():
        await account.discover("boiler_ctl")
        await account.read("boiler_ctl/temperature")
        await account.until_live("boiler_ctl/status")
    assert account.kinds("boiler_ctl")["temperature"] is ResourceKind.INPUT


async def test_reconnect_without_a_farewell(
    sim: ThingerSimulator, account: Account
) -> None:
    """A device that comes though nobody told that it left is looked at again, at once."""
    await account.start("boiler_ctl")
    account.listen()
    account.watch("boiler_ctl/temperature")
    await account.until_live("boiler_ctl/temperature")
    await sim.wait_for_subscription(event="device_delete")
    sim.device("boiler_ctl").emit("device_state_change", state="connected")
    await account.until_heard(ResyncNeeded("boiler_ctl"))
    assert not account.is_live("boiler_ctl/temperature")
    await account.discover("boiler_ctl")
    await account.until_back(lambda: account.is_live("boiler_ctl/temperature"))
    # What is no new connection changes nothing.
    account.heard.clear()
    sim.device("boiler_ctl").emit("device_state_change", state="awake")
    await account.until(lambda: any(isinstance(c, Connectivity) for c in account.heard))
    assert account.is_live("boiler_ctl/temperature")
    assert ResyncNeeded("boiler_ctl") not in account.heard


async def test_other_firmware_after_a_missed_reconnect(
    sim: ThingerSimulator, account: Account
) -> None:
    """Without events the list tells that a device connected anew."""
    await account.start("boiler_ctl")
    boiler = sim.device("boiler_ctl")
    sim.clock.advance(5)
    boiler.go_offline()
    boiler.add_resource(Resource("temperature", Fn.INPUT, 20, style=Style.NAIVE))
    boiler.go_online()
    await account.refresh()
    assert await account.read("boiler_ctl/temperature") == [ResyncNeeded("boiler_ctl")]
    await account.discover("boiler_ctl")
    await account.read("boiler_ctl/temperature")
    assert account.kinds("boiler_ctl")["temperature"] is ResourceKind.INPUT


async def test_unchanged_connection(sim: ThingerSimulator, account: Account) -> None:
    """A list that says the same as before changes nothing."""
    await account.start("boiler_ctl")
    await account.refresh()
    assert samples(await account.read("boiler_ctl/temperature"))


async def test_heard_reconnect_is_looked_at_once(
    sim: ThingerSimulator, account: Account
) -> None:
    """A reconnect that an event told is no news in the next list."""
    await account.start("boiler_ctl")
    account.listen()
    await sim.wait_for_subscription(event="device_delete")
    sim.clock.advance(5)
    sim.device("boiler_ctl").go_offline()
    sim.device("boiler_ctl").go_online()
    await account.until(
        lambda: (
            [c.online for c in account.heard if isinstance(c, Connectivity)]
            == [False, True]
        )
    )
    await account.discover("boiler_ctl")
    await account.refresh()
    assert samples(await account.read("boiler_ctl/temperature"))


# Values (7).


@pytest.mark.parametrize(
    "value",
    [21, 21.0, True, False, "text", "", None, [1, 2], {"a": {"b": 1}}, {"out": 5}],
    ids=case_id,
)
@pytest.mark.parametrize("v3", [True, False])
async def test_values(
    sim: ThingerSimulator, account: Account, value: Any, v3: bool
) -> None:
    """Any JSON is a value; only v2 wraps it."""
    sim.switches.v3 = v3
    sim.device("boiler_ctl").resource("temperature").value = value
    await account.start("boiler_ctl")
    assert account.value("boiler_ctl/temperature") == value


async def test_odd_numbers(sim: ThingerSimulator, account: Account) -> None:
    """Numbers as texts are numbers, null is unknown (14.5)."""
    await account.start("boiler_ctl")
    fault = sim.faults.add(Rewrite(nulls), path="/resources/")
    await account.read("boiler_ctl/temperature", "boiler_ctl/status")
    assert account.value("boiler_ctl/temperature") is None
    assert account.value("boiler_ctl/status:burning") is True
    fault.remove()
    sim.faults.add(Rewrite(numbers_as_strings), path="/resources/")
    account.clock.advance(60)
    await account.read("boiler_ctl/temperature", "boiler_ctl/status")
    assert account.value("boiler_ctl/temperature") == 21.5
    assert account.value("boiler_ctl/status:pressure") == 1.62


async def test_leaves_are_read_with_their_whole(
    sim: ThingerSimulator, account: Account
) -> None:
    """Parts of an object are one request."""
    await account.start("boiler_ctl")
    sim.clear_requests()
    await account.read("boiler_ctl/status:mode", "boiler_ctl/status:pressure")
    assert paths(sim, "boiler_ctl") == ["resources/status"]


async def test_shortest_pause(
    sim: ThingerSimulator, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is asked for faster than every 5 s on the shared server (11)."""
    monkeypatch.setattr(auth, "_COMMUNITY_HOSTS", frozenset({"127.0.0.1"}))
    account = accounts(choices=Choices(value_interval=0.1))
    await account.start("boiler_ctl", "lora_probe")
    sim.clear_requests()
    for _ in range(100):
        await account.read("boiler_ctl/temperature", "lora_probe/$property/last")
        account.clock.advance(0.1)
    for device_id in ("boiler_ctl", "lora_probe"):
        times = [request.time for request in sim.requests(device=device_id)]
        gaps = [later - earlier for earlier, later in pairwise(times)]
        # A tenth less: a poll that comes a little early must not skip its turn.
        assert len(gaps) == 2
        assert min(gaps) >= 5 * 0.9 - 0.01
    account.listen()
    account.watch("boiler_ctl/temperature")
    subscription = await sim.wait_for_subscription("temperature")
    assert subscription.interval == 5


async def test_own_server_is_one_s_own_affair(
    sim: ThingerSimulator, account: Account
) -> None:
    """How often a private server is asked is the person's choice."""
    await account.start("boiler_ctl")
    sim.clear_requests()
    for _ in range(3):
        await account.read("boiler_ctl/temperature")
    assert len(sim.requests()) == 3


# Trouble with devices (8).


async def test_silent_device(sim: ThingerSimulator, account: Account) -> None:
    """A crashed device times out without holding up the others, and is left alone for a while."""
    await account.start()
    boiler, greenhouse = sim.device("boiler_ctl"), sim.device("greenhouse")
    boiler.crash()
    sim.switches.silent_delay = 3600
    greenhouse.resource("climate/temperature").value = 30
    reader = account.adapter.read(
        {key_of("boiler_ctl/temperature"), key_of("greenhouse/climate/temperature")}
    )
    assert samples([await anext(reader)]) == {"greenhouse/climate/temperature": 30}
    hung = [r for r in sim.requests(device="boiler_ctl") if r.finished is None]
    assert len(hung) == 1
    await reader.aclose()
    boiler.recover()


@pytest.mark.parametrize("status", [408, 504, None, 500, 503])
async def test_device_that_does_not_answer(
    sim: ThingerSimulator, account: Account, status: int | None
) -> None:
    """However silence looks, it is one device's, and no failure of the account (15.1)."""
    await account.start("boiler_ctl", "greenhouse")
    sim.switches.silent_delay = 0
    sim.switches.silent_status = status
    sim.device("boiler_ctl").crash()
    sim.clear_requests()
    account.clock.advance(2)
    values = samples(await account.poll())
    assert "greenhouse/climate/temperature" in values
    assert "boiler_ctl/temperature" not in values
    assert account.online("boiler_ctl") is True
    asked = len(sim.requests(device="boiler_ctl", path="/resources/"))
    # What is refused could be that resource's alone; aiohttp repeats what is dropped.
    assert asked == (1 if status in (408, 504) else 2)
    # It rests.
    account.clock.advance(2)
    await account.poll()
    assert len(sim.requests(device="boiler_ctl", path="/resources/")) == asked
    # The server notices: that is told as soon as it is asked again.
    account.clock.advance(100)
    await account.poll()
    assert account.online("boiler_ctl") is False


async def test_rests_grow(sim: ThingerSimulator, account: Account) -> None:
    """Who is silent for long is asked less and less, at last every quarter of an hour."""
    await account.start("boiler_ctl")
    sim.switches.silent_delay = 0
    sim.device("boiler_ctl").crash(lag=1e9)
    sim.clear_requests()
    hours = 8
    for _ in range(hours * 60):
        account.clock.advance(60)
        await account.read("boiler_ctl/temperature")
    asked = len(sim.requests(device="boiler_ctl"))
    assert hours * 4 <= asked <= hours * 60 * 0.4
    sim.device("boiler_ctl").recover()
    account.clock.advance(901)
    assert samples(await account.read("boiler_ctl/temperature"))


async def test_silent_during_discovery(sim: ThingerSimulator, account: Account) -> None:
    """A device that does not say what it offers is asked later, not now."""
    sim.switches.silent_delay = 0
    sim.device("boiler_ctl").crash()
    await account.start()
    assert account.kinds("boiler_ctl") == {}
    assert account.kinds("greenhouse") != {}
    # What the server keeps is there all the same.
    assert account.value("boiler_ctl/$property/setpoint") == 21
    sim.clear_requests()
    assert ResyncNeeded("boiler_ctl") in await account.discover("boiler_ctl")
    assert await account.read("boiler_ctl/temperature") == []
    assert not sim.requests(device="boiler_ctl", path="/resources")
    sim.device("boiler_ctl").recover()
    account.clock.advance(61)
    await account.discover("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER


async def test_falls_silent_half_way(sim: ThingerSimulator, account: Account) -> None:
    """The list counts, though the values did not come."""
    sim.faults.add(Status(408), path="/resources/status$")
    await account.start("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    assert account.value("boiler_ctl/temperature") == 21.5
    assert account.value("boiler_ctl/Flow meter") is None


async def test_comes_back_quickly(sim: ThingerSimulator, account: Account) -> None:
    """A device that comes back is asked at once, however long it was to be left alone."""
    await account.start("boiler_ctl")
    account.listen()
    await sim.wait_for_subscription(event="device_delete")
    sim.switches.silent_delay = 0
    boiler = sim.device("boiler_ctl")
    boiler.crash(lag=1)
    await account.read("boiler_ctl/temperature")
    account.clock.advance(1)
    boiler.recover()
    await account.until(
        lambda: (
            [c.online for c in account.heard if isinstance(c, Connectivity)]
            == [False, True]
        )
    )
    assert not any(
        isinstance(c, ResyncNeeded) for c in await account.discover("boiler_ctl")
    )
    assert samples(await account.read("boiler_ctl/temperature"))


async def test_left_during_discovery(sim: ThingerSimulator, account: Account) -> None:
    """A device that left while it was asked is offline, not silent."""
    await account.adapter.connect()
    await account.refresh()
    sim.device("boiler_ctl").go_offline()
    changes = await account.discover("boiler_ctl")
    assert ResyncNeeded("boiler_ctl") not in changes
    assert account.online("boiler_ctl") is False
    sim.device("boiler_ctl").go_online()
    await account.refresh()
    await account.discover("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER


async def test_left_while_values_were_read(
    sim: ThingerSimulator, account: Account
) -> None:
    """The list counts, and so does that the device left afterwards."""

    def leave(answer: Any) -> Any:
        sim.device("boiler_ctl").go_offline()
        return answer

    sim.faults.add(Rewrite(leave), path="/resources/temperature$")
    await account.start("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    assert account.value("boiler_ctl/temperature") == 21.5
    assert account.online("boiler_ctl") is False


@pytest.mark.parametrize("error", [500, 409, 401, 502])
async def test_error_of_one_resource(
    sim: ThingerSimulator, account: Account, error: int
) -> None:
    """What firmware answers for one resource is that resource's: all others are read (8)."""
    boiler = sim.device("boiler_ctl")
    boiler.resource("status").error = FirmwareError(error, "sensor broken")
    await account.start("boiler_ctl")
    assert account.kinds("boiler_ctl") == LIVE_OF_BOILER
    assert account.value("boiler_ctl/temperature") == 21.5
    account.clock.advance(60)
    boiler.resource("temperature").value = 22
    await account.poll()
    assert account.value("boiler_ctl/temperature") == 22
    assert account.value("boiler_ctl/Flow meter") == 12.4
    boiler.resource("status").error = None
    account.clock.advance(901)
    await account.read("boiler_ctl/status")
    assert account.value("boiler_ctl/status:mode") == "eco"


async def test_garbage_of_one_resource(sim: ThingerSimulator, account: Account) -> None:
    """An answer that is no JSON is no value."""
    sim.faults.add(Replace("<html>"), path="/resources/status$")
    await account.start("boiler_ctl")
    assert account.state.sample(key_of("boiler_ctl/status")) is None
    assert account.value("boiler_ctl/temperature") == 21.5


async def test_server_trouble_is_not_a_device_s(
    sim: ThingerSimulator, account: Account
) -> None:
    """Where everything fails it is the account that fails."""
    await account.start()
    sim.faults.add(Status(502, html=True))
    account.clock.advance(60)
    with pytest.raises(UnreachableError):
        await account.poll()
    sim.faults.clear()
    account.clock.advance(60)
    assert "boiler_ctl/temperature" in samples(await account.poll())


async def test_values_before_the_trouble_count(
    sim: ThingerSimulator, account: Account
) -> None:
    """What arrived is not thrown away because of what came later."""
    await account.start("boiler_ctl")
    sim.device("boiler_ctl").resource("Flow meter").value = 99
    sim.faults.add(Status(429), path="/resources/temperature$")
    with pytest.raises(RateLimitedError):
        await account.read("boiler_ctl/Flow meter", "boiler_ctl/temperature")
    assert account.value("boiler_ctl/Flow meter") == 99


async def test_worst_error_is_raised(sim: ThingerSimulator, account: Account) -> None:
    """A rate limit outweighs that one server was not to be reached."""
    await account.start()
    sim.faults.add(Reset(), path="/meter/resources/|/devices$")
    sim.faults.add(Status(429), path="/boiler_ctl/resources/")
    with pytest.raises(RateLimitedError):
        await account.read("meter/power", "boiler_ctl/temperature")


async def test_read_before_discovery(sim: ThingerSimulator, account: Account) -> None:
    """What nobody knows is not read, but found out; not twice at a time."""
    await account.adapter.connect()
    await account.refresh()
    sim.clear_requests()
    assert await account.read("boiler_ctl/temperature") == [ResyncNeeded("boiler_ctl")]
    assert sim.requests() == []
    hang = Hang()
    sim.faults.add(hang, path="/resources/api$", count=1)
    asking = asyncio.create_task(account.discover("boiler_ctl"))
    await sim.wait_for_request(path="/resources/api$", finished=False)
    account.clock.advance(5)
    assert await account.read("boiler_ctl/temperature") == []
    hang.release()
    await asking


# Limits (11).


async def test_requests_at_once(sim: ThingerSimulator, account: Account) -> None:
    """At most 5 requests for an account, and 1 for a device."""
    for number in range(20):
        outputs = [Resource(name, Fn.OUTPUT, 1) for name in "abc"]
        sim.add_device(Device(f"node_{number}", active=True, resources=outputs))
    sim.faults.add(Delay(0.002), path="/devices/")
    await account.start()
    account.clock.advance(60)
    await account.poll()
    assert sim.max_in_flight == 5
    for device in sim.devices():
        assert sim.max_in_flight_of(device.id) <= 1


async def test_person_s_command_passes(sim: ThingerSimulator, account: Account) -> None:
    """A slow device does not keep commands for others waiting."""
    await account.start()
    sim.switches.silent_delay = 3600
    sim.device("greenhouse").crash()
    reader = account.adapter.read({key_of("greenhouse/climate/temperature")})
    reading = asyncio.ensure_future(anext(reader))
    await sim.wait_for_request(path="climate/temperature$", count=2, finished=False)
    await account.read("boiler_ctl/temperature")
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    await reader.aclose()
    sim.device("greenhouse").recover()


# Device tokens (3.4).


async def test_device_token_with_resources(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """What a token names, and nobody may list, takes values: it is never read."""
    names = ["temperature", "relay", "pump"]
    jwt = sim.mint_device_token("boiler_ctl", resources=names).jwt
    account = accounts({"url": sim.url, "access_token": jwt})
    await account.start()
    assert account.online("boiler_ctl") is True
    assert account.kinds("boiler_ctl") == dict.fromkeys(names, ResourceKind.INPUT)
    account.listen()
    account.watch(*(f"boiler_ctl/{name}" for name in names))
    await account.read(*(f"boiler_ctl/{name}" for name in names))
    assert sim.device("boiler_ctl").resource("temperature").reads == 0
    # The list is not asked for again.
    sim.clear_requests()
    await account.discover("boiler_ctl")
    assert not sim.requests(path="/resources")


async def test_device_token_with_safe_resources(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """What a person marked as safe tells its kind by its description."""
    names = ["temperature", "relay", "reboot", "threshold", "pump"]
    safe = frozenset(ResourceKey("boiler_ctl", name) for name in names[:4])
    sim.device("boiler_ctl").resource("threshold").style = Style.GUARDED
    jwt = sim.mint_device_token("boiler_ctl", resources=names).jwt
    account = accounts(
        {"url": sim.url, "access_token": jwt}, choices=Choices(safe_resources=safe)
    )
    await account.start()
    assert account.kinds("boiler_ctl") == {
        "temperature": ResourceKind.OUTPUT,
        "relay": ResourceKind.INPUT,
        "reboot": ResourceKind.CALLBACK,
        "threshold": ResourceKind.INPUT_OUTPUT,
        "pump": ResourceKind.INPUT,
    }
    assert account.value("boiler_ctl/temperature") == 21.5
    assert account.value("boiler_ctl/relay") is True
    assert sim.device("boiler_ctl").resource("reboot").runs == 0
    account.listen()
    account.watch()
    await account.until_live("boiler_ctl/temperature", "boiler_ctl/relay")


async def test_device_token_that_cannot_describe(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Firmware that cannot describe leaves kinds unknown; a device that left leaves all as it was."""
    safe = frozenset({ResourceKey("boiler_ctl", "temperature")})
    jwt = sim.mint_device_token("boiler_ctl", resources=["temperature"]).jwt
    sim.device("boiler_ctl").describe_status = 404
    account = accounts(
        {"url": sim.url, "access_token": jwt}, choices=Choices(safe_resources=safe)
    )
    await account.start()
    assert account.kinds("boiler_ctl") == {"temperature": ResourceKind.INPUT}
    sim.device("boiler_ctl").describe_status = None
    await account.discover("boiler_ctl")
    assert account.kinds("boiler_ctl") == {"temperature": ResourceKind.OUTPUT}
    sim.device("boiler_ctl").go_offline()
    await account.discover("boiler_ctl")
    assert account.online("boiler_ctl") is False
    assert account.kinds("boiler_ctl") == {"temperature": ResourceKind.OUTPUT}


@pytest.mark.parametrize("status", [401, 403])
async def test_resource_outside_of_the_token(
    sim: ThingerSimulator, accounts: Accounts, status: int
) -> None:
    """What a token does not name is not even tried, however the server would refuse it."""
    sim.switches.device_token_status = status
    jwt = sim.mint_device_token("boiler_ctl", resources=["relay"]).jwt
    account = accounts({"url": sim.url, "access_token": jwt})
    await account.start()
    await account.read("boiler_ctl/temperature")
    assert not sim.requests(path="/resources/temperature")
