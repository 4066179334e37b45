"""Tenants, customers, assets, profiles, dashboards, packages, relations."""

from dataclasses import dataclass, field
import hashlib
from typing import ClassVar, override

from .entity import Entity
from .ids import EntityId, EntityType, id_json

from tests.simulators.json_types import Json, JsonObject

_CONTACT = ("country", "state", "city", "address", "address2", "zip", "phone", "email")


class Tenant(Entity):
    """One tenant; everything but system administrators belongs to one."""

    entity_type: ClassVar[EntityType] = EntityType.TENANT

    @property
    @override
    def tenant(self) -> Tenant:
        return self

    def json(self) -> JsonObject:
        """Tenant as the server tells it."""
        return {
            "id": self.entity_id.json(),
            "createdTime": self.created,
            "title": self.name,
            "name": self.name,
            "additionalInfo": self.additional_info,
            "version": self.version,
        }


class Customer(Entity):
    """A customer of a tenant (5.3)."""

    entity_type: ClassVar[EntityType] = EntityType.CUSTOMER

    @property
    def is_public(self) -> bool:
        """Whether everybody may sign in to it (4.1)."""
        return bool((self.additional_info or {}).get("isPublic"))

    def json(self) -> JsonObject:
        """Customer as the server tells it."""
        return self.shown(
            {
                **self.base_json(),
                "title": self.name,
                "name": self.name,
                **dict.fromkeys(_CONTACT),
                "additionalInfo": self.additional_info,
                "externalId": None,
                "version": self.version,
            }
        )

    def short_info(self) -> JsonObject:
        """Title and whether it is public."""
        return {"title": self.name, "isPublic": self.is_public}


class Asset(Entity):
    """Something that contains devices (13.2)."""

    entity_type: ClassVar[EntityType] = EntityType.ASSET

    def json(self, profile: AssetProfile | None) -> JsonObject:
        """Asset as the server tells it."""
        return self.shown(
            {
                **self.base_json(),
                "customerId": self.owner_json(),
                "name": self.name,
                "type": self.type,
                "label": self.label,
                "assetProfileId": id_json(
                    EntityType.ASSET_PROFILE, profile.id if profile else None
                ),
                "externalId": None,
                "version": self.version,
                "additionalInfo": self.additional_info,
            }
        )


