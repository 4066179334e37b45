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

ACCOUNT: Final = ""
"""The scope of what is not about one device or bucket."""

_LOGGER: Final = logging.getLogger(__name__)


class Permissions:
    """Remembers what was refused, so that nobody asks for it again.

    A token can give a right for some devices or buckets only: the scope is the id of one (3.5).
    """

    def __init__(self) -> None:
        """Begin with everything allowed."""
        self.denied: dict[Capability, str] = {}
        self._refused: set[tuple[Capability, str]] = set()

    def deny(self, capability: Capability, scope: str = ACCOUNT) -> None:
        """Remember that the server refused this."""
        if self.allows(capability, scope):
            _LOGGER.debug("No permission for %s of %s", capability, scope or "account")
        self._refused.add((capability, scope))
        self.denied[capability] = _NAMES[capability]

    def allows(self, capability: Capability, scope: str = ACCOUNT) -> bool:
        """Return whether this was never refused."""
        return (capability, scope) not in self._refused

    async def try_for(
        self,
        capability: Capability,
        call: Callable[[], Awaitable[JsonValue]],
        scope: str = ACCOUNT,
    ) -> JsonValue:
        """Return the answer of a call that may fail without harm to the rest, None where it did."""
        if not self.allows(capability, scope):
            return None
        try:
            return await call()
        except BadCredentialsError, RateLimitedError:
            raise
        except ForbiddenError:
            self.deny(capability, scope)
        except PlatformError as error:
            _LOGGER.debug("Going on without %s: %s", capability, error)
        return None
