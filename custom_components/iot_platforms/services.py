"""The actions."""

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from datetime import datetime
import json
from typing import Any, Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID, ATTR_DEVICE_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.exceptions import ServiceValidationError
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.service import (
    async_get_config_entry,
    async_get_device_and_config_entry,
    async_register_admin_service,
)
from homeassistant.util import dt as dt_util
import voluptuous as vol

from .adapters.base import (
    CallsEndpoints,
    ManagesDevices,
    ManagesDeviceTokens,
    ReadsBuckets,
)
from .const import DOMAIN
from .coordinator import AccountConfigEntry, AccountCoordinator
from .devices import device_id_of
from .model.device import Device, Resource, ResourceKey, ResourceKind
from .model.value import JsonValue

ATTR_BUCKET: Final = "bucket"
ATTR_CREDENTIALS: Final = "credentials"
ATTR_DATA: Final = "data"
ATTR_DESCRIPTION: Final = "description"
ATTR_DEVICE: Final = "device"
ATTR_DEVICE_TYPE: Final = "device_type"
ATTR_ENDPOINT: Final = "endpoint"
ATTR_END: Final = "end"
ATTR_EXPIRES: Final = "expires"
ATTR_ITEMS: Final = "items"
ATTR_NAME: Final = "name"
ATTR_NEWEST_FIRST: Final = "newest_first"
ATTR_RESOURCE: Final = "resource"
ATTR_RESOURCES: Final = "resources"
ATTR_START: Final = "start"
ATTR_TOKEN_ID: Final = "token_id"  # noqa: S105  # a field's name
ATTR_VALUE: Final = "value"

MAX_ITEMS: Final = 1000
DEVICE_TYPES: Final = {
    "generic": "Generic",
    "mqtt": "MQTT",
    "http": "HTTP",
    "virtual": "Virtual",
}
"""What people choose from, as the platform writes it (thinger.md 5.1)."""
CONNECTED_TYPES: Final = ("Generic", "MQTT")
"""Those that sign in at the platform themselves (thinger.md 5.5)."""


