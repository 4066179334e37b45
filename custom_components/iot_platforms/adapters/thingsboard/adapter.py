"""ThingsBoard behind the seam: puts sign-in, reading, the socket and commands together."""

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping
from contextlib import (
    aclosing,
    asynccontextmanager,
    contextmanager,
)
from itertools import batched
from typing import Final, override

from yarl import URL

from ...model.change import Change, Listing, Samples, Snapshot
from ...model.command import Command
from ...model.device import Device, ResourceKey
from ...model.errors import BadCredentialsError, NotFoundError, PlatformError
from ...model.platform import Account, Capability, IotPlatform
from ...model.value import JsonValue
from ...transport.addresses import server_name
from ...transport.http import HttpClient
from ...transport.limits import Limits
from ..base import Surroundings
from . import address, auth, dashboards, places
from .alarms import AlarmCalls
from .calls import DeviceCalls
from .catalog import Catalog
from .client import ThingsBoardClient, is_refusal
from .commands import Commands
from .keys import Key
from .legacy import DeviceReader
from .live import Live
from .mapper import Mapper
from .reader import Fleet, QueryReader
from .rows import Row
from .rpc import Rpc
from .server import KEYS_ON_SOCKET, QUERIES, TYPED_SOCKET, Server
from .socket import Connection, connection

MAX_REQUESTS: Final = 5
"""At once for an account."""
MAX_CALLS: Final = 20
"""To devices, which may let one wait: nothing else waits for those."""
SLICE: Final = 50
"""Devices that are mapped in one go: more would hold up the event loop."""


