"""How many entities an account becomes, known before there is one."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from itertools import batched
from typing import Final

from .mapping import EntitySpec
from .model.device import Resource
from .model.state import AccountState

MOST_ENTITIES: Final = 10_000
"""Enabled entities that Home Assistant takes of an account; what is more it leaves out."""
MANY_ENTITIES: Final = 9_500
"""Enabled entities from which on a person is told."""
OF_EACH_DEVICE: Final = 1
"""Whether it is connected."""
WITH_ALARMS: Final = 2
"""Whether there are alarms, and what happens to them."""
_SLICE: Final = 100


@dataclass(frozen=True, slots=True)
class EntityCount:
    """Entities of devices themselves, and of what they offer."""

    of_devices: int
    of_resources: int
    disabled_resources: int

    @property
    def is_crowded(self) -> bool:
        """Return whether those of the devices themselves have to start disabled."""
        return self.of_devices + self.of_resources > MANY_ENTITIES

    @property
    def enabled(self) -> int:
        """Return how many start enabled."""
        return self.of_resources + (0 if self.is_crowded else self.of_devices)

    @property
    def disabled(self) -> int:
        """Return how many start disabled."""
        return self.disabled_resources + (self.of_devices if self.is_crowded else 0)


async def async_count(
    state: AccountState,
    spec_of: Callable[[Resource], EntitySpec | None],
    *,
    has_alarms: bool,
) -> EntityCount:
    """Count in slices, as there may be thousands."""
    things = sum(not known.device.is_service for known in state.devices.values())
    enabled = disabled = 0
    for part in batched(list(state.resources()), _SLICE, strict=False):
        for resource in part:
            if spec := spec_of(resource):
                enabled += spec.enabled_default
                disabled += not spec.enabled_default
        await asyncio.sleep(0)
    of_each = OF_EACH_DEVICE + WITH_ALARMS * has_alarms
    return EntityCount(of_each * things, enabled, disabled)
