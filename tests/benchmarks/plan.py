"""Which arms are measured in which cases."""

from argparse import Namespace
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from .figures import MANY_DEVICES, OURS, PUSH, Cases
from .spec import Case, Phase, Spec

SIZES: Final = (1000, 5000, 9500)
SMALL: Final = 100
QUICK_SIZE: Final = 200
_ONE: Final = frozenset({Phase.SET_UP, Phase.ONE})
_ALL: Final = frozenset({Phase.SET_UP, Phase.ALL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured once in each round of runs, and the cases that the figures look at."""

    specs: tuple[Spec, ...]
    cases: Cases
    runs: int
    days: tuple[str, ...]
    """The arms that live through simulated days."""


def plan(options: Namespace, arms: Iterable[str]) -> Plan:
    """Return what the options ask for."""
    names = [arm for arm in arms if arm in options.arms]
    sizes = options.sizes or [QUICK_SIZE if options.quick else 5000]
    main = Case(size=sizes[0])
    cases = Cases(
        main=main,
        small=replace(main, size=SMALL),
        large=replace(main, size=1000 if options.quick else SIZES[-1]),
        many_devices=replace(main, size=MANY_DEVICES, per_device=1),
    )
    base = Spec(
        arm="",
        case=main,
        phases=frozenset(options.phases) | {Phase.SET_UP},
        rounds=2 if options.quick else 5,
        drips=50 if options.quick else 200,
        settle=options.settle,
        away=1.0 if options.quick else options.away,
        profile=options.profile,
    )
    if options.quick:
        base = replace(base, phases=base.phases - {Phase.SETTLE})
    specs = [
        replace(base, arm=arm, case=case)
        for case in _cases(options, sizes)
        for arm in names
    ]
    if not options.only_cases:
        specs += _for_figures(base, cases, names)
    return Plan(
        specs=tuple(specs),
        cases=cases,
        runs=1 if options.quick else options.runs,
        days=tuple(arm for arm in PUSH if arm in names and options.days > 0),
    )


def _cases(options: Namespace, sizes: Iterable[int]) -> Iterator[Case]:
    for recorder in (False, True):
        if recorder in options.recorder:
            for latency in options.latency:
                for size in sizes:
                    yield Case(size=size, latency=latency / 1e3, recorder=recorder)


def _for_figures(base: Spec, cases: Cases, names: Iterable[str]) -> Iterator[Spec]:
    """Yield what single figures need besides."""
    for arm in names:
        if arm in PUSH:
            for case in (cases.small, cases.large):
                yield replace(base, arm=arm, case=case, phases=_ONE)
        elif arm in OURS and arm.startswith("thingsboard"):
            yield replace(base, arm=arm, case=cases.many_devices, phases=_ALL)
