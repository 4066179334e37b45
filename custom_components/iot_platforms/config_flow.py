"""Adding an account, and mending its sign-in. What is asked stands in ``flows``."""

from collections.abc import Callable, Collection, Coroutine, Mapping
from importlib import import_module
import logging
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow, section
import voluptuous as vol

from .account import async_signed_in
from .adapters.base import Discovers
from .adapters.registry import PLATFORMS
from .const import CONF_ACCOUNT, CONF_PLATFORM, DOMAIN
from .flows.base import CONF_TLS, TLS_FIELDS, SignIn
from .flows.forms import filled, without
from .flows.options import AccountOptionsFlow
from .flows.overview import Overview, async_overview, overview_schema
from .model.errors import PlatformError
from .model.platform import Account, IotPlatform

CONF_SERVER: Final = "server"
"""Where the account is now; the entry's unique id keeps where it was first."""

_LOGGER: Final = logging.getLogger(__name__)

type Step = Callable[
    [IotPlatformsConfigFlow, dict[str, Any] | None],
    Coroutine[Any, Any, ConfigFlowResult],
]

SIGN_INS: Final[Mapping[IotPlatform, SignIn]] = {
    platform: import_module(f".flows.{platform}", __package__).SIGN_IN
    for platform in PLATFORMS
}


