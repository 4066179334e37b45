"""Assigning firmware and software to devices (14)."""

from typing import Final

from ...model.errors import CommandRejectedError, NotFoundError
from ...model.value import JsonValue
from .client import Json, ThingsBoardClient
from .rows import entity_id

_VERSION_CONFLICT: Final = 35


async def install(
    client: ThingsBoardClient, device_id: str, kind: str, version: str
) -> None:
    """Assign a package of the device's profile; ``kind`` is firmware or software.

    The server takes it from there. One that is assigned already, and failed, is assigned anew.
    """
    field = f"{kind}Id"
    try:
        device = await client.device(device_id)
        profile_id = entity_id(device.get("deviceProfileId"))
        package = await _package(client, profile_id, kind, version)
    except NotFoundError as error:
        raise CommandRejectedError(str(error), reason="device_gone") from None
    if device.get(field) == package:
        # Only a change makes the server begin.
        device = await _assign(client, device_id, device, {field: None})
    await _assign(client, device_id, device, {field: package})


async def _assign(
    client: ThingsBoardClient, device_id: str, device: Json, change: Json
) -> Json:
    """Return the changed device; once more with the newest one if somebody was faster (6.2)."""
    try:
        return await client.save_device({**device, **change})
    except CommandRejectedError as error:
        if error.code != _VERSION_CONFLICT:
            raise
    return await client.save_device({**await client.device(device_id), **change})


async def _package(
    client: ThingsBoardClient, profile_id: str | None, kind: str, version: str
) -> JsonValue:
    """Return the id object of the newest package of a version."""
    found: Json | None = None
    if profile_id is not None:
        async for row in client.packages(profile_id, kind.upper()):
            if isinstance(row, dict) and row.get("version") == version:
                found = row
    if found is None:
        raise CommandRejectedError(version, reason="no_firmware")
    return found.get("id")
