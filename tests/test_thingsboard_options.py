"""What a person decides about a ThingsBoard account."""

from typing import Any

from homeassistant.config_entries import ConfigEntry, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers import entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from tests.flows import suggestions
from tests.home import add_account, entity_id, state, wait_for_state
from tests.simulators.thingsboard import ThingsBoardSimulator
from tests.test_options_flow import fields, labels, submit

FLOWS = "/api/config/config_entries/options/flow"
MENU = ["devices", "controls", "resource", "updates"]
HEATING = "telemetry%2Fheating"


async def set_up(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    options: dict[str, Any] | None = None,
) -> ConfigEntry:
    """Return the sample account, loaded."""
    return await add_account(
        hass,
        thingsboard.account().credentials(),
        platform="thingsboard",
        options=options,
    )


async def open_options(
    hass: HomeAssistant, entry: ConfigEntry, step: str
) -> ConfigFlowResult:
    """Open the options, and choose from the menu."""
    menu = await hass.config_entries.options.async_init(entry.entry_id)
    assert menu["menu_options"] == MENU
    return await submit(hass, menu, {"next_step_id": step})


async def open_control(
    hass: HomeAssistant, entry: ConfigEntry, chosen: str
) -> ConfigFlowResult:
    """Choose one of the controls that there are, or to add one."""
    form = await open_options(hass, entry, "controls")
    assert form["step_id"] == "controls"
    form = await submit(hass, form, {"control": chosen})
    assert form["step_id"] == "control"
    return form


def saved(result: ConfigFlowResult) -> None:
    """Check that a flow has ended with what it was to save."""
    assert result["type"] is FlowResultType.CREATE_ENTRY, result


async def call(
    hass: HomeAssistant, domain: str, action: str, target: str, **data: object
) -> None:
    """Use an entity."""
    await hass.services.async_call(
        domain, action, {"entity_id": target, **data}, blocking=True
    )


def control_key(entry: ConfigEntry, device_id: str, number: int = 0) -> str:
    """Return the key of a control's resource."""
    return f"{device_id}/control%2F{entry.options['controls'][number]['id']}"


