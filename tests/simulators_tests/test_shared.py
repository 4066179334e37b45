"""What every simulator shares: faults, log, life, control API, command line."""

import asyncio
from io import BytesIO
import json
from pathlib import Path
import signal
import ssl
import sys
from typing import Any

from aiohttp import ClientConnectionError, ClientPayloadError, ClientSession
import pytest

from .client import Client

from tests.simulators.effects import (
    Delay,
    Effect,
    Gzip,
    Hang,
    LostResponse,
    Replace,
    Reset,
    Rewrite,
    Status,
    Truncate,
    duplicate_rows,
    nulls,
    numbers_as_strings,
)
from tests.simulators.thinger import ThingerSimulator, sample_state
from tests.simulators.tls import self_signed, signed_by_own_authority

DEVICES = "/v1/users/demo/devices"
TEMPERATURE = "/v3/users/demo/devices/boiler_ctl/resources/temperature"
RELAY = "/v3/users/demo/devices/boiler_ctl/resources/relay"


@pytest.mark.parametrize(
    ("effect", "status", "content_type", "body"),
    [
        (Status(503), 503, "application/json", b"Service Unavailable"),
        (Status(502, html=True), 502, "text/html", b"<h1>502 Bad Gateway</h1>"),
        (Status(500, body=""), 500, "text/plain", b""),
        (
            Status(429, headers={"Retry-After": "7"}),
            429,
            "application/json",
            b"Too Many",
        ),
        (Replace("<p>hi</p>"), 200, "text/html", b"<p>hi</p>"),
        (Rewrite(numbers_as_strings), 200, "application/json", b'"21.5"'),
        (Rewrite(nulls), 200, "application/json", b"null"),
        (Truncate(), 200, "application/json", b"21"),
        (Gzip(), 200, "application/json", b"21.5"),
        (Delay(0.001), 200, "application/json", b"21.5"),
    ],
)
async def test_effects(
    client: Client,
    sim: ThingerSimulator,
    effect: Effect,
    status: int,
    content_type: str,
    body: bytes,
) -> None:
    """Each does what it says, once, and only where it should."""
    fault = sim.faults.add(effect, path="/temperature$", method="GET", count=1)
    assert (await client.get(DEVICES)).status == 200
    answer = await client.get(TEMPERATURE)
    assert (answer.status, answer.response.content_type) == (status, content_type)
    assert body in answer.body
    if status == 429:
        assert answer.response.headers["Retry-After"] == "7"
    assert (await client.get(TEMPERATURE)).json == 21.5
    assert fault.hits == 1


async def test_broken_connections(client: Client, sim: ThingerSimulator) -> None:
    """Before the work, after it, and in the middle of the answer."""
    relay = sim.device("boiler_ctl").resource("relay")
    sim.faults.add(Reset(), count=1)
    with pytest.raises(ClientConnectionError):
        await client.post(RELAY, False)
    assert relay.calls == []
    sim.faults.add(LostResponse(), count=1)
    with pytest.raises(ClientConnectionError):
        await client.post(RELAY, False)
    assert len(relay.calls) == 1
    assert [entry.status for entry in sim.requests("POST")] == [None, None]
    sim.faults.add(Truncate(announce_all=True), count=1)
    with pytest.raises(ClientPayloadError):
        await client.get(TEMPERATURE)


async def test_lost_refresh(client: Client, sim: ThingerSimulator) -> None:
    """The server rotated, the client got nothing: its token is dead."""
    pair = await client.log_in()
    sim.faults.add(LostResponse(), path="/oauth/token", count=1)
    with pytest.raises(ClientConnectionError):
        await client.refresh(pair["refresh_token"])
    assert (await client.refresh(pair["refresh_token"])).status == 401


async def test_hang_and_skip(client: Client, sim: ThingerSimulator) -> None:
    """A request hangs until it is released; tests can see that it arrived."""
    hang = Hang()
    sim.faults.add(hang, path="temperature", skip=1)
    await client.get(TEMPERATURE)
    task = asyncio.create_task(client.get(TEMPERATURE))
    entry = await sim.wait_for_request("GET", "temperature", count=2, finished=False)
    assert (entry.finished, entry.status) == (None, None)
    hang.release()
    assert (await task).status == 200
    assert entry.status == 200


async def test_faults_combine(client: Client, sim: ThingerSimulator) -> None:
    """The first one is outermost."""
    sim.faults.add(Gzip())
    sim.faults.add(Rewrite(duplicate_rows))
    answer = await client.get(DEVICES)
    assert answer.response.headers["Content-Encoding"] == "gzip"
    assert len(answer.json) == 16
    sim.faults.clear()
    assert len((await client.get(DEVICES)).json) == 8


async def test_sizes(client: Client, sim: ThingerSimulator) -> None:
    """Too large a body is refused; long answers may be compressed."""
    huge = BytesIO(b"1" * (8 * 1024 * 1024 + 1))
    assert (await client.call("POST", RELAY, data=huge)).status == 413
    sim.switches.gzip = True
    long, short = await client.get(DEVICES), await client.get(TEMPERATURE)
    assert long.response.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in short.response.headers


async def test_log(client: Client, sim: ThingerSimulator) -> None:
    """Path as it is meant and as it was sent, body, template, unknown paths."""
    await client.post("/v3/users/demo/devices/boiler_ctl/resources/Flow%20meter", 1)
    await client.get("/v9/nothing")
    known, unknown = sim.requests()
    assert known.path.endswith("/Flow meter")
    assert known.raw_path.endswith("/Flow%20meter")
    assert (known.json(), known.device, known.status) == (1, "boiler_ctl", 200)
    assert known.route is not None
    assert (unknown.route, unknown.status) == (None, 404)
    with pytest.raises(TimeoutError):
        await sim.wait_for_request("DELETE", timeout=0.01)