class AssetProfile(Entity):
    """Kind of assets."""

    entity_type: ClassVar[EntityType] = EntityType.ASSET_PROFILE

    def info(self) -> JsonObject:
        """Row of the list."""
        return {
            "id": self.entity_id.json(),
            "name": self.name,
            "image": None,
            "defaultDashboardId": None,
            "tenantId": id_json(EntityType.TENANT, self.tenant.id),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmRule:
    """Compares a telemetry key with a threshold that stands in an attribute (17)."""

    type: str
    severity: str
    key: str
    above: bool
    threshold_attribute: str
    default_threshold: float
    flag_attribute: str
    # With `{}` for the value.
    details: str

    def json(self) -> JsonObject:
        """Rule in the profile, shortened."""
        operation = "GREATER" if self.above else "LESS"
        return {
            "id": self.type.lower().replace(" ", "_"),
            "alarmType": self.type,
            "createRules": {
                self.severity: {
                    "condition": {
                        "condition": [
                            {
                                "key": {"type": "TIME_SERIES", "key": self.key},
                                "valueType": "NUMERIC",
                                "predicate": {
                                    "type": "NUMERIC",
                                    "operation": operation,
                                    "value": {
                                        "defaultValue": self.default_threshold,
                                        "dynamicValue": {
                                            "sourceType": "CURRENT_DEVICE",
                                            "sourceAttribute": self.threshold_attribute,
                                        },
                                    },
                                },
                            }
                        ],
                        "spec": {"type": "SIMPLE"},
                    },
                    "alarmDetails": self.details.replace("{}", f"${{{self.key}}}"),
                }
            },
            "propagate": False,
        }


class DeviceProfile(Entity):
    """Kind of devices (13.1)."""

    entity_type: ClassVar[EntityType] = EntityType.DEVICE_PROFILE

    def __init__(
        self,
        name: str,
        *,
        tenant: Tenant | None = None,
        description: str = "",
        default: bool = False,
        transport: str = "DEFAULT",
        alarm_rules: tuple[AlarmRule, ...] = (),
    ) -> None:
        """Make a profile."""
        super().__init__(name, tenant=tenant)
        self.description = description
        self.default = default
        self.transport = transport
        self.alarm_rules = alarm_rules
        self.firmware_id: str | None = None
        self.software_id: str | None = None

    def info(self) -> JsonObject:
        """Row of the list."""
        return self.shown(
            {
                "id": self.entity_id.json(),
                "name": self.name,
                "image": None,
                "defaultDashboardId": None,
                "type": "DEFAULT",
                "transportType": self.transport,
                "tenantId": id_json(EntityType.TENANT, self.tenant.id),
            }
        )

    def json(self, *, with_rules: bool) -> JsonObject:
        """All of it; alarm rules only stand here up to 4.2."""
        alarms: Json = [rule.json() for rule in self.alarm_rules]
        return {
            **self.base_json(),
            "name": self.name,
            "description": self.description,
            "image": None,
            "type": "DEFAULT",
            "transportType": self.transport,
            "provisionType": "DISABLED",
            "defaultRuleChainId": None,
            "defaultDashboardId": None,
            "defaultQueueName": None,
            "profileData": {
                "configuration": {"type": "DEFAULT"},
                "transportConfiguration": {"type": "DEFAULT"},
                "provisionConfiguration": {"type": "DISABLED"},
                "alarms": alarms if with_rules and alarms else None,
            },
            "firmwareId": package_id_json(self.firmware_id),
            "softwareId": package_id_json(self.software_id),
            "default": self.default,
            "externalId": None,
            "version": self.version,
        }


class Dashboard(Entity):
    """A page of widgets; units of keys can be found in it (16.2)."""

    entity_type: ClassVar[EntityType] = EntityType.DASHBOARD

    def __init__(
        self,
        title: str,
        configuration: JsonObject | None = None,
        *,
        tenant: Tenant | None = None,
        customers: tuple[Customer, ...] = (),
    ) -> None:
        """Customers: those that it is assigned to."""
        super().__init__(title, tenant=tenant)
        self.configuration = configuration or {"widgets": {}}
        self.customers = list(customers)

    def info(self) -> JsonObject:
        """Row of the list."""
        return {
            **self.base_json(),
            "title": self.name,
            "name": self.name,
            "image": None,
            "assignedCustomers": [
                {
                    "customerId": each.entity_id.json(),
                    "title": each.name,
                    "public": each.is_public,
                }
                for each in self.customers
            ],
            "mobileHide": False,
            "mobileOrder": None,
            "externalId": None,
            "version": self.version,
        }

    def json(self) -> JsonObject:
        """All of it."""
        return {**self.info(), "configuration": self.configuration}


class OtaPackage(Entity):
    """Firmware or software (14)."""

    entity_type: ClassVar[EntityType] = EntityType.OTA_PACKAGE

    def __init__(
        self,
        title: str,
        package_version: str,
        *,
        kind: str = "FIRMWARE",
        profile: DeviceProfile,
        tag: str | None = None,
        data: bytes = b"",
        url: str | None = None,
    ) -> None:
        """`kind`: FIRMWARE or SOFTWARE; `url`: the data lie elsewhere."""
        super().__init__(title, tenant=profile.tenant_or_none)
        self.package_version = package_version
        self.kind = kind
        self.profile = profile
        self.tag = tag or f"{title} {package_version}"
        self.data = data or f"{title} {package_version}".encode()
        self.url = url

    @property
    def prefix(self) -> str:
        """Beginning of the keys that tell of it."""
        return "fw" if self.kind == "FIRMWARE" else "sw"

    @property
    def checksum(self) -> str:
        """SHA256 of the data."""
        return hashlib.sha256(self.data).hexdigest()

    def json(self) -> JsonObject:
        """Info of the package, without its data."""
        stored = self.url is None
        return {
            **self.base_json(),
            "deviceProfileId": self.profile.entity_id.json(),
            "type": self.kind,
            "title": self.name,
            "version": self.package_version,
            "tag": self.tag,
            "url": self.url,
            "hasData": stored,
            "fileName": f"{self.name}.bin" if stored else None,
            "contentType": "application/octet-stream" if stored else None,
            "checksumAlgorithm": "SHA256" if stored else None,
            "checksum": self.checksum if stored else None,
            "dataSize": len(self.data) if stored else None,
            "externalId": None,
            "name": self.name,
            "additionalInfo": self.additional_info,
        }


@dataclass(slots=True, eq=False, kw_only=True)
class Relation:
    """One entity belongs to another (13.2)."""

    from_id: EntityId
    to_id: EntityId
    type: str = "Contains"
    type_group: str = "COMMON"
    additional_info: JsonObject | None = None

    def json(self) -> JsonObject:
        """Relation as the server tells it."""
        return {
            "from": self.from_id.json(),
            "to": self.to_id.json(),
            "type": self.type,
            "typeGroup": self.type_group,
            "additionalInfo": self.additional_info,
        }


@dataclass(slots=True, eq=False, kw_only=True)
class EntityGroup:
    """A group of devices or assets (PE, 7.3)."""

    id: str
    name: str
    group_type: EntityType
    members: list[Entity] = field(default_factory=list)

    def json(self) -> JsonObject:
        """Reference to the group, as in device infos."""
        return {
            "id": {"entityType": EntityType.ENTITY_GROUP.value, "id": self.id},
            "name": self.name,
        }


def package_id_json(id_: str | None) -> Json:
    """Id of a package, null for none."""
    return None if id_ is None else EntityId(EntityType.OTA_PACKAGE, id_).json()
