"""Every kind of entity, by what arrives at the server and what shows in Home Assistant."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import entity_registry as er
import pytest

from tests.home import (
    add_account,
    device_of,
    entity_id,
    reload,
    settle,
    state,
    wait_for_state,
    wait_until,
)
from tests.simulators.effects import Hang, Status
from tests.simulators.thinger import (
    Device,
    FirmwareError,
    Fn,
    Resource,
    ThingerSimulator,
)

RELAY = "boiler_ctl/relay"


async def act(hass: HomeAssistant, action: str, found_id: str, **data: Any) -> None:
    """Do what a person does with an entity."""
    domain, name = action.split(".")
    await hass.services.async_call(
        domain, name, {"entity_id": found_id, **data}, blocking=True
    )


def written(thinger: ThingerSimulator, device: str, resource: str) -> list[Any]:
    """Return the values that arrived at a device."""
    return [call.value for call in thinger.device(device).resource(resource).calls]


async def test_sample_account(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Every resource of the sample has the entity that a person would expect."""
    entry = await add_account(hass, thinger.account().credentials())
    shown = {
        (found.domain, found.unique_id.removeprefix(f"{entry.unique_id}/")): (
            hass.states.get(found.entity_id)
        )
        for found in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if not found.disabled
    }
    values = {
        (domain, key): (found.state, found.attributes.get("unit_of_measurement"))
        for (domain, key), found in shown.items()
        if found is not None
    }
    assert values == {
        **{
            ("binary_sensor", device): (online, None)
            for device, online in {
                "boiler_ctl": "on",
                "greenhouse": "on",
                "old_node": "off",
                "fresh_node": "off",
                "paused": "off",
                "meter": "on",
                "lora_probe": "off",
                "forecast": "on",
            }.items()
        },
        ("sensor", "boiler_ctl/temperature"): ("21.5", "°C"),
        ("sensor", "boiler_ctl/Flow%20meter"): ("12.4", None),
        ("sensor", "boiler_ctl/status/pressure"): ("1.62", None),
        ("sensor", "boiler_ctl/status/mode"): ("eco", None),
        ("sensor", "boiler_ctl/status/fault"): (STATE_UNKNOWN, None),
        ("binary_sensor", "boiler_ctl/status/burning"): ("on", None),
        ("switch", "boiler_ctl/relay"): (STATE_UNKNOWN, None),
        ("switch", "boiler_ctl/pump"): (STATE_UNKNOWN, None),
        ("switch", "boiler_ctl/setpoint"): (STATE_UNKNOWN, None),
        ("switch", "boiler_ctl/message"): (STATE_UNKNOWN, None),
        ("switch", "boiler_ctl/rgb"): (STATE_UNKNOWN, None),
        ("button", "boiler_ctl/reboot"): (STATE_UNKNOWN, None),
        ("sensor", "boiler_ctl/%24property%2Fsetpoint"): ("21", None),
        **{
            ("sensor", f"{device}/%24property%2Ftimezone"): ("UTC", None)
            for device in ("boiler_ctl", "greenhouse", "meter", "lora_probe")
        },
        ("sensor", "lora_probe/%24property%2Flast/celsius"): ("7.9", "°C"),
        ("sensor", "lora_probe/%24property%2Flast/battery"): ("3.61", None),
        ("device_tracker", "lora_probe/%24property%2Flocation"): ("not_home", None),
        ("sensor", "greenhouse/climate%2Ftemperature"): ("26.3", "°C"),
        ("sensor", "greenhouse/climate%2Fhumidity"): ("64", "%"),
        ("switch", "greenhouse/climate%2Fsetpoint"): (STATE_UNKNOWN, None),
        ("sensor", "meter/power"): ("431.7", "W"),
        ("button", "meter/reset"): (STATE_UNKNOWN, None),
        ("sensor", "forecast/weather/celsius"): ("17.2", "°C"),
        ("sensor", "forecast/weather/text"): ("Cloudy", None),
        ("binary_sensor", "forecast/weather/rain"): ("off", None),
    }


