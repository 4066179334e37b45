"""Alarms: what is wrong with a device, for as long as it is."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from .value import JsonValue


class Severity(StrEnum):
    """How bad an alarm is; the worst first."""

    CRITICAL = "critical"
    MAJOR = "major"
    MINOR = "minor"
    WARNING = "warning"
    INDETERMINATE = "indeterminate"


_RANKS = {severity: rank for rank, severity in enumerate(Severity)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """An alarm of a device; ``type`` is what the platform calls it, times are Unix seconds."""

    id: str
    device_id: str
    type: str
    severity: Severity = Severity.INDETERMINATE
    acknowledged: bool = False
    cleared: bool = False
    text: str | None = None
    started_at: float | None = None
    details: Mapping[str, JsonValue] = field(default_factory=dict)


def worst(alarms: Collection[Alarm]) -> Severity | None:
    """Return the highest severity of some alarms, None where there are none."""
    return min(
        (alarm.severity for alarm in alarms), key=_RANKS.__getitem__, default=None
    )


class AlarmEvent(StrEnum):
    """What happens to alarms."""

    CREATED = "created"
    ACKNOWLEDGED = "acknowledged"
    SEVERITY_CHANGED = "severity_changed"
    CLEARED = "cleared"


def events(before: Alarm | None, after: Alarm) -> tuple[AlarmEvent, ...]:
    """Return what happened to an alarm between two looks at it."""
    if before is None:
        return () if after.cleared else (AlarmEvent.CREATED,)
    found = []
    if after.severity is not before.severity:
        found.append(AlarmEvent.SEVERITY_CHANGED)
    if after.acknowledged and not before.acknowledged:
        found.append(AlarmEvent.ACKNOWLEDGED)
    if after.cleared:
        found.append(AlarmEvent.CLEARED)
    return tuple(found)
