"""What the account's events mean (9.2)."""

from collections.abc import Callable, Collection, Mapping
from typing import Final

from ...model.change import Change, Connectivity, DeviceLeft, ResyncNeeded
from ...model.value import JsonValue
from . import records
from .buckets import Buckets
from .parsing import seconds_of, text_of

SUBSCRIBED: Final = (
    "device_state_change",
    "device_property_update",
    "device_create",
    "device_update",
    "device_delete",
)
"""Events of the whole account; ``bucket_write`` is asked for bucket by bucket."""

_ONLINE_BY_STATE: Final = {
    "connected": True,
    "resumed": True,
    "awake": True,
    "asleep": True,
    "disconnected": False,
}
_NEW_CONNECTION: Final = ("connected", "disconnected")


class Events:
    """Turns the frames of the account's socket into changes."""

    def __init__(
        self,
        buckets: Buckets,
        *,
        excluded: Collection[str],
        on_connection: Callable[[str], None],
    ) -> None:
        """Prepare; ``on_connection`` is told of each device that came or left."""
        self._buckets = buckets
        self._excluded = excluded
        self._on_connection = on_connection

    def change(self, frame: Mapping[str, JsonValue]) -> Change | None:
        """Return what an event says, None where it says nothing to us."""
        event = frame.get("event")
        if event == "bucket_write":
            return self._row(frame)
        device_id = text_of(frame.get("device"))
        if device_id is None or device_id in self._excluded:
            return None
        match event:
            case "device_state_change":
                return self._state(device_id, frame)
            case "device_property_update":
                return records.property_update(device_id, frame)
            case "device_create" | "device_update":
                # The event has no facts: the list does.
                return ResyncNeeded()
            case "device_delete":
                return DeviceLeft(device_id)
            case _:
                return None

    def _state(self, device_id: str, frame: Mapping[str, JsonValue]) -> Change:
        state = text_of(frame.get("state")) or ""
        if state in _NEW_CONNECTION:
            self._on_connection(device_id)
        online = _ONLINE_BY_STATE.get(state)
        if online is None:
            return ResyncNeeded()
        return Connectivity(device_id, online, seconds_of(frame.get("ts")))

    def _row(self, frame: Mapping[str, JsonValue]) -> Change | None:
        bucket_id, row = text_of(frame.get("bucket")), frame.get("data")
        if bucket_id is None or not isinstance(row, dict):
            return None
        return self._buckets.row(bucket_id, {"ts": frame.get("ts"), **row})
