"""Which entity a resource becomes."""

from homeassistant.const import EntityCategory, Platform
import pytest

from custom_components.iot_platforms.mapping import (
    EntityType,
    Override,
    explain,
    map_resource,
)
from custom_components.iot_platforms.mapping.rules import BooleanRule
from custom_components.iot_platforms.mapping.tables import BOOLEANS
from custom_components.iot_platforms.model.device import (
    Category,
    Resource,
    ResourceKind,
)
from custom_components.iot_platforms.model.value import JsonValue, ValueType

from .helpers import entity, resource

_INPUT = ResourceKind.INPUT
_OUTPUT = ResourceKind.OUTPUT


@pytest.mark.parametrize(
    ("value", "platform", "value_type"),
    [
        (True, Platform.BINARY_SENSOR, ValueType.BOOLEAN),
        (1, Platform.SENSOR, ValueType.NUMBER),
        ("on", Platform.SENSOR, ValueType.TEXT),
        (None, Platform.SENSOR, None),
        ({"lat": 1, "lon": 2}, Platform.DEVICE_TRACKER, ValueType.POSITION),
        ([1], Platform.SENSOR, ValueType.TEXT),
    ],
)
def test_outputs(
    value: JsonValue, platform: Platform, value_type: ValueType | None
) -> None:
    """An output's value decides; lists start disabled."""
    spec = entity(resource("x"), value)
    assert (spec.platform, spec.value_type) == (platform, value_type)
    assert spec.enabled_default is not isinstance(value, list)


@pytest.mark.parametrize(
    ("value_type", "platform"),
    [
        (ValueType.BOOLEAN, Platform.SWITCH),
        (ValueType.NUMBER, Platform.NUMBER),
        (ValueType.TEXT, Platform.TEXT),
        (ValueType.COLOR, Platform.LIGHT),
    ],
)
def test_inputs(value_type: ValueType, platform: Platform) -> None:
    """An input's type decides."""
    spec = entity(resource("x", _INPUT, value_type=value_type))
    assert (spec.platform, spec.value_type) == (platform, value_type)


def test_inputs_of_unknown_type() -> None:
    """An input of unknown type is a switch, and says how to change that."""
    spec = entity(resource("relay", _INPUT))
    assert (spec.platform, spec.value_type) == (Platform.SWITCH, ValueType.BOOLEAN)
    assert "colour" not in spec.reason
    spec = entity(resource("rgb", _INPUT))
    assert spec.platform is Platform.SWITCH
    assert "can be made a light" in spec.reason


def test_inputs_with_options() -> None:
    """Where the platform lists what it takes, a person can only choose from that."""
    spec = entity(resource("mode", _INPUT, options=("a", "b", "a")))
    assert (spec.platform, spec.options) == (Platform.SELECT, ("a", "b"))


def test_selects_by_hand() -> None:
    """A person can say what there is to choose from; that counts more than what the platform says."""
    chosen = Override(entity=EntityType.SELECT, options=("eco", "heat"))
    for found in (
        resource("mode", _INPUT),
        resource("mode", _INPUT, value_type=ValueType.NUMBER),
        resource("mode", _INPUT, options=("a", "b")),
        resource("mode", value_type=ValueType.TEXT, writable=True),
    ):
        spec = entity(found, None, chosen)
        assert (spec.platform, spec.options) == (Platform.SELECT, ("eco", "heat"))
        assert spec.value_type is ValueType.TEXT
    # What only gives values cannot be set; its options say what they can be.
    spec = entity(resource("mode", value_type=ValueType.TEXT), "eco", chosen)
    assert (spec.platform, spec.device_class) == (Platform.SENSOR, "enum")
    spec = entity(resource("mode", _INPUT, value_type=ValueType.COLOR), None, chosen)
    assert spec.platform is Platform.LIGHT


