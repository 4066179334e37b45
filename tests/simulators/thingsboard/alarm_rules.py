"""Alarms that the device profile raises and clears by itself (thingsboard.md 17)."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, override

from .bus import Listener, Origin, Scope
from .device import Device
from .entity import Entity
from .records import AlarmRule
from .values import Sample, Value, text_of

from tests.simulators.json_types import JsonObject

if TYPE_CHECKING:
    from .store import Store


class AlarmRules(Listener):
    """Evaluates the rules whenever something comes in that they look at."""

    def __init__(self, store: Store) -> None:
        """Raise alarms in a store."""
        self._store = store

    @override
    def telemetry_saved(
        self,
        entity: Entity,
        saved: Sequence[tuple[str, Sample]],
        latest: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        # What REST writes goes past the rule engine.
        if origin is Origin.DEVICE and isinstance(entity, Device):
            for rule in _rules(entity):
                if rule.key in latest:
                    self._evaluate(entity, rule)

    @override
    def attributes_saved(
        self,
        entity: Entity,
        scope: Scope,
        values: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        if not isinstance(entity, Device) or origin is Origin.SERVER:
            return
        for rule in _rules(entity):
            if {rule.threshold_attribute, rule.flag_attribute} & values.keys():
                self._evaluate(entity, rule)

    def _evaluate(self, device: Device, rule: AlarmRule) -> None:
        value = _number(device.telemetry(rule.key))
        if value is None:
            return
        threshold = _number(_attribute(device, rule.threshold_attribute))
        if threshold is None:
            threshold = rule.default_threshold
        beyond = value > threshold if rule.above else value < threshold
        alarms = self._store.alarms
        active = alarms.active(device, rule.type)
        details: JsonObject = {"data": rule.details.replace("{}", text_of(value))}
        if beyond:
            if _attribute(device, rule.flag_attribute) is True:
                alarms.create(device, rule.type, rule.severity, details=details)
        elif active is not None:
            alarms.clear(active, details=details)


def _rules(device: Device) -> Sequence[AlarmRule]:
    return device.profile.alarm_rules if device.profile else ()


def _attribute(device: Device, key: str) -> Value | None:
    """Attribute of any scope, the newest one."""
    found = [values[key] for values in device.attributes.values() if key in values]
    return max(found, key=lambda each: each.ts).value if found else None


def _number(value: Value | None) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return value
