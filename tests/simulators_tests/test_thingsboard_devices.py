"""Devices, roles, lists, versions, paths (thingsboard.md 2, 3, 5, 6)."""

from collections.abc import AsyncIterator
from io import BytesIO
from typing import Any

import pytest

from .thingsboard_client import CUSTOMER, UNKNOWN, Client, serving

from tests.simulators.thingsboard import (
    Device,
    Edition,
    Scope,
    Store,
    demo_state,
    sample_state,
)

PAGE = "pageSize=100&page=0"
FORBIDDEN = (403, 20, "You don't have permission to perform this operation!")
SYSADMIN = "sysadmin@thingsboard.org"


@pytest.fixture
async def tb(socket_enabled: None) -> AsyncIterator[Client]:
    """Serve the demo data."""
    async with serving(demo_state()) as client:
        yield client


@pytest.fixture
async def sample(socket_enabled: None) -> AsyncIterator[Client]:
    """Serve the sample."""
    async with serving(sample_state()) as client:
        yield client


def names(page: Any) -> list[str]:
    """Names on a page."""
    return [each["name"] for each in page["data"]]


async def test_demo_data(tb: Client) -> None:
    """Exactly section 17."""
    page = (await tb.get(f"/api/tenant/deviceInfos?{PAGE}")).json
    assert (page["totalElements"], page["totalPages"], page["hasNext"]) == (9, 1, False)
    assert names(page) == [
        "Test Device A1",
        "Test Device A2",
        "Test Device A3",
        "Test Device B1",
        "Test Device C1",
        "DHT11 Demo Device",
        "Raspberry Pi Demo Device",
        "Thermostat T1",
        "Thermostat T2",
    ]
    assert {each["active"] for each in page["data"]} == {False}
    assert [each["customerTitle"] for each in page["data"]][:6] == [
        "Customer A",
        "Customer A",
        "Customer A",
        "Customer B",
        "Customer C",
        None,
    ]
    assert all(not device.latest for device in tb.sim.devices)
    assert all(
        device.attribute(Scope.SERVER, "active") is False for device in tb.sim.devices
    )
    assert tb.sim.device("Thermostat T2").attribute("SERVER_SCOPE", "longitude") == (
        -121.948769
    )
    assert [each.name for each in tb.sim.store.dashboards] == [
        "Thermostats",
        "Firmware",
        "Software",
        "Rule Engine Statistics",
    ]
    assert tb.sim.store.assets == []
    assert tb.sim.store.relations == []
    for email, password in (
        ("customerA@thingsboard.org", "customer"),
        ("customerB@thingsboard.org", "customer"),
        ("customerC@thingsboard.org", "customer"),
        (SYSADMIN, "sysadmin"),
    ):
        assert (await tb.sign_in(email, password)).status == 200


async def test_record_of_a_device(tb: Client) -> None:
    """Fields of 6.2; the info has four more."""
    id_ = tb.id("Test Device A1")
    device = (await tb.get(f"/api/device/{id_}")).json
    info = (await tb.get(f"/api/device/info/{id_}")).json
    assert set(device) == {
        "id",
        "createdTime",
        "tenantId",
        "customerId",
        "name",
        "type",
        "label",
        "deviceProfileId",
        "firmwareId",
        "softwareId",
        "externalId",
        "version",
        "additionalInfo",
        "deviceData",
    }
    assert set(info) - set(device) == {
        "customerTitle",
        "customerIsPublic",
        "deviceProfileName",
        "active",
    }
    assert device["id"] == {"entityType": "DEVICE", "id": id_}
    thermostat = (await tb.get(f"/api/device/{tb.id('Thermostat T1')}")).json
    assert thermostat["customerId"]["id"] == "13814000-1dd2-11b2-8080-808080808080"
    assert thermostat["type"] == "thermostat"


async def test_pages(tb: Client) -> None:
    """Totals are right on every page, also past the end."""
    seen: list[str] = []
    for number, size in enumerate((4, 4, 1, 0)):
        page = (await tb.get(f"/api/tenant/devices?pageSize=4&page={number}")).json
        assert (page["totalElements"], page["totalPages"]) == (9, 3)
        assert page["hasNext"] == (number < 2)
        assert len(page["data"]) == size
        seen += names(page)
    assert len(set(seen)) == 9
    for query, first in (
        ("sortProperty=name&sortOrder=DESC", "Thermostat T2"),
        ("sortProperty=createdTime&sortOrder=ASC", "Test Device A1"),
        ("textSearch=RASP", "Raspberry Pi Demo Device"),
        ("textSearch=customer b", "Test Device B1"),
        ("type=thermostat", "Thermostat T1"),
    ):
        page = (await tb.get(f"/api/tenant/deviceInfos?{PAGE}&{query}")).json
        assert names(page)[0] == first, query


