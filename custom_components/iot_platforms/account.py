"""From a config entry to the adapter of its account."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import (
    SERVER_SOFTWARE,
    async_get_clientsession,
)

from .adapters.base import Adapter, SaveCredentials, Surroundings
from .adapters.registry import PLATFORMS
from .const import CONF_CA_CERTIFICATE
from .model.choices import Choices
from .model.errors import PlatformError
from .model.platform import Account, IotPlatform
from .transport.clock import Clock
from .transport.tls import ssl_context


async def async_create_adapter(
    hass: HomeAssistant,
    platform: IotPlatform,
    credentials: Mapping[str, Any],
    save: SaveCredentials,
    choices: Choices,
) -> Adapter:
    """Return the adapter of an account; raises a PlatformError for unusable settings."""
    verify = bool(credentials.get(CONF_VERIFY_SSL, True))
    ssl = await hass.async_add_executor_job(
        lambda: ssl_context(
            verify=verify, ca_certificate=credentials.get(CONF_CA_CERTIFICATE)
        )
    )
    streams = _stream_session()
    try:
        return PLATFORMS[platform].create(
            Surroundings(
                session=async_get_clientsession(hass),
                streams=streams,
                ssl=ssl,
                clock=Clock(),
                credentials=credentials,
                save=save,
                choices=choices,
            )
        )
    except PlatformError:
        await streams.close()
        raise


def _stream_session() -> aiohttp.ClientSession:
    """Return a session without the limit of Home Assistant's own: 100 connections to a server.

    An account keeps one open for each device, and its requests need some as well.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"User-Agent": SERVER_SOFTWARE},
    )


def save_into(hass: HomeAssistant, entry: ConfigEntry) -> SaveCredentials:
    """Return what keeps the credentials that an account renews.

    A renewal can end after somebody signed in anew: it must not undo that.
    """
    known = entry.data

    async def save(changed: Mapping[str, Any]) -> None:
        nonlocal known
        if all(entry.data.get(name) == known.get(name) for name in changed):
            hass.config_entries.async_update_entry(
                entry, data={**entry.data, **changed}
            )
            known = entry.data

    return save


@dataclass(frozen=True, slots=True)
class SignedIn:
    """An account right after its sign-in, and the credentials with what came of it."""

    adapter: Adapter
    account: Account
    credentials: dict[str, Any] = field(repr=False)


@asynccontextmanager
async def async_signed_in(
    hass: HomeAssistant, platform: IotPlatform, credentials: Mapping[str, Any]
) -> AsyncGenerator[SignedIn]:
    """Sign in for a moment, to see whose account it is and what is in it."""
    kept = dict(credentials)

    async def save(changed: Mapping[str, Any]) -> None:
        kept.update(changed)

    adapter = await async_create_adapter(hass, platform, credentials, save, Choices())
    try:
        yield SignedIn(adapter, await adapter.identify(), kept)
    finally:
        await adapter.close()
