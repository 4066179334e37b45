"""Updates of devices: what runs, what could run, and how it is installed."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant, State
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from tests.boards import live_board
from tests.home import entity_id, settle, wait_for_state, wait_until
from tests.simulators.effects import Status
from tests.simulators.thingsboard import (
    TENANT_USER,
    Device,
    OtaPackage,
    ThingsBoardSimulator,
)
from tests.simulators.thingsboard.updates import assign

INSTALL = 1
SPECIFIC_VERSION = 2
PROGRESS = 4


async def account(
    hass: HomeAssistant, sim: ThingsBoardSimulator, email: str = TENANT_USER
) -> ConfigEntry:
    """Sign in, and wait until push tells of everything."""
    return (await live_board(hass, sim, email=email)).entry


def sprinkler(sim: ThingsBoardSimulator) -> Device:
    """Return the device that can be updated."""
    return sim.device("Sprinkler")


def update(hass: HomeAssistant, entry: ConfigEntry, sim: ThingsBoardSimulator) -> str:
    """Return the entity of its firmware."""
    return entity_id(hass, entry, "update", f"{sprinkler(sim).id}/firmware")


def facts(found: State | None) -> dict[str, Any]:
    """Return what an update says."""
    assert found is not None
    names = ("installed_version", "latest_version", "in_progress", "release_summary")
    return {"state": found.state, **{name: found.attributes[name] for name in names}}


async def install(hass: HomeAssistant, found: str, **data: Any) -> None:
    """Press the button."""
    await hass.services.async_call(
        "update", "install", {"entity_id": found, **data}, blocking=True
    )


async def test_up_to_date(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What runs is what the platform assigned."""
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    assert facts(hass.states.get(found)) == {
        "state": STATE_OFF,
        "installed_version": "1.2.0",
        "latest_version": "1.2.0",
        "in_progress": False,
        "release_summary": None,
    }
    attributes = hass.states.get(found).attributes
    assert attributes["title"] == "sprinkler-fw"
    assert attributes["device_class"] == "firmware"
    assert attributes["friendly_name"] == "Lawn sprinkler Firmware"
    assert attributes["supported_features"] == INSTALL | SPECIFIC_VERSION | PROGRESS
    registered = er.async_get(hass).async_get(found)
    assert registered.entity_category == "config"
    assert registered.translation_key == "firmware"


