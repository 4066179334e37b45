"""An account of ThingsBoard, from the first click to the last."""

from pathlib import Path
import re
from typing import Final

from playwright.async_api import expect
import pytest

from .pages import Pages
from .stage import Stage, open_stage

pytestmark = pytest.mark.browser

THERMOSTAT: Final = "Thermostat T1"
OPTIONS: Final = ("Devices", "Controls", "What a resource becomes", "Updates")


async def test_life_of_an_account(socket_enabled: None, tmp_path: Path) -> None:
    """A person adds an account, uses a device, adds a control, and deletes the account."""
    async with open_stage("thingsboard", tmp_path) as stage:
        await _add_account(stage)
        await _use_thermostat(stage)
        await _open_all_options(stage.pages)
        await _add_button(stage)
        await stage.delete_account()
        state = await stage.simulator.state()
        assert (state["harm"], state["unsafe_writes"]) == (0, 0)
        assert stage.complaints() == []


async def _add_account(stage: Stage) -> None:
    pages, account = stage.pages, stage.simulator.account
    await pages.open_integrations()
    await pages.search_integration("iot plat", "IoT Platforms")
    await pages.choose("ThingsBoard")
    await pages.check_form()

    await pages.fill("Server address", account.url)
    await pages.fill("User", account.credentials["username"])
    await pages.fill("Password", "guessed")
    await pages.submit()
    await expect(pages.form).to_contain_text("User or password is wrong.")
    assert [*await pages.wrong_fields()] == ["Password"]
    assert await pages.raw_keys() == []

    await pages.fill("Password", account.credentials["password"])
    await pages.submit()
    devices = len((await stage.simulator.state())["devices"]) - 1  # one is not ours
    await expect(pages.flow).to_contain_text(f"Devices: {devices}")
    await expect(pages.flow).to_contain_text(re.compile(r"Entities: [1-9]\d+"))
    await pages.check_form()
    await pages.submit()
    created = pages.page.locator("step-flow-create-entry")
    await expect(created.get_by_text("thermostat").first).to_be_visible()
    assert await pages.raw_keys() == []
    await pages.flow.get_by_role("button", name="Finish").click()
    link = pages.page.get_by_role("link", name=f"{devices} devices")
    await expect(link).to_be_visible()
    assert await pages.raw_keys() == []


async def _use_thermostat(stage: Stage) -> None:
    pages, simulator = stage.pages, stage.simulator
    await pages.open_device(THERMOSTAT)
    temperature = pages.entity("hui-sensor-entity-row", "Temperature").first
    await expect(temperature).to_contain_text("°C")
    alarm = pages.entity("hui-simple-entity-row", "Alarm").first
    await expect(alarm).to_contain_text("Problem")
    link = pages.device.get_by_role("link", name="Visit")
    found = await simulator.device(THERMOSTAT)
    address = f"{simulator.account.url}/devices/{found['id']}"
    await expect(link).to_have_attribute("href", address)
    assert await pages.raw_keys() == []

    await simulator.set_value(THERMOSTAT, "temperature", 48.5)
    await expect(temperature).to_contain_text("48.5 °C")

    async def is_warmer() -> bool:
        shared = (await simulator.device(THERMOSTAT))["shared"]
        return bool(shared["targetTemperature"] == 19.5)

    target = pages.entity("hui-number-entity-row", "Target temperature")
    await target.get_by_role("spinbutton").fill("19.5")
    await target.get_by_role("spinbutton").press("Enter")
    await simulator.wait_for(is_warmer)


async def _open_all_options(pages: Pages) -> None:
    await pages.open_integration()
    for option in OPTIONS:
        await pages.open_options()
        assert await pages.raw_keys() == []
        await pages.choose(option)
        await pages.check_form()
        await pages.close()


async def _add_button(stage: Stage) -> None:
    """Make an entity of something that only the person knows the device to understand."""
    pages, simulator = stage.pages, stage.simulator
    await pages.open_options()
    await pages.choose("Controls")
    await pages.fill("Name", "Wake up")
    offered = await pages.choose_option("Type", "Button")
    assert [*offered] == ["Button", "Switch", "Number", "Text", "Selection"]
    await pages.choose_only("Devices", THERMOSTAT)
    await pages.fill("Method", "reboot")
    await pages.fill("Parameters", "soon")
    await pages.submit()
    await expect(pages.form).to_contain_text("This is not JSON.")
    assert [*await pages.wrong_fields()] == ["Parameters"]
    await pages.fill("Parameters", '{"delay": 3}')
    await pages.submit()
    await pages.flow.get_by_role("button", name="Finish").click()

    await pages.open_device(THERMOSTAT)
    button = pages.entity("hui-button-entity-row", "Wake up")
    await button.get_by_role("button", name="Press").click()

    async def is_called() -> bool:
        calls = (await simulator.device(THERMOSTAT))["calls"]
        return bool(calls == [{"method": "reboot", "params": {"delay": 3}}])

    await simulator.wait_for(is_called)
    assert await pages.raw_keys() == []

    await pages.open_integration()
    await pages.open_options()
    await pages.choose("Controls")
    await expect(pages.form.get_by_text("Wake up")).to_be_visible()
    await expect(pages.form.get_by_text("Add a control")).to_be_visible()
    await pages.check_form()
    await pages.close()
