"""Who signs in, where, and how the tokens stay good (3)."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from yarl import URL

from ...model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    RateLimitedError,
    UnexpectedAnswerError,
)
from ...model.value import JsonValue
from ...transport import addresses
from ...transport.addresses import parsed_address
from ...transport.http import HttpClient
from ...transport.logins import PasswordLogin
from ...transport.tokens import TokenEngine, Tokens, claims_of, lifetime_of
from ..base import Credentials, Surroundings

DEFAULT_URL: Final = "https://api.thinger.io"
_COMMUNITY_HOSTS: Final = frozenset(
    {
        "api.thinger.io",
        "backend.thinger.io",
        "console.thinger.io",
        "iot.thinger.io",
        "eu-central.aws.thinger.io",
        "us-east.aws.thinger.io",
        "ap-southeast.aws.thinger.io",
    }
)
"""All of them serve the same accounts (2)."""
_COMMUNITY: Final = "thinger.io"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What the credentials say: whose account, and for a device token which part of it."""

    user: str
    device_id: str | None = None
    resources: frozenset[str] | None = None
    """None: all of the device."""

    @property
    def name(self) -> str:
        """Return what tells this sign-in from others on the same server."""
        return f"{self.user}/{self.device_id}" if self.device_id else self.user


def pasted_token(credentials: Credentials) -> str:
    """Return the token that a person pasted, without what comes along when one copies it."""
    token = "".join(str(credentials.get("access_token") or "").split())
    return token.removeprefix("Bearer")


def grant_of(access_token: str, username: str | None = None) -> Grant:
    """Return what a token grants; raises BadCredentialsError that tells what was pasted instead."""
    claims = claims_of(access_token)
    user = claims.get("usr") or username
    if not isinstance(user, str):
        # Of the server's tokens only the refresh token names no user (3.4).
        reason = "refresh_token_given" if "jti" in claims else "not_a_token"
        raise BadCredentialsError(reason=reason)
    device_id, resources = claims.get("dev"), claims.get("res")
    return Grant(
        user=user,
        device_id=device_id if isinstance(device_id, str) else None,
        resources=frozenset(r for r in resources if isinstance(r, str))
        if isinstance(resources, list)
        else None,
    )


def server_url(credentials: Credentials) -> str:
    """Return the server's address: what was typed, else what the token says (``svr``), else the cloud.

    Raises UnreachableError where that is no address.
    """
    typed = str(credentials.get("url") or "").strip()
    if typed and "://" not in typed:
        typed = f"https://{typed}"
    is_default = typed.rstrip("/") in ("", DEFAULT_URL)
    if is_default and not credentials.get("username"):
        host = claims_of(pasted_token(credentials)).get("svr")
        if isinstance(host, str) and host:
            typed = f"https://{host}"
    return str(parsed_address(typed or DEFAULT_URL)).rstrip("/")


def server_name(url: str) -> str:
    """Return the server's part of ids."""
    address = URL(url)
    is_shared = address.host in _COMMUNITY_HOSTS
    return _COMMUNITY if is_shared else addresses.server_name(address)


def is_community(url: str) -> bool:
    """Return whether this is the vendor's shared server, where people have to be gentle."""
    return server_name(url) == _COMMUNITY


@contextmanager
def explained(surroundings: Surroundings) -> Iterator[None]:
    """Tell why a token that a person made is not taken: it ran out, or it was revoked."""
    try:
        yield
    except BadCredentialsError:
        if surroundings.credentials.get("username"):
            raise
        end = claims_of(pasted_token(surroundings.credentials)).get("exp")
        has_ended = isinstance(end, int | float) and end < surroundings.clock.wall()
        reason = "token_expired" if has_ended else "token_rejected"
        raise BadCredentialsError(reason=reason) from None


async def sign_in(
    http: HttpClient, surroundings: Surroundings
) -> tuple[TokenEngine, Grant]:
    """Return what keeps the account signed in, and what it is signed in for.

    A password is sent only where there are no tokens of an earlier sign-in. ``http`` must not carry
    tokens itself.
    """
    credentials = surroundings.credentials
    clock = surroundings.clock
    if username := credentials.get("username"):
        grants = _Grants(http)
        login = PasswordLogin(
            credentials,
            surroundings.save,
            sign_in=grants.sign_in,
            refresh=grants.refresh,
        )
        tokens = await login.first_tokens()
        engine = TokenEngine(tokens, renew=login.renew, save=login.save, clock=clock)
        return engine, grant_of(tokens.access, username)
    token = pasted_token(credentials)
    if not token:
        raise BadCredentialsError(reason="credentials_missing")
    engine = TokenEngine(Tokens(token), renew=None, save=_no_save, clock=clock)
    return engine, grant_of(token)


class _Grants:
    """The two requests that get tokens (3.2, 3.3)."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    async def sign_in(self, username: str, password: str) -> Tokens:
        return await self._grant(
            grant_type="password", username=username, password=password
        )

    async def refresh(self, refresh_token: str) -> Tokens:
        return await self._grant(
            grant_type="refresh_token", refresh_token=refresh_token
        )

    async def _grant(self, **form: str) -> Tokens:
        try:
            answer = await self._http.request("POST", "oauth/token", form=form)
        except CommandRejectedError as error:
            # 400 in the server's own words is about the credentials; without words it is a proxy's.
            if str(error).startswith("400 "):
                raise BadCredentialsError(str(error)) from None
            raise UnexpectedAnswerError(str(error)) from None
        except ForbiddenError as error:
            # The login limiter of 7.0 has no documented status (3.2): waiting is the safe reading.
            raise RateLimitedError(str(error)) from None
        except NotFoundError as error:
            raise UnexpectedAnswerError(
                str(error), reason="not_this_platform"
            ) from None
        return _tokens(answer)


def _tokens(answer: JsonValue) -> Tokens:
    access = answer.get("access_token") if isinstance(answer, dict) else None
    if not isinstance(answer, dict) or not isinstance(access, str) or not access:
        raise UnexpectedAnswerError("no token in the answer")
    refresh = answer.get("refresh_token")
    return Tokens(
        access,
        refresh if isinstance(refresh, str) else None,
        lifetime_of(access, answer.get("expires_in")),
    )


async def _no_save(_: Tokens) -> None:
    """Keep nothing: a token that the person made stays as it is."""
