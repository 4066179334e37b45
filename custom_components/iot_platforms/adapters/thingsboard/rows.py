"""Rows of queries and subscriptions: a device with fields and values, as texts (7.2)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
import re
from typing import Any, Final, NamedTuple

from ...model.value import JsonValue
from .keys import ACTIVE_KEYS, SOURCE_OF_TYPE, Key

_ID: Final = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
"""An id becomes part of paths: nothing else may."""


class Reading(NamedTuple):
    """A value, as a text unless it has its own type; its time in Unix seconds, if known."""

    at: float | None
    text: JsonValue
    is_typed: bool = False

    @property
    def is_missing(self) -> bool:
        """Return whether this is how the server says that there is no value."""
        return not self.at and self.text in ("", None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One entity. ``gone`` are keys that the server says to have no value (any more)."""

    id: str
    fields: Mapping[str, str]
    values: Mapping[Key, Reading]
    gone: frozenset[Key] = frozenset()

    @property
    def activity(self) -> tuple[bool, float | None] | None:
        """Return whether the device is active and since when, None where this does not tell (9)."""
        found = [self.values[key] for key in ACTIVE_KEYS if key in self.values]
        if not found:
            return None
        newest = max(found, key=lambda reading: reading.at or 0)
        return str(newest.text).lower() == "true", newest.at


def rows_of(data: JsonValue) -> list[Row]:
    """Return the rows of a page or an update; what is no row is left out."""
    found = data if isinstance(data, list) else []
    return [row for item in found if (row := _row(item)) is not None]


# Any: whatever a server sends; what does not fit fails, which is an answer as well.
def fingerprint(item: Any) -> tuple[str, int] | None:
    """Return whose row this is and what tells it from another of the same device.

    None for what is no proper row. Fields count by their times too, which are those of the answer.
    """
    try:
        values = tuple(
            (name, value["ts"], value["value"])
            for group in item["latest"].values()
            for name, value in group.items()
        )
        return item["entityId"]["id"], hash(values)
    except TypeError, KeyError, AttributeError:
        return None


def entity_id(reference: JsonValue, entity_type: str | None = None) -> str | None:
    """Return the id of an id object, None where it is none or of another type (3)."""
    if not isinstance(reference, dict):
        return None
    found, kind = reference.get("id"), reference.get("entityType")
    if entity_type is not None and kind != entity_type:
        return None
    return found if isinstance(found, str) and _ID.fullmatch(found) else None


def _row(item: JsonValue) -> Row | None:
    if not isinstance(item, dict):
        return None
    device_id = entity_id(item.get("entityId"))
    latest = item.get("latest")
    if device_id is None or not isinstance(latest, dict):
        return None
    values: dict[Key, Reading] = {}
    gone: set[Key] = set()
    for key, value in _values(latest):
        if value.is_missing:
            gone.add(key)
        else:
            values[key] = value
    return Row(
        id=device_id,
        fields=_fields(latest.get("ENTITY_FIELD")),
        values=values,
        gone=frozenset(gone),
    )


def _values(latest: Mapping[str, JsonValue]) -> Iterable[tuple[Key, Reading]]:
    for type_name, source in SOURCE_OF_TYPE.items():
        group = latest.get(type_name)
        if isinstance(group, dict):
            for name, value in group.items():
                if isinstance(value, dict) and "value" in value:
                    yield (
                        Key(source, name),
                        Reading(seconds(value.get("ts")), value["value"]),
                    )


def _fields(group: JsonValue) -> dict[str, str]:
    if not isinstance(group, dict):
        return {}
    return {
        name: text
        for name, value in group.items()
        if isinstance(value, dict) and isinstance(text := value.get("value"), str)
    }


def seconds(milliseconds: JsonValue) -> float | None:
    """Return a time in Unix seconds, None where it is none."""
    if isinstance(milliseconds, bool) or not isinstance(milliseconds, int | float):
        return None
    try:
        return milliseconds / 1000
    except OverflowError:
        return None
