"""Actions on what devices offer."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..coordinator import AccountCoordinator
from ..model.device import Resource, ResourceKey, ResourceKind
from .shared import OF_DEVICE, Action, invalid, json_value, listed_device

ATTR_RESOURCE: Final = "resource"
ATTR_VALUE: Final = "value"

_RESOURCE: Final = {**OF_DEVICE, vol.Required(ATTR_RESOURCE): cv.string}


async def _read_resource(call: ServiceCall) -> ServiceResponse:
    coordinator, resource = _resource(call, ResourceKind.CALLBACK)
    if not coordinator.choices.is_safe(resource):
        raise invalid(ATTR_RESOURCE, "unsafe_resource", resource=resource.name)
    return {"value": await coordinator.commands.async_read(resource.key)}


async def _write_resource(call: ServiceCall) -> ServiceResponse:
    coordinator, resource = _resource(call, ResourceKind.CALLBACK, ResourceKind.OUTPUT)
    value = call.data[ATTR_VALUE]
    if resource.kind is ResourceKind.INPUT_OUTPUT:
        return {"answer": await coordinator.commands.async_call(resource.key, value)}
    return {"answer": await coordinator.commands.async_write(resource.key, value)}


async def _run_callback(call: ServiceCall) -> ServiceResponse:
    coordinator, resource = _resource(
        call, ResourceKind.INPUT, ResourceKind.OUTPUT, ResourceKind.INPUT_OUTPUT
    )
    return {"answer": await coordinator.commands.async_run(resource.key)}


def _resource(
    call: ServiceCall, *wrong_kinds: ResourceKind
) -> tuple[AccountCoordinator, Resource]:
    coordinator, device = listed_device(call)
    name = call.data[ATTR_RESOURCE]
    resource = coordinator.data.resource(ResourceKey(device.id, name))
    if resource is None:
        raise invalid(ATTR_RESOURCE, "unknown_resource", resource=name)
    if resource.kind in wrong_kinds:
        raise invalid(ATTR_RESOURCE, "wrong_kind", resource=name)
    return coordinator, resource


ACTIONS: Final = (
    Action(
        name="read_resource",
        handle=_read_resource,
        fields=_RESOURCE,
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="write_resource",
        handle=_write_resource,
        fields={**_RESOURCE, vol.Required(ATTR_VALUE): json_value},
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="run_callback",
        handle=_run_callback,
        fields=_RESOURCE,
        response=SupportsResponse.OPTIONAL,
    ),
)
