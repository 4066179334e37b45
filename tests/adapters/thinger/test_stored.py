"""What the server itself holds: properties, statistics, newest rows of buckets (5.3, 10)."""

import json
from typing import Any

import pytest

from custom_components.iot_platforms.model.change import Listing, ResyncNeeded
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    RateLimitedError,
)

from .conftest import Accounts

from tests.adapters.account import Account, key_of, samples
from tests.simulators.effects import Replace, Rewrite, Status, numbers_as_strings
from tests.simulators.thinger import Device, Fn, Resource, ThingerSimulator
from tests.simulators.thinger.state import State

STAND_IN = "$buckets"
CLIMATE = "boiler_ctl/$bucket/climate"


async def hear(sim: ThingerSimulator, account: Account, *keys: str) -> None:
    """Listen and watch, until the account's events arrive."""
    account.listen()
    account.watch(*keys)
    await sim.wait_for_subscription(event="device_delete")
    await account.until_heard(ResyncNeeded())


def add_bucket(state: State, bucket_id: str, **config: Any) -> Any:
    """Make a bucket."""
    return state.add_bucket(bucket_id, name=bucket_id.title(), config=config)


# Properties (10.3).


async def test_properties(sim: ThingerSimulator, account: Account) -> None:
    """Properties are there while their device sleeps; inherited ones too."""
    await account.start()
    assert account.online("lora_probe") is False
    assert account.value("lora_probe/$property/last:celsius") == 7.9
    assert account.value("lora_probe/$property/location") == {
        "latitude": 40.4168,
        "longitude": -3.7038,
    }
    assert account.value("boiler_ctl/$property/timezone") == "UTC"
    assert len(sim.requests(path="/lora_probe/properties$")) == 1


async def test_property_by_event(sim: ThingerSimulator, account: Account) -> None:
    """A property that is set arrives by itself, a new one too."""
    await account.start()
    await hear(sim, account)
    assert account.is_live("lora_probe/$property/last")
    sim.clear_requests()
    sim.device("lora_probe").callback({"celsius": 8.5, "battery": 3.5})
    sim.device("boiler_ctl").property_set("brand_new", 1)
    await account.until_value("boiler_ctl/$property/brand_new", 1)
    assert account.value("lora_probe/$property/last:celsius") == 8.5
    assert await account.read() == []
    assert sim.requests() == []


async def test_properties_after_a_gap(sim: ThingerSimulator, account: Account) -> None:
    """What was set while nobody listened is read again, once."""
    await account.start()
    await hear(sim, account)
    await sim.close_sockets(abort=True)
    sim.device("boiler_ctl").property_set("setpoint", 99)
    account.heard.clear()
    await account.until_back(lambda: ResyncNeeded() in account.heard)
    assert not account.is_live("boiler_ctl/$property/setpoint")
    await account.poll()
    assert account.value("boiler_ctl/$property/setpoint") == 99
    assert account.is_live("boiler_ctl/$property/setpoint")


async def test_properties_by_polling(sim: ThingerSimulator, account: Account) -> None:
    """Without events properties are read: one request for all of a device."""
    await account.start()
    sim.device("lora_probe").properties["last"] = {"celsius": 1.5}
    sim.clear_requests()
    account.clock.advance(60)
    await account.read(
        "lora_probe/$property/last:celsius", "lora_probe/$property/location"
    )
    assert account.value("lora_probe/$property/last:celsius") == 1.5
    assert len(sim.requests()) == 1


async def test_vanished_property(sim: ThingerSimulator, account: Account) -> None:
    """A property goes after two complete lists without it; garbage proves nothing."""
    await account.start()
    fault = sim.faults.add(
        Replace("{}", content_type="application/json"), path="/properties$"
    )
    for _ in range(3):
        await account.discover("boiler_ctl")
    assert account.value("boiler_ctl/$property/setpoint") == 21
    fault.remove()
    sim.device("boiler_ctl").property_remove("setpoint")
    await account.discover("boiler_ctl")
    assert account.value("boiler_ctl/$property/setpoint") == 21
    await account.discover("boiler_ctl")
    assert account.state.resource(key_of("boiler_ctl/$property/setpoint")) is None


