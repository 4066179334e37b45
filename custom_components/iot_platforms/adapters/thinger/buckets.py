"""The newest row of each bucket, as values of the device that it is about (10.4, 10.5)."""

import asyncio
from collections.abc import Mapping

from ...model.change import Change, Listing
from ...model.choices import Choices
from ...model.device import Device, Resource, ResourceKey
from ...model.errors import ForbiddenError
from ...model.platform import Capability
from ...model.value import JsonValue
from . import mapper, records
from .client import ThingerClient
from .devices import DeviceList
from .permissions import Permissions
from .records import BUCKETS_DEVICE, Bucket


class Buckets:
    """Which buckets there are, and at which devices their rows show."""

    def __init__(
        self,
        client: ThingerClient,
        devices: DeviceList,
        choices: Choices,
        permissions: Permissions,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._client = client
        self._devices = devices
        self._excluded = choices.excluded_devices
        self._permissions = permissions
        self._buckets: dict[str, Bucket] | None = None
        self._homes: dict[str, dict[str, Resource]] = {}
        self._discovered: set[str] = set()
        self._learning = asyncio.Lock()
        self._learned: set[str] = set()
        self._fresh: set[str] = set()

    @property
    def need_stand_in(self) -> bool:
        """Return whether a bucket may belong to no device; what nobody knows may."""
        return self._buckets is None or any(
            self._owner(bucket) == BUCKETS_DEVICE for bucket in self._buckets.values()
        )

    def is_fresh(self, key: ResourceKey) -> bool:
        """Return False for buckets whose newest row was not read since events were missed."""
        name = key.resource_id
        is_bucket = name.startswith(records.BUCKET_PREFIX)
        return not is_bucket or name.removeprefix(records.BUCKET_PREFIX) in self._fresh

    def forget_freshness(self) -> None:
        """Take nothing for fresh: events are missed from now on."""
        self._fresh.clear()

    async def refresh(self) -> list[Listing]:
        """Read which buckets there are; return where they show, and the rows of new ones."""
        answer = await self._permissions.try_for(
            Capability.BUCKETS, lambda: self._client.list_of("buckets")
        )
        if not isinstance(answer, list):
            return []
        earlier = self._buckets
        learned = {bucket.id: bucket.device_id for bucket in (earlier or {}).values()}
        self._buckets = {
            bucket.id: bucket.owned_by(bucket.device_id or learned.get(bucket.id))
            for bucket in records.parse_buckets(answer)
            if bucket.device_id not in self._excluded
        }
        self._homes = {
            bucket_id: homes
            for bucket_id, homes in self._homes.items()
            if bucket_id in self._buckets
        }
        listings: list[Listing] = []
        for bucket_id in self._buckets if earlier is not None else ():
            if bucket_id not in self._homes:
                listings += await self._read(bucket_id)
        return [*self._where(), *listings]

    async def discover(
        self, device: Device, known: Mapping[ResourceKey, Resource]
    ) -> list[Listing]:
        """Return the newest rows of a device's buckets that nobody knows yet."""
        await self._learn_callback_buckets(device)
        listings: list[Listing] = []
        for bucket in list((self._buckets or {}).values()):
            key = ResourceKey(device.id, records.BUCKET_PREFIX + bucket.id)
            is_owner = self._owner(bucket) == device.id
            if key in known and (is_owner or bucket.device_id is None):
                self._home(bucket, device.id, known[key])
            elif is_owner and bucket.id not in self._homes:
                listings += await self._read(bucket.id)
        self._discovered.add(device.id)
        return listings

    async def read(self, bucket_id: str) -> list[Change]:
        """Return the newest row of a bucket as changes."""
        return [*await self._read(bucket_id)]

    def row(self, bucket_id: str, row: Mapping[str, JsonValue]) -> Listing | None:
        """Return a bucket's row as values of the device that it is about."""
        bucket = (self._buckets or {}).get(bucket_id)
        named = records.named_device(row)
        if bucket is None or named in self._excluded:
            return None
        device_id = named if named in self._devices.known else self._owner(bucket)
        resource = self._home(bucket, device_id)
        sample = records.bucket_sample(resource, row)
        self._fresh.add(bucket_id)
        return Listing(device_id=device_id, resources=(resource,), samples=(sample,))

    async def _read(self, bucket_id: str) -> list[Listing]:
        answer = await self._permissions.try_for(
            Capability.BUCKETS,
            lambda: self._client.bucket_rows(bucket_id, records.NEWEST),
            bucket_id,
        )
        if isinstance(answer, list):
            self._fresh.add(bucket_id)
        row = records.newest_row(answer)
        listing = self.row(bucket_id, row) if row else None
        return [listing] if listing else []

    def _owner(self, bucket: Bucket) -> str:
        device = self._devices.known.get(bucket.device_id or "")
        return device.id if device else BUCKETS_DEVICE

    def _home(
        self, bucket: Bucket, device_id: str, known: Resource | None = None
    ) -> Resource:
        """Return a bucket as a resource of a device, the same whenever it is asked for."""
        homes = self._homes.setdefault(bucket.id, {})
        earlier = homes.get(device_id) or known
        if earlier is None:
            device = self._devices.known.get(device_id)
            # Of a device that is there the bucket repeats what its resources say.
            is_needed = (
                device is None or device.type == mapper.HTTP or not device.online
            )
        else:
            is_needed = earlier.enabled_default
        homes[device_id] = records.bucket_resource(
            bucket, device_id, enabled_default=is_needed
        )
        return homes[device_id]

    def _where(self) -> list[Listing]:
        """Return the buckets of each device that was looked at: what they lack is gone."""
        buckets = self._buckets or {}
        return [
            Listing(
                device_id=device_id,
                resources=tuple(
                    self._home(bucket, device_id)
                    for bucket in buckets.values()
                    if device_id in self._homes.get(bucket.id, ())
                ),
                complete=frozenset({records.BUCKETS}),
            )
            for device_id in sorted(self._discovered)
        ]

    async def _learn_callback_buckets(self, device: Device) -> None:
        """Learn which buckets the callbacks of HTTP devices fill, before rows look for a home (10.4)."""
        devices = [device] if not device.is_service else self._devices.known.values()
        async with self._learning:
            for each in list(devices):
                if (
                    each.type == mapper.HTTP
                    and each.id not in self._learned
                    and any(b.device_id is None for b in (self._buckets or {}).values())
                ):
                    await self._learn_callback_bucket(each.id)

    async def _learn_callback_bucket(self, device_id: str) -> None:
        async def callback() -> JsonValue:
            try:
                return await self._client.callback(device_id)
            except ForbiddenError:
                # The name of that right is not known: it says nothing about buckets.
                return {}

        answer = await self._permissions.try_for(Capability.BUCKETS, callback)
        if answer is not None:
            self._learned.add(device_id)
        bucket = (self._buckets or {}).get(records.bucket_written_by(answer) or "")
        if bucket is not None and bucket.device_id is None and self._buckets:
            self._buckets[bucket.id] = bucket.owned_by(device_id)
