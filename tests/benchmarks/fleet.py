"""A Thinger.io simulator with many devices that are all alike, as a process of its own.

Prints one line like the simulators do, and serves until stopped. Its control API can change all
values at once, and tells what came in and went out.
"""

from argparse import ArgumentParser, Namespace
import asyncio
from collections.abc import Iterable
import json
import resource as system_resource
import signal
import socket
from typing import Any, Final, override

from aiohttp import web

from tests.simulators.json_types import Json
from tests.simulators.server import CONTROL_PREFIX
from tests.simulators.thinger import Device, Fn, Resource, State, ThingerSimulator

SPAN: Final = 1000
"""How far apart the values of two rounds are: each value tells its round."""

_BACKLOG: Final = 4096


class Traffic:
    """Bytes on all sockets of this process, as this side sees them."""

    received = 0
    sent = 0


class MeteredSocket(socket.socket):
    """A socket that counts. Every socket of this process is one, see ``main``."""

    __slots__ = ()

    @override
    def listen(self, backlog: int = 0, /) -> None:
        # Who is turned away because the queue is full tries again after a second.
        super().listen(max(backlog, _BACKLOG))

    @override
    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        data = super().recv(bufsize, flags)
        Traffic.received += len(data)
        return data

    @override
    def send(self, data: Any, flags: int = 0, /) -> int:
        count = super().send(data, flags)
        Traffic.sent += count
        return count

    @override
    def sendmsg(self, buffers: Iterable[Any], /, *arguments: Any) -> int:
        count = super().sendmsg(buffers, *arguments)
        Traffic.sent += count
        return count


class Fleet(ThingerSimulator):
    """A server whose values all change at once."""

    @override
    def control_routes(self) -> Iterable[web.RouteDef]:
        return [
            *super().control_routes(),
            web.post(f"{CONTROL_PREFIX}round/{{number}}", self._round),
            web.get(f"{CONTROL_PREFIX}traffic", self._traffic),
        ]

    async def _round(self, request: web.Request) -> web.Response:
        number = int(request.match_info["number"])
        index = 0
        for device in self.devices():
            for resource in device.resources.values():
                resource.value = value_of(index, number)
                resource.push()
                index += 1
        return web.json_response({})

    async def _traffic(self, request: web.Request) -> web.Response:
        return web.json_response(
            {
                "requests": len(self.journal.entries),
                "received": Traffic.received,
                "sent": Traffic.sent,
                "sockets": len(self.sockets),
                "harm": len(self.unsafe_reads),
            }
        )


def value_of(index: int, number: int) -> float:
    """Return a value in a round, which it can be told from."""
    return number * SPAN + index % SPAN + 0.5


def make_state(devices: int, outputs: int) -> State:
    """Return an account of devices that are online, each with so many temperatures."""
    state = State()
    for place in range(devices):
        resources = [
            Resource(path, Fn.OUTPUT, value_of(place * outputs + number, 0))
            for number, path in enumerate(paths(outputs))
        ]
        name = device_id(place)
        state.add_device(Device(name, name=name, active=True, resources=resources))
    return state


def device_id(place: int) -> str:
    """Return the id of a device."""
    return f"node_{place:05}"


def paths(outputs: int) -> list[str]:
    """Return the paths of a device's resources."""
    return [f"temperature_{number}" for number in range(outputs)]


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    # Thousands of connections at once.
    _, most = system_resource.getrlimit(system_resource.RLIMIT_NOFILE)
    system_resource.setrlimit(system_resource.RLIMIT_NOFILE, (most, most))
    # Nothing in between could count without being slow itself.
    socket.socket = MeteredSocket  # type: ignore[misc]
    asyncio.run(_serve(_arguments()))


def _arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--outputs", type=int, required=True)
    return parser.parse_args()


async def _serve(arguments: Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    state = make_state(arguments.devices, arguments.outputs)
    async with Fleet(state, auto_tick=False) as fleet:
        announcement: dict[str, Json] = {
            "platform": fleet.platform,
            "url": fleet.url,
            "credentials": fleet.account().credentials(),
        }
        print(json.dumps(announcement), flush=True)
        await stop.wait()


if __name__ == "__main__":
    main()
