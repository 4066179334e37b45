"""From rows to devices, resources and samples (6.2, 9, 13.3, 14, 16)."""

from collections.abc import Mapping
import json
from typing import Any, cast

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.adapters.thingsboard.catalog import Catalog
from custom_components.iot_platforms.adapters.thingsboard.client import (
    ThingsBoardClient,
)
from custom_components.iot_platforms.adapters.thingsboard.keys import Key, Source
from custom_components.iot_platforms.adapters.thingsboard.mapper import Hint, Mapper
from custom_components.iot_platforms.adapters.thingsboard.rows import Reading, Row
from custom_components.iot_platforms.model.change import Connectivity
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.control import Control, ControlType
from custom_components.iot_platforms.model.device import (
    Category,
    Device,
    Resource,
    ResourceKind,
)
from custom_components.iot_platforms.model.value import JsonValue, ValueType
from custom_components.iot_platforms.transport.clock import Clock

DEVICE = "3b1d2f60-5a10-11f0-9c55-1f0b7f0a9d01"
GATEWAY = "3b1d2f60-5a10-11f0-9c55-1f0b7f0a9d02"
T, SH, SV, CL = Source.TELEMETRY, Source.SHARED, Source.SERVER, Source.CLIENT
URL = "https://mine.example"


def no_catalog() -> Catalog:
    """Return a catalog that knows nothing and asks nobody."""
    return Catalog(cast("ThingsBoardClient", None), Clock())


def mapper(
    choices: Choices | None = None,
    *,
    is_administrator: bool = True,
    hints: Mapping[Key, Hint] | None = None,
    areas: Mapping[str, str] | None = None,
) -> Mapper:
    """Return a mapper of a tenant's administrator, unless told otherwise."""
    return Mapper(
        url=URL,
        choices=choices or Choices(),
        catalog=no_catalog(),
        is_administrator=is_administrator,
        hints=hints or {},
        areas=areas or {},
    )


def row(
    values: Mapping[tuple[Source, str], JsonValue] | None = None,
    *,
    at: float = 5.0,
    gone: frozenset[Key] = frozenset(),
    **fields: str,
) -> Row:
    """Return the row of a device."""
    return Row(
        id=DEVICE,
        fields=fields,
        values={Key(*key): Reading(at, value) for key, value in (values or {}).items()},
        gone=gone,
    )


def device(
    values: Mapping[tuple[Source, str], JsonValue] | None = None, **fields: str
) -> Device:
    """Return the device of a row."""
    return mapper().device(row(values, **fields))


def resources(
    values: Mapping[tuple[Source, str], JsonValue], by: Mapper | None = None
) -> dict[str, Resource]:
    """Return what a device with these values offers."""
    listing = (by or mapper()).listing(row(values))
    return {resource.key.resource_id: resource for resource in listing.resources}


def values_of(
    values: Mapping[tuple[Source, str], JsonValue], by: Mapper | None = None
) -> dict[str, JsonValue]:
    """Return the values of a device."""
    listing = (by or mapper()).listing(row(values))
    return {sample.key.resource_id: sample.value for sample in listing.samples}


# Devices (6.2).


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({"name": "TH-0042", "label": "Living room"}, "Living room"),
        ({"name": "TH-0042", "label": " Hall "}, "Hall"),
        ({"name": "TH-0042", "label": "  "}, "TH-0042"),
        ({"name": "TH-0042", "label": ""}, "TH-0042"),
        ({"name": "TH-0042"}, "TH-0042"),
        ({"name": " "}, DEVICE),
        ({}, DEVICE),
    ],
)
def test_name(fields: dict[str, str], name: str) -> None:
    """The label is the name, where there is one."""
    assert device(**fields).name == name


