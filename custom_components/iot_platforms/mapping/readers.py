"""What can be used of an entry's options: they can be edited by hand, or come from elsewhere."""

from collections.abc import Iterator
import math
from typing import Final

from ..model.device import ResourceKey

MAXIMUM_LENGTH: Final = 255


def read_key(text: object) -> ResourceKey | None:
    """Return the key that a text stands for."""
    if not isinstance(text, str):
        return None
    try:
        return ResourceKey.parse(text)
    except ValueError:
        return None


def read_text(value: object) -> str | None:
    """Return a text without blanks around it."""
    return value.strip()[:MAXIMUM_LENGTH] if isinstance(value, str) else None


def read_texts(value: object) -> Iterator[str]:
    """Yield the texts of a list."""
    if isinstance(value, list | tuple | set | frozenset):
        yield from (item for item in value if isinstance(item, str))


def read_labels(value: object) -> tuple[str, ...]:
    """Return the texts that a person can choose from, each once."""
    return tuple(dict.fromkeys(filter(None, map(read_text, read_texts(value)))))


def read_number(value: object) -> float | None:
    """Return a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def read_step(value: object) -> float | None:
    """Return a number above zero."""
    step = read_number(value)
    return step if step is not None and step > 0 else None
