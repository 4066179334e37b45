"""What a person decides about an account."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import device_registry as dr, entity_registry as er
import pytest

from tests.flows import suggestions
from tests.home import add_account, device_of, entity_id, state, wait_until
from tests.simulators.thinger import Device, ThingerSimulator

PROPERTY = "boiler_ctl/%24property%2Fsetpoint"


async def open_options(
    hass: HomeAssistant, entry: ConfigEntry, step: str
) -> ConfigFlowResult:
    """Open the options, and choose from the menu."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["type"] is FlowResultType.MENU
    assert menu["menu_options"] == ["devices", "reading", "resource", "updates"]
    return await submit(hass, menu, {"next_step_id": step})


async def submit(
    hass: HomeAssistant, form: ConfigFlowResult, answers: dict[str, Any]
) -> ConfigFlowResult:
    """Fill in a form, and wait for what comes of it."""
    result = await hass.config_entries.options.async_configure(form["flow_id"], answers)
    await hass.async_block_till_done()
    return result


async def choose(
    hass: HomeAssistant, entry: ConfigEntry, step: str, answers: dict[str, Any]
) -> None:
    """Change options, and see the account loaded with them."""
    result = await submit(hass, await open_options(hass, entry, step), answers)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result
    assert entry.state is ConfigEntryState.LOADED


async def open_entity(
    hass: HomeAssistant, entry: ConfigEntry, key: str
) -> ConfigFlowResult:
    """Open the form about what a resource becomes."""
    form = await open_options(hass, entry, "resource")
    form = await submit(hass, form, {"resource": key})
    assert form["step_id"] == "entity"
    return form


async def change_entity(
    hass: HomeAssistant, entry: ConfigEntry, key: str, answers: dict[str, Any]
) -> None:
    """Change what a resource becomes."""
    result = await submit(hass, await open_entity(hass, entry, key), answers)
    assert result["type"] is FlowResultType.CREATE_ENTRY, result


def labels(form: ConfigFlowResult, field: str) -> dict[str, str]:
    """Return what a field offers: label by value."""
    [selector] = [f for name, f in form["data_schema"].schema.items() if name == field]
    return {
        option["value"]: option["label"]
        for option in selector.config["options"]
        if isinstance(option, dict)
    }


def kinds(form: ConfigFlowResult) -> list[str]:
    """Return the kinds of entities that a resource can become."""
    [selector] = [
        f for name, f in form["data_schema"].schema.items() if name == "entity"
    ]
    return [str(option) for option in selector.config["options"]]


def fields(form: ConfigFlowResult) -> list[str]:
    """Return the names of a form's fields."""
    return [str(field) for field in form["data_schema"].schema]


