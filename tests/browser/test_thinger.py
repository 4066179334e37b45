"""An account of Thinger.io, from the first click to the last."""

from pathlib import Path
from typing import Final

from playwright.async_api import expect
import pytest

from scripts.processes import ROOT

from .pages import Pages
from .stage import Stage, open_stage

pytestmark = pytest.mark.browser

BRAND: Final = ROOT / "custom_components" / "iot_platforms" / "brand"
OPTIONS: Final = ("Devices", "What may be read", "What a resource becomes", "Updates")


async def test_life_of_an_account(socket_enabled: None, tmp_path: Path) -> None:
    """A person adds an account, uses a device, changes options, and deletes the account."""
    async with open_stage("thinger", tmp_path) as stage:
        await _add_account(stage)
        await _look_at_our_icon(stage.pages)
        await _use_boiler(stage)
        await _open_all_options(stage.pages)
        await _make_text(stage.pages)
        await _open_reconfiguration(stage.pages)
        await stage.delete_account()
        relay = await stage.simulator.resource("boiler_ctl", "relay")
        assert relay["calls"] == 1
        assert (await stage.simulator.state())["harm"] == 0
        assert stage.complaints() == []


async def _add_account(stage: Stage) -> None:
    pages, account = stage.pages, stage.simulator.account
    await pages.open_integrations()
    await pages.search_integration("iot plat", "IoT Platforms")
    await expect(pages.flow).to_contain_text("Which platform")
    assert await pages.raw_keys() == []
    await pages.choose("Thinger.io")
    await pages.check_form()

    await pages.fill("Server address", account.url)
    await pages.fill("Access token", "hello")
    await pages.submit()
    await expect(pages.form).to_contain_text("This is not an access token.")

    tokens = await stage.simulator.log_in("demo", "demo-password")
    await pages.fill("Access token", tokens["refresh_token"])
    await pages.submit()
    await expect(pages.form).to_contain_text("This is a refresh token")
    assert await pages.raw_keys() == []

    await pages.fill("Access token", account.credentials["access_token"])
    await pages.submit()
    created = pages.page.locator("step-flow-create-entry")
    await expect(created.get_by_text("Generic device").first).to_be_visible()
    assert await pages.raw_keys() == []
    await pages.flow.get_by_role("button", name="Finish").click()
    await expect(pages.page.get_by_role("link", name="8 devices")).to_be_visible()
    assert await pages.raw_keys() == []


async def _look_at_our_icon(pages: Pages) -> None:
    ours = {file.read_bytes() for file in BRAND.glob("icon*.png")}
    assert pages.icons
    for response in pages.icons:
        assert await response.body() in ours


async def _use_boiler(stage: Stage) -> None:
    pages, simulator = stage.pages, stage.simulator
    await pages.open_device("Boiler")
    temperature = pages.entity("hui-sensor-entity-row", "Temperature")
    await expect(temperature).to_contain_text("°C")
    assert await pages.raw_keys() == []

    async def is_relay_off() -> bool:
        return (await simulator.resource("boiler_ctl", "relay"))["value"] is False

    await pages.device.get_by_role("button", name="Turn Boiler Relay off").click()
    await simulator.wait_for(is_relay_off)

    await simulator.set_value("boiler_ctl", "temperature", 48.5)
    await expect(temperature).to_contain_text("48.5 °C")


async def _open_all_options(pages: Pages) -> None:
    await pages.open_integration()
    for option in OPTIONS:
        await pages.open_options()
        assert await pages.raw_keys() == []
        await pages.choose(option)
        await pages.check_form()
        await pages.close()


async def _make_text(pages: Pages) -> None:
    """Turn an input that nobody may read from a switch, which is a guess, into a text."""
    await pages.open_options()
    await pages.choose("What a resource becomes")
    await pages.choose_option("Resource", "Boiler: Message")
    await pages.submit()
    await expect(pages.flow.get_by_role("textbox", name="Name")).to_be_visible()
    await pages.check_form()
    offered = await pages.choose_option("Becomes", "Text")
    assert {"Automatic", "Number", "Text", "No entity"} <= {*offered}
    assert all(option[0].isupper() for option in offered), offered
    await pages.submit()
    await pages.flow.get_by_role("button", name="Finish").click()
    await pages.open_device("Boiler")
    await expect(pages.entity("hui-text-entity-row", "Message")).to_be_visible()


async def _open_reconfiguration(pages: Pages) -> None:
    await pages.open_integration()
    await pages.choose_of_menu("Reconfigure")
    await expect(pages.form).to_be_visible()
    await pages.check_form()
    certificate = pages.form.get_by_text("Certificate of the server")
    check = pages.form.locator("ha-selector-boolean").filter(
        has_text="Check the certificate"
    )
    await expect(certificate).to_be_visible()
    await expect(check).to_be_hidden()
    await certificate.click()
    await expect(check).to_be_visible()
    await pages.close()
