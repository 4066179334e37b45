"""The time, as a thing that can be given."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
import time


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Wall time in Unix seconds, monotonic time in seconds, and waiting."""

    wall: Callable[[], float] = time.time
    monotonic: Callable[[], float] = time.monotonic
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
