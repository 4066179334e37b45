"""What is known of an account, and the one function through which everything new comes in."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from .alarm import Alarm, AlarmEvent, events
from .change import (
    Alarms,
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
from .edits import ABSENCES_UNTIL_GONE, ListEdit, SampleEdit, is_older
from .known import DeviceState, Touched
from .leaves import merged
from .value import JsonValue

__all__ = ["AccountState", "DeviceState", "Touched", "apply"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountState:
    """All that is known of an account. Never changed in place."""

    devices: Mapping[str, DeviceState] = field(default_factory=dict)
    absences: Mapping[str, int] = field(default_factory=dict)
    knows_alarms: bool = False
    """Whether all active alarms were told: what comes after that is news."""

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

    def alarms(self, device_id: str) -> Collection[Alarm]:
        """Return the active alarms of a device."""
        known = self.devices.get(device_id)
        return known.alarms.values() if known else ()

    def resources(self) -> Iterable[Resource]:
        """Return every resource of every device."""
        return (
            resource
            for known in self.devices.values()
            for resource in known.resources.values()
        )

    def without(self, device_ids: Collection[str]) -> AccountState:
        """Return the state without some devices."""
        return AccountState(
            devices=_without(self.devices, device_ids),
            absences=_without(self.absences, device_ids),
            knows_alarms=self.knows_alarms,
        )

    def without_resources(self, keys: Iterable[ResourceKey]) -> AccountState:
        """Return the state without some resources."""
        gone = frozenset(keys)
        return replace(
            self,
            devices={
                device_id: replace(
                    known,
                    resources=_without(known.resources, gone),
                    samples=_without(known.samples, gone),
                )
                for device_id, known in self.devices.items()
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
            if container is not None and container.kind is ResourceKind.INPUT_OUTPUT:
                break
            path = (key.leaf[-1], *path)
            key = parent
        return key, merged(self.value(key), path, value)


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
        case Alarms():
            edit.alarms(change)
        case ResyncNeeded():
            """The coordinator's business: it changes nothing that is known."""
    return edit.result(), edit.touched


class _Edit:
    """A copy of what changes, made when it first changes; the rest is shared with the old state."""

    def __init__(self, state: AccountState) -> None:
        self._state = state
        self._devices: dict[str, DeviceState] | None = None
        self._absences: dict[str, int] | None = None
        self._knows_alarms = state.knows_alarms
        self.touched = Touched()

    def result(self) -> AccountState:
        if (
            self._devices is None
            and self._absences is None
            and self._knows_alarms is self._state.knows_alarms
        ):
            return self._state
        return AccountState(
            devices=self._state.devices
            if self._devices is None
            else MappingProxyType(self._devices),
            absences=self._state.absences
            if self._absences is None
            else MappingProxyType(self._absences),
            knows_alarms=self._knows_alarms,
        )

    def snapshot(self, snapshot: Snapshot) -> None:
        for device in snapshot.devices:
            self.device(device)
        if snapshot.complete:
            listed = {device.id for device in snapshot.devices}
            self._count_absences(listed | snapshot.present)
        for listing in snapshot.listings:
            self.listing(listing)

    def device(self, device: Device) -> None:
        self._end_absence(device.id)
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
        if known is None or known.device.online is change.online:
            return
        if not is_older(change.at, known.device.online_since):
            self.device(
                replace(known.device, online=change.online, online_since=change.at)
            )

    def listing(self, listing: Listing) -> None:
        known = self._known.get(listing.device_id)
        if known is None:
            return
        edit = ListEdit(known, self.touched)
        for resource in listing.resources:
            if resource.key.device_id == listing.device_id:
                edit.merge(resource)
        edit.count_absences(listing)
        if edit.changed:
            self._put(edit.result())
        self.samples(listing.samples)

    def samples(self, samples: Iterable[Sample]) -> None:
        by_device: dict[str, list[Sample]] = {}
        for sample in samples:
            by_device.setdefault(sample.key.device_id, []).append(sample)
        for device_id, group in by_device.items():
            known = self._known.get(device_id)
            if known is not None:
                self._device_samples(known, group)

    def alarms(self, change: Alarms) -> None:
        """Take in alarms; those that a complete list lacks were cleared."""
        by_device: dict[str, dict[str, Alarm]] = {}
        for alarm in change.alarms:
            by_device.setdefault(alarm.device_id, {})[alarm.id] = alarm
        if change.complete:
            for device_id, known in self._known.items():
                told = by_device.setdefault(device_id, {})
                told |= {
                    alarm.id: replace(alarm, cleared=True)
                    for alarm in known.alarms.values()
                    if alarm.id not in told
                }
        for device_id, told in by_device.items():
            self._device_alarms(device_id, told)
        if change.complete and not self._knows_alarms:
            self._knows_alarms = True
            self.touched.alarms.update(self._known)

    def remove_device(self, device_id: str) -> None:
        self._end_absence(device_id)
        if device_id in self._known:
            del self._writable[device_id]
            self.touched.removed_devices.add(device_id)

    @property
    def _known(self) -> Mapping[str, DeviceState]:
        return self._state.devices if self._devices is None else self._devices

    @property
    def _writable(self) -> dict[str, DeviceState]:
        if self._devices is None:
            known = self._state.devices
            # A proxy copies itself ten times as fast as dict() copies it.
            self._devices = (
                known.copy() if isinstance(known, MappingProxyType) else dict(known)
            )
        return self._devices

    def _put(self, known: DeviceState) -> None:
        self._writable[known.device.id] = known

    def _count_absences(self, present: set[str]) -> None:
        counts = {
            device_id: self._known_absences.get(device_id, 0) + 1
            for device_id in self._known
            if device_id not in present
        }
        if counts:
            self._absences = counts
        for device_id in [d for d, n in counts.items() if n >= ABSENCES_UNTIL_GONE]:
            self.remove_device(device_id)

    def _end_absence(self, device_id: str) -> None:
        if device_id in self._known_absences:
            if self._absences is None:
                self._absences = dict(self._state.absences)
            del self._absences[device_id]

    @property
    def _known_absences(self) -> Mapping[str, int]:
        return self._state.absences if self._absences is None else self._absences

    def _device_alarms(self, device_id: str, told: Mapping[str, Alarm]) -> None:
        known = self._known.get(device_id)
        if known is None:
            return
        alarms = dict(known.alarms)
        for alarm in told.values():
            before = alarms.pop(alarm.id, None)
            if not alarm.cleared:
                alarms[alarm.id] = alarm
            if self._knows_alarms:
                self.touched.occurrences += (
                    _occurrence(event, before, alarm) for event in events(before, alarm)
                )
        if alarms != known.alarms:
            self._put(replace(known, alarms=alarms))
            self.touched.alarms.add(device_id)

    def _device_samples(self, known: DeviceState, group: list[Sample]) -> None:
        edit = SampleEdit(known, self.touched)
        for sample in group:
            edit.add(sample)
        after = edit.result()
        if after is not known:
            self._put(after)


def _occurrence(event: AlarmEvent, before: Alarm | None, after: Alarm) -> Occurrence:
    changed = event is AlarmEvent.SEVERITY_CHANGED
    return Occurrence(
        event=event,
        alarm=after,
        previous_severity=before.severity if before and changed else None,
    )


def _without[KeyT, ValueT](
    mapping: Mapping[KeyT, ValueT], keys: Collection[KeyT]
) -> dict[KeyT, ValueT]:
    return {key: value for key, value in mapping.items() if key not in keys}