async def test_switch(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A switch calls the method of each of its devices, and shows the state that the device tells."""
    entry = await set_up(hass, thingsboard)
    device, other = thingsboard.device("TH-0042"), thingsboard.device("Thermostat T1")
    form = await open_options(hass, entry, "controls")
    # There is none so far, so one is added.
    assert form["step_id"] == "control"
    assert suggestions(form) == {}
    assert fields(form) == [
        "name",
        "type",
        "devices",
        "method",
        "parameters",
        "one_way",
        "state",
        "timeout",
    ]
    assert labels(form, "devices")[device.id] == "Living room thermostat"
    assert labels(form, "state")[HEATING] == "Heating"
    assert form["description_placeholders"]["example"]
    answers = {
        "name": "Heater",
        "type": "switch",
        "devices": [device.id, other.id],
        "method": "setState",
        "state": HEATING,
    }
    form = await submit(hass, form, answers)
    assert form["step_id"] == "control_switch"
    assert suggestions(form) == {"on": "true", "off": "false"}
    saved(await submit(hass, form, suggestions(form)))
    [row] = entry.options["controls"]
    assert row == {
        "id": row["id"],
        "name": "Heater",
        "type": "switch",
        "devices": sorted((device.id, other.id)),
        "method": "setState",
        "state": HEATING,
        "on": True,
        "off": False,
    }
    found = entity_id(hass, entry, "switch", control_key(entry, device.id))
    entity_id(hass, entry, "switch", control_key(entry, other.id))
    assert hass.states.get(found).name == "Living room thermostat Heater"
    assert hass.states.get(found).state == "on"
    await call(hass, "switch", "turn_off", found)
    assert device.rpc.called("setState") == [False]
    assert other.rpc.calls == []
    await wait_for_state(hass, found, "off")


async def test_parameters(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """The value stands where the person wants it among the parameters."""
    entry = await set_up(hass, thingsboard)
    device = thingsboard.device("TH-0042")
    device.rpc.on("setGpio")
    form = await open_options(hass, entry, "controls")
    answers = {
        "name": "Pump",
        "type": "switch",
        "devices": [device.id],
        "method": "setGpio",
        "parameters": '{"pin": 1, "enabled": "$value"}',
    }
    form = await submit(hass, form, answers)
    saved(await submit(hass, form, {"on": '"on"', "off": "0"}))
    pump = entity_id(hass, entry, "switch", control_key(entry, device.id))
    await call(hass, "switch", "turn_on", pump)
    await call(hass, "switch", "turn_off", pump)
    assert device.rpc.called("setGpio") == [
        {"pin": 1, "enabled": "on"},
        {"pin": 1, "enabled": 0},
    ]
    # What was filled in shows again.
    form = await open_control(hass, entry, entry.options["controls"][0]["id"])
    assert suggestions(form) == answers
    form = await submit(hass, form, answers)
    assert suggestions(form) == {"on": '"on"', "off": "0"}


async def test_number(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A number has the limits and the unit that the person gave it."""
    entry = await set_up(hass, thingsboard)
    device = thingsboard.device("TH-0042")
    form = await open_options(hass, entry, "controls")
    answers = {
        "name": "Wanted",
        "type": "number",
        "devices": [device.id],
        "method": "setTargetTemperature",
        "state": "telemetry%2Ftarget",
    }
    form = await submit(hass, form, answers)
    assert form["step_id"] == "control_number"
    form = await submit(hass, form, {"minimum": 30, "maximum": 5, "step": 0})
    assert form["errors"] == {"maximum": "maximum_too_low", "step": "step_too_small"}
    answers = {"minimum": 5, "maximum": 30, "step": 0.5, "unit": "°C"}
    saved(await submit(hass, form, answers))
    found = entity_id(hass, entry, "number", control_key(entry, device.id))
    wanted = hass.states.get(found)
    assert wanted.attributes["min"] == 5
    assert wanted.attributes["max"] == 30
    assert wanted.attributes["step"] == 0.5
    assert wanted.attributes["unit_of_measurement"] == "°C"
    await call(hass, "number", "set_value", found, value=19.5)
    assert device.rpc.called("setTargetTemperature") == [19.5]
    await wait_for_state(hass, found, "19.5")


async def test_select_text_and_button(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A selection asks what there is to choose from; text and button ask for nothing more."""
    entry = await set_up(hass, thingsboard)
    device = thingsboard.device("TH-0042")
    answers = {"name": "Mode", "devices": [device.id], "method": "setMode"}
    form = await open_options(hass, entry, "controls")
    form = await submit(hass, form, {**answers, "type": "select"})
    assert form["step_id"] == "control_select"
    form = await submit(hass, form, {"options": [" "]})
    assert form["errors"] == {"options": "options_missing"}
    saved(await submit(hass, form, {"options": ["eco", "heat"]}))

    form = await open_control(hass, entry, "add")
    assert suggestions(form) == {}
    saved(await submit(hass, form, {**answers, "name": "Say", "type": "text"}))
    form = await open_control(hass, entry, "add")
    answers |= {"name": "Reboot", "type": "button", "method": "reboot"}
    saved(await submit(hass, form, {**answers, "one_way": True, "timeout": 5}))
    assert entry.options["controls"][2]["timeout"] == 5
    assert entry.options["controls"][2]["one_way"] is True

    mode = entity_id(hass, entry, "select", control_key(entry, device.id))
    await call(hass, "select", "select_option", mode, option="eco")
    text = entity_id(hass, entry, "text", control_key(entry, device.id, 1))
    await call(hass, "text", "set_value", text, value="boost")
    button = entity_id(hass, entry, "button", control_key(entry, device.id, 2))
    await call(hass, "button", "press", button)
    assert device.rpc.called("setMode") == ["eco", "boost"]
    assert [made.oneway for made in device.rpc.calls] == [False, False, True]


async def test_what_is_wrong_with_a_control(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Each mistake is said at its field, and can be corrected."""
    entry = await set_up(hass, thingsboard)
    device = thingsboard.device("TH-0042")
    form = await open_options(hass, entry, "controls")
    wrong = {
        "name": " ",
        "type": "switch",
        "devices": [],
        "method": "",
        "parameters": "{pin: 1}",
        "timeout": 7,
    }
    form = await submit(hass, form, wrong)
    assert form["errors"] == {
        "name": "text_missing",
        "devices": "devices_missing",
        "method": "text_missing",
        "parameters": "invalid_json",
    }
    assert suggestions(form) == {**wrong, "one_way": False}
    with pytest.raises(InvalidData):
        await submit(hass, form, {**wrong, "timeout": 60})
    answers = {"name": "A", "type": "switch", "devices": [device.id], "method": "b"}
    form = await submit(hass, form, answers)
    form = await submit(hass, form, {"on": "on", "off": "{"})
    assert form["errors"] == {"on": "invalid_json", "off": "invalid_json"}
    form = await submit(hass, form, {"on": "false"})
    assert form["errors"] == {"off": "same_values"}
    saved(await submit(hass, form, {"on": "1", "off": "0"}))


async def test_change_and_delete(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A control that is changed stays itself; one that is deleted takes its entities along."""
    device = thingsboard.device("TH-0042")
    row = {"type": "switch", "devices": [device.id], "method": "setState"}
    options = {
        "controls": [
            {"id": "one", "name": "One", **row},
            {"id": "two", "name": "Two", **row, "state": HEATING},
        ]
    }
    entry = await set_up(hass, thingsboard, options)
    form = await open_options(hass, entry, "controls")
    assert labels(form, "control") == {"one": "One", "two": "Two", "add": "add"}
    form = await open_control(hass, entry, "two")
    assert fields(form)[-1] == "delete"
    changed = {**suggestions(form), "name": "Second", "state": "telemetry%2Fgone"}
    with pytest.raises(InvalidData):
        await submit(hass, form, changed)
    del changed["state"]
    form = await submit(hass, form, changed)
    saved(await submit(hass, form, suggestions(form)))
    assert [c["id"] for c in entry.options["controls"]] == ["one", "two"]
    assert entry.options["controls"][1]["name"] == "Second"
    assert "state" not in entry.options["controls"][1]
    two = f"{device.id}/control%2Ftwo"
    assert state(hass, entry, "switch", two).attributes["assumed_state"]

    form = await open_control(hass, entry, "one")
    saved(await submit(hass, form, {**suggestions(form), "delete": True}))
    assert [c["id"] for c in entry.options["controls"]] == ["two"]
    one = f"{entry.unique_id}/{device.id}/control%2Fone"
    registry = er.async_get(hass)
    assert registry.async_get_entity_id("switch", "iot_platforms", one) is None
    form = await open_control(hass, entry, "two")
    saved(await submit(hass, form, {**suggestions(form), "delete": True}))
    assert dict(entry.options) == {}


async def test_controls_while_the_account_is_not_loaded(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What is there can be changed; without devices nothing can be added."""
    row = {
        "id": "one",
        "name": "One",
        "type": "button",
        "devices": ["gone"],
        "method": "reboot",
        "state": HEATING,
    }
    entry = await set_up(hass, thingsboard, {"controls": [row]})
    await hass.config_entries.async_unload(entry.entry_id)
    form = await open_control(hass, entry, "one")
    assert labels(form, "devices") == {"gone": "gone"}
    assert labels(form, "state") == {HEATING: HEATING}
    saved(await submit(hass, form, {**suggestions(form), "delete": True}))
    await hass.config_entries.async_unload(entry.entry_id)
    result = await open_options(hass, entry, "controls")
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "no_devices"


async def test_through_the_frontend(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    hass_client: ClientSessionGenerator,
) -> None:
    """The frontend can show the forms."""
    row = {"type": "number", "method": "set", "devices": ["gone"]}
    options = {"controls": [{"id": "one", "name": "One", **row}]}
    entry = await set_up(hass, thingsboard, options)
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    menu = await (await client.post(FLOWS, json={"handler": entry.entry_id})).json()
    flow = f"{FLOWS}/{menu['flow_id']}"
    form = await (await client.post(flow, json={"next_step_id": "controls"})).json()
    [field] = form["data_schema"]
    assert field["selector"]["select"]["translation_key"] == "control"
    form = await (await client.post(flow, json={"control": "one"})).json()
    shown = {field["name"]: field for field in form["data_schema"]}
    assert shown["timeout"]["default"] == 10
    assert shown["name"]["description"]["suggested_value"] == "One"
    answers = {**row, "name": "One", "timeout": 10, "devices": []}
    form = await (await client.post(flow, json=answers)).json()
    assert form["errors"] == {"devices": "devices_missing"}
    form = await (await client.post(flow, json={**answers, **row})).json()
    assert form["step_id"] == "control_number"
    result = await (await client.post(flow, json={})).json()
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()


async def test_updates(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """What ThingsBoard knows of devices and dashboards can be used or not."""
    entry = await set_up(hass, thingsboard)
    form = await open_options(hass, entry, "updates")
    assert fields(form) == ["value_interval", "hides_inactive", "reads_dashboards"]
    assert suggestions(form) == {"value_interval": 30}
    answers = {"value_interval": 60, "hides_inactive": True, "reads_dashboards": True}
    saved(await submit(hass, form, answers))
    assert dict(entry.options) == answers
    choices = entry.runtime_data.choices
    assert choices.hides_inactive
    assert choices.reads_dashboards
    form = await open_options(hass, entry, "updates")
    assert suggestions(form) == answers
    saved(await submit(hass, form, {"hides_inactive": False}))
    assert dict(entry.options) == {}


async def test_selection_of_a_resource(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A shared attribute can become a selection: what there is to choose from, the person says."""
    entry = await set_up(hass, thingsboard)
    device = thingsboard.device("TH-0042")
    key = f"{device.id}/shared%2Fmode"
    form = await open_options(hass, entry, "resource")
    form = await submit(hass, form, {"resource": key})
    form = await submit(hass, form, {"entity": "select", "options": [" "]})
    assert form["errors"] == {"options": "options_missing"}
    assert suggestions(form) == {
        "entity": "select",
        "options": [" "],
        "inverted": False,
    }
    saved(await submit(hass, form, {"entity": "select", "options": ["eco", "heat"]}))
    row = {"entity": "select", "options": ["eco", "heat"]}
    assert entry.options == {"resources": {key: row}}
    mode = state(hass, entry, "select", key)
    assert mode.state == "heat"
    assert mode.attributes["options"] == ["eco", "heat"]
    await call(hass, "select", "select_option", mode.entity_id, option="eco")
    assert device.attributes["SHARED_SCOPE"]["mode"].value == "eco"
