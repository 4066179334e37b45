"""Who wants to know of changes learns of them here."""

from collections.abc import Mapping, Sequence
from enum import Enum, StrEnum
from typing import TYPE_CHECKING

from .values import Sample

if TYPE_CHECKING:
    from .alarms import Alarm
    from .device import Device
    from .entity import Entity


class Scope(StrEnum):
    """Where an attribute lives (8.1)."""

    SERVER = "SERVER_SCOPE"
    SHARED = "SHARED_SCOPE"
    CLIENT = "CLIENT_SCOPE"


class Origin(Enum):
    """Where data comes from: only devices count as active by it (9)."""

    DEVICE = "device"
    REST = "rest"
    SERVER = "server"


class AlarmChange(Enum):
    """What happened to an alarm."""

    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"


class Listener:
    """Does nothing about any change; who listens overrides what matters.

    Calls come right after the change, in the event loop, one after the other.
    """

    def telemetry_saved(
        self,
        entity: Entity,
        saved: Sequence[tuple[str, Sample]],
        latest: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        """Samples were saved; `latest` has those that became the latest value of their key."""

    def telemetry_deleted(
        self, entity: Entity, latest: Mapping[str, Sample | None]
    ) -> None:
        """Data were deleted; by key the latest value that is left, or None."""

    def attributes_saved(
        self,
        entity: Entity,
        scope: Scope,
        values: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        """Attributes were saved, even if the values are the old ones."""

    def attributes_deleted(
        self, entity: Entity, scope: Scope, keys: Sequence[str]
    ) -> None:
        """Attributes that were there are gone."""

    def entity_added(self, entity: Entity) -> None:
        """There is a new entity."""

    def entity_changed(self, entity: Entity) -> None:
        """Name, label, owner or another field is different."""

    def entity_removed(self, entity: Entity) -> None:
        """An entity is gone, with its relations; its alarms follow."""

    def relations_changed(self) -> None:
        """Some relation came or went."""

    def alarm_changed(self, alarm: Alarm, change: AlarmChange) -> None:
        """An alarm came, changed or went."""

    def device_connected(self, device: Device) -> None:
        """A device opened its session."""

    def device_disconnected(self, device: Device) -> None:
        """A device closed its session."""

    def device_heard(self, device: Device) -> None:
        """A device gave a sign of life (9)."""


class Bus:
    """Tells every listener, in the order in which they came."""

    def __init__(self) -> None:
        """Begin without listeners."""
        self.listeners: list[Listener] = []

    def telemetry_saved(
        self,
        entity: Entity,
        saved: Sequence[tuple[str, Sample]],
        latest: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        """Tell of samples."""
        for listener in list(self.listeners):
            listener.telemetry_saved(entity, saved, latest, origin)

    def telemetry_deleted(
        self, entity: Entity, latest: Mapping[str, Sample | None]
    ) -> None:
        """Tell of telemetry that is gone."""
        for listener in list(self.listeners):
            listener.telemetry_deleted(entity, latest)

    def attributes_saved(
        self,
        entity: Entity,
        scope: Scope,
        values: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        """Tell of attributes."""
        for listener in list(self.listeners):
            listener.attributes_saved(entity, scope, values, origin)

    def attributes_deleted(
        self, entity: Entity, scope: Scope, keys: Sequence[str]
    ) -> None:
        """Tell of attributes that are gone."""
        for listener in list(self.listeners):
            listener.attributes_deleted(entity, scope, keys)

    def entity_added(self, entity: Entity) -> None:
        """Tell of a new entity."""
        for listener in list(self.listeners):
            listener.entity_added(entity)

    def entity_changed(self, entity: Entity) -> None:
        """Tell of an entity with other fields."""
        for listener in list(self.listeners):
            listener.entity_changed(entity)

    def entity_removed(self, entity: Entity) -> None:
        """Tell of an entity that is gone."""
        for listener in list(self.listeners):
            listener.entity_removed(entity)

    def relations_changed(self) -> None:
        """Tell of other relations."""
        for listener in list(self.listeners):
            listener.relations_changed()

    def alarm_changed(self, alarm: Alarm, change: AlarmChange) -> None:
        """Tell of an alarm."""
        for listener in list(self.listeners):
            listener.alarm_changed(alarm, change)

    def device_connected(self, device: Device) -> None:
        """Tell of a session that began."""
        for listener in list(self.listeners):
            listener.device_connected(device)

    def device_disconnected(self, device: Device) -> None:
        """Tell of a session that ended."""
        for listener in list(self.listeners):
            listener.device_disconnected(device)

    def device_heard(self, device: Device) -> None:
        """Tell of a sign of life."""
        for listener in list(self.listeners):
            listener.device_heard(device)
