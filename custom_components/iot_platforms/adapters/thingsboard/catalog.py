"""Which keys the devices have, and of which types their values are (7.6)."""

from collections.abc import Collection, Iterable, Iterator
import math
from typing import Final

from ...model.errors import ForbiddenError, NotFoundError
from ...model.value import JsonValue, ValueType, value_type_of
from ...transport.clock import Clock
from .client import KEYS_PAGE, Json, ThingsBoardClient
from .keys import ACTIVE_KEYS, ATTRIBUTES, STATE_NAMES, Key, Source
from .query import ALL_DEVICES, query
from .rows import Row
from .values import is_ambiguous

SHORTEST_INTERVAL: Final = 300.0
"""Seconds between two looks for new keys."""
INTERVAL_PER_PAGE: Final = 90.0
"""Seconds more for each request that a look takes."""
MOST_ASKED: Final = 50
"""Devices whose values are read one by one to learn types, where the server tells none."""
MOST_CHARACTERS: Final = 1000
"""Of the keys that are asked for by name: encoded they are up to twelve times as long."""


class Catalog:
    """The keys of all devices, found out again and again."""

    def __init__(self, client: ThingsBoardClient, clock: Clock) -> None:
        """Prepare; nothing is known yet."""
        self._client = client
        self._clock = clock
        self._has_types: bool | None = None
        self._types: dict[Key, ValueType | None] = dict.fromkeys(ACTIVE_KEYS)
        self._learned: set[Key] = set()
        self._pages = 1
        self._found_at = -math.inf

    @property
    def keys(self) -> Collection[Key]:
        """Return the keys that are known."""
        return self._types.keys()

    @property
    def interval(self) -> float:
        """Return the seconds between two looks."""
        return max(SHORTEST_INTERVAL, self._pages * INTERVAL_PER_PAGE)

    @property
    def is_due(self) -> bool:
        """Return whether it is time for another look."""
        return self._clock.monotonic() - self._found_at >= self.interval

    def value_type(self, key: Key) -> ValueType | None:
        """Return the type of a key's values, None where nobody knows."""
        return self._types.get(key)

    def expire(self) -> None:
        """Look again at the next occasion: something new may be there."""
        self._found_at = -math.inf

    async def refresh(self) -> bool:
        """Look for keys on all devices that are known to be there; return whether some are new.

        Raises NotFoundError where the server is too old to tell.
        """
        before = len(self._types)
        for page in range(self._pages):
            await self._look(page)
        self._found_at = self._clock.monotonic()
        return len(self._types) > before

    async def cover(self, devices: int) -> bool:
        """Look at as many devices as there are; return whether that brought new keys."""
        pages = max(1, math.ceil(devices / KEYS_PAGE))
        looked, self._pages = self._pages, pages
        before = len(self._types)
        for page in range(looked, pages):
            await self._look(page)
        return len(self._types) > before

    async def learn(self, rows: Iterable[Row]) -> None:
        """Find out types that texts do not tell, where the server tells none with its keys.

        A few devices are asked for the values of their own, each key once.
        """
        if self._has_types:
            return
        unsure = _unsure(rows, self._learned)
        for _ in range(MOST_ASKED):
            if not unsure:
                return
            device_id = max(unsure, key=lambda known: len(unsure[known]))
            keys = unsure.pop(device_id)
            self._learned |= keys
            await self._learn_from(device_id, keys)
            unsure = {d: rest for d, k in unsure.items() if (rest := k - self._learned)}

    async def _look(self, page: int) -> None:
        asked = query(ALL_DEVICES, page=page, size=KEYS_PAGE)
        if self._has_types is not False:
            try:
                self._take_typed(await self._client.typed_keys(asked))
            except NotFoundError:
                self._has_types = False
            else:
                self._has_types = True
                return
        for scope in (None, *ATTRIBUTES):
            answer = await self._client.keys(asked, scope=scope)
            source = scope or Source.TELEMETRY
            for name in _texts(answer.get("attribute" if scope else "timeseries")):
                self._types.setdefault(Key(source, name), None)

    def _take_typed(self, answer: Json) -> None:
        """Take in keys with samples; a type that is known stays what it is."""
        attributes = answer.get("attributes")
        groups = attributes if isinstance(attributes, dict) else {}
        for source in Source:
            group = (
                answer.get("timeseries")
                if source is Source.TELEMETRY
                else groups.get(source.scope)
            )
            for name, value in _samples(group):
                key = Key(source, name)
                if self._types.get(key) is None:
                    self._types[key] = value_type_of(value)

    async def _learn_from(self, device_id: str, keys: Collection[Key]) -> None:
        for source in Source:
            names = sorted(key.name for key in keys if key.source is source)
            if not names:
                continue
            # More than fits into an address is everything.
            asked = names if sum(map(len, names)) <= MOST_CHARACTERS else []
            try:
                values = await self._typed_values(device_id, source, asked)
            except ForbiddenError, NotFoundError:
                continue
            for name, value in values.items():
                self._types[Key(source, name)] = value_type_of(value)

    async def _typed_values(
        self, device_id: str, source: Source, names: list[str]
    ) -> dict[str, JsonValue]:
        if source is Source.TELEMETRY:
            return newest(await self._client.telemetry(device_id, names))
        return {
            str(row["key"]): row.get("value")
            for row in await self._client.attributes(device_id, source, names)
            if isinstance(row, dict) and "key" in row
        }


def newest(telemetry: JsonValue) -> dict[str, JsonValue]:
    """Return the newest value of each key of a telemetry answer (8.1)."""
    if not isinstance(telemetry, dict):
        return {}
    return {
        name: samples[0].get("value")
        for name, samples in telemetry.items()
        if isinstance(samples, list) and samples and isinstance(samples[0], dict)
    }


def _unsure(rows: Iterable[Row], learned: Collection[Key]) -> dict[str, set[Key]]:
    found = {
        row.id: {
            key
            for key, reading in row.values.items()
            if key not in learned
            and key.name not in STATE_NAMES
            and is_ambiguous(reading.text)
        }
        for row in rows
    }
    return {device_id: keys for device_id, keys in found.items() if keys}


def _texts(value: JsonValue) -> Iterator[str]:
    yield from (
        (v for v in value if isinstance(v, str)) if isinstance(value, list) else ()
    )


def _samples(group: JsonValue) -> Iterator[tuple[str, JsonValue]]:
    for row in group if isinstance(group, list) else ():
        name = row.get("key") if isinstance(row, dict) else None
        if isinstance(row, dict) and isinstance(name, str):
            sample = row.get("sample")
            yield name, sample.get("value") if isinstance(sample, dict) else None
