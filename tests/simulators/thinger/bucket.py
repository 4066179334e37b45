"""A bucket: a time series on the server (thinger.md 10.5)."""

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import JsonObject


@dataclass(slots=True, eq=False, kw_only=True)
class Bucket:
    """Rows, each with a time of its own."""

    id: str
    user: str
    clock: SimulatedClock
    on_write: Callable[[Bucket, JsonObject], None]
    name: str = ""
    description: str = ""
    enabled: bool = True
    config: JsonObject = field(default_factory=dict)
    rows: list[JsonObject] = field(default_factory=list)

    def write(self, data: JsonObject) -> None:
        """Store a row; one of the same time is overwritten."""
        row: JsonObject = {"ts": self.clock.now_ms(), **data}
        self.rows = [each for each in self.rows if each["ts"] != row["ts"]]
        self.rows.append(row)
        self.on_write(self, row)

    def record(self) -> JsonObject:
        """Row of the list of buckets."""
        return {
            "bucket": self.id,
            "name": self.name,
            "description": self.description,
            "enabled": self.enabled,
            "config": self.config,
        }
