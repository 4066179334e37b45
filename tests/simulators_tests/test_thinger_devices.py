"""Devices, and what else belongs to an account (thinger.md 5, 10)."""

from typing import Any

import pytest

from .client import Client

from tests.simulators.thinger import (
    Device,
    Fn,
    Resource,
    ThingerSimulator,
    sample_state,
)

DEVICES = "/v1/users/demo/devices"
V3 = "/v3/users/demo/devices/{}/resources{}"


async def test_the_sample(client: Client) -> None:
    """Eight devices, in the order of their ids; one was never seen."""
    rows = {row["device"]: row for row in (await client.get(DEVICES)).json}
    assert list(rows) == [
        "boiler_ctl",
        "forecast",
        "fresh_node",
        "greenhouse",
        "lora_probe",
        "meter",
        "old_node",
        "paused",
    ]
    assert "connection" not in rows["fresh_node"]
    assert rows["paused"]["enabled"] is False
    assert rows["forecast"]["connection"]["active"] is True
    assert rows["lora_probe"]["connection"]["active"] is False


@pytest.mark.parametrize(("repeat", "total"), [(False, 128), (True, 129)])
async def test_paging(
    socket_enabled: None, client: Client, repeat: bool, total: int
) -> None:
    """Pages by index and count; the old bug repeats a row."""
    state = sample_state(generated=120)
    async with ThingerSimulator(state, auto_tick=False) as sim:
        sim.switches.repeat_rows_across_pages = repeat
        client.sim = sim
        rows: list[Any] = []
        while True:
            page = await client.get(f"{DEVICES}?count=50&index={len(rows)}")
            rows += page.json
            if len(page.json) < 50:
                break
        everything = await client.get(f"{DEVICES}?count=0")
        default = await client.get(DEVICES)
    assert len(rows) == total
    assert len({row["device"] for row in rows}) == 128
    assert (len(everything.json), len(default.json)) == (128, 50)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=BOIL", ["boiler_ctl"]),
        ("id=old_node", ["old_node"]),
        ("type=MQTT", ["meter"]),
        ("project=demo@house", ["boiler_ctl"]),
        ("asset_group=home&count=1&sort=name&order=desc", ["lora_probe"]),
    ],
)
async def test_filters(client: Client, query: str, found: list[str]) -> None:
    """Each key narrows the list."""
    rows = (await client.get(f"{DEVICES}?{query}")).json
    assert [row["device"] for row in rows] == found


@pytest.mark.parametrize("query", ["id=a%20b", "count=-1", "index=x", "order=up"])
async def test_bad_queries(client: Client, query: str) -> None:
    """What makes no sense is refused."""
    assert (await client.get(f"{DEVICES}?{query}")).status == 400


async def test_offline_looks_like_unknown(client: Client) -> None:
    """Answers for a device that is offline and for none at all are the same bytes."""
    for tail in ("", "/api", "/temperature", "/temperature/api"):
        offline = await client.get(V3.format("old_node", tail))
        unknown = await client.get(V3.format("nothing", tail))
        assert (offline.status, offline.body) == (unknown.status, unknown.body)
        assert (offline.status, offline.message) == (404, "device not found")
    resource = await client.get(V3.format("boiler_ctl", "/nothing"))
    assert (resource.status, resource.message) == (404, "resource not found")


async def test_crud(client: Client, sim: ThingerSimulator) -> None:
    """Create, change, delete, and what is refused."""
    body = {"device": "new_one", "type": "Generic", "credentials": "secret-1"}
    assert (await client.post(DEVICES, body)).status == 200
    for bad in (
        body,
        {"device": "bad id", "credentials": "secret-1"},
        {"device": "x", "credentials": "short"},
        {**body, "device": "y", "strange": 1},
    ):
        assert (await client.post(DEVICES, bad)).status == 400
    path = f"{DEVICES}/new_one"
    assert (await client.call("PUT", path, json={"name": "New"})).status == 200
    assert (await client.get(path)).json["name"] == "New"
    sim.device("new_one").go_online()
    assert (await client.call("DELETE", path)).status == 400
    assert (await client.call("PUT", path, json={"enabled": False})).status == 200
    assert not sim.device("new_one").active
    assert (await client.call("DELETE", path)).status == 200
    assert (await client.get(path)).status == 404