def test_updates() -> None:
    """What runs on a device, and what could, is an update, as one thing."""
    firmware = {"installed": "1", "latest": "2", "in_progress": False}
    found = resource("x", value_type=ValueType.FIRMWARE, translation_key="firmware")
    spec = entity(found, firmware)
    assert spec.platform is Platform.UPDATE
    assert (spec.name, spec.translation_key) == (None, "firmware")
    assert spec.category is EntityCategory.DIAGNOSTIC
    assert spec.enabled_default
    installable = resource("x", value_type=ValueType.FIRMWARE, writable=True)
    assert entity(installable, firmware).category is EntityCategory.CONFIG
    for category in Category:
        found = resource("x", value_type=ValueType.FIRMWARE, category=category)
        assert entity(found).category == category.value
    # It is no value that somebody could set.
    for chosen in (EntityType.TEXT, EntityType.SELECT, EntityType.SWITCH):
        spec = entity(installable, firmware, Override(entity=chosen))
        assert spec.platform is Platform.UPDATE


def test_outputs_with_options() -> None:
    """Where the platform lists its values, they are an enumeration, if it keeps to it."""
    mode = resource("mode", options=("a", "b"), value_type=ValueType.TEXT)
    assert entity(mode).options == ("a", "b")
    assert entity(mode, "a").device_class == "enum"
    assert entity(mode, "c").device_class is None
    assert entity(mode, "a", Override(device_class="none")).device_class is None


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        (resource("x", value_type=ValueType.OBJECT), "object output; nothing of its"),
        (resource("x", value_type=ValueType.COLOR), "color output; nothing of its own"),
        (
            resource("x", _INPUT, value_type=ValueType.OBJECT),
            "object input; nothing of its own",
        ),
        (
            resource("x", _INPUT, value_type=ValueType.POSITION),
            "position input; nothing that sets",
        ),
        (resource("x", _INPUT, value_type=ValueType.LIST), "list input; nothing that"),
        (
            resource("x", ResourceKind.INPUT_OUTPUT),
            "input/output of unknown type; takes a value and answers",
        ),
    ],
)
def test_nothing(found: Resource, reason: str) -> None:
    """What becomes nothing says why."""
    assert map_resource(found, None, None) is None
    assert explain(found, None, None).startswith(reason)


def test_nothing_by_hand() -> None:
    """A person can do without any resource."""
    for kind in ResourceKind:
        override = Override(entity=EntityType.NONE)
        assert map_resource(resource("x", kind), 1, override) is None
        assert "no entity, set by hand" in explain(resource("x", kind), 1, override)


def test_callbacks() -> None:
    """Callbacks are buttons; one that restarts a device is kept out of the way."""
    spec = entity(resource("reset", ResourceKind.CALLBACK))
    assert (spec.platform, spec.device_class, spec.category) == (
        Platform.BUTTON,
        None,
        None,
    )
    spec = entity(resource("rebootDevice", ResourceKind.CALLBACK))
    assert (spec.device_class, spec.category) == ("restart", EntityCategory.CONFIG)
    spec = entity(
        resource("reboot", ResourceKind.CALLBACK, category=Category.DIAGNOSTIC),
        None,
        Override(device_class="none"),
    )
    assert (spec.device_class, spec.category) == (None, EntityCategory.DIAGNOSTIC)


@pytest.mark.parametrize(
    ("found", "value", "chosen", "platform", "value_type"),
    [
        (resource("x", _INPUT), None, "number", Platform.NUMBER, ValueType.NUMBER),
        (resource("x", _INPUT), None, "text", Platform.TEXT, ValueType.TEXT),
        (resource("x", _INPUT), None, "button", Platform.BUTTON, ValueType.BOOLEAN),
        (resource("x", _INPUT), 1, "button", Platform.BUTTON, ValueType.NUMBER),
        (resource("x", _INPUT), 1, "switch", Platform.SWITCH, ValueType.NUMBER),
        (resource("x", _INPUT), None, "light", Platform.LIGHT, ValueType.BOOLEAN),
        (resource("rgb", _INPUT), None, "light", Platform.LIGHT, ValueType.COLOR),
        (resource("dimmer", _INPUT), None, "light", Platform.LIGHT, ValueType.NUMBER),
        (resource("x", _INPUT), 80, "light", Platform.LIGHT, ValueType.NUMBER),
        (resource("x", _INPUT), "a", "light", Platform.LIGHT, ValueType.BOOLEAN),
        (resource("x"), 1, "binary_sensor", Platform.BINARY_SENSOR, ValueType.BOOLEAN),
        (resource("x"), True, "sensor", Platform.SENSOR, ValueType.TEXT),
        (resource("x"), {"a": 1}, "sensor", Platform.SENSOR, ValueType.TEXT),
        (resource("x", writable=True), 1, "number", Platform.NUMBER, ValueType.NUMBER),
        (resource("x", writable=True), 1, "switch", Platform.SWITCH, ValueType.NUMBER),
        (resource("x", writable=True), "a", "text", Platform.TEXT, ValueType.TEXT),
    ],
)
def test_entities_by_hand(
    found: Resource,
    value: JsonValue,
    chosen: str,
    platform: Platform,
    value_type: ValueType,
) -> None:
    """A person decides what a resource becomes, as far as that is possible."""
    spec = entity(found, value, Override(entity=EntityType(chosen)))
    assert (spec.platform, spec.value_type) == (platform, value_type)
    assert f"{chosen} set by hand" in spec.reason
    assert spec.enabled_default


