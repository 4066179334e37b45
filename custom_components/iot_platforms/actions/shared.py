"""What actions have in common: their fields, whom they are for, what they refuse."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import datetime
import json
from typing import Any, Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import (
    async_get_config_entry,
    async_get_device_and_config_entry,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..const import DOMAIN
from ..coordinator import AccountConfigEntry, AccountCoordinator
from ..devices import device_id_of
from ..model.device import Device

ATTR_END: Final = "end"
ATTR_NAME: Final = "name"
ATTR_NAMES: Final = "names"
ATTR_START: Final = "start"

OF_DEVICE: Final = {vol.Required(ATTR_DEVICE_ID): cv.string}
OF_ACCOUNT: Final = {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string}

type Handler = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One action, as Home Assistant registers it."""

    name: str
    handle: Handler
    fields: Mapping[vol.Marker, Any]
    response: SupportsResponse
    for_admins: bool = False


def json_value(value: object) -> object:
    """Validate that a value can be sent: YAML knows more than JSON does, dates for one."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise vol.Invalid("not a JSON value") from error
    return value


def id_of_at_most(longest: int) -> vol.All:
    """Validate what platforms take as ids of things that people name (thinger.md 4): never a path."""
    return vol.All(
        cv.string,
        vol.Match(
            rf"[a-zA-Z0-9_-]{{1,{longest}}}\Z",
            msg=f"an ID has 1 to {longest} letters, digits, underscores and hyphens",
        ),
    )


def whole_number(least: int, most: int) -> vol.All:
    """Validate a whole number between limits."""
    return vol.All(vol.Coerce(int), vol.Range(min=least, max=most))


def _unix_time(moment: datetime) -> float:
    """Return Unix seconds; a time without a zone is meant as Home Assistant's."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt_util.get_default_time_zone())
    return moment.timestamp()


ID: Final = id_of_at_most(64)
TEXT: Final = vol.All(cv.string, vol.Length(min=1))
TEXTS: Final = vol.All(cv.ensure_list, [TEXT])
UNIX_TIME: Final = vol.All(cv.datetime, _unix_time)


def account(call: ServiceCall) -> AccountCoordinator:
    """Return the account that an action is about."""
    entry: AccountConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    return entry.runtime_data


def listed_device(call: ServiceCall) -> tuple[AccountCoordinator, Device]:
    """Return the device that an action is about, or the part of an account that stands for one."""
    registered, found = async_get_device_and_config_entry(
        call.hass, DOMAIN, call.data[ATTR_DEVICE_ID]
    )
    entry: AccountConfigEntry = found
    device = entry.runtime_data.data.device(device_id_of(entry, registered) or "")
    if device is None:
        raise invalid(ATTR_DEVICE_ID, "unknown_device")
    return entry.runtime_data, device


def thing(call: ServiceCall) -> tuple[AccountCoordinator, Device]:
    """Return a device that the platform itself knows, and no stand-in for a part of the account."""
    coordinator, device = listed_device(call)
    if device.is_service:
        raise invalid(ATTR_DEVICE_ID, "unknown_device")
    return coordinator, device


async def done[ResultT](
    coordinator: AccountCoordinator, call: Awaitable[ResultT], name: str | None = None
) -> ResultT:
    """Return what came of a call, or explain what went wrong; ``name`` is a device's."""
    title = coordinator.config_entry.title
    return await coordinator.commands.async_explained(call, name or title)


def invalid(field: str, key: str, **placeholders: str) -> ServiceValidationError:
    """Return what to say of a field that does not fit."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"field": field, **placeholders},
    )


def unsupported(coordinator: AccountCoordinator) -> ServiceValidationError:
    """Return what to say where a platform does not have what an action needs."""
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_supported",
        translation_placeholders={"name": coordinator.config_entry.title},
    )
