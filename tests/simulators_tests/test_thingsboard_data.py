"""Telemetry, attributes, activity, harm (thingsboard.md 8, 9)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from .thingsboard_client import CUSTOMER, TELEMETRY, UNKNOWN, Client, serving

from tests.simulators.thingsboard import Device, How, Scope, demo_state, sample_state
from tests.simulators.thingsboard.values import (
    Sample,
    cast_text,
    normalised,
    query_text,
    text_of,
)

T1 = "Thermostat T1"
STRICT = "useStrictDataTypes=true"


@pytest.fixture
async def tb(socket_enabled: None) -> AsyncIterator[Client]:
    """Serve the demo data."""
    async with serving(demo_state()) as client:
        yield client


def values_of(answer: Any) -> dict[str, Any]:
    """Latest value of each key."""
    return {key: rows[0]["value"] for key, rows in answer.items()}


async def test_reading_telemetry(tb: Client) -> None:
    """Texts by default, types on demand, null for a key without data (8.1)."""
    device = tb.sim.device(T1)
    device.post_telemetry(
        {
            "temperature": 21.5,
            "humidity": 44,
            "on": True,
            "mode": "heat",
            "json": {"a": [1, None]},
        },
        ts=1_782_993_588_000,
    )
    path = tb.of(T1)
    keys = (await tb.get(f"{path}/keys/timeseries")).json
    assert keys == ["temperature", "humidity", "on", "mode", "json"]
    texts = (await tb.get(f"{path}/values/timeseries")).json
    assert values_of(texts) == {
        "temperature": "21.5",
        "humidity": "44",
        "on": "true",
        "mode": "heat",
        "json": '{"a":[1,null]}',
    }
    typed = (
        await tb.get(f"{path}/values/timeseries?keys=temperature,json&{STRICT}")
    ).json
    assert typed == {
        "temperature": [{"ts": 1_782_993_588_000, "value": 21.5}],
        "json": [{"ts": 1_782_993_588_000, "value": {"a": [1, None]}}],
    }
    missing = (await tb.get(f"{path}/values/timeseries?keys=nothing")).json
    assert missing["nothing"][0]["value"] is None
    assert abs(missing["nothing"][0]["ts"] - tb.sim.clock.now_ms()) < 5000


async def test_keys_with_commas(tb: Client) -> None:
    """`key=` may be repeated from 4.3 on."""
    tb.sim.device(T1).put_telemetry({"a,b": 1, "c": 2})
    path = f"{tb.of(T1)}/values/timeseries?key=a,b&key=c"
    assert set((await tb.get(path)).json) == {"a,b", "c"}
    path = f"{tb.of(T1)}/values/timeseries?keys=a,b"
    assert set((await tb.get(path)).json) == {"a", "b"}


async def test_history(tb: Client) -> None:
    """Newest first, limited; aggregated by intervals."""
    device = tb.sim.device(T1)
    for minute in range(10):
        device.post_telemetry({"t": minute}, ts=minute * 60_000)
    path = (
        f"{tb.of(T1)}/values/timeseries?keys=t,nothing&startTs=0&endTs=600000&{STRICT}"
    )
    rows = (await tb.get(f"{path}&limit=3")).json
    assert [row["value"] for row in rows["t"]] == [9, 8, 7]
    assert "nothing" not in rows
    rows = (await tb.get(f"{path}&limit=2&orderBy=ASC")).json
    assert [row["ts"] for row in rows["t"]] == [0, 60_000]
    rows = (await tb.get(f"{path}&interval=300000&agg=AVG")).json
    assert rows["t"] == [{"ts": 150_000, "value": 2.0}, {"ts": 450_000, "value": 7.0}]
    for function, value in (("MIN", 0), ("MAX", 9), ("SUM", 45), ("COUNT", 10)):
        rows = (await tb.get(f"{path}&agg={function}")).json
        assert rows["t"][0]["value"] == value
    assert (await tb.get(f"{path}&agg=MEAN")).error[:2] == (400, 31)
    newer = path.replace("values/timeseries?", "values/timeseries/history?")
    assert (await tb.get(newer)).status == 200


async def test_attributes(tb: Client) -> None:
    """Typed, by scope or all; keys as well."""
    device = tb.sim.device(T1)
    device.set_attributes(Scope.SHARED, {"targetTemperature": 22.5}, ts=1000)
    device.post_attributes({"model": "HX-3"})
    path = tb.of(T1)
    shared = (await tb.get(f"{path}/values/attributes/SHARED_SCOPE")).json
    assert shared == [{"lastUpdateTs": 1000, "key": "targetTemperature", "value": 22.5}]
    some = (await tb.get(f"{path}/values/attributes?keys=model,latitude")).json
    assert {each["key"]: each["value"] for each in some} == {
        "model": "HX-3",
        "latitude": 37.3948,
    }
    assert (await tb.get(f"{path}/keys/attributes/CLIENT_SCOPE")).json == ["model"]
    assert "active" in (await tb.get(f"{path}/keys/attributes")).json
    assert (await tb.get(f"{path}/values/attributes/NO_SCOPE")).error[:2] == (400, 31)


@pytest.mark.parametrize(
    "path",
    [
        "/DEVICE/{id}/attributes/SHARED_SCOPE",
        "/DEVICE/{id}/SHARED_SCOPE",
        "/{id}/SHARED_SCOPE",
    ],
)
async def test_writing_attributes(tb: Client, path: str) -> None:
    """Empty success; numeric texts become numbers, nulls are skipped."""
    path = f"/api/plugins/telemetry{path}".format(id=tb.id(T1))
    body = {"a": "22.50", "b": "007", "c": "1E3", "d": None, "e": "heat", "f": [1]}
    answer = await tb.post(path, body)
    assert (answer.status, answer.body) == (200, b"")
    shared = tb.sim.device(T1).attributes[Scope.SHARED]
    assert {key: each.value for key, each in shared.items()} == {
        "a": 22.5,
        "b": 7,
        "c": "1E3",
        "e": "heat",
        "f": [1],
    }
    assert (
        await tb.delete(f"{path.replace('/attributes', '')}?keys=a,zzz")
    ).status == 200
    assert tb.sim.device(T1).attribute(Scope.SHARED, "a") is None


@pytest.mark.parametrize(
    ("scope", "body", "text"),
    [
        ("CLIENT_SCOPE", b'{"a":1}', "Invalid scope: CLIENT_SCOPE"),
        ("SHARED_SCOPE", b"{", "Invalid JSON"),
        ("SHARED_SCOPE", b"[1]", "Request is not a JSON object"),
        ("SHARED_SCOPE", b"{}", "No attributes data found in request body!"),
        ("SHARED_SCOPE", b'{" ":1}', "Key cannot be blank"),
    ],
)
async def test_refused_attributes(
    tb: Client, scope: str, body: bytes, text: str
) -> None:
    """Plain texts (8.3)."""
    answer = await tb.call("POST", f"{tb.of(T1)}/{scope}", data=body)
    assert answer.text == (400, text)
    assert answer.response.content_type == "text/plain"


async def test_errors_of_rights(tb: Client) -> None:
    """Texts for unknown and foreign devices, JSON for what is no id or scope."""
    body = {"a": 1}
    unknown = await tb.post(f"{TELEMETRY}/{UNKNOWN}/SHARED_SCOPE", body)
    assert unknown.text == (404, "Device with requested id wasn't found!")
    foreign = await tb.post(f"{tb.of(T1)}/SHARED_SCOPE", body, user=CUSTOMER)
    assert foreign.text == (403, "You don't have permission to perform this operation!")
    tb.sim.switches.text_error_type = "application/json"
    foreign = await tb.get(f"{tb.of(T1)}/values/timeseries", user=CUSTOMER)
    assert foreign.response.content_type == "application/json"
    assert foreign.body.startswith(b"You don't")
    mine = await tb.post(f"{tb.of('Test Device A1')}/SHARED_SCOPE", body, user=CUSTOMER)
    assert mine.status == 200
    for path in (f"{tb.of(T1)}/NO_SCOPE", f"{TELEMETRY}/x/SHARED_SCOPE"):
        assert (await tb.post(path, body)).error[:2] == (400, 31)
    no_keys = await tb.delete(f"{tb.of(T1)}/SHARED_SCOPE?keys=")
    assert no_keys.status == 400


async def test_writing_telemetry(tb: Client) -> None:
    """Three forms of body; the latest value only moves forward in time (18)."""
    path = f"{tb.of(T1)}/timeseries/ANY"
    for body in (
        {"a": "1.5"},
        {"ts": 1000, "values": {"b": 1, "a": 0}},
        [{"ts": 2000, "values": {"b": 2}}, {"ts": 1500, "values": {"b": 3}}],
    ):
        answer = await tb.post(path, body)
        assert (answer.status, answer.body) == (200, b"")
    device = tb.sim.device(T1)
    assert (device.telemetry("a"), device.telemetry("b")) == (1.5, 2)
    assert [row.ts for row in device.history["b"]] == [1000, 1500, 2000]
    assert (await tb.post(f"{path}/86400", {"a": 2})).status == 200
    assert (await tb.post(path, {})).text == (
        400,
        "No timeseries data found in request body!",
    )
    gone = f"{tb.of(T1)}/timeseries/delete?keys=b&"
    assert (await tb.delete(gone)).status == 400
    assert (await tb.delete(f"{gone}startTs=1800&endTs=3000")).status == 200
    assert device.telemetry("b") == 3
    assert (await tb.delete(f"{gone}deleteAllDataForKeys=true")).status == 200
    assert device.telemetry("b") is None


async def test_rest_writes_do_not_make_active(tb: Client) -> None:
    """Only the device itself does (8.2, 9)."""
    device = tb.sim.device(T1)
    await tb.post(f"{tb.of(T1)}/timeseries/ANY", {"temperature": 30})
    await tb.post(f"{tb.of(T1)}/SHARED_SCOPE", {"a": 1})
    assert (device.active, device.attribute(Scope.SERVER, "lastActivityTime")) == (
        False,
        None,
    )
    answer = await tb.post("/api/v1/T1_TEST_TOKEN/telemetry", {"a": 1}, token="")
    assert (answer.status, answer.body) == (200, b"")
    assert device.active
    assert device.attribute(Scope.SERVER, "lastActivityTime") is not None


async def test_inactivity(tb: Client) -> None:
    """After 600 s, at the next check; the own time-out of a device counts (9)."""
    device, sleeper = tb.sim.device(T1), tb.sim.device("Thermostat T2")
    await tb.post(
        f"{tb.of('Thermostat T2')}/SERVER_SCOPE", {"inactivityTimeout": 86_400_000}
    )
    for each in (device, sleeper):
        each.post_telemetry({"a": 1})
    tb.sim.clock.advance(590)
    assert device.active
    tb.sim.clock.advance(75)
    assert not device.active
    assert device.attribute(Scope.SERVER, "inactivityAlarmTime") is not None
    assert sleeper.active
    tb.sim.clock.advance(86_400)
    assert not sleeper.active
    device.post_telemetry({"a": 2})
    assert device.active
    # A new time-out is looked at at once.
    sleeper.set_attributes("SERVER_SCOPE", {"inactivityTimeout": 864_000_000})
    assert sleeper.active


async def test_connected_devices_stay_active(tb: Client) -> None:
    """They ping; silent ones do not, and after the end of the session it is over."""
    device = tb.sim.device(T1)
    device.connect()
    assert device.active
    tb.sim.clock.advance(7200)
    assert device.active
    device.keeps_alive = False
    tb.sim.clock.advance(7200)
    assert not device.active
    device.keeps_alive = True
    tb.sim.clock.advance(61)
    assert device.active
    device.disconnect()
    assert device.active
    assert device.attribute(Scope.SERVER, "lastDisconnectTime") is not None
    tb.sim.clock.advance(661)
    assert not device.active


async def test_state_as_telemetry(socket_enabled: None) -> None:
    """The operator's option: telemetry instead of attributes (9)."""
    store = demo_state()
    store.switches.persist_state_to_telemetry = True
    async with serving(store) as tb:
        device = tb.sim.add_device(Device("New one"))
        assert (device.telemetry("active"), device.active) == (False, False)
        device.post_telemetry({"a": 1})
        assert (device.telemetry("active"), device.active) == (True, True)
        assert device.attribute(Scope.SERVER, "active") is None
        params = (await tb.get("/api/system/params")).json
        assert params["persistDeviceStateToTelemetry"] is True


