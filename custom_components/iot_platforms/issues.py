"""Problems that a person can solve, in Home Assistant's repairs."""

from collections.abc import Mapping

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir

from . import entity_count
from .const import DOMAIN
from .model.platform import Capability


@callback
def async_show_denied(
    hass: HomeAssistant, entry_id: str, title: str, denied: Mapping[Capability, str]
) -> None:
    """Show what the credentials do not allow; what they allow by now disappears."""
    for capability in Capability:
        issue_id = f"permission_{capability}_{entry_id}"
        if capability not in denied:
            ir.async_delete_issue(hass, DOMAIN, issue_id)
            continue
        ir.async_create_issue(
            hass,
            DOMAIN,
            issue_id,
            is_fixable=False,
            severity=ir.IssueSeverity.WARNING,
            translation_key=f"permission_{capability}",
            translation_placeholders={
                "account": title,
                "permission": denied[capability],
            },
        )


@callback
def async_show_many_entities(
    hass: HomeAssistant, entry_id: str, title: str, count: int
) -> None:
    """Show that Home Assistant will not take many more entities of an account, if that is so."""
    issue_id = f"many_entities_{entry_id}"
    if count < entity_count.MANY_ENTITIES:
        ir.async_delete_issue(hass, DOMAIN, issue_id)
        return
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        is_fixable=False,
        severity=ir.IssueSeverity.WARNING,
        translation_key="many_entities",
        translation_placeholders={
            "account": title,
            "count": str(count),
            "limit": str(entity_count.MOST_ENTITIES),
        },
    )
