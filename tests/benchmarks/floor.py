"""The least that a refresh can cost: the same requests, their answers parsed, bare states written.

What to ask is not written down for each platform: it is what our own arm asked before, taken from
the server's log and sent again with plain aiohttp. What came on sockets comes on sockets again.
"""

import asyncio
from collections.abc import Mapping
import contextlib
from itertools import islice
from typing import Final

import aiohttp
from homeassistant.core import HomeAssistant
from homeassistant.util.json import json_loads
from yarl import URL

from .control import Request, Socket, Talk
from .values import value_of

AT_ONCE: Final = 5


class Floor:
    """Asks and listens again, and writes a state for each value that changed."""

    def __init__(
        self,
        hass: HomeAssistant,
        url: str,
        talk: Talk,
        *,
        sensors: Mapping[str, Mapping[str, object]],
        frames: int,
    ) -> None:
        """``sensors`` are states and their attributes; ``frames`` came when all changed before."""
        self._hass = hass
        self._url = url
        self._talk = talk
        self._sensors = sensors
        self._for_each_frame = -(-len(sensors) // max(1, frames))
        self._number = 0
        self._left = iter(enumerate(sensors.items()))

    async def listen(self, stack: contextlib.AsyncExitStack) -> None:
        """Open the sockets anew; they are closed with the stack."""
        connector = aiohttp.TCPConnector(limit=0)
        self._session = await stack.enter_async_context(
            aiohttp.ClientSession(connector=connector)
        )
        for socket in self._talk.sockets:
            stack.push_async_callback(_ended, await self._open(socket))

    def begin(self, number: int) -> None:
        """Begin a round."""
        self._number = number
        self._left = iter(enumerate(self._sensors.items()))

    async def ask(self) -> None:
        """Ask again for everything, and write all states."""
        slots = asyncio.Semaphore(AT_ONCE)
        await asyncio.gather(
            *(self._ask(slots, request) for request in self._talk.requests)
        )
        self._write(len(self._sensors))

    async def _ask(self, slots: asyncio.Semaphore, request: Request) -> None:
        async with (
            slots,
            self._session.request(
                request.method,
                self._at(request.path),
                headers=request.headers,
                data=request.body or None,
            ) as response,
        ):
            json_loads(await response.read())

    async def _open(self, socket: Socket) -> asyncio.Task[None]:
        connection = await self._session.ws_connect(
            self._at(socket.path), headers=socket.headers, max_msg_size=0
        )
        for message in socket.said:
            await connection.send_json(message)
        return asyncio.create_task(self._hear(connection))

    async def _hear(self, connection: aiohttp.ClientWebSocketResponse) -> None:
        async for message in connection:
            json_loads(message.data)
            self._write(self._for_each_frame)

    def _at(self, path: str) -> URL:
        return URL(self._url + path, encoded=True)

    def _write(self, count: int) -> None:
        """Write so many of the states that are left."""
        for index, (entity_id, attributes) in islice(self._left, count):
            text = str(value_of(index, self._number))
            self._hass.states.async_set(entity_id, text, attributes)


async def _ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
