"""Who is left alone for a while because it did not answer."""

from collections.abc import Hashable
from typing import Final

from ...transport.backoff import Backoff
from ...transport.clock import Clock

FIRST_REST: Final = 60.0
LONGEST_REST: Final = 900.0
"""Seconds until what did not answer is asked again at the latest."""


class Rests:
    """Pauses that grow with each failure in a row, for devices and resources each on its own."""

    def __init__(self, clock: Clock) -> None:
        """Begin with nobody at rest."""
        self._clock = clock
        self._until: dict[Hashable, float] = {}
        self._backoffs: dict[Hashable, Backoff] = {}

    def begin(self, name: Hashable) -> None:
        """Leave something alone for a while, longer than the last time."""
        backoff = self._backoffs.setdefault(
            name, Backoff(first=FIRST_REST, longest=LONGEST_REST)
        )
        self._until[name] = self._clock.monotonic() + backoff.next()

    def end(self, name: Hashable) -> None:
        """Take something that answered for good again."""
        self._until.pop(name, None)
        self._backoffs.pop(name, None)

    def holds(self, name: Hashable) -> bool:
        """Return whether something is left alone right now."""
        until = self._until.get(name)
        return until is not None and self._clock.monotonic() < until
