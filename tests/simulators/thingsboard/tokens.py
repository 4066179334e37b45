"""Makes and checks JSON Web Tokens and API keys (thingsboard.md 4)."""

from dataclasses import dataclass
from enum import Enum
from typing import Final
import uuid

import jwt

from .errors import ApiError, Code, general, unauthorized
from .identity import Identity
from .ids import NULL_UUID, EntityId, EntityType
from .records import Customer
from .store import Store
from .users import SERIALS, ApiKey, User
from .versions import at_least

from tests.simulators.json_types import Json, JsonObject

PRE_VERIFICATION: Final = "PRE_VERIFICATION_TOKEN"
MFA_CONFIGURATION: Final = "MFA_CONFIGURATION_TOKEN"
_REFRESH: Final = "REFRESH_TOKEN"
_ALGORITHM: Final = "HS512"
_SECRET: Final = (
    "the secret of a simulator protects nothing at all, and is long enough for HS512"
)
# Tokens belong to sessions, which can be logged out, since then.
_SESSIONS_SINCE: Final = "3.4.2"

BAD_CREDENTIALS: Final = "Invalid username or password"
NOT_ACTIVE: Final = "User account is not active"
EXPIRED: Final = "Token has expired"
OUTDATED: Final = "Token is outdated"


class TokenFault(Enum):
    """What is wrong with a token, for who has other words for it (11.5)."""

    EXPIRED = "expired"
    OUTDATED = "outdated"
    MALFORMED = "malformed"
    # Badly signed: looks like an expired one over REST.
    SIGNATURE = "signature"
    # A refresh token where an access token belongs, or the other way round.
    SCOPE = "scope"
    INACTIVE = "inactive"


class TokenError(ApiError):
    """A token that is not good; over REST it is an ordinary error."""

    def __init__(self, fault: TokenFault, error: ApiError) -> None:
        """Keep what is wrong beside the answer."""
        super().__init__(error.status, error.code, error.message, **error.extra)
        self.fault = fault


