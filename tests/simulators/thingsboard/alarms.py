"""Alarms (thingsboard.md 12)."""

from dataclasses import dataclass, field
from enum import StrEnum

from .bus import AlarmChange, Bus
from .entity import Entity
from .ids import EntityId, EntityType, id_json, new_uuid
from .users import User

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import Json, JsonObject


class Severity(StrEnum):
    """How bad it is, the worst first."""

    CRITICAL = "CRITICAL"
    MAJOR = "MAJOR"
    MINOR = "MINOR"
    WARNING = "WARNING"
    INDETERMINATE = "INDETERMINATE"


@dataclass(slots=True, eq=False, kw_only=True)
class Alarm:
    """One alarm of one originator."""

    id: str
    created: int
    type: str
    originator: Entity
    severity: Severity = Severity.CRITICAL
    acknowledged: bool = False
    cleared: bool = False
    assignee: User | None = None
    start_ts: int = 0
    end_ts: int = 0
    ack_ts: int = 0
    clear_ts: int = 0
    assign_ts: int = 0
    details: Json = None
    propagate: bool = False
    propagate_to_owner: bool = False
    propagate_to_tenant: bool = False
    propagate_relation_types: list[str] = field(default_factory=list)

    @property
    def entity_id(self) -> EntityId:
        """Type and id."""
        return EntityId(EntityType.ALARM, self.id)

    @property
    def active(self) -> bool:
        """Whether it is not cleared."""
        return not self.cleared

    @property
    def status(self) -> str:
        """One of the four values."""
        first = "CLEARED" if self.cleared else "ACTIVE"
        return f"{first}_{'ACK' if self.acknowledged else 'UNACK'}"

    def fits(self, status: str) -> bool:
        """Whether it has a search status or a status (`ANY`, `ACTIVE`, `CLEARED_ACK` …)."""
        match status:
            case "ANY":
                return True
            case "ACTIVE" | "CLEARED":
                return self.cleared == (status == "CLEARED")
            case "ACK" | "UNACK":
                return self.acknowledged == (status == "ACK")
            case _:
                return self.status == status

    def json(self) -> JsonObject:
        """Alarm as the server tells it."""
        origin = self.originator
        customer = origin.customer
        return {
            "id": self.entity_id.json(),
            "createdTime": self.created,
            "tenantId": id_json(EntityType.TENANT, origin.tenant.id),
            "customerId": id_json(
                EntityType.CUSTOMER, customer.id if customer else None
            ),
            "type": self.type,
            "name": self.type,
            "originator": origin.entity_id.json(),
            "severity": self.severity.value,
            "acknowledged": self.acknowledged,
            "cleared": self.cleared,
            "status": self.status,
            "assigneeId": self.assignee.entity_id.json() if self.assignee else None,
            "startTs": self.start_ts,
            "endTs": self.end_ts,
            "ackTs": self.ack_ts,
            "clearTs": self.clear_ts,
            "assignTs": self.assign_ts,
            "details": self.details,
            "propagate": self.propagate,
            "propagateToOwner": self.propagate_to_owner,
            "propagateToTenant": self.propagate_to_tenant,
            "propagateRelationTypes": list[Json](self.propagate_relation_types),
        }

    def info(self) -> JsonObject:
        """Alarm with the names of its originator and assignee."""
        origin, user = self.originator, self.assignee
        assignee: JsonObject | None = None
        if user is not None:
            assignee = {
                "id": user.entity_id.json(),
                "firstName": user.first_name,
                "lastName": user.last_name,
                "email": user.email,
            }
        return self.json() | {
            "assignee": assignee,
            "originatorName": origin.name,
            "originatorLabel": origin.label or origin.name,
            "originatorDisplayName": origin.display_name,
        }


class AlarmBook:
    """Every alarm of the server; changes go through here, so that the bus knows."""

    def __init__(self, clock: SimulatedClock, bus: Bus) -> None:
        """Begin empty."""
        self._clock = clock
        self._bus = bus
        self.by_id: dict[str, Alarm] = {}

    @property
    def all(self) -> list[Alarm]:
        """Oldest first."""
        return sorted(self.by_id.values(), key=lambda alarm: alarm.created)

    def of(self, originator: Entity) -> list[Alarm]:
        """Alarms of one entity, oldest first."""
        return [each for each in self.all if each.originator is originator]

    def active(self, originator: Entity, type_: str) -> Alarm | None:
        """Alarm that is active now: there is one of a type at most."""
        found = (
            each
            for each in self.of(originator)
            if each.type == type_ and not each.cleared
        )
        return next(found, None)

    def create(
        self,
        originator: Entity,
        type: str,
        severity: Severity | str = Severity.CRITICAL,
        *,
        details: Json = None,
        created: int | None = None,
    ) -> Alarm:
        """Raise an alarm, or update the active one of this type."""
        now = self._clock.now_ms()
        alarm = self.active(originator, type)
        if alarm is not None:
            alarm.severity = Severity(severity)
            alarm.details = details
            alarm.end_ts = now
            self._bus.alarm_changed(alarm, AlarmChange.UPDATED)
            return alarm
        began = now if created is None else created
        alarm = Alarm(
            id=new_uuid(began),
            created=began,
            type=type,
            originator=originator,
            severity=Severity(severity),
            start_ts=began,
            end_ts=began,
            details=details,
        )
        self.by_id[alarm.id] = alarm
        self._bus.alarm_changed(alarm, AlarmChange.CREATED)
        return alarm

    def acknowledge(self, alarm: Alarm) -> bool:
        """Acknowledge; False if it was so already."""
        if alarm.acknowledged:
            return False
        alarm.acknowledged = True
        alarm.ack_ts = self._clock.now_ms()
        self._bus.alarm_changed(alarm, AlarmChange.UPDATED)
        return True

    def clear(self, alarm: Alarm, *, details: Json = None) -> bool:
        """Clear; False if it was so already."""
        if alarm.cleared:
            return False
        alarm.cleared = True
        alarm.clear_ts = self._clock.now_ms()
        if details is not None:
            alarm.details = details
        self._bus.alarm_changed(alarm, AlarmChange.UPDATED)
        return True

    def assign(self, alarm: Alarm, user: User | None) -> None:
        """Make a user responsible, or nobody."""
        alarm.assignee = user
        alarm.assign_ts = self._clock.now_ms()
        self._bus.alarm_changed(alarm, AlarmChange.UPDATED)

    def changed(self, alarm: Alarm) -> None:
        """Tell of fields that were set by hand."""
        self._bus.alarm_changed(alarm, AlarmChange.UPDATED)

    def delete(self, alarm: Alarm) -> None:
        """Forget an alarm."""
        del self.by_id[alarm.id]
        self._bus.alarm_changed(alarm, AlarmChange.DELETED)

    def delete_of(self, originator: Entity) -> None:
        """Forget the alarms of an entity that is gone."""
        for alarm in self.of(originator):
            self.delete(alarm)
