"""Run one simulator alone: `python -m tests.simulators thinger [--port N]`."""

from argparse import ArgumentParser, Namespace
import asyncio
import json
import signal
from typing import Final

from .base import Simulator
from .json_types import Json
from .registry import DemoOptions, make_demo, platforms

_DRIFT_SECONDS: Final = 3.0


def main() -> None:
    """Serve until SIGINT or SIGTERM."""
    asyncio.run(_serve(_arguments()))


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="python -m tests.simulators", description=__doc__)
    parser.add_argument("platform", choices=platforms())
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="default: a free one")
    parser.add_argument(
        "--generated", type=int, default=0, help="so many more devices, all alike"
    )
    parser.add_argument(
        "--accounts", action="store_true", help="print every way to sign in"
    )
    return parser.parse_args()


async def _serve(arguments: Namespace) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(signal_number, stop.set)
    options = DemoOptions(
        host=arguments.host, port=arguments.port, generated=arguments.generated
    )
    async with make_demo(arguments.platform, options) as simulator:
        simulator.add_task(simulator.run_drift(_DRIFT_SECONDS))
        line = _announcement(simulator, all_accounts=arguments.accounts)
        print(json.dumps(line), flush=True)
        await stop.wait()


def _announcement(simulator: Simulator, *, all_accounts: bool) -> Json:
    """What design.md section 8 wants on the one line."""
    accounts: list[Json] = [
        {
            "platform": simulator.platform,
            "url": simulator.url,
            "credentials": credentials,
        }
        for credentials in simulator.accounts()
    ]
    if not all_accounts:
        return accounts[0]
    return {
        "platform": simulator.platform,
        "url": simulator.url,
        "accounts": accounts,
    }


if __name__ == "__main__":
    main()
