"""A Thinger.io simulator and a client of it."""

from collections.abc import AsyncIterator

from aiohttp import ClientSession
import pytest

from .client import Client

from tests.simulators.thinger import ThingerSimulator, sample_state


@pytest.fixture
async def sim(socket_enabled: None) -> AsyncIterator[ThingerSimulator]:
    """Serve the sample; nothing moves by itself."""
    async with ThingerSimulator(sample_state(), auto_tick=False) as simulator:
        yield simulator


@pytest.fixture
async def client(sim: ThingerSimulator) -> AsyncIterator[Client]:
    """Call the simulator."""
    async with ClientSession() as session:
        client = Client(session, sim)
        yield client
        await client.close()
