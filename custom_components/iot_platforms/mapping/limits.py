"""Between which numbers something can be set."""

import math
from typing import Final

from ..model.device import Resource
from .overrides import Override
from .rules import RuleIndex
from .tables import RANGES
from .tables.ranges import RANGE_BY_UNIT, WIDE, Range
from .traits import own_tokens

_RANGES: Final = RuleIndex(RANGES)


def limits(
    resource: Resource,
    override: Override,
    unit: str | None,
    *,
    usual: Range | None = None,
) -> Range:
    """Return the limits of a number: a person's, else the platform's, else what is usual."""
    usual = usual or _usual(resource, unit)
    low = _first(override.minimum, resource.minimum)
    high = _first(override.maximum, resource.maximum)
    low, high = _completed(low, high, usual)
    step = _first(override.step, resource.step)
    if step is None or step <= 0:
        step = usual.step
    return Range(low, high, min(step, high - low))


def _usual(resource: Resource, unit: str | None) -> Range:
    if unit in RANGE_BY_UNIT:
        return RANGE_BY_UNIT[unit]
    match = _RANGES.find(own_tokens(resource))
    return match.rule.range if match else WIDE


def _first(*numbers: float | None) -> float | None:
    return next(
        (
            float(number)
            for number in numbers
            if number is not None and math.isfinite(number)
        ),
        None,
    )


def _completed(
    low: float | None, high: float | None, usual: Range
) -> tuple[float, float]:
    """Return both limits; those that leave nothing between them do not count."""
    span = usual.maximum - usual.minimum
    if low is None:
        low = usual.minimum
        if high is not None and high <= low:
            low = high - span
    if high is None:
        high = usual.maximum
        if high <= low:
            high = low + span
    # Far out, floats are so coarse that a span may vanish.
    if not low < high or not math.isfinite(high - low):
        return usual.minimum, usual.maximum
    return low, high
