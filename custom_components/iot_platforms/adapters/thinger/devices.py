"""The device list, and the names of what devices belong to (5)."""

from collections.abc import Iterable
import logging
from typing import Final

from ...model.change import Change, Connectivity, ResyncNeeded, Snapshot
from ...model.choices import Choices
from ...model.device import Device
from ...model.errors import (
    BadCredentialsError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitedError,
)
from ...model.platform import Capability
from ...model.value import JsonValue
from . import mapper
from .auth import Grant
from .client import ThingerClient
from .permissions import Permissions

_LOGGER: Final = logging.getLogger(__name__)


class DeviceList:
    """The devices of an account, without those that the person left out."""

    def __init__(
        self,
        client: ThingerClient,
        grant: Grant,
        choices: Choices,
        *,
        console: str,
        permissions: Permissions,
    ) -> None:
        """Prepare; nothing is sent yet."""
        self._client = client
        self._grant = grant
        self._choices = choices
        self._console = console
        self._permissions = permissions
        self._names: mapper.Names | None = None
        self.known: dict[str, Device] = {}

    async def snapshot(self) -> Snapshot:
        """Return the devices; what each offers is found one by one."""
        rows, complete = await self._rows()
        if self._names is None:
            self._names = await self._read_names(rows)
        devices = mapper.parse_devices(rows, self._names, self._console)
        self.known = {
            device_id: device
            for device_id, device in devices.items()
            if device_id not in self._choices.excluded_devices
        }
        return Snapshot(devices=tuple(self.known.values()), complete=complete)

    async def doubt(self, device_id: str) -> Change:
        """Find out what a 404 means: offline, gone, or a resource that is no more (8)."""
        try:
            row = await self._client.device(device_id)
        except NotFoundError:
            return ResyncNeeded()
        except ForbiddenError:
            return Connectivity(device_id, online=False)
        device = mapper.parse_device(row, self._names or mapper.NO_NAMES, self._console)
        if device is None or device.online:
            return ResyncNeeded(device_id)
        return Connectivity(device_id, online=False, at=device.online_since)

    async def _rows(self) -> tuple[list[JsonValue], bool]:
        if self._grant.device_id is not None:
            return [await self._own_row(self._grant.device_id)], True
        try:
            return await self._client.devices()
        except ForbiddenError:
            self._permissions.deny(Capability.DEVICES)
            return [], False

    async def _own_row(self, device_id: str) -> JsonValue:
        """Return the row of a device token's device, which it may not be allowed to see (10.1)."""
        row: JsonValue = None
        if self._permissions.allows(Capability.DEVICES):
            try:
                row = await self._client.device(device_id)
            except ForbiddenError:
                self._permissions.deny(Capability.DEVICES)
        return row if isinstance(row, dict) else {"device": device_id}

    async def _read_names(self, rows: Iterable[JsonValue]) -> mapper.Names:
        used = {
            field
            for row in rows
            if isinstance(row, dict)
            for field in ("asset_group", "asset_type", "product")
            if row.get(field)
        }
        return mapper.Names(
            groups=await self._names_of("groups", "group", "asset_group" in used),
            types=await self._names_of("types", "type", "asset_type" in used),
            products=await self._names_of("products", "product", "product" in used),
        )

    async def _names_of(self, what: str, id_key: str, is_used: bool) -> dict[str, str]:
        if not is_used or self._grant.device_id is not None:
            return {}
        try:
            return mapper.parse_names(await self._client.list_of(what), id_key)
        except BadCredentialsError, RateLimitedError:
            raise
        except PlatformError as error:
            _LOGGER.debug("Going on without the names of %s: %s", what, error)
            return {}
