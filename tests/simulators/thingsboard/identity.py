"""Who calls, and what that one may see (thingsboard.md 5.2)."""

from dataclasses import dataclass

from .alarms import Alarm
from .entity import Entity
from .records import (
    AssetProfile,
    Customer,
    Dashboard,
    DeviceProfile,
    OtaPackage,
    Tenant,
)
from .users import ApiKey, Authority, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A user, as a token or an API key shows."""

    user: User
    # An authority, or what a token is for: `PRE_VERIFICATION_TOKEN`, `MFA_CONFIGURATION_TOKEN`.
    scope: str
    session_id: str | None = None
    # Unix seconds; None for API keys.
    expires: float | None = None
    api_key: ApiKey | None = None

    @property
    def authority(self) -> Authority:
        """Role of the user."""
        return self.user.authority

    @property
    def tenant(self) -> Tenant:
        """Tenant of the user."""
        return self.user.tenant

    @property
    def customer(self) -> Customer | None:
        """Customer of the user; None for administrators."""
        return self.user.customer

    @property
    def is_tenant_admin(self) -> bool:
        """Whether everything of the tenant is open."""
        return self.authority is Authority.TENANT_ADMIN

    @property
    def is_customer_user(self) -> bool:
        """Whether only what is assigned to the customer is open."""
        return self.authority is Authority.CUSTOMER_USER

    def shares_tenant(self, entity: Entity) -> bool:
        """Whether an entity exists for this caller at all."""
        return (
            self.authority is not Authority.SYS_ADMIN and entity.tenant is self.tenant
        )

    def sees(self, entity: Entity) -> bool:
        """Whether the caller may read an entity."""
        if self.authority is Authority.SYS_ADMIN:
            return isinstance(entity, Tenant)
        if entity.tenant is not self.tenant:
            return False
        if self.authority is Authority.TENANT_ADMIN:
            return True
        match entity:
            case Customer():
                return entity is self.customer
            case Dashboard():
                return self.customer in entity.customers
            case DeviceProfile() | AssetProfile() | OtaPackage():
                return True
            case Tenant():
                return False
            case _:
                return entity.customer is not None and entity.customer is self.customer

    def sees_alarm(self, alarm: Alarm) -> bool:
        """Whether the caller may read an alarm."""
        return self.sees(alarm.originator)