@pytest.mark.parametrize(
    ("query", "status", "code", "text"),
    [
        ("", 500, 2, "Required request parameter 'pageSize'"),
        ("pageSize=10", 500, 2, "Required request parameter 'page'"),
        (
            "pageSize=0&page=0",
            400,
            31,
            "Incorrect page link page size '0'. Page size must be greater than zero.",
        ),
        ("pageSize=10&page=-1", 400, 31, "Incorrect page link page '-1'."),
        ("pageSize=ten&page=0", 400, 31, "Invalid value 'ten'"),
        ("pageSize=10&page=0&sortOrder=UP", 400, 31, "Unsupported sort order 'UP'!"),
    ],
)
async def test_bad_pages(
    tb: Client, query: str, status: int, code: int, text: str
) -> None:
    """Mistakes of the client are 400, or 500 with code 2 (3.1)."""
    error = (await tb.get(f"/api/tenant/devices?{query}")).error
    assert error[:2] == (status, code)
    assert error[2].startswith(text)


async def test_bodies(tb: Client) -> None:
    """Malformed JSON is 500, another content type 415."""
    malformed = await tb.call(
        "POST",
        "/api/device",
        data=b"{",
        headers={"Content-Type": "application/json"},
    )
    assert malformed.error[:2] == (500, 2)
    text = await tb.call(
        "POST", "/api/device", data=b"{}", headers={"Content-Type": "text/plain"}
    )
    assert text.error[:2] == (415, 31)
    body = BytesIO(b"x" * (16 * 1024 * 1024 + 1))
    large = await tb.call("POST", "/api/device", data=body)
    assert large.status == 413
    assert isinstance(large.json, str)


async def test_customer_users_see_their_own(tb: Client) -> None:
    """Lists, single devices: 403 for another customer's, 404 for what does not exist."""
    customer = tb.sim.customer("Customer A")
    path = f"/api/customer/{customer.id}/deviceInfos"
    page = (await tb.get(f"{path}?{PAGE}", user=CUSTOMER)).json
    assert names(page) == ["Test Device A1", "Test Device A2", "Test Device A3"]
    other = tb.sim.customer("Customer B")
    foreign = await tb.get(f"/api/customer/{other.id}/devices?{PAGE}", user=CUSTOMER)
    assert foreign.error == FORBIDDEN
    for path in ("/api/tenant/devices", "/api/tenant/deviceInfos", "/api/customers"):
        assert (await tb.get(f"{path}?{PAGE}", user=CUSTOMER)).error == FORBIDDEN
    not_mine = tb.id("Test Device B1")
    assert (await tb.get(f"/api/device/{not_mine}", user=CUSTOMER)).error == FORBIDDEN
    unknown = await tb.get(f"/api/device/{UNKNOWN}", user=CUSTOMER)
    assert unknown.error == (404, 32, f"Device with id [{UNKNOWN}] is not found")
    bad = await tb.get("/api/device/not-a-uuid", user=CUSTOMER)
    assert bad.error[:2] == (400, 31)
    ids = ",".join(device.id for device in tb.sim.devices)
    found = (await tb.get(f"/api/devices?deviceIds={ids}", user=CUSTOMER)).json
    assert len(found) == 3


async def test_other_tenants_do_not_exist(sample: Client) -> None:
    """Their devices are 404."""
    answer = await sample.get(f"/api/device/{sample.id('Foreign device')}")
    assert answer.error[:2] == (404, 32)
    text = await sample.get(f"{sample.of('Foreign device')}/keys/timeseries")
    assert text.text == (404, "Device with requested id wasn't found!")
    page = (
        await sample.get(f"/api/tenant/devices?{PAGE}", user="other@example.org")
    ).json
    assert names(page) == ["Foreign device"]


async def test_system_administrators_have_no_devices(tb: Client) -> None:
    """Neither lists nor single ones, but they may ask for the version."""
    for path in (
        f"/api/tenant/devices?{PAGE}",
        f"/api/device/{tb.id('Test Device A1')}",
        f"/api/alarms?{PAGE}",
    ):
        assert (await tb.get(path, user=SYSADMIN)).error == FORBIDDEN
    assert (await tb.get("/api/system/info", user=SYSADMIN)).status == 200


