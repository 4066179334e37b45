"""Actions on the alarms of devices."""

from collections.abc import Awaitable, Callable, Collection
from typing import Final

from homeassistant.core import ServiceCall, ServiceResponse, SupportsResponse
from homeassistant.helpers import config_validation as cv
import voluptuous as vol

from ..adapters.base import HandlesAlarms
from ..coordinator import AccountCoordinator
from ..model.alarm import Alarm
from ..model.device import Device
from .shared import ID, OF_DEVICE, Action, done, thing, unsupported, whole_number

ATTR_ACTIVE: Final = "active"
ATTR_ALARM_ID: Final = "alarm_id"
ATTR_LIMIT: Final = "limit"

MAX_ALARMS: Final = 1000

_ONE_OR_ALL: Final = {**OF_DEVICE, vol.Optional(ATTR_ALARM_ID): ID}


async def _list_alarms(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _alarms_of(call)
    alarms = await done(
        coordinator,
        adapter.list_alarms(
            device.id, active=call.data[ATTR_ACTIVE], limit=call.data[ATTR_LIMIT]
        ),
        device.name,
    )
    return {"alarms": alarms}


async def _acknowledge_alarm(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _alarms_of(call)
    if (alarm_id := call.data.get(ATTR_ALARM_ID)) is not None:
        alarm_ids = [alarm_id]
    else:
        active = await _active(coordinator, device, adapter)
        alarm_ids = [alarm.id for alarm in active if not alarm.acknowledged]
    await _each(coordinator, device, alarm_ids, adapter.acknowledge_alarm)
    return None


async def _clear_alarm(call: ServiceCall) -> ServiceResponse:
    coordinator, device, adapter = _alarms_of(call)
    if (alarm_id := call.data.get(ATTR_ALARM_ID)) is not None:
        alarm_ids = [alarm_id]
    else:
        active = await _active(coordinator, device, adapter)
        alarm_ids = [alarm.id for alarm in active]
    await _each(coordinator, device, alarm_ids, adapter.clear_alarm)
    return None


def _alarms_of(
    call: ServiceCall,
) -> tuple[AccountCoordinator, Device, HandlesAlarms]:
    coordinator, device = thing(call)
    if not isinstance(coordinator.adapter, HandlesAlarms):
        raise unsupported(coordinator)
    return coordinator, device, coordinator.adapter


async def _active(
    coordinator: AccountCoordinator, device: Device, adapter: HandlesAlarms
) -> Collection[Alarm]:
    """Return the active alarms of a device; where none are known so far, ask why not."""
    if not coordinator.data.knows_alarms:
        coordinator.async_apply(await done(coordinator, adapter.read_alarms()))
    return coordinator.data.alarms(device.id)


async def _each(
    coordinator: AccountCoordinator,
    device: Device,
    alarm_ids: Collection[str],
    act: Callable[[str], Awaitable[None]],
) -> None:
    """Do something to some alarms, and show what became of them, also if one of them fails."""
    try:
        for alarm_id in alarm_ids:
            await done(coordinator, act(alarm_id), device.name)
    finally:
        await coordinator.async_read_alarms()


ACTIONS: Final = (
    Action(
        name="list_alarms",
        handle=_list_alarms,
        fields={
            **OF_DEVICE,
            vol.Optional(ATTR_ACTIVE, default=True): cv.boolean,
            vol.Optional(ATTR_LIMIT, default=100): whole_number(1, MAX_ALARMS),
        },
        response=SupportsResponse.ONLY,
    ),
    Action(
        name="acknowledge_alarm",
        handle=_acknowledge_alarm,
        fields=_ONE_OR_ALL,
        response=SupportsResponse.NONE,
    ),
    Action(
        name="clear_alarm",
        handle=_clear_alarm,
        fields=_ONE_OR_ALL,
        response=SupportsResponse.NONE,
    ),
)
