"""Tables for people: Markdown that the README takes as it is."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Final

from .figures import Figure, Results
from .spec import Case, Found, Phase

REFERENCE: Final = "thingsboard"
"""What the other arms are compared with."""

type Take = Callable[[Found], float | None]


@dataclass(frozen=True, slots=True)
class _Column:
    title: str
    take: Take
    digits: int = 0


def _measure(phase: Phase, measure: str, factor: float = 1.0) -> Take:
    def take(found: Found) -> float | None:
        value = found.phases.get(phase, {}).get(measure)
        return None if value is None else value * factor

    return take


def _nothing(found: Found) -> float | None:
    """Return what it costs that nothing changed: to ask, or to be told all of it again."""
    phase = Phase.NONE if Phase.NONE in found.phases else Phase.SAME
    return _measure(phase, "cpu", 1e3)(found)


COLUMNS: Final = (
    _Column("set-up, s", _measure(Phase.SET_UP, "wall"), 2),
    _Column("CPU, s", _measure(Phase.SET_UP, "cpu"), 2),
    _Column("longest gap, ms", _measure(Phase.SET_UP, "gap_without_collection", 1e3)),
    _Column("requests", _measure(Phase.SET_UP, "requests")),
    _Column("all changed, CPU ms", _measure(Phase.ALL, "cpu", 1e3)),
    _Column("longest gap, ms", _measure(Phase.ALL, "gap", 1e3)),
    _Column("requests", _measure(Phase.ALL, "requests")),
    _Column("kB", _measure(Phase.ALL, "sent", 1e-3)),
    _Column("1 % changed, CPU ms", _measure(Phase.PERCENT, "cpu", 1e3), 1),
    _Column("one changed, CPU ms", _measure(Phase.ONE, "cpu", 1e3), 2),
    _Column("nothing changed, CPU ms", _nothing, 2),
    _Column("states written in vain", _measure(Phase.NONE, "in_vain")),
    _Column("back after an outage, s", _measure(Phase.BACK, "wall"), 2),
    _Column("restart, s", _measure(Phase.RESTART, "wall"), 2),
    _Column("removal, s", _measure(Phase.REMOVE, "wall"), 2),
    _Column("KiB an entity", lambda found: found.memory / 1024, 1),
)


def tables(results: Results, titles: dict[str, str]) -> str:
    """Return everything that was found, case by case; ``titles`` are the arms in their order."""
    return "\n".join(
        line for case in results.cases for line in _case(results, case, titles)
    )


def figures_table(figures: Iterable[Figure]) -> str:
    """Return the figures with their bars."""
    lines = ["| figure | value | bar | | |", "| --- | ---: | ---: | --- | --- |"]
    for figure in figures:
        bar = "–" if figure.bar is None else f"≤ {_number(figure.bar)} {figure.unit}"
        met = "" if figure.bar is None else "met" if figure.is_met else "**missed**"
        value = f"{_number(figure.value)} {figure.unit}".rstrip()
        lines.append(
            f"| {figure.name} | {value} | {bar.rstrip()} | {met} | {figure.note} |"
        )
    return "\n".join(lines)


def _case(results: Results, case: Case, titles: dict[str, str]) -> list[str]:
    arms = [arm for arm in titles if results.of(arm, case)]
    values = {
        arm: [_values(results.of(arm, case), column) for column in COLUMNS]
        for arm in arms
    }
    used = [n for n in range(len(COLUMNS)) if any(values[arm][n] for arm in arms)]
    heads = [COLUMNS[n].title for n in used]
    lines = [
        f"### {case.title}",
        "",
        "Medians, in brackets half of what lies between the extremes.",
        "",
        *_head(["", *heads]),
    ]
    lines += (
        _line([titles[arm], *(_cell(values[arm][n], COLUMNS[n].digits) for n in used)])
        for arm in arms
    )
    ours = values.get(REFERENCE)
    if ours is not None and len(arms) > 1:
        lines += ["", f"The same ÷ {titles[REFERENCE]}:", "", *_head(["", *heads])]
        lines += (
            _line([titles[arm], *(_ratio(values[arm][n], ours[n]) for n in used)])
            for arm in arms
            if arm != REFERENCE
        )
    return [*lines, ""]


def _values(found: Iterable[Found], column: _Column) -> list[float]:
    return [value for each in found if (value := column.take(each)) is not None]


def _cell(values: list[float], digits: int) -> str:
    if not values:
        return "–"
    middle = median(values)
    text = f"{middle:,.{digits}f}"
    if len(values) < 2 or not middle:
        return text
    spread = (max(values) - min(values)) / 2 / middle
    return f"{text} (±{spread:.0%})"


def _ratio(theirs: list[float], ours: list[float]) -> str:
    if not theirs or not ours or not median(ours):
        return "–"
    return f"{_number(median(theirs) / median(ours))}×"


def _number(value: float) -> str:
    digits = 0 if value >= 100 or value == int(value) else 1 if value >= 10 else 2
    if 0 < value < 0.1:
        digits = 4
    return f"{value:,.{digits}f}"


def _head(cells: list[str]) -> list[str]:
    return [_line(cells), _line(["---", *("---:" for _ in cells[1:])])]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
