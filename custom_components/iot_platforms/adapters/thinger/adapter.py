"""Thinger.io behind the seam: puts sign-in, calls, reading, streams and commands together."""

from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import AbstractContextManager, aclosing
from typing import Final

from ...model.change import Change, Listing, Snapshot
from ...model.command import Command
from ...model.device import Device, Resource, ResourceKey
from ...model.errors import (
    ForbiddenError,
    NotFoundError,
    UnexpectedAnswerError,
)
from ...model.platform import Account, Capability, IotPlatform
from ...model.value import JsonValue
from ...transport.http import HttpClient
from ...transport.limits import Limits
from ...transport.tokens import TokenEngine
from ..base import Surroundings
from . import auth, records
from .account import AccountCalls
from .buckets import Buckets
from .client import ThingerClient
from .commands import Commands
from .devices import DeviceList
from .events import Events
from .live import LiveResources
from .offers import Offers
from .permissions import Permissions
from .reading import Reader
from .stored import StoredValues
from .stream import Streams

MAX_REQUESTS: Final = 5
"""At once for an account; one at a time for a device (11)."""
COMMUNITY_INTERVAL: Final = 5.0
"""Seconds: nothing faster on the shared server; one's own is one's own affair (11)."""
CONSOLE: Final = "https://console.thinger.io"
_API_NAMES: Final = {None: "unknown", True: "v3", False: "v2"}