class ThingsBoardAdapter(DeviceCalls):
    """One ThingsBoard user: a tenant administrator or a customer's."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; nothing is sent yet. Raises a PlatformError for an address that is none."""
        credentials = surroundings.credentials
        self._surroundings = surroundings
        self._uses_key = bool(auth.api_key(credentials))
        self._addresses = address.candidates(str(credentials.get("url") or ""))
        self._limits = Limits(MAX_REQUESTS)
        self._call_limits = Limits(MAX_CALLS)
        self._denied: dict[Capability, str] = {}
        self._session: auth.Session | None = None
        self._watched: frozenset[ResourceKey] = frozenset()
        self._devices: frozenset[str] = frozenset()

    @property
    def denied(self) -> Mapping[Capability, str]:
        """Return what the server does not let us do, in its own words."""
        return self._denied

    @property
    def statistics(self) -> Mapping[str, JsonValue]:
        """Return counters and states for diagnostics."""
        if self._session is None:
            return {}
        version = self._server.version
        return {
            "requests": self._client.sent,
            "version": ".".join(map(str, version)) if version else None,
            "edition": self._server.edition,
            "role": self._session.user.authority,
            "reads_one_by_one": isinstance(self._reader, DeviceReader),
            "has_push": self._has_push,
            "subscriptions": self._live.count,
            "keys": len(self._catalog.keys),
        }

    @property
    def hears_devices(self) -> bool:
        """Return whether the socket tells of all devices."""
        return self._session is not None and self._live.hears_devices

    @property
    def hears_all(self) -> bool:
        """Return whether everything that is watched is subscribed, on all devices that are known."""
        return self.hears_devices and self._live.hears_wanted

    def is_live(self, key: ResourceKey) -> bool:
        """Return whether this resource's values arrive by themselves, and none was missed."""
        return (
            self._session is not None
            and key in self._watched
            and key.device_id in self._devices
            and self._live.hears(self._keys_of(key))
        )

    async def connect(self) -> None:
        """Find the API, sign in, and put the parts together."""
        if self._session is not None:
            return
        base = await self._base()
        self._plain = self._http(base)
        self._calls = self._http(base)
        devices = self._http(base, self._call_limits)
        with self._explained():
            session = await auth.sign_in(self._calls, self._plain, self._surroundings)
            devices.tokens = session.engine
            self._client = ThingsBoardClient(self._calls, devices)
            self._server = await Server.ask(self._client)
        self._compose(base, session)
        if base != str(self._surroundings.credentials.get("url") or ""):
            await self._surroundings.save({"url": base})

    async def close(self) -> None:
        """End the socket, and let a token renewal end."""
        if self._session is not None:
            self._live.close()
            await self._session.engine.close()
        if self._surroundings.streams is not None:
            await self._surroundings.streams.close()

    async def identify(self) -> Account:
        """Sign in, and ask the server who that is."""
        await self.connect()
        with self._explained():
            user = await auth.user_now(self._calls)
        name = server_name(URL(self._base_url))
        return Account(
            platform=IotPlatform.THINGSBOARD,
            server=name,
            user=user.id,
            title=f"{user.name} ({name})",
        )

    async def snapshot(self) -> Snapshot:
        """Return all devices with all their values."""
        with self._explained():
            fleet = await self._fleet()
            rows = self._chosen(fleet.rows)
            if not self._devices.issuperset(row.id for row in fleet.rows):
                await self._look_around()
        self._devices = frozenset(row.id for row in fleet.rows)
        devices: list[Device] = []
        listings: list[Listing] = []
        for part in batched(rows, SLICE, strict=False):
            devices += map(self._mapper.device, part)
            listings += (
                self._mapper.listing(row, is_complete=fleet.complete) for row in part
            )
            await asyncio.sleep(0)
        # Only now it may be known what something wanted is made of.
        self._want()
        return Snapshot(
            devices=(*devices,),
            listings=(*listings,),
            complete=fleet.complete,
            has_values=True,
        )

    async def read(self, keys: Collection[ResourceKey]) -> AsyncGenerator[Change]:
        """Read values, all of them in as few requests as there are pages of devices."""
        wanted = {key: self._keys_of(key) for key in keys}
        asked = {part for parts in wanted.values() for part in parts}
        devices = {key.device_id for key, parts in wanted.items() if parts}
        if not asked:
            return
        with self._explained():
            async with aclosing(self._reader.values(devices, asked)) as pages:
                async for page in pages:
                    for change in self._values(page, devices):
                        yield change

    def watch(self, keys: frozenset[ResourceKey], online: frozenset[str]) -> None:
        """Subscribe what is wanted; a key is subscribed for all devices at once."""
        self._watched = keys
        if self._session is not None:
            self._want()

    def changes(self) -> AsyncGenerator[Change] | None:
        """Yield what the server tells by itself; None where it cannot."""
        return self._heard() if self._session and self._has_push else None

    async def execute(self, command: Command) -> JsonValue:
        """Do what a person wants done."""
        with self._explained():
            return await self._commands.execute(command)

    async def _base(self) -> str:
        """Return the address under which the API answers (2)."""
        *others, last = self._addresses
        for candidate in others:
            if await address.answers(self._http(candidate)):
                return candidate
        return last

    def _http(self, base: str, limits: Limits | None = None) -> HttpClient:
        return HttpClient(
            self._surroundings.session,
            base,
            ssl=self._surroundings.ssl,
            limits=limits or self._limits,
            clock=self._surroundings.clock,
            streams=self._surroundings.streams,
            authorize=auth.header(self._surroundings.credentials),
        )

    def _compose(self, base: str, session: auth.Session) -> None:
        """Put the parts together for the user that is signed in."""
        choices, clock = self._surroundings.choices, self._surroundings.clock
        client, user = self._client, session.user
        self._base_url = base
        self._catalog = Catalog(client, clock)
        self._mapper = Mapper(
            url=base,
            choices=choices,
            catalog=self._catalog,
            is_administrator=user.is_administrator,
        )
        self._reader: QueryReader | DeviceReader = (
            DeviceReader(client, user, choices.excluded_devices)
            if self._server.has(QUERIES) is False
            else QueryReader(client, self._catalog)
        )
        self._rpc = Rpc(client, self._mapper.online)
        self._commands = Commands(client, self._rpc, choices)
        self._alarms = AlarmCalls(client, self._deny, self._allow)
        typed = self._server.has(TYPED_SOCKET)
        self._live = Live(
            connect=self._connect,
            renew=self._renew,
            mapper=self._mapper,
            catalog=self._catalog,
            read_alarms=self.read_alarms,
            known=lambda: self._devices,
            on_denied=self._deny,
            on_allowed=self._allow,
            is_old=None if typed is None else not typed,
            clock=clock,
        )
        self._session = session
        self._want()

    @property
    def _has_push(self) -> bool:
        """Return whether the server has a socket for us (19)."""
        if isinstance(self._reader, DeviceReader):
            return False
        return not self._uses_key or self._server.has(KEYS_ON_SOCKET) is True

    async def _fleet(self) -> Fleet:
        try:
            return await self._reader.fleet()
        except NotFoundError:
            if isinstance(self._reader, DeviceReader):
                raise
        # Older than its queries, and its version as well.
        self._reader = DeviceReader(
            self._client,
            self._signed_in.user,
            self._surroundings.choices.excluded_devices,
        )
        return await self._reader.fleet()

    async def _look_around(self) -> None:
        """Find out where devices are that came new; with the first ones, what dashboards say."""
        self._mapper.areas = await places.areas(self._client)
        if self._surroundings.choices.reads_dashboards and not self._devices:
            try:
                self._mapper.hints = await dashboards.hints(
                    self._client, self._signed_in.user
                )
            except PlatformError as error:
                if not is_refusal(error):
                    raise
                self._deny(Capability.DASHBOARDS, str(error))

    async def _heard(self) -> AsyncGenerator[Change]:
        with self._explained():
            async with aclosing(self._live.changes()) as changes:
                async for change in changes:
                    yield change

    @asynccontextmanager
    async def _connect(self, is_old: bool) -> AsyncGenerator[Connection]:
        """Open the socket, signed in with the token of the moment (11.1)."""
        self._used_token = await self._signed_in.engine.access()
        name = "apiKey" if self._uses_key else "token"
        async with connection(
            self._plain, {name: self._used_token}, is_old=is_old
        ) as opened:
            yield opened

    async def _renew(self) -> None:
        await self._signed_in.engine.renew(self._used_token)

    def _values(
        self, page: Collection[Row], devices: Collection[str]
    ) -> Iterator[Change]:
        rows = [row for row in page if row.id in devices]
        for row in rows:
            if change := self._mapper.connectivity(row):
                yield change
        yield Samples(tuple(s for row in rows for s in self._mapper.samples(row)))

    def _chosen(self, rows: Collection[Row]) -> list[Row]:
        excluded = self._surroundings.choices.excluded_devices
        return [row for row in rows if row.id not in excluded]

    def _want(self) -> None:
        self._live.want({part for key in self._watched for part in self._keys_of(key)})

    def _keys_of(self, key: ResourceKey) -> Collection[Key]:
        """Return the server's keys that a resource is made of; none for a person's controls."""
        found = Key.of(key.resource_id)
        return (found,) if found else self._mapper.composites.parts_of(key)

    def _deny(self, capability: Capability, text: str) -> None:
        self._denied[capability] = text

    def _allow(self, capability: Capability) -> None:
        self._denied.pop(capability, None)

    @property
    def _signed_in(self) -> auth.Session:
        if self._session is None:
            raise BadCredentialsError(reason="credentials_missing")
        return self._session

    @override
    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Tell what a refusal of the sign-in means."""
        try:
            yield
        except BadCredentialsError as error:
            raise auth.explained(error, uses_key=self._uses_key) from None