@pytest.mark.parametrize(
    ("found", "value", "chosen", "platform"),
    [
        (resource("x", ResourceKind.CALLBACK), None, "sensor", Platform.BUTTON),
        (resource("x", _INPUT), None, "sensor", Platform.SWITCH),
        (resource("x"), 1, "switch", Platform.SENSOR),
        (resource("x"), [1], "binary_sensor", Platform.SENSOR),
        (resource("x", writable=True), True, "light", Platform.BINARY_SENSOR),
    ],
)
def test_impossible_entities(
    found: Resource, value: JsonValue, chosen: str, platform: Platform
) -> None:
    """What is impossible is ignored, and said."""
    spec = entity(found, value, Override(entity=EntityType(chosen)))
    assert spec.platform is platform
    assert f"{chosen} set by hand is impossible" in spec.reason


def test_lights() -> None:
    """A light of numbers has a range; one that is on or off can be the other way round."""
    light = resource("lamp", _INPUT, value_type=ValueType.NUMBER)
    spec = entity(light, None, Override(entity=EntityType.LIGHT))
    assert (spec.minimum, spec.maximum, spec.step) == (0, 255, 1)
    spec = entity(light, None, Override(entity=EntityType.LIGHT, maximum=100))
    assert (spec.minimum, spec.maximum, spec.step) == (0, 100, 1)
    light = resource("lamp", _INPUT, value_type=ValueType.BOOLEAN)
    spec = entity(light, None, Override(entity=EntityType.LIGHT, inverted=True))
    assert spec.inverted


def test_inverted() -> None:
    """Only what is on or off can be inverted."""
    assert entity(resource("x"), True, Override(inverted=True)).inverted
    assert entity(resource("x", _INPUT), None, Override(inverted=True)).inverted
    assert not entity(resource("x"), 1, Override(inverted=True)).inverted


@pytest.mark.parametrize("rule", BOOLEANS)
def test_boolean_names(rule: BooleanRule) -> None:
    """Each name of something that is on or off tells what it is."""
    for name in rule.names:
        assert entity(resource(name), True).device_class == rule.device_class


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("frontDoor", "door"),
        ("door_open", "door"),
        ("garage_door", "garage_door"),
        ("motion_sensor_1", "motion"),
        ("water_leak", "moisture"),
        ("battery_low", "battery"),
        ("pump_fault", "problem"),
        ("pump_running", "running"),
        ("door_closed", None),
        ("motion_enabled", None),
        ("not_connected", None),
        ("temperature", None),
    ],
)
def test_boolean_names_of_the_wild(name: str, expected: str | None) -> None:
    """Names that say the opposite say nothing."""
    assert entity(resource(name), True).device_class == expected


def test_boolean_leaves() -> None:
    """A leaf is what its parents are."""
    leaf = resource("Value", resource_id="door", leaf=("value",))
    assert entity(leaf, True).device_class == "door"