async def test_restart(client: Client, sim: ThingerSimulator) -> None:
    """Sockets die, the port and the tokens stay."""
    url = sim.url
    socket = await client.socket("/v2/users/demo/events")
    pair = await client.log_in()

    async def while_down() -> None:
        with pytest.raises(ClientConnectionError):
            await client.get(DEVICES)

    await sim.restart(pause=while_down)
    assert socket.closed or (await socket.receive(timeout=2)).data is None
    assert sim.url == url
    answer = await client.get(DEVICES, token=pair["access_token"])
    assert answer.status == 200


async def test_stop_with_hanging_requests(socket_enabled: None) -> None:
    """Nothing that hangs keeps the server alive."""
    sim = ThingerSimulator(sample_state(), auto_tick=False)
    await sim.start()
    sim.faults.add(Hang())
    async with ClientSession() as session:
        task = asyncio.create_task(session.get(f"{sim.url}/v1/server/version"))
        await sim.wait_for_request(finished=False)
        await sim.stop()
        await asyncio.gather(task, return_exceptions=True)


async def test_clock_shows_in_the_date(client: Client, sim: ThingerSimulator) -> None:
    """A skewed server is one that says so."""
    sim.clock.set(1_700_000_000)
    answer = await client.get(DEVICES)
    assert answer.response.headers["Date"] == "Tue, 14 Nov 2023 22:13:20 GMT"


@pytest.mark.parametrize("make", [self_signed, signed_by_own_authority])
async def test_tls(socket_enabled: None, make: Any) -> None:
    """A client that trusts the certificate gets through, another does not."""
    tls = make()
    context = ssl.create_default_context(cadata=tls.certificate_authority)
    async with (
        ThingerSimulator(sample_state(), tls=tls, auto_tick=False) as sim,
        ClientSession() as session,
    ):
        url = f"{sim.url}/v1/server/version"
        assert url.startswith("https://127.0.0.1:")
        async with session.get(url, ssl=context) as response:
            assert response.status == 200
        with pytest.raises(ClientConnectionError):
            await session.get(url)


async def test_control_api(client: Client, sim: ThingerSimulator) -> None:
    """Values, connections, push and faults from outside; none of it is in the log."""
    socket = await client.socket("/v3/users/demo/devices/boiler_ctl/resources")
    await socket.send_json({"resource": "temperature", "interval": 60})
    await socket.receive_json()
    prefix = "/_simulator"
    value = {"device": "boiler_ctl", "resource": "temperature", "value": 30}
    assert (await client.post(f"{prefix}/value", value)).status == 200
    assert (await socket.receive_json(timeout=2))["payload"] == 30
    assert (await client.post(f"{prefix}/value", {"device": "x"})).status == 400
    fault = {"kind": "status", "status": 503, "path": "/devices$", "count": 1}
    assert (await client.post(f"{prefix}/fault", fault)).status == 200
    assert (await client.get(DEVICES)).status == 503
    assert (await client.post(f"{prefix}/fault", {"kind": "x"})).status == 400
    offline = {"device": "boiler_ctl", "online": False}
    assert (await client.post(f"{prefix}/online", offline)).status == 200
    assert not sim.device("boiler_ctl").active
    impossible = {"device": "paused", "online": True}
    assert (await client.post(f"{prefix}/online", impossible)).status == 400
    assert (await client.post(f"{prefix}/push", {"enabled": False})).status == 200
    assert sim.push_enabled is False
    state = (await client.get(f"{prefix}/state")).json
    assert (state["requests"]["total"], state["harm"]) == (2, 0)
    assert state["requests"]["by_path"]["GET /v1/users/{user}/devices"] == 1
    rows = (await client.get(f"{prefix}/requests?since=1")).json
    assert [row["status"] for row in rows] == [503]


async def test_drift(sim: ThingerSimulator) -> None:
    """Values move, but stay near what they were; HTTP devices call."""
    sim.drift()
    sim.clock.advance(30)
    sim.drift()
    boiler = sim.device("boiler_ctl")
    assert boiler.resource("temperature").value != 21.5
    assert abs(float(str(boiler.resource("temperature").value)) - 21.5) < 1
    assert boiler.resource("relay").value is True
    assert sim.device("lora_probe").active
    assert len(sim.bucket("climate").rows) == 49


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
async def test_command_line(
    socket_enabled: None, client: Client, signal_number: signal.Signals
) -> None:
    """One line, then it serves until it is told to stop."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "tests.simulators",
        "thinger",
        "--accounts",
        cwd=Path(__file__).parents[2],
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    line = json.loads(await process.stdout.readline())
    assert (line["platform"], len(line["accounts"])) == ("thinger", 3)
    main, password, device = (each["credentials"] for each in line["accounts"])
    assert set(main) == set(device) == {"url", "access_token"}
    assert set(password) == {"url", "username", "password", "remember_password"}
    headers = {"Authorization": f"Bearer {main['access_token']}"}
    async with client.session.get(f"{line['url']}{DEVICES}", headers=headers) as answer:
        assert len(await answer.json()) == 8
    process.send_signal(signal_number)
    assert await process.stdout.read() == b""
    assert await process.wait() == 0
