"""Compare the integration with what people use instead; a ratio above 1 is in its favour."""

from argparse import ArgumentParser, Namespace
import asyncio
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Callable, Coroutine
import contextlib
import json
from pathlib import Path
from statistics import median
import sys
from tempfile import TemporaryDirectory
from typing import Any, Final

from scripts.demo import free_port
from scripts.processes import ROOT, last_lines, python_process
from scripts.simulators import Account, parse_accounts

from .report import heading, row
from .state import Shape, change_one_value

RUNS: Final = 3
SMALL: Final = Shape(100, 10)
# With each device's own entity, as many as Home Assistant allows an account to have.
LARGE: Final = Shape(90, 110)
SECONDS_TO_RUN: Final = 75

# The figures of one process, as JSON: numbers by name, in groups.
type Figures = dict[str, Any]


class BenchmarkError(Exception):
    """A process gave up."""


@contextlib.asynccontextmanager
async def _fleet(shape: Shape, folder: Path) -> AsyncIterator[Account]:
    """Run a server; it announces how to sign in."""
    arguments = ["--devices", str(shape.devices), "--outputs", str(shape.outputs)]
    log = folder / "fleet.log"
    async with python_process(
        "tests.benchmarks.fleet", *arguments, folder=ROOT, log=log, stdout=PIPE
    ) as process:
        assert process.stdout
        if not (line := await process.stdout.readline()):
            raise BenchmarkError(last_lines(log))
        yield parse_accounts(json.loads(line))[0]


async def _measure(what: str, shape: Shape) -> Figures:
    """Measure something in a Home Assistant of its own."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        log = folder / "home.log"
        async with (
            _fleet(shape, folder) as account,
            python_process(
                "tests.benchmarks.home",
                what,
                f"--folder={folder / 'home'}",
                f"--port={free_port(0)}",
                f"--url={account.url}",
                f"--token={account.credentials['access_token']}",
                f"--devices={shape.devices}",
                f"--outputs={shape.outputs}",
                folder=ROOT,
                log=log,
                stdout=PIPE,
            ) as process,
        ):
            assert process.stdout
            try:
                async with asyncio.timeout(SECONDS_TO_RUN):
                    lines = (await process.stdout.read()).splitlines()
            except TimeoutError:
                raise BenchmarkError(f"{what} took too long") from None
            if not lines:
                raise BenchmarkError(f"{what}: {last_lines(log, 1)}")
            figures: Figures = json.loads(lines[-1])
            return figures


def _medians(found: list[Figures]) -> Figures:
    """Return the medians over fresh processes."""
    return {
        group: {name: median(each[group][name] for each in found) for name in figures}
        for group, figures in found[0].items()
    }


async def _compare_accounts(runs: int) -> None:
    # In turn: what else the machine does changes from minute to minute.
    found = [
        (await _measure("account", SMALL), await _measure("rest", SMALL))
        for _ in range(runs)
    ]
    ours, rest = (_medians([*figures]) for figures in zip(*found, strict=True))
    # Where rest keeps nothing from one start to the next, each is like the first.
    for title, group, rest_group in (
        ("Set-up: 100 devices, 1,000 values", "set_up", "set_up"),
        ("Set-up again, as after a restart", "restart", "set_up"),
        ("A round: 1,000 values changed", "round", "round"),
    ):
        print(heading(title, "IoT Platforms", "rest"))
        print_rows(ours[group], rest[rest_group])
        print(flush=True)


def print_rows(ours: dict[str, float], theirs: dict[str, float]) -> None:
    """Print what two ways to get the same values cost."""
    rows: list[tuple[str, str, float, str]] = [
        ("requests", "requests", 1, ""),
        ("bytes sent", "bytes_out", 1e-3, "kB"),
        ("bytes received", "bytes_in", 1e-3, "kB"),
        ("time until all states are there", "duration", 1e3, "ms"),
        ("time that the event loop computes", "busy", 1e3, "ms"),
        ("worst delay of the event loop", "worst_delay", 1e3, "ms"),
        ("longest garbage collection", "worst_collection", 1e3, "ms"),
    ]
    for title, name, factor, unit in rows:
        print(row(title, ours[name] * factor, theirs[name] * factor, unit))


async def _compare_states(runs: int) -> None:
    print(heading("One changed value among 10,000", "apply", "others"))
    for shape in (Shape(1000, 10), Shape(10, 1000)):
        times = change_one_value(shape)
        name = f"{shape.devices:,} devices: against"
        print(row(f"{name} a deep copy", times.ours * 1e6, times.copied * 1e6, "µs"))
        print(row(f"{name} a new dict", times.ours * 1e6, times.rebuilt * 1e6, "µs"))
    print(flush=True)


async def _compare_ticks(runs: int) -> None:
    found = await _measure("tick", LARGE)
    print(heading("Poll without news, 9,900 live values", "IoT Platforms", "ordinary"))
    ours, theirs = found["tick"], found["ordinary_tick"]
    print(row("time that the event loop computes", ours * 1e3, theirs * 1e3, "ms"))
    print(f"  requests in {found['tick_requests']}")
    set_up = found["set_up"]
    print(
        f"  (set-up of these 9,900: {set_up['duration']:.1f} s,"
        f" {set_up['requests']:,} requests, loop busy {set_up['busy']:.1f} s,"
        f" worst delay {set_up['worst_delay'] * 1e3:.0f} ms,"
        f" of that garbage collection {set_up['worst_collection'] * 1e3:.0f} ms)"
    )
    print(flush=True)


BENCHMARKS: Final[dict[str, Callable[[int], Coroutine[Any, Any, None]]]] = {
    "state": _compare_states,
    "set-up": _compare_accounts,
    "tick": _compare_ticks,
}


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "what",
        nargs="*",
        choices=BENCHMARKS,
        default=[*BENCHMARKS],
        metavar="what",
        help=f"some of: {', '.join(BENCHMARKS)}; all by default",
    )
    parser.add_argument("--quick", action="store_true", help="one run, not the median")
    return parser.parse_args()


async def _run(arguments: Namespace) -> int:
    status = 0
    for name, benchmark in BENCHMARKS.items():
        if name not in arguments.what:
            continue
        try:
            await benchmark(1 if arguments.quick else RUNS)
        except BenchmarkError as error:
            print(f"bench: {error}\n", file=sys.stderr)
            status = 1
    return status


def main() -> int:
    """Run the benchmarks that are asked for, all by default."""
    return asyncio.run(_run(_arguments()))


if __name__ == "__main__":
    sys.exit(main())
