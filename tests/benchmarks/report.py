"""A table for people, with ratios in its last column."""

from collections.abc import Iterable


def heading(text: str, *columns: str) -> str:
    """Return the first line of a table."""
    return _line(text, *columns, "ratio")


def row(name: str, ours: float, theirs: float, unit: str = "") -> str:
    """Return what something costs us and others, and how many times less it costs us."""
    return _line(name, _number(ours, unit), _number(theirs, unit), ratio(ours, theirs))


def ratio(ours: float, theirs: float) -> str:
    """Return how many times less something costs us than others."""
    if not ours:
        return "all" if theirs else "same"
    times = theirs / ours
    return f"{times:.0f}×" if times >= 10 else f"{times:.1f}×"


def _number(number: float, unit: str) -> str:
    digits = 0 if number >= 100 or number == int(number) else 1 if number >= 10 else 2
    return f"{number:,.{digits}f} {unit}".rstrip()


def _line(first: str, *others: str) -> str:
    return "  ".join((f"{first:44}", *_right(others)))


def _right(cells: Iterable[str]) -> Iterable[str]:
    return (f"{cell:>14}" for cell in cells)
