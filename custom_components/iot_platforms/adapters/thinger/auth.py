"""Who signs in, where, and how the tokens stay good (3)."""

from dataclasses import dataclass
from datetime import datetime
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
from ...transport.tokens import Tokens, claims_of, lifetime_of
from ..base import Credentials, SaveCredentials

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


def grant_of(access_token: str, username: str | None = None) -> Grant:
    """Return what a token grants; raises BadCredentialsError that tells what was pasted instead."""
    claims = claims_of(access_token)
    user = claims.get("usr") or username
    if not claims and not user:
        raise BadCredentialsError(reason="not_a_token")
    if not isinstance(user, str):
        # Of all tokens only the refresh token names no user (3.4).
        raise BadCredentialsError(reason="refresh_token_given")
    device_id, resources = claims.get("dev"), claims.get("res")
    return Grant(
        user=user,
        device_id=device_id if isinstance(device_id, str) else None,
        resources=frozenset(r for r in resources if isinstance(r, str))
        if isinstance(resources, list)
        else None,
    )


def server_url(credentials: Credentials) -> str:
    """Return the server's address: what was typed, else what the token says (``svr``), else the cloud."""
    typed = str(credentials.get("url") or "").strip().rstrip("/")
    if typed and "://" not in typed:
        typed = f"https://{typed}"
    if typed and typed != DEFAULT_URL:
        return typed
    host = claims_of(str(credentials.get("access_token") or "")).get("svr")
    if isinstance(host, str) and host and not credentials.get("username"):
        return f"https://{host}"
    return DEFAULT_URL


def server_name(url: str) -> str:
    """Return the server's part of ids; raises UnreachableError where the address is none."""
    try:
        address = URL(url)
        host, port = address.host, address.port
    except ValueError:
        host = port = None
    if not host or address.scheme not in ("http", "https"):
        raise UnreachableError(reason="invalid_url")
    if host in _COMMUNITY_HOSTS:
        return _COMMUNITY
    name = host if address.is_default_port() else f"{host}:{port}"
    return name + address.path.rstrip("/")


def is_community(url: str) -> bool:
    """Return whether this is the vendor's shared server, where people have to be gentle."""
    return server_name(url) == _COMMUNITY


def rejected(access_token: str, now: datetime) -> BadCredentialsError:
    """Return why the server does not take a token that a person made."""
    end = claims_of(access_token).get("exp")
    if isinstance(end, int | float) and end < now.timestamp():
        return BadCredentialsError(reason="token_expired")
    return BadCredentialsError(reason="token_rejected")


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

    async def sign_in(self) -> Tokens:
        """Return the first tokens; raises BadCredentialsError where the password is wrong."""
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
        return await self.sign_in()

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
            # 400: the server understood the form, so it is the credentials that are wrong.
            raise BadCredentialsError(str(error)) from None
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
