"""The options: which devices come in, what may be read, what a resource becomes, how often."""

from collections.abc import Collection, Mapping
from typing import Any, Final
from urllib.parse import unquote

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    TextSelector,
)
import voluptuous as vol

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
    CONF_HIDES_INACTIVE,
    CONF_READS_DASHBOARDS,
    CONF_RESOURCES,
    CONF_SAFE_DEVICES,
    CONF_SAFE_RESOURCES,
    CONF_VALUE_INTERVAL,
    DEFAULT_VALUE_INTERVAL,
    MINIMUM_VALUE_INTERVAL,
)
from ..model.control import is_control
from ..model.device import Resource, ResourceKey, ResourceKind
from ..model.platform import Feature
from .controls import ControlSteps
from .forms import (
    CONF_NAME,
    CONF_OPTIONS,
    CONF_UNIT,
    fields_of,
    filled,
    flag_field,
    labelled,
    limit_fields,
    one,
    one_of_ours,
    own_texts,
    several,
    without,
    wrong_limits,
)

CONF_RESOURCE: Final = "resource"
CONF_ENTITY: Final = "entity"
CONF_INVERTED: Final = "inverted"
AUTOMATIC: Final = "automatic"
MAX_INTERVAL: Final = 3600


class AccountOptionsFlow(ControlSteps):
    """What a person decides about an account."""

    _key: ResourceKey

    async def async_step_init(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what it is about."""
        steps = ["devices", "reading", "controls", "resource", "updates"]
        if not self._has_unsafe:
            steps.remove("reading")
        if Feature.CONTROLS not in self._features:
            steps.remove("controls")
        return self.async_show_menu(step_id="init", menu_options=steps)

    async def async_step_devices(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which devices to leave out."""
        devices = self._devices(parse_choices(self._options).excluded_devices)
        schema = vol.Schema({vol.Optional(CONF_EXCLUDED_DEVICES): several(devices)})
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
                vol.Optional(CONF_SAFE_DEVICES): several(devices),
                vol.Optional(CONF_SAFE_RESOURCES): several(resources),
            }
        )
        return self._show_or_save("reading", schema, user_input)

    async def async_step_updates(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how often values come, and how they are shown."""
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
        fields: dict[vol.Marker, Any] = {interval: selector}
        if Feature.ACTIVITY in self._features:
            fields |= flag_field(CONF_HIDES_INACTIVE)
        if Feature.DASHBOARDS in self._features:
            fields |= flag_field(CONF_READS_DASHBOARDS)
        return self._show_or_save("updates", vol.Schema(fields), user_input)

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
            data_schema=vol.Schema({vol.Required(CONF_RESOURCE): one(resources)}),
        )

    async def async_step_entity(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what the resource becomes."""
        rows = dict(self._options.get(CONF_RESOURCES, {}))
        row = rows.pop(self._key.text, {})
        resource = self._state.resource(self._key)
        # What is not known now, say because the account is not loaded, can be anything.
        entities = _possible(resource) if resource else [*EntityType]
        options = resource.options if resource else ()
        schema = _entity_schema(entities, options)
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = wrong_limits(user_input) | _missing_options(user_input, options)
            # What the form does not ask for stays: it may have come in with an import.
            row = without(row, fields_of(schema)) | user_input
            if not errors:
                if changed := override_to_dict(override_from_dict(filled(row))):
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
    def _has_unsafe(self) -> bool:
        """Return whether there is anything that could be marked as safe, or was."""
        choices = parse_choices(self._options)
        return bool(
            choices.safe_devices or self._unsafe_resources(choices.safe_resources)
        )

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
        """Return what can become something else, and what was changed earlier.

        What a person's controls are, their own form asks.
        """
        resources = {
            resource.key
            for resource in self._state.resources()
            if _possible(resource) and not is_control(resource.key)
        }
        return self._labelled(resources | parse_overrides(self._options).keys())

    def _labelled(self, keys: Collection[ResourceKey]) -> list[SelectOptionDict]:
        return labelled(
            {key.text: self._label(key, self._state.resource(key)) for key in keys},
            # The device is named already.
            lambda text: unquote(text.partition("/")[2]),
        )

    def _label(self, key: ResourceKey, resource: Resource | None) -> str:
        device = self._state.device(key.device_id)
        name = humanise(resource.name if resource else key.resource_id)
        return f"{device.name if device else key.device_id}: {name}"


def _possible(resource: Resource) -> list[EntityType]:
    """Return what can be made of a resource, in the order of the list; empty for nothing."""
    found = possible(resource, resource.value_type)
    return [*(e for e in EntityType if e in found), EntityType.NONE] if found else []


def _entity_schema(
    entities: Collection[EntityType], options: Collection[str] = ()
) -> vol.Schema:
    """Return the form for a resource: only what says something about its kinds of entities."""
    fields: dict[vol.Marker, Any] = {
        vol.Required(CONF_ENTITY): one_of_ours([AUTOMATIC, *entities], "entity_type"),
        vol.Optional(CONF_NAME): TextSelector(),
    }
    if {EntityType.SENSOR, EntityType.NUMBER} & {*entities}:
        fields[vol.Optional(CONF_UNIT)] = TextSelector()
    if EntityType.NUMBER in entities:
        fields |= limit_fields()
    if EntityType.SELECT in entities:
        fields[vol.Optional(CONF_OPTIONS)] = own_texts(options)
    if {EntityType.SWITCH, EntityType.BINARY_SENSOR} & {*entities}:
        fields |= flag_field(CONF_INVERTED)
    return vol.Schema(fields)


def _missing_options(
    answers: Mapping[str, Any], options: Collection[str]
) -> dict[str, str]:
    """Return what is wrong with a list to choose from that offers nothing."""
    is_list = answers[CONF_ENTITY] == EntityType.SELECT
    if (
        is_list
        and not options
        and not any(map(str.strip, answers.get(CONF_OPTIONS, ())))
    ):
        return {CONF_OPTIONS: "options_missing"}
    return {}
