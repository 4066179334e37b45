"""Paths of the server, with who may call them and since when they exist."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
import json
import re
from typing import Final

from aiohttp import hdrs, web

from .backend import IDENTITY, Backend
from .errors import ApiError, Code, bad_request, forbidden, general, not_found
from .users import Authority

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

TENANT: Final = frozenset({Authority.TENANT_ADMIN})
TENANT_OR_CUSTOMER: Final = frozenset({Authority.TENANT_ADMIN, Authority.CUSTOMER_USER})
ANYBODY: Final = frozenset(Authority)

_API: Final = "/api/"
_OPEN: Final = "/api/noauth/"
_INDEX: Final = (
    "<!DOCTYPE html><html><head><title>ThingsBoard</title></head>"
    "<body><tb-root></tb-root></body></html>"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One path of the server; `open`: needs no sign-in, `limited`: any token will do."""

    method: str
    path: str
    handler: Handler
    roles: frozenset[Authority] = TENANT_OR_CUSTOMER
    since: str = "0"
    professional: bool = False
    open: bool = False
    limited: bool = False

    def matches(self, path: str) -> bool:
        """Whether a path is this one."""
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(self.path))
        return re.fullmatch(pattern, path) is not None


class Part:
    """Some paths of the server, with what lies behind them."""

    def routes(self) -> Iterable[Route]:
        """Paths, in the order in which they are tried."""
        return ()

    def settle(self) -> None:
        """Do what the clock says is due; called before each request and after each jump."""

    def tick(self) -> int:
        """Send what is due to subscribers at once, as the timers would; how much."""
        return 0

    def stop(self) -> None:
        """End what runs in the background."""


class Router:
    """Turns the parts' routes into aiohttp's, with everything around the handlers."""

    def __init__(
        self, backend: Backend, routes: Iterable[Route], *, prefix: str = ""
    ) -> None:
        """`prefix`: the server is mounted under this path, say `/tb`."""
        self._backend = backend
        self._routes = list(routes)
        self._prefix = prefix

    def definitions(self) -> list[web.RouteDef]:
        """Paths for aiohttp; the last one catches everything else."""
        found = [
            web.RouteDef(
                route.method, f"{self._prefix}{route.path}", self._guarded(route), {}
            )
            for route in self._routes
        ]
        return [*found, web.RouteDef(hdrs.METH_ANY, "/{tail:.*}", self._other, {})]

    def _guarded(self, route: Route) -> Handler:
        async def guarded(request: web.Request) -> web.StreamResponse:
            try:
                self._admit(route, request)
                return await route.handler(request)
            except ApiError as error:
                return self._answer(error)

        return guarded

    def _admit(self, route: Route, request: web.Request) -> None:
        if route.open:
            if not self._exists(route):
                raise not_found("Not found")
            return
        if route.limited:
            identity = self._backend.authenticate(request)
        else:
            identity = self._backend.authorize(request)
        self._backend.limits.check(identity)
        if not self._exists(route):
            raise not_found("Not found")
        if identity.authority not in route.roles:
            raise forbidden()
        request[IDENTITY] = identity

    async def _other(self, request: web.Request) -> web.StreamResponse:
        """Answer a path that no route has, or none with this method (3.1)."""
        path = request.path.removeprefix(self._prefix)
        is_ours = request.path.startswith(f"{self._prefix}{_API}")
        if not is_ours:
            return web.Response(
                status=self._backend.switches.html_status,
                text=_INDEX,
                content_type="text/html",
            )
        try:
            error = self._other_error(request, path)
        except ApiError as refused:
            error = refused
        return self._answer(error)

    def _other_error(self, request: web.Request, path: str) -> ApiError:
        known = [
            each for each in self._routes if self._exists(each) and each.matches(path)
        ]
        if not path.startswith(_OPEN) and not any(each.open for each in known):
            self._backend.limits.check(self._backend.authorize(request))
        if known:
            message = f"Request method '{request.method}' is not supported"
            return ApiError(405, Code.BAD_REQUEST_PARAMS, message)
        return not_found("Not found")

    def _exists(self, route: Route) -> bool:
        backend = self._backend
        return backend.since(route.since) and (
            backend.professional or not route.professional
        )

    def _answer(self, error: ApiError) -> web.Response:
        backend = self._backend
        body = error.body(backend.clock, backend.switches.version)
        return json_answer(body, error.status)


# Bodies.


def empty_answer() -> web.Response:
    """200 without a body."""
    return web.Response(status=200)


async def json_body(request: web.Request) -> Json:
    """Body as JSON; 415 for another content type, 500 for garbage (3.1)."""
    if request.content_type != "application/json":
        message = f"Content-Type '{request.content_type}' is not supported"
        raise ApiError(415, Code.BAD_REQUEST_PARAMS, message)
    try:
        value: Json = json.loads(await request.read())
    except ValueError as error:
        raise general(f"JSON parse error: {error}") from None
    return value


async def object_body(request: web.Request) -> JsonObject:
    """Body as a JSON object; 415 or 500 for anything else."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise general("JSON parse error: Cannot deserialize value from this token")
    return body


# Query parameters.


def required(request: web.Request, name: str, kind: str = "String") -> str:
    """Query parameter that must be there; 500 otherwise (3.1)."""
    value = request.query.get(name)
    if value is None:
        raise general(
            f"Required request parameter '{name}' for method parameter type {kind} "
            "is not present"
        )
    return value


def number(request: web.Request, name: str, default: int | None = None) -> int:
    """Whole number of the query; 500 if it must be there and is not, 400 if it is none."""
    text = request.query.get(name)
    if text is None and default is not None:
        return default
    text = required(request, name, "int")
    try:
        return int(text)
    except ValueError:
        raise bad_request(f"Invalid value '{text}' of parameter '{name}'") from None


def flag(request: web.Request, name: str, *, default: bool = False) -> bool:
    """Boolean of the query."""
    text = request.query.get(name)
    return default if text is None else text.lower() == "true"


def text_list(request: web.Request, name: str) -> list[str]:
    """Items of a comma-separated parameter, which may be repeated."""
    texts = request.query.getall(name, [])
    return [item for text in texts for item in text.split(",") if item]