async def test_switch(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A switch arrives once; its state is what was written, and says that it is assumed."""
    entry = await add_account(hass, thinger.account().credentials())
    relay = entity_id(hass, entry, "switch", RELAY)
    assert hass.states.get(relay).attributes["assumed_state"] is True
    await act(hass, "switch.turn_on", relay)
    assert written(thinger, "boiler_ctl", "relay") == [True]
    assert hass.states.get(relay).state == "on"
    await act(hass, "switch.turn_off", relay)
    assert written(thinger, "boiler_ctl", "relay") == [True, False]
    assert hass.states.get(relay).state == "off"
    assert len(thinger.requests("POST")) == 2
    assert thinger.unsafe_reads == []


async def test_switch_shows_at_once_and_goes_back(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """What is written shows before it is confirmed, and goes back when it is refused."""
    entry = await add_account(hass, thinger.account().credentials())
    relay = entity_id(hass, entry, "switch", RELAY)
    await act(hass, "switch.turn_off", relay)
    thinger.device("boiler_ctl").resource("relay").error = FirmwareError(409, "stuck")
    hang = Hang()
    thinger.faults.add(hang, path="/relay$", count=1)
    action = hass.async_create_task(act(hass, "switch.turn_on", relay))
    await wait_for_state(hass, relay, "on")
    hang.release()
    with pytest.raises(HomeAssistantError, match=r"Boiler refused the command.*stuck"):
        await action
    assert hass.states.get(relay).state == "off"


async def test_toggles_do_not_jump(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """While a write is under way, older values from the device do not show."""
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"safe_resources": [RELAY]},
    )
    relay = entity_id(hass, entry, "switch", RELAY)
    await thinger.wait_for_subscription("relay", device="boiler_ctl")
    await wait_for_state(hass, relay, "on")
    hang = Hang()
    thinger.faults.add(hang, path="/relay$", method="POST", count=1)
    action = hass.async_create_task(act(hass, "switch.turn_off", relay))
    await wait_for_state(hass, relay, "off")
    seen = []
    hass.bus.async_listen(
        "state_changed",
        lambda event: (
            seen.append(event.data["new_state"].state)
            if event.data["entity_id"] == relay
            else None
        ),
    )
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    thinger.device("boiler_ctl").resource("relay").push()
    thinger.device("boiler_ctl").resource("temperature").value = 40
    thinger.device("boiler_ctl").resource("temperature").push()
    temperature = entity_id(hass, entry, "sensor", "boiler_ctl/temperature")
    await wait_for_state(hass, temperature, "40")
    hang.release()
    await action
    await settle(hass)
    assert seen == []
    assert hass.states.get(relay).state == "off"


async def test_switch_of_a_device_that_just_left(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A 404 is explained by the device list: offline."""
    thinger.switches.events = False
    entry = await add_account(hass, thinger.account().credentials())
    relay = entity_id(hass, entry, "switch", RELAY)
    thinger.device("boiler_ctl").go_offline()
    with pytest.raises(HomeAssistantError, match="Boiler is offline"):
        await act(hass, "switch.turn_on", relay)
    assert hass.states.get(relay).state in (STATE_UNKNOWN, STATE_UNAVAILABLE)


async def test_inverted_switch(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Hardware with inverted logic is on when it is told to be off."""
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {RELAY: {"entity": "switch", "inverted": True}}},
    )
    relay = entity_id(hass, entry, "switch", RELAY)
    await act(hass, "switch.turn_on", relay)
    assert written(thinger, "boiler_ctl", "relay") == [False]
    assert hass.states.get(relay).state == "on"


async def test_number(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """An input that a person makes a number writes numbers, and the switch is gone."""
    entry = await add_account(hass, thinger.account().credentials())
    switch = entity_id(hass, entry, "switch", "boiler_ctl/setpoint")
    row = {"entity": "number", "minimum": 5, "maximum": 30, "step": 0.5, "unit": "°C"}
    await change_options(hass, entry, {"resources": {"boiler_ctl/setpoint": row}})
    assert er.async_get(hass).async_get(switch) is None
    number = entity_id(hass, entry, "number", "boiler_ctl/setpoint")
    attributes = hass.states.get(number).attributes
    assert (attributes["min"], attributes["max"], attributes["step"]) == (5, 30, 0.5)
    assert attributes["mode"] == "slider"
    await act(hass, "number.set_value", number, value=21.5)
    await act(hass, "number.set_value", number, value=22)
    assert written(thinger, "boiler_ctl", "setpoint") == [21.5, 22]
    assert hass.states.get(number).state in ("22", "22.0")
    await reload(hass, entry)
    assert hass.states.get(number).state in ("22", "22.0")


async def test_text(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """An input that a person makes a text writes texts."""
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {"boiler_ctl/message": {"entity": "text"}}},
    )
    text = entity_id(hass, entry, "text", "boiler_ctl/message")
    await act(hass, "text.set_value", text, value="Hello")
    assert written(thinger, "boiler_ctl", "message") == ["Hello"]
    assert hass.states.get(text).state == "Hello"


async def test_light(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A colour is written whole; brightness scales it, off is dark, on is what shone last."""
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {"boiler_ctl/rgb": {"entity": "light"}}},
    )
    light = entity_id(hass, entry, "light", "boiler_ctl/rgb")
    await act(hass, "light.turn_on", light, rgb_color=[255, 128, 0])
    await act(hass, "light.turn_on", light, brightness=51)
    await act(hass, "light.turn_off", light)
    assert hass.states.get(light).state == "off"
    await act(hass, "light.turn_on", light)
    assert written(thinger, "boiler_ctl", "rgb") == [
        {"r": 255, "g": 128, "b": 0},
        {"r": 51, "g": 26, "b": 0},
        {"r": 0, "g": 0, "b": 0},
        {"r": 51, "g": 26, "b": 0},
    ]
    attributes = hass.states.get(light).attributes
    assert attributes["brightness"] == 51
    assert attributes["rgb_color"] == (255, 130, 0)