@pytest.mark.parametrize("status", [500, 404, 408])
async def test_properties_in_trouble(
    sim: ThingerSimulator, account: Account, status: int
) -> None:
    """Without properties all else is there (8: some servers answer 500)."""
    sim.faults.add(Status(status), path="/properties$")
    await account.start()
    assert account.value("boiler_ctl/temperature") == 21.5
    assert await account.read("boiler_ctl/$property/setpoint") == []


@pytest.mark.parametrize(
    ("status", "error"), [(429, RateLimitedError), (401, BadCredentialsError)]
)
async def test_properties_and_the_account_s_trouble(
    sim: ThingerSimulator, account: Account, status: int, error: type[Exception]
) -> None:
    """What is the account's is told."""
    await account.start()
    sim.faults.add(Status(status), path="/properties$")
    with pytest.raises(error):
        await account.read("boiler_ctl/$property/setpoint")


# Statistics (5.3, 9.3).

RX = "boiler_ctl/$stats:rx_bytes"


async def test_statistics_by_stream(sim: ThingerSimulator, account: Account) -> None:
    """Who wants statistics gets them by a stream; after the first frame come increments."""
    boiler = sim.device("boiler_ctl")
    await account.start()
    assert not sim.requests(path="/stats$")
    boiler.add_traffic(rx=100, tx=10)
    before = boiler.stats()
    account.listen()
    account.watch(RX)
    await account.until_live(RX)
    assert account.value(RX) == before["rx_bytes"]
    assert account.value("boiler_ctl/$stats:ip_address") == "203.0.113.9"
    boiler.add_traffic(rx=22)
    await account.until_value(RX, before["rx_bytes"] + 22)
    boiler.add_traffic(rx=8, tx=5)
    await account.until_value(RX, before["rx_bytes"] + 30)
    assert account.value("boiler_ctl/$stats:tx_bytes") == before["tx_bytes"] + 5
    (request,) = sim.requests(path="/stats$")
    assert request.headers["Accept"] == "text/event-stream"
    sim.clear_requests()
    await account.poll()
    assert not sim.requests(path="/boiler_ctl/stats$")


async def test_counters_of_a_new_connection(
    sim: ThingerSimulator, account: Account
) -> None:
    """Counters begin anew with a connection (5.3): that is no increment."""
    boiler = sim.device("boiler_ctl")
    await account.start()
    boiler.add_traffic(rx=1000)
    account.listen()
    account.watch(RX)
    await account.until_live(RX)
    boiler.go_offline()
    boiler.go_online()
    boiler.add_traffic(rx=7)
    await account.until_value(RX, 7)


async def test_odd_statistics(sim: ThingerSimulator, account: Account) -> None:
    """Numbers as texts are added up all the same; what is no JSON is left out."""
    await account.start()
    account.listen()
    account.watch(RX)
    await account.until_live(RX)
    before = account.value(RX)
    assert isinstance(before, int)
    device = sim.device("boiler_ctl")
    sim.state.bus.traffic(device, {"rx_bytes": "12"})
    sim.state.bus.traffic(device, {"unknown": 1})
    sim.state.bus.traffic(device, {"rx_bytes": None})
    await account.until_value(RX, None)
    sim.state.bus.traffic(device, {"rx_bytes": 1})
    await account.until_value(RX, before + 13)


async def test_garbage_in_the_stream(sim: ThingerSimulator, account: Account) -> None:
    """What is no JSON is left out, and a stream that ends is opened again."""
    await account.start()
    body = 'data: garbage\n\n: comment\n\ndata: {"rx_bytes": 5}\n\ndata: [1]\n\n'
    sim.faults.add(
        Status(200, body=body, content_type="text/event-stream"), path="/stats$"
    )
    account.listen()
    account.watch(RX)
    await account.until_value(RX, 5)
    account.clock.advance(2)
    await sim.wait_for_request(path="/stats$", count=2)


async def test_statistics_by_polling(sim: ThingerSimulator, account: Account) -> None:
    """Where the stream is refused, statistics are read."""
    boiler = sim.device("boiler_ctl")
    await account.start()
    sim.push_enabled = False
    account.listen()
    account.watch(RX)
    await sim.wait_for_request(path="/stats$")
    assert not account.is_live(RX)
    sim.clear_requests()
    boiler.add_traffic(rx=1)
    await account.read(RX, "boiler_ctl/$stats:tx_bytes", "boiler_ctl/$stats:ip_address")
    assert account.value(RX) == boiler.stats()["rx_bytes"]
    assert len(sim.requests("GET", "/stats$")) == 1


