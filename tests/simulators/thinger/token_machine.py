"""Makes, renews and checks tokens (thinger.md 3, 14.2)."""

from dataclasses import dataclass
from typing import Final

import jwt

from .state import State, new_id
from .tokens import FULL_ACCESS, AccessToken, DeviceToken, LoginGrant, TokenPair

from tests.simulators.json_types import Json, JsonObject

ACCESS_SECONDS: Final = 7200
REFRESH_SECONDS: Final = 5_270_400
_SECRET: Final = "the secret of a simulator protects nothing at all"
_CALLBACK_PREFIX: Final = "DeviceCallback_"


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who a bearer token is, and what it may do."""

    user: str
    role: str = "user"
    allow: JsonObject
    deny: JsonObject
    expires: float | None = None
    # Device tokens may be for some of the resources only.
    resources: tuple[str, ...] | None = None
    # Callback tokens are for the callback of one device.
    callback_of: str | None = None


class TokenMachine:
    """Everything about tokens that needs the secret or the clock."""

    def __init__(self, state: State) -> None:
        """Work on the state's users, grants and tokens."""
        self._state = state
        self._last_issue = 0
        # Host in the claim `svr`; known when the server listens.
        self.server = ""

    def login(self, user: str, *, client_id: str | None = None) -> TokenPair:
        """Begin a new grant."""
        grant = LoginGrant(new_id(), user, client_id)
        self._state.grants.append(grant)
        return self._issue(grant)

    def refresh(
        self, token: str, *, client_id: str | None, rotation: bool
    ) -> TokenPair | None:
        """Renew a grant, or None if the refresh token is not good (any more)."""
        claims = self._claims(token)
        grant = (
            self._grant(claims.get("jti")) if claims and "usr" not in claims else None
        )
        if grant is None or grant.revoked or grant.client_id not in {None, client_id}:
            return None
        if rotation and grant.refresh_token != token:
            return None
        grant.refreshes += 1
        return self._issue(grant)

    def mint_access_token(
        self,
        token_id: str,
        user: str,
        *,
        allow: JsonObject | None = None,
        deny: JsonObject | None = None,
        enabled: bool = True,
        expire: int | None = None,
        svr: bool = True,
    ) -> AccessToken:
        """Make a user-defined access token: it has no `iat`, and no `exp` by default."""
        claims: JsonObject = {"jti": token_id}
        if expire is not None:
            claims["exp"] = expire
        if svr:
            claims["svr"] = self.server
        now = self._state.clock.now_ms()
        token = AccessToken(
            id=token_id,
            user=user,
            jwt=_encode({**claims, "usr": user}),
            allow=FULL_ACCESS if allow is None else allow,
            deny=deny or {},
            enabled=enabled,
            expire=expire,
            created=now,
            modified=now,
        )
        self._state.access_tokens.append(token)
        return token

    def mint_device_token(
        self,
        user: str,
        device: str,
        *,
        name: str = "",
        resources: tuple[str, ...] | None = None,
        expire: int | None = None,
    ) -> DeviceToken:
        """Make a token for the resources of one device."""
        token_id = new_id()
        claims: JsonObject = {"dev": device}
        if expire is not None:
            claims["exp"] = expire
        claims |= {"iat": int(self._state.clock.now()), "jti": token_id}
        if resources is not None:
            claims["res"] = list[Json](resources)
        token = DeviceToken(
            id=token_id,
            user=user,
            device=device,
            name=name,
            resources=resources,
            jwt=_encode({**claims, "svr": self.server, "usr": user}),
        )
        self._state.device_tokens.append(token)
        return token

    def callback_token(self, user: str, device: str) -> str:
        """Token with which the thing behind an HTTP device calls (3.4)."""
        return _encode(
            {"jti": f"{_CALLBACK_PREFIX}{device}", "svr": self.server, "usr": user}
        )

    def identify(self, token: str) -> Identity | None:
        """Who a bearer token is, or None if it is not good: 401."""
        claims = self._claims(token)
        # A refresh token has no user (3.4).
        if not claims or claims.get("usr") not in self._state.users:
            return None
        user, token_id = str(claims["usr"]), claims.get("jti")
        expires = claims.get("exp")
        expiry = float(expires) if isinstance(expires, (int, float)) else None
        if "dev" in claims:
            return self._device_identity(user, token_id, expiry)
        if token_id is None:
            role = self._state.users[user].role
            return Identity(
                user=user, role=role, allow=FULL_ACCESS, deny={}, expires=expiry
            )
        if str(token_id).startswith(_CALLBACK_PREFIX):
            device = str(token_id).removeprefix(_CALLBACK_PREFIX)
            return Identity(user=user, allow={}, deny={}, callback_of=device)
        return self._access_identity(user, token_id, expiry)

    def _device_identity(
        self, user: str, token_id: Json, expires: float | None
    ) -> Identity | None:
        for token in self._state.device_tokens:
            if (token.user, token.id) == (user, token_id):
                actions: list[Json] = ["AccessDeviceResources"]
                if token.resources is None:
                    actions.append("ListDeviceResources")
                return Identity(
                    user=user,
                    allow={"Device": {token.device: actions}},
                    deny={},
                    expires=expires,
                    resources=token.resources,
                )
        return None

    def _access_identity(
        self, user: str, token_id: Json, expires: float | None
    ) -> Identity | None:
        for token in self._state.access_tokens:
            if (token.user, token.id) == (user, token_id) and token.enabled:
                return Identity(
                    user=user, allow=token.allow, deny=token.deny, expires=expires
                )
        return None

    def _issue(self, grant: LoginGrant) -> TokenPair:
        # Two tokens of one second would be the same text: the time of issue always grows (14.2).
        issued = max(int(self._state.clock.now()), self._last_issue + 1)
        self._last_issue = issued
        access = _encode(
            {
                "exp": issued + ACCESS_SECONDS,
                "iat": issued,
                "role": self._state.users[grant.user].role,
                "usr": grant.user,
            }
        )
        grant.refresh_token = _encode(
            {"exp": issued + REFRESH_SECONDS, "iat": issued, "jti": grant.jti}
        )
        return TokenPair(access, grant.refresh_token, grant)

    def _grant(self, jti: Json) -> LoginGrant | None:
        found = (each for each in self._state.grants if each.jti == jti)
        return next(found, None)

    def _claims(self, token: str) -> JsonObject | None:
        """Claims of a token with a good signature that is not expired."""
        try:
            # PyJWT would look at the real clock.
            claims: JsonObject = jwt.decode(
                token,
                _SECRET,
                algorithms=["HS256"],
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError:
            return None
        expires = claims.get("exp")
        if isinstance(expires, (int, float)) and expires <= self._state.clock.now():
            return None
        return claims


def _encode(claims: JsonObject) -> str:
    # The server writes its claims in the order of their names.
    return jwt.encode(dict(sorted(claims.items())), _SECRET, algorithm="HS256")
