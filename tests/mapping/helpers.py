"""Resources for the tests, and what Home Assistant makes of their entities."""

from homeassistant.components.sensor.const import (
    DEVICE_CLASS_STATE_CLASSES,
    DEVICE_CLASS_UNITS,
    NON_NUMERIC_DEVICE_CLASSES,
    STATE_CLASS_UNITS,
    SensorDeviceClass,
)
from homeassistant.const import EntityCategory, Platform

from custom_components.iot_platforms.mapping import EntitySpec, Override, map_resource
from custom_components.iot_platforms.mapping.device_classes import is_device_class
from custom_components.iot_platforms.model.device import (
    Category,
    Resource,
    ResourceKey,
    ResourceKind,
)
from custom_components.iot_platforms.model.value import JsonValue, ValueType


def resource(
    name: str,
    kind: ResourceKind = ResourceKind.OUTPUT,
    *,
    resource_id: str | None = None,
    leaf: tuple[str, ...] = (),
    value_type: ValueType | None = None,
    unit: str | None = None,
    meaning: str | None = None,
    minimum: float | None = None,
    maximum: float | None = None,
    step: float | None = None,
    options: tuple[str, ...] = (),
    category: Category | None = None,
    enabled_default: bool = True,
    writable: bool = False,
    translation_key: str | None = None,
) -> Resource:
    """Return a resource of a device; its id is its name, as on Thinger.io."""
    return Resource(
        key=ResourceKey("device", name if resource_id is None else resource_id, leaf),
        name=name,
        kind=kind,
        writable=writable,
        value_type=value_type,
        unit=unit,
        meaning=meaning,
        minimum=minimum,
        maximum=maximum,
        step=step,
        options=options,
        category=category,
        enabled_default=enabled_default,
        translation_key=translation_key,
    )


def entity(
    found: Resource, value: JsonValue = None, override: Override | None = None
) -> EntitySpec:
    """Return the only entity of a resource, after checking that it is a good one."""
    spec = map_resource(found, value, override)
    assert spec is not None
    assert problems(spec) == []
    return spec


def problems(spec: EntitySpec) -> list[str]:
    """Return what Home Assistant would refuse or warn about."""
    found = []
    if spec.device_class and not is_device_class(spec.platform, spec.device_class):
        found.append(f"{spec.device_class} is no device class of {spec.platform}")
    if spec.platform in {Platform.SENSOR, Platform.NUMBER}:
        found += _problems_of_numbers(spec)
    elif spec.unit or spec.state_class:
        found.append(f"{spec.platform} with a unit or a state class")
    if spec.platform is Platform.NUMBER or spec.step is not None:
        found += _problems_of_limits(spec)
    if (spec.name is None) is not (spec.translation_key is not None) and not (
        spec.name and spec.translation_key
    ):
        found.append("no name, or two")
    if spec.platform in {Platform.SENSOR, Platform.BINARY_SENSOR} and (
        spec.category is EntityCategory.CONFIG
    ):
        found.append("a setting that cannot be set")
    if not spec.reason:
        found.append("no reason")
    return found


def _problems_of_numbers(spec: EntitySpec) -> list[str]:
    found = []
    device_class = spec.device_class and SensorDeviceClass(spec.device_class)
    units = DEVICE_CLASS_UNITS.get(device_class) if device_class else None
    if units is not None and spec.unit not in units:
        found.append(f"{spec.unit} is no unit of {device_class}")
    if device_class in NON_NUMERIC_DEVICE_CLASSES and (spec.unit or spec.state_class):
        found.append(f"{device_class} as a number")
    if spec.state_class:
        if (
            device_class
            and spec.state_class not in DEVICE_CLASS_STATE_CLASSES[device_class]
        ):
            found.append(f"{spec.state_class} is no state class of {device_class}")
        if spec.unit not in STATE_CLASS_UNITS.get(spec.state_class, {spec.unit}):
            found.append(f"{spec.unit} is no unit of {spec.state_class}")
    numeric = (spec.unit, spec.state_class, spec.precision) != (None, None, None)
    if numeric and spec.value_type is not ValueType.NUMBER:
        found.append(f"{spec.value_type} as a number")
    if (device_class is SensorDeviceClass.ENUM) is not bool(spec.options):
        found.append("options without an enumeration, or the other way round")
    return found


def _problems_of_limits(spec: EntitySpec) -> list[str]:
    if spec.minimum is None or spec.maximum is None or spec.step is None:
        return ["limits are missing"]
    if not spec.minimum < spec.maximum or not spec.step > 0:
        return ["impossible limits"]
    return []
