"""Devices, resources and values for the tests."""

from typing import Final

from hypothesis import strategies as st

from custom_components.iot_platforms.model.change import Change, Listing, Samples
from custom_components.iot_platforms.model.device import (
    Category,
    Device,
    Resource,
    ResourceKey,
    ResourceKind,
    Sample,
)
from custom_components.iot_platforms.model.state import (
    AccountState,
    DeviceState,
    Touched,
    apply,
)
from custom_components.iot_platforms.model.value import JsonValue, ValueType

LIVE: Final = "live"
OTHER: Final = "other"


def key(resource_id: str = "r", *leaf: str, device_id: str = "d") -> ResourceKey:
    """Return a key, of the device ``d`` if nothing else is said."""
    return ResourceKey(device_id, resource_id, leaf)


def device(device_id: str = "d", **facts: object) -> Device:
    """Return a device that is online, if nothing else is said."""
    return Device(**{"id": device_id, "name": device_id, "online": True, **facts})  # type: ignore[arg-type]


def resource(
    resource_id: str = "r",
    kind: ResourceKind = ResourceKind.OUTPUT,
    *leaf: str,
    device_id: str = "d",
    **facts: object,
) -> Resource:
    """Return a resource in the list ``LIVE``, if nothing else is said."""
    values = {"name": resource_id, "source": LIVE, **facts}
    return Resource(
        key=key(resource_id, *leaf, device_id=device_id),
        kind=kind,
        **values,  # type: ignore[arg-type]
    )


def state_of(*resources: Resource, devices: tuple[Device, ...] = ()) -> AccountState:
    """Return the state of an account with these resources and their devices."""
    known = {device.id: device for device in devices}
    for found in resources:
        known.setdefault(found.key.device_id, device(found.key.device_id))
    return AccountState(
        devices={
            device_id: DeviceState(
                device=facts,
                resources={
                    found.key: found
                    for found in resources
                    if found.key.device_id == device_id
                },
            )
            for device_id, facts in known.items()
        }
    )


def listing(
    *resources: Resource, complete: tuple[str, ...] = (), device_id: str = "d"
) -> Listing:
    """Return what a device offers."""
    return Listing(
        device_id=device_id, resources=resources, complete=frozenset(complete)
    )


def samples(
    value: JsonValue, of: ResourceKey | None = None, at: float | None = None
) -> Samples:
    """Return one sample, of the resource ``r`` if nothing else is said."""
    return Samples((Sample(of or key(), value, at),))


def applied(state: AccountState, *changes: Change) -> AccountState:
    """Return the state after some changes."""
    for change in changes:
        state, _ = apply(state, change)
    return state


def touched_by(state: AccountState, change: Change) -> Touched:
    """Return what a change touches."""
    return apply(state, change)[1]


def nested(depth: int, innermost: JsonValue = 1) -> JsonValue:
    """Return lists in lists."""
    value = innermost
    for _ in range(depth):
        value = [value]
    return value


def nested_objects(depth: int, innermost: JsonValue = 1) -> JsonValue:
    """Return objects in objects."""
    value = innermost
    for _ in range(depth):
        value = {"x": value}
    return value


ANY_TEXT: Final = st.text(st.characters(exclude_categories=()), max_size=8)
"""Any text at all, half surrogate pairs among it."""
GOOD_TEXT: Final = st.text(max_size=8)

_SCALARS: Final = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([10**400, -(10**310), 2**63, -(2**63) - 1, 0, 1])
    | st.floats()
    | ANY_TEXT
    | st.sampled_from(["1", "21.0", "on", "nan", "-inf", "1e999", "9" * 400])
)
_NAMES: Final = ANY_TEXT | st.sampled_from(
    ["lat", "Latitude", "lon", "long", "r", "g", "b", "G", "", "/", "a/b", "in", "out"]
)
ANY_VALUE: Final[st.SearchStrategy[JsonValue]] = st.recursive(
    _SCALARS,
    lambda parts: (
        st.lists(parts, max_size=3) | st.dictionaries(_NAMES, parts, max_size=4)
    ),
    max_leaves=8,
)

KEYS: Final = st.builds(
    ResourceKey, ANY_TEXT, ANY_TEXT, st.lists(ANY_TEXT, max_size=3).map(tuple)
)

_MAYBE_NUMBER: Final = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_MAYBE_TEXT: Final = st.none() | GOOD_TEXT


def devices(device_ids: st.SearchStrategy[str]) -> st.SearchStrategy[Device]:
    """Return devices with all that can be said of them."""
    return st.builds(
        Device,
        id=device_ids,
        name=GOOD_TEXT,
        online=st.none() | st.booleans(),
        online_since=_MAYBE_NUMBER,
        enabled=st.booleans(),
        parent_id=_MAYBE_TEXT,
        type=_MAYBE_TEXT,
        area=_MAYBE_TEXT,
        is_service=st.booleans(),
    )


def resources(keys: st.SearchStrategy[ResourceKey]) -> st.SearchStrategy[Resource]:
    """Return resources with all that can be said of them."""
    return st.builds(
        Resource,
        key=keys,
        name=GOOD_TEXT,
        kind=st.sampled_from(ResourceKind),
        source=st.sampled_from([LIVE, OTHER]),
        value_type=st.none() | st.sampled_from(ValueType),
        read_safe=st.booleans(),
        needs_device=st.booleans(),
        example=st.none() | st.booleans() | st.integers(-9, 9) | GOOD_TEXT,
        unit=_MAYBE_TEXT,
        minimum=_MAYBE_NUMBER,
        maximum=_MAYBE_NUMBER,
        step=_MAYBE_NUMBER,
        options=st.lists(GOOD_TEXT, max_size=2).map(tuple),
        category=st.none() | st.sampled_from(Category),
        enabled_default=st.booleans(),
        translation_key=_MAYBE_TEXT,
    )
