"""Firmware and software: what is installed, and having something else installed (14)."""

from typing import Any, override

import pytest

from custom_components.iot_platforms.model.command import Write
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.errors import (
    CommandRejectedError,
    ForbiddenError,
    PlatformError,
    UnreachableError,
)
from custom_components.iot_platforms.model.value import JsonValue

from .conftest import Accounts, key, resource
from .helpers import go_live

from tests.adapters.account import Account, case_id
from tests.simulators.effects import Effect, LostResponse, Status
from tests.simulators.thingsboard import OtaPackage, ThingsBoardSimulator
from tests.simulators.thingsboard.updates import advance, fail

DEVICE = "Sprinkler"
CUSTOMER = "customer@thingsboard.org"


@pytest.fixture
def firmware(thingsboard: ThingsBoardSimulator) -> ResourceKey:
    """Return the key of the firmware."""
    return key(thingsboard, DEVICE, "firmware")


@pytest.fixture
async def started(thingsboard: ThingsBoardSimulator, account: Account) -> Account:
    """Return an account that knows its devices."""
    await account.start()
    thingsboard.clear_requests()
    return account


async def install(account: Account, key: ResourceKey, version: str) -> None:
    """Have a version installed."""
    assert await account.adapter.execute(Write(key, version)) is None


def state(account: Account, key: ResourceKey) -> Any:
    """Return what is known of an update."""
    value: Any = account.state.value(key)
    return value


def assigned(sim: ThingsBoardSimulator, kind: str = "firmware") -> str | None:
    """Return the version that is assigned to the device."""
    device = sim.device(DEVICE)
    id_ = device.firmware_id if kind == "firmware" else device.software_id
    versions = {each.id: each.package_version for each in sim.store.ota_packages}
    return versions[id_] if id_ else None


async def test_install(
    thingsboard: ThingsBoardSimulator, account: Account, firmware: ResourceKey
) -> None:
    """The package is assigned, and push tells how far the device is."""
    await go_live(account, firmware)
    device = thingsboard.device(DEVICE)
    before = device.json()
    assert state(account, firmware)["installed"] == "1.2.0"
    assert not state(account, firmware)["in_progress"]
    await install(account, firmware, "1.3.0")
    assert assigned(thingsboard) == "1.3.0"
    # Nothing else of the device is another than before.
    changed = {n for n, value in device.json().items() if value != before[n]}
    assert changed == {"firmwareId", "version"}
    await account.until(lambda: state(account, firmware)["latest"] == "1.3.0")
    await account.until(lambda: state(account, firmware)["in_progress"])
    for _ in range(5):
        advance(device, "fw")
    await account.until(lambda: state(account, firmware)["installed"] == "1.3.0")
    await account.until(lambda: not state(account, firmware)["in_progress"])


async def test_requests_of_an_installation(
    thingsboard: ThingsBoardSimulator, started: Account, firmware: ResourceKey
) -> None:
    """The device, its packages, and the one change."""
    await install(started, firmware, "1.3.0")
    profile = thingsboard.device(DEVICE).profile
    assert profile is not None
    assert [(r.method, r.path) for r in thingsboard.requests()] == [
        ("GET", f"/api/device/{firmware.device_id}"),
        ("GET", f"/api/otaPackages/{profile.id}/FIRMWARE"),
        ("POST", "/api/device"),
    ]


