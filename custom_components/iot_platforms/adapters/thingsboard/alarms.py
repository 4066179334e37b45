"""Alarms (12): those that are active, and what can be done about them."""

from collections.abc import Callable, Mapping
from typing import Final

from ...model.alarm import Alarm, Severity
from ...model.change import Alarms
from ...model.errors import ForbiddenError, NotFoundError
from ...model.platform import Capability
from ...model.value import JsonValue
from .client import MAX_PAGES, Json, ThingsBoardClient, rows
from .query import ALL_DEVICES
from .rows import entity_id, seconds

PAGE: Final = 200
WINDOW: Final = 10 * 365 * 24 * 3600 * 1000
"""Milliseconds that a subscription looks back: it has to be some time (11.8)."""
_NEWEST_FIRST: Final = {"sortProperty": "createdTime", "sortOrder": "DESC"}
_SEVERITIES: Final = {severity.upper(): severity for severity in Severity}
_CLEARED: Final = "CLEARED"


class AlarmCalls:
    """Reads and changes alarms."""

    def __init__(
        self,
        client: ThingsBoardClient,
        on_denied: Callable[[Capability, str], None],
        on_allowed: Callable[[Capability], None],
    ) -> None:
        """Prepare."""
        self._client = client
        self._on_denied = on_denied
        self._on_allowed = on_allowed
        self._is_old = False

    async def active(self) -> Alarms:
        """Return all active alarms of devices."""
        try:
            found = await self._all()
        except ForbiddenError as error:
            self._on_denied(Capability.ALARMS, str(error))
            raise
        self._on_allowed(Capability.ALARMS)
        return found

    async def of_device(
        self, device_id: str, *, active: bool, limit: int
    ) -> list[JsonValue]:
        """Return alarms of a device as the server has them, the newest first."""
        page = await self._client.device_alarms(
            device_id,
            {
                "pageSize": str(limit),
                "page": "0",
                **_NEWEST_FIRST,
                "searchStatus": "ACTIVE" if active else "ANY",
            },
        )
        return rows(page)

    async def _all(self) -> Alarms:
        found: dict[str, Alarm] = {}
        totals: list[JsonValue] = []
        for page in range(MAX_PAGES):
            answer = await self._page(page)
            found |= {alarm.id: alarm for alarm in alarms_of(answer.get("data"))}
            totals.append(answer.get("totalElements"))
            if not answer.get("hasNext"):
                # What came or went meanwhile may have moved others out of sight.
                is_whole = totals == totals[:1] * len(totals)
                return Alarms(alarms=(*found.values(),), complete=is_whole)
        return Alarms(alarms=(*found.values(),), complete=False)

    async def _page(self, page: int) -> Json:
        params = {"pageSize": str(PAGE), "page": str(page), **_NEWEST_FIRST}
        if not self._is_old:
            try:
                return await self._client.alarms(
                    {**params, "statusList": "ACTIVE"}, old=False
                )
            except NotFoundError:
                self._is_old = True
        return await self._client.alarms({**params, "searchStatus": "ACTIVE"}, old=True)


def alarms_of(data: JsonValue) -> list[Alarm]:
    """Return the alarms of a list; those of other things than devices are left out."""
    found = data if isinstance(data, list) else []
    return [alarm for item in found if (alarm := _alarm(item)) is not None]


def subscription(cmd_id: int) -> Json:
    """Return the command that tells of active alarms (11.8)."""
    return {
        "type": "ALARM_DATA",
        "cmdId": cmd_id,
        "query": {
            "entityFilter": ALL_DEVICES,
            "pageLink": {
                "pageSize": PAGE,
                "page": 0,
                "startTs": 0,
                "endTs": 0,
                "timeWindow": WINDOW,
                "typeList": [],
                "statusList": ["ACTIVE"],
                "severityList": [],
                "searchPropagatedAlarms": False,
                "assigneeId": None,
                "sortOrder": {
                    "key": {"type": "ALARM_FIELD", "key": "createdTime"},
                    "direction": "DESC",
                },
            },
            "alarmFields": [
                {"type": "ALARM_FIELD", "key": name}
                for name in ("type", "severity", "status")
            ],
            "entityFields": [],
            "latestValues": [],
            "keyFilters": [],
        },
    }


def _alarm(item: JsonValue) -> Alarm | None:
    if not isinstance(item, dict):
        return None
    alarm_id = entity_id(item.get("id"))
    device_id = entity_id(item.get("originator"), "DEVICE")
    if alarm_id is None or device_id is None:
        return None
    status = str(item.get("status"))
    return Alarm(
        id=alarm_id,
        device_id=device_id,
        type=str(item.get("type") or item.get("name") or ""),
        severity=_SEVERITIES.get(str(item.get("severity")), Severity.INDETERMINATE),
        acknowledged=status.endswith("_ACK"),
        cleared=status.startswith(_CLEARED),
        text=_text(item.get("details")),
        started_at=seconds(item.get("startTs")),
    )


def _text(details: JsonValue) -> str | None:
    """Return what an alarm says: rule chains put that under ``data`` by default."""
    text = details.get("data") if isinstance(details, Mapping) else None
    return text if isinstance(text, str) else None
