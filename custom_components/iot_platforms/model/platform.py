"""The platforms, and one signed-in user on one of their servers."""

from dataclasses import dataclass
from enum import StrEnum


class IotPlatform(StrEnum):
    """A kind of server. The values name sign-in steps, simulators and entries: they never change."""

    THINGER = "thinger"
    THINGSBOARD = "thingsboard"
    CUMULOCITY = "cumulocity"
    CTHINGS = "cthings"
    CT = "ct"


class Capability(StrEnum):
    """What the credentials may be refused while the rest of the account works."""

    DEVICES = "devices"
    RESOURCE_LIST = "resource_list"
    RESOURCE_ACCESS = "resource_access"
    STATISTICS = "statistics"
    EVENTS = "events"
    PROPERTIES = "properties"
    BUCKETS = "buckets"
    PUSH = "push"
    ALARMS = "alarms"
    DASHBOARDS = "dashboards"


class Feature(StrEnum):
    """What a platform has that a person can decide about in the options."""

    CONTROLS = "controls"
    """Calls to devices that a person adds as controls."""
    ACTIVITY = "activity"
    """The platform keeps the values of devices, and tells which devices are not active."""
    DASHBOARDS = "dashboards"
    """The platform's dashboards know units and names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Who signed in, and where.

    ``server`` and ``user`` together never change for an account; no secret is part of them.
    """

    platform: IotPlatform
    server: str
    user: str
    title: str

    @property
    def key(self) -> str:
        """Return the account's id among all accounts of all platforms."""
        return f"{self.platform}:{self.server}/{self.user}"