async def test_assigned_elsewhere(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What somebody assigns on the platform shows, with its progress, until it runs."""
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    assign(sprinkler(thingsboard), thingsboard.package("sprinkler-fw", "1.3.0"))
    await wait_for_state(hass, found, STATE_ON)
    await wait_until(hass, lambda: hass.states.get(found).attributes["in_progress"])
    assert hass.states.get(found).attributes["latest_version"] == "1.3.0"
    while sprinkler(thingsboard).advance_update():
        pass
    await wait_for_state(hass, found, STATE_OFF)
    await wait_until(hass, lambda: not hass.states.get(found).attributes["in_progress"])
    assert hass.states.get(found).attributes["installed_version"] == "1.3.0"


async def test_older_version(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Who assigns an older version wants it to run."""
    profile = thingsboard.package("sprinkler-fw", "1.2.0").profile
    older = thingsboard.store.add(OtaPackage("sprinkler-fw", "1.0.9", profile=profile))
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    assign(sprinkler(thingsboard), older)
    await wait_for_state(hass, found, STATE_ON)
    assert hass.states.get(found).attributes["latest_version"] == "1.0.9"


async def test_failure(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """Why an update failed can be read where it is offered."""
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    assign(sprinkler(thingsboard), thingsboard.package("sprinkler-fw", "1.3.0"))
    await wait_for_state(hass, found, STATE_ON)
    sprinkler(thingsboard).fail_update("Checksum is wrong")
    await wait_until(
        hass, lambda: hass.states.get(found).attributes["release_summary"] is not None
    )
    await wait_until(
        hass,
        lambda: (
            facts(hass.states.get(found))
            == {
                "state": STATE_ON,
                "installed_version": "1.2.0",
                "latest_version": "1.3.0",
                "in_progress": False,
                "release_summary": "⚠️ Checksum is wrong",
            }
        ),
    )


async def test_install(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A version is assigned by the button; what shows meanwhile is what runs."""
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    await install(hass, found, version="1.3.0")
    device = sprinkler(thingsboard)
    assert device.firmware_id == thingsboard.package("sprinkler-fw", "1.3.0").id
    assert hass.states.get(found).attributes["installed_version"] == "1.2.0"
    await wait_for_state(hass, found, STATE_ON)
    while device.advance_update():
        pass
    await wait_for_state(hass, found, STATE_OFF)
    assert hass.states.get(found).attributes["installed_version"] == "1.3.0"


async def test_install_again(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What failed can be tried once more, without naming its version."""
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    await install(hass, found, version="1.3.0")
    await wait_for_state(hass, found, STATE_ON)
    sprinkler(thingsboard).fail_update("Power was lost")
    await wait_until(
        hass, lambda: hass.states.get(found).attributes["release_summary"] is not None
    )
    await wait_until(
        hass, lambda: hass.states.get(found).attributes["in_progress"] is False
    )
    await install(hass, found)
    assert sprinkler(thingsboard).telemetry("fw_state") == "INITIATED"
    await wait_until(
        hass, lambda: hass.states.get(found).attributes["release_summary"] is None
    )


async def test_unknown_version(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A version that is not there is told, and changes nothing."""
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    before = facts(hass.states.get(found))
    with pytest.raises(HomeAssistantError) as caught:
        await install(hass, found, version="9.9.9")
    assert caught.value.translation_key == "no_firmware"
    assert "Lawn sprinkler" in str(caught.value)
    assert facts(hass.states.get(found)) == before


async def test_refused(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """What the server does not allow is told, and what runs goes on to show."""
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    before = facts(hass.states.get(found))
    thingsboard.faults.add(Status(403), path="/api/device$", method="POST")
    with pytest.raises(HomeAssistantError) as caught:
        await install(hass, found, version="1.3.0")
    assert caught.value.translation_key == "no_permission"
    assert facts(hass.states.get(found)) == before


async def test_customer_cannot_install(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Who may not assign packages sees what runs, and no button."""
    device = sprinkler(thingsboard)
    device.customer = thingsboard.customer("Customer A")
    entry = await account(hass, thingsboard, "customer@thingsboard.org")
    found = update(hass, entry, thingsboard)
    assert hass.states.get(found).attributes["supported_features"] == PROGRESS
    assert hass.states.get(found).attributes["installed_version"] == "1.2.0"
    with pytest.raises(HomeAssistantError):
        await install(hass, found, version="1.3.0")
    assert thingsboard.requests("POST", "/api/device$") == []


async def test_sleeping_device(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """The platform knows what runs on a device that sleeps."""
    entry = await account(hass, thingsboard)
    found = update(hass, entry, thingsboard)
    sprinkler(thingsboard).disconnect()
    await settle(hass)
    assert hass.states.get(found).state != STATE_UNAVAILABLE


async def test_software(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """Software is another one, of the same device."""
    device = sprinkler(thingsboard)
    assign(device, thingsboard.package("sprinkler-app", "4.0.1"))
    entry = await account(hass, thingsboard)
    found = entity_id(hass, entry, "update", f"{device.id}/software")
    attributes = hass.states.get(found).attributes
    assert attributes["friendly_name"] == "Lawn sprinkler Software"
    # Nobody has said what runs.
    assert attributes["installed_version"] is None
    assert attributes["latest_version"] == "4.0.1"
    while device.advance_update("sw"):
        pass
    await wait_for_state(hass, found, STATE_OFF)
    assert update(hass, entry, thingsboard) != found
