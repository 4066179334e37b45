"""Subscriptions of one thing in the old form (thingsboard.md 11.9)."""

from dataclasses import dataclass, field
from typing import override

from . import frames
from .commands import History, OldSubscription
from .history import samples_of
from .subscription import Changes, Subscription

from tests.simulators.thingsboard.bus import Scope
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.query.engine import SCOPES
from tests.simulators.thingsboard.query.model import KeyType
from tests.simulators.thingsboard.values import Sample

_TYPES = {scope: type_ for type_, scope in SCOPES.items()}


@dataclass(eq=False)
class OldFormSubscription(Subscription):
    """Latest values of one thing, and their changes."""

    _entity: Entity = field(init=False)
    _command: OldSubscription = field(init=False)
    _types: frozenset[KeyType] = frozenset()
    # Time of the last value by key.
    _known: dict[str, int] = field(default_factory=dict)

    def run(self, command: OldSubscription, entity: Entity) -> None:
        """Answer."""
        self._entity = entity
        self._command = command
        values = self._attributes() if command.of_attributes else self._telemetry()
        self._known = {key: rows[0].ts for key, rows in values.items() if rows}
        self.send(frames.old_update(self.cmd_id, values))

    @override
    def values_changed(self, entity: Entity, type_: KeyType, changes: Changes) -> None:
        if entity is not self._entity or type_ not in self._types:
            return
        keys = self._command.keys
        news: dict[str, list[Sample]] = {}
        for key, sample in changes.items():
            if keys is not None and key not in keys:
                continue
            if sample is None:
                news[key] = [Sample(0, "")]
            elif sample.ts >= self._known.get(key, 0):
                self._known[key] = sample.ts
                news[key] = [sample]
        if news:
            self.send(frames.old_update(self.cmd_id, news))

    def _attributes(self) -> dict[str, list[Sample]]:
        scopes = [Scope(self._command.scope)] if self._command.scope else list(Scope)
        self._types = frozenset(_TYPES[scope] for scope in scopes)
        return {
            key: [sample]
            for scope in scopes
            for key, sample in self._entity.attributes[scope].items()
            if self._wants(key)
        }

    def _telemetry(self) -> dict[str, list[Sample]]:
        self._types = frozenset({KeyType.TIME_SERIES})
        window = self._command.window
        if window is not None:
            return stored(self._entity, window)
        return {
            key: [sample]
            for key, sample in self._entity.latest.items()
            if self._wants(key)
        }

    def _wants(self, key: str) -> bool:
        keys = self._command.keys
        return keys is None or key in keys


def stored(entity: Entity, history: History) -> dict[str, list[Sample]]:
    """Stored samples of one thing; keys without any are left out."""
    found = {key: samples_of(entity, key, history) for key in history.keys}
    return {key: rows for key, rows in found.items() if rows}
