"""Actions that make, delete or share devices on the platform: for administrators."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..adapters.base import ManagesDevices, ManagesDeviceTokens
from ..coordinator import AccountCoordinator
from ..model.device import Device
from ..model.value import JsonValue
from .shared import (
    ATTR_NAME,
    ID,
    OF_ACCOUNT,
    OF_DEVICE,
    UNIX_TIME,
    Action,
    account,
    done,
    id_of_at_most,
    invalid,
    thing,
    unsupported,
)

ATTR_CREDENTIALS: Final = "credentials"
ATTR_DESCRIPTION: Final = "description"
ATTR_DEVICE: Final = "device"
ATTR_DEVICE_TYPE: Final = "device_type"
ATTR_EXPIRES: Final = "expires"
ATTR_RESOURCES: Final = "resources"
ATTR_TOKEN_ID: Final = "token_id"  # noqa: S105  # a field's name

DEVICE_TYPES: Final = {
    "generic": "Generic",
    "mqtt": "MQTT",
    "http": "HTTP",
    "virtual": "Virtual",
}
"""What people choose from, as the platform writes it (thinger.md 5.1)."""
CONNECTED_TYPES: Final = ("Generic", "MQTT")
"""Those that sign in at the platform themselves (thinger.md 5.5)."""


async def _add_device(call: ServiceCall) -> ServiceResponse:
    coordinator = account(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, ManagesDevices):
        raise unsupported(coordinator)
    device_type = DEVICE_TYPES[call.data[ATTR_DEVICE_TYPE]]
    if device_type in CONNECTED_TYPES and ATTR_CREDENTIALS not in call.data:
        raise invalid(ATTR_CREDENTIALS, "credentials_needed", type=device_type)
    device: dict[str, JsonValue] = {"type": device_type}
    for field in (ATTR_DEVICE, ATTR_CREDENTIALS, ATTR_NAME, ATTR_DESCRIPTION):
        if field in call.data:
            device[field] = call.data[field]
    answer = await done(coordinator, adapter.add_device(device))
    await coordinator.async_read_list()
    return {"answer": answer}


async def _delete_device(call: ServiceCall) -> ServiceResponse:
    coordinator, device = thing(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, ManagesDevices):
        raise unsupported(coordinator)
    await done(coordinator, adapter.delete_device(device.id), device.name)
    coordinator.async_forget_device(device.id)
    return None


async def _list_device_tokens(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _tokens_of(call)
    tokens = await done(coordinator, adapter.list_device_tokens(device.id), device.name)
    return {"tokens": tokens}


async def _create_device_token(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _tokens_of(call)
    expires = call.data.get(ATTR_EXPIRES)
    if expires is not None and expires <= dt_util.utcnow().timestamp():
        raise invalid(ATTR_EXPIRES, "expires_in_past")
    token = await done(
        coordinator,
        adapter.create_device_token(
            device.id, call.data[ATTR_NAME], call.data[ATTR_RESOURCES], expires
        ),
        device.name,
    )
    return {"token": token}


async def _delete_device_token(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _tokens_of(call)
    await done(
        coordinator,
        adapter.delete_device_token(device.id, call.data[ATTR_TOKEN_ID]),
        device.name,
    )
    return None


def _tokens_of(
    call: ServiceCall,
) -> tuple[AccountCoordinator, Device, ManagesDeviceTokens]:
    coordinator, device = thing(call)
    if not isinstance(coordinator.adapter, ManagesDeviceTokens):
        raise unsupported(coordinator)
    return coordinator, device, coordinator.adapter


ACTIONS: Final = (
    Action(
        name="add_device",
        handle=_add_device,
        fields={
            **OF_ACCOUNT,
            vol.Required(ATTR_DEVICE): id_of_at_most(32),
            vol.Optional(ATTR_CREDENTIALS): vol.All(
                cv.string, vol.Length(min=6, max=255)
            ),
            vol.Optional(ATTR_NAME): cv.string,
            vol.Optional(ATTR_DESCRIPTION): cv.string,
            vol.Optional(ATTR_DEVICE_TYPE, default="generic"): vol.In(DEVICE_TYPES),
        },
        response=SupportsResponse.OPTIONAL,
        for_admins=True,
    ),
    Action(
        name="delete_device",
        handle=_delete_device,
        fields=OF_DEVICE,
        response=SupportsResponse.NONE,
        for_admins=True,
    ),
    Action(
        name="list_device_tokens",
        handle=_list_device_tokens,
        fields=OF_DEVICE,
        response=SupportsResponse.ONLY,
        for_admins=True,
    ),
    Action(
        name="create_device_token",
        handle=_create_device_token,
        fields={
            **OF_DEVICE,
            vol.Required(ATTR_NAME): cv.string,
            vol.Optional(ATTR_RESOURCES, default=list): vol.All(
                cv.ensure_list, [cv.string]
            ),
            vol.Optional(ATTR_EXPIRES): UNIX_TIME,
        },
        response=SupportsResponse.OPTIONAL,
        for_admins=True,
    ),
    Action(
        name="delete_device_token",
        handle=_delete_device_token,
        fields={**OF_DEVICE, vol.Required(ATTR_TOKEN_ID): ID},
        response=SupportsResponse.NONE,
        for_admins=True,
    ),
)
