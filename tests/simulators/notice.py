"""Waiting for something to happen, without sleeping."""

import asyncio
from collections.abc import Callable


class Notice:
    """A bell that is rung after every change; who waits looks again."""

    def __init__(self) -> None:
        """Begin with nobody waiting."""
        self._waiting: list[asyncio.Future[None]] = []

    def ring(self) -> None:
        """Let everybody who waits look again."""
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def wait_until(
        self, predicate: Callable[[], bool], *, timeout: float = 5.0
    ) -> None:
        """Return as soon as the predicate holds; TimeoutError if it never does."""
        async with asyncio.timeout(timeout):
            while not predicate():
                future = asyncio.get_running_loop().create_future()
                self._waiting.append(future)
                await future
