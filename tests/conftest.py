"""What all tests share."""

# First of all imports: else the test plug-in's own folder of this name wins.
import custom_components  # noqa: F401  # isort: skip

import pytest


@pytest.fixture(autouse=True)
def _let_home_assistant_find_us(request: pytest.FixtureRequest) -> None:
    """Enable custom integrations wherever a test uses Home Assistant, and only there."""
    if "recorder_mock" in request.fixturenames:  # has to come before Home Assistant
        request.getfixturevalue("recorder_mock")
    if "hass" in request.fixturenames:
        request.getfixturevalue("enable_custom_integrations")
