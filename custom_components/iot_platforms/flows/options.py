"""The options: which devices come in, what may be read, what a resource becomes, how often."""

from collections import Counter
from collections.abc import Collection, Mapping
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
    parse_choices,
    parse_overrides,
)
from ..mapping.choice import possible
from ..mapping.overrides import (
    CONF_EXCLUDED_DEVICES,
    CONF_RESOURCES,
    CONF_SAFE_DEVICES,
    CONF_SAFE_RESOURCES,
    CONF_VALUE_INTERVAL,
    DEFAULT_VALUE_INTERVAL,
    MINIMUM_VALUE_INTERVAL,
)
from ..model.device import Resource, ResourceKey, ResourceKind
from ..model.state import AccountState

CONF_RESOURCE: Final = "resource"
CONF_ENTITY: Final = "entity"
CONF_NAME: Final = "name"
CONF_UNIT: Final = "unit"
CONF_MINIMUM: Final = "minimum"
CONF_MAXIMUM: Final = "maximum"
CONF_STEP: Final = "step"
CONF_INVERTED: Final = "inverted"
AUTOMATIC: Final = "automatic"
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
        devices = self._devices(parse_choices(self._options).excluded_devices)
        schema = vol.Schema({vol.Optional(CONF_EXCLUDED_DEVICES): _several(devices)})
        return self._show_or_save("devices", schema, user_input)

    async def async_step_reading(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what is safe to read although it takes values."""
        choices = parse_choices(self._options)
        devices = self._devices(choices.safe_devices)
        resources = self._unsafe_resources(choices.safe_resources)
        schema = vol.Schema(
            {
                vol.Optional(CONF_SAFE_DEVICES): _several(devices),
                vol.Optional(CONF_SAFE_RESOURCES): _several(resources),
            }
        )
        return self._show_or_save("reading", schema, user_input)

    async def async_step_updates(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how often devices send their values."""
        selector = NumberSelector(
            NumberSelectorConfig(
                min=MINIMUM_VALUE_INTERVAL,
                max=MAX_INTERVAL,
                mode=NumberSelectorMode.BOX,
                unit_of_measurement="s",
            )
        )
        interval = vol.Optional(
            CONF_VALUE_INTERVAL, description={"suggested_value": DEFAULT_VALUE_INTERVAL}
        )
        return self._show_or_save(
            "updates", vol.Schema({interval: selector}), user_input
        )

    async def async_step_resource(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which resource to change."""
        if user_input is not None:
            self._key = ResourceKey.parse(user_input[CONF_RESOURCE])
            return await self.async_step_entity()
        resources = self._changeable_resources()
        if not resources:
            return self.async_abort(reason="no_resources")
        return self.async_show_form(
            step_id="resource",
            data_schema=vol.Schema({vol.Required(CONF_RESOURCE): _one(resources)}),
        )

    async def async_step_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what the resource becomes."""
        rows = dict(self._options.get(CONF_RESOURCES, {}))
        row = rows.pop(self._key.text, {})
        resource = self._state.resource(self._key)
        # What is not known now, say because the account is not loaded, can be anything.
        schema = _entity_schema(_possible(resource) if resource else [*EntityType])
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = _wrong_limits(user_input)
            # What the form does not ask for stays: it may have come in with an import.
            row = _without(row, _fields(schema)) | user_input
            if not errors:
                if changed := override_to_dict(override_from_dict(_filled(row))):
                    rows[self._key.text] = changed
                return self._save({CONF_RESOURCES}, {CONF_RESOURCES: rows})
        return self.async_show_form(
            step_id="entity",
            data_schema=self.add_suggested_values_to_schema(
                schema, {CONF_ENTITY: AUTOMATIC, **row}
            ),
            errors=errors,
            description_placeholders={"resource": self._label(self._key, resource)},
        )

    @property
    def _options(self) -> Mapping[str, Any]:
        return self.config_entry.options

    @property
    def _state(self) -> AccountState:
        """Return what is known of the account: nothing while it is not loaded."""
        coordinator = getattr(self.config_entry, "runtime_data", None)
        return coordinator.data if coordinator else AccountState()

    def _show_or_save(
        self, step_id: str, schema: vol.Schema, user_input: dict[str, Any] | None
    ) -> ConfigFlowResult:
        if user_input is not None:
            return self._save(_fields(schema), user_input)
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, self._options),
        )

    def _save(
        self, asked: Collection[str], answers: Mapping[str, Any]
    ) -> ConfigFlowResult:
        """Keep the answers; what was asked for and left empty is removed."""
        return self.async_create_entry(
            data=_without(self._options, asked) | _filled(answers)
        )

    def _devices(self, chosen: Collection[str]) -> list[SelectOptionDict]:
        """Return all devices, and those that were chosen earlier and are not here now."""
        names = {
            device_id: known.device.name
            for device_id, known in self._state.devices.items()
            if not known.device.is_service
        }
        return _sorted({device_id: device_id for device_id in chosen} | names)

    def _unsafe_resources(
        self, chosen: Collection[ResourceKey]
    ) -> list[SelectOptionDict]:
        resources = {
            resource.key
            for resource in self._state.resources()
            if not resource.read_safe and not resource.key.leaf
            if resource.kind is not ResourceKind.CALLBACK
        }
        return self._labelled(resources | {*chosen})

    def _changeable_resources(self) -> list[SelectOptionDict]:
        """Return what can become something else, and what was changed earlier."""
        resources = {r.key for r in self._state.resources() if _possible(r)}
        return self._labelled(resources | parse_overrides(self._options).keys())

    def _labelled(self, keys: Collection[ResourceKey]) -> list[SelectOptionDict]:
        return _sorted(
            {key.text: self._label(key, self._state.resource(key)) for key in keys}
        )

    def _label(self, key: ResourceKey, resource: Resource | None) -> str:
        device = self._state.device(key.device_id)
        name = humanise(resource.name if resource else key.resource_id)
        return f"{device.name if device else key.device_id}: {name}"


