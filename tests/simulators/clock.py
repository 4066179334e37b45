"""The time that a simulator believes in."""

from collections.abc import Callable
import time


class SimulatedClock:
    """The real clock plus an offset that can be changed."""

    def __init__(self, start: float | None = None) -> None:
        """Begin at a time (Unix seconds), or at the real one."""
        self._offset = 0.0 if start is None else start - time.time()
        self.on_jump: list[Callable[[], None]] = []

    def now(self) -> float:
        """Unix time in seconds."""
        return time.time() + self._offset

    def now_ms(self) -> int:
        """Unix time in milliseconds."""
        return int(self.now() * 1000)

    def advance(self, seconds: float) -> None:
        """Jump forward (or back), and tell who depends on the time."""
        self._offset += seconds
        for listener in self.on_jump:
            listener()

    def set(self, timestamp: float) -> None:
        """Jump to a time and run on from there."""
        self.advance(timestamp - self.now())
