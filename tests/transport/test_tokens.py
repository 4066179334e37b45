"""The engine that keeps tokens good (design.md 6)."""

import asyncio
import math
import traceback
from typing import Any

import pytest

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    PlatformError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport.tokens import (
    TokenEngine,
    Tokens,
)

from .helpers import FakeClock, Renewals, token

OLD = Tokens("old", "old-refresh", 100.0)
LONG = 1000.0
"""Longer than any pause after a failure."""


async def settle() -> None:
    """Let everything happen that needs no waiting."""
    for _ in range(10):
        await asyncio.sleep(0)


# When


async def test_renewed_at_80_percent(fake_clock: FakeClock) -> None:
    """Before a token runs out there is a new one."""
    renewals = Renewals()
    engine = renewals.engine(OLD, fake_clock)
    fake_clock.tick(79.9)
    assert await engine.access() == "old"
    assert not renewals.given
    fake_clock.tick(0.1)
    assert await engine.access() == "access-1"
    assert renewals.given == [OLD]
    # The life of the new one counts from when it was received.
    fake_clock.tick(79.9)
    assert await engine.access() == "access-1"
    fake_clock.tick(0.1)
    assert await engine.access() == "access-2"
    assert renewals.given[1] == Tokens("access-1", "refresh-1", 100.0)


async def test_token_without_end(fake_clock: FakeClock) -> None:
    """A token that has no end is only renewed when the server no longer takes it."""
    renewals = Renewals(lifetime=None)
    engine = renewals.engine(Tokens("old", "r"), fake_clock)
    fake_clock.tick(1e9)
    assert await engine.access() == "old"
    assert await engine.renew("old") == "access-1"
    fake_clock.tick(1e9)
    assert await engine.access() == "access-1"


async def test_token_that_a_person_made(fake_clock: FakeClock) -> None:
    """Nothing renews it; a rejected one is a matter for the person."""
    engine = TokenEngine(
        Tokens("mine", lifetime=1),
        renew=None,
        save=Renewals().save,
        clock=fake_clock.clock,
    )
    fake_clock.tick(1e9)
    assert await engine.access() == "mine"
    for _ in range(2):
        with pytest.raises(BadCredentialsError) as caught:
            await engine.renew("mine")
        assert caught.value.reason == "token_rejected"
    await engine.close()


@pytest.mark.parametrize("offset", [-864_000, -10_800, -60, 0, 60, 10_800, 864_000])
async def test_wrong_wall_clock(fake_clock: FakeClock, offset: float) -> None:
    """A wall clock that is wrong by days costs at most one needless renewal, never a loop."""
    life, left = 7200, 3000
    end = fake_clock.wall + left
    old = Tokens(token(iat=end - life, exp=end), "r", life)
    fake_clock.wall += offset
    renewals = Renewals(lifetime=life)
    engine = renewals.engine(old, fake_clock)
    for _ in range(life):
        await engine.access()
        fake_clock.tick(1)
    # In one life: one on time (or too early), and the next after 80 % of the new one's life.
    assert 1 <= len(renewals.given) <= 2
    # While it runs, the clock may be set as often as somebody likes.
    renewals.given.clear()
    for jump in (864_000, -1_728_000, 9e9):
        fake_clock.wall += jump
        await engine.access()
    assert len(renewals.given) <= 1


@pytest.mark.parametrize(
    ("claims", "lifetime", "after"),
    [
        ({"exp": 1_800_000_100}, None, 80.0),
        ({"exp": 1_800_000_100}, 50.0, 40.0),
        ({"exp": 1_800_009_999}, 50.0, 40.0),
        ({"exp": 1_700_000_000}, 50.0, 0.0),
        ({"exp": 10**400}, None, math.inf),
        ({"exp": -(10**400)}, None, math.inf),
        ({"exp": "soon"}, 50.0, 40.0),
        ({"exp": True}, 50.0, 40.0),
        ({}, 50.0, 40.0),
        ({}, None, math.inf),
    ],
)
async def test_tokens_of_an_earlier_session(
    fake_clock: FakeClock, claims: dict[str, Any], lifetime: float | None, after: float
) -> None:
    """Of tokens from before a restart only their own end tells how much is left."""
    renewals = Renewals()
    engine = renewals.engine(Tokens(token(**claims), "r", lifetime), fake_clock)
    fake_clock.tick(max(0.0, min(after, 1e9) - 0.001))
    if after > 0:
        await engine.access()
        assert not renewals.given
    fake_clock.tick(0.002)
    await engine.access()
    assert len(renewals.given) == (after < math.inf)


