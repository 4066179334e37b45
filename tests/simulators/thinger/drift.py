"""Sample values that move a little, so that people see something live."""

from math import sin
from typing import Final

from .resource import Fn
from .state import State

from tests.simulators.json_types import Json

_AMPLITUDE: Final = 0.03
_PERIOD_SECONDS: Final = 20.0
# How often an HTTP device calls, and a bucket gets a row.
_SLOW_SECONDS: Final = 60.0


class Drift:
    """Waves around the values that were there at first; what somebody sets stays."""

    def __init__(self, state: State) -> None:
        """Begin with the first step due."""
        self._state = state
        self._waves: dict[object, tuple[Json, Json]] = {}
        self._next_slow = 0.0

    def step(self) -> None:
        """Move every output of the devices that are online; now and then the rest."""
        for device in self._state.devices.values():
            for resource in device.resources.values():
                if device.active and resource.fn is Fn.OUTPUT:
                    resource.set(self._moved(resource, resource.state()))
        if self._state.clock.now() >= self._next_slow:
            self._next_slow = self._state.clock.now() + _SLOW_SECONDS
            self._move_slow_ones()

    def _move_slow_ones(self) -> None:
        for device in self._state.devices.values():
            if device.type == "HTTP" and "last" in device.properties:
                device.callback(self._moved(device, device.properties["last"]))
        for bucket in self._state.buckets.values():
            values = {key: each for key, each in bucket.rows[-1].items() if key != "ts"}
            row = self._moved(bucket, values)
            if isinstance(row, dict):
                bucket.write(row)

    def _moved(self, thing: object, now: Json) -> Json:
        first, last = self._waves.setdefault(thing, (now, now))
        if now != last:
            # Somebody set it: that is what they want to see, and not a wave.
            return now
        # Each thing has a phase of its own, or all would rise and fall together.
        phase = list(self._waves).index(thing)
        moved = _wave(first, sin(self._state.clock.now() / _PERIOD_SECONDS + phase))
        self._waves[thing] = (first, moved)
        return moved


def _wave(value: Json, height: float) -> Json:
    match value:
        case bool():
            return value
        case int():
            return value + round(max(abs(value) * _AMPLITUDE, 1) * height)
        case float():
            return round(value * (1 + _AMPLITUDE * height), 2)
        case dict():
            return {key: _wave(each, height) for key, each in value.items()}
        case _:
            return value