async def test_devices_to_leave_out(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A device that is left out disappears, and nothing is asked of it any more; it can come back."""
    entry = await add_account(hass, thinger.account().credentials())
    device = device_of(hass, entry, "boiler_ctl")
    temperature = entity_id(hass, entry, "sensor", "boiler_ctl/temperature")
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    form = await open_options(hass, entry, "devices")
    assert suggestions(form) == {}
    offered = labels(form, "excluded_devices")
    assert offered["boiler_ctl"] == "Boiler"
    assert list(offered.values()) == sorted(offered.values(), key=str.casefold)
    thinger.clear_requests()
    await submit(hass, form, {"excluded_devices": ["boiler_ctl"]})
    await thinger.wait_for_subscription("power", device="meter")
    assert entry.options == {"excluded_devices": ["boiler_ctl"]}
    assert dr.async_get(hass).async_get(device.id) is None
    assert er.async_get(hass).async_get(temperature) is None
    assert hass.states.get(temperature) is None
    assert state(hass, entry, "sensor", "meter/power").state != "unavailable"
    assert thinger.requests(device="boiler_ctl") == []
    assert thinger.requests(path="/devices$") != []

    # Whatever happens to it: what is left out stays out.
    thinger.clear_requests()
    boiler = thinger.device("boiler_ctl")
    boiler.go_offline()
    boiler.go_online()
    boiler.property_set("setpoint", 30)
    await entry.runtime_data.async_read_list()
    await hass.async_block_till_done()
    assert thinger.requests(device="boiler_ctl") == []
    assert "boiler_ctl" not in entry.runtime_data.data.devices

    form = await open_options(hass, entry, "devices")
    assert suggestions(form) == {"excluded_devices": ["boiler_ctl"]}
    assert "boiler_ctl" in labels(form, "excluded_devices")
    await submit(hass, form, {"excluded_devices": []})
    assert dict(entry.options) == {}
    assert state(hass, entry, "sensor", "boiler_ctl/temperature").state == "21.5"


async def test_what_stands_for_the_account_is_no_device(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """The stand-in for buckets cannot be left out: it is not on the platform's list."""
    thinger.remove_device("boiler_ctl")
    entry = await add_account(hass, thinger.account().credentials())
    assert entry.runtime_data.data.devices["$buckets"].device.is_service
    for step, field in (("devices", "excluded_devices"), ("reading", "safe_devices")):
        form = await open_options(hass, entry, step)
        assert "$buckets" not in labels(form, field)


async def test_devices_of_the_same_name(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Devices that look alike tell their ids."""
    thinger.add_device(Device("boiler_2", name="Boiler"))
    entry = await add_account(hass, thinger.account().credentials())
    offered = labels(await open_options(hass, entry, "devices"), "excluded_devices")
    assert offered["boiler_ctl"] == "Boiler (boiler_ctl)"
    assert offered["boiler_2"] == "Boiler (boiler_2)"
    assert offered["meter"] == "Meter"


async def test_safe_resource(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """An input that is marked as safe shows its true state; the others are left alone."""
    entry = await add_account(hass, thinger.account().credentials())
    assert state(hass, entry, "switch", "boiler_ctl/relay").attributes["assumed_state"]
    assert thinger.unsafe_reads == []
    form = await open_options(hass, entry, "reading")
    assert suggestions(form) == {}
    assert labels(form, "safe_resources") == {
        "boiler_ctl/message": "Boiler: Message",
        "boiler_ctl/pump": "Boiler: Pump",
        "boiler_ctl/relay": "Boiler: Relay",
        "boiler_ctl/rgb": "Boiler: RGB",
        "boiler_ctl/setpoint": "Boiler: Setpoint",
        "boiler_ctl/threshold": "Boiler: Threshold",
        "greenhouse/climate%2Fsetpoint": "Greenhouse: Climate setpoint",
    }
    await submit(hass, form, {"safe_resources": ["boiler_ctl/relay"]})
    assert entry.options == {"safe_resources": ["boiler_ctl/relay"]}
    relay = state(hass, entry, "switch", "boiler_ctl/relay")
    assert relay.state == "on"
    assert "assumed_state" not in relay.attributes
    assert {call.resource for call in thinger.unsafe_reads} == {"relay"}

    form = await open_options(hass, entry, "reading")
    assert suggestions(form) == {"safe_resources": ["boiler_ctl/relay"]}
    thinger.clear_harm()
    await submit(hass, form, {})
    assert dict(entry.options) == {}
    assert state(hass, entry, "switch", "boiler_ctl/relay").attributes["assumed_state"]
    assert thinger.unsafe_reads == []


async def test_safe_device(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """All inputs of a device that is marked as safe are read, and those of no other."""
    entry = await add_account(hass, thinger.account().credentials())
    await choose(hass, entry, "reading", {"safe_devices": ["greenhouse"]})
    setpoint = state(hass, entry, "number", "greenhouse/climate%2Fsetpoint")
    assert float(setpoint.state) == 24
    assert {call.device for call in thinger.unsafe_reads} == {"greenhouse"}
    form = await open_options(hass, entry, "reading")
    assert suggestions(form) == {"safe_devices": ["greenhouse"]}


async def test_entity_of_an_input(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """An input of unknown type is a switch until the person says what it takes."""
    entry = await add_account(hass, thinger.account().credentials())
    entity_id(hass, entry, "switch", "boiler_ctl/setpoint")
    form = await open_options(hass, entry, "resource")
    offered = labels(form, "resource")
    assert offered["boiler_ctl/setpoint"] == "Boiler: Setpoint (setpoint)"
    assert offered["boiler_ctl/temperature"] == "Boiler: Temperature"
    assert "boiler_ctl/threshold" not in offered
    form = await submit(hass, form, {"resource": "boiler_ctl/setpoint"})
    assert form["description_placeholders"] == {"resource": "Boiler: Setpoint"}
    assert kinds(form) == [
        "automatic",
        "switch",
        "number",
        "text",
        "select",
        "light",
        "button",
        "none",
    ]
    assert suggestions(form) == {"entity": "automatic"}
    assert fields(form) == [
        "entity",
        "name",
        "unit",
        "minimum",
        "maximum",
        "step",
        "options",
        "inverted",
    ]
    answers = {
        "entity": "number",
        "name": "Wanted temperature",
        "unit": "°C",
        "minimum": 30,
        "maximum": 5,
        "step": 0,
    }
    form = await submit(hass, form, answers)
    assert form["errors"] == {"maximum": "maximum_too_low", "step": "step_too_small"}
    assert suggestions(form) == {**answers, "inverted": False}
    answers |= {"minimum": 5, "maximum": 30, "step": 0.5}
    result = await submit(hass, form, answers)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert entry.options == {"resources": {"boiler_ctl/setpoint": answers}}
    number = state(hass, entry, "number", "boiler_ctl/setpoint")
    assert number.name == "Boiler Wanted temperature"
    assert number.attributes["min"] == 5
    assert number.attributes["max"] == 30
    assert number.attributes["step"] == 0.5
    assert number.attributes["unit_of_measurement"] == "°C"
    registry = er.async_get(hass)
    unique_id = f"{entry.unique_id}/boiler_ctl/setpoint"
    assert registry.async_get_entity_id("switch", "iot_platforms", unique_id) is None

    # What was chosen shows again; what is left empty is gone.
    form = await open_entity(hass, entry, "boiler_ctl/setpoint")
    assert suggestions(form) == answers
    await submit(hass, form, {"entity": "number", "name": "", "unit": ""})
    assert entry.options == {"resources": {"boiler_ctl/setpoint": {"entity": "number"}}}
    await change_entity(hass, entry, "boiler_ctl/setpoint", {"entity": "automatic"})
    assert dict(entry.options) == {}
    entity_id(hass, entry, "switch", "boiler_ctl/setpoint")
    assert thinger.unsafe_reads == []


async def test_entities_of_several_resources(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Each resource has its own choice, and the form asks only for what says something about it."""
    entry = await add_account(hass, thinger.account().credentials())
    form = await open_entity(hass, entry, "boiler_ctl/temperature")
    assert kinds(form) == ["automatic", "sensor", "binary_sensor", "none"]
    assert fields(form) == ["entity", "name", "unit", "inverted"]
    await submit(hass, form, {"entity": "sensor", "unit": "°F"})
    form = await open_entity(hass, entry, "boiler_ctl/reboot")
    assert kinds(form) == ["automatic", "button", "none"]
    assert fields(form) == ["entity", "name"]
    await submit(hass, form, {"entity": "none"})
    assert entry.options["resources"] == {
        "boiler_ctl/temperature": {"entity": "sensor", "unit": "°F"},
        "boiler_ctl/reboot": {"entity": "none"},
    }
    # In Home Assistant's own unit, whatever the platform's is.
    temperature = entity_id(hass, entry, "sensor", "boiler_ctl/temperature")
    await wait_until(hass, lambda: hass.states.get(temperature).state[:4] == "-5.8")
    shown = hass.states.get(temperature)
    assert shown.attributes["unit_of_measurement"] == "°C"
    registry = er.async_get(hass)
    unique_id = f"{entry.unique_id}/boiler_ctl/reboot"
    assert registry.async_get_entity_id("button", "iot_platforms", unique_id) is None
    # What became nothing can still be chosen.
    form = await open_entity(hass, entry, "boiler_ctl/reboot")
    assert suggestions(form) == {"entity": "none"}
    await change_entity(hass, entry, PROPERTY, {"entity": "number"})
    assert state(hass, entry, "number", PROPERTY).state == "21"


async def test_what_the_form_does_not_ask_for(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A device class that came in with an import survives a change by the form."""
    row = {"device_class": "voltage", "unit": "V"}
    entry = await add_account(
        hass,
        thinger.account().credentials(),
        options={"resources": {"boiler_ctl/temperature": row}},
    )
    answers = {"entity": "automatic", "name": "Supply", "unit": "mV"}
    await change_entity(hass, entry, "boiler_ctl/temperature", answers)
    assert entry.options["resources"]["boiler_ctl/temperature"] == {
        "device_class": "voltage",
        "unit": "mV",
        "name": "Supply",
    }


async def test_time_between_values(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Streams are asked for at the interval that the person wants."""
    entry = await add_account(hass, thinger.account().credentials())
    stream = await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    assert stream.interval == 30
    form = await open_options(hass, entry, "updates")
    assert suggestions(form) == {"value_interval": 30}
    with pytest.raises(InvalidData):
        await submit(hass, form, {"value_interval": 1})
    await submit(hass, form, {"value_interval": 120})
    await thinger.wait_until(
        lambda: {s.interval for s in thinger.subscriptions("temperature")} == {120}
    )
    form = await open_options(hass, entry, "updates")
    assert suggestions(form) == {"value_interval": 120}
    await submit(hass, form, {})
    assert dict(entry.options) == {}


async def test_choices_do_not_disturb_each_other(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Each step changes its own options only, and unchanged options reload nothing."""
    options = {
        "excluded_devices": ["old_node"],
        "safe_resources": ["boiler_ctl/relay"],
        "resources": {"boiler_ctl/setpoint": {"entity": "number"}},
        "value_interval": 60.0,
    }
    entry = await add_account(hass, thinger.account().credentials(), options=options)
    coordinator = entry.runtime_data
    await choose(hass, entry, "updates", {"value_interval": 60})
    assert dict(entry.options) == options
    assert entry.runtime_data is coordinator
    await choose(hass, entry, "devices", {"excluded_devices": ["paused"]})
    assert dict(entry.options) == options | {"excluded_devices": ["paused"]}
    assert entry.runtime_data is not coordinator


async def test_while_the_account_is_not_loaded(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """What was chosen can be changed, also where nothing is known of the devices."""
    options = {
        "excluded_devices": ["old_node"],
        "safe_devices": ["greenhouse"],
        "safe_resources": ["boiler_ctl/relay"],
        "resources": {"boiler_ctl/setpoint": {"entity": "number", "minimum": 5}},
    }
    entry = await add_account(hass, thinger.account().credentials(), options=options)
    await hass.config_entries.async_unload(entry.entry_id)
    form = await open_options(hass, entry, "devices")
    assert labels(form, "excluded_devices") == {"old_node": "old_node"}
    await submit(hass, form, {"excluded_devices": []})
    await hass.config_entries.async_unload(entry.entry_id)
    form = await open_options(hass, entry, "reading")
    assert labels(form, "safe_devices") == {"greenhouse": "greenhouse"}
    assert labels(form, "safe_resources") == {"boiler_ctl/relay": "boiler_ctl: Relay"}
    await submit(hass, form, {"safe_devices": ["greenhouse"]})
    await hass.config_entries.async_unload(entry.entry_id)
    form = await open_entity(hass, entry, "boiler_ctl/setpoint")
    assert suggestions(form) == {"entity": "number", "minimum": 5}
    await submit(hass, form, {"entity": "automatic"})
    assert dict(entry.options) == {"safe_devices": ["greenhouse"]}
    await hass.config_entries.async_unload(entry.entry_id)
    result = await open_options(hass, entry, "resource")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "no_resources"


async def test_options_edited_by_hand(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """What is unusable in the options is left out, and does not hinder the rest."""
    options = {"resources": {"nonsense": {"entity": "number"}}, "safe_resources": ["x"]}
    entry = await add_account(hass, thinger.account().credentials(), options=options)
    for step, field in (("reading", "safe_resources"), ("resource", "resource")):
        form = await open_options(hass, entry, step)
        assert not {"nonsense", "x"} & labels(form, field).keys()
