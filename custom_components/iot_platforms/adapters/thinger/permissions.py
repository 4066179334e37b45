"""What the credentials may not do: each right on its own, none of it a sign-in failure (3.5)."""

from collections.abc import Awaitable, Callable
import logging
from typing import Final

from ...model.errors import (
    BadCredentialsError,
    ForbiddenError,
    PlatformError,
    RateLimitedError,
)
from ...model.platform import Capability
from ...model.value import JsonValue

_NAMES: Final = {
    Capability.DEVICES: "ListDevices",
    Capability.RESOURCE_LIST: "ListDeviceResources",
    Capability.RESOURCE_ACCESS: "AccessDeviceResources",
    Capability.STATISTICS: "ReadDeviceStatistics",
    Capability.EVENTS: "Events",
    Capability.PROPERTIES: "Properties",
    Capability.BUCKETS: "ListBuckets, ReadBucket",
}
"""The vendor's names; those of events and properties are not known (15.15)."""

_LOGGER: Final = logging.getLogger(__name__)


class Permissions:
    """Remembers what was refused, so that nobody asks for it again."""

    def __init__(self) -> None:
        """Begin with everything allowed."""
        self.denied: dict[Capability, str] = {}

    def deny(self, capability: Capability) -> None:
        """Remember that the server refused this."""
        if capability not in self.denied:
            _LOGGER.debug("No permission for %s", capability)
        self.denied[capability] = _NAMES[capability]

    def allows(self, capability: Capability) -> bool:
        """Return whether this was never refused."""
        return capability not in self.denied

    async def try_for(
        self, capability: Capability, call: Callable[[], Awaitable[JsonValue]]
    ) -> JsonValue:
        """Return the answer of a call that may fail without harm to the rest, None where it did."""
        if not self.allows(capability):
            return None
        try:
            return await call()
        except BadCredentialsError, RateLimitedError:
            raise
        except ForbiddenError:
            self.deny(capability)
        except PlatformError as error:
            _LOGGER.debug("Going on without %s: %s", capability, error)
        return None
