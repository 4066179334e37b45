"""Lets those look again who wait for the server's data to change."""

from collections.abc import Mapping, Sequence
from typing import override

from .alarms import Alarm
from .bus import AlarmChange, Listener, Origin, Scope
from .entity import Entity
from .values import Sample

from tests.simulators.notice import Notice


class Bell(Listener):
    """Rings at every change, for `Simulator.wait_until`."""

    def __init__(self, notice: Notice) -> None:
        """Ring this notice."""
        self._notice = notice

    @override
    def telemetry_saved(
        self,
        entity: Entity,
        saved: Sequence[tuple[str, Sample]],
        latest: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        self._notice.ring()

    @override
    def attributes_saved(
        self,
        entity: Entity,
        scope: Scope,
        values: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        self._notice.ring()

    @override
    def alarm_changed(self, alarm: Alarm, change: AlarmChange) -> None:
        self._notice.ring()
