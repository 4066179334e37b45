"""Commands that clients send over a WebSocket (thingsboard.md 11.1 to 11.9)."""

from dataclasses import dataclass
from typing import override

from tests.simulators.thingsboard.query.model import Key
from tests.simulators.thingsboard.query.queries import (
    AlarmCountQuery,
    AlarmQuery,
    CountQuery,
    DataQuery,
)
from tests.simulators.thingsboard.query.view import Ref


@dataclass(frozen=True, slots=True)
class AuthCommand:
    """Who is there."""

    token: str | None
    api_key: str | None


@dataclass(frozen=True, slots=True)
class Command:
    """One command; its id is the client's choice."""

    cmd_id: int

    def problem(self) -> str | None:
        """What the check of the command complains of."""
        return None


@dataclass(frozen=True, slots=True)
class History:
    """Which stored samples: of which keys, from when to when."""

    keys: tuple[str, ...]
    start: int
    end: int
    limit: int = 0
    aggregation: str = "NONE"
    interval: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityDataCommand(Command):
    """Values of many things, and their changes."""

    query: DataQuery | None = None
    latest: tuple[Key, ...] | None = None
    window: History | None = None
    history: History | None = None
    # Aggregates are parsed, and answered with nothing.
    aggregates: bool = False

    @property
    def has_any(self) -> bool:
        """Whether it says what to do with the things of the query."""
        parts = (self.latest, self.window, self.history)
        return self.aggregates or any(part is not None for part in parts)

    @override
    def problem(self) -> str | None:
        """Either a query or something to do with the one before."""
        if self.query is None and not self.has_any:
            return "Query is empty!"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class EntityCountCommand(Command):
    """How many things."""

    query: CountQuery | None

    @override
    def problem(self) -> str | None:
        """A query is needed."""
        return "Query is empty!" if self.query is None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmDataCommand(Command):
    """Alarms of many things, and their changes."""

    query: AlarmQuery | None

    @override
    def problem(self) -> str | None:
        """A query is needed."""
        return "Query is empty!" if self.query is None else None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmCountCommand(Command):
    """How many alarms."""

    query: AlarmCountQuery | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmStatusCommand(Command):
    """Whether a thing has an active alarm."""

    originator: Ref | None
    types: frozenset[str]
    severities: frozenset[str]


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    """Stop what was begun with this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OldCommand(Command):
    """About one thing, in the old form."""

    entity_type: str
    entity_id: str
    # None: all.
    keys: tuple[str, ...] | None
    scope: str = ""

    @property
    def ref(self) -> Ref:
        """The thing."""
        return self.entity_type, self.entity_id


@dataclass(frozen=True, slots=True, kw_only=True)
class OldSubscription(OldCommand):
    """Latest values of one thing, and their changes; or the end of that."""

    of_attributes: bool
    unsubscribe: bool = False
    window: History | None = None

    @override
    def problem(self) -> str | None:
        """A thing is needed, except for the end of everything."""
        return None if self.unsubscribe or self.entity_id else "Device id is empty!"


@dataclass(frozen=True, slots=True, kw_only=True)
class OldHistory(OldCommand):
    """Stored samples of one thing."""

    history: History

    @override
    def problem(self) -> str | None:
        """A thing and keys are needed."""
        if not self.entity_id or not self.entity_type:
            return "Device id is empty!"
        return "Keys are empty!" if not self.keys else None


@dataclass(frozen=True, slots=True)
class Message:
    """What one text message holds."""

    auth: AuthCommand | None
    commands: tuple[Command, ...]
