"""Sample values that move a little, so that people see something live."""

from math import sin
from typing import Final

from .device import Device
from .store import Store
from .values import Value

from tests.simulators.json_types import Json

_AMPLITUDE: Final = 0.03
_PERIOD_SECONDS: Final = 20.0
# Degrees that a tracker moves around its place.
_ROAMING: Final = 0.002
_PLACE_KEYS: Final = {"latitude", "longitude"}

type _Wave = tuple[Value, Value]


class Drift:
    """Waves around the values that were there at first; what somebody sets stays."""

    def __init__(self, store: Store) -> None:
        """Begin with the values that are there at the first step."""
        self._store = store
        self._waves: dict[tuple[str, str], _Wave] = {}

    def step(self) -> None:
        """Move every number of the devices that are connected, and go on with updates."""
        for device in self._store.devices:
            if not device.connected:
                continue
            if device.updates_by_itself:
                device.advance_update("fw")
                device.advance_update("sw")
            report = self._moved(device)
            if report:
                device.post_telemetry(report)

    def _moved(self, device: Device) -> dict[str, Json]:
        reacted = set(device.reactions) | {
            each for each in device.reactions.values() if isinstance(each, str)
        }
        report: dict[str, Json] = {}
        for key, sample in device.latest.items():
            now = sample.value
            if isinstance(now, bool) or not isinstance(now, (int, float)):
                continue
            if key in reacted or "fw_" in key or "sw_" in key:
                continue
            first, last = self._waves.get((device.id, key), (now, now))
            if now != last or isinstance(first, (bool, str, list, dict)):
                continue
            value = self._wave(device, key, first)
            self._waves[device.id, key] = (first, value)
            report[key] = value
        return report

    def _wave(self, device: Device, key: str, first: float) -> float:
        phase = sum(map(ord, device.name + key))
        swing = sin(self._store.clock.now() / _PERIOD_SECONDS + phase)
        if key in _PLACE_KEYS:
            return round(first + _ROAMING * swing, 5)
        moved = first * (1 + _AMPLITUDE * swing)
        return round(moved) if isinstance(first, int) else round(moved, 2)
