"""Calls to devices (thingsboard.md 10)."""

import asyncio
from collections.abc import AsyncIterator
import json
from time import monotonic
from typing import Any

import pytest

from .thingsboard_peer import Peer, Reply, running

from tests.simulators.json_types import Json
from tests.simulators.thingsboard.rpc.behaviour import EMPTY, NEVER, NotJson

# A minimum of 5 s becomes 50 ms.
SCALE = 0.01
V1, V2 = "/api/plugins/rpc", "/api/rpc"


@pytest.fixture
async def peer(socket_enabled: None) -> AsyncIterator[Peer]:
    """Serve the things; A1 is connected."""
    async with running(rpc_scale=SCALE) as made:
        made.device("A1").connect()
        yield made


async def call(
    peer: Peer,
    name: str = "A1",
    *,
    way: str = "twoway",
    base: str = V2,
    user: str = "admin",
    **body: Any,
) -> Reply:
    """Call a device."""
    path = f"{base}/{way}/{peer.device(name).id}"
    made = {"method": "setValue", "params": 22.5, "timeout": 5000, **body}
    return await peer.post(path, made, user=user)


@pytest.mark.parametrize("base", [V1, V2])
@pytest.mark.parametrize(
    ("reply", "status", "body"),
    [
        (22.5, 200, b"22.5"),
        ("on", 200, b'"on"'),
        (True, 200, b"true"),
        ({"ok": [1]}, 200, b'{"ok":[1]}'),
        (None, 200, b"null"),
        (EMPTY, 200, b""),
        ("", 200, b""),
        (NotJson("OK, done"), 406, b""),
    ],
)
async def test_answers(
    peer: Peer, base: str, reply: Any, status: int, body: bytes
) -> None:
    """What a device answers is what the client gets."""
    device = peer.device("A1")
    device.rpc.on("setValue", reply)
    assert await call(peer, base=base) == Reply(status, body)
    [arrived] = device.rpc.calls
    assert (arrived.method, arrived.params) == ("setValue", 22.5)
    assert not arrived.oneway
    assert not arrived.persistent


async def test_functions(peer: Peer) -> None:
    """Answers may be computed, and may change things."""
    device = peer.device("A1")

    def add(method: str, params: Json) -> Json:
        assert isinstance(params, list)
        device.put_telemetry({"last": method})
        return sum(each for each in params if isinstance(each, int))

    device.rpc.on("add", add)
    assert (await call(peer, method="add", params=[1, 2])).json == 3
    assert device.telemetry("last") == "add"
    device.rpc.default = lambda method, params: {method: params}
    assert (await call(peer, method="other")).json == {"other": 22.5}
    assert device.rpc.called("other") == [22.5]
    device.rpc.on("setValue", reports="value")
    assert (await call(peer)).body == b""
    assert device.telemetry("value") == 22.5
    assert [each.method for _, each in peer.sim.rpc.calls()] == [
        "add",
        "other",
        "setValue",
    ]


@pytest.mark.parametrize(
    ("base", "way", "status"),
    [
        (V2, "twoway", 504),
        (V2, "oneway", 504),
        (V1, "twoway", 409),
        (V1, "oneway", 409),
    ],
)
async def test_not_connected(peer: Peer, base: str, way: str, status: int) -> None:
    """The whole time-out is waited for, and it is never less than the minimum."""
    began = monotonic()
    reply = await call(peer, "A2", base=base, way=way, timeout=100)
    assert reply == Reply(status, b"")
    assert monotonic() - began >= 5 * SCALE
    began = monotonic()
    await call(peer, "A2", base=base, way=way, timeout=15_000)
    assert monotonic() - began >= 15 * SCALE
    peer.device("A2").connect()
    assert peer.device("A2").rpc.calls == []


@pytest.mark.parametrize(("base", "status"), [(V2, 504), (V1, 408)])
async def test_no_answer(peer: Peer, base: str, status: int) -> None:
    """Delivered, but nothing comes back in time."""
    device = peer.device("A1")
    assert await call(peer, base=base) == Reply(status, b"")
    device.rpc.on("setValue", 1)
    device.rpc.delay = 8 * SCALE
    assert await call(peer, base=base) == Reply(status, b"")
    assert (await call(peer, base=base, timeout=20_000)).json == 1
    assert len(device.rpc.calls) == 3


