"""Devices in the registry."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.iot_platforms.const import DOMAIN
from custom_components.iot_platforms.devices import DeviceRegistrar, device_id_of
from custom_components.iot_platforms.model.device import Device


async def test_parents_come_first(hass: HomeAssistant) -> None:
    """Whatever their order, a device is linked to the one that it hangs on."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id="thinger:server/user")
    entry.add_to_hass(hass)
    registrar = DeviceRegistrar(hass, entry)
    registrar.async_register(
        [
            Device(id="probe", name="Probe", parent_id="gateway"),
            Device(id="gateway", name="Gateway", parent_id="nowhere"),
            Device(id="buckets", name="Buckets", is_service=True),
        ]
    )
    devices = {
        device_id_of(entry, device): device
        for device in dr.async_entries_for_config_entry(
            dr.async_get(hass), entry.entry_id
        )
    }
    assert devices["probe"].via_device_id == devices["gateway"].id
    assert devices["gateway"].via_device_id is None
    assert devices["buckets"].entry_type is dr.DeviceEntryType.SERVICE


async def test_foreign_device(hass: HomeAssistant) -> None:
    """A device of another account is none of this one."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id="thinger:server/user")
    other = MockConfigEntry(domain=DOMAIN, unique_id="thinger:server/other")
    for each in (entry, other):
        each.add_to_hass(hass)
    DeviceRegistrar(hass, other).async_register([Device(id="probe", name="Probe")])
    (device,) = dr.async_entries_for_config_entry(dr.async_get(hass), other.entry_id)
    assert device_id_of(entry, device) is None
    assert device_id_of(other, device) == "probe"


async def test_new_facts(hass: HomeAssistant) -> None:
    """A rename on the platform renames, and a removed device is gone; twice does no harm."""
    entry = MockConfigEntry(domain=DOMAIN, unique_id="thinger:server/user")
    entry.add_to_hass(hass)
    registrar = DeviceRegistrar(hass, entry)
    registrar.async_register([Device(id="probe", name="Probe")])
    registrar.async_register([Device(id="probe", name="Attic", firmware="1.2")])
    registry = dr.async_get(hass)
    (device,) = dr.async_entries_for_config_entry(registry, entry.entry_id)
    assert (device.name, device.sw_version) == ("Attic", "1.2")
    registrar.async_remove(["probe", "probe"])
    assert not dr.async_entries_for_config_entry(registry, entry.entry_id)
