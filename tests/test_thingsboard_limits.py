"""Accounts that are nearly too large for Home Assistant."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.iot_platforms.const import DOMAIN

from tests.boards import Board, add_board
from tests.home import settle
from tests.simulators.thingsboard import ThingsBoardSimulator, large_state

DEVICES = 310
KEYS = 31


@pytest.fixture
async def large(
    hass: HomeAssistant, socket_enabled: None
) -> AsyncIterator[ThingsBoardSimulator]:
    """Serve some thousands of values."""
    store = large_state(DEVICES, KEYS)
    async with ThingsBoardSimulator(store, auto_tick=False) as simulator:
        yield simulator
        for entry in hass.config_entries.async_loaded_entries(DOMAIN):
            assert await hass.config_entries.async_unload(entry.entry_id)
        await simulator.wait_for_sockets(0)
        assert simulator.harm == []


def enabled(hass: HomeAssistant, entry: ConfigEntry) -> dict[str, list[str]]:
    """Return the enabled entities by what they are of: a value, or one of our own."""
    found: dict[str, list[str]] = {"value": [], "status": []}
    for entity in er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id):
        if not entity.disabled:
            is_value = "telemetry%2F" in entity.unique_id
            found["value" if is_value else "status"].append(entity.entity_id)
    return found


async def test_crowded_account(
    hass: HomeAssistant, large: ThingsBoardSimulator
) -> None:
    """Values come first; it is said before there are too many, until there are fewer."""
    assert 9_500 <= DEVICES * KEYS < 10_000 < DEVICES * (KEYS + 3)
    board = Board(hass, large, await add_board(hass, large))
    assert board.entry.runtime_data.entities.is_crowded
    found = enabled(hass, board.entry)
    assert len(found["value"]) == DEVICES * KEYS
    assert found["status"] == []
    # Those of the devices are there for who wants them.
    status = board.found("binary_sensor", "Device 00001")
    registry = er.async_get(hass)
    entry = registry.async_get(status)
    assert entry is not None
    assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION

    def issue() -> Any:
        issue_id = f"many_entities_{board.entry.entry_id}"
        return ir.async_get(hass).async_get_issue(DOMAIN, issue_id)

    assert issue().severity is ir.IssueSeverity.WARNING
    assert issue().translation_placeholders == {
        "account": board.entry.title,
        "count": str(DEVICES * KEYS),
        "limit": "10000",
    }
    # One query, and one subscription, for all of it.
    finds = [
        request
        for request in large.requests("POST", "/api/entitiesQuery/find$")
        if request.json()["entityFilter"].get("entityType") == "DEVICE"
    ]
    assert len(finds) == 2  # the form's and the account's
    large.device("Device 00310").post_telemetry({"key31": -5})
    await board.until("-5", "sensor", "Device 00310", "telemetry/key31")

    for entity_id in found["value"][: DEVICES * KEYS - 9_499]:
        registry.async_update_entity(
            entity_id, disabled_by=er.RegistryEntryDisabler.USER
        )
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=11))
    await settle(hass)
    assert issue() is None
