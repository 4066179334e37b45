"""The device list, and the names of what devices belong to (5)."""

from collections import defaultdict
from collections.abc import Callable
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
    UnreachableError,
)
from ...model.platform import Capability
from ...model.value import JsonValue
from . import mapper
from .auth import Grant
from .client import ThingerClient
from .parsing import rows_of, text_of
from .permissions import Permissions

_NAMED: Final = {
    "groups": ("group", "asset_group"),
    "types": ("type", "asset_type"),
    "products": ("product", "product"),
}
"""What devices belong to: the list, the id's key there, and the id's key in a device's row (10.5)."""

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
        is_streaming: Callable[[str], bool],
    ) -> None:
        """Prepare; ``is_streaming`` tells whether a device's socket is open."""
        self._client = client
        self._grant = grant
        self._excluded = choices.excluded_devices
        self._console = console
        self._permissions = permissions
        self._is_streaming = is_streaming
        self._names: dict[str, dict[str, str]] = {what: {} for what in _NAMED}
        self._sees_own_row = True
        self._heard: defaultdict[str, int] = defaultdict(int)
        self._told: set[str] = set()
        self._online: dict[str, bool | None] = {}
        self.known: dict[str, Device] = {}
        self.reconnected: list[str] = []
        """Devices whose connection was another in the last list than before, though no event told."""

    async def snapshot(self) -> Snapshot:
        """Return the devices; what each offers is found one by one."""
        if self._grant.device_id is not None:
            devices, complete = await self._own_device(self._grant.device_id), True
        else:
            devices, complete = await self._list()
        listed = {
            device_id: device
            for device_id, device in devices.items()
            if device_id not in self._excluded
        }
        self.reconnected = [
            device_id
            for device_id, device in listed.items()
            if device_id not in self._told
            and (before := self.known.get(device_id))
            and (before.online, before.online_since)
            != (device.online, device.online_since)
        ]
        self._told.clear()
        self._online |= {device.id: device.online for device in listed.values()}
        self.known = listed if complete else {**self.known, **listed}
        return Snapshot(devices=tuple(listed.values()), complete=complete)

    def note_event(self, device_id: str, online: bool) -> bool:
        """Remember what the server told of a connection, and return whether that is news.

        An answer that is older proves nothing any more.
        """
        self._heard[device_id] += 1
        self._told.add(device_id)
        before = self._online.get(device_id)
        self._online[device_id] = online
        return before is not online

    async def absence(self, device_id: str) -> Change | None:
        """Find out whether a device that failed is offline or gone; None where it is there (8).

        Raises where it is the whole account that fails.
        """
        heard = self._heard[device_id]
        if self._grant.device_id is not None:
            device = (await self._own_device(device_id))[device_id]
        else:
            row = await self._client.find_device(device_id)
            found = mapper.parse_device(row, mapper.NO_NAMES, self._console)
            if found is None:
                return ResyncNeeded()
            device = found
        if device.online is not False or self._heard[device_id] != heard:
            return None
        self._online[device_id] = False
        return Connectivity(device_id, online=False, at=device.online_since)

    async def _list(self) -> tuple[dict[str, Device], bool]:
        try:
            rows, complete = await self._client.devices()
        except ForbiddenError:
            self._permissions.deny(Capability.DEVICES)
            return {}, False
        await self._read_names(rows)
        names = mapper.Names(**self._names)
        return mapper.parse_devices(rows, names, self._console), complete

    async def _own_device(self, device_id: str) -> dict[str, Device]:
        """Return a device token's device, whose row it may not be allowed to see (10.1)."""
        row: JsonValue = None
        if self._sees_own_row:
            try:
                row = await self._client.device(device_id)
            except ForbiddenError:
                self._sees_own_row = False
            except NotFoundError:
                """The handshake below tells what that means."""
        device = mapper.parse_device(row, mapper.NO_NAMES, self._console)
        if device is None:
            device = Device(
                id=device_id,
                name=device_id,
                online=await self._is_connected(device_id),
                manufacturer="Thinger.io",
                url=f"{self._console}/devices/{device_id}",
            )
        return {device_id: device}

    async def _is_connected(self, device_id: str) -> bool | None:
        """Return whether a device is there, None where the server does not tell."""
        if self._is_streaming(device_id):
            return True
        try:
            return await self._client.is_connected(device_id)
        except ForbiddenError:
            return None
        except UnreachableError as error:
            if error.reason in ("timed_out", "server_trouble"):
                return None
            raise

    async def _read_names(self, rows: list[JsonValue]) -> None:
        """Learn the names of what devices belong to, as soon as one is used that nobody knows."""
        for what, (id_key, used_key) in _NAMED.items():
            used = {
                used_id
                for row in rows_of(rows)
                if (used_id := text_of(row.get(used_key)))
            }
            if used <= self._names[what].keys():
                continue
            try:
                named = mapper.parse_names(await self._client.list_of(what), id_key)
            except BadCredentialsError, RateLimitedError:
                raise
            except ForbiddenError:
                named = {}
            except PlatformError as error:
                _LOGGER.debug("Going on without the names of %s: %s", what, error)
                continue
            self._names[what] |= {used_id: used_id for used_id in used} | named
