"""What the devices of a ThingsBoard server become, and what arrives when one writes."""

import asyncio
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
import pytest

from custom_components.iot_platforms.const import DOMAIN

from tests.boards import (
    CUSTOMER_USER,
    Board,
    BoardTime,
    add_board,
    histories,
    live_board,
    text_of,
)
from tests.home import device_of, reload, settle, wait_for_state, wait_until
from tests.simulators.effects import Effect, Hang, Reset, Status
from tests.simulators.json_types import Json
from tests.simulators.thingsboard import (
    Device,
    Scope,
    ThingsBoardSimulator,
    api_error,
)

ROOM = "TH-0042"
WEATHER = "Weather station"
TARGET = "shared/targetTemperature"
STREAM = "telemetry/temperature"

THERMOSTAT = {
    "binary_sensor telemetry/heating": ("on", None),
    "number shared/targetTemperature": ("22.0", "°C"),
    "sensor telemetry/humidity": ("55", "%"),
    "sensor telemetry/state": ("heat", None),
    "sensor telemetry/target": ("22.0", None),
    "sensor telemetry/temperature": ("21.5", "°C"),
    "switch shared/enabled": ("on", None),
    "text shared/mode": ("heat", None),
}
OFFICES = {
    "binary_sensor server/humidityAlarmFlag": ("on", None),
    "binary_sensor server/temperatureAlarmFlag": ("on", None),
    "device_tracker position/server": ("not_home", None),
}
SAMPLE: dict[str, dict[str, tuple[str, str | None]]] = {
    ROOM: THERMOSTAT,
    "Thermostat T1": {
        **THERMOSTAT,
        **OFFICES,
        "number shared/targetTemperature": ("22.5", "°C"),
        "sensor server/humidityAlarmThreshold": ("50", "%"),
        "sensor server/temperatureAlarmThreshold": ("20", "°C"),
        "sensor telemetry/humidity": ("44", "%"),
        "sensor telemetry/target": ("22.5", None),
        "sensor telemetry/temperature": ("22.4", "°C"),
    },
    "Thermostat T2": {
        **THERMOSTAT,
        **OFFICES,
        "number shared/targetTemperature": ("21.0", "°C"),
        "sensor server/humidityAlarmThreshold": ("30", "%"),
        "sensor server/temperatureAlarmThreshold": ("25", "°C"),
        "sensor telemetry/humidity": ("41", "%"),
        "sensor telemetry/target": ("21.0", None),
        "sensor telemetry/temperature": ("23.1", "°C"),
    },
    "Gateway G1": {"sensor telemetry/rssi": ("-61", "dBm")},
    "Meter M1": {
        "sensor telemetry/energy": ("1204.75", None),
        "sensor telemetry/power": ("431.5", "W"),
        "sensor telemetry/voltage": ("230.4", "V"),
    },
    "Meter M2": {
        "sensor telemetry/energy": ("17.2", None),
        "sensor telemetry/power": ("0", "W"),
        "sensor telemetry/voltage": ("229.9", "V"),
    },
    WEATHER: {
        "binary_sensor telemetry/raining": ("off", None),
        "sensor telemetry/Air pressure": ("1013.2", "hPa"),
        "sensor telemetry/Füllstand": ("62", None),
        "sensor telemetry/Temperature": ("17.2", "°C"),
        "sensor telemetry/channel": ("12", None),
        "sensor telemetry/data.temp": ("17.25", "°C"),
        "sensor telemetry/empty": ("", None),
        "sensor telemetry/rain/hour": ("0.4", "mm"),
        "sensor telemetry/serial": ("007", None),
        "sensor telemetry/temperature": ("63.0", "°C"),
        # The server's own writing of a text that looks like a number (7.2).
        "sensor telemetry/version": ("22.5", None),
        "sensor telemetry/wind:direction": ("NW", None),
        # Home Assistant's own unit for a speed in m/s.
        "sensor telemetry/wind:speed": ("15.12", "km/h"),
        "sensor telemetry/温度": ("17.3", None),
    },
    "Tracker": {
        "device_tracker position/telemetry": ("not_home", None),
        "sensor telemetry/satellites": ("9", None),
        "sensor telemetry/speed": ("12.5", None),
    },
    "Sprinkler": {
        "binary_sensor telemetry/valve": ("off", None),
        "sensor telemetry/flow": ("0.0", None),
        "switch shared/valve": ("off", None),
        "update firmware": ("off", None),
    },
    "Door sensor": {
        "binary_sensor telemetry/open": ("off", None),
        "sensor telemetry/battery": ("87", "%"),
    },
    "Cellar sensor": {
        "sensor telemetry/battery": ("3.1", None),
        "sensor telemetry/temperature": ("11.5", "°C"),
    },
    **{
        name: {}
        for name in (
            "Test Device A1",
            "Test Device A2",
            "Test Device A3",
            "Test Device B1",
            "Test Device C1",
            "DHT11 Demo Device",
            "Raspberry Pi Demo Device",
        )
    },
}
INACTIVE = {"Cellar sensor", *(name for name, found in SAMPLE.items() if not found)}
IN_ALARM = {"Thermostat T1", "Door sensor"}
DISABLED = {
    "client/fwVersion",
    "client/manufacturer",
    "client/model",
    "client/serialNumber",
    "server/inactivityAlarmTime",
    "server/inactivityTimeout",
    "server/lastActivityTime",
    "server/lastConnectTime",
    "server/latitude",
    "server/longitude",
    "shared/fw_checksum",
    "shared/fw_checksum_algorithm",
    "shared/fw_size",
    "shared/fw_tag",
    "shared/fw_title",
    "shared/fw_version",
    "telemetry/current_fw_title",
    "telemetry/current_fw_version",
    "telemetry/fw_state",
    "telemetry/latitude",
    "telemetry/longitude",
    "telemetry/readings",
    "telemetry/target_fw_tag",
    "telemetry/target_fw_title",
    "telemetry/target_fw_ts",
    "telemetry/target_fw_version",
    "telemetry/uptime",
    "telemetry/wind:gusts",
}


