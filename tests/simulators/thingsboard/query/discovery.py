"""Which keys exist (thingsboard.md 7.6)."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from .engine import Engine
from .model import PageLink
from .queries import DataQuery
from .view import View

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.thingsboard.bus import Scope
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.values import Sample, typed

# No more things than that are looked at, whatever the page size.
_LIMIT: Final = 100


class Discovery:
    """Collects the keys of the things on one page."""

    def __init__(self, engine: Engine) -> None:
        """Find things with an engine."""
        self._engine = engine

    def plain(
        self,
        query: DataQuery,
        view: View,
        *,
        timeseries: bool,
        attributes: bool,
        scope: Scope | None,
    ) -> JsonObject:
        """Answer of the older endpoint: names alone."""
        found = self._things(query, view)
        scopes = list(Scope) if scope is None else [scope]
        return {
            "entityTypes": _types(found),
            "timeseries": _names(_telemetry(found)) if timeseries else [],
            "attribute": _names(
                {key for each in scopes for key in _attributes(found, each)}
                if attributes
                else ()
            ),
        }

    def sampled(
        self,
        query: DataQuery,
        view: View,
        *,
        timeseries: bool,
        attributes: bool,
        samples: bool,
        scopes: Iterable[Scope],
    ) -> JsonObject:
        """Answer of the newer endpoint: names with the newest value of any thing."""
        found = self._things(query, view)
        answer: JsonObject = {"entityTypes": _types(found)}
        if timeseries:
            answer["timeseries"] = _listed(_telemetry(found), samples=samples)
        if attributes:
            answer["attributes"] = {
                scope.value: _listed(_attributes(found, scope), samples=samples)
                for scope in scopes
            }
        return answer

    def _things(self, query: DataQuery, view: View) -> list[Entity]:
        link = query.page_link
        assert link is not None, "the query was not checked"
        size = min(link.page_size, _LIMIT)
        capped: PageLink = replace(link, page_size=size)
        page = self._engine.find(replace(query, page_link=capped), view)
        return list(dict.fromkeys(row.entity for row in page.items))


def _types(found: Iterable[Entity]) -> list[Json]:
    return list[Json](sorted({each.entity_type.value for each in found}))


def _telemetry(found: Iterable[Entity]) -> dict[str, Sample]:
    return _newest(each.latest for each in found)


def _attributes(found: Iterable[Entity], scope: Scope) -> dict[str, Sample]:
    return _newest(each.attributes[scope] for each in found)


def _newest(maps: Iterable[dict[str, Sample]]) -> dict[str, Sample]:
    newest: dict[str, Sample] = {}
    for samples in maps:
        for key, sample in samples.items():
            known = newest.get(key)
            if known is None or sample.ts > known.ts:
                newest[key] = sample
    return newest


def _names(keys: Iterable[str]) -> list[Json]:
    return list[Json](sorted(keys))


def _listed(newest: dict[str, Sample], *, samples: bool) -> list[Json]:
    return [
        {"key": key, "sample": typed(newest[key])} if samples else {"key": key}
        for key in sorted(newest)
    ]
