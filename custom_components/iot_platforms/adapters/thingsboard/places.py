"""Where devices are: the assets that contain them (13)."""

from collections.abc import Mapping
from typing import Final

from ...model.errors import PlatformError
from ...model.value import JsonValue
from .client import ThingsBoardClient, is_refusal, rows
from .query import ALL_ASSETS, devices_of
from .rows import Row, rows_of

_ROOM_WORDS: Final = (
    "room",
    "floor",
    "area",
    "zone",
    "hall",
    "office",
    "zimmer",
    "raum",
)
"""In the type of an asset: the likelier place of two (13.3)."""


async def areas(client: ThingsBoardClient) -> Mapping[str, str]:
    """Return the names of the assets that directly contain devices, by the devices' ids."""
    try:
        assets = {
            row.id: row
            for row in await _all(client, ALL_ASSETS, ("name", "label", "type"))
        }
        if not assets:
            return {}
        parents = await _all(client, devices_of(assets), ("parentId",))
    except PlatformError as error:
        if is_refusal(error):
            return {}
        raise
    found: dict[str, Row] = {}
    for row in parents:
        asset = assets.get(row.fields.get("parentId", ""))
        if asset is not None and (row.id not in found or _is_room(asset)):
            found[row.id] = asset
    return {
        device_id: name for device_id, asset in found.items() if (name := _name(asset))
    }


async def _all(
    client: ThingsBoardClient, entities: JsonValue, fields: tuple[str, ...]
) -> list[Row]:
    return [
        row
        async for page in client.find(entities, fields=fields)
        for row in rows_of(rows(page))
    ]


def _is_room(asset: Row) -> bool:
    kind = asset.fields.get("type", "").lower()
    return any(word in kind for word in _ROOM_WORDS)


def _name(asset: Row) -> str:
    return asset.fields.get("label", "").strip() or asset.fields.get("name", "").strip()
