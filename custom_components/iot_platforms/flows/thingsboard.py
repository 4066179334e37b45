"""Sign-in to ThingsBoard: user and password, or an API key."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.const import CONF_API_KEY, CONF_PASSWORD, CONF_URL, CONF_USERNAME
from homeassistant.helpers.selector import (
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..adapters.thingsboard.address import DEFAULT_URL
from ..adapters.thingsboard.auth import api_key
from .base import SESSION_FIELDS, KeyOrPassword, key_fields, login_fields, tls_section


class ThingsBoardSignIn(KeyOrPassword):
    """The form for user and password, or for an API key."""

    key = CONF_API_KEY
    both_given = "key_and_password"
    error_fields: Mapping[str, str] = {
        "invalid_url": CONF_URL,
        "api_key_rejected": CONF_API_KEY,
        "api_key_expired": CONF_API_KEY,
        "key_and_password": CONF_API_KEY,
        "account_disabled": CONF_USERNAME,
        "account_locked": CONF_USERNAME,
        "invalid_auth": CONF_PASSWORD,
        "signed_out": CONF_PASSWORD,
        "password_expired": CONF_PASSWORD,
        "password_policy": CONF_PASSWORD,
        "two_factor": CONF_PASSWORD,
        "two_factor_setup": CONF_PASSWORD,
    }
    replaced = SESSION_FIELDS | {CONF_API_KEY}

    def account_schema(self) -> vol.Schema:
        """Return the whole form."""
        return vol.Schema(
            {
                vol.Required(
                    CONF_URL, description={"suggested_value": DEFAULT_URL}
                ): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
                **login_fields(),
                **key_fields(CONF_API_KEY),
                **tls_section(),
            }
        )

    def credentials_schema(self, credentials: Mapping[str, Any]) -> vol.Schema:
        """Return both ways to sign in, that of the account first.

        Who has switched on two-factor sign-in meanwhile needs a key; a key that was deleted may have
        no successor.
        """
        login, key = login_fields(), key_fields(CONF_API_KEY)
        is_login = bool(credentials.get(CONF_USERNAME))
        return vol.Schema({**login, **key} if is_login else {**key, **login})

    @override
    def pasted(self, credentials: Mapping[str, Any]) -> str:
        """Return the key without what comes along when one copies it."""
        return api_key(credentials)


SIGN_IN: Final = ThingsBoardSignIn()