def _sorted(labels: Mapping[str, str]) -> list[SelectOptionDict]:
    """Return options in the order of their labels; those that look alike tell their ids."""
    count = Counter(labels.values())
    options = [
        SelectOptionDict(
            value=value, label=label if count[label] == 1 else f"{label} ({value})"
        )
        for value, label in labels.items()
    ]
    return sorted(options, key=lambda option: option["label"].casefold())


def _several(options: list[SelectOptionDict]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(
            options=options, multiple=True, mode=SelectSelectorMode.DROPDOWN
        )
    )


def _one(options: list[SelectOptionDict]) -> SelectSelector:
    return SelectSelector(
        SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN)
    )


def _fields(schema: vol.Schema) -> set[str]:
    return {str(marker) for marker in schema.schema}


def _without(data: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in data.items() if name not in names}


def _filled(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers without those that say nothing."""
    return {name: value for name, value in answers.items() if value not in ("", [], {})}


def _possible(resource: Resource) -> list[EntityType]:
    """Return what can be made of a resource, in the order of the list; empty for nothing."""
    found = possible(resource, resource.value_type)
    return [*(e for e in EntityType if e in found), EntityType.NONE] if found else []


def _entity_schema(entities: Collection[EntityType]) -> vol.Schema:
    """Return the form for a resource: only what says something about its kinds of entities."""
    number = NumberSelector(
        NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any")
    )
    kind = SelectSelector(
        SelectSelectorConfig(
            options=[AUTOMATIC, *entities],
            translation_key="entity_type",
            mode=SelectSelectorMode.DROPDOWN,
        )
    )
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_ENTITY): kind,
        vol.Optional(CONF_NAME): TextSelector(),
    }
    if {EntityType.SENSOR, EntityType.NUMBER} & {*entities}:
        fields[vol.Optional(CONF_UNIT)] = TextSelector()
    if EntityType.NUMBER in entities:
        fields |= {
            vol.Optional(limit): number
            for limit in (CONF_MINIMUM, CONF_MAXIMUM, CONF_STEP)
        }
    if {EntityType.SWITCH, EntityType.BINARY_SENSOR} & {*entities}:
        fields[vol.Optional(CONF_INVERTED, default=False)] = BooleanSelector()
    return vol.Schema(fields)


def _wrong_limits(answers: Mapping[str, Any]) -> dict[str, str]:
    errors = {}
    low, high = answers.get(CONF_MINIMUM), answers.get(CONF_MAXIMUM)
    if low is not None and high is not None and low >= high:
        errors[CONF_MAXIMUM] = "maximum_too_low"
    if answers.get(CONF_STEP, 1) <= 0:
        errors[CONF_STEP] = "step_too_small"
    return errors
