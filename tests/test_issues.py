"""What the credentials do not allow, in Home Assistant's repairs."""

import asyncio

from homeassistant.config_entries import ConfigEntry, ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er, issue_registry as ir
import pytest

from custom_components.iot_platforms.const import DOMAIN
from custom_components.iot_platforms.model.platform import Capability

from tests.home import SAFETY_NET, Time, add_account, entity_id, reload, state
from tests.simulators.json_types import JsonObject
from tests.simulators.thinger import ThingerSimulator

DENIED: dict[Capability, JsonObject] = {
    Capability.DEVICES: {"Device": {"*": ["ListDevices"]}},
    Capability.RESOURCE_LIST: {"Device": {"*": ["ListDeviceResources"]}},
    Capability.RESOURCE_ACCESS: {"Device": {"*": ["AccessDeviceResources"]}},
    Capability.STATISTICS: {"Device": {"*": ["GetDeviceStats"]}},
    Capability.EVENTS: {"Event": "*"},
    Capability.PROPERTIES: {"Device": {"*": ["ReadDeviceProperty"]}},
    Capability.BUCKETS: {"Bucket": {"*": ["ListBuckets"]}},
}


def issues(hass: HomeAssistant) -> dict[str, ir.IssueEntry]:
    """Return our issues that are open, by their ids."""
    return {
        issue_id: issue
        for (domain, issue_id), issue in ir.async_get(hass).issues.items()
        if domain == DOMAIN and issue.active
    }


async def add_narrow_account(
    hass: HomeAssistant, thinger: ThingerSimulator, deny: JsonObject
) -> ConfigEntry:
    """Sign in with a token that may not do everything."""
    token = thinger.mint_access_token("narrow", deny=deny)
    credentials = {"url": thinger.url, "access_token": token.jwt}
    return await add_account(hass, credentials)


async def until_denied(entry: ConfigEntry, capability: Capability) -> None:
    """Wait until push has found out what it may not do: no poll does."""
    async with asyncio.timeout(SAFETY_NET):
        while capability not in entry.runtime_data.adapter.denied:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


OF_OTHERS = {Capability.PUSH, Capability.ALARMS, Capability.DASHBOARDS}
"""What Thinger.io has not, or refuses to nobody."""


def test_every_capability_is_tested() -> None:
    """A capability that is added needs a test, and a text."""
    assert DENIED.keys() | OF_OTHERS == set(Capability)


@pytest.mark.parametrize("capability", DENIED)
async def test_missing_permission(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    time: Time,
    capability: Capability,
) -> None:
    """What is not allowed becomes an issue; it is gone when it is allowed and the account reloaded."""
    entry = await add_narrow_account(hass, thinger, DENIED[capability])
    if capability is Capability.STATISTICS:
        address = entity_id(hass, entry, "sensor", "boiler_ctl/%24stats/ip_address")
        er.async_get(hass).async_update_entity(address, disabled_by=None)
        await reload(hass, entry)
    if capability is Capability.EVENTS:
        await until_denied(entry, capability)
    for _ in range(2):
        await time.passes(31)
    issue_id = f"permission_{capability}_{entry.entry_id}"
    assert set(issues(hass)) == {issue_id}
    issue = issues(hass)[issue_id]
    assert issue.translation_key == f"permission_{capability}"
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.is_fixable is False
    assert issue.is_persistent is False
    placeholders = issue.translation_placeholders
    assert placeholders is not None
    assert placeholders["account"] == entry.title
    assert placeholders["permission"]
    # No sign-in failure: the account goes on as far as it can.
    assert entry.state is ConfigEntryState.LOADED
    assert hass.config_entries.flow.async_progress_by_handler(DOMAIN) == []

    thinger.access_token("narrow").deny = {}
    await reload(hass, entry)
    for _ in range(2):
        await time.passes(31)
    assert issues(hass) == {}
    assert state(hass, entry, "sensor", "boiler_ctl/temperature").state == "21.5"


