"""The server's calls, one method each."""

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from typing import Final
from urllib.parse import quote

import aiohttp

from ...model.errors import (
    BadCredentialsError,
    NotFoundError,
    UnexpectedAnswerError,
)
from ...model.value import JsonValue
from ...transport.http import DEFAULT_TIMEOUT, HttpClient
from . import mapper

PAGE: Final = 50
MAX_PAGES: Final = 1000
READ_TIMEOUT: Final = 15.0
WRITE_TIMEOUT: Final = 25.0
HEARTBEAT: Final = 50.0
STATISTICS_IDLE: Final = 150.0


class ThingerClient:
    """One user's part of a server. Newer paths first; what a server has is remembered (2, 13)."""

    def __init__(self, http: HttpClient, user: str) -> None:
        """Prepare; nothing is sent yet."""
        self.http = http
        self._user = user
        self.has_v3: bool | None = None
        self._list_path: str | None = None
        self._token_in_query = False

    async def devices(self) -> tuple[list[JsonValue], bool]:
        """Return all rows of the device list, and whether that is all of it (5.1)."""
        rows: list[JsonValue] = []
        for _ in range(MAX_PAGES):
            page = await self._get(
                self._v1("devices"),
                params={"index": str(len(rows)), "count": str(PAGE)},
            )
            if not isinstance(page, list):
                raise UnexpectedAnswerError("the device list is no list")
            rows += page
            if len(page) < PAGE:
                return rows, True
        return rows, False

    async def first_device(self) -> None:
        """Ask for a device list of one: the cheapest check of a credential (3.7)."""
        answer = await self._get(
            self._v1("devices"), params={"index": "0", "count": "1"}
        )
        if not isinstance(answer, list):
            raise UnexpectedAnswerError(reason="not_this_platform")

    async def device(self, device_id: str) -> JsonValue:
        """Return one device's row (5.2)."""
        return await self._get(self._v1("devices", device_id))

    async def list_of(self, what: str) -> JsonValue:
        """Return a list of groups, types, products, buckets … (10.5)."""
        return await self._get(self._v1(what), params={"index": "0", "count": "1000"})

    async def resources(self, device_id: str) -> JsonValue:
        """Return what an online device offers, from the best list that the server has (6.1)."""
        choices = [self._list_path] if self._list_path else ["v3-all", "v3", "v2"]
        for choice in choices[:-1]:
            try:
                answer = await self._resource_list(choice, device_id)
            except NotFoundError:
                continue
            self._remember_list(choice)
            return answer
        answer = await self._resource_list(choices[-1], device_id)
        self._remember_list(choices[-1])
        return answer

    async def read(self, device_id: str, resource: str) -> JsonValue:
        """Read an output (7). Never call it with anything else (6.3)."""
        return await self._versioned("GET", device_id, resource, wrapper="out")

    async def describe(self, device_id: str, resource: str) -> JsonValue:
        """Return ``in`` and ``out`` of a resource; runs code on the device (6.3)."""
        path = (*resource.split("/"), "api")
        return await self._versioned("GET", device_id, "/".join(path), wrapper=None)

    async def write(self, device_id: str, resource: str, value: JsonValue) -> JsonValue:
        """Write an input, or call an input/output and return its answer (7)."""
        return await self._versioned(
            "POST", device_id, resource, wrapper="out", value=value, has_value=True
        )

    async def run(self, device_id: str, resource: str) -> JsonValue:
        """Run a callback: a POST without a body in v3, a GET in v2 (7)."""
        if self.has_v3 is not False:
            try:
                return await self._device_call(
                    "POST", self._v3(device_id, resource), device_id
                )
            except NotFoundError:
                if self.has_v3:
                    raise
        return await self._device_call("GET", self._v2(device_id, resource), device_id)

    async def statistics(self, device_id: str) -> JsonValue:
        """Return address and traffic of a device's connection (5.3)."""
        return await self._get(self._v1("devices", device_id, "stats"), lane=device_id)

    async def properties(self, device_id: str) -> JsonValue:
        """Return what the server keeps for a device (10.3)."""
        return await self._get(self._devices_v3(device_id, "properties"))

    async def write_property(
        self, device_id: str, name: str, value: JsonValue
    ) -> JsonValue:
        """Set a property (10.3)."""
        return await self.http.request(
            "PUT",
            self._devices_v3(device_id, "properties", name),
            body={"value": value},
            has_body=True,
        )

    async def callback(self, device_id: str) -> JsonValue:
        """Return what happens with the data of an HTTP device (10.4)."""
        return await self._get(self._devices_v3(device_id, "callback"))

    async def bucket_rows(self, bucket_id: str, params: Mapping[str, str]) -> JsonValue:
        """Return rows of a bucket (10.5)."""
        return await self._get(
            self._v1("buckets", bucket_id, "data"), params=params, timeout=READ_TIMEOUT
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
            self._v1("endpoints", endpoint_id, "call"), data, timeout=WRITE_TIMEOUT
        )

    @asynccontextmanager
    async def device_socket(
        self, device_id: str, *, v3: bool
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open the socket that streams a device's resources (9.1)."""
        path = (
            self._devices_v3(device_id, "resources")
            if v3
            else _path("v2", "users", self._user, "devices", device_id)
        )
        async with self._socket(path) as socket:
            yield socket

    @asynccontextmanager
    async def event_socket(
        self, version: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open the account's event socket, ``version`` v1 or v2 (9.2)."""
        async with self._socket(
            _path(version, "users", self._user, "events")
        ) as socket:
            yield socket

    def statistics_stream(
        self, device_id: str
    ) -> AbstractAsyncContextManager[aiohttp.StreamReader]:
        """Open the stream of a device's statistics (9.3)."""
        return self.http.event_stream(
            self._v1("devices", device_id, "stats"), idle_timeout=STATISTICS_IDLE
        )

    @asynccontextmanager
    async def _socket(
        self, path: str
    ) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        """Open a socket with the token in the header, or where the vendor's clients put it (3.1)."""
        async with AsyncExitStack() as stack:
            try:
                socket = await stack.enter_async_context(self._open(path))
            except BadCredentialsError:
                if self._token_in_query:
                    raise
                self._token_in_query = True
                try:
                    socket = await stack.enter_async_context(self._open(path))
                except BadCredentialsError:
                    self._token_in_query = False
                    raise
            yield socket

    def _open(
        self, path: str
    ) -> AbstractAsyncContextManager[aiohttp.ClientWebSocketResponse]:
        return self.http.websocket(
            path, heartbeat=HEARTBEAT, token_in_query=self._token_in_query
        )

    async def _resource_list(self, choice: str, device_id: str) -> JsonValue:
        path = {
            "v3-all": self._devices_v3(device_id, "resources", "api"),
            "v3": self._devices_v3(device_id, "resources"),
            "v2": _path("v2", "users", self._user, "devices", device_id, "api"),
        }[choice]
        return await self._device_call("GET", path, device_id)

    def _remember_list(self, choice: str) -> None:
        self._list_path = choice
        self.has_v3 = choice != "v2"

    async def _versioned(
        self,
        method: str,
        device_id: str,
        resource: str,
        *,
        wrapper: str | None,
        value: JsonValue = None,
        has_value: bool = False,
    ) -> JsonValue:
        """Call a resource in v3, else in v2, where values are wrapped."""
        if self.has_v3 is not False:
            try:
                return await self._device_call(
                    method,
                    self._v3(device_id, resource),
                    device_id,
                    body=value,
                    has_body=has_value,
                )
            except NotFoundError:
                if self.has_v3:
                    raise
        answer = await self._device_call(
            method,
            self._v2(device_id, resource),
            device_id,
            body={"in": value},
            has_body=has_value,
        )
        return mapper.unwrapped(answer, wrapper) if wrapper else answer

    async def _device_call(
        self,
        method: str,
        path: str,
        device_id: str,
        *,
        body: JsonValue = None,
        has_body: bool = False,
    ) -> JsonValue:
        """Call firmware: it does one thing at a time, and may never answer (7)."""
        return await self.http.request(
            method,
            path,
            body=body,
            has_body=has_body,
            lane=device_id,
            timeout=READ_TIMEOUT if method == "GET" else WRITE_TIMEOUT,
        )

    async def _get(
        self,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        lane: str | None = None,
        timeout: float = DEFAULT_TIMEOUT,  # seconds for aiohttp's own limit
    ) -> JsonValue:
        return await self.http.request(
            "GET", path, params=params, lane=lane, timeout=timeout
        )

    async def _post(
        self,
        path: str,
        body: JsonValue,
        *,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> JsonValue:
        return await self.http.request(
            "POST", path, body=body, has_body=True, timeout=timeout
        )

    def _v1(self, *parts: str) -> str:
        return _path("v1", "users", self._user, *parts)

    def _v2(self, device_id: str, resource: str) -> str:
        return _path(
            "v2", "users", self._user, "devices", device_id, *resource.split("/")
        )

    def _v3(self, device_id: str, resource: str) -> str:
        return self._devices_v3(device_id, "resources", *resource.split("/"))

    def _devices_v3(self, device_id: str, *parts: str) -> str:
        return _path("v3", "users", self._user, "devices", device_id, *parts)


def _path(*parts: str) -> str:
    return "/".join(quote(part, safe="") for part in parts)
