"""Devices with their facts and values, as the server's sample has them (6, 7, 9)."""

import json
from typing import Any

import pytest

from custom_components.iot_platforms.model.change import Connectivity
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import ResourceKind
from custom_components.iot_platforms.model.value import JsonValue, ValueType

from .conftest import Accounts, key, resource

from tests.adapters.account import Account, samples
from tests.simulators.thingsboard import (
    Device,
    Edition,
    Scope,
    ThingsBoardSimulator,
)

FIND = "/api/entitiesQuery/find$"
EDQS = pytest.mark.parametrize("edqs", [False, True], ids=["sql", "edqs"])


def value(
    account: Account, sim: ThingsBoardSimulator, device: str, resource_id: str
) -> JsonValue:
    """Return a value that an account knows."""
    return account.state.value(key(sim, device, resource_id))


def is_known(
    account: Account, sim: ThingsBoardSimulator, device: str, resource_id: str
) -> bool:
    """Return whether an account knows of a resource."""
    return account.state.resource(key(sim, device, resource_id)) is not None


# Devices.


@pytest.mark.parametrize("edition", [*Edition])
async def test_device(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, edition: Edition
) -> None:
    """A device has its label as name, and what attributes say of it as facts, in all editions."""
    thingsboard.switches.edition = edition
    account = accounts()
    await account.start()
    sim_device = thingsboard.device("TH-0042")
    device = account.state.device(sim_device.id)
    assert device is not None
    assert device.name == "Living room thermostat"
    assert device.type == device.model == "thermostat"
    assert device.manufacturer == "Acme"
    assert device.model_id == "HX-3"
    assert device.serial_number == "AC-1007"
    assert device.firmware == "v1.4"
    assert device.description == "Hall, left of the door"
    assert device.area == "Living room"
    assert device.online is True
    active = sim_device.attributes[Scope.SERVER]["active"]
    assert device.online_since == active.ts / 1000
    assert device.url == f"{thingsboard.url}/devices/{sim_device.id}"
    assert device.parent_id is None


