"""Simulated days of pushes and reconnects in one process; prints one line of JSON.

The clock has to be another one before anything else is imported.
"""

from datetime import UTC, datetime, tzinfo
from importlib import import_module
from typing import Any

from .virtual import VirtualClock


def main() -> None:
    """Live through the days."""
    clock = VirtualClock()
    clock.install()
    _set_date(clock)
    import_module(f"{__package__}.endurance").main(clock)


def _set_date(clock: VirtualClock) -> None:
    """Let Home Assistant's dates follow the clock as well."""
    # Any: a module is nothing that has attributes to set.
    dt_util: Any = import_module("homeassistant.util.dt")

    def now(time_zone: tzinfo | None = None) -> datetime:
        zone = time_zone or dt_util.get_default_time_zone()
        return datetime.fromtimestamp(clock.time(), zone)

    dt_util.now = now
    dt_util.utcnow = lambda: datetime.fromtimestamp(clock.time(), UTC)


if __name__ == "__main__":
    main()
