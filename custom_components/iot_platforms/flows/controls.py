"""The steps about controls: calls to devices that a person adds as entities."""

from collections.abc import Mapping
import json
from typing import Any, Final
from uuid import uuid4

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.helpers.selector import (
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
)
import voluptuous as vol

from ..mapping import (
    control_from_dict,
    control_to_dict,
    humanise,
    parse_controls,
)
from ..mapping.choice import COMPOUND
from ..mapping.controls import (
    CONF_CONTROLS,
    MAXIMUM_TIMEOUT,
    MINIMUM_TIMEOUT,
    json_of,
)
from ..model.control import DEFAULT_TIMEOUT, Control, ControlType, is_control
from ..model.device import ResourceKey, ResourceKind
from ..model.value import is_same
from .forms import (
    CONF_NAME,
    CONF_OPTIONS,
    CONF_UNIT,
    flag_field,
    labelled,
    limit_fields,
    one,
    one_of_ours,
    own_texts,
    several,
    wrong_limits,
)
from .steps import OptionSteps

CONF_CONTROL: Final = "control"
CONF_TYPE: Final = "type"
CONF_DEVICES: Final = "devices"
CONF_METHOD: Final = "method"
CONF_PARAMETERS: Final = "parameters"
CONF_ONE_WAY: Final = "one_way"
CONF_STATE: Final = "state"
CONF_TIMEOUT: Final = "timeout"
CONF_DELETE: Final = "delete"
CONF_ON: Final = "on"
CONF_OFF: Final = "off"
ADD: Final = "add"
EXAMPLE: Final = '{"pin": 1, "enabled": "$value"}'
"""What texts must not hold themselves: braces are their placeholders."""
JSON_FIELDS: Final = (CONF_PARAMETERS, CONF_ON, CONF_OFF)
"""What people write as JSON."""


