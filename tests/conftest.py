"""What all tests share."""

# First of all imports: else the test plug-in's own folder of this name wins.
import custom_components  # noqa: F401  # isort: skip

import asyncio
from collections.abc import AsyncIterator, Iterator

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util.async_ import get_scheduled_timer_handles
import pytest

from tests.boards import BoardTime
from tests.home import Time
from tests.simulators import thinger as thinger_sim, thingsboard as thingsboard_sim
from tests.simulators.base import Simulator
from tests.simulators.thinger import ThingerSimulator
from tests.simulators.thingsboard import ThingsBoardSimulator


@pytest.fixture(autouse=True)
def _let_home_assistant_find_us(request: pytest.FixtureRequest) -> None:
    """Enable custom integrations wherever a test uses Home Assistant, and only there."""
    if "recorder_mock" in request.fixturenames:  # has to come before Home Assistant
        request.getfixturevalue("recorder_mock")
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture(autouse=True)
def _no_complaints(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Fail where Home Assistant says that we do something which will stop working."""
    yield
    for phase in ("setup", "call"):
        complaints = [
            record.getMessage()
            for record in caplog.get_records(phase)
            if "Detected that custom integration" in record.getMessage()
        ]
        assert complaints == []


@pytest.fixture
async def thinger(
    request: pytest.FixtureRequest, socket_enabled: None
) -> AsyncIterator[ThingerSimulator]:
    """Serve the sample account; a test that did harm to a device fails (thinger.md 6.3)."""
    state = thinger_sim.sample_state()
    async with ThingerSimulator(state, auto_tick=False) as simulator:
        yield simulator
        await _unload(request, simulator)
        assert simulator.harm == []
    _cancel_heartbeats()


@pytest.fixture
async def thingsboard(
    request: pytest.FixtureRequest, socket_enabled: None
) -> AsyncIterator[ThingsBoardSimulator]:
    """Serve the sample; a test that made a device look alive fails (thingsboard.md 8.2, 9)."""
    store = thingsboard_sim.sample_state()
    async with ThingsBoardSimulator(store, auto_tick=False) as simulator:
        yield simulator
        await _unload(request, simulator)
        assert simulator.harm == []
    _cancel_heartbeats()


@pytest.fixture
def time(hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Time:
    """Let time pass for polling; the network keeps its own, or no heartbeat would survive."""
    time = Time(hass)
    monkeypatch.setattr(
        "custom_components.iot_platforms.coordinator.monotonic", time.monotonic
    )
    return time


@pytest.fixture
def board_time(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    monkeypatch: pytest.MonkeyPatch,
) -> BoardTime:
    """Let time pass for polling, for the pauses of push and for the server alike."""
    time = BoardTime(hass, thingsboard)
    monkeypatch.setattr(
        "custom_components.iot_platforms.coordinator.monotonic", time.monotonic
    )
    monkeypatch.setattr(
        "custom_components.iot_platforms.account.Clock", lambda: time.moved.clock
    )
    return time


def _cancel_heartbeats() -> None:
    """Take away the timers that aiohttp sets anew after a socket was closed."""
    for handle in get_scheduled_timer_handles(asyncio.get_running_loop()):
        if "WebSocketResponse._send_heartbeat" in repr(handle):
            handle.cancel()


async def _unload(request: pytest.FixtureRequest, simulator: Simulator) -> None:
    if "hass" not in request.fixturenames:
        return
    hass: HomeAssistant = request.getfixturevalue("hass")
    for entry in hass.config_entries.async_entries("iot_platforms"):
        if entry.state is ConfigEntryState.LOADED:
            assert await hass.config_entries.async_unload(entry.entry_id)
    await simulator.wait_for_sockets(0)
