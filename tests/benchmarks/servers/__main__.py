"""Run one server: says ``ready``, and serves until stopped or until its time is over."""

from argparse import ArgumentParser, Namespace
import asyncio
import contextlib
from pathlib import Path
import resource as system_resource
import signal

from . import find_server, metered

from tests.benchmarks.control import controlled
from tests.benchmarks.values import Shape


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    # Thousands of connections at once.
    _, most = system_resource.getrlimit(system_resource.RLIMIT_NOFILE)
    system_resource.setrlimit(system_resource.RLIMIT_NOFILE, (most, most))
    metered.install()
    asyncio.run(_serve(_arguments()))


def _arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("server", help="module:function of this folder")
    parser.add_argument("--control", type=Path, required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--per-device", type=int, required=True)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument(
        "--seconds", type=float, required=True, help="to live, whatever happens"
    )
    return parser.parse_args()


async def _serve(arguments: Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    serve = find_server(arguments.server)
    shape = Shape(arguments.size, arguments.per_device)
    async with (
        serve(shape, latency=arguments.latency) as server,
        controlled(arguments.control, server.do),
    ):
        print("ready", flush=True)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(arguments.seconds):
                await stop.wait()


if __name__ == "__main__":
    main()
