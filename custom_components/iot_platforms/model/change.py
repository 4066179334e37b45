"""What poll, push and discovery deliver."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .device import Device, Resource, Sample
from .value import JsonValue


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
    """Something that happened: an alarm, an event. ``id`` tells repeats apart."""

    device_id: str
    id: str
    type: str
    severity: str | None = None
    text: str | None = None
    at: float | None = None
    data: Mapping[str, JsonValue] = field(default_factory=dict)


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
    | Occurrence
    | ResyncNeeded
)