async def test_software(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """The same, in parallel to the firmware."""
    device = thingsboard.device(DEVICE)
    device.post_telemetry({"current_sw_version": "4.0.0", "sw_state": "UPDATED"})
    await account.start()
    software = key(thingsboard, DEVICE, "software")
    assert state(account, software)["installed"] == "4.0.0"
    await install(account, software, "4.0.1")
    assert assigned(thingsboard, "software") == "4.0.1"
    assert assigned(thingsboard) == "1.2.0"
    await account.refresh()
    assert state(account, software)["in_progress"]
    with pytest.raises(CommandRejectedError):
        await install(account, software, "1.3.0")


async def test_no_such_version(
    thingsboard: ThingsBoardSimulator, started: Account, firmware: ResourceKey
) -> None:
    """A version of nothing, and one of another profile."""
    thingsboard.store.add(
        OtaPackage("meter-fw", "9.9.9", profile=thingsboard.store.profile("meter"))
    )
    for version in ("9.9.9", "0.1", ""):
        with pytest.raises(CommandRejectedError) as raised:
            await install(started, firmware, version)
        assert raised.value.reason == "no_firmware"
    assert assigned(thingsboard) == "1.2.0"
    assert not thingsboard.requests("POST")


async def test_newest_package_of_a_version(
    thingsboard: ThingsBoardSimulator, started: Account, firmware: ResourceKey
) -> None:
    """Of two packages of one version the newer one counts; there can be many pages of them."""
    profile = thingsboard.store.profile("sprinkler")
    for number in range(205):
        thingsboard.store.add(OtaPackage(f"other {number}", "2.0", profile=profile))
    newest = thingsboard.store.add(OtaPackage("again", "1.3.0", profile=profile))
    await install(started, firmware, "1.3.0")
    assert thingsboard.device(DEVICE).firmware_id == newest.id


async def test_failed_once(
    thingsboard: ThingsBoardSimulator, account: Account, firmware: ResourceKey
) -> None:
    """What failed is tried again, though it is assigned already: only a change makes it begin."""
    await go_live(account, firmware)
    device = thingsboard.device(DEVICE)
    await install(account, firmware, "1.3.0")
    fail(device, "fw", "no space")
    await account.until(lambda: state(account, firmware)["error"] == "no space")
    assert not state(account, firmware)["in_progress"]
    await install(account, firmware, "1.3.0")
    assert assigned(thingsboard) == "1.3.0"
    assert device.telemetry("fw_state") == "INITIATED"
    await account.until(lambda: state(account, firmware)["in_progress"])
    assert state(account, firmware)["error"] is None


class ChangedMeanwhile(Effect):
    """Somebody else changes the device before the write arrives."""

    def __init__(self, sim: ThingsBoardSimulator) -> None:
        """Change it at this server."""
        self._sim = sim

    @override
    async def apply(self, request: Any, answer: Any) -> Any:
        device = self._sim.device(DEVICE)
        device.label = "Changed meanwhile"
        self._sim.store.change(device)
        return await answer()


@pytest.mark.parametrize("again", [False, True])
async def test_changed_meanwhile(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    firmware: ResourceKey,
    again: bool,
) -> None:
    """Who comes second reads anew: what the first one did stays, and nothing is left half done."""
    thingsboard.faults.add(
        ChangedMeanwhile(thingsboard),
        method="POST",
        path="^/api/device$",
        count=1,
        skip=1 if again else 0,
    )
    await install(started, firmware, "1.2.0" if again else "1.3.0")
    assert assigned(thingsboard) == ("1.2.0" if again else "1.3.0")
    assert thingsboard.device(DEVICE).label == "Changed meanwhile"
    assert [r.status for r in thingsboard.requests("POST")].count(409) == 1


async def test_always_changed_meanwhile(
    thingsboard: ThingsBoardSimulator, started: Account, firmware: ResourceKey
) -> None:
    """It is not tried for ever."""
    thingsboard.faults.add(
        ChangedMeanwhile(thingsboard), method="POST", path="^/api/device$"
    )
    with pytest.raises(CommandRejectedError) as raised:
        await install(started, firmware, "1.3.0")
    assert raised.value.code == 35
    assert assigned(thingsboard) == "1.2.0"
    assert len(thingsboard.requests("POST")) == 2


async def test_before_versions(
    thingsboard: ThingsBoardSimulator, account: Account, firmware: ResourceKey
) -> None:
    """Servers before 3.8 know no versions of devices."""
    thingsboard.switches.version = "3.7"
    thingsboard.device(DEVICE).omit.add("version")
    await account.start()
    await install(account, firmware, "1.3.0")
    assert assigned(thingsboard) == "1.3.0"


async def test_device_that_is_gone(
    thingsboard: ThingsBoardSimulator, started: Account, firmware: ResourceKey
) -> None:
    """A device that was deleted meanwhile."""
    thingsboard.remove_device(DEVICE)
    with pytest.raises(CommandRejectedError) as raised:
        await install(started, firmware, "1.3.0")
    assert raised.value.reason == "device_gone"


@pytest.mark.parametrize(
    ("path", "effect", "expected"),
    [
        ("^/api/device/", Status(403), ForbiddenError),
        ("/otaPackages/", Status(403), ForbiddenError),
        ("/otaPackages/", Status(500), UnreachableError),
        ("^/api/device$", Status(403), ForbiddenError),
        ("^/api/device$", Status(400), CommandRejectedError),
        ("^/api/device$", Status(409), CommandRejectedError),
        ("^/api/device$", LostResponse(), UnreachableError),
    ],
    ids=case_id,
)
async def test_trouble(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    firmware: ResourceKey,
    path: str,
    effect: Any,
    expected: type[PlatformError],
) -> None:
    """What goes wrong is told, and nothing is sent twice."""
    thingsboard.faults.add(effect, path=path)
    with pytest.raises(expected):
        await install(started, firmware, "1.3.0")
    assert len(thingsboard.requests("POST")) <= 1


@pytest.mark.parametrize("record", ["deviceProfileId", "nothing"])
async def test_device_without_a_profile(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    firmware: ResourceKey,
    record: str,
) -> None:
    """Without a profile there are no packages."""
    device = thingsboard.device(DEVICE)
    odd: JsonValue = {"entityType": "DEVICE_PROFILE", "id": "../../evil"}
    if record == "nothing":
        device.omit.add("deviceProfileId")
    else:
        device.extra["deviceProfileId"] = odd
    with pytest.raises(CommandRejectedError) as raised:
        await install(started, firmware, "1.3.0")
    assert raised.value.reason == "no_firmware"
    assert not [r for r in thingsboard.requests() if "evil" in r.raw_path]


@pytest.mark.parametrize(
    ("email", "writable"), [("tenant@thingsboard.org", True), (CUSTOMER, False)]
)
async def test_who_may_install(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, email: str, writable: bool
) -> None:
    """A customer's user is told, and offered nothing that the server would refuse."""
    thingsboard.device(DEVICE).customer = thingsboard.customer("Customer A")
    account = accounts(email=email)
    await account.start()
    found = resource(account, thingsboard, DEVICE, "firmware")
    assert found.writable is writable
    assert state(account, found.key)["installed"] == "1.2.0"
