"""What several modules of the Home Assistant layer share."""

from typing import Final

from homeassistant.const import Platform

DOMAIN: Final = "iot_platforms"

CONF_PLATFORM: Final = "platform"
CONF_ACCOUNT: Final = "account"
"""The account's user on its server: what another sign-in is compared with."""
CONF_CA_CERTIFICATE: Final = "ca_certificate"
CONF_REMEMBER_PASSWORD: Final = "remember_password"  # noqa: S105  # a field's name

ENTITY_PLATFORMS: Final = (
    Platform.BINARY_SENSOR,
    Platform.BUTTON,
    Platform.DEVICE_TRACKER,
    Platform.EVENT,
    Platform.LIGHT,
    Platform.NUMBER,
    Platform.SELECT,
    Platform.SENSOR,
    Platform.SWITCH,
    Platform.TEXT,
    Platform.UPDATE,
)