async def test_by_name_and_types(tb: Client) -> None:
    """Both forms, one of them new."""
    for path in ("devices", "device"):
        answer = await tb.get(f"/api/tenant/{path}?deviceName=Thermostat%20T1")
        assert answer.json["name"] == "Thermostat T1"
    assert (await tb.get("/api/tenant/devices?deviceName=x")).error[:2] == (404, 32)
    types = (await tb.get("/api/device/types")).json
    assert [each["type"] for each in types] == ["default", "thermostat"]


async def test_search_by_relations(sample: Client) -> None:
    """Devices under an asset."""
    root = sample.sim.asset("House")
    parameters = {
        "rootId": root.id,
        "rootType": "ASSET",
        "direction": "FROM",
        "relationTypeGroup": "COMMON",
        "maxLevel": 2,
        "fetchLastLevelOnly": False,
    }
    body = {
        "parameters": parameters,
        "relationType": "Contains",
        "deviceTypes": ["thermostat"],
    }
    found = (await sample.post("/api/devices", body)).json
    assert {each["name"] for each in found} == {
        "TH-0042",
        "Thermostat T1",
        "Thermostat T2",
    }


async def test_saving_a_device(tb: Client) -> None:
    """The whole object is written; a stale version conflicts (3.8+)."""
    path = f"/api/device/{tb.id('Thermostat T1')}"
    device = (await tb.get(path)).json
    saved = (await tb.post("/api/device", device | {"label": "Hall"})).json
    assert (saved["label"], saved["version"]) == ("Hall", device["version"] + 1)
    stale = await tb.post("/api/device", device | {"label": "Attic"})
    assert stale.error[:2] == (409, 35)
    assert tb.sim.device("Thermostat T1").label == "Hall"
    tb.sim.switches.version = "3.7"
    assert (await tb.post("/api/device", device)).json["label"] is None
    blank = await tb.post("/api/device", device | {"name": " "})
    assert blank.error == (400, 31, "Device name should be specified!")
    taken = await tb.post("/api/device", device | {"name": "Thermostat T2"})
    assert taken.error == (400, 31, "Device with such name already exists!")


async def test_making_and_deleting_a_device(tb: Client) -> None:
    """Administrators only; what is gone is unknown."""
    body = {"name": "New one", "type": "thermostat"}
    assert (await tb.post("/api/device", body, user=CUSTOMER)).error == FORBIDDEN
    made = (await tb.post("/api/device?accessToken=NEW_TOKEN", body)).json
    id_ = made["id"]["id"]
    posted = await tb.post("/api/v1/NEW_TOKEN/telemetry", {"a": 1}, token="")
    assert (posted.status, posted.body) == (200, b"")
    customer = tb.sim.customer("Customer A")
    assigned = await tb.post(f"/api/customer/{customer.id}/device/{id_}")
    assert assigned.json["customerId"]["id"] == customer.id
    assert (await tb.get(f"/api/device/{id_}", user=CUSTOMER)).status == 200
    assert (await tb.delete(f"/api/customer/device/{id_}")).status == 200
    deleted = await tb.delete(f"/api/device/{id_}", user=CUSTOMER)
    assert deleted.error == FORBIDDEN
    assert (await tb.delete(f"/api/device/{id_}")).status == 200
    assert (await tb.get(f"/api/device/{id_}")).error[:2] == (404, 32)


async def test_customers(tb: Client) -> None:
    """List for administrators, the own one for its users (5.3)."""
    page = (await tb.get(f"/api/customers?{PAGE}")).json
    assert names(page) == ["Customer A", "Customer B", "Customer C"]
    mine, other = tb.sim.customer("Customer A").id, tb.sim.customer("Customer B").id
    assert (await tb.get(f"/api/customer/{mine}", user=CUSTOMER)).json["title"] == (
        "Customer A"
    )
    short = await tb.get(f"/api/customer/{mine}/shortInfo", user=CUSTOMER)
    assert short.json == {"title": "Customer A", "isPublic": False}
    title = await tb.get(f"/api/customer/{mine}/title", user=CUSTOMER)
    assert title.text == (200, "Customer A")
    assert (await tb.get(f"/api/customer/{other}", user=CUSTOMER)).error == FORBIDDEN


@pytest.mark.parametrize(
    ("version", "edition", "shown"),
    [
        ("4.3.1.3", Edition.CE, ("4.3.1.3", "CE")),
        ("4.2.1", Edition.PE, ("4.2.1PE", "PE")),
        ("4.4.0", Edition.CLOUD, ("4.4.0PE", "PAAS")),
    ],
)
async def test_system_info(
    tb: Client, version: str, edition: Edition, shown: tuple[str, str]
) -> None:
    """Version and edition (2)."""
    tb.sim.switches.version, tb.sim.switches.edition = version, edition
    info = (await tb.get("/api/system/info")).json
    assert (info["version"], info["type"]) == shown


