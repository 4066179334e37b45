"""Several values that are one thing: a place on the map, the state of an update (14, 16.3)."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from ...model.device import Resource, ResourceKey, ResourceKind
from ...model.value import (
    LATITUDE_NAMES,
    LONGITUDE_NAMES,
    JsonValue,
    ValueType,
)
from .keys import Key, Source

UPDATES: Final = {"fw": "firmware", "sw": "software"}
"""The prefixes of the keys of updates over the air, and what is updated (14)."""
_BUSY: Final = frozenset(
    {"QUEUED", "INITIATED", "DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING"}
)
_FAILED: Final = "FAILED"
_PLACES: Final = (Source.TELEMETRY, Source.CLIENT, Source.SERVER)
"""Where a position can stand, the most telling source first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Composite:
    """One thing made of several values; ``parts`` are their keys by the names in its object."""

    id: str
    value_type: ValueType
    parts: Mapping[str, Key]
    translation_key: str

    def resource(self, device_id: str, *, writable: bool) -> Resource:
        """Return what this is on a device."""
        is_update = self.value_type is ValueType.FIRMWARE
        return Resource(
            key=ResourceKey(device_id, self.id),
            name=self.translation_key,
            kind=ResourceKind.OUTPUT,
            source=self.id,
            value_type=self.value_type,
            needs_device=False,
            writable=writable and is_update,
            translation_key=self.translation_key,
        )

    def value(self, values: Mapping[Key, JsonValue]) -> JsonValue:
        """Return the object; None for the parts that are not known."""
        parts = {name: values.get(key) for name, key in self.parts.items()}
        return parts if self.value_type is ValueType.POSITION else _update(parts)


@dataclass(slots=True)
class Composites:
    """What there is of each device that is one thing, with its newest values."""

    _found: dict[str, dict[str, Composite]] = field(default_factory=dict)
    _by_key: dict[tuple[str, Key], Composite] = field(default_factory=dict)
    _values: dict[str, dict[Key, JsonValue]] = field(default_factory=dict)

    def note(self, device_id: str, keys: Collection[Key]) -> Collection[Composite]:
        """Return what the keys of a device make up; once found it stays as it is."""
        found = self._found.setdefault(device_id, {})
        for composite in _made_of(keys):
            if composite.id not in found and not (
                composite.value_type is ValueType.POSITION
                and any(c.value_type is ValueType.POSITION for c in found.values())
            ):
                found[composite.id] = composite
                for key in composite.parts.values():
                    self._by_key[device_id, key] = composite
        return found.values()

    def parts_of(self, key: ResourceKey) -> Collection[Key]:
        """Return the keys that a resource is made of; empty where it is no composite."""
        composite = self._found.get(key.device_id, {}).get(key.resource_id)
        return composite.parts.values() if composite else ()

    def updated(
        self, device_id: str, values: Mapping[Key, JsonValue]
    ) -> Iterator[tuple[str, JsonValue]]:
        """Yield ids and values of what is another thing with these new values of its parts."""
        touched: dict[str, Composite] = {}
        for key, value in values.items():
            if composite := self._by_key.get((device_id, key)):
                self._values.setdefault(device_id, {})[key] = value
                touched[composite.id] = composite
        for composite in touched.values():
            yield composite.id, composite.value(self._values[device_id])


def _made_of(keys: Collection[Key]) -> Iterator[Composite]:
    for source in _PLACES:
        latitude = _named(keys, source, LATITUDE_NAMES)
        longitude = _named(keys, source, LONGITUDE_NAMES)
        if latitude and longitude:
            yield Composite(
                id=f"position/{source}",
                value_type=ValueType.POSITION,
                parts={"latitude": latitude, "longitude": longitude},
                translation_key="position",
            )
            break
    for prefix, name in UPDATES.items():
        parts = {
            "current": Key(Source.TELEMETRY, f"current_{prefix}_version"),
            "target": Key(Source.TELEMETRY, f"target_{prefix}_version"),
            "state": Key(Source.TELEMETRY, f"{prefix}_state"),
            "error": Key(Source.TELEMETRY, f"{prefix}_error"),
            "current_title": Key(Source.TELEMETRY, f"current_{prefix}_title"),
            "target_title": Key(Source.TELEMETRY, f"target_{prefix}_title"),
        }
        if any(parts[part] in keys for part in ("current", "target", "state")):
            yield Composite(
                id=name,
                value_type=ValueType.FIRMWARE,
                parts=parts,
                translation_key=name,
            )


def _named(keys: Collection[Key], source: Source, names: Collection[str]) -> Key | None:
    return next(
        (key for key in keys if key.source is source and key.name.lower() in names),
        None,
    )


def _update(parts: Mapping[str, JsonValue]) -> JsonValue:
    """Return the state of an update as ``ValueType.FIRMWARE`` has it (14)."""
    installed, target = _text(parts["current"]), _text(parts["target"])
    state = _text(parts["state"])
    return {
        "installed": installed,
        "latest": target or installed,
        "in_progress": state in _BUSY and installed != target,
        "error": (_text(parts["error"]) or _FAILED) if state == _FAILED else None,
        "title": _text(parts["target_title"]) or _text(parts["current_title"]),
    }


def _text(value: JsonValue) -> str | None:
    if isinstance(value, bool) or value is None or isinstance(value, dict | list):
        return None
    return str(value) or None
