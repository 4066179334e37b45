"""Where devices are: assets, customers, attributes (13)."""

from typing import Any

import pytest

from custom_components.iot_platforms.adapters.thingsboard.client import PAGE
from custom_components.iot_platforms.model.errors import UnreachableError

from .conftest import Accounts

from tests.adapters.account import Account, case_id
from tests.simulators.effects import Replace, Rewrite, Status
from tests.simulators.thingsboard import Asset, Device, Edition, ThingsBoardSimulator

CUSTOMER = "customerA@thingsboard.org"
FIND = "/api/entitiesQuery/find$"


def areas(account: Account, sim: ThingsBoardSimulator) -> dict[str, str | None]:
    """Return the areas of all devices by their names."""
    names = {device.id: device.name for device in sim.devices}
    return {
        names[device_id]: known.device.area
        for device_id, known in account.state.devices.items()
        if device_id in names
    }


@pytest.mark.parametrize("edition", [*Edition])
async def test_rooms(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, edition: Edition
) -> None:
    """A device is where its asset is, else at its customer's."""
    thingsboard.switches.edition = edition
    account = accounts()
    await account.start()
    found = areas(account, thingsboard)
    assert found["TH-0042"] == found["Thermostat T1"] == "Living room"
    assert found["Thermostat T2"] == "Kitchen"
    assert found["Meter M1"] == "Basement"
    assert found["Test Device A1"] == "Customer A"
    assert found["Tracker"] is None
    # Everybody is nowhere.
    assert found["Weather station"] is None


async def test_requests(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """All places take two requests, and none while nothing new is there."""
    await account.adapter.connect()
    await account.refresh()
    filters = [r.json()["entityFilter"] for r in thingsboard.requests(path=FIND)]
    assert [each["type"] for each in filters] == [
        "entityType",
        "entityType",
        "relationsQuery",
    ]
    assert filters[2]["multiRootEntityIds"] == sorted(
        each.id for each in thingsboard.store.assets
    )
    thingsboard.clear_requests()
    await account.refresh()
    assert len(thingsboard.requests(path=FIND)) == 1


async def test_new_device(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Where a new device is, is found out when it comes."""
    await account.start()
    device = thingsboard.add_device(Device("Newcomer"))
    thingsboard.store.relate(thingsboard.asset("Kitchen"), device)
    await account.refresh()
    assert areas(account, thingsboard)["Newcomer"] == "Kitchen"


@pytest.mark.parametrize("first", ["building", "room"])
async def test_two_parents(
    thingsboard: ThingsBoardSimulator, account: Account, first: str
) -> None:
    """Of two assets the one that is a room counts, in whatever order they come."""
    device = thingsboard.add_device(Device("Lamp"))
    kinds = ["building", "room"] if first == "building" else ["room", "building"]
    for kind in kinds:
        asset = thingsboard.store.add(Asset(f"A {kind}", type=kind))
        thingsboard.store.relate(asset, device)
    await account.start()
    assert areas(account, thingsboard)["Lamp"] == "A room"


async def test_label(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """The label of an asset is its name."""
    thingsboard.asset("Kitchen").label = " Big kitchen "
    await account.start()
    assert areas(account, thingsboard)["Thermostat T2"] == "Big kitchen"


async def test_other_relations(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Only what contains a device is its place."""
    device = thingsboard.add_device(Device("Lamp"))
    thingsboard.store.relate(thingsboard.asset("Kitchen"), device, type="Manages")
    await account.start()
    assert areas(account, thingsboard)["Lamp"] is None


async def test_customer_user(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """To its own users a customer is no place."""
    account = accounts(email=CUSTOMER)
    await account.start()
    found = areas(account, thingsboard)
    assert found["TH-0042"] == "Living room"
    assert found["Test Device A1"] is None


async def test_server_without_owners(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Older servers tell no owners, and rooms all the same."""
    thingsboard.switches.version = "3.6.4"
    account = accounts()
    await account.start()
    found = areas(account, thingsboard)
    assert found["TH-0042"] == "Living room"
    assert found["Test Device A1"] is None


async def test_no_assets(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Without assets nobody is asked what is in them."""
    for asset in thingsboard.store.assets:
        thingsboard.store.remove(asset)
    await account.start()
    assert areas(account, thingsboard)["TH-0042"] == "Customer A"
    assert len(thingsboard.requests(path=FIND)) == 2


async def test_many_assets(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """More assets than fit on a page are all looked at."""
    for number in range(PAGE):
        thingsboard.store.add(Asset(f"Room {number}", type="room"))
    last = thingsboard.store.add(Asset("Attic", type="room"))
    thingsboard.store.relate(last, thingsboard.device("Tracker"))
    await account.start()
    assert areas(account, thingsboard)["Tracker"] == "Attic"


@pytest.mark.parametrize(
    "effect",
    [
        Status(403),
        Status(404),
        Status(400),
        Status(
            500,
            body='{"status":500,"message":"Unsupported","errorCode":2}',
            content_type="application/json",
        ),
        Replace("{}", content_type="application/json"),
    ],
    ids=case_id,
)
@pytest.mark.parametrize("skip", [1, 2], ids=["assets", "relations"])
async def test_server_without_places(
    thingsboard: ThingsBoardSimulator, account: Account, effect: Any, skip: int
) -> None:
    """A server that does not tell where devices are tells of devices all the same (20)."""
    thingsboard.faults.add(effect, path=FIND, skip=skip, count=1)
    await account.start()
    found = areas(account, thingsboard)
    assert found["TH-0042"] == "Customer A"
    assert found["Tracker"] is None


async def test_trouble_while_looking(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Trouble that passes is waited for: who finds a device without its place forgets it."""
    await account.adapter.connect()
    thingsboard.faults.add(Status(503), path=FIND, skip=1, count=1)
    with pytest.raises(UnreachableError):
        await account.refresh()
    await account.refresh()
    assert areas(account, thingsboard)["TH-0042"] == "Living room"


def _odd_parents(answer: Any) -> Any:
    for row in answer["data"]:
        if "parentId" in row["latest"]["ENTITY_FIELD"]:
            row["latest"]["ENTITY_FIELD"]["parentId"] = {"ts": 1, "value": "unknown"}
    return answer


async def test_unknown_parent(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A parent that nobody has heard of is no place."""
    thingsboard.faults.add(Rewrite(_odd_parents), path=FIND)
    await account.start()
    assert areas(account, thingsboard)["Tracker"] is None
    assert areas(account, thingsboard)["TH-0042"] == "Customer A"