def test_facts() -> None:
    """Attributes with usual names are facts of the device."""
    found = device(
        {
            (CL, "manufacturer"): "Acme",
            (CL, "model"): "HX-3",
            (SV, "serialNumber"): "007",
            (CL, "hw_version"): "2",
            (CL, "fwVersion"): "1.4",
            (T, "manufacturer"): "not a fact",
        },
        type="thermostat",
    )
    assert found.manufacturer == "Acme"
    assert found.model == found.type == "thermostat"
    assert found.model_id == "HX-3"
    assert found.serial_number == "007"
    assert found.hardware == "2"
    assert found.firmware == "1.4"
    assert found.url == f"{URL}/devices/{DEVICE}"
    assert not found.is_service


@pytest.mark.parametrize("value", ["", "  ", None, True, {"a": 1}, ["x"]])
def test_no_facts(value: JsonValue) -> None:
    """What is no text is no fact, and the next name counts."""
    assert device({(CL, "manufacturer"): value}).manufacturer is None
    found = device({(CL, "manufacturer"): value, (CL, "vendor"): "Acme"})
    assert found.manufacturer == "Acme"


def test_running_firmware() -> None:
    """What the device says runs on it comes before what somebody wrote down."""
    written = {(CL, "fwVersion"): "1.4"}
    assert device(written).firmware == "1.4"
    assert device({**written, (T, "current_fw_version"): "1.5"}).firmware == "1.5"
    assert device({**written, (T, "current_fw_version"): ""}).firmware == "1.4"


@pytest.mark.parametrize(
    ("info", "parent", "description"),
    [
        ({"lastConnectedGateway": GATEWAY}, GATEWAY, None),
        ({"lastConnectedGateway": {"id": GATEWAY}}, GATEWAY, None),
        ({"lastConnectedGateway": DEVICE}, None, None),
        ({"lastConnectedGateway": "../../x"}, None, None),
        ({"lastConnectedGateway": 7}, None, None),
        ({"gateway": True, "description": "In the hall"}, None, "In the hall"),
        ({"description": 7}, None, None),
        (None, None, None),
        ([], None, None),
    ],
)
def test_additional_info(
    info: JsonValue, parent: str | None, description: str | None
) -> None:
    """Gateways and descriptions stand in a field of its own."""
    found = device(additionalInfo=json.dumps(info))
    assert (found.parent_id, found.description) == (parent, description)


@pytest.mark.parametrize("text", ["", "{broken", "null", "7", "{" * 10_000])
def test_additional_info_that_is_none(text: str) -> None:
    """What is no JSON says nothing."""
    found = device(additionalInfo=text)
    assert (found.parent_id, found.description) == (None, None)


# Activity (9).


def test_activity() -> None:
    """The server's word for online, and since when."""
    assert device({(SV, "active"): "true"}).online is True
    assert device({(SV, "active"): "true"}).online_since == 5
    assert device({(T, "active"): "false"}).online is False
    assert device().online is None


def test_connectivity_is_told_once() -> None:
    """Only news are told, whoever told them first."""
    by = mapper()
    assert by.online(DEVICE) is None
    by.device(row({(SV, "active"): "true"}))
    assert by.online(DEVICE) is True
    assert by.connectivity(row({(SV, "active"): "true"})) is None
    assert by.connectivity(row()) is None
    off = row({(SV, "active"): "false"}, at=9)
    assert by.connectivity(off) == Connectivity(DEVICE, online=False, at=9)
    assert by.connectivity(off) is None
    assert by.online(DEVICE) is False


@pytest.mark.parametrize("source", [SV, T])
def test_state_keys(source: Source) -> None:
    """What the state service keeps is diagnostic, hidden and never written by us."""
    found = resources(
        {
            (source, "active"): "true",
            (source, "lastActivityTime"): "1782993588010",
            (source, "lastConnectTime"): "0",
            (source, "lastDisconnectTime"): "nonsense",
            (source, "inactivityAlarmTime"): "1782993588010",
            (source, "inactivityTimeout"): "600000",
        }
    )
    assert f"{source}/active" not in found
    times = {
        "lastActivityTime": "last_activity",
        "lastConnectTime": "last_connect",
        "lastDisconnectTime": "last_disconnect",
        "inactivityAlarmTime": "inactivity_alarm",
    }
    for name, translation_key in times.items():
        resource = found[f"{source}/{name}"]
        assert resource.value_type is ValueType.TIMESTAMP
        assert resource.translation_key == translation_key
    timeout = found[f"{source}/inactivityTimeout"]
    assert (timeout.value_type, timeout.unit) == (None, "ms")
    for resource in found.values():
        assert resource.category is Category.DIAGNOSTIC
        assert not resource.enabled_default
        assert not resource.writable
        assert not resource.needs_device


