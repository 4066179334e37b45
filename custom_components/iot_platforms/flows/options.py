"""The options: which devices come in, what may be read, what a resource becomes, how often."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.config_entries import ConfigFlowResult, OptionsFlowWithReload
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import voluptuous as vol

from ..coordinator import AccountConfigEntry
from ..mapping import (
    EntityType,
    humanise,
    override_from_dict,
    override_to_dict,
)
from ..mapping.choice import possible
from ..mapping.overrides import (
    CONF_EXCLUDED_DEVICES,
    CONF_RESOURCES,
    CONF_SAFE_DEVICES,
    CONF_SAFE_RESOURCES,
    CONF_VALUE_INTERVAL,
    DEFAULT_VALUE_INTERVAL,
)
from ..model.device import Resource, ResourceKey, ResourceKind
from ..model.state import AccountState

CONF_RESOURCE: Final = "resource"
CONF_ENTITY: Final = "entity"
AUTOMATIC: Final = "automatic"
MIN_INTERVAL: Final = 5
MAX_INTERVAL: Final = 3600


class AccountOptionsFlow(OptionsFlowWithReload):
    """What a person decides about an account."""

    config_entry: AccountConfigEntry
    _key: ResourceKey

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what it is about."""
        return self.async_show_menu(
            step_id="init", menu_options=["devices", "reading", "resource", "updates"]
        )

    async def async_step_devices(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which devices to leave out."""
        chosen = self._options.get(CONF_EXCLUDED_DEVICES, [])
        return self._show_or_save(
            "devices",
            {CONF_EXCLUDED_DEVICES: _choice(self._device_options(chosen))},
            user_input,
        )

    async def async_step_reading(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what is safe to read although it takes values."""
        devices = self._options.get(CONF_SAFE_DEVICES, [])
        resources = self._options.get(CONF_SAFE_RESOURCES, [])
        return self._show_or_save(
            "reading",
            {
                CONF_SAFE_DEVICES: _choice(self._device_options(devices)),
                CONF_SAFE_RESOURCES: _choice(self._unsafe_options(resources)),
            },
            user_input,
        )

    async def async_step_updates(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how often devices send their values."""
        selector = NumberSelector(
            NumberSelectorConfig(
                min=MIN_INTERVAL,
                max=MAX_INTERVAL,
                mode=NumberSelectorMode.BOX,
                unit_of_measurement="s",
            )
        )
        return self._show_or_save(
            "updates",
            {CONF_VALUE_INTERVAL: selector},
            user_input,
            {CONF_VALUE_INTERVAL: DEFAULT_VALUE_INTERVAL},
        )

    async def async_step_resource(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which resource to change."""
        if user_input is not None:
            self._key = ResourceKey.parse(user_input[CONF_RESOURCE])
            return await self.async_step_entity()
        resources = [r for r in self._state.resources() if _possible(r)]
        selector = SelectSelector(
            SelectSelectorConfig(
                options=self._resource_options(resources),
                mode=SelectSelectorMode.DROPDOWN,
            )
        )
        return self.async_show_form(
            step_id="resource",
            data_schema=vol.Schema({vol.Required(CONF_RESOURCE): selector}),
        )

    async def async_step_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what the resource becomes."""
        rows = dict(self._options.get(CONF_RESOURCES, {}))
        if user_input is not None:
            row = override_to_dict(override_from_dict(user_input))
            rows.pop(self._key.text, None)
            if row:
                rows[self._key.text] = row
            return self._save({CONF_RESOURCES: rows})
        resource = self._state.resource(self._key)
        schema = _entity_schema(_possible(resource) if resource else [])
        suggested = {CONF_ENTITY: AUTOMATIC, **rows.get(self._key.text, {})}
        return self.async_show_form(
            step_id="entity",
            data_schema=self.add_suggested_values_to_schema(schema, suggested),
            description_placeholders={"resource": self._label(self._key, resource)},
        )

    @property
    def _options(self) -> Mapping[str, Any]:
        return self.config_entry.options

    @property
    def _state(self) -> AccountState:
        coordinator = getattr(self.config_entry, "runtime_data", None)
        return coordinator.data if coordinator else AccountState()

    def _show_or_save(
        self,
        step_id: str,
        fields: Mapping[str, Any],
        user_input: dict[str, Any] | None,
        defaults: Mapping[str, Any] | None = None,
    ) -> ConfigFlowResult:
        if user_input is not None:
            empty: dict[str, Any] = {} if defaults else {name: [] for name in fields}
            return self._save({**empty, **user_input})
        schema = vol.Schema(
            {vol.Optional(name): field for name, field in fields.items()}
        )
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(
                schema, {**(defaults or {}), **self._options}
            ),
        )

    def _save(self, changed: Mapping[str, Any]) -> ConfigFlowResult:
        return self.async_create_entry(data={**self._options, **changed})

    def _device_options(self, chosen: list[str]) -> list[SelectOptionDict]:
        """Return all devices, and those that were chosen earlier and are not here now."""
        names = {d: known.device.name for d, known in self._state.devices.items()}
        return _sorted({**{device_id: device_id for device_id in chosen}, **names})

    def _unsafe_options(self, chosen: list[str]) -> list[SelectOptionDict]:
        resources = {
            resource.key.text: self._label(resource.key, resource)
            for resource in self._state.resources()
            if not resource.read_safe and not resource.key.leaf
            if resource.kind is not ResourceKind.CALLBACK
        }
        return _sorted({**{text: text for text in chosen}, **resources})

    def _resource_options(self, resources: list[Resource]) -> list[SelectOptionDict]:
        return _sorted({r.key.text: self._label(r.key, r) for r in resources})

    def _label(self, key: ResourceKey, resource: Resource | None) -> str:
        device = self._state.device(key.device_id)
        name = humanise(resource.name) if resource else key.resource_id
        return f"{device.name if device else key.device_id}: {name}"


def _choice(options: list[SelectOptionDict]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=options, multiple=True, mode=SelectSelectorMode.DROPDOWN
        )
    )


def _sorted(labels: Mapping[str, str]) -> list[SelectOptionDict]:
    options = [
        SelectOptionDict(value=value, label=label) for value, label in labels.items()
    ]
    return sorted(options, key=lambda option: option["label"].casefold())


def _possible(resource: Resource) -> list[EntityType]:
    """Return what can be made of a resource, in the order of the list; empty for nothing."""
    found = possible(resource, resource.value_type)
    return [*(e for e in EntityType if e in found), EntityType.NONE] if found else []


def _entity_schema(entities: list[EntityType]) -> vol.Schema:
    number = NumberSelector(
        NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any")
    )
    return vol.Schema(
        {
            vol.Required(CONF_ENTITY): SelectSelector(
                SelectSelectorConfig(
                    options=[AUTOMATIC, *entities],
                    translation_key="entity_type",
                    mode=SelectSelectorMode.DROPDOWN,
                )
            ),
            vol.Optional("name"): TextSelector(),
            vol.Optional("unit"): TextSelector(),
            vol.Optional("minimum"): number,
            vol.Optional("maximum"): number,
            vol.Optional("step"): number,
            vol.Optional("inverted", default=False): BooleanSelector(),
        }
    )
