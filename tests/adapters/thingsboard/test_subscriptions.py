"""What is subscribed: which commands are sent, which pages there are, what errors mean (11.2 to 11.4)."""

import json
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thingsboard.client import LIVE_PAGE
from custom_components.iot_platforms.adapters.thingsboard.live import (
    FIRST_PAUSE,
    LOSS_PAUSE,
)
from custom_components.iot_platforms.adapters.thingsboard.socket import MOST_COMMANDS
from custom_components.iot_platforms.model.change import (
    Connectivity,
    ResyncNeeded,
    Samples,
)
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import ResourceKey

from .conftest import Accounts, key
from .helpers import go_live, is_live

from tests.adapters.account import Account
from tests.simulators.sockets import OpenSocket
from tests.simulators.thingsboard import Device, ThingsBoardSimulator

DEVICE = "TH-0042"
LARGEST_MESSAGE = 32_768


@pytest.fixture
def temperature(thingsboard: ThingsBoardSimulator) -> ResourceKey:
    """Return the key of a temperature."""
    return key(thingsboard, DEVICE, "telemetry/temperature")


@pytest.fixture
def humidity(thingsboard: ThingsBoardSimulator) -> ResourceKey:
    """Return the key of a humidity."""
    return key(thingsboard, DEVICE, "telemetry/humidity")


def handshakes(sim: ThingsBoardSimulator) -> int:
    """Return how many sockets were asked for."""
    return sum(request.upgrade for request in sim.requests())


def ids(sim: ThingsBoardSimulator, type_: str) -> list[Any]:
    """Return the ids of the commands of a type, in their order."""
    return [command["cmdId"] for command in sim.live.commands(type_)]


def the_socket(sim: ThingsBoardSimulator) -> OpenSocket:
    """Return the one socket that is open."""
    (socket,) = sim.sockets
    return socket


async def becomes(account: Account, key: ResourceKey, value: Any) -> None:
    """Wait until push made something the value of a resource."""
    await account.until(lambda: account.state.value(key) == value)


# Commands (11.2, 11.3).


