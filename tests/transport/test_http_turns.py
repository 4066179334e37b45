"""When a request may be sent: slots, lanes, pauses; and what happens after a 401."""

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

from aiohttp import web
import pytest

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    RateLimitedError,
    UnreachableError,
)
from custom_components.iot_platforms.transport.http import HttpClient
from custom_components.iot_platforms.transport.limits import Limits
from custom_components.iot_platforms.transport.tokens import Tokens

from .helpers import Net, Renewals


class Gate:
    """A server whose answers wait until a test opens it."""

    def __init__(self) -> None:
        """Begin closed."""
        self.open = asyncio.Event()
        self.inside: Counter[str] = Counter()
        self.most: Counter[str] = Counter()
        self.paths: list[str] = []

    async def handle(self, request: web.Request) -> web.Response:
        """Count who is inside."""
        lane = request.path.strip("/").split("/")[0]
        self.paths.append(request.path)
        for name in ("all", lane):
            self.inside[name] += 1
            self.most[name] = max(self.most[name], self.inside[name])
        if lane != "fast":
            await self.open.wait()
        for name in ("all", lane):
            self.inside[name] -= 1
        return web.json_response([])

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is the case."""
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110 - the server's side tells nobody
                await asyncio.sleep(0.005)


@pytest.fixture
async def gate() -> Gate:
    """Return a closed gate."""
    return Gate()


def start(client: HttpClient, *paths: str, lane: str | None = None) -> list[Any]:
    """Begin requests at the same time."""
    return [
        asyncio.create_task(client.request("GET", path, lane=lane)) for path in paths
    ]


async def test_slots(net: Net, gate: Gate) -> None:
    """Never more at once than allowed, and all of them in the end."""
    client = await net.client(gate.handle, limits=Limits(3))
    tasks = start(client, *(f"d/{n}" for n in range(12)))
    await gate.until(lambda: gate.inside["all"] == 3)
    await asyncio.sleep(0.05)
    assert gate.inside["all"] == 3
    gate.open.set()
    await asyncio.gather(*tasks)
    assert (gate.most["all"], len(gate.paths)) == (3, 12)


async def test_lanes(net: Net, gate: Gate) -> None:
    """A device does one thing at a time; who waits for it holds up nobody else."""
    client = await net.client(gate.handle, limits=Limits(2))
    slow = start(client, *(f"slow/{n}" for n in range(5)), lane="slow")
    await gate.until(lambda: gate.inside["slow"] == 1)
    for _ in range(10):
        await client.request("GET", "fast", lane="fast")
        await client.request("GET", "fast")
    gate.open.set()
    await asyncio.gather(*slow)
    assert gate.most["slow"] == 1
    # In the order in which they were asked for.
    assert [p for p in gate.paths if "slow" in p] == [f"/slow/{n}" for n in range(5)]


async def test_who_gives_up_waiting(net: Net, gate: Gate) -> None:
    """Waiting for a lane or a slot can be given up without harm."""
    client = await net.client(gate.handle, limits=Limits(1))
    first, second, third = start(client, "a/1", "a/2", "a/3", lane="a")
    (other,) = start(client, "b/1", lane="b")
    await gate.until(lambda: gate.inside["all"] == 1)
    for task in (second, other):
        task.cancel()
    gate.open.set()
    await asyncio.gather(first, third)
    assert gate.paths == ["/a/1", "/a/3"]
    assert await client.request("GET", "fast", lane="b") == []


# 429


def limited(retry_after: str | None) -> Any:
    """Return a handler that says once that it is too much, and its list of requests."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.path)
        headers = {} if retry_after is None else {"Retry-After": retry_after}
        status = 429 if len(seen) == 1 else 200
        return web.json_response([], status=status, headers=headers)

    return handle, seen


@pytest.mark.parametrize(
    ("header", "told", "pause"),
    [
        (None, None, 30),
        ("nonsense", None, 30),
        ("nan", None, 30),
        ("12", 12, 12),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120, 120),
        ("Fri, 15 Jan 2027 08:02:00 -0000", 120, 120),
        ("99999", 900, 900),
    ],
)
async def test_pause(
    net: Net, header: str | None, told: float | None, pause: float
) -> None:
    """Until the server wants us back, nothing is sent to it."""
    handle, seen = limited(header)
    client = await net.client(handle)
    with pytest.raises(RateLimitedError) as caught:
        await client.request("GET", "1")
    assert caught.value.retry_after == told
    net.clock.tick(pause - 1)
    with pytest.raises(RateLimitedError) as caught:
        await client.request("GET", "2")
    assert caught.value.retry_after == pytest.approx(1)
    with pytest.raises(RateLimitedError):
        async with client.websocket("2", heartbeat=5):
            pass
    with pytest.raises(RateLimitedError):
        async with client.event_stream("2", idle_timeout=5):
            pass
    assert seen == ["/1"]
    net.clock.tick(1)
    await client.request("GET", "3")
    assert seen == ["/1", "/3"]


async def test_refused_handshakes_count(net: Net) -> None:
    """It does not matter on which kind of connection the server says that it is too much."""
    for attempt in (
        lambda client: client.websocket("1", heartbeat=5),
        lambda client: client.event_stream("1", idle_timeout=5),
    ):
        handle, seen = limited("12")
        client = await net.client(handle)
        with pytest.raises(RateLimitedError) as caught:
            async with attempt(client):
                pass
        assert caught.value.retry_after == 12
        with pytest.raises(RateLimitedError):
            await client.request("GET", "2")
        assert seen == ["/1"]


