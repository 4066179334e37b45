"""Rate limits in the notation `100:1,2000:60` (thingsboard.md 18)."""

from .errors import ApiError, Code
from .identity import Identity
from .switches import Switches
from .users import Authority

from tests.simulators.clock import SimulatedClock


class Bucket:
    """So many in so many seconds; what was used comes back little by little."""

    def __init__(self, limits: str, clock: SimulatedClock) -> None:
        """Begin full."""
        self.limits = limits
        self._clock = clock
        self._rates = [
            (float(count), float(seconds))
            for count, _, seconds in (part.partition(":") for part in limits.split(","))
        ]
        self._left = [count for count, _ in self._rates]
        self._looked = clock.now()

    def take(self) -> bool:
        """Use one, or say that there is none left."""
        now = self._clock.now()
        passed = max(0.0, now - self._looked)
        self._looked = now
        self._left = [
            min(count, left + passed * count / seconds)
            for left, (count, seconds) in zip(self._left, self._rates, strict=True)
        ]
        if min(self._left) < 1:
            return False
        self._left = [left - 1 for left in self._left]
        return True


class RateLimits:
    """Budgets of tenants and customers; a tenant's users share one."""

    def __init__(self, switches: Switches, clock: SimulatedClock) -> None:
        """Follow the switches."""
        self._switches = switches
        self._clock = clock
        self._buckets: dict[str, Bucket] = {}
        self.refused = 0

    def check(self, identity: Identity) -> None:
        """Count a request; 429 if it is one too many. System administrators are exempt."""
        if identity.authority is Authority.SYS_ADMIN:
            return
        self._use("tenant", identity.tenant.id, self._switches.tenant_rest_limits)
        if identity.customer is not None:
            limits = self._switches.customer_rest_limits
            self._use("customer", identity.customer.id, limits)

    def _use(self, whose: str, id_: str, limits: str) -> None:
        if not limits:
            return
        bucket = self._buckets.get(id_)
        if bucket is None or bucket.limits != limits:
            bucket = self._buckets[id_] = Bucket(limits, self._clock)
        if not bucket.take():
            self.refused += 1
            raise ApiError(
                429,
                Code.TOO_MANY_REQUESTS,
                f"Too many requests for current {whose}!",
            )
