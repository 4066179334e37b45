"""Servers before the entity data query: 3.1 to 3.2.1 (6.1, 8.1, 19)."""

import asyncio
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thingsboard.client import LIST_PAGE
from custom_components.iot_platforms.model.change import Connectivity, Snapshot
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.errors import (
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
    UnreachableError,
)

from .conftest import Accounts, key

from tests.adapters.account import Account, case_id, samples
from tests.simulators.effects import Hang, Replace, Rewrite, Status
from tests.simulators.thingsboard import Device, Scope, ThingsBoardSimulator

LIST = "/api/tenant/devices$"
CUSTOMER = "customerA@thingsboard.org"


@pytest.fixture(params=["3.1.1", "3.2.1"])
async def old(
    request: pytest.FixtureRequest, thingsboard: ThingsBoardSimulator
) -> ThingsBoardSimulator:
    """Serve the sample as the oldest servers do."""
    thingsboard.switches.version = request.param
    return thingsboard


async def lists(account: Account) -> Snapshot:
    """Read the list."""
    found = await account.refresh()
    assert isinstance(found, Snapshot)
    return found


async def test_values(old: ThingsBoardSimulator, accounts: Accounts) -> None:
    """Devices and values are read one by one, with their types; there is no push."""
    account = accounts()
    await account.start()
    expected: dict[str, Any] = {
        "telemetry/wind": {"speed": 4.2, "direction": "NW", "gusts": [5.1, 7.9]},
        "telemetry/raining": False,
        "telemetry/serial": "007",
        "telemetry/channel": "12",
        "telemetry/version": "22.50",
        "telemetry/empty": "",
        "telemetry/Füllstand": 62,
    }
    for name, value in expected.items():
        found = account.state.value(key(old, "Weather station", name))
        assert (found, type(found)) == (value, type(value)), name
    assert account.state.value(key(old, "TH-0042", "shared/enabled")) is True
    assert account.state.value(key(old, "TH-0042", "client/model")) == "HX-3"
    position = account.state.value(key(old, "Thermostat T1", "position/server"))
    assert position == {"latitude": 37.3948, "longitude": -122.1503}
    assert account.adapter.statistics["reads_one_by_one"] is True
    assert account.adapter.statistics["has_push"] is False
    assert account.adapter.changes() is None


async def test_devices(old: ThingsBoardSimulator, accounts: Accounts) -> None:
    """Names, facts and gateways are known as on any server."""
    account = accounts()
    await account.start()
    device = account.state.device(old.device("TH-0042").id)
    assert device is not None
    assert device.name == "Living room thermostat"
    assert device.type == "thermostat"
    assert device.description == "Hall, left of the door"
    assert device.manufacturer == "Acme"
    assert device.online is True
    meter = account.state.device(old.device("Meter M1").id)
    assert meter is not None
    assert meter.parent_id == old.device("Gateway G1").id
    assert {d.device.id for d in account.state.devices.values()} == {
        d.id for d in old.devices if d.name != "Foreign device"
    }


async def test_customer_user(old: ThingsBoardSimulator, accounts: Accounts) -> None:
    """A customer's user asks for the customer's list."""
    account = accounts(email=CUSTOMER)
    await account.start()
    customer = old.customer("Customer A")
    assert set(account.state.devices) == {
        d.id for d in old.devices if d.customer is customer
    }
    assert old.requests(path=f"/api/customer/{customer.id}/devices$")
    assert old.requests(path=LIST) == []


async def test_excluded_devices(old: ThingsBoardSimulator, accounts: Accounts) -> None:
    """Nothing is asked of a device that a person left out."""
    left_out = old.device("Meter M1").id
    account = accounts(choices=Choices(excluded_devices=frozenset({left_out})))
    await account.start()
    assert left_out not in account.state.devices
    assert old.requests(device=left_out) == []


async def test_read(old: ThingsBoardSimulator, accounts: Accounts) -> None:
    """Only what is asked for is read, of the devices that have it."""
    account = accounts()
    await account.start()
    old.device("Meter M1").post_telemetry({"power": 5.5})
    old.device("Meter M2").post_telemetry({"power": 6.5})
    old.clear_requests()
    wanted = [key(old, name, "telemetry/power") for name in ("Meter M1", "Meter M2")]
    await account.read(*wanted)
    assert [account.state.value(each) for each in wanted] == [5.5, 6.5]
    paths = {request.path.partition("/values/")[2] for request in old.requests()}
    assert paths == {"timeseries", "attributes/SERVER_SCOPE"}
    assert len(old.requests()) == 4


async def test_activity(old: ThingsBoardSimulator, accounts: Accounts) -> None:
    """Devices that come and go are noticed."""
    device = old.add_device(Device("Lamp"))
    device.connect()
    account = accounts()
    await account.start()
    device.disconnect()
    old.clock.advance(700)
    changes = await account.read(key(old, "Lamp", "telemetry/x"))
    assert [c.online for c in changes if isinstance(c, Connectivity)] == [False]


