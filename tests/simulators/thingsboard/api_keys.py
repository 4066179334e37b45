"""API keys (thingsboard.md 4.6)."""

from collections.abc import Iterable
from typing import Final, override

from aiohttp import web

from .backend import Backend, checked_uuid, identity_of
from .errors import bad_request, forbidden, not_found
from .identity import Identity
from .ids import EntityType
from .paging import Listing, page_answer
from .routing import ANYBODY, Handler, Part, Route, empty_answer, object_body
from .users import ApiKey, User

from tests.simulators.wire import json_answer

_LISTING: Final = Listing[ApiKey](
    search=lambda key: (key.description,),
    sort={
        "createdTime": lambda key: key.created,
        "description": lambda key: key.description,
        "expirationTime": lambda key: key.expiration_time,
    },
)


class ApiKeys(Part):
    """Make, list, change and delete keys."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        paths: tuple[tuple[str, str, Handler], ...] = (
            ("POST", "apiKey", self._create),
            ("GET", "apiKeys/{user}", self._list),
            ("PUT", "apiKey/{key}/enabled/{enabled}", self._enable),
            ("PUT", "apiKey/{key}/description", self._describe),
            ("DELETE", "apiKey/{key}", self._delete),
        )
        for method, path, handler in paths:
            yield Route(
                method=method,
                path=f"/api/{path}",
                handler=handler,
                roles=ANYBODY,
                since="4.3",
            )

    async def _create(self, request: web.Request) -> web.Response:
        body = await object_body(request)
        user_id = body.get("userId")
        if not isinstance(user_id, dict):
            raise bad_request("API key user id should be specified!")
        user = self._user(identity_of(request), str(user_id.get("id")))
        expires = body.get("expirationTime")
        key = self._backend.store.add_api_key(
            user,
            description=str(body.get("description") or ""),
            expiration_time=int(expires) if isinstance(expires, (int, float)) else 0,
        )
        key.enabled = body.get("enabled") is not False
        now = self._backend.clock.now_ms()
        return json_answer(key.json(now=now, with_value=True))

    async def _list(self, request: web.Request) -> web.Response:
        user = self._user(identity_of(request), request.match_info["user"])
        now = self._backend.clock.now_ms()
        keys = [each for each in self._backend.store.api_keys if each.user is user]
        return page_answer(request, keys, _LISTING, lambda key: key.json(now=now))

    async def _enable(self, request: web.Request) -> web.Response:
        key = self._key(request)
        key.enabled = request.match_info["enabled"] == "true"
        return json_answer(key.json(now=self._backend.clock.now_ms()))

    async def _describe(self, request: web.Request) -> web.Response:
        key = self._key(request)
        key.description = await request.text()
        return json_answer(key.json(now=self._backend.clock.now_ms()))

    async def _delete(self, request: web.Request) -> web.Response:
        self._backend.store.api_keys.remove(self._key(request))
        return empty_answer()

    def _user(self, identity: Identity, id_: str) -> User:
        if checked_uuid(id_) == identity.user.id:
            return identity.user
        if not identity.is_tenant_admin:
            raise forbidden()
        user = self._backend.entity(identity, EntityType.USER, id_)
        assert isinstance(user, User)
        return user

    def _key(self, request: web.Request) -> ApiKey:
        id_ = checked_uuid(request.match_info["key"])
        for key in self._backend.store.api_keys:
            if key.id == id_:
                self._user(identity_of(request), key.user.id)
                return key
        raise not_found(f"Api key with id [{id_}] is not found")