def test_times() -> None:
    """Moments are in seconds, and a zero is none."""
    assert values_of(
        {
            (SV, "lastActivityTime"): "1782993588010",
            (SV, "lastConnectTime"): "0",
            (T, "lastDisconnectTime"): "nonsense",
            (SH, "lastConnectTime"): "5000",
        }
    ) == {
        "server/lastActivityTime": 1782993588.01,
        "server/lastConnectTime": None,
        "telemetry/lastDisconnectTime": None,
        "shared/lastConnectTime": 5000,
    }


# What devices offer.


def test_kinds() -> None:
    """Telemetry and a device's attributes are read, shared ones written, the server's on demand."""
    found = resources({(T, "a"): "1", (SH, "a"): "1", (SV, "a"): "1", (CL, "a"): "1"})
    assert {r: (found[r].kind, found[r].writable) for r in found} == {
        "telemetry/a": (ResourceKind.OUTPUT, False),
        "shared/a": (ResourceKind.INPUT, False),
        "server/a": (ResourceKind.OUTPUT, True),
        "client/a": (ResourceKind.OUTPUT, False),
    }
    assert found["server/a"].category is Category.DIAGNOSTIC
    assert all(r.name == "a" and r.read_safe for r in found.values())
    assert all(r.enabled_default for r in found.values())
    assert not any(r.needs_device for r in found.values())


def test_hides_inactive() -> None:
    """Values that the device sends need the device, where a person wants it so."""
    values: dict[tuple[Source, str], JsonValue] = {
        (source, "a"): "1" for source in Source
    }
    found = resources(
        {**values, (SV, "lastActivityTime"): "1"}, mapper(Choices(hides_inactive=True))
    )
    assert {r for r in found if found[r].needs_device} == {"telemetry/a", "client/a"}


@pytest.mark.parametrize(
    "key",
    [
        (SV, "latitude"),
        (T, "longitude"),
        (CL, "lat"),
        (T, "fw_state"),
        (T, "sw_error"),
        (SH, "fw_url"),
        (SH, "sw_version"),
        (T, "target_fw_version"),
        (T, "target_sw_ts"),
        (T, "current_fw_title"),
        (T, "current_sw_version"),
        (CL, "serialNumber"),
        (SV, "manufacturer"),
    ],
)
def test_hidden_keys(key: tuple[Source, str]) -> None:
    """What is part of something else does not show by itself (16.4)."""
    resource = resources({key: "1"})[f"{key[0]}/{key[1]}"]
    assert not resource.enabled_default
    assert resource.kind is ResourceKind.OUTPUT


@pytest.mark.parametrize(
    "name", ["fwd", "sw", "swing", "latency", "current_a", "targetTemperature"]
)
def test_similar_keys_are_not_hidden(name: str) -> None:
    """What only begins alike is a value like others."""
    assert resources({(T, name): "1"})[f"telemetry/{name}"].enabled_default


@pytest.mark.parametrize(
    ("text", "enabled"),
    [
        ("x" * 255, True),
        ("x" * 256, False),
        (f'{{"a": "{"x" * 300}"}}', True),
        (f'["{"x" * 300}"]', True),
        (None, True),
        (7, True),
    ],
)
def test_long_texts(text: JsonValue, enabled: bool) -> None:
    """A text that no state holds is hidden; objects fall into parts (16.4)."""
    resource = resources({(T, "note"): text})["telemetry/note"]
    assert resource.enabled_default is enabled


