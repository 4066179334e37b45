"""Calls that reach a device: its firmware does one thing at a time, and may never answer (6, 7)."""

from typing import Final

from ...model.errors import NotFoundError
from ...model.value import JsonValue
from ...transport.http import HttpClient
from . import mapper
from .paths import path

READ_TIMEOUT: Final = 15.0
WRITE_TIMEOUT: Final = 25.0

type _List = tuple[str, tuple[str, ...]]

_LISTS: Final[tuple[_List, ...]] = (
    ("v3", ("resources", "api")),
    ("v3", ("resources",)),
    ("v2", ("api",)),
)
"""The best first: only the first has what products define (6.1)."""


class Firmware:
    """The devices of one user. Newer paths first; what the server has is remembered (13)."""

    def __init__(self, http: HttpClient, user: str) -> None:
        """Prepare; nothing is sent yet."""
        self._http = http
        self._user = user
        self.has_v3: bool | None = None
        self._lists = _LISTS

    async def resources(self, device_id: str) -> JsonValue:
        """Return what a device offers, from the best list that the server has (6.1)."""
        for candidate in self._lists[:-1]:
            try:
                return await self._list(candidate, device_id)
            except NotFoundError:
                continue
        return await self._list(self._lists[-1], device_id)

    async def read(self, device_id: str, resource: str) -> JsonValue:
        """Read an output (7). Never call it with anything else (6.3)."""
        return await self._call("GET", "GET", device_id, resource, wrapper="out")

    async def describe(self, device_id: str, resource: str) -> JsonValue:
        """Return ``in`` and ``out`` of a resource; runs code on the device (6.3)."""
        return await self._call("GET", "GET", device_id, f"{resource}/api")

    async def write(self, device_id: str, resource: str, value: JsonValue) -> JsonValue:
        """Write an input, or call an input/output and return its answer (7)."""
        return await self._call(
            "POST",
            "POST",
            device_id,
            resource,
            wrapper="out",
            body=value,
            body_v2={"in": value},
            has_body=True,
        )

    async def run(self, device_id: str, resource: str) -> JsonValue:
        """Run a callback: a POST without a body in v3, a GET in v2 (7)."""
        return await self._call("POST", "GET", device_id, resource, once=True)

    async def _list(self, candidate: _List, device_id: str) -> JsonValue:
        version, parts = candidate
        answer = await self._send(
            "GET", self._path(version, device_id, *parts), device_id
        )
        self._lists = (candidate,)
        self.has_v3 = version == "v3"
        return answer

    async def _call(
        self,
        method: str,
        method_v2: str,
        device_id: str,
        resource: str,
        *,
        wrapper: str | None = None,
        body: JsonValue = None,
        body_v2: JsonValue = None,
        has_body: bool = False,
        once: bool = False,
    ) -> JsonValue:
        """Call a resource in v3, else in v2, where values are wrapped."""
        segments = resource.split("/")
        if self.has_v3 is not False:
            try:
                answer = await self._send(
                    method,
                    self._path("v3", device_id, "resources", *segments),
                    device_id,
                    body=body,
                    has_body=has_body,
                    once=once,
                )
            except NotFoundError:
                if self.has_v3:
                    raise
            else:
                self.has_v3 = True
                return answer
        answer = await self._send(
            method_v2,
            self._path("v2", device_id, *segments),
            device_id,
            body=body_v2,
            has_body=has_body,
            once=once,
        )
        self.has_v3 = False
        return mapper.unwrapped(answer, wrapper) if wrapper else answer

    async def _send(
        self,
        method: str,
        address: str,
        device_id: str,
        *,
        body: JsonValue = None,
        has_body: bool = False,
        once: bool = False,
    ) -> JsonValue:
        return await self._http.request(
            method,
            address,
            body=body,
            has_body=has_body,
            lane=device_id,
            once=once,
            timeout=READ_TIMEOUT if method == "GET" else WRITE_TIMEOUT,
        )

    def _path(self, version: str, device_id: str, *parts: str) -> str:
        return path(version, "users", self._user, "devices", device_id, *parts)
