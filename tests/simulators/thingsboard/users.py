"""Users, their second factors and their API keys (thingsboard.md 4, 5)."""

from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import ClassVar, Final

from .entity import Entity
from .ids import EntityType, id_json
from .records import Customer, Tenant

from tests.simulators.json_types import JsonObject

# Sessions and what outdates them in one order, finer than the seconds of `iat`.
SERIALS: Final = count(1)


class Authority(StrEnum):
    """Roles (5.2)."""

    SYS_ADMIN = "SYS_ADMIN"
    TENANT_ADMIN = "TENANT_ADMIN"
    CUSTOMER_USER = "CUSTOMER_USER"


@dataclass(slots=True, eq=False, kw_only=True)
class TwoFactor:
    """A second factor that was set up (4.5); the first provider is the default."""

    providers: list[str] = field(default_factory=lambda: ["TOTP"])
    contact: str | None = None
    code: str = "123456"
    # Wrong codes before the user is locked, and seconds between two messages.
    attempts: int = 3
    send_period: float = 30.0
    failures: int = 0
    sent: list[str] = field(default_factory=list)
    last_sent: float = float("-inf")


class User(Entity):
    """Somebody who signs in; everything may be set at any time."""

    entity_type: ClassVar[EntityType] = EntityType.USER

    def __init__(
        self,
        email: str,
        password: str,
        *,
        authority: Authority = Authority.CUSTOMER_USER,
        customer: Customer | None = None,
        tenant: Tenant | None = None,
        first_name: str | None = None,
        last_name: str | None = None,
        additional_info: JsonObject | None = None,
    ) -> None:
        """Make an active user."""
        super().__init__(
            email, customer=customer, tenant=tenant, additional_info=additional_info
        )
        self.authority = authority
        self.first_name = first_name
        self.last_name = last_name
        self.phone: str | None = None
        # The caller is everybody: a public customer signed in (4.1).
        self.is_public = False
        self.two_factor: TwoFactor | None = None
        # The tenant insists on a second factor, but none is set up (4.3+).
        self.two_factor_enforced = False
        # The two reasons why a good password is not enough (4.2, codes 15 and 45).
        self.password_expired = False
        self.password_violation: str | None = None
        self.failed_logins = 0
        # What was made before is outdated: in the order of `SERIALS`, and in Unix seconds.
        self.outdated_serial = 0
        self.outdated_at = 0.0
        self._password = password
        self._enabled = True

    @property
    def tenant_id(self) -> str | None:
        """Id of the tenant; system administrators have none."""
        return None if self.authority is Authority.SYS_ADMIN else self.tenant.id

    @property
    def email(self) -> str:
        """Name for the sign-in."""
        return self.name

    @property
    def password(self) -> str:
        """Setting it is a password change: every token made before dies (4.4)."""
        return self._password

    @password.setter
    def password(self, value: str) -> None:
        self._password = value
        self.outdate_tokens()

    @property
    def enabled(self) -> bool:
        """Whether the account is active; disabling it lets its tokens die (4.4)."""
        return self._enabled

    @enabled.setter
    def enabled(self, value: bool) -> None:
        if self._enabled and not value:
            self.outdate_tokens()
        self._enabled = value
        self.failed_logins = 0

    def outdate_tokens(self) -> None:
        """Let every token die that was made until now, refresh tokens too."""
        self.outdated_serial = next(SERIALS)
        self.outdated_at = self.clock.now()

    def json(self) -> JsonObject:
        """User as the server tells it (5.1)."""
        return self.shown(
            {
                **self.base_json(),
                "tenantId": id_json(EntityType.TENANT, self.tenant_id),
                "customerId": self.owner_json(),
                "email": self.email,
                "authority": self.authority.value,
                "firstName": self.first_name,
                "lastName": self.last_name,
                "phone": self.phone,
                "name": self.email,
                "version": self.version,
                "additionalInfo": self.additional_info,
            }
        )


@dataclass(slots=True, eq=False, kw_only=True)
class ApiKey:
    """A key with the rights of its user (4.6)."""

    id: str
    created: int
    value: str
    user: User
    description: str = ""
    # Milliseconds; 0 = never.
    expiration_time: int = 0
    enabled: bool = True

    def json(self, *, now: int, with_value: bool = False) -> JsonObject:
        """Key as the server tells it; the value only right after its making."""
        record: JsonObject = {
            "id": {"entityType": EntityType.API_KEY.value, "id": self.id},
            "createdTime": self.created,
            "tenantId": self.user.base_json()["tenantId"],
            "userId": self.user.entity_id.json(),
            "description": self.description,
            "expirationTime": self.expiration_time,
            "enabled": self.enabled,
            "expired": bool(self.expiration_time) and self.expiration_time <= now,
        }
        return record | ({"value": self.value} if with_value else {})
