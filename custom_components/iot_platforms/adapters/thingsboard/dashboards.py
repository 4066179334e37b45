"""Units and names of keys, as the account's dashboards show them (16.2)."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from typing import Final

from ...model.errors import PlatformError
from ...model.value import JsonValue
from .auth import User
from .client import Json, ThingsBoardClient, is_refusal, rows
from .keys import ATTRIBUTES, Key, Source
from .mapper import Hint
from .rows import entity_id

MOST_DASHBOARDS: Final = 50
"""Each can be hundreds of kilobytes."""
_SOURCES: Final = {"timeseries": (Source.TELEMETRY,), "attribute": ATTRIBUTES}
_UNITS_KEYS: Final = ("from", "METRIC")
"""Where an object of units has the one that the stored number is in (since 4.1)."""
_VARIABLE: Final = "${"
"""Labels may hold places for values: those are no names."""


async def hints(client: ThingsBoardClient, user: User) -> Mapping[Key, Hint]:
    """Return what most dashboards say about each key; where they disagree, nothing."""
    path = (
        "api/tenant/dashboards"
        if user.is_administrator
        else f"api/customer/{user.customer_id}/dashboards"
    )
    ids = [
        dashboard_id
        async for page in client.pages(path)
        for row in rows(page)
        if (dashboard_id := entity_id(row.get("id") if isinstance(row, dict) else None))
    ]
    units: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    labels: defaultdict[Key, Counter[str]] = defaultdict(Counter)
    for dashboard_id in ids[:MOST_DASHBOARDS]:
        try:
            dashboard = await client.dashboard(dashboard_id)
        except PlatformError as error:
            if not is_refusal(error):
                raise
            continue
        for key, hint in hints_of(dashboard):
            if hint.unit:
                units[key][hint.unit] += 1
            if hint.label:
                labels[key][hint.label] += 1
    return {
        key: Hint(unit=_most(units[key]), label=_most(labels[key]))
        for key in {*units, *labels}
    }


def hints_of(dashboard: JsonValue) -> Iterator[tuple[Key, Hint]]:
    """Yield what each widget of a dashboard says about its keys."""
    for widget in _parts(_part(_part(dashboard, "configuration"), "widgets")):
        config = _part(widget, "config")
        for source in _parts(config.get("datasources")):
            for name in ("dataKeys", "latestDataKeys"):
                for data_key in _parts(source.get(name)):
                    yield from _hints(data_key, _unit(config.get("units")))


def _hints(data_key: Json, usual: str | None) -> Iterator[tuple[Key, Hint]]:
    name, label = data_key.get("name"), data_key.get("label")
    if not isinstance(name, str) or not name:
        return
    hint = Hint(
        unit=_unit(data_key.get("units")) or usual, label=_better_name(label, name)
    )
    for source in _SOURCES.get(str(data_key.get("type")), ()):
        yield Key(source, name), hint


def _better_name(label: JsonValue, name: str) -> str | None:
    """Return a label that says more than the key itself does."""
    if (
        not isinstance(label, str)
        or _VARIABLE in label
        or _letters(label) == _letters(name)
    ):
        return None
    return label.strip() or None


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def _unit(value: JsonValue) -> str | None:
    if isinstance(value, dict):
        found = (value.get(name) for name in _UNITS_KEYS)
        value = next((unit for unit in found if isinstance(unit, str)), None)
    return value.strip() or None if isinstance(value, str) else None


def _most(votes: Counter[str]) -> str | None:
    """Return what has the most votes, None where that is not one."""
    ranked = votes.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]


def _part(value: JsonValue, name: str) -> Json:
    part = value.get(name) if isinstance(value, dict) else None
    return part if isinstance(part, dict) else {}


def _parts(value: JsonValue) -> Iterator[Json]:
    if isinstance(value, dict):
        value = [*value.values()]
    for part in value if isinstance(value, list) else ():
        if isinstance(part, dict):
            yield part
