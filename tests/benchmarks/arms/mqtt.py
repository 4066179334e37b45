"""Home Assistant's own MQTT discovery, with a real mosquitto."""

from types import MappingProxyType
from typing import Final, override

from homeassistant.components.mqtt import (
    config_flow as _config_flow,  # noqa: F401 - imported once
    sensor as _sensor,  # noqa: F401
)
from homeassistant.components.mqtt.const import (
    CONFIG_ENTRY_MINOR_VERSION,
    CONFIG_ENTRY_VERSION,
    DOMAIN,
)
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.setup import async_setup_component

from .base import ALL_PHASES, Arm

from tests.benchmarks.spec import Phase


class Mqtt(Arm):
    """One discovery message for each entity, and a topic for each value."""

    name = "mqtt"
    title = "MQTT discovery, single form"
    server = "mqtt:serve"
    is_told = True
    phases = ALL_PHASES - {Phase.NONE, Phase.FLOOR}

    _entry: ConfigEntry | None = None

    @override
    async def prepare(self) -> None:
        await super().prepare()
        for component in ("sensor", "http", "file_upload"):
            assert await async_setup_component(self.hass, component, {})

    @override
    async def set_up(self) -> None:
        entries = self.hass.config_entries
        if self._entry is not None:
            await entries.async_setup(self._entry.entry_id)
            return
        self._entry = ConfigEntry(
            domain=DOMAIN,
            title="bench",
            unique_id=None,
            data=dict(self.announced.credentials),
            options={},
            source=SOURCE_USER,
            version=CONFIG_ENTRY_VERSION,
            minor_version=CONFIG_ENTRY_MINOR_VERSION,
            discovery_keys=MappingProxyType({}),
            subentries_data=None,
        )
        await entries.async_add(self._entry)

    @override
    async def unload(self) -> None:
        assert self._entry is not None
        await self.hass.config_entries.async_unload(self._entry.entry_id)

    @override
    async def remove(self) -> None:
        """As bridges do it: they withdraw what they announced."""
        await self.control.withdraw()


class MqttByDevice(Mqtt):
    """One discovery message for each device, and a topic with all its values."""

    name = "mqtt-device"
    title = "MQTT discovery, device form"
    server = "mqtt:serve_devices"


ARMS: Final[tuple[type[Arm], ...]] = (Mqtt, MqttByDevice)
