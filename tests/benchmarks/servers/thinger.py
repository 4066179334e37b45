"""The fleet on the simulator of Thinger.io: each value is a resource of its device."""

from collections.abc import AsyncIterator, Iterable
import contextlib
from functools import partial
from typing import override

from .base import Server
from .simulated import SimulatedServer, running

from tests.benchmarks.control import Announcement
from tests.benchmarks.values import Shape, device_name, key_name, value_of
from tests.simulators.thinger import Device, Fn, Resource, State, ThingerSimulator


class ThingerServer(SimulatedServer):
    """Devices push each resource in a frame of its own, as they do."""

    def __init__(self, shape: Shape, simulator: ThingerSimulator) -> None:
        """Hold the fleet."""
        super().__init__(shape, simulator)
        self._account = simulator.account()
        self._resources = [
            resource
            for device in simulator.devices()
            for resource in device.resources.values()
        ]

    @override
    def announce(self) -> Announcement:
        account = self._account
        return Announcement(
            url=account.url, credentials={"token": account.credentials()}
        )

    @override
    async def say(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            resource = self._resources[index]
            resource.value = self.values[index]
            resource.push()


def make_state(shape: Shape) -> State:
    """Return an account whose devices are all online."""
    state = State()
    for place in range(shape.devices):
        name = device_name(place)
        resources = [
            Resource(
                key_name(key), Fn.OUTPUT, value_of(place * shape.per_device + key, 0)
            )
            for key in range(shape.per_device)
        ]
        state.add_device(Device(name, name=name, active=True, resources=resources))
    return state


@contextlib.asynccontextmanager
async def serve(
    shape: Shape, *, latency: float, has_push: bool = True
) -> AsyncIterator[Server]:
    """Run the simulator."""
    simulator = ThingerSimulator(make_state(shape))
    simulator.push_enabled = has_push
    async with running(simulator, latency):
        yield ThingerServer(shape, simulator)


serve_without_push = partial(serve, has_push=False)
