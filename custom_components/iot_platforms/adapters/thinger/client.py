"""The server's calls, one method each."""

from collections.abc import AsyncIterator, Mapping
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    asynccontextmanager,
    suppress,
)
from typing import Final

import aiohttp

from ...model.errors import (
    BadCredentialsError,
    NotFoundError,
    UnexpectedAnswerError,
)
from ...model.value import JsonValue
from ...transport.http import DEFAULT_TIMEOUT, HttpClient
from .firmware import Firmware
from .parsing import rows_of
from .paths import path

PAGE: Final = 50
MAX_PAGES: Final = 1000
LIST_SIZE: Final = "1000"
"""Rows of lists that are not paged."""
BUCKET_TIMEOUT: Final = 15.0
ENDPOINT_TIMEOUT: Final = 25.0
HEARTBEAT: Final = 50.0
STATISTICS_IDLE: Final = 150.0


class ThingerClient:
    """One user's part of a server; what reaches devices is in ``firmware``."""

    def __init__(self, http: HttpClient, user: str) -> None:
        """Prepare; nothing is sent yet."""
        self.http = http
        self.firmware = Firmware(http, user)
        self._user = user
        self._token_in_query = False

    async def devices(self) -> tuple[list[JsonValue], bool]:
        """Return all rows of the device list, and whether that is all of it (5.1)."""
        rows: list[JsonValue] = []
        ids: set[JsonValue] = set()
        for _ in range(MAX_PAGES):
            page = await self._get(
                self._v1("devices"),
                params={"index": str(len(ids)), "count": str(PAGE)},
            )
            if not isinstance(page, list):
                raise UnexpectedAnswerError("the device list is no list")
            rows += page
            if len(page) < PAGE:
                return rows, True
            known = len(ids)
            # Rows may repeat: only what is new brings the next page nearer.
            ids |= {str(row.get("device")) for row in rows_of(page)}
            if len(ids) == known:
                break
        return rows, False

    async def first_device(self) -> None:
        """Ask for a device list of one: the cheapest check of a credential (3.7)."""
        answer = await self._get(
            self._v1("devices"), params={"index": "0", "count": "1"}
        )
        if not isinstance(answer, list):
            raise UnexpectedAnswerError(reason="not_this_platform")

    async def find_device(self, device_id: str) -> JsonValue:
        """Return a device's row from the list, None where it has none (5.1)."""
        answer = await self._get(
            self._v1("devices"),
            params={"id": device_id, "index": "0", "count": LIST_SIZE},
        )
        if not isinstance(answer, list):
            raise UnexpectedAnswerError("the device list is no list")
        return next(
            (row for row in rows_of(answer) if row.get("device") == device_id), None
        )

    async def device(self, device_id: str) -> JsonValue:
        """Return one device's row (5.2)."""
        return await self._get(self._v1("devices", device_id), lane=device_id)

    async def list_of(self, what: str) -> JsonValue:
        """Return a list of groups, types, products, buckets … (10.5)."""
        return await self._get(
            self._v1(what), params={"index": "0", "count": LIST_SIZE}
        )

    async def statistics(self, device_id: str) -> JsonValue:
        """Return address and traffic of a device's connection (5.3)."""
        return await self._get(self._v1("devices", device_id, "stats"), lane=device_id)

    async def properties(self, device_id: str) -> JsonValue:
        """Return what the server keeps for a device (10.3)."""
        return await self._get(self._v3(device_id, "properties"), lane=device_id)

    async def write_property(
        self, device_id: str, name: str, value: JsonValue
    ) -> JsonValue:
        """Set a property (10.3)."""
        return await self.http.request(
            "PUT",
            self._v3(device_id, "properties", name),
            body={"value": value},
            has_body=True,
            lane=device_id,
        )

    async def callback(self, device_id: str) -> JsonValue:
        """Return what happens with the data of an HTTP device (10.4)."""
        return await self._get(self._v3(device_id, "callback"), lane=device_id)

    async def bucket_rows(self, bucket_id: str, params: Mapping[str, str]) -> JsonValue:
        """Return rows of a bucket (10.5)."""
        return await self._get(
            self._v1("buckets", bucket_id, "data"),
            params=params,
            timeout=BUCKET_TIMEOUT,
        )

    async def add_device(self, device: Mapping[str, JsonValue]) -> JsonValue:
        """Make a device (5.5)."""
        return await self._post(self._v1("devices"), dict(device))

    async def delete_device(self, device_id: str) -> None:
        """Delete a device; older servers refuse while it is connected (5.5)."""
        await self.http.request("DELETE", self._v1("devices", device_id))

    async def device_tokens(self, device_id: str) -> JsonValue:
        """Return a device's tokens (10.1)."""
        return await self._get(self._v1("devices", device_id, "tokens"))

    async def add_device_token(
        self, device_id: str, token: Mapping[str, JsonValue]
    ) -> JsonValue:
        """Make a token for a device (10.1)."""
        return await self._post(self._v1("devices", device_id, "tokens"), dict(token))

    async def delete_device_token(self, device_id: str, token_id: str) -> None:
        """Delete a token of a device (10.1)."""
        await self.http.request(
            "DELETE", self._v1("devices", device_id, "tokens", token_id)
        )

    async def call_endpoint(self, endpoint_id: str, data: JsonValue) -> JsonValue:
        """Call an endpoint with the data of its template (10.5)."""
        return await self._post(
            self._v1("endpoints", endpoint_id, "call"), data, timeout=ENDPOINT_TIMEOUT
        )

    async def is_connected(self, device_id: str) -> bool:
        """Return whether a device is there, by the handshake of its socket: that runs nothing (9.1)."""
        try:
            async with self.device_socket(device_id):
                return True
        except NotFoundError:
            return False

    @asynccontextmanager
    async def device_socket(
        self, device_id: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open the socket that streams a device's resources, v3 where the server has it (9.1)."""
        v3 = self._v3(device_id, "resources")
        v2 = path("v2", "users", self._user, "devices", device_id)
        has_v3 = self.firmware.has_v3
        async with AsyncExitStack() as stack:
            try:
                socket = await self._enter(stack, v2 if has_v3 is False else v3)
            except NotFoundError:
                if has_v3 is not None:
                    raise
                socket = await self._enter(stack, v2)
            yield socket

    @asynccontextmanager
    async def event_socket(
        self, version: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open the account's event socket, ``version`` v1 or v2 (9.2)."""
        async with AsyncExitStack() as stack:
            yield await self._enter(stack, path(version, "users", self._user, "events"))

    def statistics_stream(
        self, device_id: str
    ) -> AbstractAsyncContextManager[aiohttp.StreamReader]:
        """Open the stream of a device's statistics (9.3)."""
        return self.http.event_stream(
            self._v1("devices", device_id, "stats"), idle_timeout=STATISTICS_IDLE
        )

    async def _enter(
        self, stack: AsyncExitStack, address: str
    ) -> aiohttp.ClientWebSocketResponse:
        """Open a socket with the token in the header, or where the vendor's clients put it (3.1)."""
        if not self._token_in_query:
            with suppress(BadCredentialsError):
                return await stack.enter_async_context(self._open(address, False))
        socket = await stack.enter_async_context(self._open(address, True))
        self._token_in_query = True
        return socket

    def _open(
        self, address: str, token_in_query: bool
    ) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        return self.http.websocket(
            address, heartbeat=HEARTBEAT, token_in_query=token_in_query
        )

    async def _get(
        self,
        address: str,
        *,
        params: Mapping[str, str] | None = None,
        lane: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,  # seconds for aiohttp's own limit
    ) -> JsonValue:
        return await self.http.request(
            "GET", address, params=params, lane=lane, timeout=timeout
        )

    async def _post(
        self, address: str, body: JsonValue, *, timeout: float = DEFAULT_TIMEOUT
    ) -> JsonValue:
        return await self.http.request(
            "POST", address, body=body, has_body=True, timeout=timeout
        )

    def _v1(self, *parts: str) -> str:
        return path("v1", "users", self._user, *parts)

    def _v3(self, device_id: str, *parts: str) -> str:
        return path("v3", "users", self._user, "devices", device_id, *parts)
