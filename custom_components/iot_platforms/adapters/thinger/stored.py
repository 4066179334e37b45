"""What the server itself holds: properties, newest rows of buckets, statistics (5.3, 10)."""

from collections.abc import Mapping
from typing import Final

from ...model.change import Change, Listing, Samples
from ...model.device import Device, Resource, ResourceKey
from ...model.platform import Capability
from ...model.value import JsonValue
from . import mapper
from .client import ThingerClient
from .devices import DeviceList
from .permissions import Permissions

NEWEST_ROW: Final = {"items": "1", "sort": "desc"}


class StoredValues:
    """Values that can be had while their device is offline."""

    def __init__(
        self, client: ThingerClient, devices: DeviceList, permissions: Permissions
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._client = client
        self._devices = devices
        self._permissions = permissions
        self._buckets: dict[str, mapper.Bucket] = {}

    async def read_properties(self, device_id: str) -> Listing | None:
        """Return a device's properties, None where they cannot be had."""
        answer = await self._permissions.try_for(
            Capability.PROPERTIES, lambda: self._client.properties(device_id)
        )
        return None if answer is None else mapper.parse_properties(answer, device_id)

    async def read_property_changes(self, device_id: str) -> list[Change]:
        """Return a device's properties as changes."""
        listing = await self.read_properties(device_id)
        return [listing] if listing else []

    async def read_statistics(self, device_id: str) -> list[Change]:
        """Return address and traffic of a device's connection."""
        answer = await self._permissions.try_for(
            Capability.STATISTICS, lambda: self._client.statistics(device_id)
        )
        return [Samples(tuple(mapper.parse_statistics(answer, device_id)))]

    async def read_bucket_list(self) -> bool:
        """Learn which buckets there are; return whether one belongs to no device."""
        answer = await self._permissions.try_for(
            Capability.BUCKETS, lambda: self._client.list_of("buckets")
        )
        if answer is not None:
            learned = {b.id: b.device_id for b in self._buckets.values()}
            self._buckets = {
                bucket.id: bucket.owned_by(bucket.device_id or learned.get(bucket.id))
                for bucket in mapper.parse_buckets(answer)
            }
        return any(
            self._owner(bucket) == mapper.BUCKETS_DEVICE
            for bucket in self._buckets.values()
        )

    async def discover_buckets(
        self, device: Device, known: Mapping[ResourceKey, Resource]
    ) -> list[Listing]:
        """Return the newest rows of a device's buckets that nobody knows yet."""
        if device.type == mapper.HTTP and self._buckets:
            await self._learn_callback_bucket(device.id)
        listings: list[Listing] = []
        for bucket in list(self._buckets.values()):
            key = ResourceKey(device.id, mapper.BUCKET_PREFIX + bucket.id)
            if self._owner(bucket) == device.id and key not in known:
                listings += await self._newest(bucket.id)
        return listings

    async def read_bucket(self, bucket_id: str) -> list[Change]:
        """Return the newest row of a bucket as changes."""
        return [*await self._newest(bucket_id)]

    def row(self, bucket_id: str, row: Mapping[str, JsonValue]) -> Listing | None:
        """Return a bucket's row as values of the device that it is about."""
        bucket = self._buckets.get(bucket_id)
        if bucket is None:
            return None
        return mapper.parse_row(bucket, row, self._devices.known)

    def _owner(self, bucket: mapper.Bucket) -> str:
        device = self._devices.known.get(bucket.device_id or "")
        return device.id if device else mapper.BUCKETS_DEVICE

    async def _newest(self, bucket_id: str) -> list[Listing]:
        answer = await self._permissions.try_for(
            Capability.BUCKETS, lambda: self._client.bucket_rows(bucket_id, NEWEST_ROW)
        )
        row = mapper.newest_row(answer)
        listing = self.row(bucket_id, row) if row else None
        return [listing] if listing else []

    async def _learn_callback_bucket(self, device_id: str) -> None:
        """Learn which bucket an HTTP device's callback fills (10.4)."""
        answer = await self._permissions.try_for(
            Capability.BUCKETS, lambda: self._client.callback(device_id)
        )
        bucket = self._buckets.get(mapper.bucket_written_by(answer) or "")
        if bucket is not None and bucket.device_id is None:
            self._buckets[bucket.id] = bucket.owned_by(device_id)
