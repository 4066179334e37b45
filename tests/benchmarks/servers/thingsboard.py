"""The fleet on the simulator of ThingsBoard: each value is telemetry of its device."""

from collections.abc import AsyncIterator, Iterable
import contextlib
from typing import Final, override

from .base import Server
from .simulated import SimulatedServer, running

from tests.benchmarks.control import Announcement
from tests.benchmarks.values import Shape, device_name, key_name, value_of
from tests.simulators.thingsboard import (
    Device,
    Store,
    Switches,
    ThingsBoardSimulator,
)
from tests.simulators.thingsboard.demo_data import add_users

_DAY_MS: Final = 86_400_000


class ThingsBoardServer(SimulatedServer):
    """Devices post all that changed at once, as they do."""

    def __init__(self, shape: Shape, simulator: ThingsBoardSimulator) -> None:
        """Hold the fleet."""
        super().__init__(shape, simulator)
        self._devices = simulator.devices
        self._account = simulator.account()
        self._session = simulator.login()
        self._live = simulator.live

    @override
    def announce(self) -> Announcement:
        account = self._account
        return Announcement(
            url=account.url,
            credentials={
                "password": account.credentials(),
                "key": account.api_key_credentials(),
                "bearer": {"token": self._session.token},
            },
            device_ids=[device.id for device in self._devices],
        )

    @override
    async def say(self, indexes: Iterable[int]) -> None:
        for place, group in self.shape.by_device(indexes).items():
            self._devices[place].put_telemetry(
                {
                    key_name(index % self.shape.per_device): self.values[index]
                    for index in group
                }
            )

    @override
    def throw_away(self) -> None:
        super().throw_away()
        self._live.messages.clear()
        for device in self._devices:
            device.history.clear()


def make_store(shape: Shape, switches: Switches | None = None) -> Store:
    """Return a tenant whose devices are all active."""
    # A burst is what is measured: nobody is cut off for being behind in one.
    store = Store(switches=switches or Switches(ws_max_pending=0))
    add_users(store)
    now = store.clock.now_ms()
    for place in range(shape.devices):
        device = Device(device_name(place), type="meter")
        store.add(device, created=now - _DAY_MS + place)
        device.connect()
        first = place * shape.per_device
        device.post_telemetry(
            {key_name(key): value_of(first + key, 0) for key in range(shape.per_device)}
        )
    return store


@contextlib.asynccontextmanager
async def serve(shape: Shape, *, latency: float) -> AsyncIterator[Server]:
    """Run the simulator."""
    simulator = ThingsBoardSimulator(make_store(shape))
    async with running(simulator, latency):
        yield ThingsBoardServer(shape, simulator)
