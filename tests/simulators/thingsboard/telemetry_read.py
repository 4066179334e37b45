"""Reading telemetry and attributes of one entity (thingsboard.md 8.1)."""

from collections.abc import Iterable
from typing import override

from aiohttp import web

from .aggregation import Aggregation, aggregated
from .backend import Backend, identity_of
from .bus import Scope
from .entity import Entity
from .errors import bad_request
from .ids import EntityType
from .routing import Part, Route, flag, number, text_list
from .values import Sample, text_of

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

ENTITY = "/api/plugins/telemetry/{entity_type}/{device}"


class TelemetryReading(Part):
    """Keys, latest values, history, attributes."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        for path, handler in (
            ("keys/timeseries", self._telemetry_keys),
            ("keys/attributes", self._attribute_keys),
            ("keys/attributes/{scope}", self._attribute_keys),
            ("values/timeseries", self._telemetry),
            ("values/attributes", self._attributes),
            ("values/attributes/{scope}", self._attributes),
        ):
            yield Route(method="GET", path=f"{ENTITY}/{path}", handler=handler)
        yield Route(
            method="GET",
            path=f"{ENTITY}/values/timeseries/history",
            handler=self._history,
            since="4.3.1.2",
        )

    async def _telemetry_keys(self, request: web.Request) -> web.Response:
        return json_answer(list(self._entity(request).latest))

    async def _attribute_keys(self, request: web.Request) -> web.Response:
        scopes = _scopes(request)
        entity = self._entity(request)
        keys = {key: None for scope in scopes for key in entity.attributes[scope]}
        return json_answer(list(keys))

    async def _telemetry(self, request: web.Request) -> web.Response:
        if "startTs" in request.query and "endTs" in request.query:
            return await self._history(request)
        entity = self._entity(request)
        strict = flag(request, "useStrictDataTypes")
        now = self._backend.clock.now_ms()
        answer: JsonObject = {}
        for key in self._keys(request) or list(entity.latest):
            sample = entity.latest.get(key)
            if sample is None:
                answer[key] = [{"ts": now, "value": None}]
            else:
                answer[key] = [_shown(sample, strict=strict)]
        return json_answer(answer)

    async def _history(self, request: web.Request) -> web.Response:
        entity = self._entity(request)
        strict = flag(request, "useStrictDataTypes")
        wanted = Aggregation(
            start=number(request, "startTs"),
            end=number(request, "endTs"),
            interval=number(request, "interval", 0),
            limit=number(request, "limit", 100),
            function=request.query.get("agg", "NONE"),
            descending=request.query.get("orderBy", "DESC") == "DESC",
        )
        answer: JsonObject = {}
        for key in self._keys(request):
            rows = aggregated(entity.history.get(key, []), wanted)
            if rows:
                answer[key] = [_shown(row, strict=strict) for row in rows]
        return json_answer(answer)

    async def _attributes(self, request: web.Request) -> web.Response:
        scopes = _scopes(request)
        entity = self._entity(request)
        keys = self._keys(request)
        rows: list[Json] = [
            {"lastUpdateTs": sample.ts, "key": key, "value": sample.value}
            for scope in scopes
            for key, sample in entity.attributes[scope].items()
            if not keys or key in keys
        ]
        return json_answer(rows)

    def _keys(self, request: web.Request) -> list[str]:
        keys = text_list(request, "keys")
        if self._backend.since("4.3"):
            keys += request.query.getall("key", [])
        return keys

    def _entity(self, request: web.Request) -> Entity:
        return entity_of_path(self._backend, request, write=False)


def entity_of_path(backend: Backend, request: web.Request, *, write: bool) -> Entity:
    """Entity that a telemetry path names; errors as in 8.3."""
    text = request.match_info.get("entity_type", EntityType.DEVICE)
    try:
        type_ = EntityType(text)
    except ValueError:
        raise bad_request(f"Incorrect entity type '{text}'") from None
    id_ = request.match_info["device"]
    return backend.entity_or_text(identity_of(request), type_, id_, write=write)


def scope_of(text: str) -> Scope:
    """Scope by its name; 400 as JSON for another one."""
    try:
        return Scope(text)
    except ValueError:
        raise bad_request(f"Invalid attribute scope: {text}") from None


def _scopes(request: web.Request) -> list[Scope]:
    text = request.match_info.get("scope")
    return list(Scope) if text is None else [scope_of(text)]


def _shown(sample: Sample, *, strict: bool) -> JsonObject:
    value: Json = sample.value if strict else text_of(sample.value)
    return {"ts": sample.ts, "value": value}
