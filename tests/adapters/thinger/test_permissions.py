"""What a narrow token may not do: one right less is one capability less (3.5)."""

from typing import Any

import pytest

from custom_components.iot_platforms.model.command import Write
from custom_components.iot_platforms.model.device import ResourceKind
from custom_components.iot_platforms.model.errors import ForbiddenError
from custom_components.iot_platforms.model.platform import Capability

from .conftest import Accounts

from tests.adapters.account import Account, key_of, samples
from tests.simulators.thinger import ThingerSimulator

RX = "boiler_ctl/$stats:rx_bytes"
WORKS = {
    Capability.RESOURCE_LIST: lambda a: a.kinds("boiler_ctl") != {},
    Capability.RESOURCE_ACCESS: lambda a: a.value("boiler_ctl/temperature") == 21.5,
    Capability.STATISTICS: lambda a: a.value(RX) is not None,
    Capability.PROPERTIES: lambda a: a.value("boiler_ctl/$property/setpoint") == 21,
    Capability.BUCKETS: lambda a: (
        a.value("boiler_ctl/$bucket/climate:celsius") is not None
    ),
}
"""What shows that something works."""


def narrow(sim: ThingerSimulator, accounts: Accounts, deny: Any) -> Account:
    """Return an account whose token may not do something."""
    jwt = sim.mint_access_token("narrow", deny=deny).jwt
    return accounts({"url": sim.url, "access_token": jwt})


@pytest.mark.parametrize(
    ("deny", "missing"),
    [
        ({"Device": {"*": ["ListDeviceResources"]}}, {Capability.RESOURCE_LIST, Capability.RESOURCE_ACCESS}),
        ({"Device": {"*": ["AccessDeviceResources"]}}, {Capability.RESOURCE_ACCESS}),
        ({"Device": {"*": ["ReadDeviceStatistics"]}}, {Capability.STATISTICS}),
        ({"Device": {"*": ["ReadDeviceProperty"]}}, {Capability.PROPERTIES}),
        ({"Bucket": {"*": ["ListBuckets"]}}, {Capability.BUCKETS}),
        ({"Bucket": {"*": ["ReadBucket"]}}, {Capability.BUCKETS}),
        ({"Event": {"*": ["ListenEvents"]}}, set()),
        ({"Product": "*", "Group": "*", "Type": "*"}, set()),
    ],
)  # fmt: skip
async def test_one_right_less(
    sim: ThingerSimulator,
    accounts: Accounts,
    deny: Any,
    missing: set[Capability],
) -> None:
    """Each refusal switches off one capability, says so, and leaves the rest."""
    account = narrow(sim, accounts, deny)
    await account.start()
    await account.read(RX)
    assert {c for c, works in WORKS.items() if not works(account)} == missing
    # Without the list nobody comes to read values: only what was refused is shown.
    shown = missing - (
        {Capability.RESOURCE_ACCESS} if Capability.RESOURCE_LIST in missing else set()
    )
    assert set(account.adapter.denied) == shown
    assert all(account.adapter.denied.values())
    assert account.online("boiler_ctl") is True


async def test_nobody_asks_twice(sim: ThingerSimulator, accounts: Accounts) -> None:
    """What was refused is not asked for again, by nobody."""
    deny = {
        "Device": {
            "*": [
                "ListDeviceResources",
                "AccessDeviceResources",
                "ReadDeviceStatistics",
                "ReadDeviceProperty",
            ]
        },
        "Bucket": "*",
        "Event": "*",
    }
    account = narrow(sim, accounts, deny)
    await account.start()
    account.listen()
    account.watch()
    await account.until(lambda: Capability.EVENTS in account.adapter.denied)
    for _ in range(2):
        account.clock.advance(60)
        await account.poll()
        await account.refresh()
        for device_id in account.state.devices:
            await account.discover(device_id)
    refused = [request.path for request in sim.requests() if request.status == 403]
    assert len(refused) == len(set(refused))
    # Statistics of those that are there, though only once each.
    await account.read(RX)
    await account.read(RX)


async def test_token_for_some_devices(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A right that is missing for one device is there for another."""
    allow: Any = {
        "Device": {
            "*": ["ListDevices"],
            "boiler_ctl": ["ListDeviceResources", "AccessDeviceResources"],
            "greenhouse": ["ListDeviceResources"],
            "meter": ["ListDeviceResources", "ReadDeviceStatistics"],
        },
        "Bucket": {"*": ["ListBuckets"], "climate": ["ReadBucket"]},
    }
    sim.state.add_bucket("secret", config={}).write({"a": 1})
    jwt = sim.mint_access_token("some", allow=allow).jwt
    account = accounts({"url": sim.url, "access_token": jwt})
    await account.start()
    assert account.kinds("boiler_ctl")["relay"] is ResourceKind.INPUT
    assert account.value("boiler_ctl/temperature") == 21.5
    assert account.kinds("greenhouse") != {}
    assert account.value("greenhouse/climate/temperature") is None
    assert account.kinds("forecast") == {}
    assert account.value("boiler_ctl/$bucket/climate:celsius") is not None
    await account.read(RX, "meter/$stats:rx_bytes")
    assert account.value(RX) is None
    assert account.value("meter/$stats:rx_bytes") is not None
    account.clock.advance(60)
    sim.clear_requests()
    values = samples(await account.poll())
    assert "boiler_ctl/temperature" in values
    assert not sim.requests(device="greenhouse", path="/resources/")
    # What may not be read is not streamed either.
    account.listen()
    account.watch()
    await account.until_live("boiler_ctl/temperature")
    assert not [s for s in sim.sockets if s.device == "greenhouse"]


async def test_refused_command(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A command that is not allowed says so."""
    account = narrow(sim, accounts, {"Device": {"*": ["AccessDeviceResources"]}})
    await account.start("boiler_ctl")
    with pytest.raises(ForbiddenError):
        await account.adapter.execute(Write(key_of("boiler_ctl/relay"), True))


async def test_list_that_is_forbidden_later(
    sim: ThingerSimulator, account: Account
) -> None:
    """A right that is taken away takes no devices away."""
    await account.start("boiler_ctl")
    sim.access_token("home_assistant").deny = {"Device": {"*": ["ListDevices"]}}
    for _ in range(3):
        await account.refresh()
    assert account.online("boiler_ctl") is True
    assert account.adapter.denied == {Capability.DEVICES: "ListDevices"}
    await account.read("boiler_ctl/temperature")
    assert account.value("boiler_ctl/$bucket/climate:celsius") is not None
