"""The endpoints of queries (thingsboard.md 7, 11.8)."""

from collections.abc import Callable, Iterable
from typing import override

from aiohttp import web

from .fields import MalformedError
from .queries import CountQuery
from .service import QueryService
from .view import View

from tests.simulators.json_types import Json
from tests.simulators.thingsboard.backend import Backend, identity_of
from tests.simulators.thingsboard.bus import Scope
from tests.simulators.thingsboard.errors import bad_request, general
from tests.simulators.thingsboard.routing import (
    ANYBODY,
    Handler,
    Part,
    Route,
    flag,
    json_body,
    required,
    text_list,
)
from tests.simulators.wire import json_answer

_ENTITIES = "/api/entitiesQuery"
_KEYS_V2 = "/api/v2/entitiesQuery/find/keys"
_ALARMS = "/api/alarmsQuery"


class QueryRoutes(Part):
    """Answers questions about many things."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._service = QueryService(backend)

    @override
    def routes(self) -> Iterable[Route]:
        def post(path: str, handler: Handler, since: str) -> Route:
            return Route(
                method="POST", path=path, handler=handler, since=since, roles=ANYBODY
            )

        return [
            post(f"{_ENTITIES}/find", self._find, "3.1"),
            post(f"{_ENTITIES}/count", self._count, "3.1"),
            post(f"{_ENTITIES}/find/keys", self._keys, "3.2.2"),
            post(_KEYS_V2, self._sampled_keys, "4.3.1.2"),
            post(f"{_ALARMS}/find", self._find_alarms, "3.1"),
            post(f"{_ALARMS}/count", self._count_alarms, "3.5"),
        ]

    async def _find(self, request: web.Request) -> web.StreamResponse:
        query = await _body(request, self._service.parser().data)
        return json_answer(self._service.engine.answer(query, self._seen(request)))

    async def _count(self, request: web.Request) -> web.StreamResponse:
        query = await _body(request, self._service.parser().count)
        return json_answer(self._service.engine.count(query, self._seen(request)))

    async def _keys(self, request: web.Request) -> web.StreamResponse:
        query = await _body(request, self._service.parser().data)
        timeseries = required(request, "timeseries", "boolean") == "true"
        attributes = required(request, "attributes", "boolean") == "true"
        scopes = _scopes(request, "scope")
        return json_answer(
            self._service.discovery.plain(
                query,
                self._seen(request),
                timeseries=timeseries,
                attributes=attributes,
                scope=scopes[0] if scopes else None,
            )
        )

    async def _sampled_keys(self, request: web.Request) -> web.StreamResponse:
        query = await _body(request, self._service.parser().data)
        timeseries = flag(request, "includeTimeseries", default=True)
        attributes = flag(request, "includeAttributes", default=True)
        if not timeseries and not attributes:
            raise bad_request(
                "At least one of 'includeTimeseries' or 'includeAttributes' must be true"
            )
        return json_answer(
            self._service.discovery.sampled(
                query,
                self._seen(request),
                timeseries=timeseries,
                attributes=attributes,
                samples=flag(request, "includeSamples"),
                scopes=_scopes(request, "scopes") or list(Scope),
            )
        )

    async def _find_alarms(self, request: web.Request) -> web.StreamResponse:
        query = await _body(request, self._service.parser().alarms)
        return json_answer(self._service.alarms.answer(query, self._seen(request)))

    async def _count_alarms(self, request: web.Request) -> web.StreamResponse:
        try:
            query = self._service.parser().alarm_count(await json_body(request))
        except MalformedError as error:
            raise general(f"JSON parse error: {error}") from None
        return json_answer(self._service.alarms.count(query, self._seen(request)))

    def _seen(self, request: web.Request) -> View:
        return self._service.view(identity_of(request))


async def _body[Q: CountQuery](request: web.Request, parse: Callable[[Json], Q]) -> Q:
    """Query of the body; 500 for garbage, 400 for what is wrong with it (7.5)."""
    try:
        query = parse(await json_body(request))
    except MalformedError as error:
        raise general(f"JSON parse error: {error}") from None
    if (problem := query.problem()) is not None:
        raise bad_request(problem)
    return query


def _scopes(request: web.Request, name: str) -> list[Scope]:
    try:
        return [Scope(text) for text in text_list(request, name)]
    except ValueError as error:
        raise bad_request(str(error)) from None
