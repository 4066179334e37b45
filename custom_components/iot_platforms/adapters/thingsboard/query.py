"""Queries for entities and their values (7.1, 7.3)."""

from collections.abc import Iterable
from typing import Final

from ...model.value import JsonValue
from .keys import Key

FIELDS: Final = ("name", "label", "type", "additionalInfo", "ownerName", "ownerType")
"""Servers that do not know one of them give an empty text for it (7.1)."""

ALL_DEVICES: Final[JsonValue] = {"type": "entityType", "entityType": "DEVICE"}
ALL_ASSETS: Final[JsonValue] = {"type": "entityType", "entityType": "ASSET"}
_OLDEST_FIRST: Final[JsonValue] = {
    "key": {"type": "ENTITY_FIELD", "key": "createdTime"},
    "direction": "ASC",
}
"""Without an order pages may overlap (7.1)."""


def these_devices(device_ids: Iterable[str]) -> JsonValue:
    """Return the filter for some devices."""
    return {
        "type": "entityList",
        "entityType": "DEVICE",
        "entityList": [*sorted(device_ids)],
    }


def devices_of(asset_ids: Iterable[str]) -> JsonValue:
    """Return the filter for what stands directly in some assets (13.2)."""
    return {
        "type": "relationsQuery",
        "multiRoot": True,
        "multiRootEntitiesType": "ASSET",
        "multiRootEntityIds": [*sorted(asset_ids)],
        "direction": "FROM",
        "maxLevel": 1,
        "fetchLastLevelOnly": False,
        "filters": [{"relationType": "Contains", "entityTypes": ["DEVICE"]}],
    }


def query(
    entities: JsonValue,
    *,
    page: int,
    size: int,
    fields: Iterable[str] = (),
    keys: Iterable[Key] = (),
    dynamic: bool | None = None,
) -> dict[str, JsonValue]:
    """Return a page's query; ``dynamic`` matters to subscriptions only."""
    link: dict[str, JsonValue] = {
        "pageSize": size,
        "page": page,
        "textSearch": None,
        "sortOrder": _OLDEST_FIRST,
    }
    if dynamic is not None:
        link["dynamic"] = dynamic
    return {
        "entityFilter": entities,
        "pageLink": link,
        "entityFields": [{"type": "ENTITY_FIELD", "key": field} for field in fields],
        "latestValues": [key.asked for key in keys],
        "keyFilters": [],
    }
