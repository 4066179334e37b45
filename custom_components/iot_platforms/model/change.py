"""What poll, push and discovery deliver."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import batched

from .alarm import Alarm, AlarmEvent, Severity
from .device import Device, Resource, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What one device offers.

    Only of the sources in ``complete`` does it prove that what it lacks is gone.
    """

    device_id: str
    resources: tuple[Resource, ...]
    samples: tuple[Sample, ...] = ()
    complete: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A full read of an account.

    Only a ``complete`` one says something about devices that it lacks. ``listings`` is empty where
    the platform tells what a device offers only device by device.
    """

    devices: tuple[Device, ...]
    listings: tuple[Listing, ...] = ()
    complete: bool = True
    has_values: bool = False
    """Whether the newest value of everything is among it."""
    present: frozenset[str] = frozenset()
    """Devices that are there as well, and were told of before."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Values arrived."""

    samples: tuple[Sample, ...]


@dataclass(frozen=True, slots=True)
class Connectivity:
    """A device came online or went offline (``at`` in Unix seconds)."""

    device_id: str
    online: bool
    at: float | None = None


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """A device came, or its facts changed."""

    device: Device


@dataclass(frozen=True, slots=True)
class DeviceLeft:
    """The platform says that a device was deleted."""

    device_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something that happened to an alarm."""

    event: AlarmEvent
    alarm: Alarm
    previous_severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarms:
    """Alarms came, changed or were cleared; a ``complete`` list holds all that are active."""

    alarms: tuple[Alarm, ...]
    complete: bool


@dataclass(frozen=True, slots=True)
class ResyncNeeded:
    """Something was missed: read the account again, or the one device named."""

    device_id: str | None = None


type Change = (
    Snapshot
    | Listing
    | Samples
    | Connectivity
    | DeviceChanged
    | DeviceLeft
    | Alarms
    | ResyncNeeded
)


def _groups(listings: Iterable[Listing], size: int) -> Iterator[tuple[Listing, ...]]:
    """Yield listings together that describe or tell about ``size`` things, but at least one."""
    group: list[Listing] = []
    weight = 0
    for listing in listings:
        group.append(listing)
        weight += _weight(listing)
        if weight >= size:
            yield tuple(group)
            group, weight = [], 0
    if group:
        yield tuple(group)


def _weight(listing: Listing) -> int:
    return max(1, len(listing.resources), len(listing.samples))


def portions(change: Change, size: int) -> Iterator[Change]:
    """Yield the same as changes of at most about ``size`` devices, listings or samples each."""
    match change:
        case Snapshot() if (
            len(change.devices) + sum(map(_weight, change.listings)) > size
        ):
            # Parents first: nothing can belong to what nobody has heard of.
            ordered = sorted(change.devices, key=lambda d: d.parent_id is not None)
            for devices in batched(ordered, size, strict=False):
                yield Snapshot(devices=devices, complete=False)
            # What it lacks, only the whole of it tells. Told twice, old facts could undo newer ones.
            present = frozenset(device.id for device in change.devices)
            yield replace(change, devices=(), listings=(), present=present)
            for listings in _groups(change.listings, size):
                yield Snapshot(devices=(), listings=listings, complete=False)
        case Samples() if len(change.samples) > size:
            for samples in batched(change.samples, size, strict=False):
                yield Samples(samples)
        case _:
            yield change
