"""Values of many things, and their changes (thingsboard.md 11.2, 11.3)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, override

from . import frames
from .commands import EntityDataCommand, History
from .frames import CloseCode, ErrorCode
from .history import listed, samples_of
from .subscription import Changes, Subscription

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.query.engine import Page, sample_of
from tests.simulators.thingsboard.query.filters import Row
from tests.simulators.thingsboard.query.model import Key, KeyType
from tests.simulators.thingsboard.query.queries import DataQuery
from tests.simulators.thingsboard.values import Sample, normalised, text_of, update_text

# Time and text of a value, and what the client knows of one thing.
type _Shown = tuple[int, str]
type _Known = dict[Key, _Shown]

_NOTHING: Final[_Shown] = (0, "")
# What the real server says where it expects a list.
NO_LATEST_VALUES: Final = (
    'Cannot invoke "java.util.List.contains(Object)" because the return value of '
    '"org.thingsboard.server.common.data.query.EntityDataQuery.getLatestValues()" is null'
)


@dataclass(eq=False)
class EntityDataSubscription(Subscription):
    """One page of things; a later command with the same id changes what is sent of them."""

    _query: DataQuery | None = None
    _page: Page[Row] | None = None
    _window: History | None = None
    _keys: frozenset[Key] = frozenset()
    _known: dict[Entity, _Known] = field(default_factory=dict)
    _sent: bool = False

    def run(self, command: EntityDataCommand) -> None:
        """Do what a command says."""
        if command.query is not None and not self._replace(command.query, command):
            return
        if self._page is None:
            # There are no things to subscribe to: the set-up fails.
            self.session.close(CloseCode.RESTART)
            return
        if command.has_any:
            self._keys = frozenset(command.latest or ())
            self._window = command.window
        if command.history is not None:
            self._send_samples(command.history)
        if not self._sent and command.latest is not None:
            self._send_page()
        if command.window is not None:
            self._send_samples(command.window)
        if not self._sent:
            self._send_page()

    @override
    def values_changed(self, entity: Entity, type_: KeyType, changes: Changes) -> None:
        known = self._known.get(entity)
        if known is None:
            return
        news: JsonObject = {}
        for name, sample in changes.items():
            key = Key(type_, name)
            if key not in self._keys:
                continue
            shown = _NOTHING if sample is None else (sample.ts, text_of(sample.value))
            before = known.get(key, _NOTHING)
            is_repeated = shown == before or shown[0] < before[0]
            if sample is None or not is_repeated:
                known[key] = shown
                news[name] = update_text(sample)
        if news:
            self._send_update(entity, latest={type_.value: news})

    @override
    def samples_saved(
        self, entity: Entity, samples: Iterable[tuple[str, Sample]]
    ) -> None:
        if self._window is None or entity not in self._known:
            return
        wanted: dict[str, list[Sample]] = defaultdict(list)
        for key, sample in samples:
            if key in self._window.keys and sample.ts >= self._window.start:
                wanted[key].append(sample)
        if wanted:
            series = {key: listed(rows) for key, rows in wanted.items()}
            self._send_update(entity, timeseries=dict[str, Json](series))

    @override
    def refresh(self) -> bool:
        query = self._query
        if query is None or query.page_link is None or not query.page_link.dynamic:
            return False
        before = set(self._known)
        page = self.service.engine.find(query, self.view)
        if before == {row.entity for row in page.items}:
            return False
        self._take(page)
        self._send_page()
        return True

    def _replace(self, query: DataQuery, command: EntityDataCommand) -> bool:
        """Ask anew; whether the query was good."""
        problem = query.problem()
        if query.latest_values is None:
            problem = NO_LATEST_VALUES
        if problem is not None:
            self.session.complain(self.cmd_id, ErrorCode.INTERNAL, problem)
            return False
        self._query = query.asking_also(command.latest or ())
        self._take(self.service.engine.find(self._query, self.view))
        return True

    def _take(self, page: Page[Row]) -> None:
        """Remember the things of a page, with what the client is going to know of them."""
        assert self._query is not None, "a page comes from a query"
        self._page = page
        self._known = {}
        for row in page.items:
            self._known[row.entity] = {
                key: _as_queried(sample_of(row.entity, key)) for key in self._query.keys
            }

    def _send_page(self, history: History | None = None) -> None:
        """Send the page, with stored samples if they are asked for."""
        assert self._page is not None, "there is a page by now"
        self._sent = True
        data = self._page.json(self._items(history))
        self.send(frames.entity_data(self.cmd_id, allowed=self._allowed, data=data))

    def _send_samples(self, history: History) -> None:
        """Send stored samples of everything: with the page, or alone if it was sent."""
        if self._sent:
            update = self._items(history)
            frame = frames.entity_data(
                self.cmd_id, allowed=self._allowed, update=update
            )
            self.send(frame)
        else:
            self._send_page(history)

    def _items(self, history: History | None) -> list[Json]:
        assert self._page is not None, "there is a page by now"
        assert self._query is not None, "a page comes from a query"
        rows = self._page.items
        items = self.service.engine.items(rows, self._query.keys, self.view)
        if history is None:
            return list(items)
        return [
            {
                **item,
                "timeseries": {
                    key: listed(samples_of(row.entity, key, history))
                    for key in history.keys
                },
            }
            for row, item in zip(rows, items, strict=True)
        ]

    def _send_update(
        self,
        entity: Entity,
        *,
        latest: Json = None,
        timeseries: Json = None,
    ) -> None:
        item: JsonObject = {
            "entityId": entity.entity_id.json(),
            "latest": latest,
            "timeseries": timeseries,
            "aggLatest": None,
        }
        frame = frames.entity_data(self.cmd_id, allowed=self._allowed, update=[item])
        self.send(frame)

    @property
    def _allowed(self) -> int:
        return self.backend.switches.ws_allowed_entities


def _as_queried(sample: Sample | None) -> _Shown:
    return (
        _NOTHING if sample is None else (sample.ts, normalised(text_of(sample.value)))
    )
