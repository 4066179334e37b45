"""Which keys there are, and of which types their values are (7.6)."""

from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thingsboard.catalog import (
    MOST_ASKED,
    newest,
)
from custom_components.iot_platforms.adapters.thingsboard.client import KEYS_PAGE
from custom_components.iot_platforms.model.errors import UnreachableError
from custom_components.iot_platforms.model.value import JsonValue

from .conftest import Accounts, key

from tests.adapters.account import Account
from tests.simulators.effects import Replace, Rewrite, Status
from tests.simulators.thingsboard import Device, Scope, ThingsBoardSimulator

NEW = "4.3.1.3"
OLD = "4.2.1"
OLDEST = "3.2.2"
VERSIONS = pytest.mark.parametrize("version", [NEW, OLD, OLDEST])
KEYS = "/api/entitiesQuery/find/keys$"
TYPED_KEYS = "/api/v2/entitiesQuery/find/keys$"
VALUES = "/values/(timeseries|attributes)"
FIND = "/api/entitiesQuery/find$"


def values(account: Account, sim: ThingsBoardSimulator, device: str) -> dict[str, Any]:
    """Return all values of a device."""
    known = account.state.devices[sim.device(device).id]
    return {
        each.resource_id: account.state.value(each)
        for each in known.resources
        if not each.leaf
    }


# Both ways.


@VERSIONS
async def test_types(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, version: str
) -> None:
    """Texts that look like numbers stay texts, whichever way the server tells it."""
    thingsboard.switches.version = version
    meter = thingsboard.device("Meter M1")
    meter.put_telemetry({"code": "12", "count": 12, "on": True, "word": "true"})
    meter.save_attributes(Scope.SHARED, {"pin": "1234", "limit": 1234})
    meter.save_attributes(Scope.CLIENT, {"list": "[]", "parts": [1]})
    account = accounts()
    await account.start()
    found = values(account, thingsboard, "Meter M1")
    expected: dict[str, JsonValue] = {
        "telemetry/code": "12",
        "telemetry/count": 12,
        "telemetry/on": True,
        "telemetry/word": "true",
        "shared/pin": "1234",
        "shared/limit": 1234,
        "client/list": "[]",
        "client/parts": [1],
    }
    for name, value in expected.items():
        assert (found[name], type(found[name])) == (value, type(value)), name
    # And so they stay.
    for _ in range(2):
        account.clock.advance(301)
        await account.refresh()
        await account.poll()
    assert values(account, thingsboard, "Meter M1")["telemetry/code"] == "12"