async def test_names(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Without a label it is the name."""
    await account.start()
    names = {device.device.name for device in account.state.devices.values()}
    assert {"Thermostat T1", "Roof", "Van", "Basement gateway"} <= names
    assert "Weather station" not in names
    assert "Foreign device" not in names


async def test_gateway(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """What comes through a gateway belongs to it."""
    await account.start()
    gateway = thingsboard.device("Gateway G1").id
    for name in ("Meter M1", "Meter M2"):
        device = account.state.device(thingsboard.device(name).id)
        assert device is not None
        assert device.parent_id == gateway
    top = account.state.device(gateway)
    assert top is not None
    assert top.parent_id is None


async def test_excluded_device(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """What a person left out does not come in."""
    left_out = thingsboard.device("Meter M1").id
    account = accounts(choices=Choices(excluded_devices=frozenset({left_out})))
    await account.start()
    assert left_out not in account.state.devices
    assert thingsboard.device("Meter M2").id in account.state.devices


async def test_renamed_device(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A new label arrives with the next list."""
    await account.start()
    device = thingsboard.device("Meter M1")
    device.label = "Main meter"
    await account.refresh()
    found = account.state.device(device.id)
    assert found is not None
    assert found.name == "Main meter"


async def test_device_that_left(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A deleted device goes with complete lists that lack it, however often they are read."""
    await account.start()
    left = thingsboard.device("Meter M1").id
    thingsboard.remove_device("Meter M1")
    for _ in range(3):
        await account.refresh()
    assert left not in account.state.devices


async def test_no_devices_at_all(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """An account may have no devices (yet)."""
    for device in thingsboard.devices:
        thingsboard.remove_device(device.id)
    snapshot = await _first_list(account)
    assert (snapshot.devices, snapshot.complete) == ((), True)
    thingsboard.add_device(Device("First")).post_telemetry({"a": 1})
    account.clock.advance(301)
    await account.refresh()
    assert value(account, thingsboard, "First", "telemetry/a") == 1


async def _first_list(account: Account) -> Any:
    await account.adapter.connect()
    return await account.refresh()


# Values.


@EDQS
async def test_values(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, edqs: bool
) -> None:
    """Every value arrives with the first list, in its own type."""
    thingsboard.switches.edqs = edqs
    account = accounts()
    await account.start()
    expected: dict[str, JsonValue] = {
        "wind": {"speed": 4.2, "direction": "NW", "gusts": [5.1, 7.9]},
        "readings": [1, 2.5, "three"],
        "Air pressure": 1013.2,
        "data.temp": 17.25,
        "rain/hour": 0.4,
        "Füllstand": 62,
        "温度": 17.3,
        "Temperature": 17.2,
        "temperature": 63.0,
        "raining": False,
        "serial": "007",
        "channel": "12",
        "version": "22.5",
        "empty": "",
    }
    for name, expected_value in expected.items():
        found = value(account, thingsboard, "Weather station", f"telemetry/{name}")
        assert (found, type(found)) == (expected_value, type(expected_value)), name
    t1 = "Thermostat T1"
    assert value(account, thingsboard, t1, "shared/enabled") is True
    assert value(account, thingsboard, t1, "shared/mode") == "heat"
    assert value(account, thingsboard, t1, "client/model") == "HX-3"
    assert value(account, thingsboard, t1, "server/temperatureAlarmThreshold") == 20


@EDQS
async def test_only_what_a_device_has(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, edqs: bool
) -> None:
    """What other devices have, and what is empty, is not mixed up with what is not there."""
    thingsboard.switches.edqs = edqs
    account = accounts()
    await account.start()
    assert is_known(account, thingsboard, "Weather station", "telemetry/empty")
    assert not is_known(account, thingsboard, "Thermostat T1", "telemetry/empty")
    assert not is_known(account, thingsboard, "Weather station", "telemetry/humidity")
    bare = account.state.devices[thingsboard.device("Test Device A1").id]
    assert bare.resources == {}
    assert bare.device.online is False


async def test_kinds(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Shared attributes can be written, the rest is read."""
    await account.start()
    target = resource(account, thingsboard, "TH-0042", "shared/targetTemperature")
    assert target.kind is ResourceKind.INPUT
    limit = resource(
        account, thingsboard, "Thermostat T1", "server/temperatureAlarmThreshold"
    )
    assert (limit.kind, limit.writable) == (ResourceKind.OUTPUT, True)
    model = resource(account, thingsboard, "TH-0042", "client/model")
    assert (model.kind, model.writable) == (ResourceKind.OUTPUT, False)


async def test_times_of_values(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A value has the time at which the device measured it."""
    await account.start()
    device = thingsboard.device("Meter M1")
    moment = thingsboard.clock.now_ms() + 5000
    device.post_telemetry({"power": 12.5}, ts=moment)
    await account.read(key(thingsboard, "Meter M1", "telemetry/power"))
    sample = account.state.sample(key(thingsboard, "Meter M1", "telemetry/power"))
    assert sample is not None
    assert (sample.value, sample.at) == (12.5, moment / 1000)


@EDQS
async def test_deleted_key(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, edqs: bool
) -> None:
    """A key that was deleted on the server is unknown, then gone; not so on other devices."""
    thingsboard.switches.edqs = edqs
    account = accounts()
    await account.start()
    device = thingsboard.device("Thermostat T1")
    device.delete_telemetry(["humidity"])
    device.delete_attributes(Scope.SHARED, ["mode"])
    await account.refresh()
    for name in ("telemetry/humidity", "shared/mode"):
        assert value(account, thingsboard, "Thermostat T1", name) is None
    for _ in range(2):
        await account.refresh()
    for name in ("telemetry/humidity", "shared/mode"):
        assert not is_known(account, thingsboard, "Thermostat T1", name)
    assert is_known(account, thingsboard, "Thermostat T2", "telemetry/humidity")


@EDQS
async def test_deleted_key_between_lists(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, edqs: bool
) -> None:
    """Who reads it in between learns that it is unknown, and not what it was."""
    thingsboard.switches.edqs = edqs
    account = accounts()
    await account.start()
    humidity = key(thingsboard, "Thermostat T1", "telemetry/humidity")
    thingsboard.device("Thermostat T1").delete_telemetry(["humidity"])
    await account.read(humidity)
    assert account.state.value(humidity) is None


async def test_new_key(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """A key that nobody had before is found when it is time for another look."""
    await account.start()
    thingsboard.device("TH-0042").post_telemetry({"new key": "x"})
    await account.refresh()
    assert not is_known(account, thingsboard, "TH-0042", "telemetry/new key")
    account.clock.advance(301)
    await account.refresh()
    assert value(account, thingsboard, "TH-0042", "telemetry/new key") == "x"


async def test_known_key_of_another_device(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A key that another device has comes with the next list."""
    await account.start()
    thingsboard.device("Test Device A1").post_telemetry({"temperature": 5})
    await account.refresh()
    assert value(account, thingsboard, "Test Device A1", "telemetry/temperature") == 5


async def test_position(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Latitude and longitude are a place, wherever they stand; by themselves they are hidden."""
    await account.start()
    assert value(account, thingsboard, "Tracker", "position/telemetry") == {
        "latitude": 40.4168,
        "longitude": -3.7038,
    }
    assert value(account, thingsboard, "Thermostat T1", "position/server") == {
        "latitude": 37.3948,
        "longitude": -122.1503,
    }
    latitude = resource(account, thingsboard, "Tracker", "telemetry/latitude")
    assert not latitude.enabled_default


async def test_position_that_is_read(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """To read a place is to read its parts."""
    await account.start()
    thingsboard.device("Tracker").post_telemetry({"latitude": 40.5})
    place = key(thingsboard, "Tracker", "position/telemetry")
    thingsboard.clear_requests()
    changes = await account.read(place)
    assert account.state.value(place) == {"latitude": 40.5, "longitude": -3.7038}
    assert samples(changes)[f"{place.device_id}/telemetry/latitude"] == 40.5
    (request,) = thingsboard.requests()
    asked = {k["key"] for k in request.json()["latestValues"]}
    assert asked == {"latitude", "longitude", "active"}


async def test_firmware(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """The keys of an update are one thing, and hidden by themselves."""
    await account.start()
    found = resource(account, thingsboard, "Sprinkler", "firmware")
    assert found.value_type is ValueType.FIRMWARE
    assert found.writable
    assert value(account, thingsboard, "Sprinkler", "firmware") == {
        "installed": "1.2.0",
        "latest": "1.2.0",
        "in_progress": False,
        "error": None,
        "title": "sprinkler-fw",
    }
    for hidden in ("telemetry/fw_state", "telemetry/current_fw_version"):
        assert not resource(account, thingsboard, "Sprinkler", hidden).enabled_default
    device = account.state.device(thingsboard.device("Sprinkler").id)
    assert device is not None
    assert device.firmware == "1.2.0"


async def test_firmware_of_a_customer_user(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A customer's user sees updates, and cannot install them (5.2)."""
    device = thingsboard.device("Sprinkler")
    device.customer = thingsboard.customer("Customer A")
    account = accounts(email="customerA@thingsboard.org")
    await account.start()
    assert not resource(account, thingsboard, "Sprinkler", "firmware").writable


# Activity (9).


@pytest.mark.parametrize("persists", [False, True])
async def test_activity(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, persists: bool
) -> None:
    """Whether a device is active is known wherever the operator keeps it."""
    thingsboard.switches.persist_state_to_telemetry = persists
    device = thingsboard.add_device(Device("Lamp"))
    device.connect()
    account = accounts()
    await account.start()
    assert account.online(device.id) is True
    device.disconnect()
    thingsboard.clock.advance(700)
    power = key(thingsboard, "Lamp", "telemetry/anything")
    changes = await account.read(power)
    (told,) = [c for c in changes if isinstance(c, Connectivity)]
    assert (told.device_id, told.online) == (device.id, False)
    assert told.at == pytest.approx(thingsboard.clock.now(), abs=700)
    assert account.online(device.id) is False
    device.connect()
    await account.refresh()
    assert account.online(device.id) is True


async def test_activity_is_told_once(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Only news are told."""
    await account.start()
    for _ in range(2):
        changes = await account.read(key(thingsboard, "Meter M1", "telemetry/power"))
        assert not [c for c in changes if isinstance(c, Connectivity)]


@pytest.mark.parametrize("persists", [False, True])
async def test_state_keys(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, persists: bool
) -> None:
    """What the state service keeps is there, as times, and hidden (16.4)."""
    thingsboard.switches.persist_state_to_telemetry = persists
    device = thingsboard.add_device(Device("Lamp"))
    device.connect()
    account = accounts()
    await account.start()
    source = "telemetry" if persists else "server"
    last = resource(account, thingsboard, "Lamp", f"{source}/lastActivityTime")
    assert last.value_type is ValueType.TIMESTAMP
    assert not last.enabled_default
    assert value(
        account, thingsboard, "Lamp", f"{source}/lastActivityTime"
    ) == pytest.approx(thingsboard.clock.now(), abs=5)
    assert not is_known(account, thingsboard, "Lamp", f"{source}/active")


async def test_reading_does_not_wake_anybody(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Nothing that we read makes a device look alive."""
    await account.start()
    before = {
        d.id: d.attribute(Scope.SERVER, "lastActivityTime") for d in thingsboard.devices
    }
    account.clock.advance(30)
    await account.refresh()
    await account.poll()
    await account.read(*account.wanted())
    after = {
        d.id: d.attribute(Scope.SERVER, "lastActivityTime") for d in thingsboard.devices
    }
    assert after == before
    assert thingsboard.unsafe_writes == []


@pytest.mark.parametrize("hides", [False, True])
async def test_inactive_devices(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, hides: bool
) -> None:
    """The server has the values of devices that sleep; a person may want them hidden."""
    account = accounts(choices=Choices(hides_inactive=hides))
    await account.start()
    temperature = resource(
        account, thingsboard, "Cellar sensor", "telemetry/temperature"
    )
    assert account.online(temperature.key.device_id) is False
    assert temperature.needs_device is hides
    assert account.state.value(temperature.key) == 11.5
    assert (temperature.key in account.wanted()) is not hides


# Absurd devices.


@pytest.mark.parametrize(
    "info",
    [{"lastConnectedGateway": 7}, {"description": ["x"]}, {"gateway": {"a": None}}, {}],
)
async def test_absurd_information(
    thingsboard: ThingsBoardSimulator, account: Account, info: dict[str, Any]
) -> None:
    """What others wrote into a device's information does no harm."""
    device = thingsboard.device("Meter M1")
    device.additional_info = info
    await account.start()
    found = account.state.device(device.id)
    assert found is not None
    assert (found.parent_id, found.description) == (None, None)


@pytest.mark.parametrize(
    "found_value",
    [
        "x" * 10_000,
        {"a": {"b": {"c": [1, {"d": None}]}}},
        [],
        {},
        "{broken",
        "[]",
        "true",
        1e300,
        -0.0,
        2**63 - 1,
        "\x00\x1b[31m",
        "\U0001f321",
    ],
)
async def test_absurd_value(
    thingsboard: ThingsBoardSimulator, account: Account, found_value: Any
) -> None:
    """Whatever a device sends arrives as it is, and hurts nobody."""
    device = thingsboard.device("Meter M1")
    device.put_telemetry({"odd": found_value})
    await account.start()
    found = value(account, thingsboard, "Meter M1", "telemetry/odd")
    if found_value in ("true", "[]"):
        # The server tells its type.
        assert found == found_value
    else:
        assert json.dumps(found) == json.dumps(found_value)


@pytest.mark.parametrize(
    "name", ["a" * 255, " ", "a,b", "a/b", "%2F", "ключ", "$value"]
)
async def test_absurd_key(
    thingsboard: ThingsBoardSimulator, account: Account, name: str
) -> None:
    """Whatever a key is called, it can be read again."""
    device = thingsboard.device("Meter M1")
    device.post_telemetry({name: 1})
    await account.start()
    odd = key(thingsboard, "Meter M1", f"telemetry/{name}")
    assert account.state.value(odd) == 1
    device.post_telemetry({name: 2})
    await account.read(odd)
    assert account.state.value(odd) == 2
