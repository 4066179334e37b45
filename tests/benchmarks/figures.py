"""The figures that count, each with its bar: computed from what the runs found, met or missed."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

from .spec import Case, Found, Phase

PUSH: Final = ("thingsboard", "thinger")
POLL: Final = ("thingsboard-poll", "thinger-poll")
OURS: Final = (*PUSH, *POLL)
MANY_DEVICES: Final = 1000
FIND: Final = "route POST /api/entitiesQuery/find"
PAGE: Final = 500
"""Devices that ThingsBoard lists in one answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """What simulated days of pushes and reconnects did to an arm."""

    arm: str
    requests_a_minute: float
    """At rest, token renewals apart."""
    resident: tuple[int, ...]
    """Bytes of memory at the end of each day."""
    objects: tuple[int, ...]
    """What the garbage collector looks after, at the end of each day."""
    grown: Mapping[str, int]
    """Types of which there were more at the end than after the first day."""
    writes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The cases that the figures are taken from."""

    main: Case
    small: Case
    large: Case
    many_devices: Case


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """A figure with its bar; without one it is only told."""

    name: str
    value: float
    bar: float | None
    unit: str = ""
    note: str = ""

    @property
    def is_met(self) -> bool:
        """Return whether the figure is as low as it has to be."""
        return self.bar is None or self.value <= self.bar


class Results:
    """The medians of what the runs found."""

    def __init__(self, found: Iterable[Found]) -> None:
        """Sort what was found by arm and case."""
        self._found: dict[tuple[str, Case], list[Found]] = {}
        for each in found:
            self._found.setdefault((each.arm, each.case), []).append(each)

    @property
    def cases(self) -> list[Case]:
        """Return the cases that something was found in."""
        return list(dict.fromkeys(case for _, case in self._found))

    def of(self, arm: str, case: Case) -> list[Found]:
        """Return what each run found."""
        return self._found.get((arm, case), [])

    def measures(self, arm: str, case: Case, phase: Phase, measure: str) -> list[float]:
        """Return a measure of each run that has it."""
        return [
            found.phases[phase][measure]
            for found in self.of(arm, case)
            if measure in found.phases.get(phase, {})
        ]

    def median(self, arm: str, case: Case, phase: Phase, measure: str) -> float | None:
        """Return the median over the runs, None where there is none."""
        found = self.measures(arm, case, phase, measure)
        return median(found) if found else None

    def fact(
        self, arm: str, case: Case, take: Callable[[Found], float]
    ) -> float | None:
        """Return the median of something else over the runs."""
        found = [take(each) for each in self.of(arm, case)]
        return median(found) if found else None


def figures(results: Results, cases: Cases, days: Iterable[Days]) -> Iterator[Figure]:
    """Yield every figure for which there is enough."""
    main = cases.main

    def of(arm: str, phase: Phase, measure: str, case: Case = main) -> float | None:
        return results.median(arm, case, phase, measure)

    def a_state(arm: str, measure: str) -> float | None:
        whole = of(arm, Phase.SET_UP, measure)
        return _ratio(whole, results.fact(arm, main, lambda found: found.states))

    for arm in OURS:
        yield from _figure(
            f"set-up, wall for each entity ÷ bare entities: {arm}",
            _ratio(a_state(arm, "wall"), a_state("entities", "wall")),
            1.2,
            note=_note("CPU", _ratio(a_state(arm, "cpu"), a_state("entities", "cpu"))),
        )
    for other, bar, arms in (
        ("rest-device", 0.65, ("thingsboard", "thingsboard-poll")),
        ("mqtt-device", 0.35, OURS),
    ):
        for arm in arms:
            yield from _figure(
                f"set-up, wall ÷ {other}: {arm}",
                _ratio(of(arm, Phase.SET_UP, "wall"), of(other, Phase.SET_UP, "wall")),
                bar,
                note=_note(
                    "CPU",
                    _ratio(
                        of(arm, Phase.SET_UP, "cpu"), of(other, Phase.SET_UP, "cpu")
                    ),
                ),
            )
    for other in ("rest-device", "mqtt-device"):
        yield from _figure(
            f"set-up, wall ÷ {other}: bare entities",
            _ratio(
                of("entities", Phase.SET_UP, "wall"), of(other, Phase.SET_UP, "wall")
            ),
            None,
            note="no integration can be below",
        )
    for phase, measure, bar, what in (
        (
            Phase.SET_UP,
            "gap_without_collection",
            0.1,
            "longest gap of set-up without garbage collection",
        ),
        (Phase.ALL, "gap", 0.02, "longest gap of a refresh, everything changed"),
    ):
        for arm in OURS:
            computing = of(arm, phase, "gap_computing")
            yield from _figure(
                f"{what}: {arm}",
                _times(of(arm, phase, measure), 1e3),
                bar * 1e3,
                "ms",
                _note("of that computing", _times(computing, 1e3), " ms"),
            )
    rest = of("rest-device", Phase.NONE, "cpu")
    mqtt = min(
        filter(None, (of(arm, Phase.SAME, "cpu") for arm in ("mqtt", "mqtt-device"))),
        default=None,
    )
    for arm in OURS:
        nothing = of(arm, Phase.NONE, "cpu")
        yield from _figure(
            f"refresh, nothing changed, CPU ÷ rest-device: {arm}",
            _ratio(nothing, rest),
            1 / 40,
        )
        yield from _figure(
            f"refresh, nothing changed, CPU ÷ MQTT: {arm}",
            _ratio(nothing, mqtt),
            1 / 20,
        )
    for arm in PUSH:
        yield from _figure(
            f"everything said again, nothing changed, CPU ÷ MQTT: {arm}",
            _ratio(of(arm, Phase.SAME, "cpu"), mqtt),
            None,
        )
    for arm in OURS:
        yield from _figure(
            f"refresh, everything changed, CPU ÷ floor: {arm}",
            _ratio(of(arm, Phase.ALL, "cpu"), of(arm, Phase.FLOOR, "cpu")),
            1.5,
        )
    for arm in PUSH:
        yield from _figure(
            f"one pushed value, CPU at {cases.large.size:,}"
            f" ÷ at {cases.small.size:,} values: {arm}",
            _ratio(
                of(arm, Phase.ONE, "cpu", cases.large),
                of(arm, Phase.ONE, "cpu", cases.small),
            ),
            1.2,
        )
        yield from _figure(
            f"one pushed value, socket to state, median: {arm}",
            _times(of(arm, Phase.ONE, "delay"), 1e3),
            5.0,
            "ms",
        )
    yield from _figure(
        f"requests of a refresh, {MANY_DEVICES:,} devices: thingsboard-poll",
        of("thingsboard-poll", Phase.ALL, FIND, cases.many_devices),
        -(-MANY_DEVICES // PAGE),
    )
    for arm in OURS:
        yield from _figure(
            f"memory of an entity ÷ a coordinator's sensor: {arm}",
            _ratio(
                results.fact(arm, main, lambda found: found.memory),
                results.fact("coordinator", main, lambda found: found.memory),
            ),
            1.3,
        )
    for each in days:
        yield from _of_days(each)


# A collection finds the same set of living things whenever it is asked; what the allocator keeps
# for itself moves a little.
_STEADY_OBJECTS: Final = 0.002
_STEADY_BYTES: Final = 1_000_000


def _of_days(days: Days) -> Iterator[Figure]:
    yield Figure(
        name=f"requests at rest, a minute: {days.arm}",
        value=days.requests_a_minute,
        bar=2.0,
    )
    count = len(days.resident)
    if count < 2:
        return
    first, *later = days.objects
    yield Figure(
        name=f"{count} days, more objects than after the first: {days.arm}",
        value=later[-1] - first,
        bar=first * _STEADY_OBJECTS,
        note=f"{first:,} after the first, {days.writes:,} states written",
    )
    yield Figure(
        name=f"{count} days, more memory than after the first: {days.arm}",
        value=(days.resident[-1] - days.resident[0]) / 1024,
        bar=_STEADY_BYTES / 1024,
        unit="KiB",
    )


def _figure(
    name: str, value: float | None, bar: float | None, unit: str = "", note: str = ""
) -> Iterator[Figure]:
    if value is not None:
        yield Figure(name=name, value=value, bar=bar, unit=unit, note=note)


def _ratio(ours: float | None, theirs: float | None) -> float | None:
    return None if ours is None or not theirs else ours / theirs


def _times(value: float | None, factor: float) -> float | None:
    return None if value is None else value * factor


def _note(what: str, value: float | None, unit: str = "") -> str:
    return "" if value is None else f"{what} {value:.2f}{unit}"