def _json(value: object) -> object:
    """Validate that a value can be sent: YAML knows more than JSON does, dates for one."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise vol.Invalid("not a JSON value") from error
    return value


def _id(longest: int) -> vol.All:
    """Validate what platforms take as ids of things that people name (thinger.md 4): never a path."""
    return vol.All(
        cv.string,
        vol.Match(
            rf"[a-zA-Z0-9_-]{{1,{longest}}}\Z",
            msg=f"an ID has 1 to {longest} letters, digits, underscores and hyphens",
        ),
    )


_ID: Final = _id(64)
_DEVICE: Final = {vol.Required(ATTR_DEVICE_ID): cv.string}
_ACCOUNT: Final = {vol.Required(ATTR_CONFIG_ENTRY_ID): cv.string}
_RESOURCE: Final = {**_DEVICE, vol.Required(ATTR_RESOURCE): cv.string}

type Handler = Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register the actions; they find their account when they are called."""

    def register(
        name: str,
        handler: Handler,
        response: SupportsResponse,
        fields: Mapping[vol.Marker, Any],
        *,
        for_admins: bool = False,
    ) -> None:
        schema = vol.Schema(fields)
        if for_admins:
            async_register_admin_service(hass, DOMAIN, name, handler, schema, response)
        else:
            hass.services.async_register(
                DOMAIN, name, handler, schema, supports_response=response
            )

    register("read_resource", _read_resource, SupportsResponse.ONLY, _RESOURCE)
    register(
        "write_resource",
        _write_resource,
        SupportsResponse.OPTIONAL,
        {**_RESOURCE, vol.Required(ATTR_VALUE): _json},
    )
    register("run_callback", _run_callback, SupportsResponse.OPTIONAL, _RESOURCE)
    register(
        "call_endpoint",
        _call_endpoint,
        SupportsResponse.OPTIONAL,
        {
            **_ACCOUNT,
            vol.Required(ATTR_ENDPOINT): _ID,
            vol.Optional(ATTR_DATA): _json,
        },
    )
    register(
        "read_bucket",
        _read_bucket,
        SupportsResponse.ONLY,
        {
            **_ACCOUNT,
            vol.Required(ATTR_BUCKET): _ID,
            vol.Optional(ATTR_ITEMS, default=100): vol.All(
                vol.Coerce(int), vol.Range(min=1, max=MAX_ITEMS)
            ),
            vol.Optional(ATTR_START): cv.datetime,
            vol.Optional(ATTR_END): cv.datetime,
            vol.Optional(ATTR_NEWEST_FIRST, default=True): cv.boolean,
        },
    )
    # What makes, deletes or shares something on the platform.
    register(
        "add_device",
        _add_device,
        SupportsResponse.OPTIONAL,
        {
            **_ACCOUNT,
            vol.Required(ATTR_DEVICE): _id(32),
            vol.Optional(ATTR_CREDENTIALS): vol.All(
                cv.string, vol.Length(min=6, max=255)
            ),
            vol.Optional(ATTR_NAME): cv.string,
            vol.Optional(ATTR_DESCRIPTION): cv.string,
            vol.Optional(ATTR_DEVICE_TYPE, default="generic"): vol.In(DEVICE_TYPES),
        },
        for_admins=True,
    )
    register(
        "delete_device",
        _delete_device,
        SupportsResponse.NONE,
        _DEVICE,
        for_admins=True,
    )
    register(
        "list_device_tokens",
        _list_device_tokens,
        SupportsResponse.ONLY,
        _DEVICE,
        for_admins=True,
    )
    register(
        "create_device_token",
        _create_device_token,
        SupportsResponse.OPTIONAL,
        {
            **_DEVICE,
            vol.Required(ATTR_NAME): cv.string,
            vol.Optional(ATTR_RESOURCES, default=list): vol.All(
                cv.ensure_list, [cv.string]
            ),
            vol.Optional(ATTR_EXPIRES): cv.datetime,
        },
        for_admins=True,
    )
    register(
        "delete_device_token",
        _delete_device_token,
        SupportsResponse.NONE,
        {**_DEVICE, vol.Required(ATTR_TOKEN_ID): _ID},
        for_admins=True,
    )


async def _read_resource(call: ServiceCall) -> ServiceResponse:
    coordinator, resource = _resource(call, ResourceKind.CALLBACK)
    if not coordinator.choices.is_safe(resource):
        raise _invalid(ATTR_RESOURCE, "unsafe_resource", resource=resource.name)
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


async def _call_endpoint(call: ServiceCall) -> ServiceResponse:
    coordinator = _account(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, CallsEndpoints):
        raise _unsupported(coordinator)
    answer = await _done(
        coordinator,
        adapter.call_endpoint(call.data[ATTR_ENDPOINT], call.data.get(ATTR_DATA)),
    )
    return {"answer": answer}


async def _read_bucket(call: ServiceCall) -> ServiceResponse:
    coordinator = _account(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, ReadsBuckets):
        raise _unsupported(coordinator)
    start, end = _time(call, ATTR_START), _time(call, ATTR_END)
    if start is not None and end is not None and end <= start:
        raise _invalid(ATTR_END, "end_before_start")
    rows = await _done(
        coordinator,
        adapter.read_bucket(
            call.data[ATTR_BUCKET],
            items=call.data[ATTR_ITEMS],
            start=start,
            end=end,
            descending=call.data[ATTR_NEWEST_FIRST],
        ),
    )
    return {"rows": rows}


async def _add_device(call: ServiceCall) -> ServiceResponse:
    coordinator = _account(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, ManagesDevices):
        raise _unsupported(coordinator)
    device_type = DEVICE_TYPES[call.data[ATTR_DEVICE_TYPE]]
    if device_type in CONNECTED_TYPES and ATTR_CREDENTIALS not in call.data:
        raise _invalid(ATTR_CREDENTIALS, "credentials_needed", type=device_type)
    device: dict[str, JsonValue] = {"type": device_type}
    for field in (ATTR_DEVICE, ATTR_CREDENTIALS, ATTR_NAME, ATTR_DESCRIPTION):
        if field in call.data:
            device[field] = call.data[field]
    answer = await _done(coordinator, adapter.add_device(device))
    await coordinator.async_read_list()
    return {"answer": answer}


