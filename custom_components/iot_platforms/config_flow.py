"""Adding an account, and mending its sign-in. What is asked stands in ``flows``."""

from collections.abc import Callable, Coroutine, Mapping
from importlib import import_module
import logging
from types import MappingProxyType
from typing import Any, Final, override

from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_RECONFIGURE,
    ConfigEntry,
    ConfigFlow,
    ConfigFlowResult,
    OptionsFlow,
)
from homeassistant.const import CONF_ACCESS_TOKEN, CONF_USERNAME
from homeassistant.core import callback
from homeassistant.data_entry_flow import AbortFlow, section
import voluptuous as vol

from .account import async_sign_in
from .adapters.registry import PLATFORMS
from .const import CONF_ACCOUNT, CONF_PLATFORM, DOMAIN
from .flows.base import SignIn
from .flows.options import AccountOptionsFlow
from .model.errors import BadCredentialsError, PlatformError
from .model.platform import Account, IotPlatform

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
        entry = self._get_reauth_entry()
        sign_in = SIGN_INS[IotPlatform(entry.data[CONF_PLATFORM])]
        return await self._async_ask(
            "reauth_confirm",
            IotPlatform(entry.data[CONF_PLATFORM]),
            sign_in.credentials_schema(entry.data),
            user_input,
            stored=_without(entry.data, sign_in.replaced),
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for another address, or other credentials of the same account."""
        entry = self._get_reconfigure_entry()
        platform = IotPlatform(entry.data[CONF_PLATFORM])
        sign_in = SIGN_INS[platform]
        return await self._async_ask(
            "reconfigure",
            platform,
            sign_in.account_schema(),
            user_input,
            suggested=_without(entry.data, sign_in.replaced),
        )

    async def async_step_platform(
        self, platform: IotPlatform, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        """Ask for a new account."""
        return await self._async_ask(
            platform, platform, SIGN_INS[platform].account_schema(), user_input
        )

    async def _async_ask(
        self,
        step_id: str,
        platform: IotPlatform,
        schema: vol.Schema,
        user_input: dict[str, Any] | None,
        *,
        stored: Mapping[str, Any] = MappingProxyType({}),
        suggested: Mapping[str, Any] = MappingProxyType({}),
    ) -> ConfigFlowResult:
        """Show a form until its answers sign in; ``stored`` completes the answers."""
        errors: dict[str, str] = {}
        sign_in = SIGN_INS[platform]
        if user_input is not None:
            try:
                answers = {**stored, **sign_in.credentials(user_input)}
                return await self._async_finish(platform, sign_in, answers)
            except PlatformError as error:
                _LOGGER.debug("Sign-in failed: %s", error)
                errors[sign_in.error_fields.get(error.reason, "base")] = error.reason
            except AbortFlow:
                raise
            except Exception:
                _LOGGER.exception("Sign-in failed in a way that nobody thought of")
                errors["base"] = "unknown"
        known = (
            _sectioned(schema, {**suggested, **stored}) if user_input is None else {}
        )
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, known or _without(user_input or {}, sign_in.replaced)
            ),
            errors=_shown(errors, schema),
            description_placeholders={"account": self._account_title()},
        )

    async def _async_finish(
        self, platform: IotPlatform, sign_in: SignIn, answers: dict[str, Any]
    ) -> ConfigFlowResult:
        """Sign in, and make or mend the entry."""
        if self.source == SOURCE_RECONFIGURE and not sign_in.has_secret(answers):
            return await self._async_reuse_secrets(platform, sign_in, answers)
        account, credentials = await async_sign_in(self.hass, platform, answers)
        data = self._data(platform, account, sign_in.kept(credentials))
        if self.source == SOURCE_REAUTH:
            return self._update(self._get_reauth_entry(), account, data)
        if self.source == SOURCE_RECONFIGURE:
            return self._update(self._get_reconfigure_entry(), account, data)
        await self.async_set_unique_id(account.key)
        self._abort_if_unique_id_configured()
        return self.async_create_entry(title=account.title, data=data)

    async def _async_reuse_secrets(
        self, platform: IotPlatform, sign_in: SignIn, answers: dict[str, Any]
    ) -> ConfigFlowResult:
        """Try a new address with the access token at hand; renewing it is the account's business."""
        entry = self._get_reconfigure_entry()
        if answers.get(CONF_USERNAME) != entry.data.get(CONF_USERNAME):
            raise BadCredentialsError(reason="credentials_missing")
        access = {
            name: value
            for name, value in entry.data.items()
            if name == CONF_ACCESS_TOKEN
        }
        account, _ = await async_sign_in(self.hass, platform, {**answers, **access})
        secrets = {n: v for n, v in entry.data.items() if n in sign_in.replaced}
        kept = sign_in.kept({**secrets, **answers})
        return self._update(entry, account, self._data(platform, account, kept))

    def _update(
        self, entry: ConfigEntry, account: Account, data: dict[str, Any]
    ) -> ConfigFlowResult:
        """Give an entry other credentials of the same account; its unique id never changes."""
        if account.user != entry.data.get(CONF_ACCOUNT):
            return self.async_abort(reason="unique_id_mismatch")
        other = self.hass.config_entries.async_entry_for_domain_unique_id(
            DOMAIN, account.key
        )
        if other is not None and other.entry_id != entry.entry_id:
            return self.async_abort(reason="already_configured")
        return self.async_update_reload_and_abort(entry, data=data)

    def _data(
        self, platform: IotPlatform, account: Account, kept: Mapping[str, Any]
    ) -> dict[str, Any]:
        return {**kept, CONF_PLATFORM: platform, CONF_ACCOUNT: account.user}

    def _account_title(self) -> str:
        if self.source == SOURCE_REAUTH:
            return self._get_reauth_entry().title
        if self.source == SOURCE_RECONFIGURE:
            return self._get_reconfigure_entry().title
        return ""


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


def _without(data: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


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


def _shown(errors: Mapping[str, str], schema: vol.Schema) -> dict[str, str]:
    """Return errors at fields that this form has, the others for the whole form."""
    fields = {str(marker) for marker in schema.schema}
    return {
        field if field in fields else "base": reason for field, reason in errors.items()
    }
