"""A wire to a server of somebody else: it counts, is slow, and can be cut."""

import asyncio
from collections.abc import AsyncIterator, Callable
import contextlib
from typing import Final

_CHUNK: Final = 256 * 1024


class Wire:
    """Takes connections and passes them on to a port of this machine."""

    def __init__(self, target: int, latency: float) -> None:
        """Each way takes half of the latency (seconds)."""
        self.received = 0
        self.sent = 0
        self.port = 0
        self._target = target
        self._delay = latency / 2
        self._server: asyncio.Server | None = None
        self._open: set[asyncio.StreamWriter] = set()

    async def connect(self) -> None:
        """Take connections, always on the same port."""
        self._server = await asyncio.start_server(
            self._pass_on, "127.0.0.1", self.port, reuse_address=True
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def cut(self) -> None:
        """End all connections, and take none."""
        if self._server is not None:
            self._server.close()
        for writer in self._open:
            writer.transport.abort()
        self._server = None

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with self._noted(writer):
            there = await asyncio.open_connection("127.0.0.1", self._target)
            async with self._noted(there[1]):
                ways = (
                    asyncio.create_task(self._copy(reader, there[1], self._count_in)),
                    asyncio.create_task(self._copy(there[0], writer, self._count_out)),
                )
                await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
                for way in ways:
                    way.cancel()
                await asyncio.gather(*ways, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def _noted(self, writer: asyncio.StreamWriter) -> AsyncIterator[None]:
        self._open.add(writer)
        try:
            yield
        finally:
            self._open.discard(writer)
            writer.close()

    async def _copy(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        count: Callable[[int], None],
    ) -> None:
        loop = asyncio.get_running_loop()
        while data := await reader.read(_CHUNK):
            count(len(data))
            if self._delay:
                loop.call_later(self._delay, writer.write, data)
            else:
                writer.write(data)
                await writer.drain()

    def _count_in(self, count: int) -> None:
        self.received += count

    def _count_out(self, count: int) -> None:
        self.sent += count
