"""What the server sends, as the model: tables, and whatever JSON there is."""

from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.adapters.thinger import mapper, parsing, records
from custom_components.iot_platforms.adapters.thinger.mapper import Names
from custom_components.iot_platforms.model.change import Listing
from custom_components.iot_platforms.model.device import (
    Category,
    Device,
    ResourceKey,
    ResourceKind,
    Sample,
)

CONSOLE = "https://console.thinger.io"
NAMES = Names(
    groups={"home": "Home"}, types={"hvac": "Heating"}, products={"energy": "Meter"}
)

# Names that the server uses, so that what is generated gets past the first look.
_NAMES = st.sampled_from(
    [
        "device",
        "name",
        "type",
        "enabled",
        "connection",
        "active",
        "ts",
        "asset_group",
        "asset_type",
        "product",
        "fn",
        "al",
        "st",
        "/",
        "in",
        "out",
        "property",
        "value",
        "bucket",
        "config",
        "val",
        "data",
        "actions",
        "write_bucket",
        "rx_bytes",
        "connected_ts",
        "$ota",
        "",
        "..",
        "a/b",
    ]
) | st.text(max_size=5)
_SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([1, 2, 3, 4, 5, 10**400, -(10**400), 2**63])
    | st.floats()
    | st.text(max_size=8)
    | st.sampled_from(["1", "3", "9" * 5000, "٣", "\ud800", "Virtual"])
)
JSON = st.recursive(
    _SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=6)
    ),
    max_leaves=25,
)
OBJECTS = st.dictionaries(_NAMES, JSON, max_size=6)


# Devices (5.1).


def test_device_in_full() -> None:
    """Every field of today's record finds its place."""
    row = {
        "device": "boiler_ctl",
        "name": "Boiler",
        "description": "Basement",
        "type": "Generic",
        "enabled": True,
        "asset_type": "hvac",
        "asset_group": "home",
        "product": "energy",
        "connection": {
            "active": True,
            "security": "TLSv1.3",
            "ts": 1721832488377,
        },
        "created": 1706012122524,
        "modified": 1721832488377,
        "project": ["demo@house"],
        "user": "demo",
    }
    assert mapper.parse_device(row, NAMES, CONSOLE) == Device(
        id="boiler_ctl",
        name="Boiler",
        online=True,
        online_since=1721832488.377,
        enabled=True,
        type="Generic",
        manufacturer="Thinger.io",
        model="Meter",
        model_id="Heating",
        area="Home",
        description="Basement",
        url="https://console.thinger.io/devices/boiler_ctl",
    )


def test_device_of_an_old_server() -> None:
    """Only the id is sure to be there."""
    device = mapper.parse_device({"device": "boiler"}, NAMES, CONSOLE)
    assert device == Device(
        id="boiler",
        name="boiler",
        online=False,
        manufacturer="Thinger.io",
        url="https://console.thinger.io/devices/boiler",
    )


@pytest.mark.parametrize(
    ("row", "online"),
    [
        ({"connection": {"active": True}}, True),
        ({"connection": {"active": False}}, False),
        ({"connection": {}}, False),
        ({"connection": None}, False),
        ({"connection": "yes"}, False),
        ({}, False),
        ({"type": "Virtual"}, True),
        ({"type": "Virtual", "enabled": False}, False),
        ({"enabled": False, "connection": {"active": True}}, False),
        ({"enabled": None, "connection": {"active": True}}, True),
    ],
)
def test_online(row: dict[str, Any], online: bool) -> None:
    """Online is what is connected, virtual devices always, disabled ones never (5.4)."""
    device = mapper.parse_device({"device": "x", **row}, NAMES, CONSOLE)
    assert device is not None
    assert device.online is online


