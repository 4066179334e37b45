"""What people want devices to do."""

from ...model.command import Call, Command, Read, Run, Write
from ...model.errors import (
    CommandRejectedError,
    CommandTimedOutError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnreachableError,
)
from ...model.value import JsonValue
from . import mapper
from .client import ThingerClient
from .live import LiveResources


async def execute(
    client: ThingerClient, live: LiveResources, command: Command
) -> JsonValue:
    """Do it, and return the answer once the platform has confirmed it."""
    try:
        return await _send(client, live, command)
    except NotFoundError:
        raise await _why_not_found(client, command.key.device_id) from None
    except UnreachableError as error:
        if error.reason == "timed_out":
            raise CommandTimedOutError(str(error)) from None
        if error.reason == "server_trouble":
            # What the firmware itself reports comes as a 5xx as well (8).
            raise CommandRejectedError(str(error)) from None
        raise


async def _send(
    client: ThingerClient, live: LiveResources, command: Command
) -> JsonValue:
    device_id, resource = command.key.device_id, command.key.resource_id
    match command:
        case Read():
            return await live.read_now(command.key)
        case Run():
            return await client.run(device_id, resource)
        case Write(_, value) | Call(_, value):
            if resource.startswith(mapper.PROPERTY_PREFIX):
                name = resource.removeprefix(mapper.PROPERTY_PREFIX)
                return await client.write_property(device_id, name, value)
            return await client.write(device_id, resource, value)


async def _why_not_found(client: ThingerClient, device_id: str) -> PlatformError:
    """Return what a 404 means; the server does not tell (8)."""
    try:
        row = await client.device(device_id)
    except NotFoundError:
        return CommandRejectedError(reason="device_gone")
    except ForbiddenError:
        return CommandRejectedError(reason="device_offline")
    device = mapper.parse_device(row, mapper.NO_NAMES, "")
    if device is not None and device.online:
        return CommandRejectedError(reason="resource_missing")
    return CommandRejectedError(reason="device_offline")
