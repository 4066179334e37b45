"""What forms are made of."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final
from urllib.parse import unquote

from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
)
import voluptuous as vol

from ..model.device import Device

CONF_NAME: Final = "name"
CONF_UNIT: Final = "unit"
CONF_OPTIONS: Final = "options"
CONF_MINIMUM: Final = "minimum"
CONF_MAXIMUM: Final = "maximum"
CONF_STEP: Final = "step"


def labelled(
    labels: Mapping[str, str], short_id: Callable[[str], str] = unquote
) -> list[SelectOptionDict]:
    """Return options in the order of their labels; those that look alike tell their ids."""
    told = _told_apart(_told_apart(labels, short_id), unquote)
    return sorted(
        (SelectOptionDict(value=value, label=label) for value, label in told.items()),
        key=lambda option: option["label"].casefold(),
    )


def _told_apart(
    labels: Mapping[str, str], id_of: Callable[[str], str]
) -> dict[str, str]:
    count = Counter(labels.values())
    return {
        value: label if count[label] == 1 else f"{label} ({id_of(value)})"
        for value, label in labels.items()
    }


def device_options(
    devices: Collection[Device], chosen: Collection[str]
) -> list[SelectOptionDict]:
    """Return devices, and those that were chosen earlier and are not here now."""
    names = {device.id: device.name for device in devices if not device.is_service}
    return labelled({device_id: device_id for device_id in chosen} | names)


def flag_field(name: str) -> dict[vol.Marker, Any]:
    """Return the field of something that is off until a person wants it."""
    return {vol.Optional(name, default=False): BooleanSelector()}


def several(options: list[SelectOptionDict]) -> SelectSelector:
    """Return a choice of as many as one likes."""
    return SelectSelector(
        SelectSelectorConfig(
            options=options, multiple=True, mode=SelectSelectorMode.DROPDOWN
        )
    )


def one(options: list[SelectOptionDict]) -> SelectSelector:
    """Return a choice of one."""
    return SelectSelector(
        SelectSelectorConfig(options=options, mode=SelectSelectorMode.DROPDOWN)
    )


def one_of_ours(options: Collection[str], translation_key: str) -> SelectSelector:
    """Return a choice of what we name ourselves."""
    return SelectSelector(
        SelectSelectorConfig(
            options=list(options),
            translation_key=translation_key,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def own_texts(suggested: Collection[str] = ()) -> SelectSelector:
    """Return a list of texts that a person writes."""
    return SelectSelector(
        SelectSelectorConfig(
            options=list(suggested),
            multiple=True,
            custom_value=True,
            mode=SelectSelectorMode.DROPDOWN,
        )
    )


def limit_fields() -> dict[vol.Marker, Any]:
    """Return the fields that say between which numbers something can be set."""
    number = NumberSelector(
        NumberSelectorConfig(mode=NumberSelectorMode.BOX, step="any")
    )
    return {
        vol.Optional(limit): number for limit in (CONF_MINIMUM, CONF_MAXIMUM, CONF_STEP)
    }


def wrong_limits(answers: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with such limits, by the field."""
    errors = {}
    low, high = answers.get(CONF_MINIMUM), answers.get(CONF_MAXIMUM)
    if low is not None and high is not None and low >= high:
        errors[CONF_MAXIMUM] = "maximum_too_low"
    if answers.get(CONF_STEP, 1) <= 0:
        errors[CONF_STEP] = "step_too_small"
    return errors


def fields_of(schema: vol.Schema) -> set[str]:
    """Return the names of a form's fields."""
    return {str(marker) for marker in schema.schema}


def without(data: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    """Return all but some fields."""
    return {name: value for name, value in data.items() if name not in names}


def filled(answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the answers without those that say nothing."""
    return {
        name: value
        for name, value in answers.items()
        if value is not False and value not in ("", [], {})
    }
