"""Real sockets, and a check that no connection is left over."""

import asyncio
from collections.abc import AsyncIterator

import aiohttp
import pytest

from .helpers import FakeClock, Net


@pytest.fixture
async def net(socket_enabled: None) -> AsyncIterator[Net]:
    """Make servers and clients; every connection has to be given back in the end."""
    async with aiohttp.ClientSession() as session:
        net = Net(session)
        yield net
        connector = session.connector
        assert connector is not None
        # What was given back in this turn of the loop counts.
        await asyncio.sleep(0)
        assert not connector._acquired
    await net.close()


@pytest.fixture
def fake_clock() -> FakeClock:
    """Return a clock that stands still."""
    return FakeClock()