@pytest.mark.parametrize(
    ("row", "model", "model_id", "area"),
    [
        ({"type": "MQTT"}, "MQTT device", None, None),
        ({"type": "MQTT", "product": ""}, "MQTT device", None, None),
        ({"type": "MQTT", "product": "unknown"}, "unknown", None, None),
        ({"asset_type": "other"}, None, "other", None),
        ({"asset_group": "shed"}, None, None, "shed"),
        ({"asset_group": ["home"], "asset_type": 7, "product": {}}, None, None, None),
    ],
)
def test_facts(
    row: dict[str, Any], model: str | None, model_id: str | None, area: str | None
) -> None:
    """Where a name is not known, its id is better than nothing."""
    device = mapper.parse_device({"device": "x", **row}, NAMES, CONSOLE)
    assert device is not None
    assert (device.model, device.model_id, device.area) == (model, model_id, area)


@pytest.mark.parametrize("row", [None, 1, "x", [], {}, {"device": ""}, {"device": 7}])
def test_no_device(row: Any) -> None:
    """What has no id is no device."""
    assert mapper.parse_device(row, NAMES, CONSOLE) is None


def test_repeated_rows() -> None:
    """A row that comes twice is one device (5.1)."""
    rows = [{"device": "a"}, {"device": "b"}, {"device": "a", "name": "A"}, 7]
    devices = mapper.parse_devices(rows, NAMES, CONSOLE)
    assert {device.id: device.name for device in devices.values()} == {
        "a": "A",
        "b": "b",
    }


def test_names() -> None:
    """Groups, types and products by their ids."""
    rows = [{"group": "home", "name": "Home"}, {"group": "shed", "name": ""}, {}, 1]
    assert mapper.parse_names(rows, "group") == {"home": "Home", "shed": "shed"}
    assert mapper.parse_names({"error": 1}, "group") == {}


# Resources (6.1).


def kinds(answer: Any, allowed: frozenset[str] | None = None) -> dict[str, str]:
    """Return the kinds of a list by name."""
    listed = mapper.parse_resources(answer, "d", allowed)
    assert listed is not None
    return {r.key.resource_id: r.kind.name for r in listed.resources}


def test_proto_list() -> None:
    """Groups of PROTO devices are nested, and can be resources themselves."""
    answer = {
        "relay": {"al": 0, "fn": 2},
        "temperature": {"al": 0, "fn": 3},
        "reboot": {"al": 0, "fn": 1},
        "climate": {"al": 0, "fn": 3, "/": {"setpoint": {"al": 0, "fn": 2}}},
        "group": {"/": {"inner": {"/": {"deep": {"fn": 4}}}}},
    }
    assert kinds(answer) == {
        "relay": "INPUT",
        "temperature": "OUTPUT",
        "reboot": "CALLBACK",
        "climate": "OUTPUT",
        "climate/setpoint": "INPUT",
        "group/inner/deep": "INPUT_OUTPUT",
    }


def test_iotmp_list() -> None:
    """Names of IOTMP devices are flat, and may hold anything."""
    answer = {
        "Flow meter": {"fn": 3},
        "millis()": {"fn": 3},
        "a/b": {"fn": 2},
        "Größe %": {"fn": 3},
    }
    assert kinds(answer) == {
        "Flow meter": "OUTPUT",
        "millis()": "OUTPUT",
        "a/b": "INPUT",
        "Größe %": "OUTPUT",
    }


@pytest.mark.parametrize(
    "answer",
    [
        {"$ota/options": {"fn": 3}},
        {"$ota": {"/": {"options": {"fn": 3}}}},
        {"x": {"/": {"$console": {"fn": 3}}}},
        {"stream_only": {"fn": 5}},
        {"group": {}},
        {"group": {"fn": 0}},
        {"new": {"fn": 6}},
        {"x": 3},
        {"x": None},
    ],
)
def test_hidden_or_unknown(answer: Any) -> None:
    """The vendor's own, streams without values, and what is not understood stay out."""
    assert kinds(answer) == {}


@pytest.mark.parametrize(
    "name", ["", "/", "a//b", "a/", "..", "a/../b", "./a", "api", "relay/api"]
)
def test_names_that_would_reach_something_else(name: str) -> None:
    """An address that means something else could run it: a description does (6.3)."""
    assert kinds({name: {"fn": 3}, "good": {"fn": 3}}) == {"good": "OUTPUT"}


