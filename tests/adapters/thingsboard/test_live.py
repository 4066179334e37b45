"""Push as a whole: what arrives, what is noticed, and what happens when something is missing (11)."""

import asyncio
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thingsboard import live
from custom_components.iot_platforms.adapters.thingsboard.catalog import (
    SHORTEST_INTERVAL,
)
from custom_components.iot_platforms.model.change import (
    Connectivity,
    ResyncNeeded,
    Samples,
)
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.platform import Capability
from custom_components.iot_platforms.model.value import JsonValue

from .conftest import Accounts, key
from .helpers import go_live, is_live

from tests.adapters.account import Account, case_id, samples
from tests.simulators.effects import Status
from tests.simulators.thingsboard import Device, Scope, ThingsBoardSimulator

DEVICE = "TH-0042"
WEATHER = "Weather station"


@pytest.fixture
def temperature(thingsboard: ThingsBoardSimulator) -> ResourceKey:
    """Return the key of a temperature."""
    return key(thingsboard, DEVICE, "telemetry/temperature")


async def becomes(account: Account, key: ResourceKey, value: JsonValue) -> None:
    """Wait until push made something the value of a resource."""
    await account.until(lambda: account.state.value(key) == value)


# Values (11.3).


@pytest.mark.parametrize(
    "value",
    [
        0,
        22.5,
        -1e-9,
        12345678901,
        "on",
        "",
        "007",
        "22.50",
        True,
        False,
        "true",
        "1E10",
    ],
    ids=case_id,
)
async def test_values(
    thingsboard: ThingsBoardSimulator, account: Account, value: Any
) -> None:
    """Texts, numbers and yes or no: by push they are what a read makes of them."""
    device = thingsboard.device(DEVICE)
    # Its type is known from an earlier value.
    before = type(value)(0 if value != 0 else 1)
    device.put_telemetry({"thing": before if value != "" else "x"})
    the_key = key(thingsboard, DEVICE, "telemetry/thing")
    await go_live(account, the_key)
    device.put_telemetry({"thing": value})
    await becomes(account, the_key, value)
    assert type(account.state.value(the_key)) is type(value)
    pushed = account.state.value(the_key)
    second = account.state
    await account.read(the_key)
    if value == "22.50":
        # What a read prints is another text of the same number (7.2).
        assert account.state.value(the_key) in ("22.5", "22.50")
    else:
        assert account.state.value(the_key) == pushed
        assert account.state.devices[device.id].samples == (
            second.devices[device.id].samples
        )