async def test_statistics_of_an_offline_device(
    sim: ThingerSimulator, account: Account
) -> None:
    """Without a connection there are no statistics of it."""
    await account.start()
    assert await account.read("old_node/$stats:rx_bytes") == []
    account.listen()
    account.watch("old_node/$stats:rx_bytes", "meter/$stats:rx_bytes")
    await account.until_live("meter/$stats:rx_bytes")
    assert not sim.requests(path="/old_node/stats$")[1:]
    account.watch("meter/power")
    await account.until(lambda: not account.is_live("meter/$stats:rx_bytes"))


async def test_statistics_as_texts(sim: ThingerSimulator, account: Account) -> None:
    """Numbers may come as texts."""
    await account.start()
    sim.faults.add(Rewrite(numbers_as_strings), path="/stats$")
    await account.read(RX)
    assert account.value(RX) == sim.device("boiler_ctl").stats()["rx_bytes"]


# Buckets (10.5).


async def test_bucket(sim: ThingerSimulator, account: Account) -> None:
    """The newest row of a bucket shows at the device that fills it."""
    sim.bucket("climate").write({"device": "boiler_ctl", "celsius": 20.25})
    await account.start()
    assert account.value(f"{CLIMATE}:celsius") == 20.25
    resource = account.state.resource(key_of(CLIMATE))
    assert resource is not None
    assert resource.name == "Climate"
    # Of a device that is there it repeats what the device says.
    assert not resource.enabled_default
    assert not resource.needs_device
    (request,) = sim.requests(path="/data$")
    assert request.query == {"items": "1", "sort": "desc"}
    assert STAND_IN not in account.state.devices


async def test_row_by_event(sim: ThingerSimulator, account: Account) -> None:
    """New rows of buckets that somebody wants arrive by themselves."""
    await account.start()
    await hear(sim, account, f"{CLIMATE}:celsius")
    await sim.wait_for_subscription(event="bucket_write")
    assert account.is_live(CLIMATE)
    sim.clear_requests()
    sim.bucket("climate").write({"device": "boiler_ctl", "celsius": 33.25})
    await account.until_value(f"{CLIMATE}:celsius", 33.25)
    assert sim.requests() == []


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_only_wanted_rows(
    sim: ThingerSimulator, account: Account, version: str
) -> None:
    """Rows of other buckets are not asked for; a bucket can be wanted later."""
    sim.switches.event_versions = frozenset({version})
    add_bucket(sim.state, "other").write({"a": 1})
    await account.start()
    await hear(sim, account, "boiler_ctl/temperature")
    assert not sim.subscriptions(event="bucket_write")
    account.watch(CLIMATE)
    subscription = await sim.wait_for_subscription(event="bucket_write")
    assert subscription.filters == {"bucket": "climate"}
    sim.bucket("other").write({"a": 2})
    sim.bucket("climate").write({"celsius": 1.25})
    await account.until_value(f"{CLIMATE}:celsius", 1.25)
    assert account.value(f"{STAND_IN}/$bucket/other:a") == 1


async def test_row_by_polling(sim: ThingerSimulator, account: Account) -> None:
    """Without events the newest row is read."""
    await account.start()
    sim.bucket("climate").write({"device": "boiler_ctl", "celsius": 44.25})
    await account.read(f"{CLIMATE}:celsius")
    assert account.value(f"{CLIMATE}:celsius") == 44.25


