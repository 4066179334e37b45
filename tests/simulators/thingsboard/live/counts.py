"""Numbers of things and of alarms, and whether something has an alarm (thingsboard.md 11.7)."""

from abc import abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar, override

from . import frames
from .commands import AlarmCountCommand, AlarmStatusCommand, EntityCountCommand
from .frames import ErrorCode
from .subscription import Subscription

from tests.simulators.thingsboard.alarms import Alarm
from tests.simulators.thingsboard.bus import AlarmChange
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.query.queries import AlarmCountQuery, CountQuery


@dataclass(eq=False)
class CountSubscription(Subscription):
    """A number that is looked at again each minute."""

    kind: ClassVar[str]
    _last: int | None = None

    @abstractmethod
    def count(self) -> int | None:
        """How many there are now; None if the query was not good."""

    @override
    def refresh(self) -> bool:
        number = self.count()
        if number is None or number == self._last:
            return False
        self._last = number
        self.send(frames.count(self.cmd_id, number, self.kind))
        return True


@dataclass(eq=False)
class EntityCountSubscription(CountSubscription):
    """How many things."""

    kind: ClassVar[str] = "COUNT_DATA"
    _query: CountQuery | None = None

    def run(self, command: EntityCountCommand) -> None:
        """Answer, if the query is good."""
        assert command.query is not None, "the command was checked"
        if (problem := command.query.problem()) is not None:
            self.session.complain(self.cmd_id, ErrorCode.INTERNAL, problem)
            return
        self._query = command.query
        self.refresh()

    @override
    def count(self) -> int | None:
        query = self._query
        return None if query is None else self.service.engine.count(query, self.view)


@dataclass(eq=False)
class AlarmCountSubscription(CountSubscription):
    """How many alarms."""

    kind: ClassVar[str] = "ALARM_COUNT_DATA"
    _query: AlarmCountQuery | None = None

    def run(self, command: AlarmCountCommand) -> None:
        """Answer, if there is a query."""
        self._query = command.query
        if self._query is None:
            text = 'Cannot read field "query" because it is null'
            self.session.complain(self.cmd_id, ErrorCode.INTERNAL, text)
        self.refresh()

    @override
    def count(self) -> int | None:
        query = self._query
        return None if query is None else self.service.alarms.count(query, self.view)


@dataclass(eq=False)
class AlarmStatusSubscription(Subscription):
    """Whether one thing has an active alarm."""

    _command: AlarmStatusCommand = field(init=False)
    _originator: Entity | None = None
    _active: bool = False

    def run(self, command: AlarmStatusCommand) -> None:
        """Answer, if the user may see the thing."""
        self._command = command
        ref = command.originator
        self._originator = None if ref is None else self.view.find(ref)
        if self._originator is None:
            self.session.complain(self.cmd_id, ErrorCode.UNAUTHORIZED, "Unauthorized")
            return
        self._active = self._look()
        self.send(frames.alarm_status(self.cmd_id, active=self._active))

    @override
    def alarm_changed(self, alarm: Alarm, change: AlarmChange) -> None:
        if alarm.originator is not self._originator:
            return
        active = self._look()
        if active != self._active:
            self._active = active
            self.send(frames.alarm_status(self.cmd_id, active=active))

    def _look(self) -> bool:
        types, severities = self._command.types, self._command.severities
        return any(
            alarm.active
            and alarm.originator is self._originator
            and (not types or alarm.type in types)
            and (not severities or alarm.severity in severities)
            for alarm in self.backend.store.alarms.all
        )