async def test_devices_by_http(tb: Client) -> None:
    """Telemetry and attributes with an access token (17)."""
    base = "/api/v1/T1_TEST_TOKEN"
    bad = await tb.post("/api/v1/NO_SUCH_TOKEN/telemetry", {"a": 1}, token="")
    assert (bad.status, bad.body) == (401, b"")
    assert (
        await tb.call("POST", f"{base}/telemetry", data=b"{", token="")
    ).status == 400
    await tb.post(f"{base}/attributes", {"model": "x"}, token="")
    tb.sim.device(T1).set_attributes("SHARED_SCOPE", {"target": 20, "mode": "heat"})
    found = (await tb.get(f"{base}/attributes?sharedKeys=target", token="")).json
    assert found == {"client": {}, "shared": {"target": 20}}
    nothing = await tb.get(f"{base}/attributes/updates?timeout=1", token="")
    assert nothing.status == 408


async def test_reactions(tb: Client) -> None:
    """A connected device reports what shared attributes tell it (22.12)."""
    device = tb.sim.device(T1)
    device.reactions = {
        "targetTemperature": "target",
        "mode": lambda mode: {"state": mode, "heating": mode == "heat"},
    }
    path = f"{tb.of(T1)}/attributes/SHARED_SCOPE"
    await tb.post(path, {"targetTemperature": 20})
    assert device.telemetry("target") is None
    device.connect()
    await tb.post(path, {"targetTemperature": 21, "mode": "heat", "other": 1})
    assert {key: device.telemetry(key) for key in device.latest} == {
        "target": 21,
        "state": "heat",
        "heating": True,
    }
    device.reaction_delay = 0.01
    await tb.post(path, {"targetTemperature": 22})
    assert device.telemetry("target") == 21
    await tb.sim.wait_until(lambda: device.telemetry("target") == 22)


