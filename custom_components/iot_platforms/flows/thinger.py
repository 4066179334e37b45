"""Sign-in to Thinger.io: an access token, or user and password."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_PASSWORD,
    CONF_URL,
    CONF_USERNAME,
)
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..adapters.thinger.auth import DEFAULT_URL, pasted_token
from ..const import CONF_REMEMBER_PASSWORD
from ..model.errors import BadCredentialsError
from .base import flattened, tls_section

_TOKEN_FIELDS: Final = {
    vol.Optional(CONF_ACCESS_TOKEN): TextSelector(
        TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
    ),
}
_LOGIN_FIELDS: Final = {
    vol.Optional(CONF_USERNAME): TextSelector(
        TextSelectorConfig(autocomplete="username")
    ),
    vol.Optional(CONF_PASSWORD): TextSelector(
        TextSelectorConfig(
            type=TextSelectorType.PASSWORD, autocomplete="current-password"
        )
    ),
    vol.Optional(CONF_REMEMBER_PASSWORD, default=False): BooleanSelector(),
}


class ThingerSignIn:
    """The form for an access token or a device token, or for user and password."""

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
    address_fields = frozenset({CONF_URL})
    replaced = frozenset(
        {CONF_ACCESS_TOKEN, CONF_PASSWORD, "refresh_token", "token_lifetime"}
    )

    def account_schema(self) -> vol.Schema:
        """Return the whole form."""
        return vol.Schema(
            {
                vol.Optional(
                    CONF_URL, description={"suggested_value": DEFAULT_URL}
                ): TextSelector(TextSelectorConfig(type=TextSelectorType.URL)),
                **_TOKEN_FIELDS,
                **_LOGIN_FIELDS,
                **tls_section(),
            }
        )

    def credentials_schema(self, credentials: Mapping[str, Any]) -> vol.Schema:
        """Return the fields of the way in which the account signed in.

        Who has switched on two-factor sign-in meanwhile needs a token instead of the password.
        """
        is_login = bool(credentials.get(CONF_USERNAME))
        return vol.Schema(
            {**_LOGIN_FIELDS, **_TOKEN_FIELDS} if is_login else _TOKEN_FIELDS
        )

    def credentials(
        self, answers: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return one way to sign in; raises BadCredentialsError where two were filled in."""
        credentials = flattened(answers)
        if CONF_ACCESS_TOKEN in credentials:
            credentials[CONF_ACCESS_TOKEN] = pasted_token(credentials)
            if CONF_PASSWORD in credentials:
                raise BadCredentialsError(reason="token_and_password")
            for name in (CONF_USERNAME, CONF_REMEMBER_PASSWORD):
                credentials.pop(name, None)
        elif CONF_PASSWORD in credentials and CONF_USERNAME in stored:
            credentials.setdefault(CONF_USERNAME, stored[CONF_USERNAME])
        elif CONF_USERNAME not in credentials:
            credentials.pop(CONF_REMEMBER_PASSWORD, None)
        return credentials

    def has_secret(self, credentials: Mapping[str, Any]) -> bool:
        """Return whether there is a token or a password."""
        return CONF_ACCESS_TOKEN in credentials or CONF_PASSWORD in credentials

    def reused(
        self, credentials: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the credentials with the stored token, or with the password if we may keep it."""
        username = stored.get(CONF_USERNAME)
        if credentials.get(CONF_USERNAME, username) != username:
            raise BadCredentialsError(reason="credentials_missing")
        names = (
            CONF_USERNAME,
            CONF_REMEMBER_PASSWORD,
            CONF_ACCESS_TOKEN,
            CONF_PASSWORD,
        )
        present = {name: stored[name] for name in names if name in stored}
        return present | dict(credentials)

    def kept(self, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """Return the credentials, the password only if the person says so."""
        kept = dict(credentials)
        if not kept.get(CONF_REMEMBER_PASSWORD):
            kept.pop(CONF_PASSWORD, None)
        return kept


SIGN_IN: Final = ThingerSignIn()
