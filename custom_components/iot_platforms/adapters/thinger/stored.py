"""What the server keeps of devices: properties and statistics (5.3, 10.3)."""

from ...model.change import Change, Listing, Samples
from ...model.device import ResourceKey
from ...model.platform import Capability
from . import records
from .client import ThingerClient
from .permissions import Permissions


class StoredValues:
    """Values that can be had while their device is offline."""

    def __init__(self, client: ThingerClient, permissions: Permissions) -> None:
        """Prepare; nothing is sent yet."""
        self._client = client
        self._permissions = permissions
        self._fresh: set[str] = set()

    def is_fresh(self, key: ResourceKey) -> bool:
        """Return False for properties that were not read since events were missed."""
        is_property = key.resource_id.startswith(records.PROPERTY_PREFIX)
        return not is_property or key.device_id in self._fresh

    def forget_freshness(self) -> None:
        """Take nothing for fresh: events are missed from now on."""
        self._fresh.clear()

    async def properties(self, device_id: str) -> list[Change]:
        """Return a device's properties, nothing where they cannot be had."""
        answer = await self._permissions.try_for(
            Capability.PROPERTIES, lambda: self._client.properties(device_id), device_id
        )
        listing: Listing | None = records.parse_properties(answer, device_id)
        if listing is None:
            return []
        self._fresh.add(device_id)
        return [listing]

    async def statistics(self, device_id: str) -> list[Change]:
        """Return address and traffic of a device's connection."""
        answer = await self._permissions.try_for(
            Capability.STATISTICS, lambda: self._client.statistics(device_id), device_id
        )
        samples = records.parse_statistics(answer, device_id)
        return [Samples(tuple(samples))] if samples else []
