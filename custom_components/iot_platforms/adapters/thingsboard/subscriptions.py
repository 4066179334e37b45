"""What is subscribed on one socket: values of all devices page by page, and alarms (11.3, 11.8)."""

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from itertools import count
import json
import logging
from typing import Final

from ...model.change import Alarms, Change, ResyncNeeded, Samples
from ...model.errors import UnexpectedAnswerError
from ...model.value import JsonValue
from ...transport.answers import said
from . import alarms
from .client import LIVE_PAGE, Json
from .keys import ACTIVE_KEYS, Key
from .mapper import Mapper
from .query import ALL_DEVICES, query
from .rows import Row, rows_of

MOST_KEY_BYTES: Final = 24_000
"""Of one command: the server takes no message above 32 KiB (11.4)."""
BAD_REQUEST: Final = 2
TOO_MANY_UPDATES: Final = 34

_LOGGER: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class _Page:
    """One command's part of the devices. ``devices`` is None until the first answer."""

    keys: tuple[Key, ...]
    number: int
    devices: frozenset[str] | None = None


@dataclass(slots=True)
class Subscriptions:
    """The state of one socket; makes commands, takes answers.

    ``known`` returns the devices that the rest knows; ``on_loss`` is told when the server drops
    updates, ``on_alarms`` when the list of alarms became another one.
    """

    mapper: Mapper
    known: Callable[[], Collection[str]]
    on_loss: Callable[[], None]
    on_alarms: Callable[[], None]
    _ids: Iterator[int] = field(default_factory=lambda: count(1))
    _pages: dict[int, _Page] = field(default_factory=dict)
    _keys: frozenset[Key] = frozenset()
    _alarms: int | None = None
    _has_alarms: bool = False
    _has_lost: bool = False

    @property
    def count(self) -> int:
        """Return how many commands are subscribed."""
        return len(self._pages) + (self._alarms is not None)

    @property
    def is_complete(self) -> bool:
        """Return whether every page has answered."""
        return bool(self._pages) and all(
            page.devices is not None for page in self._pages.values()
        )

    def hears(self, key: Key) -> bool:
        """Return whether a key's values arrive for all devices."""
        return key in self._keys and self.is_complete

    def want(self, keys: Collection[Key], *, again: bool = False) -> list[Json]:
        """Return the commands after which these keys are subscribed, and no others.

        ``again`` asks for everything anew, where answers may have been dropped.
        """
        wanted = frozenset({*keys, *ACTIVE_KEYS})
        commands: list[Json] = []
        if self._alarms is None or again:
            self._alarms = self._alarms or next(self._ids)
            commands.append(alarms.subscription(self._alarms))
        if wanted == self._keys and not again:
            return commands
        # A used id would get no fresh values (11.2).
        commands += (
            {"type": "ENTITY_DATA_UNSUBSCRIBE", "cmdId": i} for i in self._pages
        )
        self._pages.clear()
        self._keys = wanted
        self._has_lost = False
        return [*commands, *(self._open(part, 0) for part in _portions(wanted))]

    def take(self, frame: Json) -> tuple[list[Change], list[Json]]:
        """Return what a frame tells, and the commands that it calls for."""
        cmd_id = frame.get("cmdId", frame.get("subscriptionId"))
        code = frame.get("errorCode")
        if code == TOO_MANY_UPDATES:
            self._has_lost = True
            self.on_loss()
            return [], []
        if not isinstance(cmd_id, int):
            return [], []
        if code:
            self._note_error(cmd_id, code, frame)
            return [], []
        if cmd_id == self._alarms:
            return self._take_alarms(frame), []
        page = self._pages.get(cmd_id)
        if page is None:
            return [], []  # of a subscription that has ended
        data = frame.get("data")
        if isinstance(data, dict):
            return self._take_page(page, data)
        if page.devices is None:
            # Something was missed: the first answer.
            return [] if self._has_lost else [ResyncNeeded()], []
        return self._values(rows_of(frame.get("update"))), []

    def _open(self, keys: tuple[Key, ...], number: int) -> Json:
        cmd_id = next(self._ids)
        self._pages[cmd_id] = _Page(keys, number)
        return {
            "type": "ENTITY_DATA",
            "cmdId": cmd_id,
            "query": query(ALL_DEVICES, page=number, size=LIVE_PAGE, dynamic=True),
            "latestCmd": {"keys": [key.asked for key in keys]},
        }

    def _take_page(self, page: _Page, data: Json) -> tuple[list[Change], list[Json]]:
        """Take a page with all values: the first answer, or other devices than before."""
        found = rows_of(data.get("data"))
        before, page.devices = page.devices, frozenset(row.id for row in found)
        commands = self._missing_pages(page, data.get("totalPages"))
        changes = self._values(found)
        if self.is_complete and self._devices() != {*self.known()}:
            changes.append(ResyncNeeded())
        if before is not None and before != page.devices and self._alarms is not None:
            # Which devices alarms are told of is settled when one subscribes (11.8).
            commands.append(alarms.subscription(self._alarms))
        return changes, commands

    def _missing_pages(self, page: _Page, total: JsonValue) -> list[Json]:
        """Return the commands for the pages that follow; there may be more than before."""
        if not isinstance(total, int):
            return []
        opened = {p.number for p in self._pages.values() if p.keys == page.keys}
        return [
            self._open(page.keys, number)
            for number in range(total)
            if number not in opened
        ]

    def _devices(self) -> set[str]:
        return {d for page in self._pages.values() for d in page.devices or ()}

    def _values(self, rows: Collection[Row]) -> list[Change]:
        excluded = self.mapper.choices.excluded_devices
        found = [row for row in rows if row.id not in excluded]
        changes: list[Change] = [
            change
            for row in found
            if (change := self.mapper.connectivity(row)) is not None
        ]
        samples = [s for row in found for s in self.mapper.samples(row)]
        return [*changes, Samples((*samples,))] if samples else changes

    def _take_alarms(self, frame: Json) -> list[Change]:
        data, update = frame.get("data"), frame.get("update")
        rows = data.get("data") if isinstance(data, dict) else update
        if isinstance(data, dict):
            if self._has_alarms:
                # What it lacks may be cleared or just out of sight: only the whole list tells.
                self.on_alarms()
            self._has_alarms = True
        return [Alarms(alarms=(*alarms.alarms_of(rows),), complete=False)]

    def _note_error(self, cmd_id: int, code: JsonValue, frame: Json) -> None:
        """Give up the socket if it does not tell values: then polling does."""
        text = said(f"{code} {frame.get('errorMsg')}")
        # What cannot be parsed is always said to be the first command (11.4).
        if cmd_id in self._pages or code == BAD_REQUEST:
            raise UnexpectedAnswerError(text)
        _LOGGER.debug("A command failed: %s", text)


def _portions(keys: Collection[Key]) -> list[tuple[Key, ...]]:
    """Return the keys in portions that fit into one command each."""
    portions: list[list[Key]] = [[]]
    size = 0
    for key in sorted(keys):
        length = len(json.dumps(key.asked)) + 2
        if size + length > MOST_KEY_BYTES:
            portions.append([])
            size = 0
        portions[-1].append(key)
        size += length
    return [tuple(portion) for portion in portions]
