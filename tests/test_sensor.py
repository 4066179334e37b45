"""What sensors make of values that a server can send, and that Home Assistant would not take."""

from datetime import UTC, datetime

from homeassistant.const import MAX_LENGTH_STATE_STATE, Platform
from homeassistant.core import HomeAssistant
import pytest

from custom_components.iot_platforms.mapping import EntitySpec
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.value import ValueType
from custom_components.iot_platforms.sensor import ResourceSensor

from tests.home import add_account
from tests.simulators.json_types import Json
from tests.simulators.thinger import Fn, Resource, ThingerSimulator

MOMENT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "device_class", "value_type", "expected"),
    [
        ("eco", "enum", ValueType.TEXT, "eco"),
        ("turbo", "enum", ValueType.TEXT, None),
        (MOMENT.timestamp(), "timestamp", ValueType.TIMESTAMP, MOMENT),
        (1e300, "timestamp", ValueType.TIMESTAMP, None),
        (-1e17, "timestamp", ValueType.TIMESTAMP, None),
        ("soon", "timestamp", ValueType.TIMESTAMP, None),
        ("x" * 300, None, ValueType.TEXT, "x" * MAX_LENGTH_STATE_STATE),
        ("broken", None, ValueType.NUMBER, None),
    ],
)
async def test_values(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    value: Json,
    device_class: str | None,
    value_type: ValueType,
    expected: object,
) -> None:
    """What does not fit is unknown, and what is too long is cut."""
    thinger.device("boiler_ctl").add_resource(Resource("thing", Fn.OUTPUT, value))
    entry = await add_account(hass, thinger.account().credentials())
    spec = EntitySpec(
        key=ResourceKey("boiler_ctl", "thing"),
        platform=Platform.SENSOR,
        name="Thing",
        device_class=device_class,
        value_type=value_type,
        options=("eco", "off") if device_class == "enum" else (),
    )
    assert ResourceSensor(entry.runtime_data, spec).native_value == expected
