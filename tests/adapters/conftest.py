"""What all tests of adapters share."""

import asyncio
from collections.abc import AsyncIterator

from aiohttp import ClientSession
import pytest


@pytest.fixture
def expected_lingering_timers() -> bool:
    """Allow timers: aiohttp sets its heartbeat's once more when a socket is closed."""
    return True


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[ClientSession]:
    """Return what adapters send with; at the end none of it is in use."""
    # Home Assistant's harness looks over asyncio's shoulder, which takes a third of the time.
    asyncio.get_running_loop().set_debug(False)
    async with ClientSession() as session:
        yield session
        assert session.connector is not None
        assert not session.connector._acquired