class ControlSteps(OptionSteps):
    """Adds, changes and deletes controls."""

    _control: Control | None = None
    """The one that is changed, None for a new one."""
    _row: dict[str, Any]
    """What the first form said, as the options hold it."""

    async def async_step_controls(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which control to change, or whether to add one."""
        controls = {control.id: control for control in parse_controls(self._options)}
        if user_input is not None or not controls:
            self._control = controls.get((user_input or {}).get(CONF_CONTROL, ADD))
            return await self.async_step_control()
        return self.async_show_form(
            step_id="controls",
            data_schema=vol.Schema({vol.Required(CONF_CONTROL): _choice(controls)}),
        )

    async def async_step_control(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what a control is, and what it tells which devices."""
        devices = self._devices(self._control.devices if self._control else ())
        if not devices:
            return self.async_abort(reason="no_devices")
        errors: dict[str, str] = {}
        if user_input is not None:
            if self._control and user_input[CONF_DELETE]:
                return self._save_controls({self._control.id: None})
            errors = _wrong_control(user_input)
            if not errors:
                return await self._async_ask_more(user_input)
        return self._show(
            "control",
            _control_schema(devices, self._states(), is_new=self._control is None),
            user_input,
            errors,
        )

    async def async_step_control_switch(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask what on and off are to the device."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = _wrong_json(user_input) or _wrong_values(user_input)
            if not errors:
                return self._keep(_parsed(user_input))
        return self._show("control_switch", SWITCH_SCHEMA, user_input, errors)

    async def async_step_control_number(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which numbers the device takes."""
        errors: dict[str, str] = {}
        if user_input is not None:
            errors = wrong_limits(user_input)
            if not errors:
                return self._keep(user_input)
        return self._show("control_number", NUMBER_SCHEMA, user_input, errors)

    async def async_step_control_select(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask which texts the device takes."""
        errors: dict[str, str] = {}
        if user_input is not None:
            if any(map(str.strip, user_input[CONF_OPTIONS])):
                return self._keep(user_input)
            errors[CONF_OPTIONS] = "options_missing"
        return self._show("control_select", SELECT_SCHEMA, user_input, errors)

    async def _async_ask_more(self, answers: dict[str, Any]) -> ConfigFlowResult:
        """Go on with the form of the control's type, if it has one."""
        self._row = _parsed(answers)
        match answers[CONF_TYPE]:
            case ControlType.SWITCH:
                return await self.async_step_control_switch()
            case ControlType.NUMBER:
                return await self.async_step_control_number()
            case ControlType.SELECT:
                return await self.async_step_control_select()
            case _:
                return self._keep({})

    def _show(
        self,
        step_id: str,
        schema: vol.Schema,
        answers: Mapping[str, Any] | None,
        errors: dict[str, str],
    ) -> ConfigFlowResult:
        """Show a form with what was just filled in, else with what the control is now."""
        if answers is None:
            answers = _answers(self._control) if self._control else {}
        return self.async_show_form(
            step_id=step_id,
            data_schema=self.add_suggested_values_to_schema(schema, answers),
            errors=errors,
            description_placeholders={"example": EXAMPLE},
        )

    def _keep(self, details: Mapping[str, Any]) -> ConfigFlowResult:
        """Save what the forms said."""
        # The id is part of the entities' ids.
        control_id = self._control.id if self._control else uuid4().hex
        row = {**self._row, **details, "id": control_id}
        return self._save_controls({control_id: control_from_dict(row)})

    def _save_controls(self, changed: Mapping[str, Control | None]) -> ConfigFlowResult:
        """Keep the controls with some changed, new, or gone (None)."""
        before = {control.id: control for control in parse_controls(self._options)}
        controls = [c for c in {**before, **changed}.values() if c is not None]
        rows = [control_to_dict(control) for control in controls]
        return self._save({CONF_CONTROLS}, {CONF_CONTROLS: rows})

    def _states(self) -> list[SelectOptionDict]:
        """Return what can tell the state of a control: the same resource of each device."""
        names = {
            resource.key[1:]: resource.name
            for resource in self._state.resources()
            if resource.value_type not in COMPOUND
            and resource.kind is not ResourceKind.CALLBACK
            and not is_control(resource.key)
        }
        labels = {
            ResourceKey("", *key).text.removeprefix("/"): humanise(name)
            for key, name in names.items()
        }
        if self._control and (state := self._control.state):
            labels.setdefault(state, state)
        return labelled(labels)


SWITCH_SCHEMA: Final = vol.Schema(
    {
        vol.Optional(CONF_ON, description={"suggested_value": "true"}): TextSelector(),
        vol.Optional(
            CONF_OFF, description={"suggested_value": "false"}
        ): TextSelector(),
    }
)
NUMBER_SCHEMA: Final = vol.Schema(
    {**limit_fields(), vol.Optional(CONF_UNIT): TextSelector()}
)
SELECT_SCHEMA: Final = vol.Schema({vol.Required(CONF_OPTIONS): own_texts()})


def _choice(controls: Mapping[str, Control]) -> SelectSelector:
    names = labelled({control.id: control.name for control in controls.values()})
    return SelectSelector(
        SelectSelectorConfig(
            options=[*names, SelectOptionDict(value=ADD, label=ADD)],
            translation_key="control",
            mode=SelectSelectorMode.LIST,
        )
    )


def _control_schema(
    devices: list[SelectOptionDict], states: list[SelectOptionDict], *, is_new: bool
) -> vol.Schema:
    """Return the first form about a control; only what is there can be deleted."""
    return vol.Schema(
        {
            vol.Required(CONF_NAME): TextSelector(),
            vol.Required(CONF_TYPE, default=ControlType.SWITCH): one_of_ours(
                [*ControlType], "control_type"
            ),
            # Of what is required, the frontend takes the first one by itself.
            vol.Optional(CONF_DEVICES): several(devices),
            vol.Required(CONF_METHOD): TextSelector(),
            vol.Optional(CONF_PARAMETERS): TextSelector(
                TextSelectorConfig(multiline=True)
            ),
            **flag_field(CONF_ONE_WAY),
            vol.Optional(CONF_STATE): one(states),
            vol.Required(CONF_TIMEOUT, default=DEFAULT_TIMEOUT): NumberSelector(
                NumberSelectorConfig(
                    min=MINIMUM_TIMEOUT,
                    max=MAXIMUM_TIMEOUT,
                    mode=NumberSelectorMode.BOX,
                    unit_of_measurement="s",
                )
            ),
            **({} if is_new else flag_field(CONF_DELETE)),
        }
    )


def _answers(control: Control) -> dict[str, Any]:
    """Return a control as the forms show it."""
    row = control_to_dict(control)
    for field in JSON_FIELDS:
        if field in row:
            row[field] = json.dumps(row[field], ensure_ascii=False)
    return row


def _parsed(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers with the values that their JSON stands for; without those left empty."""
    parsed = dict(answers)
    for field in JSON_FIELDS:
        if text := parsed.pop(field, "").strip():
            parsed[field] = json_of(text)
    return parsed


def _wrong_control(answers: Mapping[str, Any]) -> dict[str, str]:
    errors = {
        field: "text_missing"
        for field in (CONF_NAME, CONF_METHOD)
        if not answers[field].strip()
    }
    if not answers.get(CONF_DEVICES):
        errors[CONF_DEVICES] = "devices_missing"
    return errors | _wrong_json(answers)


def _wrong_json(answers: Mapping[str, Any]) -> dict[str, str]:
    errors = {}
    for field in JSON_FIELDS:
        try:
            _parsed({field: answers.get(field, "")})
        except ValueError:
            errors[field] = "invalid_json"
    return errors


def _wrong_values(answers: Mapping[str, Any]) -> dict[str, str]:
    values = _parsed(answers)
    is_one = is_same(values.get(CONF_ON, True), values.get(CONF_OFF, False))
    return {CONF_OFF: "same_values"} if is_one else {}