async def test_several_permissions_and_accounts(
    hass: HomeAssistant, thinger: ThingerSimulator, time: Time
) -> None:
    """Each account has its own issues, and takes them along when it is removed."""
    deny = {
        "Bucket": {"*": ["ListBuckets"]},
        "Device": {"*": ["ReadDeviceProperty"]},
    }
    entry = await add_narrow_account(hass, thinger, deny)
    guest = thinger.mint_access_token("guests", user="guest", deny={"Event": "*"})
    other = await add_account(hass, {"url": thinger.url, "access_token": guest.jwt})
    await until_denied(other, Capability.EVENTS)
    await time.passes(31)
    await time.passes(31)
    assert set(issues(hass)) == {
        f"permission_buckets_{entry.entry_id}",
        f"permission_properties_{entry.entry_id}",
        f"permission_events_{other.entry_id}",
    }
    await hass.config_entries.async_remove(entry.entry_id)
    assert set(issues(hass)) == {f"permission_events_{other.entry_id}"}


async def test_many_entities(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    time: Time,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is said before Home Assistant takes no more entities, and until there are fewer."""
    monkeypatch.setattr(
        "custom_components.iot_platforms.entity_count.MANY_ENTITIES", 25
    )
    entry = await add_account(hass, thinger.account().credentials())
    enabled = enabled_entities(hass, entry)
    assert len(enabled) > 25
    issue_id = f"many_entities_{entry.entry_id}"
    issue = issues(hass)[issue_id]
    assert issue.translation_key == "many_entities"
    assert issue.severity is ir.IssueSeverity.WARNING
    assert issue.translation_placeholders == {
        "account": entry.title,
        "count": str(len(enabled)),
        "limit": "10000",
    }

    registry = er.async_get(hass)
    for found in enabled[25:]:
        registry.async_update_entity(found, disabled_by=er.RegistryEntryDisabler.USER)
    await time.passes(11)
    assert issues(hass)[issue_id].translation_placeholders["count"] == "25"
    registry.async_remove(enabled[0])
    await time.passes(11)
    assert issues(hass) == {}
    registry.async_update_entity(enabled[-1], disabled_by=None)
    await time.passes(11)
    assert set(issues(hass)) == {issue_id}


async def test_many_entities_of_one_account(
    hass: HomeAssistant, thinger: ThingerSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each account has a limit of its own; the word about it goes with the account."""
    monkeypatch.setattr(
        "custom_components.iot_platforms.entity_count.MANY_ENTITIES", 25
    )
    entry = await add_account(hass, thinger.account().credentials())
    guest = thinger.mint_access_token("guests", user="guest")
    other = await add_account(hass, {"url": thinger.url, "access_token": guest.jwt})
    assert len(enabled_entities(hass, other)) < 25
    assert set(issues(hass)) == {f"many_entities_{entry.entry_id}"}
    await hass.config_entries.async_remove(entry.entry_id)
    assert issues(hass) == {}


@pytest.mark.parametrize("is_crowded", [True, False])
async def test_crowded_account(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    monkeypatch: pytest.MonkeyPatch,
    *,
    is_crowded: bool,
) -> None:
    """Where there are too many entities, those of the devices themselves start disabled."""
    limit = 20 if is_crowded else 9_500
    monkeypatch.setattr(
        "custom_components.iot_platforms.entity_count.MANY_ENTITIES", limit
    )
    entry = await add_account(hass, thinger.account().credentials())
    registry = er.async_get(hass)
    connectivity = entity_id(hass, entry, "binary_sensor", "boiler_ctl")
    assert registry.async_get(connectivity).disabled is is_crowded
    temperature = entity_id(hass, entry, "sensor", "boiler_ctl/temperature")
    assert not registry.async_get(temperature).disabled
    assert entry.runtime_data.entities.is_crowded is is_crowded


def enabled_entities(hass: HomeAssistant, entry: ConfigEntry) -> list[str]:
    """Return the entities of an account that are enabled."""
    registry = er.async_get(hass)
    return [
        found.entity_id
        for found in er.async_entries_for_config_entry(registry, entry.entry_id)
        if found.disabled_by is None
    ]


async def test_account_without_limits(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Where everything is allowed there is no issue."""
    await add_account(hass, thinger.account().credentials())
    assert issues(hass) == {}
