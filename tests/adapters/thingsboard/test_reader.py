"""Everything in as few requests as there are pages of devices (7)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
import json
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thingsboard.client import PAGE
from custom_components.iot_platforms.adapters.thingsboard.reader import MOST_KEYS
from custom_components.iot_platforms.model.change import Change, Samples, Snapshot
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.errors import (
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)

from .conftest import Accounts, key

from tests.adapters.account import Account, case_id, samples
from tests.simulators.effects import (
    Gzip,
    Hang,
    Replace,
    Rewrite,
    Status,
    Truncate,
    duplicate_rows,
    nulls,
    numbers_as_strings,
)
from tests.simulators.thingsboard import Device, ThingsBoardSimulator

FIND = "/api/entitiesQuery/find$"
KEYS = "/find/keys$"
CODE_2 = Status(
    500,
    body='{"status":500,"message":"Request timeout","errorCode":2}',
    content_type="application/json",
)


def add_devices(sim: ThingsBoardSimulator, count: int, **values: Any) -> None:
    """Add devices that are all alike."""
    for number in range(count):
        device = sim.add_device(Device(f"Extra {number:04}", type="extra"))
        device.put_telemetry(values or {"level": number})


def finds(sim: ThingsBoardSimulator) -> list[Any]:
    """Return the queries for devices so far."""
    return [
        body
        for request in sim.requests("POST", FIND)
        if (body := request.json())["entityFilter"] == ALL
    ]


ALL = {"type": "entityType", "entityType": "DEVICE"}


async def lists(account: Account) -> Snapshot:
    """Read the list."""
    found = await account.refresh()
    assert isinstance(found, Snapshot)
    return found


# The budget.


async def test_first_list(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """The first list costs a look for keys, a page of devices, and where they are."""
    await account.adapter.connect()
    thingsboard.clear_requests()
    await lists(account)
    paths = [request.path for request in thingsboard.requests()]
    assert paths == [
        "/api/v2/entitiesQuery/find/keys",
        "/api/entitiesQuery/find",
        "/api/entitiesQuery/find",
        "/api/entitiesQuery/find",
    ]


async def test_lists_after_it(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Each list after it costs one request for each page of devices."""
    add_devices(thingsboard, PAGE)
    await account.start()
    thingsboard.clear_requests()
    snapshot = await lists(account)
    assert len(snapshot.devices) > PAGE
    assert [request.path for request in thingsboard.requests()] == [
        "/api/entitiesQuery/find",
        "/api/entitiesQuery/find",
    ]


