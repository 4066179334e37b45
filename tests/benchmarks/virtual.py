"""Time that passes only when nobody has anything to do: days in minutes.

Server and Home Assistant live in one event loop. When nothing is ready, nothing is on its way
either, and the clock jumps to the next timer.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from selectors import DefaultSelector, SelectorKey
import time
from typing import Final, override

_LEAST: Final = 1e-6
_REAL_WAIT: Final = 0.01


class VirtualClock:
    """Seconds that somebody let pass."""

    def __init__(self) -> None:
        """Begin now."""
        self._begin = time.time()
        self._passed = 1000.0

    def time(self) -> float:
        """Return Unix time."""
        return self._begin + self._passed

    def monotonic(self) -> float:
        """Return the time of timers."""
        return self._passed

    def pass_by(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += max(seconds, _LEAST)

    def install(self) -> None:
        """Be the clock of everything that is imported from now on."""
        time.time = self.time
        time.monotonic = self.monotonic


class _Selector(DefaultSelector):
    """Waits for sockets and threads in real time, and for timers in virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        super().__init__()
        self._clock = clock
        self.is_waiting_for_threads: Callable[[], bool] = lambda: False

    @override
    def select(self, timeout: float | None = None) -> list[tuple[SelectorKey, int]]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self.is_waiting_for_threads():
            return super().select(_REAL_WAIT)
        self._clock.pass_by(timeout)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time."""

    def __init__(self, clock: VirtualClock) -> None:
        """Wait as the clock says."""
        selector = _Selector(clock)
        selector.is_waiting_for_threads = lambda: self._jobs > 0
        self._jobs = 0
        super().__init__(selector)

    @override
    def run_in_executor[*ArgumentsT, ResultT](
        self,
        executor: Executor | None,
        func: Callable[[*ArgumentsT], ResultT],
        *args: *ArgumentsT,
    ) -> asyncio.Future[ResultT]:
        self._jobs += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._note_end)
        return future

    def _note_end(self, _: object) -> None:
        self._jobs -= 1