@pytest.mark.parametrize("base", [V1, V2])
async def test_oneway(peer: Peer, base: str) -> None:
    """Over as soon as the device's connection has it."""
    device = peer.device("A1")
    device.rpc.on("setValue", NEVER)
    assert await call(peer, base=base, way="oneway") == Reply(200, b"")
    assert device.rpc.calls[0].oneway


async def test_connects_in_time(peer: Peer) -> None:
    """A device that comes during the wait gets the call."""
    device = peer.device("A2")
    device.rpc.on("setValue", "done")
    waiting = asyncio.create_task(call(peer, "A2", timeout=20_000))
    await peer.sim.wait_for_request(path="/rpc/twoway", finished=False)
    device.connect()
    assert (await waiting).json == "done"


async def test_times(peer: Peer) -> None:
    """Ten seconds by default; `expirationTime` counts more, and may be short."""
    path = f"{V2}/twoway/{peer.device('A2').id}"
    began = monotonic()
    await peer.post(path, {"method": "x"})
    assert 10 * SCALE <= monotonic() - began < 30 * SCALE
    began = monotonic()
    soon = peer.sim.clock.now_ms() + 2000
    await peer.post(path, {"method": "x", "timeout": 25_000, "expirationTime": soon})
    assert monotonic() - began < 25 * SCALE


async def test_longer_than_a_request(peer: Peer) -> None:
    """The web layer gives up after 30 s."""
    began = monotonic()
    reply = await call(peer, "A2", timeout=60_000)
    assert reply.error == (500, 2, "Request timeout")
    assert monotonic() - began >= 30 * SCALE


@pytest.mark.parametrize(("base", "status"), [(V2, 504), (V1, 408)])
async def test_rules_keep_calls_back(peer: Peer, base: str, status: int) -> None:
    """A second after the time-out."""
    peer.sim.switches.rpc_forwarded = False
    began = monotonic()
    assert await call(peer, base=base) == Reply(status, b"")
    assert monotonic() - began >= 6 * SCALE
    assert peer.device("A1").rpc.calls == []


async def test_refusals(peer: Peer) -> None:
    """Plain texts, and JSON for garbage."""
    assert await call(peer, "B1", user="anna") == Reply(
        403, b"You don't have permission to perform this operation!"
    )
    unknown = f"{V2}/twoway/3b1d2f60-5a10-11f0-9c55-1f0b7f0a9d01"
    assert await peer.post(unknown, {"method": "x"}) == Reply(
        404, b"Device with requested id wasn't found!"
    )
    known = f"{V2}/twoway/{peer.device('A1').id}"
    bad = await peer.call("POST", known, data=b"{")
    assert bad.error == (400, 31, "Invalid request body")
    assert (await peer.post(known, {"params": 1})).error[:2] == (500, 2)
    assert (await peer.post(f"{V2}/twoway/nonsense", {"method": "x"})).status == 400
    peer.sim.switches.tenant_rest_limits = "1:60"
    await call(peer, "A2")
    assert (await call(peer)).error == (
        429,
        33,
        "Too many requests for current tenant!",
    )
    peer.sim.switches.tenant_rest_limits = ""
    peer.sim.switches.version = "3.2.2"
    assert (await call(peer)).status == 404
    peer.device("A1").rpc.on("setValue", 1)
    assert (await call(peer, base=V1)).json == 1


async def persistent(peer: Peer, name: str, **body: Any) -> str:
    """Id of a call that is kept."""
    reply = await call(peer, name, persistent=True, **body)
    assert reply.status == 200
    return str(reply.json["rpcId"])


async def status(peer: Peer, rpc: str) -> Any:
    """How far a call is."""
    return (await peer.call("GET", f"{V2}/persistent/{rpc}")).json["status"]