async def test_odd_records(client: Client, sim: ThingerSimulator) -> None:
    """Fields can be missing or absurd."""
    boiler = sim.device("boiler_ctl")
    boiler.omit = {"name", "connection"}
    boiler.extra = {"description": 7}
    row = (await client.get(f"{DEVICES}/boiler_ctl")).json
    assert "name" not in row
    assert "connection" not in row
    assert row["description"] == 7


async def test_stats(client: Client) -> None:
    """Counters while connected."""
    stats = (await client.get(f"{DEVICES}/boiler_ctl/stats")).json
    assert stats["connected"] is True
    assert (await client.get(f"{DEVICES}/old_node/stats")).json == {"connected": False}
    assert (await client.get(f"{DEVICES}/nothing/stats")).status == 404


async def test_properties(client: Client, sim: ThingerSimulator) -> None:
    """The device's own win over inherited ones; an unknown device is a 500."""
    path = "/v3/users/demo/devices/boiler_ctl/properties"
    listed = {row["property"]: row["value"] for row in (await client.get(path)).json}
    assert listed == {"timezone": "UTC", "setpoint": 21}
    assert (
        await client.call("PUT", f"{path}/setpoint", json={"value": 22})
    ).status == 200
    assert sim.device("boiler_ctl").property_get("setpoint") == 22
    assert (await client.get(f"{path}/nothing")).status == 404
    unknown = "/v3/users/demo/devices/nothing/properties"
    assert (await client.get(unknown)).status == 500


async def test_http_device(client: Client, sim: ThingerSimulator) -> None:
    """A callback brings it online until the time-out, and sets its property."""
    path = "/v3/users/demo/devices/lora_probe/callback/data"
    token = sim.callback_token("lora_probe")
    assert (await client.post(path, {"celsius": 5}, token=token)).status == 200
    probe = sim.device("lora_probe")
    assert (probe.active, probe.property_get("last")) == (True, {"celsius": 5})
    sim.clock.advance(601)
    assert not probe.active
    assert (await client.get(DEVICES, token=token)).status == 403


async def test_buckets_and_endpoints(client: Client, sim: ThingerSimulator) -> None:
    """The last row in each version, an aggregation, a write, a call."""
    data = "/{}/users/demo/buckets/climate/data?items=1&sort=desc"
    (row,) = (await client.get(data.format("v1"))).json
    assert row["val"]["device"] == "boiler_ctl"
    (flat,) = (await client.get(data.format("v3"))).json
    assert flat == {"ts": row["ts"], **row["val"]}
    (mean,) = (await client.get(data.format("v1") + "&agg=1w&agg_type=mean")).json
    assert 19 <= mean["mean"]["celsius"] <= 22
    path = "/v1/users/demo/buckets/climate/data"
    await client.post(path, {"ts": row["ts"], "celsius": 1})
    assert (await client.get(data.format("v3"))).json == [
        {"ts": row["ts"], "celsius": 1}
    ]
    call = "/v1/users/demo/endpoints/{}/call"
    assert (await client.post(call.format("mail"), {"text": "hi"})).status == 200
    assert sim.endpoint("mail").calls == [{"text": "hi"}]
    assert (await client.post(call.format("nothing"), {})).status == 404


async def test_lists_of_the_account(client: Client) -> None:
    """Probes need no token, lists do."""
    for path in ("version", "healthcheck"):
        assert (await client.get(f"/v1/server/{path}", token="")).status == 200
    for path, key, value in (
        ("groups", "group", "home"),
        ("types", "type", "hvac"),
        ("products", "product", "energy"),
        ("buckets", "bucket", "climate"),
        ("endpoints", "endpoint", "mail"),
    ):
        answer = await client.get(f"/v1/users/demo/{path}")
        assert answer.json[0][key] == value
        assert (await client.get(f"/v1/users/demo/{path}", token="")).status == 401
    assert (await client.get("/v1/users/demo")).json["role"] == "user"
    assert (await client.get("/v1/users")).status == 403


async def test_own_devices(client: Client, sim: ThingerSimulator) -> None:
    """A test can build what it needs."""
    values = iter([1, 2])
    sim.add_device(
        Device(
            "mine",
            active=True,
            resources=[Resource("count", Fn.OUTPUT, lambda: next(values))],
        )
    )
    path = V3.format("mine", "/count")
    assert [(await client.get(path)).json for _ in range(2)] == [1, 2]
    sim.remove_device("mine")
    assert (await client.get(path)).status == 404