@pytest.mark.parametrize("fn", ["3", 3.0, 3])
def test_kind_in_other_forms(fn: Any) -> None:
    """Numbers may come as texts or with a fraction."""
    assert kinds({"x": {"fn": fn}}) == {"x": "OUTPUT"}


@pytest.mark.parametrize(
    "fn", [None, "", "x", 2.5, True, [], {}, float("nan"), float("inf"), "9" * 5000]
)
def test_kind_that_is_none(fn: Any) -> None:
    """A kind that cannot be understood does not prove that its resource is gone."""
    listed = mapper.parse_resources({"x": {"fn": fn}, "y": {"fn": 3}}, "d", None)
    assert listed is not None
    assert [r.key.resource_id for r in listed.resources] == ["y"]
    assert not listed.complete


def test_unstreamable() -> None:
    """``st`` false says that there is no stream."""
    listed = mapper.parse_resources(
        {"a": {"fn": 3, "st": False}, "b": {"fn": 3, "st": True}, "c": {"fn": 3}},
        "d",
        None,
    )
    assert listed is not None
    assert listed.unstreamable == {"a"}
    assert listed.complete


def test_allowed_only() -> None:
    """A device token may name what it is good for (3.4)."""
    answer = {"a": {"fn": 3}, "b": {"fn": 2}}
    assert kinds(answer, frozenset({"b", "c"})) == {"b": "INPUT"}


@pytest.mark.parametrize("answer", [None, [], "x", 7, True])
def test_no_list(answer: Any) -> None:
    """What is no list proves nothing."""
    assert mapper.parse_resources(answer, "d", None) is None


def test_same_name_twice() -> None:
    """A name that is flat and nested is one resource."""
    answer = {"a/b": {"fn": 3}, "a": {"/": {"b": {"fn": 2}}}}
    assert kinds(answer) == {"a/b": "INPUT"}


def test_endless_groups() -> None:
    """Groups in groups end somewhere."""
    answer: Any = {"x": {"fn": 3}}
    for _ in range(500):
        answer = {"g": {"/": answer}}
    assert kinds(answer) == {}


def test_what_reading_does() -> None:
    """Only outputs are safe to read (6.3)."""
    key = ResourceKey("d", "x")
    safe = {kind for kind in ResourceKind if mapper.live_resource(key, kind).read_safe}
    assert safe == {ResourceKind.OUTPUT}


def test_halves() -> None:
    """What takes and gives has a half for each."""
    resource = mapper.live_resource(ResourceKey("d", "x"), ResourceKind.INPUT_OUTPUT)
    given, taken = mapper.in_and_out(resource)
    assert (given.key.leaf, given.kind) == (("in",), ResourceKind.INPUT)
    assert (taken.key.leaf, taken.kind) == (("out",), ResourceKind.OUTPUT)
    assert given.name == taken.name == "x"


@pytest.mark.parametrize(
    ("answer", "description"),
    [
        ({"out": 21.5}, {"out": 21.5}),
        ({"in": True}, {"in": True}),
        ({"in": {"a": 1}, "out": None}, {"in": {"a": 1}, "out": None}),
        ({}, {}),
        ({"other": 1}, {}),
        (None, {}),
        ([], {}),
    ],
)
def test_description(answer: Any, description: dict[str, Any]) -> None:
    """A description has what goes in and what comes out (6.2)."""
    assert mapper.parse_description(answer) == description


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ({"out": 5}, 5),
        ({"out": {"a": 1}}, {"a": 1}),
        ({"out": 5, "in": 3}, {"out": 5, "in": 3}),
        ({"in": 3}, {"in": 3}),
        (5, 5),
        (None, None),
        ([], []),
    ],
)
def test_unwrapped(answer: Any, value: Any) -> None:
    """Only a wrapper is taken off."""
    assert mapper.unwrapped(answer, "out") == value


