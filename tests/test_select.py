"""Selects: what a person can choose from, and what arrives at the device."""

from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
import pytest

from tests.home import add_account, entity_id, state, wait_for_state
from tests.simulators.effects import Status
from tests.simulators.thinger import Fn, Resource, ThingerSimulator

MODE = "boiler_ctl/mode"


async def account_with(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    value: Any,
    *options: str,
    safe: bool = True,
) -> ConfigEntry:
    """Sign in to an account whose boiler has a mode, which a person made a select."""
    thinger.device("boiler_ctl").add_resource(Resource("mode", Fn.INPUT, value))
    return await add_account(
        hass,
        thinger.account().credentials(),
        options={
            "safe_resources": [MODE] if safe else [],
            "resources": {MODE: {"entity": "select", "options": list(options)}},
        },
    )


async def choose(hass: HomeAssistant, entry: ConfigEntry, option: str) -> None:
    """Choose an option."""
    await hass.services.async_call(
        "select",
        "select_option",
        {"entity_id": entity_id(hass, entry, "select", MODE), "option": option},
        blocking=True,
    )


@pytest.mark.parametrize(
    ("value", "options", "shown", "chosen", "written"),
    [
        ("eco", ("eco", "heat"), "eco", "heat", "heat"),
        ("boost", ("eco", "heat"), STATE_UNKNOWN, "heat", "heat"),
        (2, ("1", "2"), "2", "1", 1),
        (2, ("1.0", "2.0"), "2.0", "1.0", 1),
        (0.5, ("0.5", "1.5"), "0.5", "1.5", 1.5),
        (3, ("1", "2"), STATE_UNKNOWN, "2", 2),
        (True, ("true", "false"), "true", "false", False),
        # What the device would have to understand by itself.
        (2, ("auto", "2"), "2", "auto", "auto"),
    ],
)
async def test_choice(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    value: Any,
    options: tuple[str, ...],
    shown: str,
    chosen: str,
    written: Any,
) -> None:
    """An option is shown where it is one, and written in the shape that the device has."""
    entry = await account_with(hass, thinger, value, *options)
    found = entity_id(hass, entry, "select", MODE)
    await wait_for_state(hass, found, shown)
    assert hass.states.get(found).attributes["options"] == list(options)
    await choose(hass, entry, chosen)
    [request] = thinger.requests("POST")
    assert request.json() == written
    assert type(request.json()) is type(written)


async def test_choice_of_what_is_not_read(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """What is written last shows, also after a restart."""
    entry = await account_with(hass, thinger, "eco", "eco", "heat", safe=False)
    assert state(hass, entry, "select", MODE).state == STATE_UNKNOWN
    assert state(hass, entry, "select", MODE).attributes["assumed_state"] is True
    await choose(hass, entry, "heat")
    assert state(hass, entry, "select", MODE).state == "heat"
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert state(hass, entry, "select", MODE).state == "heat"


async def test_no_option(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """What is no option never arrives."""
    entry = await account_with(hass, thinger, "eco", "eco", "heat")
    with pytest.raises(ServiceValidationError):
        await choose(hass, entry, "boost")
    assert thinger.requests("POST") == []


async def test_refused(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """What the platform refuses goes back."""
    entry = await account_with(hass, thinger, "eco", "eco", "heat")
    found = entity_id(hass, entry, "select", MODE)
    await wait_for_state(hass, found, "eco")
    thinger.faults.add(Status(503), method="POST")
    with pytest.raises(HomeAssistantError):
        await choose(hass, entry, "heat")
    assert hass.states.get(found).state == "eco"
