"""Users, and what lets them in (thinger.md 3, 10.1, 10.2)."""

from dataclasses import dataclass, field

from tests.simulators.json_types import Json, JsonObject

# Full access (3.5).
FULL_ACCESS: JsonObject = {"*": {"*": "*"}}


@dataclass(slots=True, eq=False)
class User:
    """An account of the server."""

    name: str
    password: str
    role: str = "user"
    mfa: bool = False
    failed_logins: int = 0
    locked_until: float = 0.0
    properties: dict[str, Json] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class LoginGrant:
    """One login; its refresh tokens all carry its `jti` (3.3)."""

    jti: str
    user: str
    client_id: str | None = None
    refresh_token: str = ""
    revoked: bool = False
    refreshes: int = 0


@dataclass(frozen=True, slots=True)
class TokenPair:
    """What a login or a refresh gives."""

    access_token: str
    refresh_token: str
    grant: LoginGrant


@dataclass(slots=True, eq=False, kw_only=True)
class AccessToken:
    """A user-defined access token."""

    id: str
    user: str
    jwt: str
    name: str = ""
    description: str = ""
    allow: JsonObject
    deny: JsonObject
    enabled: bool = True
    expire: int | None = None
    created: int
    modified: int

    def record(self) -> JsonObject:
        """Row of the list: without the token itself."""
        return {
            "token": self.id,
            "name": self.name,
            "enabled": self.enabled,
            "created": self.created,
            "modified": self.modified,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceToken:
    """A token for the resources of one device."""

    id: str
    user: str
    device: str
    name: str
    resources: tuple[str, ...] | None
    jwt: str

    def record(self) -> JsonObject:
        """Row of the list."""
        return {"id": self.id, "name": self.name, "token": self.jwt}


@dataclass(slots=True, eq=False, kw_only=True)
class DeviceFlow:
    """A device flow that waits for the user (3.6)."""

    device_code: str
    user_code: str
    client_id: str
    expires: float
    last_poll: float = 0.0
    user: str | None = None
    denied: bool = False
