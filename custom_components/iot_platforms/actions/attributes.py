"""Actions on the attributes that a platform keeps for each device."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
import voluptuous as vol

from ..adapters.base import KeepsAttributes
from ..coordinator import AccountCoordinator
from ..model.device import Device
from .shared import (
    ATTR_NAMES,
    OF_DEVICE,
    TEXTS,
    Action,
    done,
    json_value,
    thing,
    unsupported,
)

ATTR_ATTRIBUTES: Final = "attributes"
ATTR_SCOPE: Final = "scope"

SCOPES: Final = ("client", "shared", "server")
"""Who writes and who reads an attribute (thingsboard.md 8)."""
WRITABLE_SCOPES: Final = ("shared", "server")


def _attributes(value: object) -> object:
    """Validate values by their names."""
    if not isinstance(value, dict) or not value:
        raise vol.Invalid("not an object with at least one attribute")
    if not all(isinstance(name, str) and name.strip() for name in value):
        raise vol.Invalid("an attribute has no name")
    return json_value(value)


async def _read_attributes(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _attributes_of(call)
    attributes = await done(
        coordinator,
        adapter.read_attributes(
            device.id, call.data.get(ATTR_SCOPE), call.data[ATTR_NAMES]
        ),
        device.name,
    )
    return {"attributes": attributes}


async def _write_attributes(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _attributes_of(call)
    await done(
        coordinator,
        adapter.write_attributes(
            device.id, call.data[ATTR_SCOPE], call.data[ATTR_ATTRIBUTES]
        ),
        device.name,
    )
    return None


def _attributes_of(
    call: ServiceCall,
) -> tuple[AccountCoordinator, Device, KeepsAttributes]:
    coordinator, device = thing(call)
    if not isinstance(coordinator.adapter, KeepsAttributes):
        raise unsupported(coordinator)
    return coordinator, device, coordinator.adapter


ACTIONS: Final = (
    Action(
        name="read_attributes",
        handle=_read_attributes,
        fields={
            **OF_DEVICE,
            vol.Optional(ATTR_SCOPE): vol.In(SCOPES),
            vol.Optional(ATTR_NAMES, default=list): TEXTS,
        },
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="write_attributes",
        handle=_write_attributes,
        fields={
            **OF_DEVICE,
            vol.Optional(ATTR_SCOPE, default="shared"): vol.In(WRITABLE_SCOPES),
            vol.Required(ATTR_ATTRIBUTES): _attributes,
        },
        response=SupportsResponse.NONE,
    ),
)