async def test_harm(tb: Client) -> None:
    """What a consumer must not write is counted (8.2)."""
    path = tb.of(T1)
    await tb.post(f"{path}/SHARED_SCOPE", {"targetTemperature": 20})
    assert tb.sim.unsafe_writes == []
    await tb.post(f"{path}/SERVER_SCOPE", {"note": 1})
    await tb.post(f"{path}/timeseries/ANY", {"temperature": 20})
    assert [each.how for each in tb.sim.unsafe_writes] == [
        How.SERVER_SCOPE,
        How.TELEMETRY,
    ]
    assert tb.sim.harm == []
    await tb.post(f"{path}/SERVER_SCOPE", {"active": True})
    await tb.post(f"{path}/timeseries/ANY", {"fw_state": "UPDATED"})
    await tb.post(f"{path}/CLIENT_SCOPE", {"model": "x"})
    await tb.post("/api/v1/T1_TEST_TOKEN/telemetry", {"a": 1}, token="")
    assert [(each.key, each.how) for each in tb.sim.harm] == [
        ("active", How.STATE_KEY),
        ("fw_state", How.OTA_KEY),
        ("model", How.CLIENT_SCOPE),
        ("a", How.DEVICE_API),
    ]
    assert tb.sim.describe()["harm"] == 4
    tb.sim.clear_harm()
    assert tb.sim.unsafe_writes == []