async def test_number_that_is_printed_otherwise(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Whatever it looks like, the same number is no news (7.2, 11.3)."""
    device = thingsboard.device(DEVICE)
    device.put_telemetry({"thing": 22.5})
    the_key = key(thingsboard, DEVICE, "telemetry/thing")
    await go_live(account, the_key)
    (session,) = thingsboard.live.sessions
    (command,) = thingsboard.live.commands("ENTITY_DATA")
    for text in ("22.50", "22.5", "2.25E1"):
        session.socket.send(
            {
                "cmdId": command["cmdId"],
                "update": [
                    {
                        "entityId": {"entityType": "DEVICE", "id": device.id},
                        "latest": {
                            "TIME_SERIES": {
                                "thing": {"ts": 9_000_000_000_000, "value": text}
                            }
                        },
                    }
                ],
            }
        )
        account.heard.clear()
        await account.until(lambda: bool(account.heard))
        assert account.state.value(the_key) == 22.5


async def test_objects(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Objects and lists come whole, and their parts with them."""
    wind = key(thingsboard, WEATHER, "telemetry/wind")
    readings = key(thingsboard, WEATHER, "telemetry/readings")
    await go_live(account, wind, readings)
    station = thingsboard.device(WEATHER)
    station.post_telemetry(
        {"wind": {"speed": 9.5, "direction": "S"}, "readings": [1, None, "x"]}
    )
    await becomes(account, wind.child("speed"), 9.5)
    assert account.state.value(wind) == {"speed": 9.5, "direction": "S"}
    assert account.state.value(readings) == [1, None, "x"]


@pytest.mark.parametrize(
    ("resource_id", "scope"),
    [
        ("shared/mode", Scope.SHARED),
        ("server/note", Scope.SERVER),
        ("client/model", Scope.CLIENT),
    ],
)
async def test_attributes(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    resource_id: str,
    scope: Scope,
) -> None:
    """Attributes of each scope; those of one name in others are others."""
    device = thingsboard.device(DEVICE)
    name = resource_id.partition("/")[2]
    for each in Scope:
        device.save_attributes(each, {name: "before"})
    the_key = key(thingsboard, DEVICE, resource_id)
    await go_live(account)
    device.save_attributes(scope, {name: "after"})
    await becomes(account, the_key, "after")
    others = {f"{s.split('_')[0].lower()}/{name}" for s in Scope} - {resource_id}
    assert {account.state.value(key(thingsboard, DEVICE, o)) for o in others} == {
        "before"
    }


async def test_written_attribute_comes_back(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """What the device makes of a written attribute."""
    target = key(thingsboard, DEVICE, "telemetry/target")
    await go_live(account, target)
    thingsboard.device(DEVICE).set_attributes(Scope.SHARED, {"targetTemperature": 25.5})
    await becomes(account, target, 25.5)


@pytest.mark.parametrize("resource_id", ["telemetry/temperature", "shared/mode"])
async def test_deleted_key(
    thingsboard: ThingsBoardSimulator, account: Account, resource_id: str
) -> None:
    """What was deleted is unknown, and known again with the next value (11.3)."""
    the_key = key(thingsboard, DEVICE, resource_id)
    await go_live(account, the_key)
    device = thingsboard.device(DEVICE)
    assert account.state.value(the_key) is not None
    source, _, name = resource_id.partition("/")
    if source == "telemetry":
        device.delete_telemetry([name])
    else:
        device.delete_attributes(Scope.SHARED, [name])
    await becomes(account, the_key, None)
    assert account.state.resource(the_key) is not None
    if source == "telemetry":
        device.post_telemetry({name: 5})
    else:
        device.save_attributes(Scope.SHARED, {name: 5})
    await account.until(lambda: account.state.value(the_key) in (5, "5"))


async def test_position(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """A place is made of two values, which arrive together or one by one."""
    position = key(thingsboard, "Tracker", "position/telemetry")
    await go_live(account, position)
    tracker = thingsboard.device("Tracker")
    tracker.post_telemetry({"latitude": 41.5, "longitude": -4.5})
    await becomes(account, position, {"latitude": 41.5, "longitude": -4.5})
    tracker.post_telemetry({"latitude": 42.5})
    await becomes(account, position, {"latitude": 42.5, "longitude": -4.5})


async def test_older_samples(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """What a device delivers late is history."""
    await go_live(account, temperature)
    device = thingsboard.device(DEVICE)
    device.post_telemetry({"temperature": 5}, ts=thingsboard.clock.now_ms() - 60_000)
    device.post_telemetry({"temperature": 31})
    await becomes(account, temperature, 31)
    pushed = [
        s.value
        for change in account.heard
        if isinstance(change, Samples)
        for s in change.samples
        if s.key == temperature
    ]
    assert pushed == [21.5, 31]


# Devices that come and go (9).


@pytest.mark.parametrize("in_telemetry", [False, True])
async def test_activity(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: ResourceKey,
    in_telemetry: bool,
) -> None:
    """Attribute or telemetry, as the operator chose."""
    thingsboard.switches.persist_state_to_telemetry = in_telemetry
    device = thingsboard.device(DEVICE)
    if in_telemetry:
        device.delete_attributes(Scope.SERVER, ["active"])
        device.heard()
    await go_live(account, temperature)
    account.heard.clear()
    device.disconnect()
    thingsboard.clock.advance(1000)
    await account.until(lambda: account.online(device.id) is False)
    device.connect()
    await account.until(lambda: account.online(device.id) is True)
    heard = [c for c in account.heard if isinstance(c, Connectivity)]
    assert [c.online for c in heard if c.device_id == device.id] == [False, True]
    assert ResyncNeeded() not in account.heard


async def test_device_that_begins_to_speak(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """One that was silent so far comes with keys that nobody knows: these are looked up at once."""
    await go_live(account, temperature)
    device = thingsboard.device("Raspberry Pi Demo Device")
    account.heard.clear()
    device.connect()
    device.post_telemetry({"gpio": 17})
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    gpio = ResourceKey(device.id, "telemetry/gpio")
    assert account.state.value(gpio) == 17
    account.watch(temperature, gpio)
    await account.until(lambda: is_live(account, temperature, gpio))
    device.post_telemetry({"gpio": 18})
    await becomes(account, gpio, 18)


async def test_device_that_hesitates(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """One whose values come a moment after it became active is looked at once more."""
    await go_live(account, temperature)
    device = thingsboard.device("Raspberry Pi Demo Device")
    account.heard.clear()
    device.connect()
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    account.heard.clear()
    device.post_telemetry({"gpio": 17})
    await account.until(lambda: 10 in account.clock.pauses)
    account.clock.advance(10)
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    assert account.state.value(ResourceKey(device.id, "telemetry/gpio")) == 17
    account.heard.clear()
    account.clock.advance(60)
    thingsboard.device(DEVICE).post_telemetry({"temperature": 31})
    await becomes(account, temperature, 31)
    assert ResyncNeeded() not in account.heard


async def test_device_that_has_spoken_before(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """One that is known and comes back is no reason for another look."""
    await go_live(account, temperature)
    account.heard.clear()
    cellar = thingsboard.device("Cellar sensor")
    cellar.heard()
    await account.until(lambda: account.online(cellar.id) is True)
    thingsboard.device(DEVICE).post_telemetry({"temperature": 31})
    await becomes(account, temperature, 31)
    assert ResyncNeeded() not in account.heard


async def test_excluded_device_that_comes(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, temperature: ResourceKey
) -> None:
    """A device that a person left out may come and go as it likes."""
    excluded = thingsboard.device("Cellar sensor")
    choices = Choices(excluded_devices=frozenset({excluded.id}))
    account = accounts(choices=choices)
    await go_live(account, temperature)
    excluded.heard()
    excluded.post_telemetry({"temperature": 12})
    thingsboard.device(DEVICE).post_telemetry({"temperature": 31})
    await becomes(account, temperature, 31)
    assert not [c for c in account.heard if isinstance(c, Connectivity | ResyncNeeded)]
    assert not [k for k in samples(account.heard) if excluded.id in k]


# New keys (7.6).


@pytest.mark.parametrize("version", ["4.3.1.3", "4.2"])
async def test_new_keys(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: ResourceKey,
    version: str,
) -> None:
    """No subscription tells of a key that nobody knows: it is looked for from time to time."""
    thingsboard.switches.version = version
    await go_live(account, temperature)
    device = thingsboard.device(DEVICE)
    account.clock.advance(SHORTEST_INTERVAL + 1)
    await account.until(lambda: account.clock.pauses.count(SHORTEST_INTERVAL) == 2)
    device.post_telemetry({"temperature": 31})
    await becomes(account, temperature, 31)
    assert ResyncNeeded() not in account.heard
    device.post_telemetry({"brand new": 1})
    account.clock.advance(SHORTEST_INTERVAL + 1)
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    new = key(thingsboard, DEVICE, "telemetry/brand new")
    assert account.state.value(new) == 1
    account.watch(temperature, new)
    await account.until(lambda: is_live(account, temperature, new))
    device.post_telemetry({"brand new": 2})
    await becomes(account, new, 2)


async def test_look_that_fails(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """Without an answer the next look is as good."""
    await go_live(account, temperature)
    fault = thingsboard.faults.add(Status(500), path="/find/keys$")
    thingsboard.device(DEVICE).post_telemetry({"brand new": 1})
    account.clock.advance(SHORTEST_INTERVAL + 1)
    await account.until(lambda: account.clock.pauses.count(SHORTEST_INTERVAL) == 2)
    assert fault.hits == 1
    assert ResyncNeeded() not in account.heard
    fault.remove()
    account.clock.advance(SHORTEST_INTERVAL + 1)
    await account.until_heard(ResyncNeeded())
    assert account.failure is None


async def test_no_look_while_others_look(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """A list that was read meanwhile has looked for keys already."""
    await go_live(account, temperature)
    account.clock.advance(SHORTEST_INTERVAL - 1)
    thingsboard.clear_requests()
    account.clock.advance(0.5)
    await account.refresh()
    assert not thingsboard.requests(path="/find/keys$")
    account.clock.advance(1)
    await account.until(lambda: account.clock.pauses.count(SHORTEST_INTERVAL) == 2)
    assert len(thingsboard.requests(path="/find/keys$")) == 1
    account.clock.advance(SHORTEST_INTERVAL - 1)
    assert len(thingsboard.requests(path="/find/keys$")) == 1


# Gaps.


async def test_gap(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """What changed meanwhile is there with the first answer, and the rest is to be read again."""
    await go_live(account, temperature)
    account.heard.clear()
    thingsboard.push_enabled = False
    await thingsboard.wait_for_sockets(0)
    await account.until(lambda: not account.adapter.hears_devices)
    device = thingsboard.device(DEVICE)
    device.post_telemetry({"temperature": 31})
    device.label = "Renamed"
    thingsboard.push_enabled = True
    await account.until_back(lambda: is_live(account, temperature))
    await becomes(account, temperature, 31)
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    assert account.state.devices[device.id].device.name == "Renamed"


async def test_first_connection(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """Who has just read everything does not have to read it again."""
    await go_live(account, temperature)
    assert ResyncNeeded() not in account.heard
    assert Capability.PUSH not in account.adapter.denied


async def test_changes_before_the_first_connection(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """A device that came after the list was read is missed, and a value is not."""
    await account.start()
    thingsboard.add_device(Device("Added"))
    thingsboard.device(DEVICE).post_telemetry({"temperature": 31})
    account.listen()
    account.watch(temperature)
    await account.until(lambda: is_live(account, temperature))
    await account.until_heard(ResyncNeeded())
    assert account.state.value(temperature) == 31


async def test_listening_again(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """A new listener hears nothing that an old one left."""
    await go_live(account, temperature)
    await account.stop_listening()
    await thingsboard.wait_for_sockets(0)
    assert not account.adapter.hears_devices
    assert not account.is_live(temperature)
    account.heard.clear()
    thingsboard.device(DEVICE).post_telemetry({"temperature": 31})
    account.listen()
    await account.until(lambda: is_live(account, temperature))
    await becomes(account, temperature, 31)
    await account.until_heard(ResyncNeeded())


async def test_listener_that_does_not_listen(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: ResourceKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A full queue holds the socket up, and not the end."""
    monkeypatch.setattr(live, "QUEUE_SIZE", 3)
    await account.start()
    account.watch(temperature)
    changes = account.adapter.changes()
    assert changes is not None
    await anext(changes)
    device = thingsboard.device(DEVICE)
    for number in range(10):
        device.post_telemetry({"temperature": 40 + number})
    async with asyncio.timeout(5):
        # Nothing tells of a full queue.
        queue = account.adapter._live._queue  # type: ignore[attr-defined]
        while not queue.full():  # noqa: ASYNC110
            await asyncio.sleep(0)
        await account.adapter.close()
        rest = [change async for change in changes]
    assert len(rest) <= 3
    await thingsboard.wait_for_sockets(0)


async def test_what_is_not_live(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """Nothing is, before there is a socket; afterwards only what was asked for and is there."""
    assert not account.is_live(temperature)
    assert not account.adapter.hears_devices
    account.watch(temperature)
    await account.start()
    assert not account.is_live(temperature)
    account.listen()
    await account.until(lambda: is_live(account, temperature))
    gone = ResourceKey("00000000-0000-0000-0000-000000000000", "telemetry/temperature")
    account.watch(temperature, gone)
    assert not account.is_live(gone)
    assert not account.is_live(key(thingsboard, "Meter M1", "telemetry/power"))
    await account.close()
    assert not account.is_live(temperature)


async def test_requests_at_rest(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """While the socket is open, values and devices that come and go cost no request."""
    await go_live(account)
    thingsboard.clear_requests()
    for number in range(20):
        for device in (DEVICE, "Thermostat T1", "Thermostat T2"):
            thingsboard.device(device).post_telemetry({"uptime": number})
    thingsboard.device(DEVICE).post_telemetry({"temperature": 22})
    await becomes(account, temperature, 22)
    assert await account.poll() == []
    assert thingsboard.requests() == []
