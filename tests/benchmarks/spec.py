"""What one run measures, and what it found: both go between processes as JSON."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
import json
from typing import Any, Final, Self

from .values import Shape

PER_DEVICE: Final = 20


class Phase(StrEnum):
    """Parts of the life of an account, in the order in which they are measured."""

    SET_UP = "set_up"
    SETTLE = "settle"
    """The time after it: what was put off is done, and nobody asks for anything."""
    ALL = "all"
    PERCENT = "percent"
    ONE = "one"
    NONE = "none"
    """A refresh although nothing changed."""
    SAME = "same"
    """Everything is said again, and nothing changed: who is told cannot know before."""
    AWAY = "away"
    BACK = "back"
    RESTART = "restart"
    REMOVE = "remove"
    FLOOR = "floor"
    """The answers of a refresh with everything changed: parsed, and as many bare states written."""


type Measures = dict[str, float]
"""Figures by name; times are seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The circumstances: arms are comparable only within one."""

    size: int
    per_device: int = PER_DEVICE
    latency: float = 0.0
    recorder: bool = False

    @property
    def shape(self) -> Shape:
        """Return the fleet."""
        return Shape(self.size, self.per_device)

    @property
    def title(self) -> str:
        """Describe it to people."""
        parts = [f"{self.size:,} values, {self.per_device} a device"]
        if self.latency:
            parts.append(f"{self.latency * 1e3:.0f} ms to the server")
        if self.recorder:
            parts.append("recorder on")
        return ", ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One arm in one case, and how long to look at it (seconds)."""

    arm: str
    case: Case
    phases: frozenset[Phase]
    rounds: int = 5
    drips: int = 200
    settle: float = 16.0
    away: float = 10.0
    profile: str | None = None
    """A folder that gets the profiles of the phases."""

    def to_json(self) -> str:
        """Return the JSON text."""
        return json.dumps(asdict(self) | {"phases": sorted(self.phases)})

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read a JSON text."""
        # Any: our own JSON.
        data: dict[str, Any] = json.loads(text)
        return cls(
            **data
            | {
                "case": Case(**data["case"]),
                "phases": frozenset(map(Phase, data["phases"])),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one process found of an arm."""

    arm: str
    case: Case
    states: int
    """Entities that have a state."""
    disabled: int
    memory: float
    """Bytes for each of them."""
    phases: Mapping[Phase, Measures]

    def to_json(self) -> dict[str, Any]:
        """Return what JSON takes."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read it again."""
        phases = {Phase(name): each for name, each in data["phases"].items()}
        return cls(**{**data, "case": Case(**data["case"]), "phases": phases})