async def test_typed_keys(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Newer servers tell keys and types in one request, and nobody is asked one by one."""
    await account.start()
    (request,) = thingsboard.requests(path=TYPED_KEYS)
    assert request.query == {
        "includeTimeseries": "true",
        "includeAttributes": "true",
        "includeSamples": "true",
    }
    assert thingsboard.requests(path=KEYS) == []
    assert thingsboard.requests(path=VALUES) == []


async def test_old_keys(thingsboard: ThingsBoardSimulator, accounts: Accounts) -> None:
    """Older servers tell names alone, by source; a few devices tell types, each key once."""
    thingsboard.switches.version = OLD
    account = accounts()
    await account.start()
    asked = [
        (r.query["timeseries"], r.query["attributes"], r.query.get("scope"))
        for r in thingsboard.requests(path=KEYS)
        if r.path.startswith("/api/entitiesQuery")
    ]
    assert asked == [
        ("true", "false", None),
        ("false", "true", "SHARED_SCOPE"),
        ("false", "true", "SERVER_SCOPE"),
        ("false", "true", "CLIENT_SCOPE"),
    ]
    learned = thingsboard.requests(path=VALUES)
    assert 0 < len(learned) <= 20
    assert len(thingsboard.requests(path=TYPED_KEYS)) == 1
    thingsboard.clear_requests()
    await account.refresh()
    assert [r.path for r in thingsboard.requests()] == ["/api/entitiesQuery/find"]


async def test_learning_is_bounded(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """However different devices are, only a few are asked at a time."""
    thingsboard.switches.version = OLD
    for number in range(MOST_ASKED + 20):
        device = thingsboard.add_device(Device(f"Odd {number}"))
        device.put_telemetry({f"only here {number}": "12"})
    account = accounts()
    await account.start()
    asked = {r.device for r in thingsboard.requests(path=VALUES)}
    assert len(asked) == MOST_ASKED
    await account.refresh()
    found = {r.device for r in thingsboard.requests(path=VALUES)}
    assert len(found) > MOST_ASKED
    thingsboard.clear_requests()
    await account.refresh()
    assert thingsboard.requests(path=VALUES) == []


async def test_many_unsure_keys_of_a_device(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Types are learned even of a device with more keys than an address can name."""
    thingsboard.switches.version = OLD
    meter = thingsboard.device("Meter M1")
    meter.put_telemetry({f"a rather long name {n:04}": "12" for n in range(400)})
    account = accounts()
    await account.start()
    found = values(account, thingsboard, "Meter M1")
    assert found["telemetry/a rather long name 0000"] == "12"
    assert found["telemetry/a rather long name 0399"] == "12"


@VERSIONS
async def test_key_with_a_comma(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, version: str
) -> None:
    """A comma in a key does not cut it in two, on any server."""
    thingsboard.switches.version = version
    meter = thingsboard.device("Meter M1")
    meter.put_telemetry({"a,b": "12", "a": 1, "b": 2})
    meter.save_attributes(Scope.SHARED, {"c,d": "12"})
    account = accounts()
    await account.start()
    found = values(account, thingsboard, "Meter M1")
    assert found["telemetry/a,b"] == "12"
    assert found["shared/c,d"] == "12"
    assert found["telemetry/a"] == 1


async def test_device_that_may_not_be_asked(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Where types cannot be learned, values are what they look like."""
    thingsboard.switches.version = OLD
    thingsboard.device("Meter M1").put_telemetry({"code": "12"})
    thingsboard.faults.add(Status(403), path=VALUES)
    account = accounts()
    await account.start()
    assert values(account, thingsboard, "Meter M1")["telemetry/code"] == 12


# Other devices.


@VERSIONS
async def test_more_devices_than_a_look_sees(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, version: str
) -> None:
    """Keys that only a late device has are found with the first list (7.6)."""
    thingsboard.switches.version = version
    for number in range(KEYS_PAGE + 20):
        thingsboard.add_device(Device(f"Extra {number}")).put_telemetry({"level": 1})
    thingsboard.device(f"Extra {KEYS_PAGE + 19}").put_telemetry({"rare": 5})
    account = accounts()
    await account.start()
    found = values(account, thingsboard, f"Extra {KEYS_PAGE + 19}")
    assert found == {"telemetry/level": 1, "telemetry/rare": 5}
    # Each look sees all of them from then on.
    thingsboard.device(f"Extra {KEYS_PAGE + 18}").put_telemetry({"new": 7})
    account.clock.advance(400)
    await account.refresh()
    found = values(account, thingsboard, f"Extra {KEYS_PAGE + 18}")
    assert found["telemetry/new"] == 7


async def test_interval(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """The more devices there are, the rarer is the look at their keys."""
    for number in range(KEYS_PAGE * 5):
        thingsboard.add_device(Device(f"Extra {number}")).put_telemetry({"level": 1})
    await account.start()
    looks = len(thingsboard.requests(path=TYPED_KEYS))
    assert looks == 6
    account.clock.advance(301)
    await account.refresh()
    assert len(thingsboard.requests(path=TYPED_KEYS)) == looks
    account.clock.advance(300)
    await account.refresh()
    assert len(thingsboard.requests(path=TYPED_KEYS)) == 2 * looks


async def test_failed_look(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """A look that failed is made up for."""
    fault = thingsboard.faults.add(Status(503), path=TYPED_KEYS)
    await account.adapter.connect()
    with pytest.raises(UnreachableError):
        await account.refresh()
    fault.remove()
    await account.refresh()
    assert values(account, thingsboard, "TH-0042")["telemetry/temperature"] == 21.5


@VERSIONS
async def test_same_name_in_all_scopes(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, version: str
) -> None:
    """One name can stand for four values."""
    thingsboard.switches.version = version
    meter = thingsboard.device("Meter M1")
    meter.put_telemetry({"limit": 1})
    meter.save_attributes(Scope.SHARED, {"limit": 2})
    meter.save_attributes(Scope.SERVER, {"limit": 3})
    meter.save_attributes(Scope.CLIENT, {"limit": 4})
    account = accounts()
    await account.start()
    found = values(account, thingsboard, "Meter M1")
    assert [
        found[f"{source}/limit"]
        for source in ("telemetry", "shared", "server", "client")
    ] == [1, 2, 3, 4]


async def test_key_of_two_types(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A key may mean a number on one device and a text on another: no value gets lost."""
    thingsboard.device("Meter M1").put_telemetry({"mixed": 12.5})
    thingsboard.clock.advance(1)
    thingsboard.device("Meter M2").put_telemetry({"mixed": "on fire"})
    await account.start()
    assert values(account, thingsboard, "Meter M2")["telemetry/mixed"] == "on fire"
    assert str(values(account, thingsboard, "Meter M1")["telemetry/mixed"]) == "12.5"


async def test_type_that_stays(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A number that is a text for once does not turn all others into texts."""
    meter = thingsboard.device("Meter M1")
    await account.start()
    meter.put_telemetry({"power": "overload"})
    account.clock.advance(301)
    snapshot = await account.adapter.snapshot()
    told = {
        sample.key: sample.value
        for listing in snapshot.listings
        for sample in listing.samples
    }
    assert told[key(thingsboard, "Meter M1", "telemetry/power")] == "overload"
    assert told[key(thingsboard, "Meter M2", "telemetry/power")] == 0


# Broken answers.


@pytest.mark.parametrize(
    "answer",
    [
        "{}",
        '{"timeseries": null, "attributes": null}',
        '{"timeseries": {}, "attributes": []}',
        '{"timeseries": [7, null, {"key": 7}, {}], "attributes": {"SHARED_SCOPE": 1}}',
        '{"timeseries": [{"key": "power"}, {"key": "energy", "sample": 7}]}',
    ],
)
async def test_broken_keys(
    thingsboard: ThingsBoardSimulator, account: Account, answer: str
) -> None:
    """What is no key is left out."""
    fault = thingsboard.faults.add(
        Replace(answer, content_type="application/json"), path=TYPED_KEYS
    )
    await account.start()
    found = values(account, thingsboard, "Meter M1")
    assert set(found) <= {"telemetry/power", "telemetry/energy"}
    fault.remove()
    account.clock.advance(301)
    await account.refresh()
    assert values(account, thingsboard, "Meter M1")["telemetry/power"] == 431.5


@pytest.mark.parametrize(
    "answer",
    ["{}", '{"timeseries": null, "attribute": 7}', '{"timeseries": [7, null]}'],
)
async def test_broken_old_keys(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, answer: str
) -> None:
    """So it is with older servers."""
    thingsboard.switches.version = OLD
    thingsboard.faults.add(Replace(answer, content_type="application/json"), path=KEYS)
    account = accounts()
    await account.start()
    assert values(account, thingsboard, "Meter M1") == {}


@pytest.mark.parametrize(
    "broken",
    [
        lambda _: {},
        lambda _: [],
        lambda _: [{"key": "pin"}, 7, {"value": 1}],
        lambda _: {"code": [], "count": [7], "power": [{"ts": 1}]},
    ],
)
async def test_broken_types(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, broken: Any
) -> None:
    """What does not tell a type leaves values as they look."""
    thingsboard.switches.version = OLD
    meter = thingsboard.device("Meter M1")
    meter.put_telemetry({"code": "12"})
    thingsboard.faults.add(Rewrite(broken), path="/values/timeseries$")
    account = accounts()
    await account.start()
    found = values(account, thingsboard, "Meter M1")
    assert found["telemetry/code"] == 12
    assert found["telemetry/power"] == 431.5


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"a": [{"ts": 1, "value": 2}, {"ts": 0, "value": 1}]}, {"a": 2}),
        ({"a": [{"ts": 1}]}, {"a": None}),
        ({"a": [], "b": 7, "c": [7], "d": None}, {}),
        ({}, {}),
        ([], {}),
        (None, {}),
    ],
)
def test_newest(answer: JsonValue, expected: dict[str, JsonValue]) -> None:
    """The newest value of each key, as far as there is one."""
    assert newest(answer) == expected


async def test_hidden_device_tells_its_keys(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Keys are asked for all devices in the order of their making."""
    await account.start()
    (request,) = thingsboard.requests(path=TYPED_KEYS)
    body = request.json()
    assert body["entityFilter"] == {"type": "entityType", "entityType": "DEVICE"}
    assert body["pageLink"]["pageSize"] == KEYS_PAGE
    assert key(thingsboard, "TH-0042", "telemetry/temperature") in account.wanted()