async def test_values_of_all(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """To read all values costs no more, however many keys there are."""
    await account.start()
    thingsboard.clear_requests()
    await account.poll()
    (request,) = thingsboard.requests()
    assert len(request.json()["latestValues"]) > 40
    assert request.json()["entityFields"] == []


async def test_values_of_a_few(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """To read a few asks for these devices and keys, and whether they are active."""
    await account.start()
    thingsboard.clear_requests()
    await account.read(
        key(thingsboard, "Meter M1", "telemetry/power"),
        key(thingsboard, "TH-0042", "shared/mode"),
    )
    (request,) = thingsboard.requests()
    body = request.json()
    assert body["entityFilter"] == {
        "type": "entityList",
        "entityType": "DEVICE",
        "entityList": sorted(thingsboard.device(n).id for n in ("Meter M1", "TH-0042")),
    }
    assert {(k["type"], k["key"]) for k in body["latestValues"]} == {
        ("TIME_SERIES", "power"),
        ("SHARED_ATTRIBUTE", "mode"),
        ("SERVER_ATTRIBUTE", "active"),
        ("TIME_SERIES", "active"),
    }


async def test_values_of_many(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """More devices than fit on a page are not named one by one, and no others are told."""
    add_devices(thingsboard, PAGE + 20)
    await account.start()
    left_out = thingsboard.device("Extra 0000")
    wanted = [
        key(thingsboard, device.name, "telemetry/level")
        for device in thingsboard.devices
        if device.name.startswith("Extra") and device is not left_out
    ]
    thingsboard.clear_requests()
    changes = await account.read(*wanted)
    assert [request.json()["entityFilter"] for request in thingsboard.requests()] == [
        ALL,
        ALL,
    ]
    told = samples(changes)
    assert len(told) == PAGE + 19
    assert not [name for name in told if left_out.id in name]


async def test_nothing_new(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """A device that has nothing new is asked with all others, and told to nobody."""
    await account.start()
    one, other = (
        key(thingsboard, name, "telemetry/power") for name in ("Meter M1", "Meter M2")
    )
    assert told(await account.read(one, other)) == {one, other}
    assert told(await account.read(one, other)) == set()
    thingsboard.device("Meter M1").put_telemetry({"power": 7})
    assert told(await account.read(one, other)) == {one}
    assert account.state.value(one) == 7
    # Another question has other answers.
    energy = key(thingsboard, "Meter M2", "telemetry/energy")
    assert told(await account.read(one, other, energy)) >= {one, other, energy}


def told(changes: list[Change]) -> set[ResourceKey]:
    """Return the resources that values were told of."""
    return {s.key for c in changes if isinstance(c, Samples) for s in c.samples}


async def test_order(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Every query has an order, or pages would overlap (7.1)."""
    await account.start()
    await account.poll()
    for request in thingsboard.requests("POST", "entitiesQuery"):
        order = request.json()["pageLink"]["sortOrder"]
        assert order == {
            "key": {"type": "ENTITY_FIELD", "key": "createdTime"},
            "direction": "ASC",
        }


async def test_many_keys(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Too many keys for one query are asked for in portions, and all arrive."""
    count = MOST_KEYS + 60
    device = thingsboard.device("Meter M1")
    device.post_telemetry({f"key {n:03}": n for n in range(count)})
    await account.start()
    for number in (0, MOST_KEYS, count - 1):
        odd = key(thingsboard, "Meter M1", f"telemetry/key {number:03}")
        assert account.state.value(odd) == number
    other = key(thingsboard, "TH-0042", "telemetry/temperature")
    assert account.state.value(other) == 21.5
    asked = finds(thingsboard)
    assert max(len(body["latestValues"]) for body in asked) == MOST_KEYS
    assert len(asked) == 2
    thingsboard.clear_requests()
    await account.refresh()
    await account.poll()
    assert len(thingsboard.requests("POST", FIND)) == 4


# Broken answers.


@pytest.mark.parametrize(
    "effect",
    [
        Replace("<html><body>Portal</body></html>"),
        Replace("{}", content_type="application/json"),
        Replace("null", content_type="application/json"),
        Replace('{"data": null}', content_type="application/json"),
        Replace('{"data": {}}', content_type="application/json"),
        Truncate(),
        Status(200, body="", content_type=None),
    ],
    ids=case_id,
)
async def test_broken_list(
    thingsboard: ThingsBoardSimulator, account: Account, effect: Any
) -> None:
    """What is no list is said to be none; nothing gets lost by it."""
    await account.start()
    known = account.state
    thingsboard.faults.add(effect, path=FIND)
    with pytest.raises(UnexpectedAnswerError):
        await account.refresh()
    with pytest.raises(UnexpectedAnswerError):
        await account.poll()
    assert account.state is known


def _without_total(answer: Any) -> Any:
    return {name: part for name, part in answer.items() if name != "totalElements"}


def _broken_rows(answer: Any) -> Any:
    rows = answer["data"]
    rows[0] = None
    rows[1]["entityId"] = {"id": "../../x"}
    rows[2]["latest"] = [1]
    return answer


@pytest.mark.parametrize(
    ("change", "complete"),
    [
        (_without_total, False),
        (_broken_rows, False),
        (nulls, False),
        (numbers_as_strings, False),
        (duplicate_rows, True),
    ],
    ids=case_id,
)
async def test_odd_list(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    change: Callable[[Any], Any],
    complete: bool,
) -> None:
    """An odd list is used as far as it goes, and nobody is thought to be gone because of it."""
    await account.start()
    known = dict(account.state.devices)
    power = key(thingsboard, "Meter M2", "telemetry/energy")
    thingsboard.device("Meter M2").post_telemetry({"energy": 55.5})
    thingsboard.faults.add(Rewrite(change), path=FIND)
    for _ in range(4):
        assert (await lists(account)).complete is complete
    assert account.state.value(power) == 55.5
    assert account.state.devices.keys() == known.keys()
    for device_id, device in account.state.devices.items():
        assert device.resources.keys() == known[device_id].resources.keys()


@pytest.mark.parametrize("change", [nulls, numbers_as_strings, duplicate_rows])
async def test_odd_first_list(
    thingsboard: ThingsBoardSimulator, account: Account, change: Callable[[Any], Any]
) -> None:
    """The first list may be odd as well: no device gets what it does not have."""
    thingsboard.faults.add(Rewrite(change), path=FIND)
    await account.start()
    bare = thingsboard.device("Test Device A1").id
    assert account.state.devices[bare].resources == {}


async def test_compressed_list(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A proxy may compress what the server tells."""
    thingsboard.faults.add(Gzip(), path=FIND)
    await account.start()
    assert account.state.devices


async def test_endless_list(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A server that always says that there is more is not asked for ever."""
    await account.start()
    thingsboard.clear_requests()
    thingsboard.faults.add(
        Rewrite(lambda answer: {**answer, "hasNext": True}), path=FIND
    )
    assert (await lists(account)).complete
    assert len(thingsboard.requests()) == 2


# Lists that change while they are read.


async def test_device_made_between_pages(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A list that grew meanwhile is not taken for complete; the next one is."""
    add_devices(thingsboard, PAGE)
    await account.start()
    hang = Hang()
    thingsboard.faults.add(hang, path=FIND, skip=1, count=1)
    reading = asyncio.create_task(lists(account))
    await account.until(lambda: hang.waiting == 1)
    thingsboard.add_device(Device("Newcomer"))
    hang.release()
    snapshot = await reading
    assert not snapshot.complete
    assert not any(listing.complete for listing in snapshot.listings)
    assert (await lists(account)).complete


async def test_device_deleted_between_pages(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A device that moves onto a page that was read already is not lost."""
    add_devices(thingsboard, PAGE)
    await account.start()
    known = set(account.state.devices)
    hang = Hang()
    thingsboard.faults.add(hang, path=FIND, skip=1, count=1)
    reading = asyncio.create_task(lists(account))
    await account.until(lambda: hang.waiting == 1)
    gone = thingsboard.device("Test Device A1").id
    thingsboard.remove_device(gone)
    hang.release()
    snapshot = await reading
    assert not snapshot.complete
    assert set(account.state.devices) == known
    for _ in range(3):
        await account.refresh()
    assert set(account.state.devices) == known - {gone}


# Trouble.


@pytest.mark.parametrize("limits", ["3:10", "3:1,5:60"])
async def test_rate_limit(
    thingsboard: ThingsBoardSimulator, account: Account, limits: str
) -> None:
    """Where the tenant's budget is used up nothing is sent for a while (18)."""
    await account.start()
    thingsboard.switches.tenant_rest_limits = limits
    await account.refresh()
    await account.refresh()
    await account.refresh()
    with pytest.raises(RateLimitedError):
        await account.refresh()
    assert thingsboard.rate_limited == 1
    thingsboard.clear_requests()
    for _ in range(10):
        with pytest.raises(RateLimitedError):
            await account.poll()
    assert thingsboard.requests() == []
    account.clock.advance(31)
    await account.refresh()
    assert thingsboard.rate_limited == 1


async def test_general_error(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A query that took too long for the server is trouble that passes (3.1)."""
    await account.start()
    fault = thingsboard.faults.add(CODE_2, path=FIND)
    for step in (account.refresh, account.poll):
        with pytest.raises(UnreachableError) as raised:
            await step()
        assert raised.value.code == 2
    fault.remove()
    await account.refresh()


@pytest.mark.parametrize("skip", [0, 1, 2, 3])
@pytest.mark.parametrize("effect", [Status(503), Status(429)], ids=case_id)
async def test_trouble_within_the_first_list(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, skip: int, effect: Any
) -> None:
    """Wherever the first list breaks off, the next try is whole."""
    account = accounts()
    await account.adapter.connect()
    thingsboard.faults.add(effect, path="/entitiesQuery/", skip=skip, count=1)
    with suppress(UnreachableError, RateLimitedError):
        await account.refresh()
    account.clock.advance(400)
    snapshot = await lists(account)
    assert snapshot.complete
    living = account.state.device(thingsboard.device("TH-0042").id)
    assert living is not None
    assert living.area == "Living room"
    temperature = key(thingsboard, "TH-0042", "telemetry/temperature")
    assert account.state.value(temperature) == 21.5


async def test_long_lists_hold_up_nobody(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Half of a list that broke off is not taken for the whole."""
    add_devices(thingsboard, PAGE)
    await account.start()
    known = set(account.state.devices)
    thingsboard.faults.add(Status(503), path=FIND, skip=1, count=1)
    with pytest.raises(UnreachableError):
        await account.refresh()
    assert set(account.state.devices) == known


def test_pages_are_not_too_large() -> None:
    """A page of devices with all keys stays within what the server sends in one piece."""
    row = json.dumps(
        {"telemetry": {f"key{n}": {"ts": 1e12, "value": "21.5"} for n in range(50)}}
    )
    assert PAGE * len(row) < 16 * 1024 * 1024
