"""Our integration, whatever the platform: signed in, set up, polled and removed as by a person."""

import asyncio
from collections.abc import Mapping
from importlib import import_module
import pkgutil
from types import MappingProxyType
from typing import Any, ClassVar, Final, override

from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.setup import async_setup_component

from custom_components import iot_platforms
from custom_components.iot_platforms.account import async_signed_in
from custom_components.iot_platforms.config_flow import (
    SIGN_INS,
    IotPlatformsConfigFlow,
    _data,
)
from custom_components.iot_platforms.const import DOMAIN, ENTITY_PLATFORMS
from custom_components.iot_platforms.coordinator import NEVER, AccountCoordinator
from custom_components.iot_platforms.model.platform import IotPlatform

from .base import Arm

_PATIENCE: Final = 60.0
_LOOK_SECONDS: Final = 0.05


class OurArm(Arm):
    """An account of ours, where the server tells what changes."""

    platform: ClassVar[IotPlatform]
    credentials: ClassVar[str]
    """The way to sign in, by the name that the server announces it under."""
    failures_until_away = 3

    _entry: ConfigEntry[AccountCoordinator] | None = None

    @override
    async def prepare(self) -> None:
        await super().prepare()
        for module in pkgutil.walk_packages(iot_platforms.__path__, f"{_PACKAGE}."):
            import_module(module.name)
        assert await async_setup_component(self.hass, DOMAIN, {})
        for platform in ENTITY_PLATFORMS:
            assert await async_setup_component(self.hass, platform, {})
        self._found = await self._sign_in(self.announced.credentials[self.credentials])

    @override
    async def set_up(self) -> None:
        entries = self.hass.config_entries
        if self._entry is None:
            self._entry = self._found
            await entries.async_add(self._entry)
        else:
            await entries.async_setup(self._entry.entry_id)

    @override
    async def settled(self) -> None:
        if self.is_told:
            async with asyncio.timeout(_PATIENCE):
                while not self._is_live:  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(_LOOK_SECONDS)

    @override
    async def refresh(self) -> None:
        """Ask now for everything that is asked for from time to time."""
        if not self.is_told:
            self._coordinator._values_read_at = NEVER
            await self._coordinator.async_read_list()

    @override
    async def idle(self) -> None:
        if self.is_told:
            await self._coordinator.async_refresh()
        else:
            await self.refresh()

    @override
    async def unload(self) -> None:
        assert self._entry is not None
        await self.hass.config_entries.async_unload(self._entry.entry_id)

    @override
    async def remove(self) -> None:
        assert self._entry is not None
        await self.hass.config_entries.async_remove(self._entry.entry_id)

    @property
    def _coordinator(self) -> AccountCoordinator:
        assert self._entry is not None
        return self._entry.runtime_data

    @property
    def _is_live(self) -> bool:
        keys, adapter = self._coordinator.values.keys, self._coordinator.adapter
        return bool(keys) and adapter.hears_devices and all(map(adapter.is_live, keys))

    async def _sign_in(
        self, credentials: Mapping[str, Any]
    ) -> ConfigEntry[AccountCoordinator]:
        """Return the entry that the forms would make."""
        async with async_signed_in(self.hass, self.platform, credentials) as signed_in:
            account = signed_in.account
        kept = SIGN_INS[self.platform].kept(signed_in.credentials)
        return ConfigEntry(
            domain=DOMAIN,
            title=account.title,
            unique_id=account.key,
            data=_data(account, kept),
            options={},
            source=SOURCE_USER,
            version=IotPlatformsConfigFlow.VERSION,
            minor_version=IotPlatformsConfigFlow.MINOR_VERSION,
            discovery_keys=MappingProxyType({}),
            subentries_data=None,
        )


_PACKAGE: Final = iot_platforms.__name__