async def test_longest_pause_counts(net: Net) -> None:
    """Of several answers that cross, the one that wants the longest pause is obeyed."""
    both = asyncio.Barrier(2)

    async def handle(request: web.Request) -> web.Response:
        await both.wait()
        if request.path == "/1":
            await asyncio.sleep(0.05)
        return web.Response(
            status=429, headers={"Retry-After": "5" if request.path == "/1" else "600"}
        )

    client = await net.client(handle)
    await asyncio.gather(*start(client, "1", "2"), return_exceptions=True)
    net.clock.tick(500)
    with pytest.raises(RateLimitedError) as caught:
        await client.request("GET", "3")
    assert caught.value.retry_after == pytest.approx(100)


async def test_who_waits_for_a_slot_obeys_too(net: Net) -> None:
    """What was asked for before the server complained is not sent after it."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request.path)
        await asyncio.sleep(0.05)
        return web.Response(status=429)

    client = await net.client(handle, limits=Limits(1))
    results = await asyncio.gather(
        *start(client, "1", "2", "3"), return_exceptions=True
    )
    assert all(isinstance(result, RateLimitedError) for result in results)
    assert seen == ["/1"]


# 401


def picky(*good: str) -> Any:
    """Return a handler that takes only some tokens, and its list of tokens."""
    seen: list[str] = []

    async def handle(request: web.Request) -> web.Response:
        given = request.headers["Authorization"].removeprefix("Bearer ")
        seen.append(given)
        return web.json_response([], status=200 if given in good else 401)

    return handle, seen


async def test_one_renewal_one_repeat(net: Net) -> None:
    """A 401 renews the token and repeats the call."""
    handle, seen = picky("access-1")
    renewals = Renewals()
    engine = renewals.engine(Tokens("old", "r"), net.clock)
    client = await net.client(handle, tokens=engine)
    assert await client.request("GET", "x") == []
    assert await client.request("GET", "x") == []
    assert seen == ["old", "access-1", "access-1"]
    assert len(renewals.given) == 1


async def test_never_more_than_one_repeat(net: Net) -> None:
    """A server that takes no token at all is not asked for ever."""
    handle, seen = picky()
    renewals = Renewals()
    engine = renewals.engine(Tokens("old", "r"), net.clock)
    client = await net.client(handle, tokens=engine)
    with pytest.raises(BadCredentialsError):
        await client.request("GET", "x")
    assert seen == ["old", "access-1"]
    assert len(renewals.given) == 1


async def test_many_rejected_at_once(net: Net) -> None:
    """However many requests are rejected together, one renewal mends them all."""
    handle, seen = picky("access-1")
    renewals = Renewals()
    engine = renewals.engine(Tokens("old", "r"), net.clock)
    client = await net.client(handle, tokens=engine, limits=Limits(20))
    results = await asyncio.gather(*start(client, *map(str, range(20))))
    assert results == [[]] * 20
    assert len(renewals.given) == 1
    assert Counter(seen) == {"old": 20, "access-1": 20}


async def test_renewal_needs_a_slot_too(net: Net) -> None:
    """Five requests that all wait for one renewal do not keep it from being sent."""
    limits = Limits(5)
    sign_in: HttpClient

    async def handle(request: web.Request) -> web.Response:
        if request.path == "/token":
            return web.json_response("new")
        good = request.headers["Authorization"] == "Bearer new"
        return web.json_response([], status=200 if good else 401)

    async def renew(_: Tokens) -> Tokens:
        return Tokens(str(await sign_in.request("POST", "token")), "r", 100)

    url = await net.serve(handle)
    sign_in = net.client_of(url, limits=limits)
    renewals = Renewals()
    engine = renewals.engine(Tokens("old", "r"), net.clock)
    engine._renew = renew
    client = net.client_of(url, limits=limits, tokens=engine)
    async with asyncio.timeout(5):
        results = await asyncio.gather(
            *(client.request("GET", f"{n}", lane=f"{n % 7}") for n in range(30))
        )
    assert results == [[]] * 30
    assert sign_in.sent == 1


async def test_failed_renewal_is_no_wrong_password(net: Net) -> None:
    """When the renewal fails for another reason, that is what the caller is told."""
    handle, seen = picky()
    renewals = Renewals(results=[UnreachableError("500", reason="server_trouble")])
    engine = renewals.engine(Tokens("old", "r"), net.clock)
    client = await net.client(handle, tokens=engine)
    for _ in range(2):
        with pytest.raises(UnreachableError):
            await client.request("GET", "x")
    assert seen == ["old", "old"]
    assert len(renewals.given) == 1


async def test_renewal_in_good_time(net: Net) -> None:
    """A token that is about to run out is renewed before it is used."""
    handle, seen = picky("access-1")
    engine = Renewals().engine(Tokens("old", "r", 100.0), net.clock)
    client = await net.client(handle, tokens=engine)
    net.clock.tick(80)
    assert await client.request("GET", "x") == []
    assert seen == ["access-1"]


@pytest.mark.parametrize("status", [403, 404, 500])
async def test_other_errors_renew_nothing(net: Net, status: int) -> None:
    """Only a 401 says something about the token."""

    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status)

    renewals = Renewals()
    engine = renewals.engine(Tokens("old", "r"), net.clock)
    client = await net.client(handle, tokens=engine)
    for _ in range(3):
        with pytest.raises(Exception, match=str(status)):
            await client.request("GET", "x")
    assert not renewals.given


async def test_without_tokens(net: Net) -> None:
    """A client that signs in has no token itself: a 401 is the answer."""

    async def handle(request: web.Request) -> web.Response:
        assert "Authorization" not in request.headers
        return web.Response(status=401)

    client = await net.client(handle)
    with pytest.raises(BadCredentialsError):
        await client.request("POST", "token", form={"a": "b"})
    assert client.sent == 1
