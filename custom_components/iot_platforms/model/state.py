"""What is known of an account, and the one function through which everything new comes in."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from .change import (
    Change,
    Connectivity,
    DeviceChanged,
    DeviceLeft,
    Listing,
    Occurrence,
    ResyncNeeded,
    Samples,
    Snapshot,
)
from .device import Device, Resource, ResourceKey, ResourceKind, Sample
from .leaves import leaf_samples, merged
from .value import JsonValue, coerced, value_type_of

ABSENCES_UNTIL_GONE: Final = 2
"""Complete lists in a row without it, until something counts as gone (design.md 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """One device, what it offers and the newest value of each."""

    device: Device
    resources: Mapping[ResourceKey, Resource] = field(default_factory=dict)
    samples: Mapping[ResourceKey, Sample] = field(default_factory=dict)
    absences: Mapping[ResourceKey, int] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        """Return whether this stands for a part of the account that holds nothing."""
        return self.device.is_service and not self.resources


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """All that is known of an account. Never changed in place."""

    devices: Mapping[str, DeviceState] = field(default_factory=dict)
    absences: Mapping[str, int] = field(default_factory=dict)

    def device(self, device_id: str) -> Device | None:
        """Return a device, None where the platform does not list it."""
        known = self.devices.get(device_id)
        return known.device if known else None

    def resource(self, key: ResourceKey) -> Resource | None:
        """Return a resource, None where its device does not offer it."""
        known = self.devices.get(key.device_id)
        return known.resources.get(key) if known else None

    def sample(self, key: ResourceKey) -> Sample | None:
        """Return the newest value of a resource, None before the first."""
        known = self.devices.get(key.device_id)
        return known.samples.get(key) if known else None

    def value(self, key: ResourceKey) -> JsonValue:
        """Return the newest value of a resource, None where it is unknown."""
        sample = self.sample(key)
        return sample.value if sample else None

    def resources(self) -> Iterable[Resource]:
        """Return every resource of every device."""
        return (
            resource
            for known in self.devices.values()
            for resource in known.resources.values()
        )

    def without(self, device_ids: Collection[str]) -> AccountState:
        """Return the state without some devices."""
        return replace(
            self,
            devices={
                device_id: known
                for device_id, known in self.devices.items()
                if device_id not in device_ids
            },
        )

    def whole_of(
        self, key: ResourceKey, value: JsonValue
    ) -> tuple[ResourceKey, JsonValue]:
        """Return what has to be written so that one part of an object becomes the value.

        Objects are written whole, merged with what is known of them.
        """
        path: tuple[str, ...] = ()
        while key.leaf:
            parent = ResourceKey(key.device_id, key.resource_id, key.leaf[:-1])
            container = self.resource(parent)
            if container is not None and container.kind is not ResourceKind.INPUT:
                break
            path = (key.leaf[-1], *path)
            key = parent
        return key, merged(self.value(key), path, value)


@dataclass(slots=True)
class Touched:
    """What a change really changed: values, descriptions of resources, facts of devices."""

    values: set[ResourceKey] = field(default_factory=set)
    resources: set[ResourceKey] = field(default_factory=set)
    devices: set[str] = field(default_factory=set)
    to_discover: set[str] = field(default_factory=set)
    """Devices that are new or came online: what they offer may be another than before."""
    removed_resources: set[ResourceKey] = field(default_factory=set)
    removed_devices: set[str] = field(default_factory=set)
    occurrences: list[Occurrence] = field(default_factory=list)

    @property
    def lists(self) -> bool:
        """Return whether more changed than values."""
        return bool(
            self.resources
            or self.devices
            or self.removed_resources
            or self.removed_devices
        )


def apply(state: AccountState, change: Change) -> tuple[AccountState, Touched]:
    """Return the state after a change, and what it touched."""
    edit = _Edit(state)
    match change:
        case Snapshot():
            edit.snapshot(change)
        case Listing():
            edit.listing(change)
        case Samples():
            edit.samples(change.samples)
        case Connectivity():
            edit.connectivity(change)
        case DeviceChanged():
            edit.device(change.device)
        case DeviceLeft():
            edit.remove_device(change.device_id)
        case Occurrence():
            edit.touched.occurrences.append(change)
        case ResyncNeeded():
            """The coordinator's business: it changes nothing that is known."""
    return edit.result(), edit.touched


class _Edit:
    """A copy of what changes, made when it first changes; the rest is shared with the old state."""

    def __init__(self, state: AccountState) -> None:
        self._state = state
        self._devices: dict[str, DeviceState] | None = None
        self._absences = state.absences
        self.touched = Touched()

    def result(self) -> AccountState:
        if self._devices is None and self._absences is self._state.absences:
            return self._state
        return AccountState(
            devices=self._state.devices
            if self._devices is None
            else MappingProxyType(self._devices),
            absences=self._absences,
        )

    def snapshot(self, snapshot: Snapshot) -> None:
        for device in snapshot.devices:
            self.device(device)
        if snapshot.complete:
            self._count_absences({device.id for device in snapshot.devices})
        for listing in snapshot.listings:
            self.listing(listing)

    def device(self, device: Device) -> None:
        known = self._known.get(device.id)
        if known is None:
            self._put(DeviceState(device=device))
        elif known.device != device:
            self._put(replace(known, device=device))
        else:
            return
        self.touched.devices.add(device.id)
        if known is None or (device.online and not known.device.online):
            self.touched.to_discover.add(device.id)

    def connectivity(self, change: Connectivity) -> None:
        known = self._known.get(change.device_id)
        if known is not None and known.device.online is not change.online:
            self.device(
                replace(
                    known.device,
                    online=change.online,
                    online_since=change.at or known.device.online_since,
                )
            )

    def listing(self, listing: Listing) -> None:
        known = self._known.get(listing.device_id)
        if known is None:
            return
        resources = dict(known.resources)
        for resource in listing.resources:
            self._merge_resource(resources, resource)
        absences = self._resource_absences(known, resources, listing)
        samples = {key: s for key, s in known.samples.items() if key in resources}
        if resources != known.resources or absences != known.absences:
            self._put(
                replace(known, resources=resources, samples=samples, absences=absences)
            )
        self.samples(listing.samples)

    def samples(self, samples: Iterable[Sample]) -> None:
        by_device: dict[str, list[Sample]] = {}
        for sample in samples:
            by_device.setdefault(sample.key.device_id, []).append(sample)
        for device_id, group in by_device.items():
            known = self._known.get(device_id)
            if known is not None:
                self._device_samples(known, group)

    def remove_device(self, device_id: str) -> None:
        if device_id in self._known:
            del self._writable[device_id]
            self.touched.removed_devices.add(device_id)

    @property
    def _known(self) -> Mapping[str, DeviceState]:
        return self._state.devices if self._devices is None else self._devices

    @property
    def _writable(self) -> dict[str, DeviceState]:
        if self._devices is None:
            self._devices = dict(self._state.devices)
        return self._devices

    def _put(self, known: DeviceState) -> None:
        self._writable[known.device.id] = known

    def _count_absences(self, present: set[str]) -> None:
        absences = {
            device_id: self._absences.get(device_id, 0) + 1
            for device_id in self._known
            if device_id not in present
        }
        for device_id, count in list(absences.items()):
            if count >= ABSENCES_UNTIL_GONE:
                self.remove_device(device_id)
                del absences[device_id]
        if absences != self._absences:
            self._absences = absences

    def _merge_resource(
        self, resources: dict[ResourceKey, Resource], resource: Resource
    ) -> None:
        known = resources.get(resource.key)
        if known is not None and resource.value_type is None:
            resource = replace(
                resource, value_type=known.value_type, example=known.example
            )
        if known != resource:
            resources[resource.key] = resource
            self.touched.resources.add(resource.key)

    def _resource_absences(
        self,
        known: DeviceState,
        resources: dict[ResourceKey, Resource],
        listing: Listing,
    ) -> dict[ResourceKey, int]:
        """Count what a complete list lacks, and drop what is gone together with its parts."""
        listed = {resource.key.root for resource in listing.resources}
        absences = dict(known.absences)
        for key in {key.root for key in known.resources}:
            resource = resources.get(key)
            if key in listed or resource is None:
                absences.pop(key, None)
            elif resource.source in listing.complete:
                absences[key] = absences.get(key, 0) + 1
        for gone in [k for k, n in absences.items() if n >= ABSENCES_UNTIL_GONE]:
            del absences[gone]
            for key in [key for key in resources if key.root == gone]:
                del resources[key]
                self.touched.removed_resources.add(key)
        return absences

    def _device_samples(self, known: DeviceState, group: list[Sample]) -> None:
        edit = _SampleEdit(known, self.touched)
        for sample in group:
            edit.add(sample)
        if edit.changed:
            self._put(replace(known, resources=edit.resources, samples=edit.samples))


class _SampleEdit:
    """The samples and resources of one device, copied once for a whole group of samples."""

    def __init__(self, known: DeviceState, touched: Touched) -> None:
        self.resources = dict(known.resources)
        self.samples = dict(known.samples)
        self.changed = False
        self._touched = touched

    def add(self, sample: Sample) -> None:
        resource = self.resources.get(sample.key)
        if resource is None or self._is_older(sample):
            return
        if resource.value_type is None:
            resource = self._learn_type(resource, sample.value)
        self._store(resource, sample)
        for leaf, part in leaf_samples(sample, resource):
            known = self.resources.get(leaf.key)
            if known is None or (known.value_type is None and leaf.value_type):
                self._describe(leaf)
                known = leaf
            self._store(known, part)

    def _is_older(self, sample: Sample) -> bool:
        known = self.samples.get(sample.key)
        return (
            known is not None
            and known.at is not None
            and sample.at is not None
            and sample.at < known.at
        )

    def _learn_type(self, resource: Resource, value: JsonValue) -> Resource:
        value_type = value_type_of(value)
        if value_type is not None:
            example = None if isinstance(value, dict | list) else value
            resource = replace(resource, value_type=value_type, example=example)
            self._describe(resource)
        return resource

    def _describe(self, resource: Resource) -> None:
        self.resources[resource.key] = resource
        self._touched.resources.add(resource.key)
        self.changed = True

    def _store(self, resource: Resource, sample: Sample) -> None:
        value = sample.value
        if resource.kind is ResourceKind.OUTPUT:
            value = coerced(value, resource.value_type)
        known = self.samples.get(sample.key)
        if (
            known is not None
            and known.value == value
            and _same_kind(known.value, value)
        ):
            return
        self.samples[sample.key] = Sample(sample.key, value, sample.at)
        self._touched.values.add(sample.key)
        self.changed = True


def _same_kind(one: JsonValue, other: JsonValue) -> bool:
    """Tell 1 from true, which Python takes for equal."""
    return isinstance(one, bool) is isinstance(other, bool)
