"""Thinger.io behind the seam: puts sign-in, calls, reading, streams and commands together."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncGenerator, Collection, Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from ...model.change import Change, ResyncNeeded, Snapshot
from ...model.command import Command
from ...model.device import Device, Resource, ResourceKey
from ...model.errors import (
    BadCredentialsError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from ...model.platform import Account, Capability, IotPlatform
from ...model.value import JsonValue
from ...transport.http import HttpClient
from ...transport.limits import Limits
from ...transport.tokens import TokenEngine, Tokens
from ..base import Surroundings
from . import auth, mapper
from .client import ThingerClient
from .commands import execute
from .devices import DeviceList
from .live import LiveResources
from .permissions import Permissions
from .stored import StoredValues
from .stream import Streams

MAX_REQUESTS: Final = 5
"""At once for an account; one at a time for a device (11)."""
COMMUNITY_INTERVAL: Final = 5.0
"""Seconds: nothing faster on the shared server (11)."""
CONSOLE: Final = "https://console.thinger.io"


class ThingerAdapter:
    """One Thinger.io account, or the one device that a device token opens."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Prepare; nothing is sent yet. Raises a PlatformError for an address that is none."""
        self._surroundings = surroundings
        self._url = auth.server_url(surroundings.credentials)
        self._server = auth.server_name(self._url)
        self._limits = Limits(MAX_REQUESTS)
        self._calls = self._http()
        self._engine: TokenEngine | None = None

    @property
    def denied(self) -> Mapping[Capability, str]:
        """Return what the credentials do not allow."""
        return self._permissions.denied

    @property
    def statistics(self) -> Mapping[str, JsonValue]:
        """Return counters and states for diagnostics."""
        return {
            "connections": self._streams.open_count,
            "hears_account": self._streams.hears_account,
            "api": {None: "unknown", True: "v3", False: "v2"}[self._client.has_v3],
            "requests": self._calls.sent,
        }

    @property
    def hears_devices(self) -> bool:
        """Return whether the account's events arrive."""
        return self._streams.hears_account

    def is_live(self, key: ResourceKey) -> bool:
        """Return whether this resource's values arrive by themselves."""
        return self._streams.is_live(key)

    async def connect(self) -> None:
        """Sign in with the password where there is no token yet, and put the parts together."""
        if self._engine is not None:
            return
        if self._surroundings.credentials.get("username"):
            tokens = await self._log_in()
        else:
            tokens = self._paste()
        self._calls.tokens = self._engine
        self._compose(
            auth.grant_of(tokens.access, self._surroundings.credentials.get("username"))
        )

    async def close(self) -> None:
        """Let a token renewal end; streams end with ``changes``."""
        if self._engine is not None:
            await self._engine.close()

    async def identify(self) -> Account:
        """Sign in, ask for something cheap, and return whose account it is (3.7)."""
        await self.connect()
        try:
            if self._grant.device_id is not None:
                await self._client.device(self._grant.device_id)
            else:
                await self._client.first_device()
        except ForbiddenError:
            self._permissions.deny(Capability.DEVICES)
        except NotFoundError as error:
            raise UnexpectedAnswerError(
                str(error), reason="not_this_platform"
            ) from None
        except BadCredentialsError as error:
            raise self._explained(error) from None
        return Account(
            platform=IotPlatform.THINGER,
            server=self._server,
            user=self._grant.name,
            title=f"{self._grant.device_id or self._grant.user} ({self._server})",
        )

    async def snapshot(self) -> Snapshot:
        """Return the devices, and a stand-in for the account where buckets belong to no device."""
        try:
            snapshot = await self._devices.snapshot()
        except BadCredentialsError as error:
            raise self._explained(error) from None
        if (
            self._grant.device_id is not None
            or not await self._stored.read_bucket_list()
        ):
            return snapshot
        stand_in = mapper.buckets_device(self._console)
        return Snapshot(
            devices=(*snapshot.devices, stand_in), complete=snapshot.complete
        )

    async def discover(
        self, device: Device, known: Mapping[ResourceKey, Resource]
    ) -> tuple[Change, ...]:
        """Return what a device offers, with the values of what was not known before."""
        if device.is_service:
            return (*await self._stored.discover_buckets(device, known),)
        if device.online is not False and self._live.is_resting(device.id):
            return (ResyncNeeded(device.id),)
        live = await self._live.discover(device, known)
        properties = await self._stored.read_properties(device.id)
        return (
            live,
            *([properties] if properties else []),
            mapper.statistics_listing(device),
            *await self._stored.discover_buckets(device, known),
        )

    async def read(self, keys: Collection[ResourceKey]) -> AsyncGenerator[Change]:
        """Read resources; a device that fails does not fail the others."""
        tasks = [asyncio.ensure_future(call) for call in self._reads(keys)]
        errors: list[PlatformError] = []
        try:
            for finished in asyncio.as_completed(tasks):
                try:
                    changes = await finished
                except PlatformError as error:
                    errors.append(error)
                    continue
                for change in changes:
                    yield change
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        if errors:
            raise min(errors, key=_gravity)

    def watch(self, keys: frozenset[ResourceKey], online: frozenset[str]) -> None:
        """Stream what is wanted of devices that are online, if that does no harm."""
        resources: defaultdict[str, set[str]] = defaultdict(set)
        statistics: set[str] = set()
        buckets: set[str] = set()
        for key in keys:
            if key.resource_id.startswith(mapper.BUCKET_PREFIX):
                buckets.add(key.resource_id.removeprefix(mapper.BUCKET_PREFIX))
            elif key.device_id not in online:
                continue
            elif key.resource_id == mapper.STATISTICS_ID:
                statistics.add(key.device_id)
            elif self._live.can_stream(key):
                resources[key.device_id].add(key.resource_id)
        self._streams.want(
            {device_id: frozenset(names) for device_id, names in resources.items()},
            frozenset(statistics),
            frozenset(buckets),
        )

    def changes(self) -> AsyncGenerator[Change]:
        """Yield what the server tells by itself."""
        return self._streams.changes()

    async def execute(self, command: Command) -> JsonValue:
        """Do what a person wants done."""
        return await execute(self._client, self._live, command)

    async def add_device(self, device: Mapping[str, JsonValue]) -> JsonValue:
        """Make a device (5.5)."""
        return await self._client.add_device(device)

    async def delete_device(self, device_id: str) -> None:
        """Delete a device (5.5)."""
        await self._client.delete_device(device_id)

    async def list_device_tokens(self, device_id: str) -> list[JsonValue]:
        """Return a device's tokens (10.1)."""
        tokens = await self._client.device_tokens(device_id)
        return tokens if isinstance(tokens, list) else []

    async def create_device_token(
        self,
        device_id: str,
        name: str,
        resources: Collection[str],
        expires_at: float | None,
    ) -> JsonValue:
        """Make a token for a device; its end is sent in milliseconds, as documented (10.1, 15.5)."""
        token: dict[str, JsonValue] = {"token_name": name}
        if resources:
            token["token_resources"] = list(resources)
        if expires_at is not None:
            token["token_expiration"] = int(expires_at * 1000)
        return await self._client.add_device_token(device_id, token)

    async def delete_device_token(self, device_id: str, token_id: str) -> None:
        """Make a token worthless (10.1)."""
        await self._client.delete_device_token(device_id, token_id)

    async def call_endpoint(self, endpoint_id: str, data: JsonValue) -> JsonValue:
        """Call an endpoint (10.5)."""
        return await self._client.call_endpoint(endpoint_id, data)

    async def read_bucket(
        self,
        bucket_id: str,
        *,
        items: int,
        start: float | None,
        end: float | None,
        descending: bool,
    ) -> list[JsonValue]:
        """Return rows of a bucket (10.5)."""
        params = {"items": str(items), "sort": "desc" if descending else "asc"}
        if start is not None:
            params["min_ts"] = str(int(start * 1000))
        if end is not None:
            params["max_ts"] = str(int(end * 1000))
        rows = await self._client.bucket_rows(bucket_id, params)
        if not isinstance(rows, list):
            raise UnexpectedAnswerError("a bucket's rows are no list")
        return rows

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
        )

    async def _log_in(self) -> Tokens:
        """Take up the tokens of an earlier sign-in, or get the first ones."""
        credentials = self._surroundings.credentials
        login = auth.Login(self._http(), credentials, self._surroundings.save)
        access = credentials.get("access_token")
        if access:
            tokens = Tokens(
                str(access),
                credentials.get("refresh_token"),
                credentials.get("token_lifetime"),
            )
        else:
            tokens = await login.sign_in()
            await login.save(tokens)
        self._engine = TokenEngine(
            tokens, renew=login.renew, save=login.save, clock=self._surroundings.clock
        )
        return tokens

    def _paste(self) -> Tokens:
        """Take the token that the person made: nothing renews it."""
        access = self._surroundings.credentials.get("access_token")
        if not access:
            raise BadCredentialsError(reason="credentials_missing")
        tokens = Tokens(str(access).strip())
        self._engine = TokenEngine(
            tokens, renew=None, save=_no_save, clock=self._surroundings.clock
        )
        return tokens

    def _compose(self, grant: auth.Grant) -> None:
        """Put the parts together for the account that the grant names."""
        self._grant = grant
        choices, clock = self._surroundings.choices, self._surroundings.clock
        shortest = COMMUNITY_INTERVAL if auth.is_community(self._url) else 1.0
        self._permissions = Permissions()
        self._client = ThingerClient(self._calls, self._grant.user)
        self._devices = DeviceList(
            self._client,
            self._grant,
            choices,
            console=self._console,
            permissions=self._permissions,
        )
        self._live = LiveResources(
            self._client,
            self._grant,
            choices,
            self._devices,
            permissions=self._permissions,
            clock=clock,
        )
        self._stored = StoredValues(self._client, self._devices, self._permissions)
        self._streams = Streams(
            self._client,
            interval=max(choices.value_interval, shortest),
            clock=clock,
            on_row=self._stored.row,
            on_denied=lambda: self._permissions.deny(Capability.EVENTS),
            unwrap=self._live.unwrapped,
            has_events=self._grant.device_id is None,
        )

    def _explained(self, error: BadCredentialsError) -> BadCredentialsError:
        """Tell a token that ran out from one that was revoked."""
        if self._surroundings.credentials.get("username"):
            return error
        access = str(self._surroundings.credentials.get("access_token"))
        return auth.rejected(
            access, datetime.fromtimestamp(self._surroundings.clock.wall(), UTC)
        )

    def _reads(
        self, keys: Collection[ResourceKey]
    ) -> list[Coroutine[Any, Any, list[Change]]]:
        """Return one call for each device's resources, its properties, and each bucket."""
        live: defaultdict[str, set[ResourceKey]] = defaultdict(set)
        properties: set[str] = set()
        statistics: set[str] = set()
        buckets: set[str] = set()
        for key in keys:
            if key.resource_id.startswith(mapper.PROPERTY_PREFIX):
                properties.add(key.device_id)
            elif key.resource_id.startswith(mapper.BUCKET_PREFIX):
                buckets.add(key.resource_id.removeprefix(mapper.BUCKET_PREFIX))
            elif key.resource_id == mapper.STATISTICS_ID:
                statistics.add(key.device_id)
            else:
                live[key.device_id].add(key.root)
        return [
            *(self._live.read(device_id, roots) for device_id, roots in live.items()),
            *(
                self._stored.read_property_changes(device_id)
                for device_id in properties
            ),
            *(self._stored.read_statistics(device_id) for device_id in statistics),
            *(self._stored.read_bucket(bucket) for bucket in buckets),
        ]


async def _no_save(_: Tokens) -> None:
    """Keep nothing: a token that the person made stays as it is."""


def _gravity(error: PlatformError) -> int:
    """Order errors: the first is the one that the coordinator has to know."""
    order = (BadCredentialsError, RateLimitedError, UnreachableError)
    return next(
        (n for n, kind in enumerate(order) if isinstance(error, kind)), len(order)
    )
