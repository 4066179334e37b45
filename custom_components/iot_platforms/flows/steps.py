"""What all steps of the options share."""

from collections.abc import Collection, Mapping
from typing import Any

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import SelectOptionDict
import voluptuous as vol

from ..adapters.registry import PLATFORMS
from ..const import CONF_PLATFORM
from ..coordinator import AccountConfigEntry
from ..model.platform import Feature, IotPlatform
from ..model.state import AccountState
from .forms import device_options, fields_of, filled, without


class OptionSteps(OptionsFlowWithReload):
    """Knows the account, and keeps what a person decides about it."""

    config_entry: AccountConfigEntry

    @property
    def _options(self) -> Mapping[str, Any]:
        return self.config_entry.options

    @property
    def _features(self) -> frozenset[Feature]:
        return PLATFORMS[IotPlatform(self.config_entry.data[CONF_PLATFORM])].features

    @property
    def _state(self) -> AccountState:
        """Return what is known of the account: nothing while it is not loaded."""
        coordinator = getattr(self.config_entry, "runtime_data", None)
        return coordinator.data if coordinator else AccountState()

    def _devices(self, chosen: Collection[str]) -> list[SelectOptionDict]:
        """Return all devices, and those that were chosen earlier and are not here now."""
        devices = [known.device for known in self._state.devices.values()]
        return device_options(devices, chosen)

    def _show_or_save(
        self, step_id: str, schema: vol.Schema, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        if user_input is not None:
            return self._save(fields_of(schema), user_input)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, self._options),
        )

    def _save(
        self, asked: Collection[str], answers: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Keep the answers; what was asked for and left empty is removed."""
        return self.async_create_entry(
            data=without(self._options, asked) | filled(answers)
        )