# What the server itself holds (5.3, 10).


def test_properties() -> None:
    """Properties are there while their device is not."""
    listing = records.parse_properties(
        [
            {"property": "setpoint", "value": 21, "name": "Set point"},
            {"property": "location", "value": {"latitude": 1, "longitude": 2}},
            {"property": "empty"},
            {"value": 1},
            7,
        ],
        "d",
    )
    assert listing is not None
    assert {s.key.resource_id: s.value for s in listing.samples} == {
        "$property/setpoint": 21,
        "$property/location": {"latitude": 1, "longitude": 2},
        "$property/empty": None,
    }
    assert not any(r.needs_device for r in listing.resources)
    assert [r.name for r in listing.resources] == ["setpoint", "location", "empty"]
    assert listing.complete == {records.PROPERTIES}


@pytest.mark.parametrize("answer", [None, {}, {"error": "x"}, "x", 5])
def test_no_properties(answer: Any) -> None:
    """What is no list proves nothing."""
    assert records.parse_properties(answer, "d") is None


def test_property_update() -> None:
    """A property that was set may be a new one."""
    event = {"property": "setpoint", "value": 21, "ts": 1721832490000}
    listing = records.property_update("d", event)
    assert listing is not None
    key = ResourceKey("d", "$property/setpoint")
    assert listing.samples == (Sample(key, 21, 1721832490.0),)
    assert [r.key for r in listing.resources] == [key]
    assert not listing.complete
    assert records.property_update("d", {"value": 1}) is None


@pytest.mark.parametrize(
    ("device_type", "count"),
    [(None, 4), ("Generic", 4), ("MQTT", 4), ("HTTP", 0), ("Virtual", 0)],
)
def test_statistics_of_types(device_type: str | None, count: int) -> None:
    """Only what has a connection has statistics of it."""
    listing = records.statistics_listing(Device(id="d", name="d", type=device_type))
    assert len(listing.resources) == count
    for resource in listing.resources:
        assert resource.category is Category.DIAGNOSTIC
        assert not resource.enabled_default
        assert resource.translation_key == resource.name


def test_statistics() -> None:
    """Any of them may be missing; times are seconds here."""
    answer = {
        "connected": True,
        "connected_ts": 1700000000781,
        "ip_address": "203.0.113.9",
        "rx_bytes": 810,
    }
    found = records.parse_statistics(answer, "d")
    assert {s.key.leaf[0]: s.value for s in found} == {
        "ip_address": "203.0.113.9",
        "rx_bytes": 810,
        "connected_ts": 1700000000.781,
    }
    assert {s.key.root for s in found} == {ResourceKey("d", "$stats")}
    assert records.parse_statistics({"connected": False}, "d") == []
    assert records.parse_statistics(None, "d") == []


def test_buckets() -> None:
    """Disabled ones take no rows."""
    rows = [
        {"bucket": "a", "name": "A", "config": {"source": "device", "device": "d"}},
        {"bucket": "b", "name": "", "enabled": True, "config": {"source": "api"}},
        {"bucket": "c", "enabled": False},
        {"bucket": "e", "config": None},
        {"name": "no id"},
    ]
    found = records.parse_buckets(rows)
    assert [(b.id, b.name, b.device_id) for b in found] == [
        ("a", "A", "d"),
        ("b", "b", None),
        ("e", "e", None),
    ]


@pytest.mark.parametrize(
    ("callback", "bucket"),
    [
        ({"actions": {"write_bucket": "climate"}}, "climate"),
        ({"actions": {"write_bucket": ""}}, None),
        ({"actions": {}}, None),
        ({"actions": []}, None),
        ({}, None),
        (None, None),
    ],
)
def test_bucket_of_a_callback(callback: Any, bucket: str | None) -> None:
    """An HTTP device's callback tells which bucket it fills (10.4)."""
    assert records.bucket_written_by(callback) == bucket


