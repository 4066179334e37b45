"""Lists of device tokens and of access tokens (thinger.md 10.1, 10.2)."""

import re
from typing import Final

from aiohttp import web

from .backend import Backend, empty_answer, object_body, refusal
from .tokens import AccessToken

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

_OF_DEVICE: Final = "/v1/users/{user}/devices/{device}/tokens"
_OF_USER: Final = "/v1/users/{user}/tokens"
_TOKEN_ID: Final = re.compile(r"[a-zA-Z0-9_]{1,50}")


class TokenRoutes:
    """Tokens that users make."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    def routes(self) -> list[web.RouteDef]:
        """Paths of tokens."""
        return [
            web.get(_OF_DEVICE, self._list_device_tokens),
            web.post(_OF_DEVICE, self._create_device_token),
            web.delete(f"{_OF_DEVICE}/{{token}}", self._delete_device_token),
            web.get(_OF_USER, self._list_access_tokens),
            web.post(_OF_USER, self._create_access_token),
            web.get(f"{_OF_USER}/{{token}}", self._read_access_token),
            web.put(f"{_OF_USER}/{{token}}", self._change_access_token),
            web.delete(f"{_OF_USER}/{{token}}", self._delete_access_token),
        ]

    async def _list_device_tokens(self, request: web.Request) -> web.Response:
        device = self._backend.authorized_device(request, "ListDeviceTokens")
        return json_answer(
            [
                each.record()
                for each in self._backend.state.device_tokens
                if (each.user, each.device) == (device.user, device.id)
            ]
        )

    async def _create_device_token(self, request: web.Request) -> web.Response:
        device = self._backend.authorized_device(request, "CreateDeviceToken")
        body = await object_body(request)
        name = body.get("token_name")
        if not isinstance(name, str) or not name:
            raise refusal(400, "missing field: token_name")
        resources = body.get("token_resources")
        token = self._backend.tokens.mint_device_token(
            device.user,
            device.id,
            name=name,
            resources=tuple(map(str, resources))
            if isinstance(resources, list)
            else None,
            expire=self._expiration(body.get("token_expiration")),
        )
        return json_answer(token.record())

    async def _delete_device_token(self, request: web.Request) -> web.Response:
        device = self._backend.authorized_device(request, "DeleteDeviceToken")
        tokens = self._backend.state.device_tokens
        for token in tokens:
            if token.device == device.id and token.id == request.match_info["token"]:
                tokens.remove(token)
                return empty_answer()
        raise refusal(404, "token not found")

    async def _list_access_tokens(self, request: web.Request) -> web.Response:
        self._backend.authorize(request, "Token", "*", "ListTokens")
        user = request.match_info["user"]
        tokens = self._backend.state.access_tokens
        return json_answer([each.record() for each in tokens if each.user == user])

    async def _create_access_token(self, request: web.Request) -> web.Response:
        self._backend.authorize(request, "Token", "*", "CreateToken")
        body = await object_body(request)
        token_id = body.get("token")
        if not isinstance(token_id, str) or not _TOKEN_ID.fullmatch(token_id):
            raise refusal(400, "invalid token")
        user = request.match_info["user"]
        if self._find(user, token_id) is not None:
            raise refusal(400, "token already exists")
        expire = body.get("expire")
        token = self._backend.tokens.mint_access_token(
            token_id,
            user,
            allow=_tree(body, "allow"),
            deny=_tree(body, "deny"),
            enabled=bool(body.get("enabled", True)),
            expire=int(expire) if isinstance(expire, (int, float)) else None,
        )
        token.name = str(body.get("name", ""))
        return json_answer({**token.record(), "access_token": token.jwt})

    async def _read_access_token(self, request: web.Request) -> web.Response:
        token = self._access_token(request, "ReadToken")
        return json_answer({**token.record(), "access_token": token.jwt})

    async def _change_access_token(self, request: web.Request) -> web.Response:
        token = self._access_token(request, "UpdateToken")
        body = await object_body(request)
        if "name" in body:
            token.name = str(body["name"])
        if "enabled" in body:
            token.enabled = bool(body["enabled"])
        if "allow" in body:
            token.allow = _tree(body, "allow")
        if "deny" in body:
            token.deny = _tree(body, "deny")
        token.modified = self._backend.clock.now_ms()
        return empty_answer()

    async def _delete_access_token(self, request: web.Request) -> web.Response:
        token = self._access_token(request, "DeleteToken")
        self._backend.state.access_tokens.remove(token)
        return empty_answer()

    def _access_token(self, request: web.Request, action: str) -> AccessToken:
        token_id = request.match_info["token"]
        self._backend.authorize(request, "Token", token_id, action)
        token = self._find(request.match_info["user"], token_id)
        if token is None:
            raise refusal(404, "token not found")
        return token

    def _find(self, user: str, token_id: str) -> AccessToken | None:
        for token in self._backend.state.access_tokens:
            if (token.user, token.id) == (user, token_id):
                return token
        return None

    def _expiration(self, value: Json) -> int | None:
        """Seconds; the seed sends milliseconds (15.5)."""
        if not isinstance(value, (int, float)):
            return None
        in_seconds = self._backend.switches.token_expiration_in_seconds
        return int(value if in_seconds else value / 1000)


def _tree(body: JsonObject, key: str) -> JsonObject:
    tree = body.get(key, {})
    if not isinstance(tree, dict):
        raise refusal(400, f"invalid {key}")
    return tree
