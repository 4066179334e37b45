"""Alarms, updates of firmware, rate limits, faults, demo (thingsboard.md 12, 14, 17, 18)."""

from collections.abc import AsyncIterator

from aiohttp import ClientSession
import pytest

from .thingsboard_client import CUSTOMER, UNKNOWN, Client, serving

from tests.simulators.effects import Replace, Status
from tests.simulators.registry import DemoOptions, make_demo
from tests.simulators.thingsboard import (
    Scope,
    Severity,
    ThingsBoardSimulator,
    api_error,
    demo_state,
    sample_state,
)

PAGE = "pageSize=100&page=0"
T1 = "Thermostat T1"
FORBIDDEN = (403, 20, "You don't have permission to perform this operation!")


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


async def test_alarm_rules(tb: Client) -> None:
    """Above the threshold attribute there is an alarm, at or below it is cleared (17)."""
    device = tb.sim.device(T1)
    await tb.post(
        "/api/v1/T1_TEST_TOKEN/telemetry", {"temperature": 20, "humidity": 50}, token=""
    )
    assert tb.sim.alarms == []
    device.post_telemetry({"temperature": 26.1, "humidity": 28})
    high, low = tb.sim.alarms
    assert (high.type, high.severity, high.status) == (
        "High Temperature",
        Severity.MAJOR,
        "ACTIVE_UNACK",
    )
    assert high.details == {"data": "Current temperature = 26.1"}
    assert (low.type, low.severity) == ("Low Humidity", Severity.MINOR)
    device.post_telemetry({"temperature": 27})
    assert tb.sim.alarms == [high, low]
    assert high.details == {"data": "Current temperature = 27"}
    device.post_telemetry({"temperature": 20})
    assert high.status == "CLEARED_UNACK"
    device.post_telemetry({"temperature": 30})
    assert len(tb.sim.alarms) == 3
    assert tb.sim.alarm(T1, "High Temperature") is tb.sim.alarms[-1]


async def test_alarm_rules_follow_attributes(tb: Client) -> None:
    """Threshold by attribute or default; nothing without the flag, nothing by REST."""
    device = tb.sim.device(T1)
    await tb.post(f"{tb.of(T1)}/timeseries/ANY", {"temperature": 50})
    assert tb.sim.alarms == []
    device.delete_attributes(Scope.SERVER, ["temperatureAlarmThreshold"])
    device.post_telemetry({"temperature": 24})
    assert tb.sim.alarms == []
    await tb.post(f"{tb.of(T1)}/SERVER_SCOPE", {"temperatureAlarmThreshold": 23})
    (alarm,) = tb.sim.alarms
    await tb.post(f"{tb.of(T1)}/SERVER_SCOPE", {"temperatureAlarmFlag": False})
    assert alarm.active
    other = tb.sim.device("Test Device A1")
    other.post_telemetry({"temperature": 99})
    assert tb.sim.alarms == [alarm]


async def test_alarm_lists(sample: Client) -> None:
    """Search by status, severity, type; both forms (12)."""

    async def types(path: str, user: str = "tenant@thingsboard.org") -> list[str]:
        page = (await sample.get(f"{path}&{PAGE}", user=user)).json
        return [each["type"] for each in page["data"]]

    everything = {"Low battery", "Connection lost", "High Temperature", "Low Humidity"}
    assert set(await types("/api/alarms?")) == everything
    active = await types("/api/alarms?searchStatus=ACTIVE")
    assert set(active) == everything - {"Connection lost"}
    assert await types("/api/alarms?status=ACTIVE_ACK") == ["Low battery"]
    assert await types("/api/alarms?searchStatus=ACK") == ["Low battery"]
    assert await types("/api/v2/alarms?statusList=CLEARED") == ["Connection lost"]
    assert (
        await types("/api/v2/alarms?statusList=ACTIVE,UNACK&typeList=Low battery") == []
    )
    assert await types(
        "/api/v2/alarms?severityList=MAJOR,MINOR&sortProperty=severity"
    ) == [
        "High Temperature",
        "Low Humidity",
    ]
    assert await types("/api/alarms?textSearch=battery") == ["Low battery"]
    assert await types("/api/alarms?", user=CUSTOMER) == ["Low battery"]
    device = sample.id(T1)
    assert len(await types(f"/api/alarm/DEVICE/{device}?searchStatus=ACTIVE")) == 2
    assert len(await types(f"/api/v2/alarm/DEVICE/{device}?statusList=ACTIVE")) == 2
    both = await sample.get(f"/api/alarms?{PAGE}&searchStatus=ACTIVE&status=ACTIVE_ACK")
    assert both.error[:2] == (400, 31)
    bad = await sample.get(f"/api/alarms?{PAGE}&searchStatus=BAD")
    assert bad.error[:2] == (400, 31)
    foreign = await sample.get(f"/api/alarm/DEVICE/{device}?{PAGE}", user=CUSTOMER)
    assert foreign.error == FORBIDDEN
    names = (await sample.get(f"/api/alarm/types?{PAGE}")).json["data"]
    assert {each["type"] for each in names} == everything


