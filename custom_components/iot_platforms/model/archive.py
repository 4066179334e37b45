"""An account's devices, resources and last written values, as JSON that outlives a restart."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from .device import Category, Device, Resource, ResourceKey, ResourceKind, Sample
from .state import AccountState, DeviceState
from .value import ValueType


def to_json(state: AccountState) -> dict[str, Any]:
    """Return what is worth keeping; values only of what takes them: the rest is read anew."""
    return {
        "devices": [
            {
                "device": asdict(known.device),
                "resources": [_resource_json(r) for r in known.resources.values()],
                "written": [
                    [sample.key.text, sample.value, sample.at]
                    for sample in known.samples.values()
                    if known.resources[sample.key].kind is ResourceKind.INPUT
                ],
            }
            for known in state.devices.values()
        ]
    }


def from_json(data: Mapping[str, Any]) -> AccountState:
    """Return what was kept. What this version does not understand is left out."""
    devices: dict[str, DeviceState] = {}
    for row in data.get("devices", ()):
        try:
            known = _device_state(row)
        except AttributeError, KeyError, TypeError, ValueError:
            continue
        devices[known.device.id] = known
    return AccountState(devices=devices)


def _resource_json(resource: Resource) -> dict[str, Any]:
    defaults = {field.name: field.default for field in fields(Resource)}
    values = {field.name: getattr(resource, field.name) for field in fields(Resource)}
    kept = {name: value for name, value in values.items() if value != defaults[name]}
    return kept | {"key": resource.key.text}


def _device_state(row: Mapping[str, Any]) -> DeviceState:
    resources = {}
    for saved in row["resources"]:
        resource = _resource(saved)
        resources[resource.key] = resource
    samples = {}
    for text, value, at in row["written"]:
        sample = Sample(ResourceKey.parse(text), value, at)
        if sample.key in resources:
            samples[sample.key] = sample
    return DeviceState(
        device=Device(**row["device"]), resources=resources, samples=samples
    )


def _resource(saved: Mapping[str, Any]) -> Resource:
    values: dict[str, Any] = dict(saved)
    values["key"] = ResourceKey.parse(values["key"])
    values["kind"] = ResourceKind(values["kind"])
    if "value_type" in values:
        values["value_type"] = ValueType(values["value_type"])
    if "category" in values:
        values["category"] = Category(values["category"])
    if "options" in values:
        values["options"] = tuple(values["options"])
    return Resource(**values)
