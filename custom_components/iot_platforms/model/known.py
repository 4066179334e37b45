"""What is known of a device, and what a change touched."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from .alarm import Alarm
from .change import Occurrence
from .device import Device, Resource, ResourceKey, Sample


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceState:
    """One device, what it offers and the newest value of each."""

    device: Device
    resources: Mapping[ResourceKey, Resource] = field(default_factory=dict)
    samples: Mapping[ResourceKey, Sample] = field(default_factory=dict)
    absences: Mapping[ResourceKey, int] = field(default_factory=dict)
    alarms: Mapping[str, Alarm] = field(default_factory=dict)
    """The active ones, by their ids."""

    @property
    def is_empty(self) -> bool:
        """Return whether this stands for a part of the account that holds nothing."""
        return self.device.is_service and not self.resources


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
    alarms: set[str] = field(default_factory=set)
    """Devices whose alarms are others than before."""
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