async def test_alarm_record(sample: Client) -> None:
    """Fields of 12; the info has the names."""
    alarm = sample.sim.alarm(T1, "High Temperature")
    record = (await sample.get(f"/api/alarm/{alarm.id}")).json
    info = (await sample.get(f"/api/alarm/info/{alarm.id}")).json
    assert set(info) - set(record) == {
        "assignee",
        "originatorName",
        "originatorLabel",
        "originatorDisplayName",
    }
    assert record["originator"] == {"entityType": "DEVICE", "id": sample.id(T1)}
    assert (record["severity"], record["status"]) == ("MAJOR", "ACTIVE_UNACK")
    highest = await sample.get(f"/api/alarm/highestSeverity/DEVICE/{sample.id(T1)}")
    assert highest.json == "MAJOR"
    none = await sample.get(f"/api/alarm/highestSeverity/DEVICE/{sample.id('Tracker')}")
    assert (none.status, none.body) == (200, b"")
    assert (await sample.get(f"/api/alarm/{UNKNOWN}")).error[:2] == (404, 32)


async def test_acknowledge_and_clear(sample: Client) -> None:
    """Once each; the alarm comes back since 3.5."""
    alarm = sample.sim.alarm(T1, "High Temperature")
    path = f"/api/alarm/{alarm.id}"
    assert (await sample.post(f"{path}/ack", user=CUSTOMER)).error == FORBIDDEN
    acked = (await sample.post(f"{path}/ack")).json
    assert (acked["status"], acked["acknowledged"]) == ("ACTIVE_ACK", True)
    assert acked["ackTs"] > 0
    again = await sample.post(f"{path}/ack")
    assert again.error == (400, 31, "Alarm was already acknowledged!")
    assert (await sample.post(f"{path}/clear")).json["status"] == "CLEARED_ACK"
    again = await sample.post(f"{path}/clear")
    assert again.error == (400, 31, "Alarm was already cleared!")
    sample.sim.switches.version = "3.4.4"
    other = sample.sim.alarm(T1, "Low Humidity")
    assert (await sample.post(f"/api/alarm/{other.id}/ack")).body == b""


async def test_making_and_deleting_an_alarm(sample: Client) -> None:
    """One of a type at a time is active."""
    origin = {"entityType": "DEVICE", "id": sample.id("TH-0042")}
    body = {"originator": origin, "type": "Odd", "severity": "WARNING"}
    first = (await sample.post("/api/alarm", body, user=CUSTOMER)).json
    second = (await sample.post("/api/alarm", body | {"severity": "MAJOR"})).json
    assert first["id"] == second["id"]
    assert second["severity"] == "MAJOR"
    assert (await sample.post("/api/alarm", {"originator": origin})).status == 400
    answer = await sample.delete(f"/api/alarm/{first['id']['id']}")
    assert answer.json is True
    gone = await sample.delete(f"/api/alarm/{first['id']['id']}")
    assert gone.error[:2] == (404, 32)


async def test_updates(sample: Client) -> None:
    """Assigning a package writes keys and attributes; the device goes through its states."""
    device = sample.sim.device("Sprinkler")
    package = sample.sim.package("sprinkler-fw", "1.3.0")
    record = (await sample.get(f"/api/device/{device.id}")).json
    body = record | {"firmwareId": {"entityType": "OTA_PACKAGE", "id": package.id}}
    device.keeps_alive = False
    assert (await sample.post("/api/device", body)).status == 200
    assert device.telemetry("target_fw_version") == "1.3.0"
    assert device.telemetry("fw_state") == "INITIATED"
    shared = device.attributes[Scope.SHARED]
    assert shared["fw_checksum"].value == package.checksum
    assert device.telemetry("current_fw_version") == "1.2.0"
    states = []
    for _ in range(5):
        sample.sim.drift()
        states.append(device.telemetry("fw_state"))
    assert states == ["DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING", "UPDATED"]
    assert device.telemetry("current_fw_version") == "1.3.0"
    token = device.access_token
    data = await sample.get(f"/api/v1/{token}/firmware", token="")
    assert data.body == package.data
    record = (await sample.get(f"/api/device/{device.id}")).json
    await sample.post("/api/device", record | {"firmwareId": None})
    assert "fw_title" not in device.attributes[Scope.SHARED]
    assert (await sample.get(f"/api/v1/{token}/firmware", token="")).status == 404