# One at a time


@pytest.mark.parametrize("rejected", [False, True])
async def test_single_flight(fake_clock: FakeClock, rejected: bool) -> None:
    """However many need a new token, one renewal serves them all."""
    renewals = Renewals()
    renewals.gate.clear()
    engine = renewals.engine(OLD, fake_clock)
    fake_clock.tick(90)
    tasks = [
        asyncio.create_task(engine.renew("old") if rejected else engine.access())
        for _ in range(50)
    ]
    await settle()
    assert len(renewals.given) == 1
    renewals.gate.set()
    assert await asyncio.gather(*tasks) == ["access-1"] * 50
    assert renewals.saved == [Tokens("access-1", "refresh-1", 100.0)]
    # Whoever was rejected with the old one and comes late has a better one already.
    assert await engine.renew("old") == "access-1"
    assert len(renewals.given) == 1


async def test_failure_is_shared(fake_clock: FakeClock) -> None:
    """All who wait for one renewal are told of its failure; none of them tries again."""
    renewals = Renewals(results=[UnreachableError("500")])
    renewals.gate.clear()
    engine = renewals.engine(OLD, fake_clock)
    tasks = [asyncio.create_task(engine.renew("old")) for _ in range(50)]
    await settle()
    renewals.gate.set()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(result, UnreachableError) for result in results)
    assert len(renewals.given) == 1


# Failures


@pytest.mark.parametrize(
    "error",
    [
        UnreachableError("500"),
        RateLimitedError("429", retry_after=5),
        UnexpectedAnswerError("no token in the answer"),
    ],
)
async def test_transient_failure(fake_clock: FakeClock, error: PlatformError) -> None:
    """The old token may still be good; the next try comes after a pause."""
    renewals = Renewals(results=[error])
    engine = renewals.engine(OLD, fake_clock)
    fake_clock.tick(90)
    for _ in range(5):
        assert await engine.access() == "old"
    assert len(renewals.given) == 1
    with pytest.raises(type(error)):
        await engine.renew("old")
    assert len(renewals.given) == 1
    fake_clock.tick(LONG)
    assert await engine.access() == "access-2"
    assert renewals.saved == [Tokens("access-2", "refresh-2", 100.0)]


async def test_pauses_between_tries_grow(fake_clock: FakeClock) -> None:
    """A sign-in server that has trouble is asked less and less often."""
    renewals = Renewals(results=[UnreachableError("500") for _ in range(1000)])
    engine = renewals.engine(OLD, fake_clock)
    fake_clock.tick(90)
    for _ in range(3600):
        await engine.access()
        fake_clock.tick(1)
    assert 10 < len(renewals.given) < 100


async def test_server_says_how_long_to_wait(fake_clock: FakeClock) -> None:
    """Nobody is asked before the time that they named."""
    renewals = Renewals(results=[RateLimitedError("429", retry_after=700)])
    engine = renewals.engine(OLD, fake_clock)
    fake_clock.tick(90)
    assert await engine.access() == "old"
    fake_clock.tick(699)
    assert await engine.access() == "old"
    assert len(renewals.given) == 1
    fake_clock.tick(1)
    assert await engine.access() == "access-2"


async def test_wrong_credentials_are_remembered(fake_clock: FakeClock) -> None:
    """A password that is wrong does not become right: servers lock people out who try."""
    renewals = Renewals(results=[BadCredentialsError("401", reason="signed_out")])
    engine = renewals.engine(OLD, fake_clock)
    fake_clock.tick(90)
    depths = set()
    for _ in range(30):
        for call in (engine.access, lambda: engine.renew("old")):
            with pytest.raises(BadCredentialsError) as caught:
                await call()
            assert caught.value.reason == "signed_out"
        depths.add(len(traceback.extract_tb(caught.value.__traceback__)))
        fake_clock.tick(LONG)
    assert len(renewals.given) == 1
    # Remembered for months, the error must not gather a trace of all who met it.
    assert max(depths) < 10


