"""The only table of platforms."""

from aiohttp import ClientSession
import pytest

from custom_components.iot_platforms.adapters.base import Surroundings
from custom_components.iot_platforms.adapters.registry import PLATFORMS
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.errors import PlatformError
from custom_components.iot_platforms.model.platform import IotPlatform
from custom_components.iot_platforms.transport.clock import Clock


@pytest.mark.parametrize("platform", PLATFORMS)
async def test_entry(platform: IotPlatform, session: ClientSession) -> None:
    """Each platform has a name, and its adapter says what it lacks in an error of ours."""
    entry = PLATFORMS[platform]
    assert entry.title

    async def save(_: object) -> None:
        """Keep nothing."""

    adapter = entry.create(
        Surroundings(
            session=session,
            ssl=True,
            clock=Clock(),
            credentials={},
            save=save,
            choices=Choices(),
        )
    )
    with pytest.raises(PlatformError):
        await adapter.connect()
    await adapter.close()