def test_controls() -> None:
    """A person's controls are offered with the rest."""
    control = Control(
        id="reboot",
        name="Reboot",
        type=ControlType.BUTTON,
        devices=frozenset({DEVICE}),
        method="reboot",
    )
    found = resources({}, mapper(Choices(controls=(control,))))
    assert found["control/reboot"].kind is ResourceKind.CALLBACK
    listing = mapper(Choices(controls=(control,))).listing(row())
    assert "control/" in listing.complete


def test_completeness() -> None:
    """Only a complete reading says that something is gone."""
    complete = mapper().listing(row({(T, "a"): "1"}))
    assert {*Source} <= complete.complete
    assert not mapper().listing(row({(T, "a"): "1"}), is_complete=False).complete


def test_descriptions_do_not_change() -> None:
    """A value that becomes long later does not hide what somebody uses."""
    by = mapper()
    before = resources({(T, "a"): "1"}, by)
    assert resources({(T, "a"): "x" * 300}, by) == before


def test_has_telemetry() -> None:
    """A device that has sent nothing but its state has not spoken yet."""
    by = mapper()
    by.listing(row({(SV, "a"): "1", (T, "lastActivityTime"): "5"}))
    assert not by.has_telemetry(DEVICE)
    by.listing(row({(T, "a"): "1"}))
    assert by.has_telemetry(DEVICE)


# Values.


def test_typed_values() -> None:
    """What has a type of its own keeps it."""
    by = mapper()
    listing = by.listing(
        Row(
            id=DEVICE,
            fields={},
            values={
                Key(T, "text"): Reading(1, "12"),
                Key(T, "typed"): Reading(1, "12", is_typed=True),
            },
        )
    )
    assert {s.key.resource_id: s.value for s in listing.samples} == {
        "telemetry/text": 12,
        "telemetry/typed": "12",
    }


def test_deleted_value() -> None:
    """What the server has no value for any more is unknown, where there was one."""
    by = mapper()
    key, never = Key(T, "a"), Key(T, "never")
    by.listing(row({(T, "a"): "1"}))
    (sample,) = by.samples(row(gone=frozenset({key, never})))
    assert sample.key.resource_id == "telemetry/a"
    assert sample.value is None


# Hints (16.2).


def test_hints() -> None:
    """What dashboards say is the unit and the name, by key and source."""
    hints = {Key(T, "t"): Hint(unit="°C", label="Temperature"), Key(T, "h"): Hint()}
    found = resources(
        {(T, "t"): "1", (SH, "t"): "1", (T, "h"): "1"}, mapper(hints=hints)
    )
    assert (found["telemetry/t"].unit, found["telemetry/t"].name) == (
        "°C",
        "Temperature",
    )
    assert (found["shared/t"].unit, found["shared/t"].name) == (None, "t")
    assert (found["telemetry/h"].unit, found["telemetry/h"].name) == (None, "h")


# Areas (13.3).


@pytest.mark.parametrize(
    ("areas", "fields", "values", "area"),
    [
        ({DEVICE: "Kitchen"}, {}, {(SV, "room"): "Hall"}, "Kitchen"),
        ({}, {"ownerName": "Site 1", "ownerType": "CUSTOMER"}, {}, "Site 1"),
        ({}, {"ownerName": "Tenant", "ownerType": "TENANT"}, {}, None),
        ({}, {"ownerName": "Public", "ownerType": "CUSTOMER"}, {}, None),
        ({}, {"ownerName": " ", "ownerType": "CUSTOMER"}, {}, None),
        ({}, {"ownerName": "", "ownerType": ""}, {(CL, "room"): " Hall "}, "Hall"),
        ({}, {}, {(SV, "area"): "Yard", (CL, "room"): "Hall"}, "Hall"),
        ({}, {}, {(SH, "location"): "Yard"}, "Yard"),
        ({}, {}, {(T, "room"): "Hall"}, None),
        ({}, {}, {(SV, "room"): "12"}, None),
        ({}, {}, {(SV, "room"): "true"}, None),
        ({}, {}, {(SV, "location"): '{"lat": 1}'}, None),
        ({}, {}, {(SV, "room"): ""}, None),
        ({}, {}, {(SV, "latitude"): "1", (SV, "longitude"): "2"}, None),
    ],
)
def test_area(
    areas: dict[str, str],
    fields: dict[str, str],
    values: dict[tuple[Source, str], JsonValue],
    area: str | None,
) -> None:
    """Where a device is, from the surest to the vaguest hint, and never by guessing."""
    assert mapper(areas=areas).device(row(values, **fields)).area == area


