"""What a person can make of a resource."""

import pytest

from custom_components.iot_platforms.mapping import EntityType, Override, map_resource
from custom_components.iot_platforms.mapping.choice import possible
from custom_components.iot_platforms.model.device import (
    Resource,
    ResourceKey,
    ResourceKind,
)
from custom_components.iot_platforms.model.value import ValueType


def resource(name: str, value_type: ValueType | None) -> Resource:
    """Return an input that nobody marked as safe to read."""
    return Resource(
        key=ResourceKey("device", name),
        name=name,
        kind=ResourceKind.INPUT,
        value_type=value_type,
        read_safe=False,
    )


@pytest.mark.parametrize("value_type", [ValueType.OBJECT, ValueType.COLOR])
def test_one_value_takes_no_place_of_a_whole(value_type: ValueType) -> None:
    """An object is no switch, number or text: the first write would destroy it."""
    found = possible(resource("settings", value_type), value_type)
    assert found == {EntityType.LIGHT}


@pytest.mark.parametrize(
    ("name", "learned", "expected"),
    [
        ("lamp", ValueType.NUMBER, ValueType.NUMBER),
        ("lamp", ValueType.BOOLEAN, ValueType.BOOLEAN),
        ("lamp", None, ValueType.BOOLEAN),
        ("rgb", ValueType.BOOLEAN, ValueType.COLOR),
        ("rgb", None, ValueType.COLOR),
        ("brightness", ValueType.BOOLEAN, ValueType.NUMBER),
    ],
)
def test_light(name: str, learned: ValueType | None, expected: ValueType) -> None:
    """What our own switch may have written does not decide what a light takes."""
    override = Override(entity=EntityType.LIGHT)
    spec = map_resource(resource(name, learned), None, override)
    assert spec is not None
    assert spec.value_type is expected
