"""What all tests share."""

# First of all imports: else the test plug-in's own folder of this name wins.
import custom_components  # noqa: F401  # isort: skip

from collections.abc import AsyncIterator

import pytest

from tests.simulators.thinger import ThingerSimulator, sample_state


@pytest.fixture(autouse=True)
def _let_home_assistant_find_us(request: pytest.FixtureRequest) -> None:
    """Enable custom integrations wherever a test uses Home Assistant, and only there."""
    if "recorder_mock" in request.fixturenames:  # has to come before Home Assistant
        request.getfixturevalue("recorder_mock")
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")


@pytest.fixture
async def thinger(socket_enabled: None) -> AsyncIterator[ThingerSimulator]:
    """Serve the sample account; a test that did harm to a device fails (thinger.md 6.3)."""
    async with ThingerSimulator(sample_state(), auto_tick=False) as simulator:
        yield simulator
        harm = list(simulator.harm)
    assert harm == []
