"""A thousand devices with ten keys each: few requests, little time (7, 20)."""

from collections.abc import AsyncIterator

from aiohttp import ClientSession
import pytest

from custom_components.iot_platforms.model.change import Snapshot

from .conftest import Accounts, key

from tests.adapters.account import Account
from tests.simulators.thingsboard import ThingsBoardSimulator, large_state

DEVICES = 1000
KEYS = 10


@pytest.fixture
async def large(socket_enabled: None) -> AsyncIterator[ThingsBoardSimulator]:
    """Serve many devices."""
    async with ThingsBoardSimulator(large_state(DEVICES, KEYS), auto_tick=False) as sim:
        yield sim


@pytest.fixture
async def big(
    large: ThingsBoardSimulator, session: ClientSession
) -> AsyncIterator[Account]:
    """Make the administrator's account on it."""
    accounts = Accounts(large, session)
    yield accounts()
    await accounts.close()
    assert large.harm == []


async def test_budget(large: ThingsBoardSimulator, big: Account) -> None:
    """Reading everything takes as many requests as there are pages."""
    await big.adapter.connect()
    large.clear_requests()
    first = await big.refresh()
    assert isinstance(first, Snapshot)
    assert first.complete
    assert len(first.devices) == DEVICES
    assert len(large.requests(path="/find/keys$")) == DEVICES / 100
    assert len(large.requests(path="/entitiesQuery/find$")) == 3
    assert len(large.requests()) == 13
    for number in (0, 499, 500, 999):
        name = f"Device {number + 1:05}"
        assert big.state.value(key(large, name, "telemetry/key1")) == number
        assert big.state.value(key(large, name, "telemetry/key10")) == number + 2.25
    large.clear_requests()
    await big.refresh()
    await big.poll()
    assert [r.path for r in large.requests()] == ["/api/entitiesQuery/find"] * 4


async def test_all_resources(large: ThingsBoardSimulator, big: Account) -> None:
    """Every device has what it has, and nothing else."""
    await big.start()
    counts = {
        sum(r.source == "telemetry" for r in known.resources.values())
        for known in big.state.devices.values()
    }
    assert counts == {KEYS}
    assert big.adapter.statistics["keys"] == 2 + KEYS + 1
