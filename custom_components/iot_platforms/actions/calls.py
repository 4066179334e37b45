"""Actions that call what devices understand."""

from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..adapters.base import CallsMethods
from ..model.control import MethodCall
from .shared import OF_DEVICE, TEXT, Action, done, json_value, thing, unsupported

ATTR_METHOD: Final = "method"
ATTR_ONE_WAY: Final = "one_way"
ATTR_PARAMETERS: Final = "parameters"
ATTR_TIMEOUT: Final = "timeout"


async def _call_method(call: ServiceCall) -> ServiceResponse:
    coordinator, device = thing(call)
    adapter = coordinator.adapter
    if not isinstance(adapter, CallsMethods):
        raise unsupported(coordinator)
    answer = await done(
        coordinator,
        adapter.call_method(
            MethodCall(
                device_id=device.id,
                method=call.data[ATTR_METHOD],
                parameters=call.data.get(ATTR_PARAMETERS),
                one_way=call.data[ATTR_ONE_WAY],
                timeout=call.data[ATTR_TIMEOUT],
            )
        ),
        device.name,
    )
    return {"answer": answer}


ACTIONS: Final = (
    Action(
        name="call_method",
        handle=_call_method,
        fields={
            **OF_DEVICE,
            vol.Required(ATTR_METHOD): TEXT,
            vol.Optional(ATTR_PARAMETERS): json_value,
            vol.Optional(ATTR_ONE_WAY, default=False): cv.boolean,
            vol.Optional(ATTR_TIMEOUT, default=10): vol.All(
                vol.Coerce(float), vol.Range(min=5, max=25)
            ),
        },
        response=SupportsResponse.OPTIONAL,
    ),
)
