"""Compare the integration with what people use instead, and look at the figures that count.

Without choices: everything that the figures need. Each choice leaves something out or adds cases.
"""

from argparse import ArgumentParser, Namespace
import asyncio
from collections.abc import Iterable
from dataclasses import asdict
from importlib import metadata
import json
import os
from pathlib import Path
import platform
import shutil
import signal
import subprocess
import sys
from time import monotonic, strftime
from typing import Any, Final

from scripts.processes import ROOT

from .arms import ARMS
from .figures import Days, Figure, Results, figures
from .plan import Plan, plan
from .report import figures_table, tables
from .runner import RunError, live_days, run
from .servers.mqtt import find_broker
from .spec import Found, Phase

_RUNS: Final = 5
_DAYS: Final = 30
_QUICK_DAYS: Final = 2


class Bench:
    """Everything that was found so far."""

    def __init__(self, options: Namespace, planned: Plan) -> None:
        """Find nothing yet."""
        self._options = options
        self._plan = planned
        self._found: list[Found] = []
        self._days: list[Days] = []
        self._began = {
            "at": strftime("%Y-%m-%d %H:%M"),
            "python": platform.python_version(),
            "commit": _commit(),
            "homeassistant": metadata.version("homeassistant"),
            "processors": os.cpu_count(),
            "load": os.getloadavg()[0],
        }
        self.failures: list[str] = []

    async def run(self) -> None:
        """Run everything that is planned; what fails does not stop the rest."""
        for number in range(self._plan.runs):
            # In turn: what else the machine does changes from minute to minute.
            for spec in self._plan.specs:
                name = f"run {number + 1}, {spec.arm}, {spec.case.title}"
                begin = monotonic()
                try:
                    self._found.append(await run(spec, ARMS[spec.arm].server))
                except RunError as error:
                    self._note_failure(name, error)
                else:
                    _say(f"{name}: {monotonic() - begin:.0f} s")
                self.save()
        for arm in self._plan.days:
            begin = monotonic()
            try:
                self._days.append(await live_days(arm, self._options.days))
            except RunError as error:
                self._note_failure(f"{self._options.days} days, {arm}", error)
            else:
                took = monotonic() - begin
                _say(f"{self._options.days} simulated days, {arm}: {took:.0f} s")
            self.save()

    @property
    def figures(self) -> list[Figure]:
        """Return the figures that there are."""
        return [*figures(Results(self._found), self._plan.cases, self._days)]

    @property
    def text(self) -> str:
        """Return all of it as Markdown."""
        titles = {name: arm.title for name, arm in ARMS.items()}
        return (
            f"{tables(Results(self._found), titles)}\n{figures_table(self.figures)}\n"
        )

    def save(self) -> None:
        """Write what there is: who interrupts this loses little."""
        if self._options.json:
            self._options.json.write_text(json.dumps(self._as_json(), indent=1))
        if self._options.table:
            self._options.table.write_text(self.text)

    # Any: what JSON takes.
    def _as_json(self) -> dict[str, Any]:
        return {
            "machine": self._began,
            "found": [each.to_json() for each in self._found],
            "days": [asdict(each) for each in self._days],
            "figures": [{**asdict(each), "met": each.is_met} for each in self.figures],
            "failures": self.failures,
        }

    def _note_failure(self, name: str, error: RunError) -> None:
        self.failures.append(f"{name}: {error}")
        _say(f"{name}: {error}")


def _commit() -> str:
    """Return what is measured, with a mark where it was changed since."""
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "describe", "--always", "--dirty"]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip()


def _say(text: str) -> None:
    print(f"bench: {text}", file=sys.stderr, flush=True)


def _arguments() -> Namespace:
    parser = ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="few values, one run: does all of it work?"
    )
    parser.add_argument(
        "--arms", nargs="+", choices=ARMS, default=[*ARMS], metavar="ARM",
        help=f"some of: {', '.join(ARMS)}",
    )  # fmt: skip
    parser.add_argument(
        "--sizes", nargs="+", type=int, metavar="N",
        help="values; the figures are of the first (5000; the whole set: 1000 5000 9500)",
    )  # fmt: skip
    parser.add_argument(
        "--phases", nargs="+", type=Phase, choices=[*Phase], default=[*Phase],
        metavar="PHASE", help=f"some of: {', '.join(Phase)}",
    )  # fmt: skip
    parser.add_argument(
        "--recorder", choices=("off", "on", "both"), default="off", help="off"
    )
    parser.add_argument(
        "--latency", nargs="+", type=float, default=[0.0], metavar="MS",
        help="what a server takes to answer (0; the whole set: 0 100)",
    )  # fmt: skip
    parser.add_argument("--runs", type=int, default=_RUNS, help=str(_RUNS))
    parser.add_argument(
        "--settle", type=float, default=16.0, metavar="SECONDS",
        help="to look at what set-up puts off (16)",
    )  # fmt: skip
    parser.add_argument(
        "--away", type=float, default=10.0, metavar="SECONDS",
        help="that the server is away (10; a real minute: 60)",
    )  # fmt: skip
    parser.add_argument(
        "--days", type=int, default=None, help=f"simulated, 0 for none ({_DAYS})"
    )
    parser.add_argument(
        "--only-cases", action="store_true",
        help="nothing besides for single figures: other sizes, days",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="for machines")
    parser.add_argument("--table", type=Path, metavar="FILE", help="Markdown")
    parser.add_argument(
        "--profile", metavar="FOLDER",
        help="profiles of all phases; they make everything slower",
    )  # fmt: skip
    return _completed(parser.parse_args())


def _completed(options: Namespace) -> Namespace:
    recorder = {"off": (False,), "on": (True,), "both": (False, True)}
    options.recorder = recorder[options.recorder]
    if options.only_cases:
        options.days = options.days or 0
    elif options.days is None:
        options.days = _QUICK_DAYS if options.quick else _DAYS
    options.arms = _possible(options.arms)
    return options


def _possible(arms: Iterable[str]) -> list[str]:
    """Return the arms for which everything is there."""
    lacking = [
        arm
        for arm in arms
        if (ARMS[arm].server or "").startswith("mqtt:") and find_broker() is None
    ]
    if lacking:
        _say(
            f"{', '.join(lacking)} left out: there is no mosquitto."
            " Install Debian's package mosquitto."
        )
    return [arm for arm in arms if arm not in lacking]


async def _run_until_stopped(bench: Bench) -> None:
    """Run; a signal ends everything that was started, and shows what there is."""
    task = asyncio.ensure_future(bench.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        bench.failures.append("it was stopped")


def main() -> int:
    """Run the benchmarks that are asked for."""
    options = _arguments()
    bench = Bench(options, plan(options, ARMS))
    asyncio.run(_run_until_stopped(bench))
    print(bench.text)
    return 1 if bench.failures else 0


if __name__ == "__main__":
    sys.exit(main())
