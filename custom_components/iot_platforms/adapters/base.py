"""The seam: what the rest of the integration knows of a platform (design.md 4).

An adapter does not decide when: polling, giving up and trying again is the coordinator's business.
It raises the errors of ``model.errors`` and nothing else.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any, Protocol, runtime_checkable

import aiohttp

from ..model.change import Alarms, Change, Snapshot
from ..model.choices import Choices
from ..model.command import Command
from ..model.control import MethodCall
from ..model.device import Device, Resource, ResourceKey
from ..model.platform import Account, Capability
from ..model.value import JsonValue
from ..transport.clock import Clock

type Credentials = Mapping[str, Any]
type SaveCredentials = Callable[[Credentials], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What an adapter is given.

    ``credentials`` has the names of the sign-in form (design.md 6) and whatever ``save`` was given
    since; ``save`` keeps changed ones for good before it returns.
    """

    session: aiohttp.ClientSession
    streams: aiohttp.ClientSession | None = None
    """For connections that stay open, as many as there are devices; closed with the adapter."""
    ssl: SSLContext | bool
    clock: Clock
    credentials: Credentials = field(repr=False)
    save: SaveCredentials
    choices: Choices


class Adapter(Protocol):
    """One account on its platform.

    The properties, ``is_live``, ``watch`` and ``close`` may be used at any time; everything else
    needs ``connect`` or ``identify`` first.
    """

    @property
    def denied(self) -> Mapping[Capability, str]:
        """Return what the credentials do not allow, with the platform's name of the permission."""

    @property
    def statistics(self) -> Mapping[str, JsonValue]:
        """Return counters and states for diagnostics; no secrets."""

    @property
    def hears_devices(self) -> bool:
        """Return whether push tells right now of devices that come, go and change."""

    @property
    def hears_all(self) -> bool:
        """Return whether everything that is watched is live; cheaper to tell than one by one."""

    def is_live(self, key: ResourceKey) -> bool:
        """Return whether push delivers this resource's values right now, and missed none."""

    async def connect(self) -> None:
        """Sign in as far as that needs a request."""

    async def close(self) -> None:
        """Let go of everything, and end ``changes``; may be called twice."""

    async def identify(self) -> Account:
        """Sign in and return who that is; the sign-in form's question."""

    async def snapshot(self) -> Snapshot:
        """Read the account in full."""

    def read(self, keys: Collection[ResourceKey]) -> AsyncGenerator[Change]:
        """Read some resources now, and yield what arrives as it arrives.

        What fails for a few devices does not fail for the others; an error that concerns the whole
        account is raised at the end. What is not safe to read is left out.
        """

    def watch(self, keys: frozenset[ResourceKey], online: frozenset[str]) -> None:
        """Tell push which resources somebody wants, and which devices are online.

        Holds until it is called again: what cannot be delivered yet is delivered once it can.
        """

    def changes(self) -> AsyncGenerator[Change] | None:
        """Yield what push delivers, until an error that trying again does not mend; None: no push.

        A ``ResyncNeeded`` comes whenever something may have been missed, so at the first connection
        too.
        """

    async def execute(self, command: Command) -> JsonValue:
        """Do what a person wants done; returns once the platform confirmed it."""


@runtime_checkable
class Discovers(Protocol):
    """A platform that tells only device by device what a device offers."""

    async def discover(
        self, device: Device, known: Mapping[ResourceKey, Resource]
    ) -> tuple[Change, ...]:
        """Return what a device offers, and the values of what was not known before.

        A ``ResyncNeeded`` among it says that the device could not be asked now, but later.
        """


@runtime_checkable
class ManagesDevices(Protocol):
    """A platform where devices are made and deleted by the account."""

    async def add_device(self, device: Mapping[str, JsonValue]) -> JsonValue:
        """Make a device; the fields are the platform's."""

    async def delete_device(self, device_id: str) -> None:
        """Delete a device and all that the platform knows of it."""


@runtime_checkable
class ManagesDeviceTokens(Protocol):
    """A platform where a device can be shared by a token of its own."""

    async def list_device_tokens(self, device_id: str) -> list[JsonValue]:
        """Return the tokens of a device."""

    async def create_device_token(
        self,
        device_id: str,
        name: str,
        resources: Collection[str],
        expires_at: float | None,
    ) -> JsonValue:
        """Make a token for some resources (all where empty); ``expires_at`` in Unix seconds."""

    async def delete_device_token(self, device_id: str, token_id: str) -> None:
        """Make a token worthless."""


@runtime_checkable
class CallsEndpoints(Protocol):
    """A platform that can send something elsewhere: mails, webhooks."""

    async def call_endpoint(self, endpoint_id: str, data: JsonValue) -> JsonValue:
        """Call an endpoint and return its answer."""


@runtime_checkable
class ReadsBuckets(Protocol):
    """A platform that stores rows of data."""

    async def read_bucket(
        self,
        bucket_id: str,
        *,
        items: int,
        start: float | None,
        end: float | None,
        descending: bool,
    ) -> list[JsonValue]:
        """Return rows of a bucket, times (Unix seconds) bound the search where given."""


@runtime_checkable
class HandlesAlarms(Protocol):
    """A platform that has alarms; ``changes`` and ``read_alarms`` tell those that are active."""

    async def read_alarms(self) -> Alarms:
        """Return all active alarms."""

    async def list_alarms(
        self, device_id: str, *, active: bool, limit: int
    ) -> list[JsonValue]:
        """Return a device's alarms as the platform has them, the newest first."""

    async def acknowledge_alarm(self, alarm_id: str) -> None:
        """Say that somebody knows of an alarm."""

    async def clear_alarm(self, alarm_id: str) -> None:
        """Say that the reason of an alarm is gone."""


@runtime_checkable
class CallsMethods(Protocol):
    """A platform that takes calls for a device; the person's controls are such calls."""

    async def call_method(self, call: MethodCall) -> JsonValue:
        """Call a method of a device and return its answer, None where it gives none."""


@runtime_checkable
class KeepsAttributes(Protocol):
    """A platform that keeps attributes for each device; the scopes are the platform's."""

    async def read_attributes(
        self, device_id: str, scope: str | None, names: Collection[str]
    ) -> list[JsonValue]:
        """Return attributes as the platform has them; all where no names are given."""

    async def write_attributes(
        self, device_id: str, scope: str, values: Mapping[str, JsonValue]
    ) -> None:
        """Write attributes."""


@runtime_checkable
class ReadsHistory(Protocol):
    """A platform that keeps earlier values."""

    async def read_history(
        self,
        device_id: str,
        names: Collection[str],
        *,
        start: float,
        end: float,
        limit: int,
        aggregation: str | None,
        interval: float | None,
    ) -> Mapping[str, JsonValue]:
        """Return the values of a time range (Unix seconds) by their names.

        ``aggregation`` (AVG, MIN, …) sums up each ``interval`` (seconds); None: every value.
        """
