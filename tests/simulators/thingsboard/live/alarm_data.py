"""Alarms of many things, and their changes (thingsboard.md 11.8)."""

from dataclasses import dataclass, field
from typing import override

from . import frames
from .commands import AlarmDataCommand
from .entity_data import NO_LATEST_VALUES
from .frames import ErrorCode
from .subscription import Changes, Subscription

from tests.simulators.json_types import Json
from tests.simulators.thingsboard.alarms import Alarm
from tests.simulators.thingsboard.bus import AlarmChange
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.query.alarm_search import Originators
from tests.simulators.thingsboard.query.model import AlarmPageLink, Key, KeyType
from tests.simulators.thingsboard.query.queries import AlarmQuery


@dataclass(eq=False)
class AlarmDataSubscription(Subscription):
    """One page of the alarms of the things that there were when it began."""

    _query: AlarmQuery = field(init=False)
    # Empty until there is a query that is good.
    _originators: Originators = field(default_factory=dict)
    _total: int = 0
    _fetches: int = 0
    _missed: bool = False
    _shown: dict[str, Alarm] = field(default_factory=dict)

    def run(self, command: AlarmDataCommand) -> None:
        """Answer anew, also when the id is used again."""
        query = command.query
        assert query is not None, "the command was checked"
        problem = query.problem()
        if query.latest_values is None:
            problem = NO_LATEST_VALUES
        if problem is not None:
            self.session.complain(self.cmd_id, ErrorCode.INTERNAL, problem)
            return
        self._query = query
        self._originators, self._total = self.service.alarms.originators(
            query, self.view
        )
        self._fetches = 0
        self._fetch()

    @property
    def _link(self) -> AlarmPageLink:
        link = self._query.page_link
        assert link is not None, "the query was checked"
        return link

    @property
    def _is_live(self) -> bool:
        return bool(self._originators) and self._link.criteria.time_window > 0

    @override
    def alarm_changed(self, alarm: Alarm, change: AlarmChange) -> None:
        if alarm.originator not in self._originators or not self._is_live:
            return
        is_shown = alarm.id in self._shown
        now = self.view.now_ms()
        fits = change is not AlarmChange.DELETED and self._link.criteria.fits(
            alarm, now
        )
        if is_shown and fits:
            self._send_update([alarm])
        elif is_shown or (fits and self._link.page == 0):
            self._fetch_again()

    @override
    def values_changed(self, entity: Entity, type_: KeyType, changes: Changes) -> None:
        if entity not in self._originators:
            return
        wanted = set(self._query.latest_values or ())
        if any(Key(type_, name) in wanted for name in changes):
            shown = self._shown.values()
            self._send_update([each for each in shown if each.originator is entity])

    @override
    def refresh(self) -> bool:
        """Fetch what was missed, and drop what became too old."""
        if not self._is_live:
            return False
        self._fetches = 0
        oldest = self.view.now_ms() - self._link.criteria.time_window
        if self._missed or any(each.created < oldest for each in self._shown.values()):
            self._fetch()
            return True
        return False

    def _fetch_again(self) -> None:
        if self._fetches >= self.backend.switches.ws_alarm_fetches:
            self._missed = True
            return
        self._fetches += 1
        self._fetch()

    def _fetch(self) -> None:
        """Send the page as it is now."""
        self._missed = False
        view, alarms = self.view, self.service.alarms
        page = alarms.find(self._query, self._originators, view)
        self._shown = {each.id: each for each in page.items}
        items = alarms.items(page.items, self._query, self._originators, view)
        # Where there is nothing to watch, nothing is allowed either.
        allowed = self._allowed if self._originators else 0
        self.send(
            frames.alarm_data(
                self.cmd_id, allowed=allowed, total=self._total, data=page.json(items)
            )
        )

    def _send_update(self, changed: list[Alarm]) -> None:
        items = self.service.alarms.items(
            changed, self._query, self._originators, self.view
        )
        self.send(
            frames.alarm_data(
                self.cmd_id,
                allowed=self._allowed,
                total=self._total,
                update=list[Json](items),
            )
        )

    @property
    def _allowed(self) -> int:
        return self.backend.switches.ws_allowed_entities
