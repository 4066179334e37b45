"""The server's calls, one method each."""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from typing import Final
from urllib.parse import quote

from ...model.control import MethodCall
from ...model.errors import (
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
)
from ...model.value import JsonValue
from ...transport.http import DEFAULT_TIMEOUT, HttpClient
from .keys import Key, Source
from .query import query

PAGE: Final = 500
"""Devices of a query (7)."""
LIVE_PAGE: Final = 200
"""Devices of a subscription: its answers come in one piece (11.3)."""
KEYS_PAGE: Final = 100
"""Devices that key discovery looks at, whatever it is asked for (7.6)."""
LIST_PAGE: Final = 200
MAX_PAGES: Final = 1000
QUERY_TIMEOUT: Final = 35.0
"""Seconds: the server itself gives up after 30 (18)."""
RPC_MARGIN: Final = 5.0
"""Seconds that an answer may take besides what the device was given (10.2)."""
LEAST_RPC_TIMEOUT: Final = 5.0
_GENERAL: Final = 2

type Json = dict[str, JsonValue]
type Params = Mapping[str, str] | Sequence[tuple[str, str]]


class ThingsBoardClient:
    """One account's view of a server; ``devices`` is for what devices have to answer."""

    def __init__(self, http: HttpClient, devices: HttpClient) -> None:
        """Prepare; nothing is sent yet."""
        self._http = http
        self._devices = devices
        self.has_old_calls = False
        """Whether the server knows RPC calls only by their older path (10.1)."""

    @property
    def sent(self) -> int:
        """Return how many requests were sent so far."""
        return self._http.sent + self._devices.sent

    async def system(self) -> JsonValue:
        """Return version and edition (2)."""
        return await self._get("api/system/info")

    async def find(
        self,
        entities: JsonValue,
        *,
        fields: Collection[str] = (),
        keys: Collection[Key] = (),
    ) -> AsyncGenerator[Json]:
        """Yield pages of entities with their values (7)."""
        for page in range(MAX_PAGES):
            asked = query(entities, page=page, size=PAGE, fields=fields, keys=keys)
            answer = _object(
                await self._post("api/entitiesQuery/find", asked, timeout=QUERY_TIMEOUT)
            )
            yield answer
            if not rows(answer) or not answer.get("hasNext"):
                return

    async def typed_keys(self, query: JsonValue) -> Json:
        """Return keys with the newest value of each in its own type (7.6; 4.3.1.2)."""
        params = {
            "includeTimeseries": "true",
            "includeAttributes": "true",
            "includeSamples": "true",
        }
        return _object(
            await self._post(
                "api/v2/entitiesQuery/find/keys",
                query,
                params=params,
                timeout=QUERY_TIMEOUT,
            )
        )

    async def keys(self, query: JsonValue, *, scope: Source | None) -> Json:
        """Return telemetry's keys, or those of an attribute scope (7.6; 3.2.2)."""
        params = {
            "timeseries": _flag(scope is None),
            "attributes": _flag(scope is not None),
        }
        if scope is not None:
            params["scope"] = scope.scope
        return _object(
            await self._post(
                "api/entitiesQuery/find/keys",
                query,
                params=params,
                timeout=QUERY_TIMEOUT,
            )
        )

    async def telemetry(self, device_id: str, names: Sequence[str]) -> JsonValue:
        """Return the newest telemetry in its own types; all of it where no names are given (8.1)."""
        return await self._get(
            f"{_telemetry(device_id)}/values/timeseries",
            params=[*_names(names), ("useStrictDataTypes", "true")],
        )

    async def history(self, device_id: str, params: Params) -> JsonValue:
        """Return telemetry of a time range (8.1)."""
        return await self._get(
            f"{_telemetry(device_id)}/values/timeseries",
            params=params,
            timeout=QUERY_TIMEOUT,
        )

    async def attributes(
        self, device_id: str, scope: Source | None, names: Sequence[str]
    ) -> list[JsonValue]:
        """Return attributes in their own types; all of a scope where no names are given (8.1)."""
        path = f"{_telemetry(device_id)}/values/attributes"
        answer = await self._get(
            f"{path}/{scope.scope}" if scope else path, params=_names(names)
        )
        if not isinstance(answer, list):
            raise UnexpectedAnswerError("attributes are no list")
        return answer

    async def write_attributes(
        self, device_id: str, scope: Source, values: Mapping[str, JsonValue]
    ) -> None:
        """Write attributes; the device hears of shared ones (8.2)."""
        await self._post(
            f"{_telemetry(device_id)}/attributes/{scope.scope}", dict(values), once=True
        )

    async def call(self, call: MethodCall) -> JsonValue:
        """Call a method of a device, and give it some seconds to answer (10.1)."""
        timeout = max(call.timeout, LEAST_RPC_TIMEOUT)
        kind = "oneway" if call.one_way else "twoway"
        base = "api/plugins/rpc" if self.has_old_calls else "api/rpc"
        return await self._devices.request(
            "POST",
            f"{base}/{kind}/{call.device_id}",
            body={
                "method": call.method,
                "params": call.parameters,
                "timeout": int(timeout * 1000),
            },
            has_body=True,
            timeout=timeout + RPC_MARGIN,
            once=True,
        )

    async def alarms(self, params: Params, *, old: bool) -> Json:
        """Return a page of alarms of all devices (12); ``old``: as before 3.5."""
        return _object(
            await self._get("api/alarms" if old else "api/v2/alarms", params=params)
        )

    async def device_alarms(self, device_id: str, params: Params) -> Json:
        """Return a page of alarms of a device (12)."""
        return _object(await self._get(f"api/alarm/DEVICE/{device_id}", params=params))

    async def change_alarm(self, alarm_id: str, what: str) -> None:
        """``ack`` or ``clear`` an alarm (12)."""
        await self._post(
            f"api/alarm/{quote(alarm_id, safe='')}/{what}", None, once=True
        )

    async def device(self, device_id: str) -> Json:
        """Return a device with all that an update of it needs (6.2)."""
        return _object(await self._get(f"api/device/{device_id}"))

    async def save_device(self, device: JsonValue) -> Json:
        """Update a device (6.1)."""
        return _object(await self._post("api/device", device, once=True))

    async def packages(self, profile_id: str, kind: str) -> AsyncGenerator[JsonValue]:
        """Yield the packages of a profile, ``kind`` FIRMWARE or SOFTWARE (14)."""
        async for page in self.pages(f"api/otaPackages/{profile_id}/{kind}"):
            for row in rows(page):
                yield row

    async def dashboard(self, dashboard_id: str) -> JsonValue:
        """Return a dashboard with its widgets (16.2)."""
        return await self._get(f"api/dashboard/{dashboard_id}", timeout=QUERY_TIMEOUT)

    async def pages(self, path: str) -> AsyncGenerator[Json]:
        """Yield the pages of a list of devices or dashboards, the oldest first (6.1, 16.2)."""
        for page in range(MAX_PAGES):
            answer = _object(
                await self._get(
                    path,
                    params={
                        "pageSize": str(LIST_PAGE),
                        "page": str(page),
                        "sortProperty": "createdTime",
                        "sortOrder": "ASC",
                    },
                )
            )
            yield answer
            if not rows(answer) or not answer.get("hasNext"):
                return

    async def _get(
        self,
        path: str,
        *,
        params: Params | None = None,
        timeout: float = DEFAULT_TIMEOUT,
    ) -> JsonValue:
        return await self._http.request("GET", path, params=params, timeout=timeout)

    async def _post(
        self,
        path: str,
        body: JsonValue,
        *,
        params: Params | None = None,
        timeout: float = DEFAULT_TIMEOUT,
        once: bool = False,
    ) -> JsonValue:
        return await self._http.request(
            "POST",
            path,
            body=body,
            has_body=body is not None,
            params=params,
            once=once,
            timeout=timeout,
        )


def is_refusal(error: PlatformError) -> bool:
    """Return whether the server does not answer this question, now or later.

    Trouble that passes looks otherwise than the general error that means anything (3.1).
    """
    return error.code == _GENERAL or isinstance(
        error,
        CommandRejectedError | ForbiddenError | NotFoundError | UnexpectedAnswerError,
    )


def rows(page: Json) -> list[JsonValue]:
    """Return what a page holds (3)."""
    data = page.get("data")
    if not isinstance(data, list):
        raise UnexpectedAnswerError("a page without rows")
    return data


def _object(answer: JsonValue) -> Json:
    if not isinstance(answer, dict):
        raise UnexpectedAnswerError("no object in the answer")
    return answer


def _telemetry(device_id: str) -> str:
    return f"api/plugins/telemetry/DEVICE/{device_id}"


def _names(names: Sequence[str]) -> list[tuple[str, str]]:
    if any("," in name for name in names):
        return [("key", name) for name in names]
    return [("keys", ",".join(names))] if names else []


def _flag(value: bool) -> str:
    return "true" if value else "false"
