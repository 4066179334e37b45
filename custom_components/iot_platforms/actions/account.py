"""Actions on what an account has besides devices: endpoints and buckets."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..adapters.base import CallsEndpoints, ReadsBuckets
from .shared import (
    ATTR_END,
    ATTR_START,
    ID,
    OF_ACCOUNT,
    UNIX_TIME,
    Action,
    account,
    done,
    invalid,
    json_value,
    unsupported,
    whole_number,
)

ATTR_BUCKET: Final = "bucket"
ATTR_DATA: Final = "data"
ATTR_ENDPOINT: Final = "endpoint"
ATTR_ITEMS: Final = "items"
ATTR_NEWEST_FIRST: Final = "newest_first"

MAX_ITEMS: Final = 1000


async def _call_endpoint(call: ServiceCall) -> ServiceResponse:
    coordinator = account(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, CallsEndpoints):
        raise unsupported(coordinator)
    answer = await done(
        coordinator,
        adapter.call_endpoint(call.data[ATTR_ENDPOINT], call.data.get(ATTR_DATA)),
    )
    return {"answer": answer}


async def _read_bucket(call: ServiceCall) -> ServiceResponse:
    coordinator = account(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, ReadsBuckets):
        raise unsupported(coordinator)
    start, end = call.data.get(ATTR_START), call.data.get(ATTR_END)
    if start is not None and end is not None and end <= start:
        raise invalid(ATTR_END, "end_before_start")
    rows = await done(
        coordinator,
        adapter.read_bucket(
            call.data[ATTR_BUCKET],
            items=call.data[ATTR_ITEMS],
            start=start,
            end=end,
            descending=call.data[ATTR_NEWEST_FIRST],
        ),
    )
    return {"rows": rows}


ACTIONS: Final = (
    Action(
        name="call_endpoint",
        handle=_call_endpoint,
        fields={
            **OF_ACCOUNT,
            vol.Required(ATTR_ENDPOINT): ID,
            vol.Optional(ATTR_DATA): json_value,
        },
        response=SupportsResponse.OPTIONAL,
    ),
    Action(
        name="read_bucket",
        handle=_read_bucket,
        fields={
            **OF_ACCOUNT,
            vol.Required(ATTR_BUCKET): ID,
            vol.Optional(ATTR_ITEMS, default=100): whole_number(1, MAX_ITEMS),
            vol.Optional(ATTR_START): UNIX_TIME,
            vol.Optional(ATTR_END): UNIX_TIME,
            vol.Optional(ATTR_NEWEST_FIRST, default=True): cv.boolean,
        },
        response=SupportsResponse.ONLY,
    ),
)