async def test_system_params_and_clock(tb: Client) -> None:
    """Flags grow by version; the clock is a bare number."""
    params = (await tb.get("/api/system/params", user=CUSTOMER)).json
    assert params["persistDeviceStateToTelemetry"] is False
    assert params["edqsEnabled"] is False
    tb.sim.clock.set(1_790_000_000)
    now = (await tb.get("/api/dashboard/serverTime")).json
    assert abs(now - 1_790_000_000_000) < 5000
    tb.sim.switches.version = "3.5"
    assert "edqsEnabled" not in (await tb.get("/api/system/params")).json


@pytest.mark.parametrize(
    ("path", "since", "before"),
    [
        ("/api/system/info", "3.3.3", "3.3.2"),
        ("/api/system/params", "3.5", "3.4.4"),
        ("/api/v2/alarms?pageSize=1&page=0", "3.5", "3.4.4"),
        ("/api/alarm/types?pageSize=1&page=0", "3.6", "3.5.1"),
        ("/api/deviceProfile/names", "3.6.2", "3.6.1"),
        ("/api/tenant/device?deviceName=Thermostat%20T1", "4.3.1.2", "4.3.1.1"),
    ],
)
async def test_later_paths(tb: Client, path: str, since: str, before: str) -> None:
    """A path that the version does not have is unknown (19)."""
    tb.sim.switches.version = since
    assert (await tb.get(path)).status == 200
    tb.sim.switches.version = before
    assert (await tb.get(path)).error[:2] == (404, 32)


async def test_unknown_paths(tb: Client) -> None:
    """404 below /api, the UI's page elsewhere; known path with another method: 405."""
    assert (await tb.get("/api/nothing")).error[:2] == (404, 32)
    assert (await tb.get("/api/nothing", token="")).status == 401
    assert (await tb.get("/api/noauth/nothing", token="")).error[:2] == (404, 32)
    assert (await tb.call("PATCH", "/api/device")).error[:2] == (405, 31)
    assert (await tb.get("/api/v1/T1_TEST_TOKEN/telemetry", token="")).status == 405
    for path in ("/", "/entities/devices/all", "/apidocs"):
        page = await tb.get(path, token="")
        assert (page.status, page.response.content_type) == (200, "text/html")


async def test_mounted_under_a_path(socket_enabled: None) -> None:
    """Everything is there, and nothing elsewhere."""
    async with serving(demo_state(), prefix="/tb") as tb:
        assert tb.sim.url.endswith("/tb")
        assert (await tb.sign_in()).status == 200
        assert (await tb.get("/api/nothing")).error[:2] == (404, 32)
        root = tb.sim.url.removesuffix("/tb")
        async with tb.session.post(f"{root}/api/auth/login", json={}) as answer:
            assert (answer.status, answer.content_type) == (200, "text/html")


async def test_professional_edition(sample: Client) -> None:
    """Lists of its own, and the owner instead of the customer (6.1, 6.2)."""
    path = f"/api/user/devices?{PAGE}"
    assert (await sample.get(path)).error[:2] == (404, 32)
    sample.sim.switches.edition = Edition.PE
    mine = (await sample.get(path, user=CUSTOMER)).json
    assert "Test Device A1" in names(mine)
    assert "deviceData" not in mine["data"][0]
    infos = (await sample.get(f"/api/deviceInfos/all?{PAGE}&active=true")).json
    assert infos["data"]
    assert all(each["active"] for each in infos["data"])
    info = next(each for each in infos["data"] if each["name"] == "TH-0042")
    assert (info["ownerName"], info["groups"]) == ("Customer A", [])
    assert "customerTitle" not in info
    group = sample.sim.store.add_group("All", sample.sim.devices[:2])
    page = (await sample.get(f"/api/entityGroup/{group.id}/devices?{PAGE}")).json
    assert len(page["data"]) == 2
    rights = (await sample.get("/api/permissions/allowedPermissions")).json
    assert "READ" in rights["operationsByResource"]["DEVICE"]


async def test_rights_of_roles(sample: Client) -> None:
    """PE roles without rights for profiles, packages or writing."""
    switches = sample.sim.switches
    profiles = f"/api/deviceProfileInfos?{PAGE}"
    assert (await sample.get(profiles, user=CUSTOMER)).status == 200
    switches.customer_reads_profiles = False
    assert (await sample.get(profiles, user=CUSTOMER)).error == FORBIDDEN
    packages = f"/api/otaPackages?{PAGE}"
    assert (await sample.get(packages, user=CUSTOMER)).json["totalElements"] == 3
    switches.customer_reads_packages = False
    assert (await sample.get(packages, user=CUSTOMER)).error == FORBIDDEN
    switches.customer_writes = False
    refused = await sample.post(
        f"{sample.of('TH-0042')}/SHARED_SCOPE", {"mode": "off"}, user=CUSTOMER
    )
    assert refused.text == (403, FORBIDDEN[2])


