"""Login, refresh, logout, password change (thingsboard.md 4.1, 4.2)."""

from collections.abc import Iterable
import json
import secrets
from typing import Final, override

from aiohttp import hdrs, web

from .backend import Backend, identity_of
from .errors import ApiError, Code, bad_request, forbidden, unauthorized
from .ids import EntityId, EntityType
from .records import Customer
from .routing import ANYBODY, Part, Route, empty_answer, object_body
from .tokens import (
    BAD_CREDENTIALS,
    MFA_CONFIGURATION,
    NOT_ACTIVE,
    PRE_VERIFICATION,
)
from .users import Authority, User

from tests.simulators.json_types import JsonObject
from tests.simulators.wire import json_answer

_LOGIN: Final = "/api/auth/login"
_PUBLIC: Final = "/api/auth/login/public"
_TOKEN: Final = "/api/auth/token"
_SHORTEST_PASSWORD: Final = 6
_TWO_FACTOR_SINCE: Final = "3.4"
_ENFORCED_SINCE: Final = "4.3"
_ADMINS: Final = frozenset({Authority.SYS_ADMIN, Authority.TENANT_ADMIN})


class SignIn(Part):
    """Ways to get tokens, and to lose them."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend
        self.logins = 0
        self.refreshes = 0

    @override
    def routes(self) -> Iterable[Route]:
        for path, handler in (
            (_LOGIN, self._login),
            (_PUBLIC, self._login_public),
            (_TOKEN, self._refresh),
        ):
            yield Route(method="POST", path=path, handler=handler, open=True)
            yield Route(
                method=hdrs.METH_ANY, path=path, handler=_wrong_method, open=True
            )
        yield Route(
            method="POST", path="/api/auth/logout", handler=self._logout, roles=ANYBODY
        )
        yield Route(
            method="GET", path="/api/auth/user", handler=self._user, roles=ANYBODY
        )
        yield Route(
            method="POST",
            path="/api/auth/changePassword",
            handler=self._change_password,
            roles=ANYBODY,
        )
        yield Route(
            method="GET",
            path="/api/user/{user}/token",
            handler=self._token_of_user,
            roles=_ADMINS,
        )
        yield Route(
            method="GET",
            path="/api/user/{user}",
            handler=self._other_user,
            roles=ANYBODY,
        )

    async def _login(self, request: web.Request) -> web.Response:
        body = await _credentials(request)
        user = self._checked_user(_text(body, "username"), _text(body, "password"))
        self.logins += 1
        scope = self._second_factor(user)
        if scope is None:
            return json_answer(self._backend.tokens.pair(user).json())
        token = self._backend.tokens.limited(user, scope)
        return json_answer({"token": token, "scope": scope})

    def _checked_user(self, name: str, password: str) -> User:
        found = (each for each in self._backend.store.users if each.email == name)
        user = next(found, None)
        if user is None:
            raise unauthorized(BAD_CREDENTIALS)
        if not secrets.compare_digest(user.password.encode(), password.encode()):
            raise self._failed(user)
        if not user.enabled:
            raise unauthorized(NOT_ACTIVE)
        user.failed_logins = 0
        if user.password_expired:
            raise ApiError(
                401,
                Code.CREDENTIALS_EXPIRED,
                "User password expired!",
                resetToken=secrets.token_urlsafe(22),
            )
        if user.password_violation is not None:
            raise unauthorized(user.password_violation, Code.PASSWORD_VIOLATION)
        return user

    def _failed(self, user: User) -> ApiError:
        limit = self._backend.switches.max_failed_logins
        user.failed_logins += 1
        if limit is not None and user.enabled and user.failed_logins > limit:
            user.enabled = False
            return unauthorized("User account is locked due to security policy")
        return unauthorized(BAD_CREDENTIALS)

    def _second_factor(self, user: User) -> str | None:
        if user.two_factor is not None and self._backend.since(_TWO_FACTOR_SINCE):
            return PRE_VERIFICATION
        if user.two_factor_enforced and self._backend.since(_ENFORCED_SINCE):
            return MFA_CONFIGURATION
        return None

    async def _login_public(self, request: web.Request) -> web.Response:
        public_id = _text(await _credentials(request), "publicId")
        customer = self._backend.store.find(EntityId(EntityType.CUSTOMER, public_id))
        if not isinstance(customer, Customer) or not customer.is_public:
            raise unauthorized(BAD_CREDENTIALS)
        self.logins += 1
        tokens = self._backend.tokens
        return json_answer(tokens.pair(tokens.public_user(customer)).json())

    async def _refresh(self, request: web.Request) -> web.Response:
        token = _text(await _credentials(request), "refreshToken")
        pair = self._backend.tokens.refresh(token)
        self.refreshes += 1
        return json_answer(pair.json())

    async def _logout(self, request: web.Request) -> web.Response:
        self._backend.tokens.end(identity_of(request).session_id)
        return empty_answer()

    async def _user(self, request: web.Request) -> web.Response:
        return json_answer(identity_of(request).user.json())

    async def _other_user(self, request: web.Request) -> web.Response:
        identity = identity_of(request)
        id_ = request.match_info["user"]
        if id_ == identity.user.id:
            return json_answer(identity.user.json())
        user = self._backend.entity(identity, EntityType.USER, id_)
        assert isinstance(user, User)
        return json_answer(user.json())

    async def _change_password(self, request: web.Request) -> web.Response:
        body = await object_body(request)
        user = identity_of(request).user
        new = body.get("newPassword")
        if body.get("currentPassword") != user.password:
            raise bad_request("Current password doesn't match!")
        if not isinstance(new, str) or len(new) < _SHORTEST_PASSWORD:
            raise bad_request(
                f"Password must be {_SHORTEST_PASSWORD} or more characters in length."
            )
        if new == user.password:
            raise bad_request("New password should be different from existing!")
        user.password = new
        return json_answer(self._backend.tokens.pair(user).json())

    async def _token_of_user(self, request: web.Request) -> web.Response:
        identity = identity_of(request)
        user = self._backend.store.find(
            EntityId(EntityType.USER, request.match_info["user"])
        )
        if (
            not self._backend.switches.user_token_access
            or not isinstance(user, User)
            or not identity.shares_tenant(user)
            or user.authority is not Authority.CUSTOMER_USER
        ):
            raise forbidden()
        return json_answer(self._backend.tokens.pair(user).json())


async def _wrong_method(request: web.Request) -> web.Response:
    raise unauthorized("Authentication method not supported")


async def _credentials(request: web.Request) -> JsonObject:
    """Body of a sign-in: whatever it is, it is read as JSON."""
    try:
        body = json.loads(await request.read())
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise _failed_authentication()
    return body


def _text(body: JsonObject, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _failed_authentication()
    return value


def _failed_authentication() -> ApiError:
    return unauthorized("Authentication failed")
