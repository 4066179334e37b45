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
    UnreachableError,
)
from ...model.value import JsonValue
from ...transport.http import HttpClient
from ...transport.tokens import TokenEngine, Tokens, claims_of, lifetime_of
from ..base import Credentials, SaveCredentials, Surroundings

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
    try:
        # Twice: what the first time encodes, only the second time writes in small letters.
        url = URL(str(URL(typed or DEFAULT_URL)))
        host = url.host or ""
    except ValueError:
        raise UnreachableError(reason="invalid_url") from None
    if (
        url.scheme not in ("http", "https")
        or not host.isprintable()
        or not host.strip(". ")
        or any(character in host for character in " %")
        or url.user is not None
    ):
        raise UnreachableError(reason="invalid_url")
    return str(url.with_query(None).with_fragment(None)).rstrip("/")


def server_name(url: str) -> str:
    """Return the server's part of ids."""
    address = URL(url)
    host = address.host or ""
    if host in _COMMUNITY_HOSTS:
        return _COMMUNITY
    name = host if address.is_default_port() else f"{host}:{address.port}"
    return name + address.path.rstrip("/")


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
        login = Login(http, credentials, surroundings.save)
        tokens = await login.first_tokens()
        engine = TokenEngine(tokens, renew=login.renew, save=login.save, clock=clock)
        return engine, grant_of(tokens.access, username)
    token = pasted_token(credentials)
    if not token:
        raise BadCredentialsError(reason="credentials_missing")
    engine = TokenEngine(Tokens(token), renew=None, save=_no_save, clock=clock)
    return engine, grant_of(token)


class Login:
    """Tokens for user and password, renewed with the refresh token (3.2, 3.3)."""

    def __init__(
        self, http: HttpClient, credentials: Credentials, save: SaveCredentials
    ) -> None:
        """Prepare; ``http`` must not carry tokens itself."""
        self._http = http
        self._username = str(credentials["username"])
        self._password: str | None = credentials.get("password")
        self._save = save
        access = credentials.get("access_token")
        self._earlier = (
            Tokens(
                str(access),
                credentials.get("refresh_token"),
                credentials.get("token_lifetime"),
            )
            if access
            else None
        )

    async def first_tokens(self) -> Tokens:
        """Take up the tokens of an earlier sign-in, or get the first ones."""
        if self._earlier is not None:
            return self._earlier
        tokens = await self._sign_in()
        await self.save(tokens)
        return tokens

    async def _sign_in(self) -> Tokens:
        if not self._password:
            raise BadCredentialsError(reason="signed_out")
        return await self._grant(
            grant_type="password", username=self._username, password=self._password
        )

    async def renew(self, tokens: Tokens) -> Tokens:
        """Return the next tokens; the password, if we may keep it, is the second way."""
        if tokens.refresh:
            try:
                return await self._grant(
                    grant_type="refresh_token", refresh_token=tokens.refresh
                )
            except BadCredentialsError:
                if not self._password:
                    raise BadCredentialsError(reason="signed_out") from None
        return await self._sign_in()

    async def save(self, tokens: Tokens) -> None:
        """Keep the tokens; the server takes each refresh token only once (3.3)."""
        await self._save(
            {
                "access_token": tokens.access,
                "refresh_token": tokens.refresh,
                "token_lifetime": tokens.lifetime,
            }
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
