"""Devices in Home Assistant's registry."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import DOMAIN
from .model.device import Device

if TYPE_CHECKING:
    from .coordinator import AccountConfigEntry


def device_identifier(entry: AccountConfigEntry, device_id: str) -> tuple[str, str]:
    """Return the identifier of a device: of the platform's own ids only."""
    return DOMAIN, f"{entry.unique_id}/{device_id}"


def device_id_of(entry: AccountConfigEntry, device: dr.AnyDeviceEntry) -> str | None:
    """Return the platform's id of a device, None where it is none of this account."""
    prefix = f"{entry.unique_id}/"
    for domain, identifier in device.identifiers:
        if domain == DOMAIN and identifier.startswith(prefix):
            return identifier.removeprefix(prefix)
    return None


class DeviceRegistrar:
    """Keeps the registry in step with what the platform lists."""

    def __init__(self, hass: HomeAssistant, entry: AccountConfigEntry) -> None:
        """Prepare."""
        self._entry = entry
        self._registry = dr.async_get(hass)

    @callback
    def async_register(self, devices: Iterable[Device]) -> None:
        """Register devices or their new facts, parents first."""
        waiting = {device.id: device for device in devices}
        while waiting:
            self._register_branch(next(iter(waiting)), waiting)

    @callback
    def async_remove(self, device_ids: Iterable[str]) -> None:
        """Remove devices, and with them their entities."""
        for device_id in device_ids:
            entry = self._find(device_id)
            if entry is not None:
                self._registry.async_remove_device(entry.id)

    def _register_branch(self, device_id: str, waiting: dict[str, Device]) -> None:
        device = waiting.pop(device_id)
        if device.parent_id in waiting:
            self._register_branch(device.parent_id, waiting)
        parent = self._find(device.parent_id) if device.parent_id else None
        self._registry.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={device_identifier(self._entry, device.id)},
            name=device.name,
            manufacturer=device.manufacturer,
            model=device.model,
            model_id=device.model_id,
            serial_number=device.serial_number,
            sw_version=device.firmware,
            hw_version=device.hardware,
            configuration_url=device.url,
            suggested_area=device.area,
            entry_type=dr.DeviceEntryType.SERVICE if device.is_service else None,
            via_device_id=parent.id if parent else None,
        )

    def _find(self, device_id: str) -> dr.DeviceEntry | None:
        return self._registry.async_get_device_by_identifier(
            device_identifier(self._entry, device_id), self._entry.entry_id
        )
