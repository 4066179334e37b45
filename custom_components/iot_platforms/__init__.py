"""IoT Platforms: the devices of IoT clouds and servers in Home Assistant."""

from homeassistant.core import HomeAssistant
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryError
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .account import async_create_adapter, save_into
from .const import CONF_PLATFORM, DOMAIN, ENTITY_PLATFORMS
from .coordinator import AccountConfigEntry, AccountCoordinator
from .devices import device_id_of
from .errors import translation
from .issues import async_show_denied, async_show_many_entities
from .mapping import parse_choices
from .model.errors import BadCredentialsError, PlatformError
from .model.platform import IotPlatform
from .services import async_setup_services
from .storage import Archive

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Register the actions."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Sign in, read the account, make its entities, and begin to listen."""
    try:
        adapter = await async_create_adapter(
            hass,
            IotPlatform(entry.data[CONF_PLATFORM]),
            entry.data,
            save_into(hass, entry),
            parse_choices(entry.options),
        )
    except PlatformError as error:
        kind = (
            ConfigEntryAuthFailed
            if isinstance(error, BadCredentialsError)
            else ConfigEntryError
        )
        raise kind(
            translation_domain=DOMAIN, **translation(error, {"name": entry.title})
        ) from None
    coordinator = AccountCoordinator(hass, entry, adapter)
    entry.async_on_unload(coordinator.async_close)
    await coordinator.async_config_entry_first_refresh()
    entry.runtime_data = coordinator
    await coordinator.entities.async_prepare()
    await hass.config_entries.async_forward_entry_setups(entry, ENTITY_PLATFORMS)
    coordinator.async_start()
    return True


async def async_unload_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Take the entities down; the connections end with the entry's tasks."""
    return await hass.config_entries.async_unload_platforms(entry, ENTITY_PLATFORMS)


async def async_migrate_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> bool:
    """Take up entries of this version; refuse those of a later one."""
    return entry.version == 1


async def async_remove_entry(hass: HomeAssistant, entry: AccountConfigEntry) -> None:
    """Forget what was kept of an account."""
    await Archive(hass, entry.entry_id).async_remove()
    async_show_denied(hass, entry.entry_id, entry.title, {})
    async_show_many_entities(hass, entry.entry_id, entry.title, 0)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: AccountConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Let a person delete a device only when the platform no longer lists it."""
    return not entry.runtime_data.lists_device(device_id_of(entry, device))