class ThingerAdapter(AccountCalls):
    """One Thinger.io account, or the one device that a device token opens."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; nothing is sent yet. Raises a PlatformError for an address that is none."""
        self._surroundings = surroundings
        self._url = auth.server_url(surroundings.credentials)
        self._server = auth.server_name(self._url)
        self._limits = Limits(MAX_REQUESTS)
        self._permissions = Permissions()
        self._calls = self._http()
        self._engine: TokenEngine | None = None
        self._streams: Streams | None = None
        self._watched: frozenset[ResourceKey] = frozenset()
        self._online: frozenset[str] = frozenset()

    @property
    def denied(self) -> Mapping[Capability, str]:
        """Return what the credentials do not allow."""
        return self._permissions.denied

    @property
    def statistics(self) -> Mapping[str, JsonValue]:
        """Return counters and states for diagnostics."""
        if self._streams is None:
            return {"requests": self._calls.sent}
        return {
            "requests": self._calls.sent,
            "connections": self._streams.open_count,
            "hears_account": self._streams.hears_account,
            "api": _API_NAMES[self._client.firmware.has_v3],
        }

    @property
    def hears_devices(self) -> bool:
        """Return whether the account's events arrive."""
        return self._streams is not None and self._streams.hears_account

    @property
    def hears_all(self) -> bool:
        """Return whether everything that is watched arrives by itself."""
        return all(map(self.is_live, self._watched))

    def is_live(self, key: ResourceKey) -> bool:
        """Return whether this resource's values arrive by themselves, and none was missed."""
        return (
            self._streams is not None
            and self._streams.hears(key)
            and self._stored.is_fresh(key)
            and self._buckets.is_fresh(key)
        )

    async def connect(self) -> None:
        """Sign in with the password where there is no token yet, and put the parts together."""
        if self._streams is not None:
            return
        self._engine, grant = await auth.sign_in(self._http(), self._surroundings)
        self._calls.tokens = self._engine
        self._compose(grant)

    async def close(self) -> None:
        """End the streams, and let a token renewal end."""
        if self._streams is not None:
            await self._streams.close()
        if self._engine is not None:
            await self._engine.close()
        if self._surroundings.streams is not None:
            await self._surroundings.streams.close()

    async def identify(self) -> Account:
        """Sign in, ask for something cheap, and return whose account it is."""
        await self.connect()
        try:
            await self._check()
        except NotFoundError as error:
            raise UnexpectedAnswerError(
                str(error), reason="not_this_platform"
            ) from None
        return Account(
            platform=IotPlatform.THINGER,
            server=self._server,
            user=self._grant.name,
            title=f"{self._grant.device_id or self._grant.user} ({self._server})",
        )

    async def snapshot(self) -> Snapshot:
        """Return the devices, and a stand-in for the account where buckets belong to no device."""
        with self._explained():
            snapshot = await self._devices.snapshot()
            for device_id in self._devices.reconnected:
                self._live.forget(device_id)
            self._restream()
            if self._grant.device_id is not None:
                return snapshot
            listings: list[Listing] = await self._buckets.refresh()
        devices = snapshot.devices
        if self._buckets.need_stand_in:
            devices = (*devices, records.buckets_device(self._console))
        return Snapshot(
            devices=devices, listings=tuple(listings), complete=snapshot.complete
        )

    async def discover(
        self, device: Device, known: Mapping[ResourceKey, Resource]
    ) -> tuple[Change, ...]:
        """Return what a device offers, with the values of what was not known before."""
        if device.is_service:
            return (*await self._buckets.discover(device, known),)
        try:
            offered = await self._live.discover(device, known)
        finally:
            self._restream()
        return (
            *offered,
            *await self._stored.properties(device.id),
            records.statistics_listing(device),
            *await self._buckets.discover(device, known),
        )

    async def read(self, keys: Collection[ResourceKey]) -> AsyncGenerator[Change]:
        """Read resources; a device that fails does not fail the others."""
        with self._explained():
            async with aclosing(self._reader.read(keys)) as changes:
                async for change in changes:
                    yield change

    def watch(self, keys: frozenset[ResourceKey], online: frozenset[str]) -> None:
        """Stream what is wanted of devices that are online, if that does no harm."""
        self._watched, self._online = keys, online
        self._restream()

    async def changes(self) -> AsyncGenerator[Change]:
        """Yield what the server tells by itself."""
        if self._streams is None:
            return
        with self._explained():
            async with aclosing(self._streams.changes()) as changes:
                async for change in changes:
                    yield change

    async def execute(self, command: Command) -> JsonValue:
        """Do what a person wants done."""
        with self._explained():
            return await self._commands.execute(command)

    @property
    def _console(self) -> str:
        """Return where a person manages the account: a private server serves its own console (2)."""
        return CONSOLE if auth.is_community(self._url) else self._url

    def _http(self) -> HttpClient:
        return HttpClient(
            self._surroundings.session,
            self._url,
            ssl=self._surroundings.ssl,
            limits=self._limits,
            clock=self._surroundings.clock,
            streams=self._surroundings.streams,
        )

    def _compose(self, grant: auth.Grant) -> None:
        """Put the parts together for the account that the grant names."""
        choices, clock = self._surroundings.choices, self._surroundings.clock
        permissions, excluded = self._permissions, choices.excluded_devices
        shortest = COMMUNITY_INTERVAL if auth.is_community(self._url) else 0
        self._grant = grant
        client = self._client = ThingerClient(self._calls, grant.user)
        devices = self._devices = DeviceList(
            client,
            grant,
            choices,
            console=self._console,
            permissions=permissions,
            is_streaming=self._is_streaming,
        )
        self._offers = Offers(client.firmware, grant, choices, devices, permissions)
        self._live = LiveResources(
            client.firmware,
            self._offers,
            choices,
            devices,
            permissions=permissions,
            clock=clock,
        )
        self._stored = StoredValues(client, permissions)
        self._buckets = Buckets(client, devices, choices, permissions)
        self._reader = Reader(
            self._live,
            self._stored,
            self._buckets,
            excluded=excluded,
            shortest=shortest,
            clock=clock,
        )
        self._commands = Commands(client, self._live, devices)
        events = Events(
            self._buckets, excluded=excluded, on_connection=self._note_connection
        )
        self._streams = Streams(
            client,
            interval=max(choices.value_interval, shortest),
            clock=clock,
            interpret=events.changes,
            unwrap=self._live.unwrapped,
            check=self._check,
            on_gap=self._note_gap,
            on_denied=permissions.deny,
            has_events=grant.device_id is None,
        )

    async def _check(self) -> None:
        """Ask for something cheap; raises BadCredentialsError where that is what we have (3.7)."""
        with self._explained():
            try:
                if self._grant.device_id is not None:
                    await self._client.device(self._grant.device_id)
                else:
                    await self._client.first_device()
            except ForbiddenError:
                # The token is good, else it would not be known what it may not do.
                if self._grant.device_id is None:
                    self._permissions.deny(Capability.DEVICES)

    def _is_streaming(self, device_id: str) -> bool:
        return self._streams is not None and self._streams.is_streaming(device_id)

    def _note_connection(self, device_id: str, online: bool) -> bool:
        """Begin anew with a device that came or left; return whether that is news."""
        self._live.forget(device_id)
        self._restream()
        return self._devices.note_event(device_id, online)

    def _note_gap(self) -> None:
        """Read again what events tell: some are missed from now on."""
        self._stored.forget_freshness()
        self._buckets.forget_freshness()

    def _restream(self) -> None:
        """Open and close streams by what is wanted, online and known to be safe."""
        if self._streams is not None:
            self._streams.want(
                key
                for key in self._watched
                if key.resource_id.startswith(records.BUCKET_PREFIX)
                or (key.device_id in self._online and self._can_stream(key))
            )

    def _can_stream(self, key: ResourceKey) -> bool:
        if key.resource_id == records.STATISTICS_ID:
            return self._permissions.allows(Capability.STATISTICS, key.device_id)
        return self._offers.can_stream(key)

    def _explained(self) -> AbstractContextManager[None]:
        return auth.explained(self._surroundings)
