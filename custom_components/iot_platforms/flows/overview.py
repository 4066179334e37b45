"""What would come in with an account, before it does."""

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import voluptuous as vol

from .. import entity_count
from ..adapters.base import Adapter, HandlesAlarms
from ..coordinator import PORTION
from ..mapping import map_resource
from ..mapping.overrides import CONF_EXCLUDED_DEVICES, CONF_READS_DASHBOARDS
from ..model.change import portions
from ..model.device import Device
from ..model.platform import Feature
from ..model.state import AccountState, apply
from .forms import device_options, flag_field, several


@dataclass(frozen=True, slots=True)
class Overview:
    """The devices of an account, and the number of entities that they become."""

    devices: tuple[Device, ...]
    enabled: int
    disabled: int

    @property
    def is_large(self) -> bool:
        """Return whether Home Assistant may not take all of it."""
        return self.enabled >= entity_count.MANY_ENTITIES


def overview_schema(overview: Overview, features: Collection[Feature]) -> vol.Schema:
    """Return the form: what may stay out, and what may be looked up."""
    fields: dict[vol.Marker, Any] = {
        vol.Optional(CONF_EXCLUDED_DEVICES): several(
            device_options(overview.devices, ())
        )
    }
    if Feature.DASHBOARDS in features:
        fields |= flag_field(CONF_READS_DASHBOARDS)
    return vol.Schema(fields)


async def async_overview(adapter: Adapter) -> Overview:
    """Read an account once, and count what is in it."""
    state = await _async_state(adapter)
    devices = tuple(
        known.device for known in state.devices.values() if not known.device.is_service
    )
    count = await entity_count.async_count(
        state,
        lambda resource: map_resource(resource, resource.example, None),
        has_alarms=isinstance(adapter, HandlesAlarms),
    )
    return Overview(devices, count.enabled, count.disabled)


async def _async_state(adapter: Adapter) -> AccountState:
    state = AccountState()
    for part in portions(await adapter.snapshot(), PORTION):
        state, _ = apply(state, part)
        await asyncio.sleep(0)
    return state