@dataclass(slots=True, eq=False, kw_only=True)
class Session:
    """What one login or one refresh made."""

    id: str
    user: User
    serial: int
    # When it was logged out, in Unix seconds.
    ended: float | None = None


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login gives."""

    token: str
    refresh_token: str

    def json(self) -> JsonObject:
        """Body of the answer."""
        return {"token": self.token, "refreshToken": self.refresh_token}


class TokenMachine:
    """Everything about tokens that needs the secret, the clock or the sessions."""

    def __init__(self, store: Store) -> None:
        """Work on the users of a store."""
        self._store = store
        self._sessions: dict[str, Session] = {}
        self._public_users: dict[str, User] = {}

    # Making.

    def pair(self, user: User) -> TokenPair:
        """Begin a session."""
        session = self._begin(user)
        switches = self._store.switches
        claims = self._claims(
            user, user.authority.value, session, switches.access_seconds
        )
        refresh: JsonObject = {
            "sub": user.email,
            "userId": user.id,
            "scopes": [_REFRESH],
            "sessionId": session.id,
            **self._times(switches.refresh_seconds),
            "isPublic": user.is_public,
            "jti": str(uuid.uuid4()),
        }
        return TokenPair(self._encode(claims), self._encode(refresh))

    def limited(self, user: User, scope: str) -> str:
        """Token that is good only for the second factor (4.5)."""
        seconds = self._store.switches.two_factor_seconds
        return self._encode(self._claims(user, scope, self._begin(user), seconds))

    def public_user(self, customer: Customer) -> User:
        """Everybody, as a user of a public customer."""
        user = self._public_users.get(customer.id)
        if user is None:
            user = User(customer.id, "", customer=customer, first_name="Public")
            user.last_name = "Public"
            user.is_public = True
            user.settle_in(
                id=NULL_UUID,
                created=customer.created,
                tenant=customer.tenant,
                clock=self._store.clock,
                bus=self._store.bus,
            )
            self._public_users[customer.id] = user
        return user

    def end(self, session_id: str | None) -> None:
        """Log a session out: other sessions of the user live on."""
        session = self._sessions.get(session_id or "")
        if session is not None and self._has_sessions:
            session.ended = self._store.clock.now()

    # Checking.

    def refresh(self, token: str) -> TokenPair:
        """Make a new pair; the old refresh token stays usable (4.1)."""
        claims = self._checked(token)
        if claims.get("scopes") != [_REFRESH]:
            raise TokenError(TokenFault.SCOPE, general("Invalid Refresh Token scope"))
        user = self._user(claims)
        if not user.enabled:
            raise TokenError(TokenFault.INACTIVE, unauthorized(NOT_ACTIVE))
        if self._is_outdated(claims, user):
            raise TokenError(TokenFault.OUTDATED, unauthorized(OUTDATED))
        return self.pair(user)

    def identify(self, token: str) -> Identity:
        """Who an access token is; TokenError if it is not good."""
        claims = self._checked(token)
        scopes = claims.get("scopes")
        if not isinstance(scopes, list) or not scopes or scopes == [_REFRESH]:
            raise TokenError(
                TokenFault.SCOPE, general("JWT Token doesn't have any scopes")
            )
        user = self._user(claims)
        if self._is_outdated(claims, user):
            raise TokenError(
                TokenFault.OUTDATED, unauthorized(EXPIRED, Code.JWT_TOKEN_EXPIRED)
            )
        session, expires = claims.get("sessionId"), claims.get("exp")
        return Identity(
            user=user,
            scope=str(scopes[0]),
            session_id=session if isinstance(session, str) else None,
            expires=float(expires) if isinstance(expires, (int, float)) else None,
        )

    def identify_key(self, value: str) -> Identity:
        """Who an API key is; ApiError if it is not good (4.6)."""
        key = self._key(value)
        if key is None:
            raise unauthorized(BAD_CREDENTIALS)
        if not key.enabled or not key.user.enabled:
            raise unauthorized(NOT_ACTIVE)
        if key.expiration_time and key.expiration_time <= self._store.clock.now_ms():
            raise unauthorized("API key is expired")
        return Identity(user=key.user, scope=key.user.authority.value, api_key=key)

    def _key(self, value: str) -> ApiKey | None:
        return next(
            (each for each in self._store.api_keys if each.value == value), None
        )

    def _checked(self, token: str) -> JsonObject:
        """Claims of a token that is well-formed, well-signed and not expired."""
        try:
            # PyJWT would look at the real clock.
            claims: JsonObject = jwt.decode(
                token,
                _SECRET,
                algorithms=[_ALGORITHM],
                options={"verify_exp": False, "verify_iat": False, "verify_sub": False},
            )
        except jwt.InvalidSignatureError:
            raise _expired(TokenFault.SIGNATURE) from None
        except jwt.InvalidTokenError:
            raise TokenError(
                TokenFault.MALFORMED, unauthorized(BAD_CREDENTIALS)
            ) from None
        expires = claims.get("exp")
        if isinstance(expires, (int, float)) and expires <= self._store.clock.now():
            raise _expired(TokenFault.EXPIRED)
        return claims

    def _user(self, claims: JsonObject) -> User:
        if claims.get("isPublic"):
            subject = EntityId(EntityType.CUSTOMER, str(claims.get("sub")))
            customer = self._store.find(subject)
            if not isinstance(customer, Customer) or not customer.is_public:
                raise TokenError(TokenFault.INACTIVE, unauthorized(BAD_CREDENTIALS))
            return self.public_user(customer)
        user = self._store.find(EntityId(EntityType.USER, str(claims.get("userId"))))
        if not isinstance(user, User):
            raise _expired(TokenFault.OUTDATED)
        return user

    def _is_outdated(self, claims: JsonObject, user: User) -> bool:
        if not self._has_sessions:
            return False
        session = self._sessions.get(str(claims.get("sessionId")))
        if session is None:
            return False
        if self._store.switches.second_granularity:
            issued = claims.get("iat")
            made = int(issued) if isinstance(issued, (int, float)) else 0
            ends = max(user.outdated_at, session.ended or 0.0)
            return made < int(ends)
        return session.ended is not None or session.serial < user.outdated_serial

    @property
    def _has_sessions(self) -> bool:
        return at_least(self._store.switches.version, _SESSIONS_SINCE)

    def _begin(self, user: User) -> Session:
        session = Session(id=str(uuid.uuid4()), user=user, serial=next(SERIALS))
        self._sessions[session.id] = session
        return session

    def _claims(
        self, user: User, scope: str, session: Session, seconds: float
    ) -> JsonObject:
        names: dict[str, Json] = {
            "firstName": user.first_name,
            "lastName": user.last_name,
        }
        return {
            "sub": user.email,
            "userId": user.id,
            "scopes": [scope],
            "sessionId": session.id,
            **self._times(seconds),
            **{key: name for key, name in names.items() if name is not None},
            "enabled": user.enabled,
            "isPublic": user.is_public,
            "tenantId": user.tenant_id or NULL_UUID,
            "customerId": user.customer.id if user.customer else NULL_UUID,
        }

    def _times(self, seconds: float) -> JsonObject:
        now = int(self._store.clock.now())
        return {
            "exp": int(now + seconds),
            "iss": self._store.switches.issuer,
            "iat": now,
        }

    def _encode(self, claims: JsonObject) -> str:
        if not self._has_sessions:
            claims = {key: each for key, each in claims.items() if key != "sessionId"}
        return jwt.encode(claims, _SECRET, algorithm=_ALGORITHM)


def _expired(fault: TokenFault) -> TokenError:
    return TokenError(fault, unauthorized(EXPIRED, Code.JWT_TOKEN_EXPIRED))
