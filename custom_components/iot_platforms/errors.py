"""Errors of a platform as texts for people."""

from collections.abc import Mapping
from typing import TypedDict

from homeassistant.exceptions import HomeAssistantError

from .const import DOMAIN
from .model.errors import PlatformError


class Translation(TypedDict):
    """What Home Assistant's exceptions take to find their text."""

    translation_key: str
    translation_placeholders: dict[str, str]


def translation(error: PlatformError, placeholders: Mapping[str, str]) -> Translation:
    """Return the translation of an error."""
    return {
        "translation_key": error.reason,
        "translation_placeholders": {**placeholders, "detail": str(error)},
    }


def command_error(error: PlatformError, name: str) -> HomeAssistantError:
    """Return what to show when a command failed; ``name`` is the device's or account's."""
    return HomeAssistantError(
        translation_domain=DOMAIN, **translation(error, {"name": name})
    )