async def test_bucket_after_a_restart(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Events do not tell of rows from before: the newest is read first."""
    first = accounts()
    await first.start()
    second = accounts()
    second.state = first.state
    await second.start()
    assert len(sim.requests(path="/data$")) == 1
    await hear(sim, second, CLIMATE)
    await sim.wait_for_subscription(event="bucket_write")
    assert not second.is_live(CLIMATE)
    await second.read(CLIMATE)
    assert second.is_live(CLIMATE)


async def test_bucket_after_a_gap(sim: ThingerSimulator, account: Account) -> None:
    """Rows that were written while nobody listened are read."""
    await account.start()
    await hear(sim, account, CLIMATE)
    await sim.wait_for_subscription(event="bucket_write")
    await sim.close_sockets(abort=True)
    sim.bucket("climate").write({"device": "boiler_ctl", "celsius": 55.25})
    with account.clock.running():
        await sim.wait_for_subscription(event="bucket_write")
    await account.until(lambda: account.adapter.hears_devices)
    assert not account.is_live(CLIMATE)
    account.clock.advance(60)
    await account.read(CLIMATE)
    assert account.value(f"{CLIMATE}:celsius") == 55.25


async def test_bucket_of_no_device(sim: ThingerSimulator, account: Account) -> None:
    """A bucket that is filled by hand or from outside has a stand-in."""
    add_bucket(sim.state, "prices", source="api").write({"euro": 0.31})
    await account.start()
    device = account.state.device(STAND_IN)
    assert device is not None
    assert device.is_service
    assert account.value(f"{STAND_IN}/$bucket/prices:euro") == 0.31


async def test_rows_that_name_devices(sim: ThingerSimulator, account: Account) -> None:
    """A bucket of many devices: each row is about the one that it names."""
    bucket = add_bucket(sim.state, "fleet", source="api")
    bucket.write({"device": "old_node", "volts": 3.1})
    await account.start()
    assert account.value("old_node/$bucket/fleet:volts") == 3.1
    resource = account.state.resource(key_of("old_node/$bucket/fleet"))
    assert resource is not None
    # Nothing else tells of a device that is not there.
    assert resource.enabled_default
    await hear(sim, account, "old_node/$bucket/fleet:volts")
    await sim.wait_for_subscription(event="bucket_write")
    bucket.write({"device": "meter", "volts": 5.1})
    await account.until_value("meter/$bucket/fleet:volts", 5.1)
    bucket.write({"device": "unheard_of", "volts": 9.1})
    await account.until_value(f"{STAND_IN}/$bucket/fleet:device", "unheard_of")
    # The next lists take none of them away.
    for _ in range(3):
        await account.refresh()
    assert account.value("old_node/$bucket/fleet:volts") == 3.1


async def test_fleet_after_a_restart(sim: ThingerSimulator, accounts: Accounts) -> None:
    """What earlier rows told is not lost because the newest names another device."""
    bucket = add_bucket(sim.state, "fleet", source="api")
    bucket.write({"device": "old_node", "volts": 3.1})
    first = accounts()
    await first.start()
    sim.clock.advance(1)
    bucket.write({"device": "meter", "volts": 5.1})
    second = accounts()
    second.state = first.state
    await second.start()
    for _ in range(3):
        await second.refresh()
    assert second.state.resource(key_of("old_node/$bucket/fleet")) is not None


async def test_bucket_of_an_http_device(
    sim: ThingerSimulator, account: Account
) -> None:
    """The callback of an HTTP device tells which bucket it fills (10.4)."""
    add_bucket(sim.state, "probes", source="api")
    sim.device("lora_probe").callback_settings["actions"] = {
        "set_property": "last",
        "write_bucket": "probes",
    }
    sim.bucket("probes").write({"celsius": 4.5})
    await account.start()
    assert account.value("lora_probe/$bucket/probes:celsius") == 4.5
    resource = account.state.resource(key_of("lora_probe/$bucket/probes"))
    assert resource is not None
    assert resource.enabled_default
    # The stand-in is needed no more, and goes after two lists.
    for _ in range(2):
        await account.refresh()
    assert STAND_IN not in account.state.devices


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_unknown_callback(
    sim: ThingerSimulator, account: Account, status: int
) -> None:
    """A callback that cannot be read is no reason to go without buckets."""
    add_bucket(sim.state, "probes", source="api").write({"celsius": 4.5})
    sim.faults.add(Status(status), path="/callback$")
    await account.start()
    assert account.value(f"{STAND_IN}/$bucket/probes:celsius") == 4.5
    assert account.adapter.denied == {}


async def test_bucket_of_an_excluded_device(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Who leaves out a device leaves out its bucket, and its rows in others."""
    bucket = add_bucket(sim.state, "fleet", source="api")
    bucket.write({"device": "boiler_ctl", "volts": 3.1})
    choices = Choices(excluded_devices=frozenset({"boiler_ctl"}))
    account = accounts(choices=choices)
    await account.start()
    held = account.state.devices[STAND_IN].resources
    assert held == {}
    assert not sim.requests(path="/climate/data$")


async def test_new_bucket(sim: ThingerSimulator, account: Account) -> None:
    """A bucket that is made later shows after the next list, with its row."""
    await account.start()
    bucket = add_bucket(sim.state, "later", source="device", device="meter")
    await account.refresh()
    assert account.state.resource(key_of("meter/$bucket/later")) is None
    bucket.write({"kwh": 5})
    await account.refresh()
    assert account.value("meter/$bucket/later:kwh") == 5
    sim.clear_requests()
    await account.refresh()
    assert not sim.requests(path="/data$")


async def test_vanished_bucket(sim: ThingerSimulator, account: Account) -> None:
    """A bucket goes after two lists without it, and what failed is none of these."""
    await account.start()
    fault = sim.faults.add(Status(500), path="/buckets$")
    for _ in range(3):
        await account.refresh()
    assert account.state.resource(key_of(CLIMATE)) is not None
    fault.remove()
    del sim.state.buckets["demo", "climate"]
    await account.refresh()
    await account.discover("boiler_ctl")
    assert account.state.resource(key_of(CLIMATE)) is not None
    await account.refresh()
    assert account.state.resource(key_of(CLIMATE)) is None


async def test_renamed_bucket(sim: ThingerSimulator, account: Account) -> None:
    """The name is the server's; whether it shows by default stays as it was."""
    await account.start()
    sim.bucket("climate").name = "Weather"
    sim.device("boiler_ctl").go_offline()
    await account.refresh()
    resource = account.state.resource(key_of(CLIMATE))
    assert resource is not None
    assert resource.name == "Weather"
    assert not resource.enabled_default


async def test_bucket_list_that_fails_at_first(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """What was there before is not gone because a list failed."""
    add_bucket(sim.state, "prices", source="api").write({"euro": 0.31})
    first = accounts()
    await first.start()
    sim.faults.add(Status(503), path="/buckets$")
    second = accounts()
    second.state = first.state
    await second.start()
    for _ in range(3):
        await second.refresh()
    assert second.state.resource(key_of(f"{STAND_IN}/$bucket/prices")) is not None


async def test_empty_bucket(sim: ThingerSimulator, account: Account) -> None:
    """A bucket without rows has no values; nobody asks again and again."""
    await account.start()
    await hear(sim, account, CLIMATE)
    await sim.wait_for_subscription(event="bucket_write")
    sim.bucket("climate").rows.clear()
    account.clock.advance(60)
    await account.read(CLIMATE)
    assert account.is_live(CLIMATE)


async def test_row_of_an_unknown_bucket(
    sim: ThingerSimulator, account: Account
) -> None:
    """Rows that belong to nothing are left out."""
    await account.start()
    await hear(sim, account)
    account.heard.clear()
    for event in (
        {"event": "bucket_write", "bucket": "climate"},
        {"event": "bucket_write", "data": {"a": 1}},
        {"event": "bucket_write", "bucket": 7, "data": {"a": 1}},
        {"event": "bucket_write", "bucket": "unheard_of", "data": {"a": 1}},
        {"event": "device_property_update", "device": "meter", "value": 1},
        {"event": "device_property_update", "property": "x", "value": 1},
        {"event": "endpoint_call", "device": "meter"},
        {"event": None, "device": "meter"},
    ):
        sim.broadcast_raw(json.dumps(event), kind="events-v2")
    sim.device("meter").property_set("end", 1)
    await account.until_value("meter/$property/end", 1)
    assert len([c for c in account.heard if isinstance(c, Listing)]) == 1


async def test_virtual_device_without_buckets(
    sim: ThingerSimulator, account: Account
) -> None:
    """Buckets do not need devices of a certain type."""
    weather = Resource("weather", Fn.OUTPUT, 1, product=True, source="script")
    sim.add_device(Device("sky", type="Virtual", active=True, resources=[weather]))
    del sim.state.buckets["demo", "climate"]
    await account.start()
    assert account.value("sky/weather") == 1
    assert STAND_IN not in account.state.devices
    assert samples(await account.read("sky/weather")) == {"sky/weather": 1}