async def test_read_of_a_device_that_left(
    old: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A device that left meanwhile does not keep others from being read."""
    account = accounts()
    await account.start()
    one = key(old, "Meter M1", "telemetry/power")
    other = key(old, "Meter M2", "telemetry/power")
    old.remove_device("Meter M1")
    changes = await account.read(one, other)
    assert [name for name in samples(changes) if "power" in name] == [
        f"{other.device_id}/telemetry/power"
    ]


async def test_deleted_key(old: ThingsBoardSimulator, accounts: Accounts) -> None:
    """A key that was deleted goes with complete lists that lack it."""
    account = accounts()
    await account.start()
    humidity = key(old, "TH-0042", "telemetry/humidity")
    old.device("TH-0042").delete_telemetry(["humidity"])
    for _ in range(3):
        await account.refresh()
    assert account.state.resource(humidity) is None


async def test_device_that_leaves_while_the_list_is_read(
    old: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A device that is gone before it was asked does not make the list fail."""
    account = accounts()
    await account.start()
    hang = Hang()
    old.faults.add(hang, path=LIST, count=1)
    reading = asyncio.create_task(lists(account))
    await account.until(lambda: hang.waiting == 1)
    gone = old.device("Meter M2").id
    old.faults.add(Status(404), path=f"/DEVICE/{gone}/")
    hang.release()
    snapshot = await reading
    assert gone not in {device.id for device in snapshot.devices}
    assert old.device("Meter M1").id in {device.id for device in snapshot.devices}


async def test_list_that_changes_between_pages(
    old: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A device that moves onto a page that was read already is not taken for gone."""
    for number in range(LIST_PAGE):
        old.add_device(Device(f"Extra {number:03}"))
    account = accounts()
    await account.start()
    known = set(account.state.devices)
    hang = Hang()
    old.faults.add(hang, path=LIST, skip=1, count=1)
    reading = asyncio.create_task(lists(account))
    await account.until(lambda: hang.waiting == 1)
    old.remove_device("Test Device A1")
    hang.release()
    assert not (await reading).complete
    assert set(account.state.devices) == known


@pytest.mark.parametrize(
    "broken", [[None], [{"id": {"id": "../x", "entityType": "DEVICE"}}]]
)
async def test_rows_that_are_none(
    old: ThingsBoardSimulator, accounts: Accounts, broken: list[Any]
) -> None:
    """What is no device is left out, and the list is not complete."""
    account = accounts()
    await account.start()
    old.faults.add(
        Rewrite(lambda answer: {**answer, "data": broken + answer["data"][1:]}),
        path=LIST,
    )
    snapshot = await lists(account)
    assert len(snapshot.devices) == len(account.state.devices) - 1
    assert not snapshot.complete


@pytest.mark.parametrize(
    ("effect", "error"),
    [
        (Status(503), UnreachableError),
        (Status(404), NotFoundError),
        (Replace("<html>"), UnexpectedAnswerError),
        (Replace("[]", content_type="application/json"), UnexpectedAnswerError),
    ],
    ids=case_id,
)
async def test_broken_list(
    old: ThingsBoardSimulator,
    accounts: Accounts,
    effect: Any,
    error: type[PlatformError],
) -> None:
    """A list that did not arrive says nothing."""
    account = accounts()
    await account.start()
    known = account.state
    old.faults.add(effect, path=LIST)
    with pytest.raises(error):
        await account.refresh()
    assert account.state is known


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("/values/timeseries$", "[]"),
        ("/values/timeseries$", '{"power": [], "energy": [7], "voltage": [{"ts": 1}]}'),
        ("/values/timeseries$", '{"power": [{"ts": "x", "value": null}]}'),
    ],
)
async def test_broken_telemetry(
    old: ThingsBoardSimulator, accounts: Accounts, path: str, answer: str
) -> None:
    """What is no value is left out."""
    old.faults.add(Replace(answer, content_type="application/json"), path=path)
    account = accounts()
    await account.start()
    assert account.state.resource(key(old, "Meter M1", "telemetry/power")) is None
    assert account.state.resource(key(old, "TH-0042", "shared/mode")) is not None


@pytest.mark.parametrize("answer", ['[7, null, {}, {"key": 7}]', "[]"])
async def test_broken_attributes(
    old: ThingsBoardSimulator, accounts: Accounts, answer: str
) -> None:
    """So it is with attributes."""
    old.faults.add(
        Replace(answer, content_type="application/json"), path="/values/attributes"
    )
    account = accounts()
    await account.start()
    assert account.state.resource(key(old, "TH-0042", "shared/mode")) is None
    assert account.state.value(key(old, "Meter M1", "telemetry/power")) == 431.5


async def test_server_without_a_version(
    old: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """The oldest servers do not tell their version: it shows in what they do not know."""
    account = accounts()
    await account.start()
    assert account.adapter.statistics["version"] is None
    first = [r for r in old.requests() if r.status == 404]
    old.clear_requests()
    await account.refresh()
    assert first
    assert not [r for r in old.requests() if r.status == 404]


async def test_old_server_that_tells_its_version(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Where it is known, nothing is tried in vain."""
    thingsboard.switches.version = "3.2.1"
    thingsboard.faults.add(
        Status(200, body='{"version":"3.2.1"}', content_type="application/json"),
        path="/system/info$",
    )
    account = accounts()
    await account.start()
    assert account.state.value(key(thingsboard, "Meter M1", "telemetry/power")) == 431.5
    assert not thingsboard.requests(path="/find/keys$")


async def test_attributes_have_times(
    old: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Attributes have the time of their last change."""
    account = accounts()
    await account.start()
    sample = account.state.sample(key(old, "TH-0042", "shared/mode"))
    assert sample is not None
    stored = old.device("TH-0042").attributes[Scope.SHARED]["mode"]
    assert sample.at == stored.ts / 1000
