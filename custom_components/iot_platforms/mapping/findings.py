"""What a resource's names say, together with its value."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, NamedTuple

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import SensorDeviceClass

from ..model.device import Resource
from .device_classes import fits_unit
from .names import REMEMBERED, Word, words
from .rules import Confidence, Rule, RuleIndex
from .tables import BOOLEANS, NUMBERS
from .traits import OTHERWISE_ON, PROPERTY_PREFIX, is_measured
from .units import unit_of_name

_NUMBERS: Final = RuleIndex(NUMBERS)
_BOOLEANS: Final = RuleIndex(BOOLEANS)
_PARTS: Final = 4
"""How many parts of a path a name is made of at most."""
_NO_READING: Final = frozenset({-1, -99, -127, -999, -9999})
"""What firmware sends when it could not read its sensor: nothing against a unit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What the names say about a number.

    ``device_class`` and ``unit`` are set from MEDIUM on; ``name_unit`` stands in the name itself.
    """

    rule: Rule | None = None
    confidence: Confidence = Confidence.LOW
    device_class: SensorDeviceClass | None = None
    unit: str | None = None
    name_unit: str | None = None
    note: str = "name says nothing certain"

    @property
    def says_enough(self) -> bool:
        """Return whether the unit is known."""
        return self.confidence > Confidence.LOW or self.name_unit is not None


def find(resource: Resource, value: float | None) -> Finding:
    """Return what the first name says that says enough, else what a name says at all."""
    weak: Finding | None = None
    for name in _names(resource):
        if (finding := _find(name, value)) is None:
            continue
        # A name that is about something else, like a status, ends the search: the names that
        # follow would have it with its parents, or without what makes it something else.
        if finding.rule is None or finding.says_enough:
            return finding
        weak = weak or finding
    return weak or Finding()


def boolean_class(resource: Resource) -> BinarySensorDeviceClass | None:
    """Return the device class of something that is on or off, as far as its names tell."""
    for name in _names(resource):
        tokens = [word.text for word in name]
        if match := _BOOLEANS.find(tokens):
            rest = frozenset(tokens) - match.phrase
            return None if rest & OTHERWISE_ON else match.rule.device_class
    return None


def name_tokens(resource: Resource) -> frozenset[str]:
    """Return the words of all names of a resource."""
    return frozenset(word.text for name in _names(resource) for word in name)


def _names(resource: Resource) -> Iterator[tuple[Word, ...]]:
    """Yield names from the most telling one on.

    A leaf comes alone first, then with its parents: celsius, climate/celsius.
    """
    if resource.meaning:
        yield words(resource.meaning)
    identifier = resource.key.resource_id.removeprefix(PROPERTY_PREFIX).split("/")
    if leaf := resource.key.leaf:
        yield from _endings([*identifier, *leaf])
        yield words(resource.name)
        return
    name = resource.name.split("/")
    yield from _endings(name)
    if name != identifier:
        yield from _endings(identifier)


def _endings(parts: list[str]) -> Iterator[tuple[Word, ...]]:
    for length in range(1, min(len(parts), _PARTS) + 1):
        yield words("/".join(parts[-length:]))


def _find(name: tuple[Word, ...], value: float | None) -> Finding | None:
    said = _said(name)
    if not said.is_measured:
        return Finding() if said.rule else None
    if said.rule is None:
        return Finding(name_unit=said.unit) if said.unit else None
    finding = _judged(said.rule, value, said.note)
    return replace(finding, name_unit=said.unit) if said.unit else finding


class _Said(NamedTuple):
    """What a name says, whatever the value; ``unit`` stands in the name itself."""

    rule: Rule | None
    unit: str | None
    is_measured: bool
    note: str


@lru_cache(REMEMBERED)
def _said(name: tuple[Word, ...]) -> _Said:
    """Return what a name says; many devices bear the same names."""
    tokens = [word.text for word in name]
    match = _NUMBERS.find(tokens)
    phrase = match.phrase if match else frozenset()
    rule = match.rule if match else None
    found = unit_of_name(name)
    fits = found and (found.sure or (rule and _may_have(rule, found.unit)))
    return _Said(
        rule=rule,
        unit=found.unit if found and fits else None,
        is_measured=is_measured(frozenset(tokens), phrase),
        note=f"name says {' '.join(token for token in tokens if token in phrase)}",
    )


def _may_have(rule: Rule, unit: str) -> bool:
    return any(fits_unit(device_class, unit) for device_class in rule.device_classes)


def _judged(rule: Rule, value: float | None, note: str) -> Finding:
    """Return what a rule says about a value."""
    for reading in rule.readings:
        if value is not None and reading.fits(value):
            return Finding(
                rule=rule,
                confidence=Confidence.MEDIUM,
                device_class=reading.device_class,
                unit=reading.unit,
                note=f"{note}, value fits {reading.unit}",
            )
    if (
        value is not None
        and rule.plausible
        and not rule.plausible[0] <= value <= rule.plausible[1]
        and value not in _NO_READING
    ):
        return Finding(
            rule=rule, note=f"{note}, value speaks against {rule.unit or 'it'}"
        )
    if rule.confidence is Confidence.LOW:
        return Finding(rule=rule, note=note)
    return Finding(
        rule=rule,
        confidence=rule.confidence,
        device_class=rule.device_class,
        unit=rule.unit,
        note=note,
    )
