"""What a platform's module of this folder offers to the flow."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Final, Protocol

from homeassistant.const import (
    CONF_ACCESS_TOKEN,
    CONF_PASSWORD,
    CONF_URL,
    CONF_USERNAME,
    CONF_VERIFY_SSL,
)
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import voluptuous as vol

from ..const import CONF_CA_CERTIFICATE, CONF_REMEMBER_PASSWORD
from ..model.errors import BadCredentialsError

SESSION_FIELDS: Final = frozenset(
    {CONF_ACCESS_TOKEN, CONF_PASSWORD, "refresh_token", "token_lifetime"}
)
"""What a sign-in with user and password leaves."""
CONF_TLS: Final = "tls"
"""The collapsed section of every form where the server's certificate can matter."""
TLS_FIELDS: Final = frozenset({CONF_CA_CERTIFICATE, CONF_VERIFY_SSL})


class SignIn(Protocol):
    """The sign-in form of a platform, named ``SIGN_IN`` in the platform's module."""

    error_fields: Mapping[str, str]
    """The form's field that a reason of failure belongs to; the whole form where it is missing."""

    address_fields: frozenset[str]
    """Where the account is. Left empty in a change of the account, the present ones stay."""

    replaced: frozenset[str]
    """Stored fields that a new sign-in replaces: secrets, never suggested back."""

    def account_schema(self) -> vol.Schema:
        """Return the whole form: where to sign in, and as whom."""

    def credentials_schema(self, credentials: Mapping[str, Any]) -> vol.Schema:
        """Return the part of the form that can have expired, for the account at hand."""

    def credentials(
        self, answers: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return what was filled in under the names of design.md 6, without sections.

        ``stored`` is what the account holds, empty for a new one. Raises a PlatformError where that
        is no way to sign in.
        """

    def has_secret(self, credentials: Mapping[str, Any]) -> bool:
        """Return whether these credentials are enough to sign in anew."""

    def reused(
        self, credentials: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return credentials without a secret, completed by the stored secrets.

        Without those that a server takes only once: the running account needs them itself. Raises a
        PlatformError where the stored ones do not fit.
        """

    def kept(self, credentials: Mapping[str, Any]) -> dict[str, Any]:
        """Return what may be stored of the credentials after a sign-in."""


class KeyOrPassword(ABC):
    """What sign-ins have in common that take user and password, or a key that a person made."""

    key: ClassVar[str]
    """The key's field."""
    both_given: ClassVar[str]
    """Why a key together with a password is no way to sign in."""

    address_fields = frozenset({CONF_URL})

    def credentials(
        self, answers: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return one way to sign in; raises BadCredentialsError where two were filled in."""
        credentials = flattened(answers)
        if self.key in credentials:
            credentials[self.key] = self.pasted(credentials)
            if CONF_PASSWORD in credentials:
                raise BadCredentialsError(reason=self.both_given)
            for name in (CONF_USERNAME, CONF_REMEMBER_PASSWORD):
                credentials.pop(name, None)
        elif CONF_PASSWORD in credentials and CONF_USERNAME in stored:
            credentials.setdefault(CONF_USERNAME, stored[CONF_USERNAME])
        elif CONF_USERNAME not in credentials:
            credentials.pop(CONF_REMEMBER_PASSWORD, None)
        return credentials

    @abstractmethod
    def pasted(self, credentials: Mapping[str, Any]) -> str:
        """Return the key without what comes along when one copies it."""

    def has_secret(self, credentials: Mapping[str, Any]) -> bool:
        """Return whether there is a key or a password."""
        return self.key in credentials or CONF_PASSWORD in credentials

    def reused(
        self, credentials: Mapping[str, Any], stored: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Return the credentials with the stored token or key, or with the password if we may keep it."""
        username = stored.get(CONF_USERNAME)
        if credentials.get(CONF_USERNAME, username) != username:
            raise BadCredentialsError(reason="credentials_missing")
        names = (
            self.key,
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


def key_fields(name: str) -> dict[vol.Marker, Any]:
    """Return the field of a key or token."""
    return {
        vol.Optional(name): TextSelector(
            TextSelectorConfig(type=TextSelectorType.PASSWORD, autocomplete="off")
        )
    }


def login_fields() -> dict[vol.Marker, Any]:
    """Return the fields of user and password."""
    return {
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


def tls_section() -> dict[vol.Marker, Any]:
    """Return the fields about the server's certificate.

    The section has no default: the frontend would take that for its content, and show the fields
    in it empty.
    """
    return {
        vol.Optional(CONF_TLS): section(
            vol.Schema(
                {
                    vol.Optional(CONF_CA_CERTIFICATE): TextSelector(
                        TextSelectorConfig(multiline=True)
                    ),
                    vol.Optional(CONF_VERIFY_SSL, default=True): BooleanSelector(),
                }
            ),
            {"collapsed": True},
        )
    }


def flattened(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers without sections, without blanks around them, and without empty ones."""
    flat: dict[str, Any] = {}
    for name, answer in answers.items():
        if isinstance(answer, Mapping):
            flat |= flattened(answer)
        elif isinstance(answer, str):
            # A password may begin or end with a blank; anything else was pasted badly.
            text = answer if name == CONF_PASSWORD else answer.strip()
            flat |= {name: text} if text else {}
        else:
            flat[name] = answer
    return flat
