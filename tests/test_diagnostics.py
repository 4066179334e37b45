"""What people send along when they ask for help: nothing but what is listed here."""

from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.home import add_account, device_of
from tests.simulators.effects import Status
from tests.simulators.thinger import ThingerSimulator

ACCOUNT = {
    "platform",
    "state",
    "reason",
    "signed_in_by",
    "verifies_certificate",
    "has_own_authority",
    "options",
}
LIVE = {
    "value_interval",
    "available",
    "last_error",
    "hears_devices",
    "missing_permissions",
    "adapter",
    "wanted_values",
    "knows_alarms",
}
DEVICE = {"id", "type", "model", "online", "enabled", "alarms", "resources"}
RESOURCE = {
    "key",
    "kind",
    "source",
    "value_type",
    "may_be_read",
    "live",
    "has_value",
    "became",
    "why",
}
OPTIONS = {
    "excluded_devices": ["old_node"],
    "safe_resources": ["boiler_ctl/relay"],
    "resources": {"boiler_ctl/setpoint": {"entity": "number", "name": "Secret name"}},
    "controls": [{"name": "Secret name"}],
}


async def test_account(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, thinger: ThingerSimulator
) -> None:
    """An account tells what it is made of, without values, names or addresses."""
    assert await async_setup_component(hass, "diagnostics", {})
    entry = await add_account(
        hass, thinger.account().credentials(), options=dict(OPTIONS)
    )
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    await thinger.wait_for_subscription(event="device_state_change")
    found: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert found.keys() == {"account", "devices"}
    account = found["account"]
    assert account.keys() == ACCOUNT | LIVE
    counters = account.pop("adapter")
    assert counters.pop("requests") > 5
    assert account.pop("wanted_values") > 5
    assert account == {
        "platform": "thinger",
        "state": "loaded",
        "reason": None,
        "signed_in_by": "token",
        "verifies_certificate": True,
        "has_own_authority": False,
        "options": {
            "excluded_devices": 1,
            "safe_devices": 0,
            "safe_resources": 1,
            "resources": 1,
            "controls": 1,
        },
        "value_interval": 30,
        "available": True,
        "last_error": None,
        "hears_devices": True,
        "missing_permissions": [],
        "knows_alarms": False,
    }
    devices = {device["id"]: device for device in found["devices"]}
    assert "old_node" not in devices
    for device in devices.values():
        assert device.keys() == DEVICE
        assert device["alarms"] == 0
        for resource in device["resources"]:
            assert resource.keys() == RESOURCE
    for private in ("127.0.0.1", "demo", "Secret name", "Basement", "Hello", "21.5"):
        assert private not in str(found), private


async def test_device(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, thinger: ThingerSimulator
) -> None:
    """A device tells of each resource what it became, and why."""
    assert await async_setup_component(hass, "diagnostics", {})
    entry = await add_account(
        hass, thinger.account().credentials(), options=dict(OPTIONS)
    )
    device = device_of(hass, entry, "boiler_ctl")
    found: Any = await get_diagnostics_for_device(hass, hass_client, entry, device)
    assert found.keys() == {"account", "device"}
    assert found["device"]["type"] == "Generic"
    assert found["device"]["online"] is True
    resources = {row["key"]: row for row in found["device"]["resources"]}
    relay = resources["boiler_ctl/relay"]
    assert relay["may_be_read"] is True
    assert relay["value_type"] == "boolean"
    assert relay["became"] == "switch"
    pump = resources["boiler_ctl/pump"]
    assert pump["may_be_read"] is False
    assert pump["has_value"] is False
    assert pump["became"] == "switch"
    assert "a switch until something else is chosen" in pump["why"]
    assert resources["boiler_ctl/setpoint"]["became"] == "number"
    assert "by hand" in resources["boiler_ctl/setpoint"]["why"]
    assert resources["boiler_ctl/threshold"]["became"] is None
    assert resources["boiler_ctl/temperature"]["kind"] == "output"


async def test_account_that_is_not_loaded(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, thinger: ThingerSimulator
) -> None:
    """Where set-up failed it is said why; that is when help is needed most."""
    assert await async_setup_component(hass, "diagnostics", {})
    entry = await add_account(hass, thinger.account().credentials())
    device = device_of(hass, entry, "boiler_ctl")
    thinger.faults.add(Status(503))
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_RETRY
    found: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert found["devices"] == []
    assert found["account"].keys() == ACCOUNT
    assert found["account"]["state"] == "setup_retry"
    assert found["account"]["reason"] == "server_trouble"
    found = await get_diagnostics_for_device(hass, hass_client, entry, device)
    assert found["device"] is None


async def test_account_in_trouble(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, thinger: ThingerSimulator
) -> None:
    """An account that lost its server tells the last error by name."""
    assert await async_setup_component(hass, "diagnostics", {})
    entry = await add_account(hass, thinger.account().password_credentials())
    thinger.push_enabled = False
    thinger.faults.add(Status(503))
    for _ in range(3):
        await entry.runtime_data.async_read_list()
    found: Any = await get_diagnostics_for_config_entry(hass, hass_client, entry)
    assert found["account"]["available"] is False
    assert found["account"]["last_error"] == "server_trouble"
    assert found["account"]["signed_in_by"] == "password"
    thinger.faults.clear()
