"""How long to wait before the next try."""

from collections.abc import Callable
import random


class Backoff:
    """Doubling pauses with full jitter (seconds), until something good resets them."""

    def __init__(
        self,
        *,
        first: float = 1,
        longest: float = 300,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Start with pauses of up to ``first`` seconds."""
        self._first = first
        self._longest = longest
        self._chance = chance
        self._tries = 0

    def next(self) -> float:
        """Return the next pause; at least a tenth of its limit, so that zero never hammers."""
        limit = min(self._longest, self._first * float(1 << min(self._tries, 30)))
        self._tries += 1
        return limit * max(0.1, self._chance())

    def reset(self) -> None:
        """Begin anew with short pauses."""
        self._tries = 0