async def test_light_after_it_was_a_switch(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Who tried the switch first can still make it a coloured light."""
    entry = await add_account(hass, thinger.account().credentials())
    await act(
        hass, "switch.turn_on", entity_id(hass, entry, "switch", "boiler_ctl/rgb")
    )
    await change_options(
        hass, entry, {"resources": {"boiler_ctl/rgb": {"entity": "light"}}}
    )
    light = entity_id(hass, entry, "light", "boiler_ctl/rgb")
    await act(hass, "light.turn_on", light, rgb_color=[0, 0, 255])
    assert written(thinger, "boiler_ctl", "rgb")[-1] == {"r": 0, "g": 0, "b": 255}


@pytest.mark.parametrize(
    ("row", "first", "last"),
    [
        ({"entity": "light"}, 128, 0),
        ({"entity": "light", "minimum": 0, "maximum": 100}, 50, 0),
    ],
)
async def test_brightness_light(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    row: dict[str, Any],
    first: int,
    last: int,
) -> None:
    """A light that takes its brightness as a number."""
    thinger.device("boiler_ctl").add_resource(Resource("led_brightness", Fn.INPUT, 0))
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {"boiler_ctl/led_brightness": row}},
    )
    light = entity_id(hass, entry, "light", "boiler_ctl/led_brightness")
    await act(hass, "light.turn_on", light, brightness=128)
    assert hass.states.get(light).attributes["brightness"] in (127, 128)
    await act(hass, "light.turn_off", light)
    assert written(thinger, "boiler_ctl", "led_brightness") == [first, last]
    assert hass.states.get(light).state == "off"
    await act(hass, "light.turn_on", light)
    assert written(thinger, "boiler_ctl", "led_brightness")[-1] == first


async def test_on_off_light(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A relay can be a light as well."""
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {RELAY: {"entity": "light"}}},
    )
    light = entity_id(hass, entry, "light", RELAY)
    assert hass.states.get(light).state == STATE_UNKNOWN
    await act(hass, "light.turn_on", light)
    await act(hass, "light.turn_off", light)
    assert written(thinger, "boiler_ctl", "relay") == [True, False]
    assert hass.states.get(light).state == "off"


