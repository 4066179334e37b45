"""Ids of entities (thingsboard.md 3)."""

from dataclasses import dataclass
from enum import StrEnum
import secrets
from typing import Final
import uuid

from tests.simulators.json_types import JsonObject

# "None", where JSON null would be expected.
NULL_UUID: Final = "13814000-1dd2-11b2-8080-808080808080"
# From the beginning of UUID time to that of Unix time, in steps of 100 ns.
_GREGORIAN_OFFSET: Final = 0x01B21DD213814000


class EntityType(StrEnum):
    """Kinds of entities that the simulator knows."""

    TENANT = "TENANT"
    CUSTOMER = "CUSTOMER"
    USER = "USER"
    DEVICE = "DEVICE"
    ASSET = "ASSET"
    DEVICE_PROFILE = "DEVICE_PROFILE"
    ASSET_PROFILE = "ASSET_PROFILE"
    DASHBOARD = "DASHBOARD"
    ALARM = "ALARM"
    OTA_PACKAGE = "OTA_PACKAGE"
    RULE_CHAIN = "RULE_CHAIN"
    RPC = "RPC"
    API_KEY = "API_KEY"
    ENTITY_GROUP = "ENTITY_GROUP"

    @property
    def normal_name(self) -> str:
        """As messages spell it: `Device`, `Ota package`."""
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, order=True)
class EntityId:
    """Type and UUID."""

    type: EntityType
    id: str

    def json(self) -> JsonObject:
        """As it stands in bodies."""
        return {"entityType": self.type.value, "id": self.id}


def new_uuid(milliseconds: int) -> str:
    """Time-based UUID of that moment."""
    steps = milliseconds * 10_000 + secrets.randbelow(10_000) + _GREGORIAN_OFFSET
    return str(
        uuid.UUID(
            fields=(
                steps & 0xFFFFFFFF,
                steps >> 32 & 0xFFFF,
                (steps >> 48 & 0x0FFF) | 0x1000,
                0x80 | secrets.randbits(6),
                secrets.randbits(8),
                secrets.randbits(48),
            )
        )
    )


def id_json(type_: EntityType, id_: str | None) -> JsonObject:
    """Id object, with the null UUID for none."""
    return EntityId(type_, id_ or NULL_UUID).json()


def is_uuid(text: object) -> bool:
    """Whether something is the text of a UUID."""
    try:
        uuid.UUID(str(text))
    except ValueError:
        return False
    return isinstance(text, str)
