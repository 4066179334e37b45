"""Server-sent events."""

from collections.abc import AsyncIterator, Iterator
import logging
import re
from typing import Final

import aiohttp

MAX_EVENT_BYTES: Final = 1_000_000

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_MARK: Final = b"\xef\xbb\xbf"

_LOGGER: Final = logging.getLogger(__name__)


async def events(reader: aiohttp.StreamReader) -> AsyncIterator[tuple[str, str]]:
    """Yield (event name, data) of each event; the name is "message" where the stream gives none.

    An event that is larger than any honest one is left out.
    """
    name, data, size = "", list[str](), 0
    lines = _Lines()
    # The reader's own lines are of no use: it gives up the stream at a long one.
    async for chunk in reader.iter_any():
        for raw in lines.ended_by(chunk):
            size += len(raw)
            if not raw:
                if size > MAX_EVENT_BYTES:
                    _LOGGER.debug("An event is too large")
                elif data:
                    yield name or "message", "\n".join(data)
                name, data, size = "", [], 0
            elif size <= MAX_EVENT_BYTES:
                field, _, value = raw.decode("utf-8", errors="replace").partition(":")
                value = value.removeprefix(" ")
                if field == "event":
                    name = value
                elif field == "data":
                    data.append(value)


class _Lines:
    """Puts lines together that the network cut; of endless ones no more than is too much."""

    def __init__(self) -> None:
        self._rest = bytearray()
        self._is_first = True
        self._is_after_return = False

    def ended_by(self, chunk: bytes) -> Iterator[bytes]:
        """Yield each line whose end is there now."""
        # The second half of an end that was cut in two.
        begin = 1 if self._is_after_return and chunk.startswith(b"\n") else 0
        self._is_after_return = chunk.endswith(b"\r")
        *ended, tail = _LINE_END.split(chunk[begin:])
        for part in ended:
            self._take(part)
            yield bytes(self._rest).removeprefix(_MARK if self._is_first else b"")
            self._is_first = False
            self._rest.clear()
        self._take(tail)

    def _take(self, part: bytes) -> None:
        self._rest += part[: MAX_EVENT_BYTES + 1 - len(self._rest)]
