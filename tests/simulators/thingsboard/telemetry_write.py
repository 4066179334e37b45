"""Writing and deleting telemetry and attributes by REST (thingsboard.md 8.2, 8.3)."""

from collections.abc import Iterable
import json
from typing import Final, override

from aiohttp import web

from .backend import Backend
from .bus import Origin, Scope
from .device_posts import BadPostError, parsed_samples
from .routing import Handler, Part, Route, empty_answer, flag, text_list
from .telemetry_read import ENTITY, entity_of_path, scope_of
from .values import stored_values

from tests.simulators.json_types import Json

_BASE: Final = "/api/plugins/telemetry"


class TelemetryWriting(Part):
    """Errors here are plain texts."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        paths: tuple[tuple[str, str, Handler], ...] = (
            ("POST", f"{ENTITY}/attributes/{{scope}}", self._save_attributes),
            ("POST", f"{ENTITY}/timeseries/{{any}}/{{ttl}}", self._save_telemetry),
            ("POST", f"{ENTITY}/timeseries/{{any}}", self._save_telemetry),
            ("DELETE", f"{ENTITY}/timeseries/delete", self._delete_telemetry),
            ("POST", f"{ENTITY}/{{scope}}", self._save_attributes),
            ("DELETE", f"{ENTITY}/{{scope}}", self._delete_attributes),
            ("POST", f"{_BASE}/{{device}}/{{scope}}", self._save_attributes),
            ("DELETE", f"{_BASE}/{{device}}/{{scope}}", self._delete_attributes),
        )
        for method, path, handler in paths:
            yield Route(method=method, path=path, handler=handler)

    async def _save_attributes(self, request: web.Request) -> web.Response:
        scope = scope_of(request.match_info["scope"])
        body = await self._json(request)
        if scope is Scope.CLIENT:
            self._note_refused(request, body)
            raise self._backend.text(400, f"Invalid scope: {scope}")
        if not isinstance(body, dict):
            raise self._backend.text(400, "Request is not a JSON object")
        if not body:
            raise self._backend.text(400, "No attributes data found in request body!")
        self._check_keys(body)
        entity = entity_of_path(self._backend, request, write=True)
        values = stored_values(body)
        for key, value in values.items():
            self._backend.note_write(entity, scope, key, value, request.path)
        entity.save_attributes(scope, values, origin=Origin.REST)
        return empty_answer()

    async def _save_telemetry(self, request: web.Request) -> web.Response:
        body = await self._json(request)
        if not isinstance(body, (dict, list)):
            raise self._backend.text(400, "Request is not a JSON object")
        try:
            samples = parsed_samples(body, self._backend.clock.now_ms())
        except BadPostError as error:
            raise self._backend.text(400, f"{error}") from None
        if not samples:
            raise self._backend.text(400, "No timeseries data found in request body!")
        self._check_keys(key for key, _ in samples)
        entity = entity_of_path(self._backend, request, write=True)
        for key, sample in samples:
            self._backend.note_write(
                entity, "TELEMETRY", key, sample.value, request.path
            )
        entity.save_telemetry(samples, origin=Origin.REST)
        return empty_answer()

    async def _delete_attributes(self, request: web.Request) -> web.Response:
        scope = scope_of(request.match_info["scope"])
        keys = self._keys(request)
        if not keys:
            raise self._backend.text(400, "Empty keys: []")
        entity_of_path(self._backend, request, write=True).delete_attributes(
            scope, keys
        )
        return empty_answer()

    async def _delete_telemetry(self, request: web.Request) -> web.Response:
        keys = self._keys(request)
        if not keys:
            raise self._backend.text(400, "Empty keys: []")
        start, end = request.query.get("startTs", ""), request.query.get("endTs", "")
        if flag(request, "deleteAllDataForKeys"):
            first, last = 0, None
        elif start.isdecimal() and end.isdecimal():
            first, last = int(start), int(end)
        else:
            raise self._backend.text(
                400,
                "When deleteAllDataForKeys is false, start and end timestamp values "
                "shouldn't be empty",
            )
        entity = entity_of_path(self._backend, request, write=True)
        entity.delete_telemetry(keys, start=first, end=last)
        return empty_answer()

    async def _json(self, request: web.Request) -> Json:
        try:
            body: Json = json.loads(await request.read())
        except ValueError:
            raise self._backend.text(400, "Invalid JSON") from None
        return body

    def _check_keys(self, keys: Iterable[str]) -> None:
        if any(not key.strip() for key in keys):
            raise self._backend.text(400, "Key cannot be blank")

    def _keys(self, request: web.Request) -> list[str]:
        keys = text_list(request, "keys")
        if self._backend.since("4.3"):
            keys += request.query.getall("key", [])
        return keys

    def _note_refused(self, request: web.Request, body: Json) -> None:
        """Count what was tried in the device's own scope: it is never right."""
        entity = entity_of_path(self._backend, request, write=True)
        for key, value in body.items() if isinstance(body, dict) else ():
            self._backend.note_write(entity, Scope.CLIENT, key, value, request.path)