async def test_recovery_makes_pauses_short(fake_clock: FakeClock) -> None:
    """After a success the next trouble begins with short pauses."""
    failures: list[Any] = [UnreachableError("500") for _ in range(9)]
    renewals = Renewals(results=[*failures, None, UnreachableError("500")])
    engine = renewals.engine(OLD, fake_clock)
    while await engine.access() == "old":
        fake_clock.tick(LONG)
    fake_clock.tick(90)
    count = len(renewals.given)
    assert await engine.access() == "access-10"
    fake_clock.tick(2)
    assert await engine.access() == f"access-{count + 2}"


# Rotations must not be lost


async def test_saved_before_used(fake_clock: FakeClock) -> None:
    """Nobody gets a new token before it is safe on the disk."""
    renewals = Renewals()
    engine = renewals.engine(OLD, fake_clock)
    is_saved = asyncio.Event()

    async def save(tokens: Tokens) -> None:
        await is_saved.wait()
        renewals.saved.append(tokens)

    engine._save = save
    first = asyncio.create_task(engine.renew("old"))
    second = asyncio.create_task(engine.renew("old"))
    await settle()
    assert not first.done()
    assert not second.done()
    assert await engine.access() == "old"
    is_saved.set()
    assert await asyncio.gather(first, second) == ["access-1"] * 2
    assert [saved.access for saved in renewals.saved] == ["access-1"]


async def test_saving_fails(fake_clock: FakeClock) -> None:
    """A full disk must not cost the sign-in: the old refresh token is worth nothing any more."""
    renewals = Renewals()
    engine = renewals.engine(OLD, fake_clock)

    async def save(_: Tokens) -> None:
        raise OSError("no space left")

    engine._save = save
    with pytest.raises(OSError, match="no space"):
        await engine.renew("old")
    engine._save = renewals.save
    assert await engine.access() == "access-1"
    fake_clock.tick(90)
    assert await engine.access() == "access-2"
    assert renewals.given[1].refresh == "refresh-1"


async def test_cancelled_caller(fake_clock: FakeClock) -> None:
    """Who gives up waiting does not end the renewal, for its result exists only once."""
    renewals = Renewals()
    renewals.gate.clear()
    engine = renewals.engine(OLD, fake_clock)
    task = asyncio.create_task(engine.renew("old"))
    other = asyncio.create_task(engine.renew("old"))
    await settle()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    renewals.gate.set()
    assert await other == "access-1"
    assert [saved.access for saved in renewals.saved] == ["access-1"]


async def test_all_callers_cancelled(fake_clock: FakeClock) -> None:
    """Even if nobody is left who wants it, the new token is kept; a failure makes no noise."""
    noise: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, told: noise.append(told))
    renewals = Renewals(results=[UnreachableError("500")])
    engine = renewals.engine(OLD, fake_clock)
    for _ in range(2):
        renewals.gate.clear()
        task = asyncio.create_task(engine.renew("old"))
        await settle()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        renewals.gate.set()
        await engine.close()
        await settle()
        fake_clock.tick(LONG)
    assert not noise
    assert [saved.access for saved in renewals.saved] == ["access-2"]
    assert await engine.renew("old") == "access-2"


async def test_renewal_that_is_stopped(fake_clock: FakeClock) -> None:
    """When Home Assistant stops all that runs, those who wait are stopped as well."""
    renewals = Renewals()
    renewals.gate.clear()
    engine = renewals.engine(OLD, fake_clock)
    caller = asyncio.create_task(engine.renew("old"))
    await settle()
    assert engine._renewal is not None
    engine._renewal.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    renewals.gate.set()
    assert await engine.renew("old") == "access-2"


async def test_close_waits(fake_clock: FakeClock) -> None:
    """Unloading an account waits for a renewal that is under way, so that it is saved."""
    renewals = Renewals()
    renewals.gate.clear()
    engine = renewals.engine(OLD, fake_clock)
    await engine.close()
    caller = asyncio.create_task(engine.renew("old"))
    await settle()
    closing = asyncio.create_task(engine.close())
    await settle()
    assert not closing.done()
    renewals.gate.set()
    await closing
    assert renewals.saved
    assert await caller == "access-1"
    await engine.close()


async def test_close_after_failure(fake_clock: FakeClock) -> None:
    """That the renewal fails is not the business of who closes."""
    renewals = Renewals(results=[BadCredentialsError("401")])
    renewals.gate.clear()
    engine = renewals.engine(OLD, fake_clock)
    caller = asyncio.create_task(engine.renew("old"))
    await settle()
    closing = asyncio.create_task(engine.close())
    renewals.gate.set()
    await closing
    with pytest.raises(BadCredentialsError):
        await caller
