"""What a person changed, in an entry's options."""

from hypothesis import given, strategies as st
import pytest

from custom_components.iot_platforms.mapping import (
    EntityType,
    Override,
    override_from_dict,
    override_to_dict,
    parse_choices,
    parse_overrides,
)
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.control import Control, ControlType
from custom_components.iot_platforms.model.device import ResourceKey

_ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: st.lists(children) | st.dictionaries(st.text(), children),
)
_OVERRIDES = st.builds(
    Override,
    entity=st.none() | st.sampled_from(EntityType),
    unit=st.none() | st.sampled_from(["", "°C", "kWh"]),
    device_class=st.none() | st.sampled_from(["none", "energy"]),
    minimum=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    maximum=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    step=st.none() | st.floats(min_value=1e-9, allow_infinity=False),
    inverted=st.booleans(),
    options=st.sampled_from([(), ("eco",), ("eco", "1")]),
    name=st.none() | st.just("Lamp"),
)


def test_overrides() -> None:
    """Good rows come through, by the key of their resource."""
    key = ResourceKey("my/device", "climate", ("set point",))
    options = {
        "resources": {
            key.text: {"entity": "number", "unit": "°C", "minimum": 5, "step": 0.5},
            ResourceKey("d", "pump").text: {"inverted": True, "name": " Pump "},
            ResourceKey("d", "mode").text: {
                "entity": "select",
                "options": ["eco", " boost", "", "eco", 7],
            },
        }
    }
    assert parse_overrides(options) == {
        key: Override(entity=EntityType.NUMBER, unit="°C", minimum=5, step=0.5),
        ResourceKey("d", "pump"): Override(inverted=True, name="Pump"),
        ResourceKey("d", "mode"): Override(
            entity=EntityType.SELECT, options=("eco", "boost")
        ),
    }


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"resources": None},
        {"resources": ["d/pump"]},
        {"resources": {"d": {"inverted": True}}},
        {"resources": {7: {"inverted": True}}},
        {"resources": {"d/pump": "switch"}},
        {"resources": {"d/pump": {}}},
        {"resources": {"d/pump": {"entity": "cover", "step": -1, "inverted": 1}}},
        {"resources": {"d/pump": {"minimum": True, "maximum": 10**400, "unit": 1}}},
        {"resources": {"d/pump": {"minimum": float("nan"), "device_class": " "}}},
        {"resources": {"d/pump": {"options": "eco"}}},
    ],
)
def test_unusable_rows(options: dict[str, object]) -> None:
    """What nobody can use is left out."""
    assert parse_overrides(options) == {}


def test_only_what_is_set_is_stored() -> None:
    """Automatic is the absence of a row; an empty unit is not."""
    assert override_to_dict(Override()) == {}
    assert override_to_dict(Override(entity=EntityType.NONE, unit="", minimum=0)) == {
        "entity": "none",
        "unit": "",
        "minimum": 0,
    }


@given(_OVERRIDES)
def test_overrides_come_back(override: Override) -> None:
    """What is stored is what is read."""
    assert override_from_dict(override_to_dict(override)) == override


@given(_ANYTHING)
def test_any_options(value: object) -> None:
    """No content of an entry's options does harm."""
    for key in (
        "resources",
        "excluded_devices",
        "safe_devices",
        "safe_resources",
        "value_interval",
        "hides_inactive",
        "reads_dashboards",
    ):
        parse_overrides({key: value, "resources": {"d/r": value}})
        assert parse_choices({key: value}).value_interval >= 5


def test_choices() -> None:
    """Adapters learn what they have to obey; leaves stand for their resource."""
    assert parse_choices({}) == Choices()
    assert parse_choices(
        {
            "excluded_devices": ["old", 7],
            "safe_devices": ["boiler"],
            "safe_resources": ["d/rgb/r", "nonsense", None],
            "value_interval": 60,
            "hides_inactive": True,
            "reads_dashboards": 1,
            "controls": [
                {
                    "id": "c1",
                    "name": "Restart",
                    "type": "button",
                    "devices": ["boiler"],
                    "method": "reboot",
                }
            ],
        }
    ) == Choices(
        excluded_devices=frozenset({"old"}),
        safe_devices=frozenset({"boiler"}),
        safe_resources=frozenset({ResourceKey("d", "rgb")}),
        value_interval=60,
        hides_inactive=True,
        controls=(
            Control(
                id="c1",
                name="Restart",
                type=ControlType.BUTTON,
                devices=frozenset({"boiler"}),
                method="reboot",
            ),
        ),
    )
    assert parse_choices({"value_interval": 0.01}).value_interval == 5
