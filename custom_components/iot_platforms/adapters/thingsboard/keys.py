"""The names of values: which kind they are of, and what they are called (7.1)."""

from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple

from ...model.value import JsonValue


class Source(StrEnum):
    """Where the server keeps a value."""

    TELEMETRY = "telemetry"
    SHARED = "shared"
    SERVER = "server"
    CLIENT = "client"

    @property
    def key_type(self) -> str:
        """Return the source as queries name it."""
        return _KEY_TYPES[self]

    @property
    def scope(self) -> str:
        """Return the attributes' scope as paths name it (8.1)."""
        return f"{self.upper()}_SCOPE"


_KEY_TYPES: Final = {
    Source.TELEMETRY: "TIME_SERIES",
    Source.SHARED: "SHARED_ATTRIBUTE",
    Source.SERVER: "SERVER_ATTRIBUTE",
    Source.CLIENT: "CLIENT_ATTRIBUTE",
}
SOURCE_OF_TYPE: Final = {name: source for source, name in _KEY_TYPES.items()}
ATTRIBUTES: Final = (Source.SHARED, Source.SERVER, Source.CLIENT)


class Key(NamedTuple):
    """The name of a value, on any device."""

    source: Source
    name: str

    @property
    def resource_id(self) -> str:
        """Return the id of the resource that has this value."""
        return f"{self.source}/{self.name}"

    @property
    def asked(self) -> dict[str, JsonValue]:
        """Return the key as queries take it."""
        return {"type": self.source.key_type, "key": self.name}

    @property
    def is_moment(self) -> bool:
        """Return whether this is a time of a device's activity, in milliseconds (9)."""
        return self.name in TIMES and self.source in (Source.SERVER, Source.TELEMETRY)

    @staticmethod
    @lru_cache(10_000)
    def of(resource_id: str) -> Key | None:
        """Return the key of a resource's id, None where it is not one value of the server's."""
        source, _, name = resource_id.partition("/")
        return Key(Source(source), name) if source in Source and name else None


ACTIVE: Final = "active"
ACTIVE_KEYS: Final = (
    Key(Source.SERVER, ACTIVE),
    Key(Source.TELEMETRY, ACTIVE),
)
"""An operator can have the state kept as telemetry instead (9)."""
TIMES: Final = {
    "lastActivityTime": "last_activity",
    "lastConnectTime": "last_connect",
    "lastDisconnectTime": "last_disconnect",
    "inactivityAlarmTime": "inactivity_alarm",
}
"""Moments of a device's activity, and what we call them (9)."""
TIMEOUT: Final = "inactivityTimeout"
STATE_NAMES: Final = frozenset({ACTIVE, TIMEOUT, *TIMES})
"""What the server's state service keeps: nobody else may write it (8.2)."""
