"""An account from sign-in to unload: state, push, polling, failures, restarts."""

from freezegun.api import FrozenDateTimeFactory
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
import pytest

from tests.home import (
    add_account,
    entity_id,
    poll,
    reload,
    state,
    wait_for_state,
    wait_until,
)
from tests.simulators.effects import Status
from tests.simulators.thinger import ThingerSimulator


async def test_sample_account(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Every device and resource of the sample has its entity, with value and unit."""
    entry = await add_account(hass, thinger.account().credentials())
    temperature = state(hass, entry, "sensor", "boiler_ctl/temperature")
    assert float(temperature.state) == 21.5
    assert temperature.attributes["unit_of_measurement"] == "°C"
    assert temperature.attributes["device_class"] == "temperature"


async def test_pushed_value(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A value that changes on the device shows by push, without any request."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    thinger.clear_requests()
    thinger.device("boiler_ctl").resource("temperature").value = 30.25
    thinger.tick_streams()
    found = entity_id(hass, entry, "sensor", "boiler_ctl/temperature")
    await wait_for_state(hass, found, "30.25")
    assert thinger.requests() == []


async def test_poll_when_push_is_cut(
    hass: HomeAssistant, thinger: ThingerSimulator, freezer: FrozenDateTimeFactory
) -> None:
    """While push is down, polling takes over within one interval."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    thinger.push_enabled = False
    await thinger.wait_for_sockets(0)
    thinger.device("boiler_ctl").resource("temperature").value = 31.5
    await poll(hass, freezer, 31)
    found = entity_id(hass, entry, "sensor", "boiler_ctl/temperature")
    await wait_for_state(hass, found, "31.5")
