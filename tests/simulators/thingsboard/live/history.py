"""Stored samples for commands that ask for them; aggregates are not simulated here."""

from collections.abc import Iterable
from typing import Final

from .commands import History

from tests.simulators.json_types import Json
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.values import Sample, update_text

_DEFAULT_LIMIT: Final = 100


def samples_of(entity: Entity, key: str, history: History) -> list[Sample]:
    """Samples of a key in the wanted time, the newest first."""
    rows = entity.history.get(key, [])
    found = [row for row in reversed(rows) if history.start <= row.ts < history.end]
    return found[: history.limit or _DEFAULT_LIMIT]


def listed(samples: Iterable[Sample]) -> list[Json]:
    """Samples as they stand under `timeseries`."""
    return [update_text(sample) for sample in samples]