async def test_persistent(peer: Peer) -> None:
    """Asked about until the device connects and answers."""
    device = peer.device("A2")
    device.rpc.on("setValue", {"ok": True})
    rpc = await persistent(peer, "A2", timeout=600_000, additionalInfo={"a": 1})
    assert await status(peer, rpc) == "QUEUED"
    device.rpc.delay = 0.02
    device.connect()
    assert await status(peer, rpc) == "DELIVERED"
    kept = peer.sim.rpc.persistent.by_id[rpc]
    await peer.sim.wait_until(lambda: kept.status.value == "SUCCESSFUL")
    record = (await peer.call("GET", f"{V2}/persistent/{rpc}")).json
    assert record["id"] == {"entityType": "RPC", "id": rpc}
    assert record["response"] == {"ok": True}
    assert record["request"]["body"] == {"method": "setValue", "params": "22.5"}
    assert record["additionalInfo"] == {"a": 1}
    assert record["expirationTime"] - record["createdTime"] == 600_000
    assert [each.value for each in kept.statuses] == [
        "QUEUED",
        "SENT",
        "DELIVERED",
        "SUCCESSFUL",
    ]
    listed = f"{V2}/persistent/device/{device.id}?pageSize=10&page=0"
    page = (await peer.call("GET", listed)).json
    assert [each["id"]["id"] for each in page["data"]] == [rpc]
    none = (await peer.call("GET", f"{listed}&rpcStatus=QUEUED")).json
    assert none["totalElements"] == 0


async def test_persistent_ends(peer: Peer) -> None:
    """Expired, without an answer, refused, one-way."""
    expired = await persistent(peer, "A2", timeout=600_000)
    silent = await persistent(peer, "A1", timeout=600_000)
    peer.sim.clock.advance(601)
    assert await status(peer, expired) == "EXPIRED"
    assert await status(peer, silent) == "TIMEOUT"
    quick = await persistent(peer, "A2")
    kept = peer.sim.rpc.persistent.by_id[quick]
    await peer.sim.wait_until(lambda: kept.status.value == "EXPIRED")
    peer.device("A2").connect()
    assert peer.device("A2").rpc.calls == []
    oneway = await persistent(peer, "A1", way="oneway")
    assert await status(peer, oneway) == "SUCCESSFUL"
    peer.device("A1").rpc.on("setValue", NotJson("hm"))
    assert await status(peer, await persistent(peer, "A1")) == "FAILED"


async def test_persistent_deleted(peer: Peer) -> None:
    """By the administrator alone; then nothing is known of it."""
    peer.device("A2").disconnect()
    rpc = await persistent(peer, "A2", timeout=600_000)
    path = f"{V2}/persistent/{rpc}"
    assert (await peer.call("DELETE", path, user="anna")).status == 403
    assert (await peer.call("GET", path, user="anna")).status == 200
    assert (await peer.call("DELETE", path)).status == 200
    assert (await peer.call("GET", path)).error[:2] == (404, 32)
    peer.device("A2").connect()
    assert peer.device("A2").rpc.calls == []


async def test_http_device(peer: Peer) -> None:
    """A device that polls over HTTP takes calls and answers them."""
    device = peer.device("C1")
    base = f"/api/v1/{device.access_token}/rpc"
    polling = asyncio.create_task(peer.call("GET", f"{base}?timeout=20000", user=None))
    await peer.sim.wait_for_request(path="/api/v1/", finished=False)
    calling = asyncio.create_task(call(peer, "C1", timeout=20_000))
    taken = (await polling).json
    assert taken == {"id": taken["id"], "method": "setValue", "params": 22.5}
    answer = f"{base}/{taken['id']}"
    done = await peer.call("POST", answer, user=None, data=json.dumps({"ok": 1}))
    assert done == Reply(200, b"")
    assert (await calling).json == {"ok": 1}
    assert device.rpc.called("setValue") == [22.5]
    assert device.active
    assert (await peer.call("GET", f"{base}?timeout=1000", user=None)).status == 408
    unknown = await peer.call("GET", "/api/v1/nothing/rpc", user=None)
    assert unknown == Reply(401, b"")


async def test_answers_are_signs_of_life(peer: Peer) -> None:
    """So the device counts as active."""
    device = peer.device("A1")
    peer.sim.clock.advance(5)
    before = device.attribute("SERVER_SCOPE", "lastActivityTime")
    device.rpc.on("setValue", 1)
    await call(peer)
    after = device.attribute("SERVER_SCOPE", "lastActivityTime")
    assert isinstance(before, int)
    assert isinstance(after, int)
    assert after > before
