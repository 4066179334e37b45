"""The resources of devices that are there: found and read, each only where that is safe (6, 7)."""

from collections.abc import AsyncGenerator, Iterable, Mapping
import logging
from typing import Final

from ...model.change import Change, Listing, ResyncNeeded, Samples
from ...model.choices import Choices
from ...model.device import Device, Resource, ResourceKey, ResourceKind, Sample
from ...model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
    UnreachableError,
    UnsafeReadError,
)
from ...model.platform import Capability
from ...model.value import JsonValue
from ...transport.clock import Clock
from . import mapper
from .devices import DeviceList
from .firmware import Firmware
from .offers import Offers
from .permissions import Permissions
from .rests import Rests

MAX_FAILURES: Final = 2
"""Resources in a row that fail until it is their device that fails."""

_LOGGER: Final = logging.getLogger(__name__)


class LiveResources:
    """Values that only the devices have: reading runs code on them."""

    def __init__(
        self,
        firmware: Firmware,
        offers: Offers,
        choices: Choices,
        devices: DeviceList,
        *,
        permissions: Permissions,
        clock: Clock,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._firmware = firmware
        self._offers = offers
        self._choices = choices
        self._devices = devices
        self._permissions = permissions
        self._rests = Rests(clock)
        self._asking: set[str] = set()
        self._wrapper_owners: set[ResourceKey] = set()
        self._lacking: dict[str, frozenset[ResourceKey]] = {}

    def forget(self, device_id: str) -> None:
        """Begin anew with a device that came or left."""
        self._rests.end(device_id)
        for key in self._offers.forget(device_id):
            self._rests.end(key)

    async def discover(
        self, device: Device, known: Mapping[ResourceKey, Resource]
    ) -> list[Change]:
        """Return resources and first values; "resync" where the device did not answer."""
        if device.online is False:
            return [Listing(device_id=device.id, resources=())]
        if self._rests.holds(device.id):
            return [ResyncNeeded(device.id)]
        self._asking.add(device.id)
        try:
            listed = await self._offers.ask(device.id)
        except (
            NotFoundError,
            UnreachableError,
            UnexpectedAnswerError,
            CommandRejectedError,
        ) as error:
            absence = await self._devices.absence(device.id)
            if absence is None:
                self._leave_alone(device.id, error)
            else:
                self.forget(device.id)
            return [absence or ResyncNeeded(device.id)]
        finally:
            self._asking.discard(device.id)
        if listed is None:
            return [Listing(device_id=device.id, resources=())]
        self._rests.end(device.id)
        resources = self._with_halves(listed, known)
        samples: list[Sample] = []
        others: list[Change] = []
        async for change in self._read_each(device.id, _unknown(resources, known)):
            if isinstance(change, Samples):
                samples += change.samples
            elif change != ResyncNeeded(device.id):  # this was it
                others.append(change)
        if listed.complete and self._is_news(device.id, _lacking(resources, known)):
            # Twice in a row proves that it is gone.
            others.append(ResyncNeeded(device.id))
        listing = Listing(
            device_id=device.id,
            resources=tuple(resources),
            samples=tuple(samples),
            complete=frozenset({mapper.LIVE} if listed.complete else ()),
        )
        return [listing, *others]

    async def read(
        self, device_id: str, roots: Iterable[ResourceKey]
    ) -> AsyncGenerator[Change]:
        """Read resources of one device, one after the other: it does one thing at a time."""
        if self._rests.holds(device_id) or device_id in self._asking:
            return
        if self._offers.is_known(device_id):
            async for change in self._read_each(device_id, sorted(roots)):
                yield change
        elif self._offers.can_be_known(device_id):
            # Nobody knows what can be read without harm.
            yield ResyncNeeded(device_id)

    async def read_now(self, key: ResourceKey) -> JsonValue:
        """Read one resource because a person asks for it; raises UnsafeReadError."""
        kind = await self.kind_now(key)
        if kind is ResourceKind.CALLBACK or not (
            kind is ResourceKind.OUTPUT or self._choices.may_read(key)
        ):
            raise UnsafeReadError(key.text)
        if kind is ResourceKind.OUTPUT:
            return await self._firmware.read(key.device_id, key.resource_id)
        description = mapper.parse_description(
            await self._firmware.describe(key.device_id, key.resource_id)
        )
        return description.get("in") if kind is ResourceKind.INPUT else description

    async def kind_now(self, key: ResourceKey) -> ResourceKind:
        """Return a resource's kind, asking the device where it is not known."""
        if not self._offers.is_known(key.device_id) and (
            await self._offers.ask(key.device_id) is None
        ):
            raise ForbiddenError("what the device offers may not be listed")
        kind = self._offers.kind(key)
        if kind is None:
            raise CommandRejectedError(reason="resource_missing")
        return kind

    def unwrapped(self, key: ResourceKey, payload: JsonValue) -> JsonValue:
        """Return a streamed value; PROTO devices may wrap it (9.1)."""
        if key in self._wrapper_owners:
            return payload
        is_input = self._offers.kind(key) is ResourceKind.INPUT
        return mapper.unwrapped(payload, "in" if is_input else "out")

    def _with_halves(
        self, listed: mapper.ResourceList, known: Mapping[ResourceKey, Resource]
    ) -> list[Resource]:
        """Return the resources, and both halves of those that take and give, if they may be read."""
        resources: list[Resource] = []
        for resource in listed.resources:
            key = resource.key
            resources.append(resource)
            if resource.kind is ResourceKind.INPUT_OUTPUT and self._choices.may_read(
                key
            ):
                resources += mapper.in_and_out(resource)
            if any(key.child(wrapper) in known for wrapper in ("in", "out")):
                self._wrapper_owners.add(key)
        return resources

    async def _read_each(
        self, device_id: str, keys: Iterable[ResourceKey]
    ) -> AsyncGenerator[Change]:
        """Read resources; one that fails is left alone for a while, and so is a device that fails."""
        failures = 0
        for key in keys:
            if self._rests.holds(key) or not self._offers.may_read(key):
                continue
            try:
                samples = await self._read(key)
            except (NotFoundError, UnreachableError, BadCredentialsError) as error:
                # Raises what is the account's trouble; firmware can answer with any status (8).
                absence = await self._devices.absence(device_id)
                if absence is not None:
                    self.forget(device_id)
                    yield absence
                    return
                is_missing = isinstance(error, NotFoundError)
                failures += not is_missing
                if _is_silence(error) or failures == MAX_FAILURES:
                    self._leave_alone(device_id, error)
                    return
                self._leave_alone(key, error)
                if is_missing:
                    yield ResyncNeeded(device_id)
                continue
            failures = 0
            self._rests.end(device_id)
            self._rests.end(key)
            if samples:
                yield Samples(tuple(samples))

    async def _read(self, key: ResourceKey) -> list[Sample]:
        """Read one resource that may be read."""
        try:
            if self._offers.kind(key) is ResourceKind.OUTPUT:
                return [await self._read_output(key)]
            return await self._read_description(key)
        except ForbiddenError:
            self._permissions.deny(Capability.RESOURCE_ACCESS, key.device_id)
        except (UnexpectedAnswerError, CommandRejectedError) as error:
            _LOGGER.debug("%s cannot be read: %s", key.text, error)
        return []

    async def _read_output(self, key: ResourceKey) -> Sample:
        value = await self._firmware.read(key.device_id, key.resource_id)
        if isinstance(value, dict) and set(value) in ({"in"}, {"out"}):
            self._wrapper_owners.add(key)
        return Sample(key, value)

    async def _read_description(self, key: ResourceKey) -> list[Sample]:
        answer = await self._firmware.describe(key.device_id, key.resource_id)
        description = mapper.parse_description(answer)
        if self._offers.kind(key) is ResourceKind.INPUT_OUTPUT:
            return [
                Sample(key.child(name), value) for name, value in description.items()
            ]
        return [Sample(key, description["in"])] if "in" in description else []

    def _is_news(self, device_id: str, lacking: frozenset[ResourceKey]) -> bool:
        """Return whether something lacks that did not lack in the list before."""
        earlier = self._lacking.get(device_id, frozenset())
        self._lacking[device_id] = lacking
        return not lacking <= earlier

    def _leave_alone(self, name: str | ResourceKey, error: PlatformError) -> None:
        _LOGGER.debug("%s is left alone for a while: %s", name, error)
        self._rests.begin(name)


def _unknown(
    resources: Iterable[Resource], known: Mapping[ResourceKey, Resource]
) -> list[ResourceKey]:
    """Return what has no known shape yet: its first value tells."""
    return [
        resource.key
        for resource in resources
        if not resource.key.leaf
        and ((earlier := known.get(resource.key)) is None or not earlier.value_type)
    ]


def _lacking(
    resources: Iterable[Resource], known: Mapping[ResourceKey, Resource]
) -> frozenset[ResourceKey]:
    """Return what was there before, and is not there now."""
    listed = {resource.key.root for resource in resources}
    return frozenset(
        key.root
        for key, resource in known.items()
        if resource.source == mapper.LIVE and key.root not in listed
    )


def _is_silence(error: PlatformError) -> bool:
    """Tell a device that does not answer from one that answers with an error (8)."""
    return isinstance(error, UnreachableError) and error.reason != "server_trouble"
