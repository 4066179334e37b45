"""Server-sent events."""

from collections.abc import AsyncIterator
from typing import Final

import aiohttp

MAX_EVENT_CHARS: Final = 1_000_000


async def events(reader: aiohttp.StreamReader) -> AsyncIterator[tuple[str, str]]:
    """Yield (event name, data) of each event; the name is "message" where the stream gives none."""
    name, data = "message", list[str]()
    async for raw in reader:
        line = raw.decode("utf-8", errors="replace").rstrip("\r\n")
        if not line:
            if data:
                yield name, "\n".join(data)
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            name = value
        elif field == "data" and sum(map(len, data)) + len(value) <= MAX_EVENT_CHARS:
            data.append(value)