async def test_packages(sample: Client) -> None:
    """Lists for both roles; a package of another profile or kind is refused."""
    profile = sample.sim.store.profile("sprinkler").id
    path = f"/api/otaPackages/{profile}/FIRMWARE?{PAGE}"
    page = (await sample.get(path, user=CUSTOMER)).json
    assert [each["version"] for each in page["data"]] == ["1.2.0", "1.3.0"]
    info = page["data"][0]
    assert (info["type"], info["hasData"], info["checksumAlgorithm"]) == (
        "FIRMWARE",
        True,
        "SHA256",
    )
    one = f"/api/otaPackage/info/{info['id']['id']}"
    assert (await sample.get(one, user=CUSTOMER)).json == info
    record = (await sample.get(f"/api/device/{sample.id(T1)}")).json
    wrong = await sample.post("/api/device", record | {"firmwareId": info["id"]})
    assert wrong.error[:2] == (400, 31)
    record = (await sample.get(f"/api/device/{sample.id('Sprinkler')}")).json
    wrong = await sample.post("/api/device", record | {"softwareId": info["id"]})
    assert wrong.error == (400, 31, "Can't assign software with type: FIRMWARE")


async def test_rate_limits(tb: Client) -> None:
    """Budgets in `count:seconds`; no `Retry-After`; administrators of the system are exempt."""
    tb.sim.switches.tenant_rest_limits = "3:1000,100:100000"
    for _ in range(3):
        assert (await tb.whoami()).status == 200
    answer = await tb.whoami(user=CUSTOMER)
    assert answer.error == (429, 33, "Too many requests for current tenant!")
    assert "Retry-After" not in answer.response.headers
    assert (await tb.whoami(user="sysadmin@thingsboard.org")).status == 200
    assert (await tb.sign_in()).status == 200
    tb.sim.clock.advance(400)
    assert (await tb.whoami()).status == 200
    assert (await tb.whoami()).status == 429
    assert tb.sim.rate_limited == 2
    tb.sim.switches.tenant_rest_limits = ""
    tb.sim.switches.customer_rest_limits = "1:60"
    assert (await tb.whoami(user=CUSTOMER)).status == 200
    answer = await tb.whoami(user="customerA@thingsboard.org")
    assert answer.error == (429, 33, "Too many requests for current customer!")
    assert (await tb.whoami(user="customerB@thingsboard.org")).status == 200
    assert (await tb.whoami()).status == 200


async def test_faults(tb: Client) -> None:
    """The shared ones, and errors in the server's own words."""
    tb.sim.faults.add(api_error(401, 11, "Token has expired"), path="/user$", count=1)
    assert (await tb.whoami()).error == (401, 11, "Token has expired")
    tb.sim.faults.add(Status(502, html=True), count=1)
    assert (await tb.whoami()).response.content_type == "text/html"
    tb.sim.faults.add(Replace("<html>"), count=1)
    assert (await tb.whoami()).status == 200
    assert (await tb.whoami()).json["email"] == "tenant@thingsboard.org"


async def test_restart_keeps_everything(tb: Client) -> None:
    """Tokens and state live on."""
    url, token = tb.sim.url, tb.token()
    await tb.sim.restart()
    assert tb.sim.url == url
    assert (await tb.whoami(token=token)).status == 200


async def test_demo(socket_enabled: None) -> None:
    """Credentials bear the form's names; values move, but not those that somebody set."""
    demo = make_demo("thingsboard", DemoOptions(generated=3))
    assert isinstance(demo, ThingsBoardSimulator)
    async with demo as sim, ClientSession() as session:
        first, *others = sim.accounts()
        assert first == {
            "url": sim.url,
            "username": "tenant@thingsboard.org",
            "password": "tenant",
            "remember_password": True,
        }
        assert {"username": CUSTOMER, "password": "customer"}.items() <= others[
            0
        ].items()
        assert set(others[-1]) == {"url", "api_key"}
        device, door = sim.device("TH-0042"), sim.device("Door sensor")
        before = device.telemetry("temperature"), door.telemetry("battery")
        sim.clock.advance(7)
        sim.drift()
        assert device.telemetry("temperature") != before[0]
        assert device.telemetry("target") == 22.0
        assert door.telemetry("battery") == before[1]
        body = {"device": "TH-0042", "resource": "temperature", "value": 30.5}
        async with session.post(f"{sim.url}/_simulator/value", json=body) as answer:
            assert answer.status == 200
        sim.clock.advance(7)
        sim.drift()
        assert device.telemetry("temperature") == 30.5
        sim.control_value("TH-0042", "SHARED_SCOPE/mode", "off")
        assert device.telemetry("state") == "off"
        sim.control_online("TH-0042", online=False)
        assert not device.connected
        async with session.get(f"{sim.url}/_simulator/state") as answer:
            state = await answer.json()
        assert state["harm"] == 0
        assert "TH-0042" in [each["device"] for each in state["devices"]]