async def test_button(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A callback runs once a press; an input made a button is told yes."""
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {RELAY: {"entity": "button"}}},
    )
    await act(
        hass, "button.press", entity_id(hass, entry, "button", "boiler_ctl/reboot")
    )
    assert thinger.device("boiler_ctl").resource("reboot").runs == 1
    await act(hass, "button.press", entity_id(hass, entry, "button", RELAY))
    assert written(thinger, "boiler_ctl", "relay") == [True]


async def test_no_entity(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """What a person does not want is no entity."""
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {RELAY: {"entity": "none"}}},
    )
    found = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    assert not [e for e in found if e.unique_id.endswith(RELAY)]


async def test_inputs_that_are_safe_to_read(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Marked as safe, inputs show their true state and type; the others stay untouched."""
    thinger.device("boiler_ctl").resource("setpoint").value = 19.5
    names = ("relay", "setpoint", "message", "rgb")
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"safe_resources": [f"boiler_ctl/{name}" for name in names]},
    )
    assert state(hass, entry, "number", "boiler_ctl/setpoint").state == "19.5"
    relay = entity_id(hass, entry, "switch", RELAY)
    assert hass.states.get(relay).state == "on"
    assert "assumed_state" not in hass.states.get(relay).attributes
    assert state(hass, entry, "text", "boiler_ctl/message").state not in (
        STATE_UNKNOWN,
        STATE_UNAVAILABLE,
    )
    assert state(hass, entry, "light", "boiler_ctl/rgb").state in ("on", "off")
    assert state(hass, entry, "switch", "boiler_ctl/pump").state == STATE_UNKNOWN
    await thinger.wait_for_subscription("relay", device="boiler_ctl")
    thinger.device("boiler_ctl").resource("relay").value = False
    thinger.device("boiler_ctl").resource("relay").push()
    await wait_for_state(hass, relay, "off")
    assert {call.resource for call in thinger.unsafe_reads} <= set(names)


async def test_object_input(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """The parts of an object are controls of their own; it is written whole."""
    thinger.device("boiler_ctl").add_resource(
        Resource("schedule", Fn.INPUT, {"enabled": False, "day": {"from": 7, "to": 22}})
    )
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"safe_resources": ["boiler_ctl/schedule"]},
    )
    until = entity_id(hass, entry, "number", "boiler_ctl/schedule/day/to")
    await act(hass, "number.set_value", until, value=23)
    await act(
        hass,
        "switch.turn_on",
        entity_id(hass, entry, "switch", "boiler_ctl/schedule/enabled"),
    )
    assert written(thinger, "boiler_ctl", "schedule") == [
        {"enabled": False, "day": {"from": 7, "to": 23}},
        {"enabled": True, "day": {"from": 7, "to": 23}},
    ]