@pytest.mark.parametrize(
    ("rows", "newest"),
    [
        ([{"ts": 1, "a": 1}, {"ts": 3, "a": 3}, {"ts": 2, "a": 2}], {"ts": 3, "a": 3}),
        ([{"ts": 5, "val": {"a": 1}}], {"ts": 5, "a": 1}),
        ([{"ts": 5, "val": 21.4}], {"ts": 5, "value": 21.4}),
        ([{"val": {"ts": 9, "a": 1}}], {"ts": None, "a": 1}),
        ([{"a": 1}, 5, None], {"a": 1}),
        ([], None),
        (None, None),
        ({"ts": 1}, None),
    ],
)
def test_newest_row(rows: Any, newest: Any) -> None:
    """Rows of all versions look the same afterwards (10.5)."""
    assert records.newest_row(rows) == newest


def test_bucket_values() -> None:
    """The column that names the device is no value of it; that of another is."""
    bucket = records.Bucket(id="climate", name="Climate", device_id="d")
    resource = records.bucket_resource(bucket, "d", enabled_default=True)
    row = {"ts": 1721832490000, "device": "d", "celsius": 21.4}
    assert records.bucket_sample(resource, row) == Sample(
        ResourceKey("d", "$bucket/climate"), {"celsius": 21.4}, 1721832490.0
    )
    row["device"] = "other"
    sample = records.bucket_sample(resource, row)
    assert sample.value == {"device": "other", "celsius": 21.4}
    # What its rows hold, the first one tells: a pair of coordinates is a position.
    assert resource.value_type is None
    assert bucket.owned_by("e").device_id == "e"


def test_stand_in() -> None:
    """What stands for the account is no thing."""
    device = records.buckets_device(CONSOLE)
    assert device.is_service
    assert device.online
    assert device.id.startswith("$")


# Odds and ends.


@pytest.mark.parametrize(
    ("milliseconds", "seconds"),
    [
        (1721832488377, 1721832488.377),
        (1500.5, 1.5005),
        (0, None),
        (-5, None),
        (None, None),
        (True, None),
        ("1721832488377", None),
        (10**400, None),
        (float("nan"), None),
        (float("inf"), None),
    ],
)
def test_seconds(milliseconds: Any, seconds: float | None) -> None:
    """The server's times are milliseconds (2)."""
    assert parsing.seconds_of(milliseconds) == seconds


# Whatever comes.


@settings(max_examples=150, deadline=None)
@given(JSON, OBJECTS)
def test_no_json_breaks_parsing(answer: Any, row: dict[str, Any]) -> None:
    """Every function takes every JSON; what comes out is whole."""
    devices = mapper.parse_devices(answer, NAMES, CONSOLE)
    assert all(isinstance(device, Device) for device in devices.values())
    mapper.parse_devices([row], NAMES, CONSOLE)
    mapper.parse_names(answer, "device")
    mapper.parse_description(answer)
    mapper.unwrapped(answer, "out")
    for listed in (
        mapper.parse_resources(answer, "d", None),
        mapper.parse_resources(row, "d", None),
        mapper.parse_resources({"x": row, "y": answer}, "d", frozenset({"x"})),
    ):
        if listed is not None:
            keys = [resource.key for resource in listed.resources]
            assert len(set(keys)) == len(keys)
            assert all(not key.resource_id.startswith("$") for key in keys)
            assert all(key.resource_id.split("/")[-1] != "api" for key in keys)
    records.parse_properties(answer, "d")
    update = records.property_update("d", row)
    assert update is None or isinstance(update, Listing)
    records.parse_statistics(answer, "d")
    records.parse_statistics(row, "d")
    records.bucket_written_by(answer)
    records.newest_row(answer)
    for bucket in records.parse_buckets([row]):
        resource = records.bucket_resource(bucket, "d", enabled_default=False)
        records.bucket_sample(resource, row)
    newest = records.newest_row([row])
    assert newest is not None
    records.named_device(newest)
    records.columns_of(newest, "d")
