"""An account's devices, resources and last written values, as JSON that outlives a restart."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, fields
import math
from typing import Any, Final

from .device import Category, Device, Resource, ResourceKey, ResourceKind, Sample
from .state import AccountState, DeviceState
from .value import JsonValue, ValueType, is_storable

_DEFAULTS: Final = {field.name: field.default for field in fields(Resource)}
_ENUMS: Final = {"kind": ResourceKind, "value_type": ValueType, "category": Category}
_LOOSER: Final[dict[Any, Any]] = {
    float | None: int | float | None,
    tuple[str, ...]: tuple,
    JsonValue: object,
}
"""What ``isinstance`` has to be asked for instead of some fields' types."""


def to_json(state: AccountState) -> dict[str, Any]:
    """Return what is worth keeping; values only of what takes them: the rest is read anew.

    What strict JSON cannot hold is left out: it would keep everything else from being kept.
    """
    return {
        "devices": [
            {
                "device": device,
                "resources": list(filter(is_storable, _resources(known))),
                "written": list(filter(is_storable, _written(known))),
            }
            for known in state.devices.values()
            if is_storable(device := asdict(known.device))
        ]
    }


def from_json(data: object) -> AccountState:
    """Return what was kept. What this version does not understand is left out."""
    devices: dict[str, DeviceState] = {}
    for row in _list(data, "devices"):
        try:
            device = Device(**_checked(row["device"], Device))
        except KeyError, TypeError, ValueError:
            continue
        devices[device.id] = _device_state(device, row)
    return AccountState(devices=devices)


def _resources(known: DeviceState) -> Iterator[dict[str, JsonValue]]:
    for resource in known.resources.values():
        row = {
            name: value
            for name, default in _DEFAULTS.items()
            if (value := getattr(resource, name)) != default
        }
        row["key"] = resource.key.text
        if resource.options:
            row["options"] = list(resource.options)
        yield row


def _written(known: DeviceState) -> Iterator[list[JsonValue]]:
    for key, sample in known.samples.items():
        if known.resources[key].kind is ResourceKind.INPUT:
            is_time = sample.at is not None and math.isfinite(sample.at)
            yield [key.text, sample.value, sample.at if is_time else None]


def _device_state(device: Device, row: Mapping[str, Any]) -> DeviceState:
    resources = {}
    for saved in _list(row, "resources"):
        try:
            resource = _resource(saved)
        except KeyError, TypeError, ValueError:
            continue
        if resource.key.device_id == device.id:
            resources[resource.key] = resource
    samples = {}
    for saved in _list(row, "written"):
        try:
            sample = _sample(saved)
        except TypeError, ValueError:
            continue
        if sample.key in resources:
            samples[sample.key] = sample
    return DeviceState(device=device, resources=resources, samples=samples)


def _resource(saved: object) -> Resource:
    values = dict(saved) if isinstance(saved, Mapping) else {}
    values["key"] = _key(values["key"])
    for name, enum in _ENUMS.items():
        if name in values:
            values[name] = enum(values[name])
    if "options" in values:
        values["options"] = tuple(map(_text, _list(values, "options")))
    return Resource(**_checked(values, Resource))


def _sample(saved: object) -> Sample:
    if not isinstance(saved, list) or not is_storable(saved):
        raise TypeError
    text, value, at = saved
    if at is not None and (isinstance(at, bool) or not isinstance(at, int | float)):
        raise TypeError
    return Sample(_key(text), value, at)


def _key(text: object) -> ResourceKey:
    return ResourceKey.parse(_text(text))


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _list(data: object, name: str) -> list[Any]:
    found = data.get(name) if isinstance(data, Mapping) else None
    return found if isinstance(found, list) else []


def _checked(values: object, kind: type[Device | Resource]) -> dict[str, Any]:
    """Return the fields that this version knows; raises where one is not what it should be."""
    if not isinstance(values, Mapping):
        raise TypeError
    known = {field.name: field.type for field in fields(kind)}
    checked = {name: value for name, value in values.items() if name in known}
    for name, value in checked.items():
        if not isinstance(value, _LOOSER.get(known[name], known[name])):
            raise TypeError
    return checked
