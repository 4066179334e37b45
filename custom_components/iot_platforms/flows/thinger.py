"""Sign-in to Thinger.io: an access token, or user and password."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_PASSWORD,
    CONF_URL,
    CONF_USERNAME,
)
from homeassistant.helpers.selector import (
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..adapters.thinger.auth import DEFAULT_URL, pasted_token
from .base import SESSION_FIELDS, KeyOrPassword, key_fields, login_fields, tls_section


class ThingerSignIn(KeyOrPassword):
    """The form for an access token or a device token, or for user and password."""

    key = CONF_ACCESS_TOKEN
    both_given = "token_and_password"
    error_fields: Mapping[str, str] = {
        "invalid_url": CONF_URL,
        "not_a_token": CONF_ACCESS_TOKEN,
        "refresh_token_given": CONF_ACCESS_TOKEN,
        "token_expired": CONF_ACCESS_TOKEN,
        "token_rejected": CONF_ACCESS_TOKEN,
        "token_and_password": CONF_ACCESS_TOKEN,
        "invalid_auth": CONF_PASSWORD,
        "signed_out": CONF_PASSWORD,
    }
    replaced = SESSION_FIELDS

    def account_schema(self) -> vol.Schema:
        """Return the whole form."""
        return vol.Schema(
            {
                vol.Optional(
                    CONF_URL, description={"suggested_value": DEFAULT_URL}
                ): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
                **key_fields(CONF_ACCESS_TOKEN),
                **login_fields(),
                **tls_section(),
            }
        )

    def credentials_schema(self, credentials: Mapping[str, Any]) -> vol.Schema:
        """Return the fields of the way in which the account signed in.

        Who has switched on two-factor sign-in meanwhile needs a token instead of the password.
        """
        token = key_fields(CONF_ACCESS_TOKEN)
        is_login = bool(credentials.get(CONF_USERNAME))
        return vol.Schema({**login_fields(), **token} if is_login else token)

    @override
    def pasted(self, credentials: Mapping[str, Any]) -> str:
        """Return the token without what comes along when one copies it."""
        return pasted_token(credentials)


SIGN_IN: Final = ThingerSignIn()
