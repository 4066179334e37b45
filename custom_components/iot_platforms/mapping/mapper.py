"""Which entity a resource becomes."""

from dataclasses import replace
from typing import Final

from homeassistant.const import EntityCategory, Platform

from ..model.device import Resource, ResourceKind
from ..model.value import JsonValue, ValueType, value_type_of
from .choice import choose
from .details import Case, fill
from .names import humanise
from .overrides import Override
from .spec import EntitySpec
from .traits import is_diagnostic, is_internal, is_noisy, is_restart

_AUTOMATIC: Final = Override()
_READ_ONLY: Final = frozenset({Platform.SENSOR, Platform.BINARY_SENSOR})


def map_resource(
    resource: Resource, value: JsonValue, override: Override | None
) -> EntitySpec | None:
    """Return the entity of a resource, None where it becomes none."""
    spec, _ = _map(resource, value, override or _AUTOMATIC)
    return spec


def explain(resource: Resource, value: JsonValue, override: Override | None) -> str:
    """Return in plain English why a resource becomes what it becomes, or nothing."""
    _, reason = _map(resource, value, override or _AUTOMATIC)
    return reason


def _map(
    resource: Resource, value: JsonValue, override: Override
) -> tuple[EntitySpec | None, str]:
    case = Case(resource, resource.value_type or value_type_of(value), value, override)
    choice = choose(resource, case.value_type, override.entity)
    if choice.platform is None:
        return None, "; ".join(choice.notes)
    spec, notes = fill(case, _plain(case, choice.platform, by_hand=choice.by_hand))
    reason = "; ".join((*choice.notes, *notes))
    return replace(spec, reason=reason), reason


def _plain(case: Case, platform: Platform, *, by_hand: bool) -> EntitySpec:
    """Return what an entity of any kind has."""
    resource = case.resource
    automatic_name = None if resource.translation_key else _name(resource)
    return EntitySpec(
        key=resource.key,
        platform=platform,
        name=case.override.name or automatic_name,
        translation_key=resource.translation_key,
        category=_category(resource, platform),
        # Who chooses what a resource becomes wants to see it.
        enabled_default=by_hand or _is_enabled(case),
        value_type=case.value_type,
    )


def _name(resource: Resource) -> str:
    key = resource.key
    return humanise(resource.name.strip() or (key.resource_id, *key.leaf)[-1])


def _category(resource: Resource, platform: Platform) -> EntityCategory | None:
    if platform in _READ_ONLY and (resource.category or is_diagnostic(resource)):
        # Home Assistant refuses settings that cannot be set.
        return EntityCategory.DIAGNOSTIC
    if platform is Platform.BUTTON and is_restart(resource) and not resource.category:
        # Nobody should restart a device by asking for all buttons of a room.
        return EntityCategory.CONFIG
    if platform is Platform.UPDATE and not resource.category:
        return EntityCategory.CONFIG if resource.writable else EntityCategory.DIAGNOSTIC
    return EntityCategory(resource.category.value) if resource.category else None


def _is_enabled(case: Case) -> bool:
    resource = case.resource
    if not resource.enabled_default or is_internal(resource):
        return False
    if resource.kind is not ResourceKind.OUTPUT:
        return True
    return case.value_type is not ValueType.LIST and not is_noisy(resource)