def test_area_of_a_customer_user() -> None:
    """To its own user a customer is no place, but everything there is."""
    fields = {"ownerName": "Site 1", "ownerType": "CUSTOMER"}
    by = mapper(is_administrator=False)
    assert by.device(row(**fields)).area is None
    assert by.device(row({(SV, "room"): "Hall"}, **fields)).area == "Hall"


# Positions (16.3).


@pytest.mark.parametrize("source", [T, CL, SV])
def test_position(source: Source) -> None:
    """Latitude and longitude of one source are one place."""
    values = {(source, "latitude"): "40.4168", (source, "longitude"): "-3.7038"}
    resource = resources(values)[f"position/{source}"]
    assert resource.value_type is ValueType.POSITION
    assert resource.translation_key == "position"
    assert not resource.writable
    assert values_of(values)[f"position/{source}"] == {
        "latitude": 40.4168,
        "longitude": -3.7038,
    }


@pytest.mark.parametrize(
    "values",
    [
        {(T, "latitude"): "1"},
        {(T, "longitude"): "1"},
        {(T, "latitude"): "1", (SV, "longitude"): "2"},
        {(SH, "latitude"): "1", (SH, "longitude"): "2"},
        {(T, "latitudes"): "1", (T, "longitude"): "2"},
    ],
)
def test_no_position(values: dict[tuple[Source, str], JsonValue]) -> None:
    """Half a place is none."""
    assert not [r for r in resources(values) if r.startswith("position")]


def test_position_stays_where_it_was_found() -> None:
    """A device has one place, whatever else turns up later."""
    by = mapper()
    first: dict[tuple[Source, str], JsonValue] = {(SV, "lat"): "1", (SV, "lng"): "2"}
    assert "position/server" in resources(first, by)
    more = {**first, (T, "latitude"): "3", (T, "longitude"): "4"}
    found = [r for r in resources(more, by) if r.startswith("position")]
    assert found == ["position/server"]


def test_best_position() -> None:
    """What a device sends comes before what somebody wrote down."""
    values: dict[tuple[Source, str], JsonValue] = {
        (SV, "latitude"): "1",
        (SV, "longitude"): "2",
        (T, "Latitude"): "3",
        (T, "Longitude"): "4",
    }
    assert values_of(values)["position/telemetry"] == {"latitude": 3, "longitude": 4}
    assert "position/server" not in resources(values)


def test_position_that_moves() -> None:
    """A new latitude alone moves the place; what is lost makes it unknown."""
    by = mapper()
    by.listing(row({(T, "latitude"): "1", (T, "longitude"): "2"}))
    (_, moved) = by.samples(row({(T, "latitude"): "3"}))
    assert moved.key.resource_id == "position/telemetry"
    assert moved.value == {"latitude": 3, "longitude": 2}
    lost = by.samples(row(gone=frozenset({Key(T, "latitude")})))
    assert lost[-1].value == {"latitude": None, "longitude": 2}
    assert [s.key.resource_id for s in by.samples(row({(T, "other"): "1"}))] == [
        "telemetry/other"
    ]


# Updates (14).


