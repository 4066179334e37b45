"""What devices offer themselves: found, described and read only where that is safe (6, 7)."""

from collections.abc import Collection, Mapping
import logging
from typing import Final

from ...model.change import Change, Listing, ResyncNeeded, Samples
from ...model.choices import Choices
from ...model.device import Device, Resource, ResourceKey, ResourceKind, Sample
from ...model.errors import (
    BadCredentialsError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitedError,
    UnreachableError,
    UnsafeReadError,
)
from ...model.platform import Capability
from ...model.value import JsonValue
from ...transport.backoff import Backoff
from ...transport.clock import Clock
from . import mapper
from .auth import Grant
from .client import ThingerClient
from .devices import DeviceList
from .permissions import Permissions

LONGEST_REST: Final = 900.0
"""Seconds until a device that did not answer is asked again at the latest."""

_LOGGER: Final = logging.getLogger(__name__)


class LiveResources:
    """The resources of devices that are there. Reading runs code on the device."""

    def __init__(
        self,
        client: ThingerClient,
        grant: Grant,
        choices: Choices,
        devices: DeviceList,
        *,
        permissions: Permissions,
        clock: Clock,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._client = client
        self._grant = grant
        self._choices = choices
        self._devices = devices
        self._permissions = permissions
        self._clock = clock
        self._kinds: dict[ResourceKey, ResourceKind] = {}
        self._unstreamable: set[ResourceKey] = set()
        self._wrapper_owners: set[ResourceKey] = set()
        self._rests_until: dict[str, float] = {}
        self._rests: dict[str, Backoff] = {}

    async def discover(
        self, device: Device, known: Mapping[ResourceKey, Resource]
    ) -> Listing | ResyncNeeded:
        """Return resources and first values; "resync" where the device did not answer."""
        if device.online is False:
            return Listing(device_id=device.id, resources=())
        try:
            resources = await self._list(device)
            if resources is None:
                return Listing(device_id=device.id, resources=())
            described, samples = await self._describe(resources, known)
        except NotFoundError as error:
            self._rest(device.id, error)
        except UnreachableError as error:
            self._rest_if_silent(device.id, error)
        else:
            return Listing(
                device_id=device.id,
                resources=tuple(described),
                samples=tuple(samples),
                complete=frozenset({mapper.LIVE}),
            )
        return ResyncNeeded(device.id)

    def is_resting(self, device_id: str) -> bool:
        """Return whether a device that did not answer is left alone for now."""
        return self._clock.monotonic() < self._rests_until.get(device_id, float("-inf"))

    async def read_now(self, key: ResourceKey) -> JsonValue:
        """Read one resource because a person asks for it; raises UnsafeReadError."""
        kind = self._kinds.get(key)
        if kind is ResourceKind.OUTPUT:
            return (await self._read_output(key)).value
        if (
            kind is None
            or kind is ResourceKind.CALLBACK
            or not self._choices.may_read(key)
        ):
            raise UnsafeReadError(key.text)
        description = await self._client.describe(key.device_id, key.resource_id)
        return dict(mapper.parse_description(description))

    async def read(
        self, device_id: str, roots: Collection[ResourceKey]
    ) -> list[Change]:
        """Read resources of one device, one after the other: it does one thing at a time."""
        samples: list[Sample] = []
        doubts: list[Change] = []
        for key in sorted(roots) if not self.is_resting(device_id) else ():
            try:
                samples += await self._read(key)
            except NotFoundError:
                doubts = [await self._devices.doubt(device_id)]
                break
            except UnreachableError as error:
                self._rest_if_silent(device_id, error)
                break
            self._answered(device_id)
        return [Samples(tuple(samples)), *doubts]

    def can_stream(self, key: ResourceKey) -> bool:
        """Return whether a stream of this resource does no harm and can be had."""
        kind = self._kinds.get(key.root)
        return key.root not in self._unstreamable and (
            kind is ResourceKind.OUTPUT
            or (kind is ResourceKind.INPUT and self._choices.may_read(key))
        )

    def unwrapped(self, key: ResourceKey, payload: JsonValue) -> JsonValue:
        """Return a streamed value; PROTO devices may wrap it (9.1)."""
        if key in self._wrapper_owners:
            return payload
        for wrapper in ("in", "out"):
            payload = mapper.unwrapped(payload, wrapper)
        return payload

    async def _list(self, device: Device) -> list[Resource] | None:
        answer: JsonValue = None
        if self._permissions.allows(Capability.RESOURCE_LIST):
            try:
                answer = await self._client.resources(device.id)
            except ForbiddenError:
                self._permissions.deny(Capability.RESOURCE_LIST)
        resources, unstreamable = mapper.parse_resources(
            answer, device.id, self._grant.resources
        )
        if answer is None:
            if self._grant.resources is None:
                return None
            names = sorted(self._grant.resources)
            resources = [await self._unlisted(ResourceKey(device.id, n)) for n in names]
        self._answered(device.id)
        self._unstreamable |= unstreamable
        self._kinds |= {resource.key: resource.kind for resource in resources}
        return resources

    async def _unlisted(self, key: ResourceKey) -> Resource:
        """Return a resource that a device token names; its kind only a safe description tells."""
        kind = ResourceKind.INPUT
        if self._choices.may_read(key):
            description = mapper.parse_description(
                await self._client.describe(key.device_id, key.resource_id)
            )
            kind = {
                (True, True): ResourceKind.INPUT_OUTPUT,
                (True, False): ResourceKind.INPUT,
                (False, True): ResourceKind.OUTPUT,
                (False, False): ResourceKind.CALLBACK,
            }["in" in description, "out" in description]
        return mapper.live_resource(key, kind)

    async def _describe(
        self, resources: list[Resource], known: Mapping[ResourceKey, Resource]
    ) -> tuple[list[Resource], list[Sample]]:
        """Return the resources, and the values of those whose shape nobody knows yet."""
        described: list[Resource] = []
        samples: list[Sample] = []
        for resource in resources:
            key = resource.key
            described.append(resource)
            if resource.kind is ResourceKind.INPUT_OUTPUT and self._choices.may_read(
                key
            ):
                described += mapper.in_and_out(resource)
            if any(key.child(wrapper) in known for wrapper in ("in", "out")):
                self._wrapper_owners.add(key)
            earlier = known.get(key)
            if earlier is None or earlier.value_type is None:
                samples += await self._read(key)
        return described, samples

    async def _read(self, key: ResourceKey) -> list[Sample]:
        """Read one resource, if that is safe. A fault of its own is nobody else's."""
        kind = self._kinds.get(key)
        try:
            if kind is ResourceKind.OUTPUT:
                return [await self._read_output(key)]
            if kind in (ResourceKind.INPUT, ResourceKind.INPUT_OUTPUT) and (
                self._choices.may_read(key)
            ):
                return await self._read_description(key, kind)
        except ForbiddenError:
            self._permissions.deny(Capability.RESOURCE_ACCESS)
        except NotFoundError, UnreachableError, RateLimitedError, BadCredentialsError:
            raise
        except PlatformError as error:
            _LOGGER.debug("%s cannot be read: %s", key.text, error)
        return []

    async def _read_output(self, key: ResourceKey) -> Sample:
        value = await self._client.read(key.device_id, key.resource_id)
        if isinstance(value, dict) and len(value) == 1 and set(value) <= {"in", "out"}:
            self._wrapper_owners.add(key)
        return Sample(key, value)

    async def _read_description(
        self, key: ResourceKey, kind: ResourceKind
    ) -> list[Sample]:
        description = mapper.parse_description(
            await self._client.describe(key.device_id, key.resource_id)
        )
        if kind is ResourceKind.INPUT_OUTPUT:
            return [
                Sample(key.child(name), value) for name, value in description.items()
            ]
        return [Sample(key, description["in"])] if "in" in description else []

    def _rest_if_silent(self, device_id: str, error: UnreachableError) -> None:
        if error.reason not in ("timed_out", "server_trouble"):
            raise error
        self._rest(device_id, error)

    def _rest(self, device_id: str, error: PlatformError) -> None:
        """Leave a device alone for a while that is connected, but does not answer."""
        backoff = self._rests.setdefault(
            device_id, Backoff(first=60, longest=LONGEST_REST)
        )
        self._rests_until[device_id] = self._clock.monotonic() + backoff.next()
        _LOGGER.debug("%s does not answer: %s", device_id, error)

    def _answered(self, device_id: str) -> None:
        self._rests_until.pop(device_id, None)
        self._rests.pop(device_id, None)
