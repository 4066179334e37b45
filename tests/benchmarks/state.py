"""One changed value among many: our state against a state that is copied whole."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from statistics import median
from time import perf_counter
from typing import Final

from custom_components.iot_platforms.model.change import Listing, Samples, Snapshot
from custom_components.iot_platforms.model.device import (
    Device,
    Resource,
    ResourceKey,
    ResourceKind,
    Sample,
)
from custom_components.iot_platforms.model.state import AccountState, apply
from custom_components.iot_platforms.model.value import ValueType

from .fleet import device_id, paths

SECONDS: Final = 0.4
"""So long each way of changing a value is tried."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An account of a size."""

    devices: int
    outputs: int


@dataclass(frozen=True, slots=True)
class Change:
    """How long one changed value takes, in seconds, in three ways."""

    ours: float
    rebuilt: float
    copied: float


def change_one_value(shape: Shape) -> Change:
    """Measure what one changed value costs in an account of this shape."""
    keys = [
        ResourceKey(device_id(place), path)
        for place in range(shape.devices)
        for path in paths(shape.outputs)
    ]
    return Change(_ours(keys), _rebuilt(keys), _copied(keys))


def _ours(keys: list[ResourceKey]) -> float:
    state = _state(keys)
    number = 0

    def change() -> None:
        nonlocal state, number
        number += 1
        key = keys[number * 7919 % len(keys)]
        state, touched = apply(state, Samples((Sample(key, float(number)),)))
        assert touched.values == {key}

    return _seconds(change)


def _rebuilt(keys: list[ResourceKey]) -> float:
    """A new object for everything, from what was parsed: what a full poll does at least."""
    values = _plain(keys)
    number = 0

    def change() -> None:
        nonlocal values, number
        number += 1
        changed = keys[number * 7919 % len(keys)]
        values = {
            device: {
                resource: float(number)
                if (device, resource) == (changed.device_id, changed.resource_id)
                else value
                for resource, value in resources.items()
            }
            for device, resources in values.items()
        }

    return _seconds(change)


def _copied(keys: list[ResourceKey]) -> float:
    """A deep copy, so that the old state stays as it was."""
    values = _plain(keys)
    number = 0

    def change() -> None:
        nonlocal values, number
        number += 1
        changed = keys[number * 7919 % len(keys)]
        values = deepcopy(values)
        values[changed.device_id][changed.resource_id] = float(number)

    return _seconds(change)


def _seconds(change: Callable[[], None]) -> float:
    """Return the median time of a change."""
    times: list[float] = []
    end = perf_counter() + SECONDS
    while (begin := perf_counter()) < end or len(times) < 3:
        change()
        times.append(perf_counter() - begin)
    return median(times)


def _state(keys: list[ResourceKey]) -> AccountState:
    resources: dict[str, list[Resource]] = {}
    for key in keys:
        resource = Resource(
            key=key,
            name=key.resource_id,
            kind=ResourceKind.OUTPUT,
            value_type=ValueType.NUMBER,
        )
        resources.setdefault(key.device_id, []).append(resource)
    state, _ = apply(
        AccountState(),
        Snapshot(
            devices=tuple(Device(id=name, name=name) for name in resources),
            complete=True,
            listings=tuple(
                Listing(
                    device_id=name,
                    resources=tuple(offered),
                    samples=tuple(Sample(each.key, 0.5) for each in offered),
                )
                for name, offered in resources.items()
            ),
        ),
    )
    return state


def _plain(keys: list[ResourceKey]) -> dict[str, dict[str, float]]:
    values: dict[str, dict[str, float]] = {}
    for key in keys:
        values.setdefault(key.device_id, {})[key.resource_id] = 0.5
    return values
