"""Whatever platforms and people say, what comes of it is good for Home Assistant."""

from hypothesis import given, settings, strategies as st

from custom_components.iot_platforms.mapping import (
    EntityType,
    Override,
    explain,
    map_resource,
)
from custom_components.iot_platforms.mapping.tables import BOOLEANS, NUMBERS
from custom_components.iot_platforms.model.device import (
    Category,
    Resource,
    ResourceKey,
    ResourceKind,
)
from custom_components.iot_platforms.model.value import JsonValue, ValueType

from .helpers import problems

_WORDS = [
    *(name for rule in NUMBERS for name in rule.names),
    *(name for rule in BOOLEANS for name in rule.names),
]
_NAMES = st.text(max_size=20) | st.lists(
    st.sampled_from([*_WORDS, "status", "1", "_c", "kwh", "/", "rgb", "$ota"]),
    max_size=4,
).map("_".join)
_UNITS = st.none() | st.text(max_size=5) | st.sampled_from(["°C", "kWh", "%", "m3"])
_NUMBERS = st.none() | st.floats() | st.integers()
_CLASSES = st.sampled_from(
    ["none", "energy", "timestamp", "door", "date", "enum", "monetary", "outlet", ""]
)
_VALUES: st.SearchStrategy[JsonValue] = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda children: (
        st.lists(children, max_size=3)
        | st.dictionaries(
            st.sampled_from(["lat", "lon", "r", "g", "b", "x"]), children, max_size=3
        )
    ),
    max_leaves=5,
)
_RESOURCES = st.builds(
    Resource,
    key=st.builds(
        ResourceKey,
        st.just("device"),
        _NAMES | _NAMES.map("$property/{}".format),
        st.lists(_NAMES, max_size=3).map(tuple),
    ),
    name=_NAMES,
    kind=st.sampled_from(ResourceKind),
    value_type=st.none() | st.sampled_from(ValueType),
    unit=_UNITS,
    meaning=st.none() | _NAMES,
    minimum=_NUMBERS,
    maximum=_NUMBERS,
    step=_NUMBERS,
    options=st.lists(st.text(max_size=3), max_size=3).map(tuple),
    category=st.none() | st.sampled_from(Category),
    enabled_default=st.booleans(),
    translation_key=st.none() | st.just("key"),
)
_FINITE = st.none() | st.floats(allow_nan=False, allow_infinity=False)
_OVERRIDES = st.none() | st.builds(
    Override,
    entity=st.none() | st.sampled_from(EntityType),
    unit=_UNITS,
    device_class=st.none() | _CLASSES | st.text(max_size=5),
    minimum=_FINITE,
    maximum=_FINITE,
    step=st.none() | st.floats(min_value=1e-300, allow_infinity=False),
    inverted=st.booleans(),
    name=st.none() | st.just("Lamp"),
)


@settings(max_examples=1000, deadline=None)
@given(_RESOURCES, _VALUES, _OVERRIDES)
def test_anything(found: Resource, value: JsonValue, override: Override | None) -> None:
    """Whatever a platform or a person says, what comes of it is good for Home Assistant."""
    spec = map_resource(found, value, override)
    assert explain(found, value, override)
    if spec is not None:
        assert spec.key == found.key
        assert spec.reason == explain(found, value, override)
        assert problems(spec) == []
    assert spec == map_resource(found, value, override)