async def test_calls_of_the_sample(socket_enabled: None) -> None:
    """Its thermostats take calls and report what they do."""
    async with serving(sample_state()) as tb:
        path = f"/api/rpc/twoway/{tb.id('TH-0042')}"
        body = {"method": "setTargetTemperature", "params": 19.5, "timeout": 5000}
        answer = await tb.post(path, body, user=CUSTOMER)
        assert (answer.status, answer.body) == (200, b"")
        assert tb.sim.device("TH-0042").telemetry("target") == 19.5
        answer = await tb.post(path, {"method": "getTargetTemperature"})
        assert answer.json == 19.5
        assert tb.sim.harm == []


def test_the_sample_is_harmless() -> None:
    """Building it counts as nothing, and it shows what section 22 wants."""
    store = sample_state(generated=5)
    assert store.unsafe_writes == []
    assert store.device("Weather station").telemetry("serial") == "007"
    assert store.device("Cellar sensor").active is False
    assert store.device("Meter M1").additional_info == {
        "lastConnectedGateway": store.device("Gateway G1").id
    }
    assert {each.type for each in store.alarms.all if each.active} == {
        "High Temperature",
        "Low Humidity",
        "Low battery",
    }


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("007", 7),
        ("22.50", 22.5),
        ("-3", -3),
        ("1E3", "1E3"),
        ("0x10", "0x10"),
        ("12 ", "12 "),
        ("", ""),
        (".5", 0.5),
        ("5.", "5."),
        ("99999999999999999999", 1e20),
    ],
)
def test_casts_on_write(text: str, value: object) -> None:
    """Numeric-looking text becomes a number (8.2)."""
    assert cast_text(text) == value
    assert type(cast_text(text)) is type(value)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (True, "true"),
        (False, "false"),
        (21.5, "21.5"),
        (22.0, "22.0"),
        (7, "7"),
        (0.00005, "5.0E-5"),
        (1e20, "1.0E20"),
        ("heat", "heat"),
        ({"a": [1, "é"]}, '{"a":[1,"é"]}'),
    ],
)
def test_texts(value: Any, text: str) -> None:
    """Every value as a text."""
    assert text_of(value) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("007", "007"),
        ("0", "0"),
        ("0.50", "0.5"),
        ("22.50", "22.5"),
        ("1E10", "1E10"),
        ("-5", "-5"),
        ("12", "12"),
        ("100000000000000000000.5", "100000000000000000000.5"),
        ("heat", "heat"),
    ],
)
def test_normalised_texts(text: str, shown: str) -> None:
    """As an entity data query shows them (7.2)."""
    assert normalised(text) == shown
    assert query_text(Sample(5, text)) == {"ts": 5, "value": shown}


def test_missing_value() -> None:
    """Has a time of 0."""
    assert query_text(None) == {"ts": 0, "value": ""}