async def test_two_parts_at_once(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Two parts that are written at the same time do not undo each other."""
    thinger.device("boiler_ctl").add_resource(
        Resource("range", Fn.INPUT, {"low": 1, "high": 9})
    )
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"safe_resources": ["boiler_ctl/range"]},
    )
    low = entity_id(hass, entry, "number", "boiler_ctl/range/low")
    high = entity_id(hass, entry, "number", "boiler_ctl/range/high")
    await asyncio.gather(
        act(hass, "number.set_value", low, value=2),
        act(hass, "number.set_value", high, value=8),
    )
    assert thinger.device("boiler_ctl").resource("range").value == {"low": 2, "high": 8}


async def test_input_output_that_is_safe_to_read(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Marked as safe, an input/output resource shows its answer."""
    thinger.device("boiler_ctl").add_resource(
        Resource("double", Fn.INPUT_OUTPUT, 2, function=lambda value: 2 * (value or 0))
    )
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"safe_resources": ["boiler_ctl/double"]},
    )
    number = entity_id(hass, entry, "number", "boiler_ctl/double/in")
    answer = entity_id(hass, entry, "sensor", "boiler_ctl/double/out")
    await act(hass, "number.set_value", number, value=21)
    assert hass.states.get(answer).state == "42"


async def test_property_as_control(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A property that a person makes a number is written on the server."""
    key = "boiler_ctl/%24property%2Fsetpoint"
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {key: {"entity": "number"}}},
    )
    number = entity_id(hass, entry, "number", key)
    await act(hass, "number.set_value", number, value=18)
    assert thinger.device("boiler_ctl").property_get("setpoint") == 18
    assert hass.states.get(number).state in ("18", "18.0")


async def test_part_of_a_property_as_control(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A part of an object property is written with the rest of it."""
    thinger.device("boiler_ctl").property_set("limits", {"low": 1, "high": 9})
    key = "boiler_ctl/%24property%2Flimits/high"
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {key: {"entity": "number"}}},
    )
    await act(hass, "number.set_value", entity_id(hass, entry, "number", key), value=8)
    assert thinger.device("boiler_ctl").property_get("limits") == {"low": 1, "high": 8}


