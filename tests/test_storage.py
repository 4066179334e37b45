"""What outlives a restart, in a file of its own."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from custom_components.iot_platforms.storage import VERSION

from tests.home import add_account, entity_id, reload, state
from tests.simulators.thinger import ThingerSimulator


def key(entry: ConfigEntry) -> str:
    """Return the name of an account's file."""
    return f"iot_platforms.{entry.entry_id}"


async def test_file_of_an_account(
    hass: HomeAssistant, thinger: ThingerSimulator, hass_storage: dict[str, Any]
) -> None:
    """Each account has a file; it goes with the account."""
    entry = await add_account(hass, thinger.account().credentials())
    await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[key(entry)]["version"] == VERSION
    assert "boiler_ctl" in str(hass_storage[key(entry)])
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert key(entry) not in hass_storage


async def test_entities_of_a_device_that_is_offline(
    hass: HomeAssistant, thinger: ThingerSimulator, hass_storage: dict[str, Any]
) -> None:
    """What a device offers is known although it cannot be asked."""
    entry = await add_account(hass, thinger.account().credentials())
    await hass.config_entries.async_unload(entry.entry_id)
    thinger.device("boiler_ctl").go_offline()
    await reload(hass, entry)
    assert state(hass, entry, "switch", "boiler_ctl/relay").state == "unavailable"


@pytest.mark.parametrize(
    "file",
    [
        pytest.param({"version": VERSION + 1, "data": {"other": 1}}, id="later"),
        pytest.param({"version": VERSION, "data": {}}, id="empty"),
        pytest.param({"version": VERSION, "data": {"devices": [5]}}, id="nonsense"),
    ],
)
async def test_file_that_is_not_understood(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    hass_storage: dict[str, Any],
    file: dict[str, Any],
) -> None:
    """A file that cannot be read hinders nothing: the platform knows most of it."""
    entry = await add_account(hass, thinger.account().credentials())
    await hass.config_entries.async_unload(entry.entry_id)
    hass_storage[key(entry)] = {"minor_version": 1, "key": key(entry), **file}
    await reload(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    entity_id(hass, entry, "switch", "boiler_ctl/relay")
    await hass.config_entries.async_unload(entry.entry_id)
    assert hass_storage[key(entry)]["version"] == VERSION
