"""Devices and what they offer."""

from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple, Self
from urllib.parse import quote, unquote

from .value import JsonValue, ValueType

_ANY_TEXT: Final = "surrogatepass"
"""An id may be a text that UTF-8 does not know: JSON can spell halves of surrogate pairs."""


class ResourceKind(StrEnum):
    """A resource's direction, seen from its device."""

    OUTPUT = "output"
    INPUT = "input"
    INPUT_OUTPUT = "input_output"
    CALLBACK = "callback"


class Category(StrEnum):
    """What a resource is for, where it is not what the device is for."""

    DIAGNOSTIC = "diagnostic"
    CONFIG = "config"


def device_key_text(device_id: str) -> str:
    """Return a device's id as it stands in the texts of its resources' keys."""
    return _quoted(device_id)


class ResourceKey(NamedTuple):
    """The stable name of a resource: made of the platform's own ids only.

    ``leaf`` is the way into an object value, empty for the resource itself.
    """

    device_id: str
    resource_id: str
    leaf: tuple[str, ...] = ()

    @property
    def root(self) -> ResourceKey:
        """Return the key of the whole resource that this is a part of."""
        return ResourceKey(self.device_id, self.resource_id) if self.leaf else self

    def child(self, name: str) -> ResourceKey:
        """Return the key of a part of this resource's object value."""
        return ResourceKey(self.device_id, self.resource_id, (*self.leaf, name))

    @property
    def text(self) -> str:
        """Return the key as text, the same for ever, that ``parse`` understands."""
        return "/".join(map(_quoted, (self.device_id, self.resource_id, *self.leaf)))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that a text stands for; raises ValueError where it is none."""
        device_id, resource_id, *leaf = (
            unquote(part, errors=_ANY_TEXT) for part in text.split("/")
        )
        return cls(device_id, resource_id, tuple(leaf))


@lru_cache(10_000)
def _quoted(part: str) -> str:
    """Return a part of a key as text; the same parts come again in many keys."""
    return quote(part, safe="", errors=_ANY_TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A thing that the platform lists.

    ``online`` is None where the platform does not tell; ``online_since`` is the time of the last
    change of connectivity, in Unix seconds.
    """

    id: str
    name: str
    online: bool | None = None
    online_since: float | None = None
    enabled: bool = True
    parent_id: str | None = None
    type: str | None = None
    manufacturer: str | None = None
    model: str | None = None
    model_id: str | None = None
    serial_number: str | None = None
    firmware: str | None = None
    hardware: str | None = None
    url: str | None = None
    area: str | None = None
    description: str | None = None
    is_service: bool = False
    """True for what is no thing, but stands for a part of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One thing that a device offers.

    ``source`` names the adapter's list that it stands in. ``value_type`` is None until a value or a
    person told it; ``example`` is the value that told it, so that what it means is decided once.
    ``read_safe`` is False where reading could act on the device. ``needs_device`` is False where the
    platform itself holds the value, so that it can be had while the device is offline. ``writable``
    is an output that takes values too, where a person wants that. The rest are
    the platform's hints for the mapping: ``unit`` as the platform writes it, ``meaning`` a word that
    names what is measured.
    """

    key: ResourceKey
    name: str
    kind: ResourceKind
    source: str = ""
    value_type: ValueType | None = None
    read_safe: bool = True
    needs_device: bool = True
    writable: bool = False
    example: JsonValue = None
    unit: str | None = None
    meaning: str | None = None
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    options: tuple[str, ...] = ()
    category: Category | None = None
    enabled_default: bool = True
    translation_key: str | None = None
    """Set for what we name ourselves (address, traffic …); ``name`` is data otherwise."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A value of a resource at a time (Unix seconds, None where unknown)."""

    key: ResourceKey
    value: JsonValue
    at: float | None = None
