"""Messages of the server (thingsboard.md 11.3, 11.4, 11.7 to 11.9)."""

from collections.abc import Mapping, Sequence
from enum import IntEnum

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.thingsboard.values import Sample, text_of


class ErrorCode(IntEnum):
    """Codes in messages."""

    NONE = 0
    INTERNAL = 1
    BAD_REQUEST = 2
    UNAUTHORIZED = 3
    TOO_MANY_UPDATES = 34


class CloseCode(IntEnum):
    """Codes with which the server closes a socket (11.5)."""

    BAD_DATA = 1007
    POLICY = 1008
    TOO_BIG = 1009
    SERVER_ERROR = 1011
    RESTART = 1012
    NOT_RELIABLE = 4500


def error(cmd_id: int, code: ErrorCode, text: str) -> JsonObject:
    """Complain, in the old shape."""
    return {
        "subscriptionId": cmd_id,
        "errorCode": int(code),
        "errorMsg": text,
        "data": None,
        "latestValues": {},
    }


def too_many_updates(cmd_id: int) -> JsonObject:
    """Say that updates are dropped from now on."""
    return {
        "subscriptionId": cmd_id,
        "errorCode": int(ErrorCode.TOO_MANY_UPDATES),
        "errorMsg": "Too many updates!",
    }


def entity_data(
    cmd_id: int,
    *,
    allowed: int,
    data: JsonObject | None = None,
    update: list[Json] | None = None,
) -> JsonObject:
    """Page of things, or changes of things."""
    return _update(cmd_id, "ENTITY_DATA", data, update, {"allowedEntities": allowed})


def alarm_data(
    cmd_id: int,
    *,
    allowed: int,
    total: int,
    data: JsonObject | None = None,
    update: list[Json] | None = None,
) -> JsonObject:
    """Page of alarms, or changes of alarms."""
    more: JsonObject = {"allowedEntities": allowed, "totalEntities": total}
    return _update(cmd_id, "ALARM_DATA", data, update, more)


def count(cmd_id: int, number: int, kind: str) -> JsonObject:
    """How many; the kind is COUNT_DATA or ALARM_COUNT_DATA."""
    return {**_head(cmd_id), "count": number, "cmdUpdateType": kind}


def alarm_status(cmd_id: int, *, active: bool) -> JsonObject:
    """Whether there is an active alarm."""
    return {**_head(cmd_id), "active": active, "cmdUpdateType": "ALARM_STATUS"}


def old_update(cmd_id: int, samples: Mapping[str, Sequence[Sample]]) -> JsonObject:
    """Values in the old form, each key's newest first."""
    data: JsonObject = {
        key: [[ts, text_of(value)] for ts, value in rows]
        for key, rows in samples.items()
    }
    latest: JsonObject = {
        key: max(sample.ts for sample in rows) for key, rows in samples.items() if rows
    }
    return {
        "subscriptionId": cmd_id,
        "errorCode": 0,
        "errorMsg": None,
        "data": data,
        "latestValues": latest,
    }


def _update(
    cmd_id: int,
    kind: str,
    data: JsonObject | None,
    update: list[Json] | None,
    more: JsonObject,
) -> JsonObject:
    return {
        **_head(cmd_id),
        "data": data,
        "update": update,
        **more,
        "cmdUpdateType": kind,
    }


def _head(cmd_id: int) -> JsonObject:
    return {"cmdId": cmd_id, "errorCode": 0, "errorMsg": None}
