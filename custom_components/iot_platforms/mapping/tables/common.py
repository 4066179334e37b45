"""What several tables of rules share."""

from collections.abc import Iterable
from typing import Final

PERCENT: Final = (0, 110)
"""Sensors are calibrated by hand: 101 % is wet, 600 is something else."""


def pairs(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """Return the phrases of each word of the first with each of the second."""
    second = tuple(second)
    return tuple(f"{one} {other}" for one in first for other in second)


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())
