"""Actions on earlier values."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import voluptuous as vol

from ..adapters.base import ReadsHistory
from .shared import (
    ATTR_END,
    ATTR_NAMES,
    ATTR_START,
    OF_DEVICE,
    TEXTS,
    UNIX_TIME,
    Action,
    done,
    invalid,
    thing,
    unsupported,
    whole_number,
)

ATTR_AGGREGATION: Final = "aggregation"
ATTR_INTERVAL: Final = "interval"
ATTR_LIMIT: Final = "limit"

EVERY_VALUE: Final = "none"
AGGREGATIONS: Final = (EVERY_VALUE, "avg", "min", "max", "sum", "count")
MAX_VALUES: Final = 50_000


async def _read_history(call: ServiceCall) -> ServiceResponse:
    coordinator, device = thing(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, ReadsHistory):
        raise unsupported(coordinator)
    start = call.data[ATTR_START]
    end = call.data.get(ATTR_END, dt_util.utcnow().timestamp())
    if end <= start:
        raise invalid(ATTR_END, "end_before_start")
    interval = _interval(call)
    values = await done(
        coordinator,
        adapter.read_history(
            device.id,
            call.data[ATTR_NAMES],
            start=start,
            end=end,
            limit=call.data[ATTR_LIMIT],
            aggregation=call.data[ATTR_AGGREGATION].upper() if interval else None,
            interval=interval,
        ),
        device.name,
    )
    return {"values": dict(values)}


def _interval(call: ServiceCall) -> float | None:
    """Return how many seconds are summed up to one value, None where every value is wanted."""
    if call.data[ATTR_AGGREGATION] == EVERY_VALUE:
        return None
    interval = call.data.get(ATTR_INTERVAL)
    if not interval:
        raise invalid(ATTR_INTERVAL, "interval_needed")
    seconds: float = interval.total_seconds()
    return seconds


ACTIONS: Final = (
    Action(
        name="read_history",
        handle=_read_history,
        fields={
            **OF_DEVICE,
            vol.Required(ATTR_NAMES): vol.All(TEXTS, vol.Length(min=1)),
            vol.Required(ATTR_START): UNIX_TIME,
            vol.Optional(ATTR_END): UNIX_TIME,
            vol.Optional(ATTR_LIMIT, default=100): whole_number(1, MAX_VALUES),
            vol.Optional(ATTR_AGGREGATION, default=EVERY_VALUE): vol.In(AGGREGATIONS),
            vol.Optional(ATTR_INTERVAL): cv.positive_time_period,
        },
        response=SupportsResponse.ONLY,
    ),
)