async def test_property_update(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Properties follow by push, new ones too, also of devices that are offline."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription(event="device_property_update")
    thinger.device("old_node").property_set("level", 7)
    registry = er.async_get(hass)
    unique_id = f"{entry.unique_id}/old_node/%24property%2Flevel"
    await wait_until(
        hass,
        lambda: (
            registry.async_get_entity_id("sensor", "iot_platforms", unique_id)
            is not None
        ),
    )
    level = entity_id(hass, entry, "sensor", "old_node/%24property%2Flevel")
    await wait_for_state(hass, level, "7")


async def test_tracker(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A latitude and a longitude are a device tracker."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription(event="device_property_update")
    key = "lora_probe/%24property%2Flocation"
    thinger.device("lora_probe").property_set(
        "location", {"latitude": 52.5, "longitude": 13.25}
    )
    registry = er.async_get(hass)
    await wait_until(
        hass,
        lambda: (
            registry.async_get_entity_id(
                "device_tracker", "iot_platforms", f"{entry.unique_id}/{key}"
            )
            is not None
        ),
    )
    tracker = entity_id(hass, entry, "device_tracker", key)
    await wait_until(
        hass, lambda: hass.states.get(tracker).attributes.get("latitude") == 52.5
    )
    assert hass.states.get(tracker).attributes["longitude"] == 13.25


async def test_type_that_changes(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A resource that was null becomes what its first value is; nonsense later is unknown."""
    entry = await add_account(hass, thinger.account().credentials())
    fault = thinger.device("boiler_ctl").resource("status")
    await thinger.wait_for_subscription("status", device="boiler_ctl")
    sensor = entity_id(hass, entry, "sensor", "boiler_ctl/status/fault")
    assert hass.states.get(sensor).state == STATE_UNKNOWN
    fault.value = {**fault.value, "fault": True}
    fault.push()
    registry = er.async_get(hass)
    unique_id = f"{entry.unique_id}/boiler_ctl/status/fault"
    await wait_until(
        hass,
        lambda: (
            registry.async_get_entity_id("binary_sensor", "iot_platforms", unique_id)
            is not None
        ),
    )
    assert registry.async_get(sensor) is None
    assert state(hass, entry, "binary_sensor", "boiler_ctl/status/fault").state == "on"
    fault.value = {**fault.value, "pressure": "broken"}
    fault.push()
    pressure = entity_id(hass, entry, "sensor", "boiler_ctl/status/pressure")
    await wait_for_state(hass, pressure, STATE_UNKNOWN)


async def test_number_that_was_null(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A sensor that had no value yet gets unit and class with the first, under the same id."""
    thinger.device("boiler_ctl").add_resource(Resource("depth", Fn.OUTPUT, None))
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription("depth", device="boiler_ctl")
    depth = entity_id(hass, entry, "sensor", "boiler_ctl/depth")
    assert hass.states.get(depth).state == STATE_UNKNOWN
    assert "state_class" not in hass.states.get(depth).attributes
    resource = thinger.device("boiler_ctl").resource("depth")
    resource.value = 4
    resource.push()
    await wait_for_state(hass, depth, "4")
    assert hass.states.get(depth).attributes["state_class"] == "measurement"


async def test_statistics(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Address and traffic start disabled; enabled they follow by a stream of their own."""
    entry = await add_account(hass, thinger.account().credentials())
    registry = er.async_get(hass)
    for name in ("rx_bytes", "ip_address", "connected_ts"):
        found = entity_id(hass, entry, "sensor", f"boiler_ctl/%24stats/{name}")
        assert registry.async_get(found).disabled
        registry.async_update_entity(found, disabled_by=None)
    assert thinger.requests(path="/stats$") == []
    await reload(hass, entry)
    received = entity_id(hass, entry, "sensor", "boiler_ctl/%24stats/rx_bytes")
    await wait_until(
        hass,
        lambda: (
            hass.states.get(received).state not in (STATE_UNKNOWN, STATE_UNAVAILABLE)
        ),
    )
    before = int(hass.states.get(received).state)
    thinger.device("boiler_ctl").add_traffic(rx=100)
    await wait_for_state(hass, received, str(before + 100))
    address = state(hass, entry, "sensor", "boiler_ctl/%24stats/ip_address").state
    assert address not in (STATE_UNKNOWN, STATE_UNAVAILABLE)
    since = state(hass, entry, "sensor", "boiler_ctl/%24stats/connected_ts").state
    assert since.startswith("20")


async def test_bucket(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """The newest row of a bucket is there, disabled where the device itself is."""
    entry = await add_account(hass, thinger.account().credentials())
    rows = [
        found
        for found in er.async_entries_for_config_entry(
            er.async_get(hass), entry.entry_id
        )
        if "%24bucket" in found.unique_id
    ]
    assert rows


async def test_device_facts(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A device page has maker, model, area and a link to the console."""
    entry = await add_account(hass, thinger.account().credentials())
    meter = device_of(hass, entry, "meter")
    assert meter.manufacturer == "Thinger.io"
    assert meter.model is not None
    assert meter.configuration_url.endswith("/devices/meter")


async def test_absurd_device(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Absurd fields of one device harm nobody."""
    thinger.add_device(
        Device("odd", active=True, resources=[Resource("value", Fn.OUTPUT, 10**400)])
    ).extra = {"name": 7, "connection": "yes", "asset_group": ["x"], "type": None}
    entry = await add_account(hass, thinger.account().credentials())
    assert device_of(hass, entry, "odd").name == "odd"
    assert state(hass, entry, "sensor", "boiler_ctl/temperature").state == "21.5"


async def test_value_of_refused_read(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """One resource that the firmware cannot give does not hide the others."""
    thinger.faults.add(Status(500), path="/resources/Flow meter$")
    entry = await add_account(hass, thinger.account().credentials())
    assert state(hass, entry, "sensor", "boiler_ctl/temperature").state == "21.5"


async def change_options(
    hass: HomeAssistant, entry: ConfigEntry, options: dict[str, Any]
) -> None:
    """Change the options as the options flow does."""
    hass.config_entries.async_update_entry(entry, options=options)
    await reload(hass, entry)
