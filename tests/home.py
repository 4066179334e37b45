"""Accounts in a Home Assistant under test, set up as a person does it."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
import time
from typing import Any, Final

from homeassistant.config_entries import SOURCE_USER, ConfigEntry, ConfigEntryState
from homeassistant.const import MATCH_ALL
from homeassistant.core import HomeAssistant, State, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.util import dt as dt_util
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.iot_platforms.const import DOMAIN

SAFETY_NET: Final = 10.0
"""Seconds after which a test gives up to wait for what never happens."""


async def add_account(
    hass: HomeAssistant,
    credentials: dict[str, Any],
    *,
    platform: str = "thinger",
    options: dict[str, Any] | None = None,
) -> ConfigEntry:
    """Go through the sign-in, and return the loaded entry; with options it is loaded anew."""
    flow = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    form = await hass.config_entries.flow.async_configure(
        flow["flow_id"], {"next_step_id": platform}
    )
    result = await hass.config_entries.flow.async_configure(
        form["flow_id"], credentials
    )
    if str(result.get("step_id")).startswith("overview"):
        result = await hass.config_entries.flow.async_configure(form["flow_id"], {})
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    await hass.async_block_till_done()
    entry: ConfigEntry = result["result"]
    assert entry.state is ConfigEntryState.LOADED
    if options is not None:
        hass.config_entries.async_update_entry(entry, options=options)
        await reload(hass, entry)
    return entry


async def reload(hass: HomeAssistant, entry: ConfigEntry) -> None:
    """Unload and load an account, as a restart of Home Assistant does."""
    assert await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()


def device_of(
    hass: HomeAssistant, entry: ConfigEntry, device_id: str
) -> dr.DeviceEntry:
    """Return the registry's device of a platform's id."""
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(
        (DOMAIN, f"{entry.unique_id}/{device_id}"), entry.entry_id
    )
    assert device is not None, device_id
    return device


def entity_id(hass: HomeAssistant, entry: ConfigEntry, domain: str, key: str) -> str:
    """Return the entity of a resource's key, as `device/resource/leaf`."""
    found = er.async_get(hass).async_get_entity_id(
        domain, DOMAIN, f"{entry.unique_id}/{key}"
    )
    assert found is not None, (domain, key)
    return found


def state(hass: HomeAssistant, entry: ConfigEntry, domain: str, key: str) -> State:
    """Return the state of the entity of a resource's key."""
    found = hass.states.get(entity_id(hass, entry, domain, key))
    assert found is not None, (domain, key)
    return found


async def wait_for_state(hass: HomeAssistant, found_id: str, expected: str) -> None:
    """Wait until an entity has a state."""

    def has_it() -> bool:
        found = hass.states.get(found_id)
        return found is not None and found.state == expected

    await wait_until(hass, has_it)


async def wait_until(hass: HomeAssistant, predicate: Callable[[], bool]) -> None:
    """Wait until something holds, looking again after each change of a state."""
    changed = asyncio.Event()
    stop = hass.bus.async_listen(MATCH_ALL, callback(lambda _: changed.set()))
    try:
        async with asyncio.timeout(SAFETY_NET):
            while not predicate():
                changed.clear()
                await changed.wait()
    finally:
        stop()


async def wait_for_flow(hass: HomeAssistant) -> None:
    """Wait until a person is asked for something."""
    asked = asyncio.Event()

    @callback
    def note(change: str, _: str) -> None:
        if change == "added":
            asked.set()

    stop = hass.config_entries.flow.async_subscribe_flow(note)
    try:
        async with asyncio.timeout(SAFETY_NET):
            if not hass.config_entries.flow.async_progress():
                await asked.wait()
    finally:
        stop()


class Time:
    """The time that polling goes by."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Begin with the real time."""
        self._hass = hass
        self._passed = 0.0

    def monotonic(self) -> float:
        """Return the monotonic time in seconds."""
        return time.monotonic() + self._passed

    async def passes(self, seconds: float) -> None:
        """Let time pass, with the polls that fall due and what they find out."""
        self._passed += seconds
        async_fire_time_changed(
            self._hass, dt_util.utcnow() + timedelta(seconds=self._passed)
        )
        await settle(self._hass)


async def settle(hass: HomeAssistant) -> None:
    """Wait for everything that is under way, but not for push, which never ends."""
    await hass.async_block_till_done()
    while tasks := [
        task
        for task in asyncio.all_tasks()
        if task.get_name().endswith("refresh")
        or task.get_name().startswith(("discover", "poll soon"))
    ]:
        await asyncio.wait(tasks, timeout=SAFETY_NET)
    await hass.async_block_till_done()
