"""From rows to devices, resources and samples (6.2, 9, 16)."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from ...model.change import Connectivity, Listing
from ...model.choices import Choices
from ...model.control import CONTROL_PREFIX, control_resources
from ...model.device import (
    Category,
    Device,
    Resource,
    ResourceKey,
    ResourceKind,
    Sample,
)
from ...model.errors import UnexpectedAnswerError
from ...model.value import (
    LATITUDE_NAMES,
    LONGITUDE_NAMES,
    MAX_EXAMPLE_CHARS,
    JsonValue,
    ValueType,
)
from ...transport.parsing import parsed
from .catalog import Catalog
from .composites import UPDATES, Composites
from .keys import ACTIVE, STATE_NAMES, TIMEOUT, TIMES, Key, Source
from .rows import Reading, Row, entity_id, seconds
from .values import typed

_CUSTOMER: Final = "CUSTOMER"
_PUBLIC: Final = "Public"
"""The customer that stands for everybody is no place."""
_UPDATE_PREFIXES: Final = tuple(
    f"{whose}{prefix}_" for prefix in UPDATES for whose in ("", "current_", "target_")
)
_VERSIONS: Final = ("_version", "_title")
_PLACE_NAMES: Final = frozenset({*LATITUDE_NAMES, *LONGITUDE_NAMES})
_FACTS: Final[Mapping[str, tuple[str, ...]]] = {
    "manufacturer": ("manufacturer", "vendor"),
    "model_id": ("model", "modelName", "model_name"),
    "serial_number": ("serialNumber", "serial_number", "serial"),
    "hardware": ("hwVersion", "hw_version", "hardwareVersion"),
    "firmware": ("fwVersion", "fw_version", "firmwareVersion"),
}
"""Free names under which installations keep what the platform has no field for (6.2)."""
_FACT_SOURCES: Final = (Source.CLIENT, Source.SERVER)
_FACT_NAMES: Final = frozenset(name for names in _FACTS.values() for name in names)
_AREAS: Final = ("room", "area", "location")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """What a dashboard says about a key (16.2)."""

    unit: str | None = None
    label: str | None = None


@dataclass(slots=True, kw_only=True)
class Mapper:
    """Makes what the rest knows of what the server tells.

    An administrator may install updates, and has customers where others have none; ``areas`` and
    ``hints`` are what places and dashboards told.
    """

    url: str
    choices: Choices
    catalog: Catalog
    is_administrator: bool
    composites: Composites = field(default_factory=Composites)
    areas: Mapping[str, str] = field(default_factory=dict)
    hints: Mapping[Key, Hint] = field(default_factory=dict)
    _resources: dict[tuple[str, Key], Resource] = field(default_factory=dict)
    _telling: set[str] = field(default_factory=set)
    _online: dict[str, bool] = field(default_factory=dict)

    def device(self, row: Row) -> Device:
        """Return the device of a row."""
        fields, info = row.fields, _object(row.fields.get("additionalInfo", ""))
        activity = row.activity
        if activity is not None:
            self._online[row.id] = activity[0]
        facts = {name: self._fact(row, names) for name, names in _FACTS.items()}
        current = row.values.get(Key(Source.TELEMETRY, "current_fw_version"))
        description = info.get("description")
        gateway = info.get("lastConnectedGateway")
        return Device(
            id=row.id,
            name=fields.get("label", "").strip()
            or fields.get("name", "").strip()
            or row.id,
            online=activity[0] if activity else None,
            online_since=activity[1] if activity else None,
            parent_id=_gateway(gateway, row.id),
            type=fields.get("type") or None,
            manufacturer=facts["manufacturer"],
            model=fields.get("type") or None,
            model_id=facts["model_id"],
            serial_number=facts["serial_number"],
            hardware=facts["hardware"],
            firmware=(_text(current) if current else None) or facts["firmware"],
            url=f"{self.url}/devices/{row.id}",
            area=self._area(row),
            description=description if isinstance(description, str) else None,
        )

    def listing(self, row: Row, *, is_complete: bool = True) -> Listing:
        """Return what the device of a row offers, with all its values."""
        if any(
            key.source is Source.TELEMETRY and key.name not in STATE_NAMES
            for key in row.values
        ):
            self._telling.add(row.id)
        resources = [
            resource
            for key, reading in row.values.items()
            if (resource := self._resource(row.id, key, reading)) is not None
        ]
        resources += (
            composite.resource(row.id, writable=self.is_administrator)
            for composite in self.composites.note(row.id, row.values.keys())
        )
        resources += control_resources(self.choices.controls, row.id)
        sources = {resource.source for resource in resources}
        return Listing(
            device_id=row.id,
            resources=tuple(resources),
            samples=tuple(self.samples(row)),
            complete=frozenset({*Source, CONTROL_PREFIX, *sources})
            if is_complete
            else frozenset(),
        )

    def samples(self, row: Row) -> list[Sample]:
        """Return the values of a row, with what they are part of."""
        values = {key: self._value(key, reading) for key, reading in row.values.items()}
        # What the server has no value for any more is unknown, not what it was.
        values |= dict.fromkeys(k for k in row.gone if (row.id, k) in self._resources)
        found = [
            Sample(
                ResourceKey(row.id, key.resource_id),
                value,
                row.values[key].at if key in row.values else None,
            )
            for key, value in values.items()
            if key.name != ACTIVE
        ]
        found += (
            Sample(ResourceKey(row.id, resource_id), value)
            for resource_id, value in self.composites.updated(row.id, values)
        )
        return found

    def connectivity(self, row: Row) -> Connectivity | None:
        """Return that the device of a row came or left, None where that is no news."""
        activity = row.activity
        if activity is None or self._online.get(row.id) is activity[0]:
            return None
        self._online[row.id] = activity[0]
        return Connectivity(row.id, activity[0], activity[1])

    def online(self, device_id: str) -> bool | None:
        """Return whether a device is active, None where nobody knows."""
        return self._online.get(device_id)

    def has_telemetry(self, device_id: str) -> bool:
        """Return whether a device has told anything so far."""
        return device_id in self._telling

    def _value(self, key: Key, reading: Reading) -> JsonValue:
        if key.is_moment:
            moment = typed(reading.text, ValueType.NUMBER)
            # No connection yet is a zero, and no moment.
            return seconds(moment) or None
        if reading.is_typed or (_is_of_update(key) and key.name.endswith(_VERSIONS)):
            return reading.text
        return typed(reading.text, self.catalog.value_type(key))

    def _resource(self, device_id: str, key: Key, reading: Reading) -> Resource | None:
        if key.name == ACTIVE and key.source in (Source.SERVER, Source.TELEMETRY):
            return None
        known = self._resources.get((device_id, key))
        if known is None:
            known = self._resources[device_id, key] = self._described(
                device_id, key, reading
            )
        return known

    def _described(self, device_id: str, key: Key, reading: Reading) -> Resource:
        hint = self.hints.get(key, Hint())
        resource = Resource(
            key=ResourceKey(device_id, key.resource_id),
            name=hint.label or key.name,
            kind=ResourceKind.INPUT
            if key.source is Source.SHARED
            else ResourceKind.OUTPUT,
            source=key.source,
            unit=hint.unit,
            needs_device=self.choices.hides_inactive
            and key.source in (Source.TELEMETRY, Source.CLIENT),
            writable=key.source is Source.SERVER,
            category=Category.DIAGNOSTIC if key.source is Source.SERVER else None,
            enabled_default=key.name.lower() not in _PLACE_NAMES
            and not _is_long(reading.text),
        )
        if key.source in (Source.SERVER, Source.TELEMETRY) and key.name in STATE_NAMES:
            return _state(resource, key.name)
        # The page of the device shows its facts; parts of updates are nothing to play with (14).
        is_fact = key.source in _FACT_SOURCES and key.name in _FACT_NAMES
        if is_fact or _is_of_update(key):
            return replace(
                resource,
                kind=ResourceKind.OUTPUT,
                writable=resource.writable and is_fact,
                category=Category.DIAGNOSTIC,
                enabled_default=False,
            )
        return resource

    def _fact(self, row: Row, names: tuple[str, ...]) -> str | None:
        for name in names:
            for source in _FACT_SOURCES:
                reading = row.values.get(Key(source, name))
                if reading is not None and (text := _text(reading)):
                    return text
        return None

    def _area(self, row: Row) -> str | None:
        """Return where a device is, from the surest to the vaguest hint (13.3)."""
        if area := self.areas.get(row.id):
            return area
        owner = row.fields.get("ownerName", "").strip()
        is_customer = row.fields.get("ownerType") == _CUSTOMER
        if self.is_administrator and owner and is_customer and owner != _PUBLIC:
            return owner
        for name in _AREAS:
            for source in (Source.SERVER, Source.SHARED, Source.CLIENT):
                reading = row.values.get(Key(source, name))
                value = typed(reading.text, None) if reading else None
                if isinstance(value, str) and value.strip():
                    return value.strip()
        return None


def _state(resource: Resource, name: str) -> Resource:
    """Return the description of what the state service keeps (9)."""
    is_time = name in TIMES
    return replace(
        resource,
        value_type=ValueType.TIMESTAMP if is_time else None,
        unit="ms" if name == TIMEOUT else None,
        needs_device=False,
        writable=False,
        category=Category.DIAGNOSTIC,
        enabled_default=False,
        translation_key=TIMES.get(name, "inactivity_timeout"),
    )


def _gateway(reference: JsonValue, device_id: str) -> str | None:
    """Return the gateway that a device came through last, as far as that is another one (6.2)."""
    found = reference.get("id") if isinstance(reference, dict) else reference
    as_id = entity_id({"id": found})
    return as_id if as_id != device_id else None


def _is_of_update(key: Key) -> bool:
    return key.name.startswith(_UPDATE_PREFIXES)


def _is_long(text: JsonValue) -> bool:
    is_structure = isinstance(text, str) and text[:1] in ("{", "[")
    return isinstance(text, str) and len(text) > MAX_EXAMPLE_CHARS and not is_structure


def _text(reading: Reading) -> str | None:
    """Return a fact as text, None where it is none."""
    text = reading.text
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        return None
    return str(text).strip() or None


def _object(text: str) -> Mapping[str, JsonValue]:
    try:
        value = parsed(text) if text else None
    except UnexpectedAnswerError:
        return {}
    return value if isinstance(value, dict) else {}