async def _delete_device(call: ServiceCall) -> ServiceResponse:
    coordinator, device = _thing(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, ManagesDevices):
        raise _unsupported(coordinator)
    await _done(coordinator, adapter.delete_device(device.id), device.name)
    coordinator.async_forget_device(device.id)
    return None


async def _list_device_tokens(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _tokens_of(call)
    tokens = await _done(
        coordinator, adapter.list_device_tokens(device.id), device.name
    )
    return {"tokens": tokens}


async def _create_device_token(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _tokens_of(call)
    expires = _time(call, ATTR_EXPIRES)
    if expires is not None and expires <= dt_util.utcnow().timestamp():
        raise _invalid(ATTR_EXPIRES, "expires_in_past")
    token = await _done(
        coordinator,
        adapter.create_device_token(
            device.id, call.data[ATTR_NAME], call.data[ATTR_RESOURCES], expires
        ),
        device.name,
    )
    return {"token": token}


async def _delete_device_token(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _tokens_of(call)
    await _done(
        coordinator,
        adapter.delete_device_token(device.id, call.data[ATTR_TOKEN_ID]),
        device.name,
    )
    return None


def _account(call: ServiceCall) -> AccountCoordinator:
    entry: AccountConfigEntry = async_get_config_entry(
        call.hass, DOMAIN, call.data[ATTR_CONFIG_ENTRY_ID]
    )
    return entry.runtime_data


def _device(call: ServiceCall) -> tuple[AccountCoordinator, Device]:
    registered, found = async_get_device_and_config_entry(
        call.hass, DOMAIN, call.data[ATTR_DEVICE_ID]
    )
    entry: AccountConfigEntry = found
    device = entry.runtime_data.data.device(device_id_of(entry, registered) or "")
    if device is None:
        raise _invalid(ATTR_DEVICE_ID, "unknown_device")
    return entry.runtime_data, device


def _thing(call: ServiceCall) -> tuple[AccountCoordinator, Device]:
    """Return a device that the platform itself knows, and no stand-in for a part of the account."""
    coordinator, device = _device(call)
    if device.is_service:
        raise _invalid(ATTR_DEVICE_ID, "unknown_device")
    return coordinator, device


def _resource(
    call: ServiceCall, *wrong_kinds: ResourceKind
) -> tuple[AccountCoordinator, Resource]:
    coordinator, device = _device(call)
    name = call.data[ATTR_RESOURCE]
    resource = coordinator.data.resource(ResourceKey(device.id, name))
    if resource is None:
        raise _invalid(ATTR_RESOURCE, "unknown_resource", resource=name)
    if resource.kind in wrong_kinds:
        raise _invalid(ATTR_RESOURCE, "wrong_kind", resource=name)
    return coordinator, resource


def _tokens_of(
    call: ServiceCall,
) -> tuple[AccountCoordinator, Device, ManagesDeviceTokens]:
    coordinator, device = _thing(call)
    if not isinstance(coordinator.adapter, ManagesDeviceTokens):
        raise _unsupported(coordinator)
    return coordinator, device, coordinator.adapter


async def _done[ResultT](
    coordinator: AccountCoordinator, call: Awaitable[ResultT], name: str | None = None
) -> ResultT:
    """Return what came of a call, or explain what went wrong; ``name`` is a device's."""
    title = coordinator.config_entry.title
    return await coordinator.commands.async_explained(call, name or title)


def _time(call: ServiceCall, field: str) -> float | None:
    """Return a field's time in Unix seconds; without a zone it is meant as Home Assistant's."""
    moment: datetime | None = call.data.get(field)
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt_util.get_default_time_zone())
    return moment.timestamp()


def _invalid(field: str, key: str, **placeholders: str) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key=key,
        translation_placeholders={"field": field, **placeholders},
    )


def _unsupported(coordinator: AccountCoordinator) -> ServiceValidationError:
    return ServiceValidationError(
        translation_domain=DOMAIN,
        translation_key="not_supported",
        translation_placeholders={"name": coordinator.config_entry.title},
    )
