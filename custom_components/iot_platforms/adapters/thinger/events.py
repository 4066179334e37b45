"""What the account's events mean (9.2)."""

from collections.abc import Callable, Collection, Iterator, Mapping
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
_CONNECTIONS: Final = ("connected", "disconnected")


class Events:
    """Turns the frames of the account's socket into changes."""

    def __init__(
        self,
        buckets: Buckets,
        *,
        excluded: Collection[str],
        on_connection: Callable[[str, bool], bool],
    ) -> None:
        """Prepare; ``on_connection`` is told who came or left, and tells whether that is news."""
        self._buckets = buckets
        self._excluded = excluded
        self._on_connection = on_connection

    def changes(self, frame: Mapping[str, JsonValue]) -> Iterator[Change]:
        """Yield what an event says to us, perhaps nothing."""
        event = frame.get("event")
        if event == "bucket_write":
            yield from self._row(frame)
            return
        device_id = text_of(frame.get("device"))
        if device_id is None or device_id in self._excluded:
            return
        match event:
            case "device_state_change":
                yield from self._state(device_id, frame)
            case "device_property_update":
                if update := records.property_update(device_id, frame):
                    yield update
            case "device_create" | "device_update":
                # The event has no facts: the list does.
                yield ResyncNeeded()
            case "device_delete":
                yield DeviceLeft(device_id)

    def _state(
        self, device_id: str, frame: Mapping[str, JsonValue]
    ) -> Iterator[Change]:
        state = text_of(frame.get("state")) or ""
        online = _ONLINE_BY_STATE.get(state)
        if online is None:
            yield ResyncNeeded()
            return
        is_news = state not in _CONNECTIONS or self._on_connection(device_id, online)
        yield Connectivity(device_id, online, seconds_of(frame.get("ts")))
        if online and not is_news:
            # Nobody told that it left: what it offers may be another than before all the same.
            yield ResyncNeeded(device_id)

    def _row(self, frame: Mapping[str, JsonValue]) -> Iterator[Change]:
        bucket_id, row = text_of(frame.get("bucket")), frame.get("data")
        if bucket_id is not None and isinstance(row, dict):
            listing = self._buckets.row(bucket_id, {"ts": frame.get("ts"), **row})
            if listing is not None:
                yield listing
