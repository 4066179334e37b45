"""What a person wants a device to do."""

from dataclasses import dataclass

from .device import ResourceKey
from .value import JsonValue


@dataclass(frozen=True, slots=True)
class Write:
    """Give a resource a value; objects are written whole."""

    key: ResourceKey
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Run:
    """Run a callback."""

    key: ResourceKey


@dataclass(frozen=True, slots=True)
class Call:
    """Give an input/output resource a value and take its answer."""

    key: ResourceKey
    value: JsonValue


@dataclass(frozen=True, slots=True)
class Read:
    """Read a resource now; raises UnsafeReadError where that could act on the device."""

    key: ResourceKey


type Command = Write | Run | Call | Read