async def test_profiles(tb: Client) -> None:
    """Infos for both roles, details for administrators; rules up to 4.2."""
    page = (await tb.get(f"/api/deviceProfileInfos?{PAGE}", user=CUSTOMER)).json
    assert names(page) == ["default", "thermostat"]
    assert set(page["data"][0]) == {
        "id",
        "name",
        "image",
        "defaultDashboardId",
        "type",
        "transportType",
        "tenantId",
    }
    path = f"/api/deviceProfile/{page['data'][1]['id']['id']}"
    assert (await tb.get(path, user=CUSTOMER)).error == FORBIDDEN
    assert (await tb.get(path)).json["profileData"]["alarms"] is None
    tb.sim.switches.version = "4.2.1"
    rules = (await tb.get(path)).json["profileData"]["alarms"]
    assert [each["alarmType"] for each in rules] == ["High Temperature", "Low Humidity"]
    tb.sim.device("Thermostat T1").put_telemetry({"temperature": 1})
    keys = (await tb.get("/api/deviceProfile/devices/keys/timeseries")).json
    assert keys == ["temperature"]


async def test_dashboards(sample: Client) -> None:
    """Units as text and as object; customers see what is assigned to them."""
    page = (await sample.get(f"/api/tenant/dashboards?{PAGE}")).json
    assert len(page["data"]) == 5
    customer = sample.sim.customer("Customer A").id
    path = f"/api/customer/{customer}/dashboards?{PAGE}"
    (mine,) = (await sample.get(path, user=CUSTOMER)).json["data"]
    whole = await sample.get(f"/api/dashboard/{mine['id']['id']}", user=CUSTOMER)
    widgets = whole.json["configuration"]["widgets"]
    keys = widgets["w3"]["config"]["datasources"][0]["dataKeys"]
    assert keys[0]["units"] == "hPa"
    assert keys[1]["units"]["from"] == "°C"
    other = sample.sim.store.dashboard("Thermostats").id
    assert (await sample.get(f"/api/dashboard/{other}", user=CUSTOMER)).error == (
        FORBIDDEN
    )


async def test_assets_and_relations(sample: Client) -> None:
    """Assets, and what contains what, in every form (13.2)."""
    assets = (await sample.get(f"/api/tenant/assetInfos?{PAGE}")).json
    assert names(assets) == ["House", "Living room", "Kitchen", "Basement"]
    customer = sample.sim.customer("Customer A").id
    path = f"/api/customer/{customer}/assetInfos?{PAGE}"
    mine = (await sample.get(path, user=CUSTOMER)).json
    assert names(mine) == ["Living room"]
    room = sample.sim.asset("Basement")
    query = f"fromId={room.id}&fromType=ASSET"
    found = (await sample.get(f"/api/relations?{query}")).json
    assert len(found) == 4
    assert set(found[0]) == {"from", "to", "type", "typeGroup", "additionalInfo"}
    assert found == (await sample.get(f"/api/relations/from/ASSET/{room.id}")).json
    infos = (await sample.get(f"/api/relations/info?{query}")).json
    assert "Gateway G1" in [each["toName"] for each in infos]
    to = sample.id("Gateway G1")
    (back,) = (await sample.get(f"/api/relations?toId={to}&toType=DEVICE")).json
    assert back["from"]["id"] == room.id
    body = {
        "parameters": {
            "rootId": sample.sim.asset("House").id,
            "rootType": "ASSET",
            "direction": "FROM",
            "relationTypeGroup": "COMMON",
            "maxLevel": 2,
            "fetchLastLevelOnly": False,
        },
        "filters": [{"relationType": "Contains", "entityTypes": ["DEVICE"]}],
    }
    assert len((await sample.post("/api/relations", body)).json) == 7
    body["parameters"]["maxLevel"] = 1
    assert (await sample.post("/api/relations", body)).json == []


async def test_scale(socket_enabled: None) -> None:
    """A thousand devices are listed in no time."""
    store = Store()
    store.add_user("tenant@thingsboard.org", "tenant")
    for number in range(1000):
        store.add(Device(f"Device {number}"))
    async with serving(store) as tb:
        page = (await tb.get("/api/tenant/deviceInfos?pageSize=1000&page=0")).json
    assert len(page["data"]) == 1000
