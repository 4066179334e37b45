"""Who signs in, and how the tokens stay good (4)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ...model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
)
from ...model.value import JsonValue
from ...transport.http import HttpClient
from ...transport.logins import PasswordLogin
from ...transport.tokens import TokenEngine, Tokens, claims_of, lifetime_of
from ..base import Credentials, Surroundings

NOBODY: Final = "13814000-1dd2-11b2-8080-808080808080"
"""The null id (3)."""
TENANT_ADMINISTRATOR: Final = "TENANT_ADMIN"
_SYSTEM_ADMINISTRATOR: Final = "SYS_ADMIN"
_PASSWORD_EXPIRED: Final = 15
_PASSWORD_POLICY: Final = 45
_TWO_FACTOR: Final = {
    "PRE_VERIFICATION_TOKEN": "two_factor",
    "MFA_CONFIGURATION_TOKEN": "two_factor_setup",
}
"""What a login may grant instead of a session (4.5)."""


_UNEXPLAINED: Final = frozenset({BadCredentialsError.default_reason, "token_rejected"})
"""Reasons that say no more than the status of the answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Whose account it is, and what it may do (5.1)."""

    id: str
    name: str
    authority: str
    customer_id: str | None

    @property
    def is_administrator(self) -> bool:
        """Return whether the user sees the whole tenant."""
        return self.authority == TENANT_ADMINISTRATOR


@dataclass(frozen=True, slots=True)
class Session:
    """Who is signed in, and what keeps it so."""

    engine: TokenEngine
    user: User


def api_key(credentials: Credentials) -> str:
    """Return the API key that a person pasted, without what comes along when one copies it."""
    key = "".join(str(credentials.get("api_key") or "").split())
    return key.removeprefix("ApiKey")


def header(credentials: Credentials) -> Callable[[str], Mapping[str, str]]:
    """Return what makes the header of a token (4.7); a proxy may need ``Authorization`` itself."""
    scheme = "ApiKey" if api_key(credentials) else "Bearer"
    return lambda token: {"X-Authorization": f"{scheme} {token}"}


async def sign_in(
    http: HttpClient, plain: HttpClient, surroundings: Surroundings
) -> Session:
    """Return who is signed in; ``http`` carries the tokens from then on, ``plain`` never does.

    A password is sent only where there are no tokens of an earlier sign-in.
    """
    credentials, clock = surroundings.credentials, surroundings.clock
    if key := api_key(credentials):
        engine = TokenEngine(Tokens(key), renew=None, save=_no_save, clock=clock)
        http.tokens = engine
        return Session(engine, await user_now(http))
    if not credentials.get("username"):
        raise BadCredentialsError(reason="credentials_missing")
    logins = _Logins(plain)
    login = PasswordLogin(
        credentials, surroundings.save, sign_in=logins.sign_in, refresh=logins.refresh
    )
    tokens = await login.first_tokens()
    engine = TokenEngine(tokens, renew=login.renew, save=login.save, clock=clock)
    http.tokens = engine
    return Session(engine, _user_of_token(tokens.access))


async def user_now(http: HttpClient) -> User:
    """Return as whom the server knows us (5.1)."""
    try:
        answer = await http.request("GET", "api/auth/user")
    except ForbiddenError as error:
        # Servers before 4.3 know no keys, and take us for nobody (4.2).
        raise BadCredentialsError(str(error)) from None
    except (CommandRejectedError, NotFoundError, UnexpectedAnswerError) as error:
        raise _not_this_platform(error) from None
    if not isinstance(answer, dict):
        raise UnexpectedAnswerError("no user", reason="not_this_platform")
    return _user(
        _id(answer.get("id")),
        answer.get("email") or answer.get("name"),
        answer.get("authority"),
        _id(answer.get("customerId")),
    )


def explained(error: BadCredentialsError, *, uses_key: bool) -> BadCredentialsError:
    """Return what a refusal means, in the words that a person understands (4.2)."""
    if error.reason not in _UNEXPLAINED:
        return error
    text = str(error).lower()
    if "locked" in text:
        reason = "account_locked"
    elif "not active" in text:
        reason = "account_disabled"
    elif error.code == _PASSWORD_EXPIRED:
        reason = "password_expired"
    elif error.code == _PASSWORD_POLICY:
        reason = "password_policy"
    elif uses_key:
        reason = "api_key_expired" if "expired" in text else "api_key_rejected"
    else:
        return error
    return BadCredentialsError(str(error), reason=reason)


class _Logins:
    """The two requests that get tokens (4.1)."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def sign_in(self, username: str, password: str) -> Tokens:
        body: JsonValue = {"username": username, "password": password}
        return _tokens(await _asked(self._http, "api/auth/login", body, password))

    async def refresh(self, refresh_token: str) -> Tokens:
        body: JsonValue = {"refreshToken": refresh_token}
        return _tokens(await _asked(self._http, "api/auth/token", body, refresh_token))


async def _asked(
    http: HttpClient, path: str, body: JsonValue, secret: str
) -> JsonValue:
    try:
        return await http.request(
            "POST", path, body=body, has_body=True, secrets=(secret,)
        )
    except (
        CommandRejectedError,
        ForbiddenError,
        NotFoundError,
        UnexpectedAnswerError,
    ) as error:
        raise _not_this_platform(error) from None


def _not_this_platform(error: PlatformError) -> PlatformError:
    """Return that this is another server, unless more is known."""
    has_reason = isinstance(error, UnexpectedAnswerError) and (
        error.reason != UnexpectedAnswerError.default_reason
    )
    return (
        error
        if has_reason
        else UnexpectedAnswerError(str(error), reason="not_this_platform")
    )


def _tokens(answer: JsonValue) -> Tokens:
    fields = answer if isinstance(answer, dict) else {}
    if reason := _TWO_FACTOR.get(str(fields.get("scope"))):
        raise BadCredentialsError(reason=reason)
    access, refresh = fields.get("token"), fields.get("refreshToken")
    if not isinstance(access, str) or not access:
        raise UnexpectedAnswerError(
            "no token in the answer", reason="not_this_platform"
        )
    return Tokens(
        access, refresh if isinstance(refresh, str) else None, lifetime_of(access)
    )


def _user_of_token(token: str) -> User:
    """Return whom a token is for; its claims say all that the server would (4.3)."""
    claims = claims_of(token)
    scopes = claims.get("scopes")
    scope = scopes[0] if isinstance(scopes, list) and scopes else None
    return _user(
        claims.get("userId"), claims.get("sub"), scope, claims.get("customerId")
    )


def _user(user_id: object, name: object, authority: object, customer: object) -> User:
    if not isinstance(user_id, str) or not isinstance(authority, str):
        raise UnexpectedAnswerError("a user without an id", reason="not_this_platform")
    if authority == _SYSTEM_ADMINISTRATOR:
        raise BadCredentialsError(reason="system_administrator")
    return User(
        id=user_id,
        name=name if isinstance(name, str) and name else user_id,
        authority=authority,
        customer_id=customer
        if isinstance(customer, str) and customer != NOBODY
        else None,
    )


def _id(reference: JsonValue) -> JsonValue:
    return reference.get("id") if isinstance(reference, dict) else None


async def _no_save(_: Tokens) -> None:
    """Keep nothing: a key that the person made stays as it is."""