class IotPlatformsConfigFlow(ConfigFlow, domain=DOMAIN):
    """A menu of platforms, then the platform's form."""

    VERSION = 1
    MINOR_VERSION = 1

    _account: Account
    _kept: dict[str, Any]
    _overview: Overview

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: ConfigEntry) -> OptionsFlow:
        """Return the flow of the options."""
        return AccountOptionsFlow()

    @override
    async def async_step_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for the platform."""
        return self.async_show_menu(
            step_id="user", menu_options=list(SIGN_INS), sort=True
        )

    async def async_step_reauth(
        self, entry_data: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Ask again for what no longer works."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for new credentials of the same account."""
        present = self._get_reauth_entry().data
        platform = IotPlatform(present[CONF_PLATFORM])
        schema = SIGN_INS[platform].credentials_schema(present)
        return await self._async_ask("reauth_confirm", platform, schema, user_input)

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another address, or other credentials of the same account."""
        platform = IotPlatform(self._get_reconfigure_entry().data[CONF_PLATFORM])
        schema = SIGN_INS[platform].account_schema()
        return await self._async_ask("reconfigure", platform, schema, user_input)

    async def async_step_platform(
        self, platform: IotPlatform, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for a new account."""
        schema = SIGN_INS[platform].account_schema()
        return await self._async_ask(platform, platform, schema, user_input)

    async def async_step_overview(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Show what would come in, and ask what shall not."""
        if user_input is not None:
            return self._create(filled(user_input))
        overview, platform = self._overview, PLATFORMS[self._account.platform]
        return self.async_show_form(
            step_id="overview_large" if overview.is_large else "overview",
            data_schema=overview_schema(overview, platform.features),
            description_placeholders={
                "account": self._account.title,
                "devices": str(len(overview.devices)),
                "entities": str(overview.enabled),
                "disabled": str(overview.disabled),
            },
        )

    async_step_overview_large = async_step_overview
    """The same with a warning: Home Assistant may not take all of it."""

    async def _async_ask(
        self,
        step_id: str,
        platform: IotPlatform,
        schema: vol.Schema,
        user_input: dict[str, Any] | None,
    ) -> ConfigFlowResult:
        """Show a form until its answers sign in."""
        errors: dict[str, str] = {}
        sign_in, entry = SIGN_INS[platform], self._entry
        if user_input is not None:
            try:
                return await self._async_finish(platform, sign_in, user_input)
            except PlatformError as error:
                _LOGGER.debug("Sign-in failed: %s", error)
                errors[sign_in.error_fields.get(error.reason, "base")] = error.reason
            except AbortFlow:
                raise
            except Exception:
                _LOGGER.exception("Sign-in failed in a way that nobody thought of")
                errors["base"] = "unknown"
            shown: Mapping[str, Any] = user_input
        else:
            shown = _sectioned(schema, entry.data if entry else {})
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, without(shown, sign_in.replaced)
            ),
            errors=_at_fields(errors, schema),
            description_placeholders={
                "account": entry.title if entry else "",
                "http": "http://",  # translations must not hold addresses
            },
        )

    async def _async_finish(
        self, platform: IotPlatform, sign_in: SignIn, user_input: dict[str, Any]
    ) -> ConfigFlowResult:
        """Sign in, and make or mend the entry."""
        entry = self._entry
        answers = sign_in.credentials(user_input, entry.data if entry else {})
        if entry is None:
            overview = await self._async_look(platform, sign_in, answers)
            if overview is None:
                return self._create({})
            self._overview = overview
            return await self.async_step_overview()
        unasked = set() if CONF_TLS in user_input else TLS_FIELDS
        answers = _only(entry.data, sign_in.address_fields | unasked) | answers
        account, credentials = await self._async_sign_in_again(
            entry, platform, sign_in, answers
        )
        return self._mend(entry, account, sign_in.kept(credentials))

    async def _async_look(
        self, platform: IotPlatform, sign_in: SignIn, answers: dict[str, Any]
    ) -> Overview | None:
        """Sign in to a new account, and see what is in it where the platform tells it at once."""
        overview = None
        async with async_signed_in(self.hass, platform, answers) as signed_in:
            self._account = signed_in.account
            # A form that somebody left open must not stop who begins anew.
            await self.async_set_unique_id(self._account.key, raise_on_progress=False)
            self._abort_if_set_up(self._account)
            if not isinstance(signed_in.adapter, Discovers):
                overview = await async_overview(signed_in.adapter)
        self._kept = sign_in.kept(signed_in.credentials)
        return overview

    def _create(self, options: Mapping[str, Any]) -> ConfigFlowResult:
        """Make the entry of a new account."""
        self._abort_if_set_up(self._account)
        return self.async_create_entry(
            title=self._account.title,
            data=_data(self._account, self._kept),
            options=options,
        )

    async def _async_sign_in_again(
        self,
        entry: ConfigEntry,
        platform: IotPlatform,
        sign_in: SignIn,
        answers: dict[str, Any],
    ) -> tuple[Account, dict[str, Any]]:
        """Sign in with new secrets, or try a new address with those at hand."""
        is_anew = self.source == SOURCE_REAUTH or sign_in.has_secret(answers)
        if not is_anew:
            answers = sign_in.reused(answers, entry.data)
        async with async_signed_in(self.hass, platform, answers) as signed_in:
            account, credentials = signed_in.account, signed_in.credentials
        secrets = sign_in.replaced
        if not is_anew and _only(credentials, secrets) == _only(answers, secrets):
            # No new tokens came of it. The account may have renewed its own meanwhile.
            credentials |= _only(entry.data, secrets)
        return account, credentials

    def _mend(
        self, entry: ConfigEntry, account: Account, kept: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Give an entry other credentials of the same account; its unique id never changes."""
        server = entry.data[CONF_SERVER]
        is_elsewhere = self.source == SOURCE_REAUTH and account.server != server
        if is_elsewhere or account.user != entry.data[CONF_ACCOUNT]:
            return self.async_abort(reason="unique_id_mismatch")
        self._abort_if_set_up(account, but=entry)
        return self.async_update_reload_and_abort(
            entry,
            title=entry.title.replace(server, account.server),
            data=_data(account, kept),
        )

    def _abort_if_set_up(
        self, account: Account, but: ConfigEntry | None = None
    ) -> None:
        """Abort if another entry is this account, or has become it by a change of its address."""
        identity = _data(account, {})
        for entry in self._async_current_entries():
            if entry is not but and (
                entry.unique_id == account.key
                or _only(entry.data, identity.keys()) == identity
            ):
                raise AbortFlow("already_configured")

    @property
    def _entry(self) -> ConfigEntry | None:
        """Return the entry that is to be mended, None where one is to be made."""
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry()
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry()
        return None


def _platform_step(platform: IotPlatform) -> Step:
    async def step(
        flow: IotPlatformsConfigFlow, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        return await flow.async_step_platform(platform, user_input)

    return step


# Home Assistant finds a step by its name; each platform of the registry has one.
for _platform in SIGN_INS:
    setattr(
        IotPlatformsConfigFlow, f"async_step_{_platform}", _platform_step(_platform)
    )


def _data(account: Account, kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry holds: whose account it is, where it is now, and how to sign in."""
    return {
        **kept,
        CONF_PLATFORM: account.platform,
        CONF_SERVER: account.server,
        CONF_ACCOUNT: account.user,
    }


def _only(data: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name in names}


def _sectioned(schema: vol.Schema, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return flat values as a form with sections takes them."""
    nested: dict[str, Any] = dict(values)
    for marker, field in schema.schema.items():
        if isinstance(field, section):
            nested[str(marker)] = {
                str(inner): values[str(inner)]
                for inner in field.schema.schema
                if str(inner) in values
            }
    return nested


def _at_fields(errors: Mapping[str, str], schema: vol.Schema) -> dict[str, str]:
    """Return errors at fields that this form has, the others for the whole form."""
    fields = {str(marker) for marker in schema.schema}
    return {
        field if field in fields else "base": reason for field, reason in errors.items()
    }
