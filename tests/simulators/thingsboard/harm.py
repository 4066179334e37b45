"""Writes that a consumer must never do (thingsboard.md 8.2, 9)."""

from dataclasses import dataclass
from enum import Enum
from typing import Final

from tests.simulators.json_types import Json

# What the server itself keeps about a device's activity.
STATE_KEYS: Final = frozenset(
    {
        "active",
        "lastActivityTime",
        "lastConnectTime",
        "lastDisconnectTime",
        "inactivityAlarmTime",
    }
)
# What the server writes when a package is assigned (14).
_OTA_PREFIXES: Final = ("fw_", "sw_", "target_fw_", "target_sw_")


class How(Enum):
    """What is wrong with a write."""

    # A key of the server's own device state, by REST.
    STATE_KEY = "state key"
    # Attributes of the device's own scope (refused by the server).
    CLIENT_SCOPE = "client scope"
    # A key of the server's own update state, by REST.
    OTA_KEY = "ota key"
    # A post with a device's access token: the device looks active without being so.
    DEVICE_API = "device api"
    # Telemetry written by REST: not refused, but nothing that a consumer should do unasked.
    TELEMETRY = "telemetry"
    # Attributes of the server's scope, other than the above.
    SERVER_SCOPE = "server scope"


_HARMLESS: Final = {How.TELEMETRY, How.SERVER_SCOPE}


@dataclass(frozen=True, slots=True, kw_only=True)
class HarmfulWrite:
    """One key of one write."""

    device: str
    scope: str
    key: str
    value: Json
    path: str
    how: How

    @property
    def harmful(self) -> bool:
        """Whether it makes a device look active, or confuses the server."""
        return self.how not in _HARMLESS


def how_of(scope: str, key: str) -> How | None:
    """What is wrong with writing a key by REST; scope is `TELEMETRY` or an attribute scope."""
    if key in STATE_KEYS:
        return How.STATE_KEY
    if key.startswith(_OTA_PREFIXES):
        return How.OTA_KEY
    match scope:
        case "CLIENT_SCOPE":
            return How.CLIENT_SCOPE
        case "SERVER_SCOPE":
            return How.SERVER_SCOPE
        case "TELEMETRY":
            return How.TELEMETRY
        case _:
            return None
