"""The actions: registered once, they find their account when they are called."""

from itertools import chain

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.service import async_register_admin_service
import voluptuous as vol

from .actions import account, alarms, attributes, calls, devices, history, resources
from .const import DOMAIN


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register all actions."""
    modules = (resources, calls, attributes, history, alarms, devices, account)
    for action in chain.from_iterable(module.ACTIONS for module in modules):
        schema = vol.Schema(action.fields)
        if action.for_admins:
            async_register_admin_service(
                hass, DOMAIN, action.name, action.handle, schema, action.response
            )
        else:
            hass.services.async_register(
                DOMAIN,
                action.name,
                action.handle,
                schema,
                supports_response=action.response,
            )
