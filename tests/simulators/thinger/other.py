"""Endpoints, assets, users and the server itself (thinger.md 2, 10.5, 11)."""

from functools import partial
from typing import Final

from aiohttp import web

from .backend import Backend, empty_answer, json_body, refusal
from .listing import selected_rows

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

_USER: Final = "/v1/users/{user}"
# Path of a list, the key of the id in its rows, the type of the permission.
_ASSETS: Final = (
    ("products", "product", "Product"),
    ("types", "type", "AssetType"),
    ("groups", "group", "AssetGroup"),
    ("projects", "project", "Project"),
)
# Lists that a sample account has nothing in.
_EMPTY: Final = (
    ("dashboards", "Dashboard"),
    ("storages", "Storage"),
    ("plugins", "Plugin"),
)


class OtherRoutes:
    """What does not belong to a device."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    def routes(self) -> list[web.RouteDef]:
        """Paths of everything else."""
        return [
            # Whether these need a token is not known (2); a probe works without.
            web.get("/v1/server/version", self._version),
            web.get("/v1/server/healthcheck", self._health),
            web.get("/v1/server/assets", self._asset_catalogue),
            web.get("/v1/users", self._users),
            web.get("/v1/proxies", self._proxies),
            web.get(_USER, self._user),
            web.get(f"{_USER}/limits", self._limits),
            web.get(f"{_USER}/properties", self._user_properties),
            web.get(f"{_USER}/endpoints", self._endpoints),
            web.post(f"{_USER}/endpoints/{{endpoint}}/call", self._call_endpoint),
            *(
                web.get(f"{_USER}/{path}", partial(self._assets, path, key, type_))
                for path, key, type_ in _ASSETS
            ),
            *(
                web.get(f"{_USER}/{path}", partial(self._nothing, type_))
                for path, type_ in _EMPTY
            ),
        ]

    async def _version(self, request: web.Request) -> web.Response:
        return json_answer(
            {
                "version": "7.0.0",
                "build_date": "2026-02-04T10:00:00Z",
                "license": "community",
            }
        )

    async def _health(self, request: web.Request) -> web.Response:
        return json_answer({"status": "ok"})

    async def _asset_catalogue(self, request: web.Request) -> web.Response:
        self._backend.authenticate(request)
        return json_answer(
            [
                {
                    "asset": "device",
                    "category": "devices",
                    "paths": {"list": "/v1/users/{user}/devices"},
                    "role": "user",
                }
            ]
        )

    async def _users(self, request: web.Request) -> web.Response:
        identity = self._backend.authorize(request, "User", "*", "ListUsers")
        if identity.role != "admin":
            raise self._backend.forbidden()
        users = self._backend.state.users.values()
        return json_answer([{"user": each.name, "role": each.role} for each in users])

    async def _proxies(self, request: web.Request) -> web.Response:
        self._backend.authorize(request, "Proxy", "*", "ListProxies")
        return json_answer([])

    async def _user(self, request: web.Request) -> web.Response:
        name = request.match_info["user"]
        self._backend.authorize(request, "User", name, "ReadUser")
        user = self._backend.state.users.get(name)
        if user is None:
            raise refusal(404, "user not found")
        return json_answer({"user": user.name, "role": user.role})

    async def _limits(self, request: web.Request) -> web.Response:
        user = request.match_info["user"]
        self._backend.authorize(request, "User", user, "ReadUser")
        used = len(self._backend.state.devices_of(user))
        limit = self._backend.switches.device_limit
        return json_answer({"devices": {"limit": limit, "used": used}})

    async def _user_properties(self, request: web.Request) -> web.Response:
        name = request.match_info["user"]
        self._backend.authorize(request, "User", name, "ReadUser")
        user = self._backend.state.users.get(name)
        properties = user.properties if user else {}
        return json_answer(
            [{"property": key, "value": value} for key, value in properties.items()]
        )

    async def _endpoints(self, request: web.Request) -> web.Response:
        self._backend.authorize(request, "Endpoint", "*", "ListEndpoints")
        user = request.match_info["user"]
        endpoints = self._backend.state.endpoints.values()
        rows = [each.record() for each in endpoints if each.user == user]
        return self._page(request, rows, "endpoint")

    async def _call_endpoint(self, request: web.Request) -> web.Response:
        name = request.match_info["endpoint"]
        self._backend.authorize(request, "Endpoint", name, "CallEndpoint")
        state = self._backend.state
        endpoint = state.endpoints.get((request.match_info["user"], name))
        if endpoint is None:
            raise refusal(404, "endpoint not found")
        data = await json_body(request)
        if not endpoint.enabled:
            raise refusal(400, "endpoint is disabled")
        state.call_endpoint(endpoint, data)
        return empty_answer()

    async def _assets(
        self, path: str, key: str, type_: str, request: web.Request
    ) -> web.Response:
        self._backend.authorize(request, type_, "*", f"List{type_}s")
        user = request.match_info["user"]
        rows: list[JsonObject] = [
            {key: each.id, "name": each.name, "enabled": True}
            for each in self._backend.state.assets.get(path, [])
            if each.user == user
        ]
        return self._page(request, rows, key)

    async def _nothing(self, type_: str, request: web.Request) -> web.Response:
        self._backend.authorize(request, type_, "*", f"List{type_}s")
        return json_answer(list[Json]())

    def _page(
        self, request: web.Request, rows: list[JsonObject], key: str
    ) -> web.Response:
        page = self._backend.switches.default_page
        return json_answer(selected_rows(request, rows, id_key=key, default_count=page))
