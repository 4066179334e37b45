"""Home Assistant's own ``rest:``, reading the telemetry of ThingsBoard's devices."""

import asyncio
from typing import Any, Final, override

from homeassistant.components import rest
from homeassistant.components.rest import sensor as _sensor  # noqa: F401 - imported once
from homeassistant.components.rest.const import COORDINATOR, DOMAIN
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.setup import async_setup_component

from .base import ALL_PHASES, Arm

from tests.benchmarks.spec import Phase
from tests.benchmarks.values import (
    DEVICE_CLASS,
    STATE_CLASS,
    UNIT,
    device_name,
    key_name,
    keys,
)

_NEVER: Final = 86_400
"""Seconds between two polls: the benchmarks say when."""


class RestByDevice(Arm):
    """One resource for each device, with all its values in it."""

    name = "rest-device"
    title = "rest:, one resource for each device"
    server = "thingsboard:serve"
    # YAML is not removed, but forgotten by hand, entity by entity.
    phases = ALL_PHASES - {Phase.SAME, Phase.REMOVE, Phase.FLOOR}

    @override
    async def prepare(self) -> None:
        await super().prepare()
        assert await async_setup_component(self.hass, "sensor", {})

    @override
    async def set_up(self) -> None:
        if DOMAIN not in self.hass.config.components:
            assert await async_setup_component(self.hass, DOMAIN, self._settings())
        else:
            rest._async_setup_shared_data(self.hass)
            settings = rest.CONFIG_SCHEMA(self._settings())
            await rest._async_process_config(self.hass, settings)

    @override
    async def refresh(self) -> None:
        coordinators = self.hass.data[DOMAIN][COORDINATOR]
        await asyncio.gather(*(each.async_refresh() for each in coordinators))

    @override
    async def unload(self) -> None:
        for platform in async_get_platforms(self.hass, DOMAIN):
            await platform.async_reset()

    def _settings(self) -> dict[str, Any]:
        return {
            DOMAIN: [
                self._resource(device, names)
                for device in range(self.shape.devices)
                for names in self._parts()
            ]
        }

    def _parts(self) -> list[list[str]]:
        """Return the values that are asked for together."""
        return [keys(self.shape)]

    def _resource(self, device: int, names: list[str]) -> dict[str, Any]:
        token = self.announced.credentials["bearer"]["token"]
        path = f"api/plugins/telemetry/DEVICE/{self.announced.device_ids[device]}"
        return {
            "resource": f"{self.announced.url}/{path}/values/timeseries",
            "params": {"keys": ",".join(names), "useStrictDataTypes": "true"},
            "headers": {"X-Authorization": f"Bearer {token}"},
            "scan_interval": _NEVER,
            "sensor": [
                {
                    "name": f"{device_name(device)} {name}",
                    "unique_id": f"{device_name(device)}/{name}",
                    "value_template": f"{{{{ value_json.{name}[0].value }}}}",
                    "device_class": DEVICE_CLASS,
                    "state_class": STATE_CLASS,
                    "unit_of_measurement": UNIT,
                }
                for name in names
            ],
        }


class RestByKey(RestByDevice):
    """One resource for each value."""

    name = "rest-key"
    title = "rest:, one resource for each value"

    @override
    def _parts(self) -> list[list[str]]:
        return [[key_name(key)] for key in range(self.shape.per_device)]


ARMS: Final[tuple[type[Arm], ...]] = (RestByDevice, RestByKey)
