"""What helps to help: only what is listed here, and no values."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import CONF_API_KEY, CONF_USERNAME, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr

from .const import CONF_CA_CERTIFICATE, CONF_PLATFORM
from .coordinator import AccountConfigEntry, AccountCoordinator
from .devices import device_id_of
from .model.device import Resource
from .model.state import DeviceState

_OPTION_COUNTS: Final = (
    "excluded_devices",
    "safe_devices",
    "safe_resources",
    "resources",
    "controls",
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: AccountConfigEntry
) -> dict[str, Any]:
    """Return the state of an account and of all its devices."""
    coordinator = _coordinator(entry)
    return {
        "account": _account(entry),
        "devices": [
            _device(coordinator, known) for known in coordinator.data.devices.values()
        ]
        if coordinator
        else [],
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: AccountConfigEntry, device: dr.AnyDeviceEntry
) -> dict[str, Any]:
    """Return the state of one device."""
    coordinator = _coordinator(entry)
    known = (
        coordinator.data.devices.get(device_id_of(entry, device) or "")
        if coordinator
        else None
    )
    return {
        "account": _account(entry),
        "device": _device(coordinator, known) if coordinator and known else None,
    }


def _way_in(data: Mapping[str, Any]) -> str:
    if data.get(CONF_USERNAME):
        return "password"
    return "api_key" if data.get(CONF_API_KEY) else "token"


def _coordinator(entry: AccountConfigEntry) -> AccountCoordinator | None:
    """Return what there is of an account, None while it is not loaded."""
    return getattr(entry, "runtime_data", None)


def _account(entry: AccountConfigEntry) -> dict[str, Any]:
    coordinator = _coordinator(entry)
    return {
        "platform": entry.data[CONF_PLATFORM],
        "state": entry.state.value,
        "reason": entry.error_reason_translation_key,
        "signed_in_by": _way_in(entry.data),
        "verifies_certificate": entry.data.get(CONF_VERIFY_SSL, True),
        "has_own_authority": bool(entry.data.get(CONF_CA_CERTIFICATE)),
        "options": {name: len(entry.options.get(name, ())) for name in _OPTION_COUNTS},
        **(_live(coordinator) if coordinator else {}),
    }


def _live(coordinator: AccountCoordinator) -> dict[str, Any]:
    error = coordinator.last_exception
    return {
        "value_interval": coordinator.choices.value_interval,
        "available": coordinator.available,
        "last_error": getattr(error, "translation_key", None)
        or (error and type(error).__name__),
        "hears_devices": coordinator.adapter.hears_devices,
        "missing_permissions": sorted(coordinator.adapter.denied),
        "adapter": dict(coordinator.adapter.statistics),
        "wanted_values": len(coordinator.values.keys),
        "knows_alarms": coordinator.data.knows_alarms,
    }


def _device(coordinator: AccountCoordinator, known: DeviceState) -> dict[str, Any]:
    device = known.device
    return {
        "id": device.id,
        "type": device.type,
        "model": device.model,
        "online": device.online,
        "enabled": device.enabled,
        "alarms": len(known.alarms),
        "resources": [
            _resource(coordinator, resource) for resource in known.resources.values()
        ],
    }


def _resource(coordinator: AccountCoordinator, resource: Resource) -> dict[str, Any]:
    key, spec = resource.key, coordinator.entities.spec(resource)
    return {
        "key": key.text,
        "kind": resource.kind,
        "source": resource.source,
        "value_type": resource.value_type,
        "may_be_read": coordinator.choices.is_safe(resource),
        "live": coordinator.adapter.is_live(key),
        "has_value": coordinator.data.sample(key) is not None,
        "became": spec.platform if spec else None,
        "why": coordinator.entities.reason(resource),
    }
