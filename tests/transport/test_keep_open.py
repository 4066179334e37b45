"""Keeping a connection open, and the pauses between attempts."""

import asyncio
from collections.abc import Callable
import math

import pytest

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport.backoff import Backoff
from custom_components.iot_platforms.transport.websocket import keep_open

from .helpers import FakeClock


class Attempts:
    """Attempts to keep a connection open, each with its own end."""

    def __init__(self, *ends: BaseException | str | None) -> None:
        """Remember the ends: an error, "good" after a good message, None without one."""
        self._ends = list(ends)

    async def once(self, good: Callable[[], None]) -> None:
        """Run the next attempt."""
        end = self._ends.pop(0)
        if isinstance(end, BaseException):
            raise end
        if end == "good":
            good()


async def kept(clock: FakeClock, *ends: BaseException | str | None) -> list[float]:
    """Return the pauses until the last attempt's error, with the chance always at its highest."""
    attempts = Attempts(*ends, ForbiddenError("the end"))
    with pytest.raises(ForbiddenError):
        await keep_open(
            attempts.once,
            backoff=Backoff(first=1, longest=60, chance=lambda: 1.0),
            clock=clock.clock,
        )
    return clock.slept


async def test_pauses_grow(fake_clock: FakeClock) -> None:
    """Attempts that bring nothing come less and less often."""
    ends = [UnreachableError("x"), None, UnexpectedAnswerError("x"), None]
    pauses = await kept(fake_clock, *ends, *[None] * 5)
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_only_good_messages_make_pauses_short(fake_clock: FakeClock) -> None:
    """A server that takes the handshake and hangs up is no better than one that refuses it."""
    pauses = await kept(fake_clock, None, None, None, "good", None, "good", "good")
    assert pauses == [1, 2, 4, 1, 2, 1, 1]


@pytest.mark.parametrize("kind", [BadCredentialsError, ForbiddenError, NotFoundError])
async def test_errors_that_waiting_does_not_mend(
    fake_clock: FakeClock, kind: type[PlatformError]
) -> None:
    """They end it at once."""
    attempts = Attempts(kind("x"))
    with pytest.raises(kind):
        await keep_open(attempts.once, backoff=Backoff(), clock=fake_clock.clock)
    assert not fake_clock.slept


async def test_cancelled_while_open() -> None:
    """Whoever keeps a connection open can be stopped at any time."""
    started = asyncio.Event()

    async def once(_: Callable[[], None]) -> None:
        started.set()
        await asyncio.sleep(10)

    task = asyncio.create_task(
        keep_open(once, backoff=Backoff(), clock=FakeClock().clock)
    )
    await started.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


# Pauses


def test_backoff() -> None:
    """Pauses double up to a limit; chance makes them anything from a tenth of it."""
    backoff = Backoff(first=2, longest=100, chance=lambda: 1.0)
    assert [backoff.next() for _ in range(8)] == [2, 4, 8, 16, 32, 64, 100, 100]
    backoff.reset()
    assert backoff.next() == 2
    unlucky = Backoff(first=2, longest=100, chance=lambda: 0.0)
    assert [unlucky.next() for _ in range(3)] == [0.2, 0.4, 0.8]


def test_backoff_for_years() -> None:
    """However often it is asked, the pause is one."""
    backoff = Backoff(first=1, longest=300)
    pauses = [backoff.next() for _ in range(5000)]
    assert all(math.isfinite(pause) and 0 < pause <= 300 for pause in pauses)
    assert len(set(pauses[100:200])) > 70
