"""Reading devices with all their values through the entity data query (7)."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Collection
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched
from typing import Final

from ...model.value import JsonValue
from .catalog import Catalog
from .client import PAGE, ThingsBoardClient, rows
from .keys import ACTIVE_KEYS, Key
from .query import ALL_DEVICES, FIELDS, these_devices
from .rows import Row, fingerprint, rows_of

SLICE: Final = 50
"""Rows that are taken in at once: more would hold up the event loop."""
MOST_KEYS: Final = 200
"""Keys of one query: each costs the server a join (7.2)."""


@dataclass(frozen=True, slots=True)
class Fleet:
    """All devices with their values; whether these are really all."""

    rows: tuple[Row, ...]
    complete: bool


class QueryReader:
    """As many requests as there are pages of devices, whatever the number of keys."""

    def __init__(self, client: ThingsBoardClient, catalog: Catalog) -> None:
        """Prepare."""
        self._client = client
        self._catalog = catalog
        self._seen: dict[tuple[int, str], int] = {}
        self._asked: frozenset[Key] = frozenset()

    async def fleet(self) -> Fleet:
        """Return all devices, with the values of all keys that there are on any of them."""
        if self._catalog.is_due:
            await self._catalog.refresh()
        fleet = await self._fleet(self._catalog.keys)
        known = {*self._catalog.keys}
        if await self._catalog.cover(len(fleet.rows)):
            others = {*self._catalog.keys} - known
            fleet = _joined(fleet, await self._fleet(others))
        await self._catalog.learn(fleet.rows)
        return fleet

    async def values(
        self, device_ids: Collection[str], keys: Collection[Key]
    ) -> AsyncGenerator[list[Row]]:
        """Yield the devices' values of some keys, page by page; devices with nothing new are left out."""
        is_few = len(device_ids) <= PAGE
        entities = these_devices(device_ids) if is_few else ALL_DEVICES
        asked = frozenset({*keys, *ACTIVE_KEYS})
        if asked != self._asked:
            self._asked = asked
            self._seen.clear()
        for number, part in enumerate(_portions(asked)):
            is_new = partial(self._is_new, number)
            async for page, _ in self._pages(entities, part, (), is_new):
                yield page

    def _is_new(self, portion: int, item: JsonValue) -> bool:
        """Return whether a row tells something else than when it was looked at the last time.

        Most do not, and to take them in costs ten times as much as to see that.
        """
        seen = fingerprint(item)
        if seen is None:
            return True
        device_id, values = seen
        is_known = self._seen.get((portion, device_id)) == values
        self._seen[portion, device_id] = values
        return not is_known

    async def _fleet(self, keys: Collection[Key]) -> Fleet:
        fleet: Fleet | None = None
        for part in _portions(keys):
            found: dict[str, Row] = {}
            totals: list[JsonValue] = []
            async for page, total in self._pages(ALL_DEVICES, part, FIELDS):
                found |= {row.id: row for row in page}
                totals.append(total)
            # What came or went meanwhile may have been skipped.
            complete = all(total == len(found) for total in totals)
            rest = Fleet((*found.values(),), complete)
            fleet = rest if fleet is None else _joined(fleet, rest)
        return fleet or Fleet((), complete=False)

    async def _pages(
        self,
        entities: JsonValue,
        keys: Collection[Key],
        fields: Collection[str],
        is_wanted: Callable[[JsonValue], bool] = lambda _: True,
    ) -> AsyncGenerator[tuple[list[Row], JsonValue]]:
        """Yield pages of wanted rows, each with the number of all rows."""
        asked = frozenset(keys)
        async for page in self._client.find(entities, fields=fields, keys=keys):
            found: list[Row] = []
            for part in batched(rows(page), SLICE, strict=False):
                # Some servers leave out what an entity does not have (7.2).
                found += (
                    replace(row, gone=asked - row.values.keys())
                    for row in rows_of([*filter(is_wanted, part)])
                )
                await asyncio.sleep(0)
            yield found, page.get("totalElements")


def _portions(keys: Collection[Key]) -> list[tuple[Key, ...]]:
    return [*batched(sorted(keys), MOST_KEYS, strict=False)] or [()]


def _joined(fleet: Fleet, rest: Fleet) -> Fleet:
    """Return the devices of one reading with what another one says about them."""
    more = {row.id: row for row in rest.rows}
    return Fleet(
        tuple(
            replace(
                row,
                values={**row.values, **more[row.id].values},
                gone=row.gone | more[row.id].gone,
            )
            if row.id in more
            else row
            for row in fleet.rows
        ),
        complete=fleet.complete and more.keys() >= {row.id for row in fleet.rows},
    )
