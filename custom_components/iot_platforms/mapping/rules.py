"""What a rule is, how the words of a name find theirs, and how rules are checked.

The rules themselves are data: ``number_rules`` and ``boolean_rules``.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Final, NamedTuple, Protocol

from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.components.sensor.const import SensorDeviceClass, SensorStateClass

from .device_classes import fits_state_class, fits_unit

WEAK: Final = 20
"""Up to this priority, a noun counts only where there is no other."""


class Confidence(IntEnum):
    """How much a name says.

    LOW: what is measured, perhaps, but not in which unit. MEDIUM: good enough for a number. HIGH:
    good enough before there is a value.
    """

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Named(Protocol):
    """Whatever is found by names."""

    @property
    def names(self) -> tuple[str, ...]:
        """Return phrases; a name has to have all words of one of them, in any order."""

    @property
    def priority(self) -> int:
        """Return the weight against other rules that the same name finds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What a value within a range says about a rule's unit.

    Values below ``whole_below`` have to be whole numbers: a battery at 3.7 is at 3.7 V.
    """

    low: float
    high: float
    device_class: SensorDeviceClass
    unit: str
    whole_below: float = 0

    def fits(self, value: float) -> bool:
        """Return whether a value is within the range."""
        return self.low <= value <= self.high and (
            value >= self.whole_below or value == int(value)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What the name of a number says.

    ``also`` are device classes that the same name may stand for, once a unit is known. A value out
    of ``plausible`` speaks against the unit; one that fits one of the ``readings`` tells it.
    ``precision`` counts decimals in ``unit``. ``state_class`` goes with ``device_class``.
    """

    names: tuple[str, ...]
    device_class: SensorDeviceClass | None = None
    unit: str | None = None
    state_class: SensorStateClass | None = SensorStateClass.MEASUREMENT
    confidence: Confidence = Confidence.HIGH
    priority: int = 50
    precision: int | None = None
    also: tuple[SensorDeviceClass, ...] = ()
    plausible: tuple[float, float] | None = None
    readings: tuple[Reading, ...] = ()

    @property
    def device_classes(self) -> tuple[SensorDeviceClass, ...]:
        """Return all device classes that the name may stand for, the likeliest first."""
        return (self.device_class, *self.also) if self.device_class else self.also


@dataclass(frozen=True, slots=True, kw_only=True)
class BooleanRule:
    """What the name of something that is on or off says."""

    names: tuple[str, ...]
    device_class: BinarySensorDeviceClass
    priority: int = 50


class Match[RuleT: Named](NamedTuple):
    """A rule, and the words of the name that found it."""

    rule: RuleT
    phrase: frozenset[str]


class RuleIndex[RuleT: Named]:
    """Finds the rule for the words of a name."""

    def __init__(self, rules: Iterable[RuleT]) -> None:
        """Sort the rules by one word of each of their phrases."""
        self._matches: dict[str, list[Match[RuleT]]] = defaultdict(list)
        for rule in rules:
            for name in rule.names:
                phrase = frozenset(name.split())
                self._matches[min(phrase)].append(Match(rule, phrase))

    def find(self, tokens: Sequence[str]) -> Match[RuleT] | None:
        """Return the match of the name's last noun, None where another one speaks against it.

        In "battery temperature" the last noun is what is measured. In "temperature battery" it is
        hard to say: temperature is the stronger word.
        """
        place = {token: index for index, token in enumerate(tokens)}
        found = [
            match
            for token in place
            for match in self._matches.get(token, ())
            if match.phrase <= place.keys()
        ]
        found = [
            match
            for match in found
            if not any(match.phrase < other.phrase for other in found)
        ]
        if not found:
            return None
        # "Water" is the last noun of "temperature water", but no more than where it is measured.
        found = [match for match in found if match.rule.priority > WEAK] or found
        last = max(
            found,
            key=lambda match: (
                max(place[token] for token in match.phrase),
                match.rule.priority,
                sorted(match.phrase),
            ),
        )
        if any(match.rule.priority > last.rule.priority for match in found):
            return None
        return last


def validate_rules(rules: Sequence[Rule]) -> list[str]:
    """Return what is wrong with rules about numbers: nothing, if all is well."""
    return [
        *duplicate_names(rules),
        *(
            f"{rule.names[0]}: {problem}"
            for rule in rules
            for problem in _problems(rule)
        ),
    ]


def duplicate_names(rules: Sequence[Named]) -> list[str]:
    """Return the phrases that more than one rule has, or one rule twice."""
    owners: dict[frozenset[str], list[str]] = defaultdict(list)
    for rule in rules:
        for name in rule.names:
            owners[frozenset(name.split())].append(name)
    return [
        f"{names[0]}: {len(names)} rules" for names in owners.values() if len(names) > 1
    ]


def _problems(rule: Rule) -> list[str]:
    problems = []
    if rule.confidence > Confidence.LOW and not fits_unit(rule.device_class, rule.unit):
        problems.append(f"unit {rule.unit!r} is not one of {rule.device_class}")
    if rule.confidence is Confidence.LOW and rule.unit is not None:
        problems.append("a unit, although the name does not say it")
    if not fits_state_class(rule.device_class, rule.state_class, rule.unit):
        problems.append(
            f"state class {rule.state_class} is not one of {rule.device_class}"
        )
    if rule.precision is not None and not 0 <= rule.precision <= 6:
        problems.append(f"precision {rule.precision}")
    if rule.plausible and rule.plausible[0] >= rule.plausible[1]:
        problems.append("no value is plausible")
    problems += [
        f"reading {reading.unit!r} is not a unit of {reading.device_class}"
        for reading in rule.readings
        if reading.low >= reading.high
        or reading.device_class not in rule.device_classes
        or not fits_unit(reading.device_class, reading.unit)
    ]
    return problems