def entries(hass: HomeAssistant, board: Board) -> dict[str, er.RegistryEntry]:
    """Return the entities by domain, device and resource."""
    found = {}
    names = {device.id: device.name for device in board.sim.devices}
    for entity in er.async_entries_for_config_entry(
        er.async_get(hass), board.entry.entry_id
    ):
        key = entity.unique_id.removeprefix(f"{board.entry.unique_id}/")
        device, _, resource = key.partition("/")
        found[f"{entity.domain} {names[device]} {resource}"] = entity
    return found


# What there is


async def test_sample(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """Every value of the sample has the entity that a person would expect, and the value."""
    board = await live_board(hass, thingsboard)
    expected = {}
    for device, found in SAMPLE.items():
        for what, shown in found.items():
            domain, _, resource = what.partition(" ")
            resource_id, *leaf = resource.split(":")
            key = text_of(thingsboard, device, resource_id, *leaf).partition("/")[2]
            expected[f"{domain} {device} {key}"] = shown
        online = "off" if device in INACTIVE else "on"
        problem = "on" if device in IN_ALARM else "off"
        expected[f"binary_sensor {device} "] = (online, None)
        expected[f"binary_sensor {device} $problem"] = (problem, None)
        expected[f"event {device} $alarms"] = (STATE_UNKNOWN, None)
    values = {}
    for what, entity in entries(hass, board).items():
        if not entity.disabled:
            found = hass.states.get(entity.entity_id)
            assert found is not None, what
            unit = found.attributes.get("unit_of_measurement")
            values[what] = (found.state, unit)
    assert values == expected


async def test_what_starts_disabled(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Nobody is drowned in what is for the platform itself, or stands on the device's page."""
    board = await live_board(hass, thingsboard)
    disabled = {
        what: entity for what, entity in entries(hass, board).items() if entity.disabled
    }
    keys = {
        tuple(entity.unique_id.removeprefix(f"{board.entry.unique_id}/").split("/")[1:])
        for entity in disabled.values()
    }
    assert {":".join(key).replace("%2F", "/") for key in keys} == DISABLED
    assert {entity.disabled_by for entity in disabled.values()} == {
        er.RegistryEntryDisabler.INTEGRATION
    }
    assert {entity.domain for entity in disabled.values()} == {"sensor"}
    # `active` is the connectivity: there is no second entity for it.
    assert not any("active" in what for what in entries(hass, board))


async def test_categories(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What the server keeps about a device is no more than diagnostic; what it is for is none."""
    board = await live_board(hass, thingsboard)
    for what, entity in entries(hass, board).items():
        resource = entity.unique_id.rpartition("/")[2]
        if resource.startswith(("server%2F", "client%2F")):
            assert entity.entity_category == "diagnostic", what
    registry = er.async_get(hass)
    for domain, device, resource, category in (
        ("binary_sensor", ROOM, "", "diagnostic"),
        ("binary_sensor", ROOM, "$problem", None),
        ("event", ROOM, "$alarms", None),
        ("sensor", ROOM, STREAM, None),
        ("number", ROOM, TARGET, None),
        ("sensor", "Gateway G1", "telemetry/rssi", "diagnostic"),
        ("update", "Sprinkler", "firmware", "config"),
        ("device_tracker", "Tracker", "position/telemetry", None),
    ):
        entity = registry.async_get(board.found(domain, device, resource))
        assert entity is not None
        assert entity.entity_category == category, (domain, device, resource)


async def test_classes(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """Names decide about classes, as far as they leave no doubt."""
    board = await live_board(hass, thingsboard)
    for domain, device, resource, device_class, state_class in (
        ("sensor", ROOM, STREAM, "temperature", "measurement"),
        ("sensor", ROOM, "telemetry/humidity", "humidity", "measurement"),
        ("sensor", ROOM, "telemetry/state", None, None),
        ("sensor", "Meter M1", "telemetry/power", "power", "measurement"),
        ("sensor", "Meter M1", "telemetry/energy", None, None),
        ("sensor", "Door sensor", "telemetry/battery", "battery", "measurement"),
        # 3.1 may be volts, or three per cent.
        ("sensor", "Cellar sensor", "telemetry/battery", None, "measurement"),
        ("binary_sensor", "Door sensor", "telemetry/open", "opening", None),
        ("binary_sensor", ROOM, "", "connectivity", None),
        ("number", ROOM, TARGET, "temperature", None),
        ("update", "Sprinkler", "firmware", "firmware", None),
    ):
        attributes = board.shown(domain, device, resource).attributes
        found = (attributes.get("device_class"), attributes.get("state_class"))
        assert found == (device_class, state_class), (device, resource)


async def test_names(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """Keys are read as words."""
    board = await live_board(hass, thingsboard)
    for domain, device, resource, leaf, name in (
        ("number", ROOM, TARGET, (), "Living room thermostat Target temperature"),
        ("sensor", WEATHER, "telemetry/data.temp", (), "Roof Data temp"),
        ("sensor", WEATHER, "telemetry/rain/hour", (), "Roof Rain hour"),
        ("sensor", WEATHER, "telemetry/温度", (), "Roof 温度"),
        ("sensor", WEATHER, "telemetry/wind", ("speed",), "Roof Wind speed"),
        ("sensor", "Gateway G1", "telemetry/rssi", (), "Basement gateway RSSI"),
        ("binary_sensor", ROOM, "", (), "Living room thermostat Connectivity"),
        ("update", "Sprinkler", "firmware", (), "Lawn sprinkler Firmware"),
        ("device_tracker", "Tracker", "position/telemetry", (), "Van Position"),
    ):
        assert board.shown(domain, device, resource, *leaf).name == name


async def test_tracker(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A latitude and a longitude are one place, also where only one of them moves."""
    board = await live_board(hass, thingsboard)
    tracker = board.found("device_tracker", "Tracker", "position/telemetry")

    def place() -> tuple[float, float]:
        attributes = hass.states.get(tracker).attributes
        return attributes["latitude"], attributes["longitude"]

    assert place() == (40.4168, -3.7038)
    thingsboard.device("Tracker").post_telemetry({"latitude": 41.5, "longitude": -4})
    await wait_until(hass, lambda: place() == (41.5, -4))
    thingsboard.device("Tracker").post_telemetry({"latitude": 42.25})
    await wait_until(hass, lambda: place() == (42.25, -4))
    # Where the server keeps a place, that is where the device is.
    attributes = board.shown(
        "device_tracker", "Thermostat T1", "position/server"
    ).attributes
    assert (attributes["latitude"], attributes["longitude"]) == (37.3948, -122.1503)


async def test_json(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """Parts of objects change one by one; new ones appear; a list is there for who wants it."""
    board = await live_board(hass, thingsboard)
    speed = histories(hass, board.found("sensor", WEATHER, "telemetry/wind", "speed"))
    wind: Json = {"speed": 4.2, "direction": "SE", "gusts": [6], "calm": False}
    thingsboard.device(WEATHER).post_telemetry({"wind": wind})
    await board.until("SE", "sensor", WEATHER, "telemetry/wind", "direction")
    await settle(hass)
    assert speed == []
    assert board.value("binary_sensor", WEATHER, "telemetry/wind", "calm") == "off"
    readings = board.found("sensor", WEATHER, "telemetry/readings")
    er.async_get(hass).async_update_entity(readings, disabled_by=None)
    await reload(hass, board.entry)
    assert hass.states.get(readings).state == '[1, 2.5, "three"]'


@pytest.mark.parametrize("version", ["3.6.4", "4.3.1.3"])
async def test_texts_that_look_like_numbers(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, version: str
) -> None:
    """What is a text stays a text, whatever the server's answers look like."""
    thingsboard.switches.version = version
    board = await live_board(hass, thingsboard)
    for key, value in (("serial", "007"), ("channel", "12"), ("version", "22.5")):
        found = board.shown("sensor", WEATHER, f"telemetry/{key}")
        assert found.state == value
        assert "state_class" not in found.attributes
    thingsboard.device(WEATHER).put_telemetry({"serial": "0012", "channel": "13"})
    await board.until("0012", "sensor", WEATHER, "telemetry/serial")
    await board.until("13", "sensor", WEATHER, "telemetry/channel")


async def test_value_that_is_deleted(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What the server has no value for any more is unknown at once."""
    board = await live_board(hass, thingsboard)
    thingsboard.device(ROOM).delete_telemetry(["temperature"])
    await board.until(STATE_UNKNOWN, "sensor", ROOM, STREAM)
    thingsboard.device(ROOM).post_telemetry({"temperature": 19})
    await board.until("19", "sensor", ROOM, STREAM)


async def test_last_activity(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Moments are there for who wants them."""
    board = await live_board(hass, thingsboard)
    found = board.found("sensor", "Cellar sensor", "server/lastActivityTime")
    er.async_get(hass).async_update_entity(found, disabled_by=None)
    await reload(hass, board.entry)
    shown = hass.states.get(found)
    assert shown.attributes["device_class"] == "timestamp"
    assert shown.state.startswith("20")
    assert shown.name == "Cellar sensor Last activity"


# Devices


async def test_devices(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A device has its label for a name, its profile for a model, and a page."""
    board = await live_board(hass, thingsboard)
    room = device_of(hass, board.entry, thingsboard.device(ROOM).id)
    assert (room.name, room.model, room.model_id, room.manufacturer) == (
        "Living room thermostat",
        "thermostat",
        "HX-3",
        "Acme",
    )
    assert (room.serial_number, room.sw_version) == ("AC-1007", "v1.4")
    assert room.configuration_url == (
        f"{thingsboard.url}/devices/{thingsboard.device(ROOM).id}"
    )
    assert room.via_device_id is None
    sprinkler = device_of(hass, board.entry, thingsboard.device("Sprinkler").id)
    assert sprinkler.sw_version == "1.2.0"
    gateway = device_of(hass, board.entry, thingsboard.device("Gateway G1").id)
    for name in ("Meter M1", "Meter M2"):
        meter = device_of(hass, board.entry, thingsboard.device(name).id)
        assert meter.via_device_id == gateway.id


async def test_areas(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """The room that contains a device is its area; else the customer, else what an attribute says."""
    hut = thingsboard.add_device(Device("Hut", type="default"))
    hut.set_attributes(Scope.SERVER, {"room": "Garden"})
    board = await live_board(hass, thingsboard)
    areas = ar.async_get(hass)
    for name, area in (
        (ROOM, "Living room"),
        ("Thermostat T2", "Kitchen"),
        ("Meter M1", "Basement"),
        ("Door sensor", "Customer A"),
        ("Test Device B1", "Customer B"),
        ("Hut", "Garden"),
        # The customer "Public" stands for everybody.
        (WEATHER, None),
        ("Tracker", None),
    ):
        device = device_of(hass, board.entry, thingsboard.device(name).id)
        found = device.area_id and areas.async_get_area(device.area_id)
        assert (found.name if found else None) == area, name


async def test_moved_by_a_person(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """An area that a person chose is the person's."""
    board = await live_board(hass, thingsboard)
    attic = ar.async_get(hass).async_create("Attic")
    room = device_of(hass, board.entry, thingsboard.device(ROOM).id)
    dr.async_get(hass).async_update_device(room.id, area_id=attic.id)
    await reload(hass, board.entry)
    room = device_of(hass, board.entry, thingsboard.device(ROOM).id)
    assert room.area_id == attic.id


async def test_a_child_is_listed_before_its_gateway(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A device whose gateway comes later still belongs to it; one that names itself does not."""
    child = thingsboard.add_device(Device("Child", type="default"))
    gateway = thingsboard.add_device(Device("Late gateway", type="gateway"))
    child.additional_info = {"lastConnectedGateway": gateway.id}
    gateway.additional_info = {"gateway": True, "lastConnectedGateway": gateway.id}
    board = await live_board(hass, thingsboard)
    parent = device_of(hass, board.entry, gateway.id)
    assert device_of(hass, board.entry, child.id).via_device_id == parent.id
    assert parent.via_device_id is None


# Options


async def test_inactive_devices_can_be_hidden(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """Who wants it sees no old values of silent devices; what the server keeps stays."""
    board = await live_board(hass, thingsboard)
    assert board.value("sensor", "Cellar sensor", STREAM) == "11.5"
    options = {"hides_inactive": True}
    hass.config_entries.async_update_entry(board.entry, options=options)
    await reload(hass, board.entry)
    await board.until_live()
    assert board.value("sensor", "Cellar sensor", STREAM) == STATE_UNAVAILABLE
    assert board.value("binary_sensor", "Cellar sensor") == "off"
    assert board.value("sensor", ROOM, STREAM) == "21.5"
    thingsboard.device(ROOM).disconnect()
    await board_time.passes(661)
    await board.until("off", "binary_sensor", ROOM)
    assert board.value("sensor", ROOM, STREAM) == STATE_UNAVAILABLE
    assert board.value("number", ROOM, TARGET) == "22.0"
    assert board.value("binary_sensor", ROOM, "$problem") == "off"
    thingsboard.device("Cellar sensor").post_telemetry({"temperature": 12.5})
    await board.until("12.5", "sensor", "Cellar sensor", STREAM)


async def test_units_and_names_from_dashboards(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Dashboards know what keys do not tell: units of all forms, also of attributes."""
    options = {"reads_dashboards": True}
    board = Board(hass, thingsboard, await add_board(hass, thingsboard))
    assert thingsboard.requests(path="/dashboard") == []
    hass.config_entries.async_update_entry(board.entry, options=options)
    await reload(hass, board.entry)
    await board.until_live()
    lists = thingsboard.requests("GET", "/api/tenant/dashboards$")
    assert len(lists) == 1
    assert len(thingsboard.requests("GET", "/api/dashboard/")) == 5
    for device, resource, unit, device_class in (
        ("Meter M1", "telemetry/energy", "kWh", "energy"),
        ("Meter M1", "telemetry/power", "W", "power"),
        ("Sprinkler", "telemetry/flow", "L/min", "volume_flow_rate"),
        (WEATHER, "telemetry/Air pressure", "hPa", "atmospheric_pressure"),
        (WEATHER, "telemetry/data.temp", "°C", "temperature"),
    ):
        attributes = board.shown("sensor", device, resource).attributes
        assert attributes["unit_of_measurement"] == unit, resource
        assert attributes["device_class"] == device_class, resource
    # Only once: a poll reads none.
    thingsboard.clear_requests()
    await board.entry.runtime_data.async_read_list()
    assert thingsboard.requests(path="/dashboard") == []


async def test_dashboards_of_a_customer(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A customer's user reads those that are assigned to the customer."""
    await live_board(
        hass, thingsboard, email=CUSTOMER_USER, options={"reads_dashboards": True}
    )
    board = hass.config_entries.async_entries(DOMAIN)[0]
    await reload(hass, board)
    assert thingsboard.requests("GET", "/api/customer/.*/dashboards$")
    assert thingsboard.requests("GET", "/api/tenant/dashboards$") == []
    assert all(request.status in (200, 101) for request in thingsboard.requests())
    assert ir.async_get(hass).issues == {}


async def test_dashboards_that_are_forbidden(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Without the right to read them it is said so, and everything else works."""
    effect = api_error(403, 20, "You don't have permission to perform this operation!")
    fault = thingsboard.faults.add(effect, path="/dashboards$")
    entry = await add_board(hass, thingsboard, options={"reads_dashboards": True})
    board = Board(hass, thingsboard, entry)
    issue = ir.async_get(hass).async_get_issue(
        DOMAIN, f"permission_dashboards_{entry.entry_id}"
    )
    assert issue is not None
    assert issue.translation_key == "permission_dashboards"
    assert hass.config_entries.flow.async_progress() == []
    await board.until_live()
    thingsboard.device(ROOM).post_telemetry({"temperature": 18.5})
    await board.until("18.5", "sensor", ROOM, STREAM)
    fault.remove()
    await reload(hass, entry)
    assert ir.async_get(hass).issues == {}
    attributes = board.shown("sensor", "Meter M1", "telemetry/energy").attributes
    assert attributes["unit_of_measurement"] == "kWh"


async def test_a_dashboard_that_is_forbidden(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """The others tell what they know."""
    energy = thingsboard.store.dashboard("Energy")
    effect = api_error(403, 20, "You don't have permission to perform this operation!")
    thingsboard.faults.add(effect, path="/api/dashboard/", count=1)
    entry = await add_board(hass, thingsboard)
    options = {"reads_dashboards": True}
    hass.config_entries.async_update_entry(entry, options=options)
    await reload(hass, entry)
    board = Board(hass, thingsboard, entry)
    assert len(thingsboard.requests("GET", f"/api/dashboard/{energy.id}$")) == 1
    assert len(thingsboard.requests("GET", "/api/dashboard/")) == 5
    assert ir.async_get(hass).issues == {}
    attributes = board.shown("sensor", "Meter M1", "telemetry/energy").attributes
    assert attributes["unit_of_measurement"] == "kWh"


async def test_trouble_with_dashboards(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Units must not come and go with the server's health: the account waits for them."""
    entry = await add_board(hass, thingsboard)
    fault = thingsboard.faults.add(Status(500), path="/dashboard")
    options = {"reads_dashboards": True}
    hass.config_entries.async_update_entry(entry, options=options)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.SETUP_RETRY
    fault.remove()
    await reload(hass, entry)
    board = Board(hass, thingsboard, entry)
    attributes = board.shown("sensor", "Meter M1", "telemetry/energy").attributes
    assert attributes["unit_of_measurement"] == "kWh"


# Writing shared attributes


def written(sim: ThingsBoardSimulator, device: str = ROOM) -> list[Any]:
    """Return what was written to attributes; fails where anything else was written."""
    path = (
        f"/api/plugins/telemetry/DEVICE/{sim.device(device).id}/attributes/SHARED_SCOPE"
    )
    writes = [
        request
        for request in sim.requests("POST")
        if "/entitiesQuery/" not in request.path
    ]
    assert {request.path for request in writes} <= {path}
    return [request.json() for request in writes]


async def test_number(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A number is written once, into the shared attribute and nowhere else; the device follows."""
    board = await live_board(hass, thingsboard)
    number = board.found("number", ROOM, TARGET)
    seen = histories(hass, number)
    await board.use("number.set_value", number, value=19.5)
    assert written(thingsboard) == [{"targetTemperature": 19.5}]
    assert hass.states.get(number).state == "19.5"
    await board.until("19.5", "sensor", ROOM, "telemetry/target")
    await board.use("number.set_value", number, value=20)
    assert written(thingsboard)[1:] == [{"targetTemperature": 20}]
    assert thingsboard.device(ROOM).attribute(Scope.SHARED, "targetTemperature") == 20
    await board.until("20", "sensor", ROOM, "telemetry/target")
    assert [float(value) for value in seen] == [19.5, 20]
    # Nothing else was touched.
    other = thingsboard.device("Thermostat T1")
    assert other.attribute(Scope.SHARED, "targetTemperature") == 22.5
    assert thingsboard.unsafe_writes == []


async def test_switch_and_text(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Yes and no, and texts; the state is the attribute's, so nothing is assumed."""
    board = await live_board(hass, thingsboard)
    switch = board.found("switch", ROOM, "shared/enabled")
    text = board.found("text", ROOM, "shared/mode")
    assert "assumed_state" not in hass.states.get(switch).attributes
    await board.use("switch.turn_off", switch)
    assert hass.states.get(switch).state == "off"
    await board.until("off", "binary_sensor", ROOM, "telemetry/heating")
    await board.use("text.set_value", text, value="Grüße, {{ 1 }}")
    assert hass.states.get(text).state == "Grüße, {{ 1 }}"
    await board.use("switch.turn_on", switch)
    assert written(thingsboard) == [
        {"enabled": False},
        {"mode": "Grüße, {{ 1 }}"},
        {"enabled": True},
    ]
    await board.until("on", "binary_sensor", ROOM, "telemetry/heating")
    await reload(hass, board.entry)
    assert hass.states.get(switch).state == "on"
    assert hass.states.get(text).state == "Grüße, {{ 1 }}"


async def test_customer_writes(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A customer's user may write what is the customer's, where the server allows it."""
    board = await live_board(hass, thingsboard, email=CUSTOMER_USER)
    switch = board.found("switch", ROOM, "shared/enabled")
    await board.use("switch.turn_off", switch)
    assert written(thingsboard) == [{"enabled": False}]
    thingsboard.switches.customer_writes = False
    with pytest.raises(HomeAssistantError) as caught:
        await board.use("switch.turn_on", switch)
    assert caught.value.translation_key == "no_permission"
    assert hass.states.get(switch).state == "off"
    # One refusal is no reason to sign in anew, or to take anything else away.
    assert hass.config_entries.flow.async_progress() == []
    assert board.value("sensor", ROOM, STREAM) == "21.5"


async def test_write_while_the_device_is_silent(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, board_time: BoardTime
) -> None:
    """The platform keeps what a sleeping device will be told."""
    board = await live_board(hass, thingsboard)
    thingsboard.device(ROOM).disconnect()
    await board_time.passes(661)
    await board.until("off", "binary_sensor", ROOM)
    number = board.found("number", ROOM, TARGET)
    await board.use("number.set_value", number, value=17)
    assert hass.states.get(number).state in ("17", "17.0")
    assert board.value("sensor", ROOM, "telemetry/target") == "22.0"
    assert board.value("binary_sensor", ROOM) == "off"


async def test_pending(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """What is written shows at once; older values do not show meanwhile."""
    board = await live_board(hass, thingsboard)
    switch = board.found("switch", ROOM, "shared/enabled")
    hang = Hang()
    thingsboard.faults.add(hang, path="/SHARED_SCOPE$", method="POST", count=1)
    action = hass.async_create_task(board.use("switch.turn_off", switch))
    await wait_for_state(hass, switch, "off")
    seen = histories(hass, switch)
    thingsboard.device(ROOM).set_attributes(Scope.SHARED, {"enabled": True, "x": 1})
    thingsboard.device(ROOM).post_telemetry({"temperature": 33})
    await board.until("33", "sensor", ROOM, STREAM)
    hang.release()
    await action
    await settle(hass)
    assert seen == []
    assert hass.states.get(switch).state == "off"
    assert thingsboard.device(ROOM).attribute(Scope.SHARED, "enabled") is False


@pytest.mark.parametrize(
    ("effect", "key"),
    [
        (Status(403, body="You don't have permission!"), "no_permission"),
        (
            Status(404, body="Device with requested id wasn't found!"),
            "device_gone",
        ),
        (Status(400, body="Invalid JSON"), "command_rejected"),
        (api_error(500, 2, "Database error"), "server_trouble"),
        (Status(503, html=True), "server_trouble"),
        (
            api_error(429, 33, "Too many requests for current tenant!"),
            "rate_limited",
        ),
        (Reset(), "cannot_connect"),
        # The server says yes, and keeps nothing.
        (Status(200, body="", content_type=None), "not_stored"),
    ],
)
async def test_failed_write(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    effect: Effect,
    key: str,
) -> None:
    """What is not confirmed goes back, and it is said why, once, with the device's name."""
    board = await live_board(hass, thingsboard)
    switch = board.found("switch", ROOM, "shared/enabled")
    seen = histories(hass, switch)
    fault = thingsboard.faults.add(effect, path="/SHARED_SCOPE$", method="POST")
    with pytest.raises(HomeAssistantError) as caught:
        await board.use("switch.turn_off", switch)
    assert caught.value.translation_domain == DOMAIN
    assert caught.value.translation_key == key
    assert "Living room thermostat" in str(caught.value)
    assert "{" not in str(caught.value)
    assert fault.hits == 1
    assert seen == ["off", "on"]
    assert hass.config_entries.flow.async_progress() == []


async def test_write_to_a_device_that_was_deleted(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Who switches what is gone is told so."""
    board = await live_board(hass, thingsboard)
    switch = board.found("switch", ROOM, "shared/enabled")
    thingsboard.remove_device(ROOM)
    with pytest.raises(HomeAssistantError) as caught:
        await board.use("switch.turn_off", switch)
    assert caught.value.translation_key == "device_gone"


async def test_number_out_of_range(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What is out of range never arrives."""
    board = await live_board(
        hass,
        thingsboard,
        options={
            "resources": {
                text_of(thingsboard, ROOM, TARGET): {
                    "entity": "number",
                    "minimum": 5,
                    "maximum": 30,
                    "step": 0.5,
                }
            }
        },
    )
    number = board.found("number", ROOM, TARGET)
    attributes = hass.states.get(number).attributes
    assert (attributes["min"], attributes["max"], attributes["step"]) == (5, 30, 0.5)
    with pytest.raises(ServiceValidationError):
        await board.use("number.set_value", number, value=31)
    assert written(thingsboard) == []


async def test_select(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """A text can be made a choice; what the device knows besides is unknown, not lost."""
    text = text_of(thingsboard, ROOM, "shared/mode")
    row = {"entity": "select", "options": ["heat", "off", "auto"]}
    board = await live_board(hass, thingsboard, options={"resources": {text: row}})
    registry = er.async_get(hass)
    unique_id = f"{board.entry.unique_id}/{text}"
    assert registry.async_get_entity_id("text", DOMAIN, unique_id) is None
    select = board.found("select", ROOM, "shared/mode")
    assert hass.states.get(select).state == "heat"
    assert hass.states.get(select).attributes["options"] == ["heat", "off", "auto"]
    await board.use("select.select_option", select, option="off")
    assert written(thingsboard) == [{"mode": "off"}]
    assert hass.states.get(select).state == "off"
    await board.until("off", "sensor", ROOM, "telemetry/state")
    thingsboard.device(ROOM).set_attributes(Scope.SHARED, {"mode": "boost"})
    await wait_for_state(hass, select, STATE_UNKNOWN)
    thingsboard.device(ROOM).set_attributes(Scope.SHARED, {"mode": "auto"})
    await wait_for_state(hass, select, "auto")


async def test_server_attribute_made_writable(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What a person makes a number is written to the server's own scope, where it stands."""
    device = "Thermostat T1"
    text = text_of(thingsboard, device, "server/temperatureAlarmThreshold")
    board = await live_board(
        hass, thingsboard, options={"resources": {text: {"entity": "number"}}}
    )
    number = board.found("number", device, "server/temperatureAlarmThreshold")
    await board.use("number.set_value", number, value=24)
    t1 = thingsboard.device(device)
    assert t1.attribute(Scope.SERVER, "temperatureAlarmThreshold") == 24
    assert t1.attribute(Scope.SHARED, "temperatureAlarmThreshold") is None
    [write] = [r for r in thingsboard.requests("POST") if "attributes" in r.path]
    assert write.path.endswith("/attributes/SERVER_SCOPE")
    assert write.json() == {"temperatureAlarmThreshold": 24}
    # 22.4 °C are no alarm any more.
    await wait_until(
        hass,
        lambda: (
            board.shown("binary_sensor", device, "$problem").attributes["types"]
            == ["Low Humidity"]
        ),
    )


SCHEDULE: Json = {"day": {"from": 6, "boost": False}, "name": "Week", "days": [1, 2]}


async def test_part_of_an_object(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A part is written with the rest of its object: the platform knows only the whole."""
    thingsboard.device(ROOM).set_attributes(Scope.SHARED, {"schedule": SCHEDULE})
    board = await live_board(hass, thingsboard)
    boost = board.found("switch", ROOM, "shared/schedule", "day", "boost")
    begin = board.found("number", ROOM, "shared/schedule", "day", "from")
    name = board.found("text", ROOM, "shared/schedule", "name")
    assert hass.states.get(boost).state == "off"
    await board.use("switch.turn_on", boost)
    first = {"day": {"from": 6, "boost": True}, "name": "Week", "days": [1, 2]}
    assert written(thingsboard) == [{"schedule": first}]
    assert hass.states.get(boost).state == "on"
    # Two at once: the second one knows of the first one.
    await asyncio.gather(
        board.use("number.set_value", begin, value=7),
        board.use("text.set_value", name, value="Holidays"),
    )
    last = {"day": {"from": 7, "boost": True}, "name": "Holidays", "days": [1, 2]}
    assert written(thingsboard)[-1] == {"schedule": last}
    assert thingsboard.device(ROOM).attribute(Scope.SHARED, "schedule") == last
    await settle(hass)
    assert hass.states.get(name).state == "Holidays"
    assert float(hass.states.get(begin).state) == 7


async def test_failed_part(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A part that was refused goes back, and is not written along with the next one."""
    thingsboard.device(ROOM).set_attributes(Scope.SHARED, {"schedule": SCHEDULE})
    board = await live_board(hass, thingsboard)
    boost = board.found("switch", ROOM, "shared/schedule", "day", "boost")
    begin = board.found("number", ROOM, "shared/schedule", "day", "from")
    thingsboard.faults.add(Status(503), path="/SHARED_SCOPE$", method="POST", count=1)
    with pytest.raises(HomeAssistantError):
        await board.use("switch.turn_on", boost)
    assert hass.states.get(boost).state == "off"
    await board.use("number.set_value", begin, value=5)
    assert thingsboard.device(ROOM).attribute(Scope.SHARED, "schedule") == {
        "day": {"from": 5, "boost": False},
        "name": "Week",
        "days": [1, 2],
    }
