"""Going through flows as the frontend does, and servers to go to."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from homeassistant.config_entries import (
    SOURCE_RECONFIGURE,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
    ConfigFlowResult,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, section

from custom_components.iot_platforms.const import DOMAIN

from tests.simulators.thinger import ThingerSimulator, sample_state
from tests.simulators.tls import ServerTls, ignored_handshake_failures


async def open_sign_in(
    hass: HomeAssistant, platform: str = "thinger"
) -> ConfigFlowResult:
    """Begin to add an account, and choose the platform."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    return await submit(hass, menu, {"next_step_id": platform})


async def open_reauth(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Have an account ask for a new sign-in."""
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    return await hass.config_entries.flow.async_configure(flow["flow_id"])


async def open_reconfigure(hass: HomeAssistant, entry: ConfigEntry) -> ConfigFlowResult:
    """Begin to change the connection of an account."""
    return await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_RECONFIGURE, "entry_id": entry.entry_id}
    )


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, answers: dict[str, Any]
) -> ConfigFlowResult:
    """Fill in a form, and wait for what comes of it."""
    result = await hass.config_entries.flow.async_configure(form["flow_id"], answers)
    await hass.async_block_till_done()
    return result


def created(result: ConfigFlowResult) -> ConfigEntry:
    """Return the entry that a flow made: it is loaded."""
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    entry: ConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    return entry


def suggestions(form: ConfigFlowResult) -> dict[str, Any]:
    """Return what a form is filled in with when it opens, sections within."""
    assert form["type"] is FlowResultType.FORM, form
    return _suggestions(form["data_schema"].schema)


def _suggestions(schema: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for marker, field in schema.items():
        description = getattr(marker, "description", None) or {}
        if isinstance(field, section):
            if within := _suggestions(field.schema.schema):
                found[str(marker)] = within
        elif "suggested_value" in description:
            found[str(marker)] = description["suggested_value"]
    return found


@asynccontextmanager
async def serving(
    hass: HomeAssistant, tls: ServerTls | None = None
) -> AsyncIterator[ThingerSimulator]:
    """Serve the sample account once more, until its entries are unloaded."""
    with ignored_handshake_failures():
        async with ThingerSimulator(
            sample_state(), auto_tick=False, tls=tls
        ) as simulator:
            yield simulator
            for entry in hass.config_entries.async_loaded_entries(DOMAIN):
                assert await hass.config_entries.async_unload(entry.entry_id)
            assert simulator.harm == []