def firmware(**values: str) -> Any:
    """Return the state of a firmware update."""
    return values_of({(T, name): value for name, value in values.items()})["firmware"]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"current_fw_version": "1.2.0", "current_fw_title": "app"},
            {
                "installed": "1.2.0",
                "latest": "1.2.0",
                "in_progress": False,
                "error": None,
                "title": "app",
            },
        ),
        (
            {
                "current_fw_version": "1.2.0",
                "target_fw_version": "1.3.0",
                "target_fw_title": "new app",
                "current_fw_title": "app",
                "fw_state": "DOWNLOADING",
            },
            {
                "installed": "1.2.0",
                "latest": "1.3.0",
                "in_progress": True,
                "error": None,
                "title": "new app",
            },
        ),
        (
            {
                "current_fw_version": "1.2.0",
                "target_fw_version": "1.3.0",
                "fw_state": "FAILED",
                "fw_error": "checksum",
            },
            {
                "installed": "1.2.0",
                "latest": "1.3.0",
                "in_progress": False,
                "error": "checksum",
                "title": None,
            },
        ),
        (
            {"fw_state": "FAILED"},
            {
                "installed": None,
                "latest": None,
                "in_progress": False,
                "error": "FAILED",
                "title": None,
            },
        ),
    ],
)
def test_firmware(values: dict[str, str], expected: dict[str, JsonValue]) -> None:
    """The keys of an update are one thing."""
    assert firmware(**values) == expected


@pytest.mark.parametrize(
    ("state", "target", "in_progress"),
    [
        ("QUEUED", "2", True),
        ("INITIATED", "2", True),
        ("DOWNLOADED", "2", True),
        ("VERIFIED", "2", True),
        ("UPDATING", "2", True),
        ("UPDATING", "1", False),
        ("UPDATED", "2", False),
        ("FAILED", "2", False),
        ("SOMETHING NEW", "2", False),
        ("", "2", False),
    ],
)
def test_progress(state: str, target: str, in_progress: bool) -> None:
    """An update is under way between the assignment and the end."""
    found = firmware(current_fw_version="1", target_fw_version=target, fw_state=state)
    assert found["in_progress"] is in_progress


def test_versions_that_look_like_numbers() -> None:
    """A version is a text, whatever it looks like."""
    assert firmware(current_fw_version="2", target_fw_version="3")["installed"] == "2"


def test_version_with_a_zero_at_its_end() -> None:
    """Version 1.10 is not version 1.1 (the server itself leaves it as it is)."""
    by = mapper()
    by.listing(row({(T, "current_fw_version"): "1.10"}))
    assert firmware(current_fw_version="1.10")["installed"] == "1.10"


@pytest.mark.parametrize(("prefix", "name"), [("fw", "firmware"), ("sw", "software")])
@pytest.mark.parametrize("is_administrator", [False, True])
def test_updates(prefix: str, name: str, is_administrator: bool) -> None:
    """Firmware and software are alike; only administrators may install (14)."""
    by = mapper(is_administrator=is_administrator)
    found = resources({(T, f"current_{prefix}_version"): "1"}, by)[name]
    assert found.value_type is ValueType.FIRMWARE
    assert found.writable is is_administrator
    assert not found.needs_device


def test_instructions_are_no_update() -> None:
    """What the server tells the device alone makes no update."""
    found = resources({(SH, "fw_version"): "1", (SH, "fw_title"): "app"})
    assert "firmware" not in found


# Anything.

KEYS = st.tuples(
    st.sampled_from([*Source]),
    st.sampled_from(
        [
            "active",
            "latitude",
            "longitude",
            "fw_state",
            "current_fw_version",
            "target_fw_version",
            "lastActivityTime",
            "inactivityTimeout",
            "room",
            "model",
            "a",
            "a/b",
            " ",
        ]
    )
    | st.text(min_size=1, max_size=4),
)
VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=12)
)


@settings(deadline=None, max_examples=200)
@given(
    st.dictionaries(KEYS, VALUES, max_size=8),
    st.dictionaries(
        st.sampled_from(["name", "label", "type", "additionalInfo", "ownerName"]),
        st.text(max_size=8),
        max_size=4,
    ),
    st.booleans(),
)
def test_no_values_break_the_mapping(
    values: dict[tuple[Source, str], JsonValue],
    fields: dict[str, str],
    complete: bool,
) -> None:
    """Whatever devices send, there is a device, and every resource once."""
    by = mapper()
    one = row(values, **fields)
    assert by.device(one).name
    listing = by.listing(one, is_complete=complete)
    keys = [resource.key for resource in listing.resources]
    assert len(keys) == len({*keys})
    by.connectivity(one)
    assert by.samples(one) == list(listing.samples)