def test_boolean_classes_by_hand() -> None:
    """A person's class counts, if it is one of this kind of entity."""
    spec = entity(resource("door"), True, Override(device_class="window"))
    assert spec.device_class == "window"
    spec = entity(resource("door"), True, Override(device_class="none"))
    assert spec.device_class is None
    spec = entity(resource("door"), True, Override(device_class="outlet"))
    assert spec.device_class == "door"
    assert "outlet is impossible" in spec.reason
    spec = entity(resource("x", _INPUT), None, Override(device_class="outlet"))
    assert spec.device_class == "outlet"


def test_timestamps() -> None:
    """Times are times, unless a person wants to see the number."""
    time = resource("last_seen", value_type=ValueType.TIMESTAMP)
    spec = entity(time, 1.7e9)
    assert (spec.device_class, spec.value_type) == ("timestamp", ValueType.TIMESTAMP)
    spec = entity(time, 1.7e9, Override(device_class="none"))
    assert (spec.device_class, spec.value_type) == (None, ValueType.NUMBER)
    spec = entity(resource("x"), 1.7e9, Override(device_class="timestamp"))
    assert (spec.device_class, spec.value_type) == ("timestamp", ValueType.TIMESTAMP)
    spec = entity(resource("x"), "noon", Override(device_class="timestamp"))
    assert (spec.device_class, spec.value_type) == (None, ValueType.TEXT)


def test_numbers_as_text() -> None:
    """Text is a number where the platform gives a unit, or a person does."""
    spec = entity(resource("x", unit="V"), "3.3")
    assert (spec.unit, spec.value_type) == ("V", ValueType.NUMBER)
    spec = entity(resource("x", unit="V"), "low")
    assert (spec.unit, spec.value_type) == (None, ValueType.TEXT)
    spec = entity(resource("x"), "3.3", Override(unit="V"))
    assert (spec.unit, spec.value_type) == ("V", ValueType.NUMBER)
    spec = entity(resource("x"), True, Override(entity=EntityType.SENSOR, unit="V"))
    assert (spec.unit, spec.value_type) == ("V", ValueType.NUMBER)


def test_unit_before_the_first_value() -> None:
    """What has a unit is a number, even before it is there."""
    spec = entity(resource("x", unit="V"))
    assert (spec.device_class, spec.value_type) == ("voltage", ValueType.NUMBER)


def test_names() -> None:
    """A person's name, else our translated one, else the platform's made readable."""
    assert entity(resource("tempOut"), 1).name == "Temp out"
    assert entity(resource(" ", resource_id="tempOut"), 1).name == "Temp out"
    found = resource("address", translation_key="address")
    assert (entity(found).name, entity(found).translation_key) == (None, "address")
    assert entity(found, None, Override(name="Where")).name == "Where"


@pytest.mark.parametrize(
    ("found", "category", "enabled"),
    [
        (resource("rssi"), EntityCategory.DIAGNOSTIC, True),
        (resource("ipAddress"), EntityCategory.DIAGNOSTIC, True),
        (resource("firmwareVersion"), EntityCategory.DIAGNOSTIC, True),
        (resource("millis()"), EntityCategory.DIAGNOSTIC, False),
        (resource("free_heap"), EntityCategory.DIAGNOSTIC, False),
        (resource("uptime"), EntityCategory.DIAGNOSTIC, False),
        (resource("fw_state"), EntityCategory.DIAGNOSTIC, False),
        (resource("target_sw_url"), EntityCategory.DIAGNOSTIC, False),
        (resource("$ota/options"), EntityCategory.DIAGNOSTIC, False),
        (resource("latitude"), None, False),
        (resource("temperature"), None, True),
        (resource("sw_1"), None, True),
        (resource("x", category=Category.CONFIG), EntityCategory.DIAGNOSTIC, True),
        (resource("x", enabled_default=False), None, False),
        (resource("x", _INPUT, category=Category.CONFIG), EntityCategory.CONFIG, True),
        (resource("uptime_reset", ResourceKind.CALLBACK), None, True),
        (resource("$ota/run", ResourceKind.CALLBACK), None, False),
    ],
)
def test_categories_and_defaults(
    found: Resource, category: EntityCategory | None, enabled: bool
) -> None:
    """What is about the device itself is diagnostic; what is noisy starts disabled."""
    spec = entity(found, 1)
    assert (spec.category, spec.enabled_default) == (category, enabled)