async def test_one_command_for_all_devices(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """Whatever is wanted of however many devices: a command for the values, one for alarms."""
    await go_live(account)
    (values,) = thingsboard.live.commands("ENTITY_DATA")
    query: Any = values["query"]
    assert query["entityFilter"] == {"type": "entityType", "entityType": "DEVICE"}
    assert query["pageLink"]["dynamic"] is True
    assert query["pageLink"]["sortOrder"]["key"]["key"] == "createdTime"
    # null is an error (11.3).
    assert query["latestValues"] == []
    (alarms,) = thingsboard.live.commands("ALARM_DATA")
    query = alarms["query"]
    assert query["latestValues"] == []
    assert query["pageLink"]["timeWindow"] > 0
    assert account.adapter.statistics["subscriptions"] == 2
    assert handshakes(thingsboard) == 1


async def test_what_is_asked_for(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """The keys that somebody wants, and what tells whether a device is there, in either place (9)."""
    shared = key(thingsboard, DEVICE, "shared/mode")
    await go_live(account, temperature, shared)
    (values,) = thingsboard.live.commands("ENTITY_DATA")
    latest: Any = values["latestCmd"]
    assert sorted((k["type"], k["key"]) for k in latest["keys"]) == [
        ("SERVER_ATTRIBUTE", "active"),
        ("SHARED_ATTRIBUTE", "mode"),
        ("TIME_SERIES", "active"),
        ("TIME_SERIES", "temperature"),
    ]


async def test_other_keys(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: ResourceKey,
    humidity: ResourceKey,
) -> None:
    """A used id gets no fresh values: each change has a new one, and the old one ends (11.2)."""
    await go_live(account, temperature)
    account.watch(humidity)
    await account.until(lambda: is_live(account, humidity))
    assert not account.is_live(temperature)
    account.watch(temperature, humidity)
    await account.until(lambda: is_live(account, temperature, humidity))
    opened = ids(thingsboard, "ENTITY_DATA")
    assert len({*opened, *ids(thingsboard, "ALARM_DATA")}) == 4
    assert ids(thingsboard, "ENTITY_DATA_UNSUBSCRIBE") == opened[:2]
    # The same once more changes nothing.
    account.watch(humidity, temperature)
    thingsboard.device(DEVICE).post_telemetry({"temperature": 33, "humidity": 34})
    await becomes(account, temperature, 33)
    assert account.state.value(humidity) == 34
    assert ids(thingsboard, "ENTITY_DATA") == opened
    assert len(thingsboard.live.subscriptions) == 2
    assert handshakes(thingsboard) == 1


async def test_same_key_of_another_device(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """A key is subscribed for all devices at once."""
    other = key(thingsboard, "Thermostat T1", "telemetry/temperature")
    await go_live(account, temperature)
    account.watch(temperature, other)
    assert account.is_live(other)
    assert len(ids(thingsboard, "ENTITY_DATA")) == 1


async def test_wanted_again_after_a_gap(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """On a new socket everything is subscribed anew."""
    await go_live(account, temperature)
    await thingsboard.close_sockets(abort=True)
    await account.until_back(lambda: is_live(account, temperature))
    assert len(ids(thingsboard, "ENTITY_DATA")) == 2
    assert ids(thingsboard, "ENTITY_DATA_UNSUBSCRIBE") == []
    assert len(thingsboard.live.subscriptions) == 2


async def test_updates_of_what_has_ended(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: ResourceKey,
    humidity: ResourceKey,
) -> None:
    """What arrives late for an ended subscription counts for nothing, errors too."""
    await go_live(account, temperature)
    (ended,) = ids(thingsboard, "ENTITY_DATA")
    account.watch(humidity)
    await account.until(lambda: is_live(account, humidity))
    account.heard.clear()
    socket = the_socket(thingsboard)
    socket.send(_update(ended, temperature, "99"))
    socket.send(_error(ended, 1, "Internal Server error!"))
    socket.send(_update(777, temperature, "99"))
    socket.send({"cmdId": ended, "errorCode": 0, "data": {"data": []}})
    thingsboard.device(DEVICE).post_telemetry({"humidity": 34})
    await becomes(account, humidity, 34)
    assert [type(change) for change in account.heard] == [Samples]
    assert account.state.value(temperature) == 21.5
    assert handshakes(thingsboard) == 1


def _update(cmd_id: Any, key: ResourceKey, text: str) -> Any:
    name = key.resource_id.partition("/")[2]
    return {
        "cmdId": cmd_id,
        "errorCode": 0,
        "errorMsg": None,
        "data": None,
        "update": [
            {
                "entityId": {"entityType": "DEVICE", "id": key.device_id},
                "latest": {
                    "TIME_SERIES": {name: {"ts": 9_999_999_999_999, "value": text}}
                },
                "timeseries": None,
                "aggLatest": None,
            }
        ],
        "allowedEntities": 10000,
        "cmdUpdateType": "ENTITY_DATA",
    }


def _error(cmd_id: Any, code: int, text: str) -> Any:
    return {
        "subscriptionId": cmd_id,
        "errorCode": code,
        "errorMsg": text,
        "data": None,
        "latestValues": {},
    }


async def test_update_before_the_values(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """Who hears of a change before anything else has missed something: all is read again."""
    thingsboard.live.drop_updates = True
    await account.start()
    account.listen()
    account.watch(temperature)
    await thingsboard.live.wait_for_subscriptions(2)
    (cmd_id,) = ids(thingsboard, "ENTITY_DATA")
    the_socket(thingsboard).send(_update(cmd_id, temperature, "22"))
    await account.until_heard(ResyncNeeded())
    assert not account.is_live(temperature)
    assert not account.adapter.hears_devices


# Messages (11.4).


def _with_many_keys(sim: ThingsBoardSimulator, count: int) -> None:
    for name in (DEVICE, "Meter M1"):
        sim.device(name).put_telemetry(
            {f"Größe in Straße {n} 温度 \U0001f321": n for n in range(count)}
        )


async def test_thousands_of_keys(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """However much is wanted, no message is larger than the server takes; values come all the same."""
    _with_many_keys(thingsboard, 3000)
    await go_live(account)
    socket = the_socket(thingsboard)
    sizes = [len(json.dumps(message).encode()) for message in socket.received]
    assert max(sizes) <= LARGEST_MESSAGE
    assert len(sizes) > 5
    assert sum(sizes) > 3000 * 40
    last = key(
        thingsboard, "Meter M1", "telemetry/Größe in Straße 2999 温度 \U0001f321"
    )
    assert account.is_live(last)
    thingsboard.device("Meter M1").put_telemetry({last.resource_id[10:]: -1})
    await becomes(account, last, -1)
    assert handshakes(thingsboard) == 1
    # All of it ends, and is subscribed anew, when something else is wanted.
    account.watch(temperature)
    await thingsboard.wait_until(lambda: len(thingsboard.live.subscriptions) == 2)
    await account.until(lambda: is_live(account, temperature))
    messages: list[Any] = thingsboard.live.messages
    assert max(len(message["cmds"]) for message in messages) <= MOST_COMMANDS


@pytest.mark.parametrize("count", [*range(200, 300, 10), 1500])
async def test_long_token(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, count: int
) -> None:
    """The sign-in is part of a message too, however full that is."""
    thingsboard.user().first_name = "x" * 1200
    _with_many_keys(thingsboard, count)
    account = accounts()
    await go_live(account)
    sizes = [len(json.dumps(m).encode()) for m in the_socket(thingsboard).received]
    assert max(sizes) <= LARGEST_MESSAGE
    assert handshakes(thingsboard) == 1


# Pages (11.3).


def _add(sim: ThingsBoardSimulator, count: int, type_: str = "node") -> list[Device]:
    devices = [Device(f"{type_} {number}", type=type_) for number in range(count)]
    for device in devices:
        sim.add_device(device)
        device.put_telemetry({"level": 0})
    return devices


async def test_new_device(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """One that comes is known after the next look; from then on it is heard like the others."""
    await go_live(account, temperature)
    account.heard.clear()
    added = thingsboard.add_device(Device("Added", type="thermostat"))
    added.put_telemetry({"temperature": 1.5})
    thingsboard.live.refresh()
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    the_key = ResourceKey(added.id, "telemetry/temperature")
    assert account.is_live(the_key) is False  # nobody has asked for it
    account.watch(temperature, the_key)
    assert is_live(account, temperature, the_key)
    added.put_telemetry({"temperature": 2.5})
    await becomes(account, the_key, 2.5)
    account.heard.clear()
    thingsboard.live.refresh()
    thingsboard.device(DEVICE).post_telemetry({"temperature": 33})
    await becomes(account, temperature, 33)
    assert ResyncNeeded() not in account.heard


async def test_deleted_device(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """One that goes is missed after the next look."""
    await go_live(account, temperature)
    account.heard.clear()
    device_id = thingsboard.device("Meter M1").id
    thingsboard.remove_device("Meter M1")
    thingsboard.live.refresh()
    await account.until_heard(ResyncNeeded())
    for _ in range(2):
        await account.refresh()
    assert device_id not in account.state.devices
    assert account.is_live(temperature)
    assert handshakes(thingsboard) == 1


async def test_more_devices_than_a_page(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A subscription is one page: each has its own (11.3)."""
    last = _add(thingsboard, 2 * LIVE_PAGE)[-1]
    await account.start()
    account.listen()
    level = ResourceKey(last.id, "telemetry/level")
    account.watch(level)
    await account.until(lambda: is_live(account, level))
    commands: list[Any] = thingsboard.live.commands("ENTITY_DATA")
    assert [c["query"]["pageLink"]["page"] for c in commands] == [0, 1, 2]
    assert len({c["cmdId"] for c in commands}) == 3
    last.put_telemetry({"level": 7})
    await becomes(account, level, 7)
    assert ResyncNeeded() not in account.heard


async def test_growth(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """A device that begins another page is heard of; until then nothing is sure."""
    have = len(thingsboard.devices) - 1  # one is of another tenant
    _add(thingsboard, LIVE_PAGE - have)
    await go_live(account, key(thingsboard, "node 0", "telemetry/level"))
    assert len(ids(thingsboard, "ENTITY_DATA")) == 1
    # The first page changes at once only if one of its own goes.
    (added,) = _add(thingsboard, 1, "late")
    thingsboard.live.refresh()
    level = ResourceKey(added.id, "telemetry/level")
    thingsboard.remove_device("node 1")
    (another,) = _add(thingsboard, 1, "later")
    thingsboard.live.refresh()
    await account.until(lambda: len(ids(thingsboard, "ENTITY_DATA")) == 2)
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    late = ResourceKey(another.id, "telemetry/level")
    account.watch(level, late)
    await account.until(lambda: is_live(account, level, late))
    another.put_telemetry({"level": 8})
    await becomes(account, late, 8)
    assert handshakes(thingsboard) == 1


async def test_unknown_number_of_pages(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """A page that does not say how many there are is taken for all."""
    await go_live(account, temperature)
    (cmd_id,) = ids(thingsboard, "ENTITY_DATA")
    account.heard.clear()
    the_socket(thingsboard).send(
        {"cmdId": cmd_id, "errorCode": 0, "data": {"data": [{}, 7], "hasNext": False}}
    )
    await account.until_heard(ResyncNeeded())
    assert len(ids(thingsboard, "ENTITY_DATA")) == 1


async def test_excluded_device(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, temperature: ResourceKey
) -> None:
    """A device that a person left out is no news, whenever it is heard of."""
    excluded = thingsboard.device("Meter M1").id
    account = accounts(choices=Choices(excluded_devices=frozenset({excluded})))
    await go_live(account, temperature)
    thingsboard.device(DEVICE).post_telemetry({"temperature": 33})
    await becomes(account, temperature, 33)
    assert ResyncNeeded() not in account.heard
    assert excluded not in account.state.devices


# Errors (11.4).


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (1, "Internal Server error!"),
        (1, "Session meta-data not found!"),
        (2, "Query is empty!"),
        (3, "Unauthorized"),
        (99, "Something later"),
    ],
)
async def test_failed_subscription(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: ResourceKey,
    code: int,
    text: str,
) -> None:
    """A server that does not tell values: these are read, and the socket is tried again later."""
    await go_live(account, temperature)
    (cmd_id,) = ids(thingsboard, "ENTITY_DATA")
    account.clock.pauses.clear()
    the_socket(thingsboard).send(_error(cmd_id, code, text))
    await account.until(lambda: bool(account.clock.pauses))
    assert not account.is_live(temperature)
    assert not account.adapter.hears_devices
    assert account.clock.pauses[0] <= FIRST_PAUSE
    thingsboard.device(DEVICE).post_telemetry({"temperature": 33})
    await account.poll()
    assert account.state.value(temperature) == 33
    await account.until_back(lambda: is_live(account, temperature))
    assert account.failure is None


async def test_message_that_cannot_be_read(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """What the server cannot parse is said to be the first command, whichever it was (11.4)."""
    await go_live(account, temperature)
    account.watch(key(thingsboard, DEVICE, "telemetry/humidity"))
    await account.until(
        lambda: is_live(account, key(thingsboard, DEVICE, "telemetry/humidity"))
    )
    assert 1 not in ids(thingsboard, "ENTITY_DATA")
    account.clock.pauses.clear()
    the_socket(thingsboard).send(_error(1, 2, "Failed to parse the payload"))
    await account.until(lambda: bool(account.clock.pauses))
    assert not account.adapter.hears_devices


@pytest.mark.parametrize("version", ["3.6.1", "3.6.2", "3.9", "4.3.1.3", "4.4.0"])
async def test_nothing_unknown_is_sent(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: ResourceKey,
    version: str,
) -> None:
    """No version of the server finds a property that it does not know."""
    thingsboard.switches.version = version
    await go_live(account, temperature)
    account.watch(temperature, key(thingsboard, DEVICE, "client/model"))
    await account.until(lambda: len(the_socket(thingsboard).received) == 2)
    added = thingsboard.add_device(Device("Added"))
    thingsboard.live.refresh()
    await account.until(lambda: len(the_socket(thingsboard).received) == 3)
    thingsboard.store.alarms.create(added, "Fire")
    await thingsboard.flush()
    frames: list[Any] = the_socket(thingsboard).sent
    assert frames
    assert [f for f in frames if f.get("errorCode")] == []


# Updates that get lost (11.4, I3725).


async def test_too_many_updates(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """While updates are dropped, values are read; after a last look the socket is trusted again."""
    await go_live(account, temperature)
    account.heard.clear()
    thingsboard.live.too_many_updates = True
    thingsboard.device(DEVICE).post_telemetry({"temperature": 33})
    await account.until(lambda: not account.is_live(temperature))
    assert not account.adapter.hears_devices
    assert account.state.value(temperature) == 21.5
    await account.poll()
    assert account.state.value(temperature) == 33
    # The server says it again: the time begins anew.
    account.clock.advance(LOSS_PAUSE - 1)
    (cmd_id,) = ids(thingsboard, "ENTITY_DATA")
    the_socket(thingsboard).send(
        {"subscriptionId": cmd_id, "errorCode": 34, "errorMsg": "Too many updates!"}
    )
    thingsboard.broadcast_raw(json.dumps(_update(cmd_id, temperature, "34")))
    await becomes(account, temperature, 34)
    account.clock.advance(LOSS_PAUSE - 1)
    assert not account.is_live(temperature)
    assert ResyncNeeded() not in account.heard
    thingsboard.live.too_many_updates = False
    account.clock.advance(2)
    await account.until_heard(ResyncNeeded())
    await account.until(lambda: is_live(account, temperature))
    assert handshakes(thingsboard) == 1
    # Asked once more, when it was over.
    assert len({*ids(thingsboard, "ENTITY_DATA")}) == 2
    assert len(thingsboard.live.subscriptions) == 2


async def test_update_limit_of_a_server(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """A real limit, and a device that is too talkative for it."""
    await go_live(account, temperature)
    thingsboard.switches.ws_update_limits = "3:600"
    for number in range(10):
        thingsboard.device(DEVICE).post_telemetry({"temperature": 40 + number})
    await account.until(lambda: not account.is_live(temperature))
    assert account.state.value(temperature) != 49
    await account.poll()
    assert account.state.value(temperature) == 49
    thingsboard.switches.ws_update_limits = ""
    account.clock.advance(LOSS_PAUSE + 1)
    await account.until(lambda: account.is_live(temperature))


async def test_lost_first_answer(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """The limit can swallow the very first values: it is asked again when the server has time."""
    thingsboard.live.too_many_updates = True
    await account.start()
    account.listen()
    account.watch(temperature)
    await thingsboard.live.wait_for_subscriptions(2)
    await thingsboard.flush()
    thingsboard.live.too_many_updates = False
    await account.until_back(lambda: is_live(account, temperature))
    thingsboard.device(DEVICE).post_telemetry({"temperature": 33})
    await becomes(account, temperature, 33)


async def test_lost_answer_to_other_keys(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    temperature: ResourceKey,
    humidity: ResourceKey,
) -> None:
    """The same in the middle of a socket's life."""
    await go_live(account, temperature)
    thingsboard.live.too_many_updates = True
    account.watch(humidity)
    await thingsboard.wait_until(lambda: len(ids(thingsboard, "ENTITY_DATA")) == 2)
    await thingsboard.flush()
    thingsboard.live.too_many_updates = False
    await account.until_back(lambda: is_live(account, humidity))
    thingsboard.device(DEVICE).post_telemetry({"humidity": 34})
    await becomes(account, humidity, 34)


async def test_device_that_came_during_a_loss(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """Other devices were told and nobody heard it: their values and alarms come all the same."""
    await go_live(account, temperature)
    account.heard.clear()
    thingsboard.live.too_many_updates = True
    added = thingsboard.add_device(Device("Added", type="thermostat"))
    thingsboard.live.refresh()
    await account.until(lambda: not account.adapter.hears_devices)
    thingsboard.live.too_many_updates = False
    account.clock.advance(LOSS_PAUSE + 1)
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    await account.until(lambda: account.adapter.hears_devices)
    await thingsboard.wait_until(lambda: len(ids(thingsboard, "ALARM_DATA")) == 2)
    the_key = ResourceKey(added.id, "telemetry/temperature")
    added.put_telemetry({"temperature": 2.5})
    thingsboard.store.alarms.create(added, "Fire")
    await account.until(lambda: bool(account.state.alarms(added.id)))
    await account.until(lambda: the_key in _heard(account))


def _heard(account: Account) -> set[ResourceKey]:
    return {
        sample.key
        for change in account.heard
        if isinstance(change, Samples)
        for sample in change.samples
        if sample.value is not None
    }


# Devices that come and go (9).


async def test_connectivity(
    thingsboard: ThingsBoardSimulator, account: Account, temperature: ResourceKey
) -> None:
    """What the server says of a device's activity, each change once."""
    await go_live(account, temperature)
    account.heard.clear()
    device = thingsboard.device("Door sensor")
    device.set_attributes("SERVER_SCOPE", {"inactivityTimeout": 1000})
    account.clock.advance(100)
    await account.until(lambda: account.online(device.id) is False)
    device.heard()
    await account.until(lambda: account.online(device.id) is True)
    heard = [c for c in account.heard if isinstance(c, Connectivity)]
    assert [(c.device_id, c.online) for c in heard] == [
        (device.id, False),
        (device.id, True),
    ]
