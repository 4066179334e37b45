"""Runs one arm in processes of its own: a server, and a Home Assistant that is measured."""

import asyncio
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
import contextlib
import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from scripts.demo import free_port
from scripts.processes import ROOT, last_lines, python_process

from .figures import Days
from .spec import Found, Phase, Spec

_SECONDS_TO_START: Final = 60.0
_SECONDS_FOR_ANY_SIZE: Final = 90.0
_SECONDS_FOR_A_VALUE: Final = 0.02
_SECONDS_MORE_WITH_LATENCY: Final = 120.0
_SECONDS_MORE_FOR_A_PROFILE: Final = 120.0
_SECONDS_FOR_A_DAY: Final = 30.0


class RunError(Exception):
    """A process gave up, or took too long."""


def most_seconds(spec: Spec) -> float:
    """Return how long a run may take."""
    seconds = _SECONDS_FOR_ANY_SIZE + _SECONDS_FOR_A_VALUE * spec.case.size
    if Phase.SETTLE in spec.phases:
        seconds += spec.settle
    if Phase.AWAY in spec.phases:
        # Who was turned away may wait for a minute until the next try.
        seconds += spec.away + 60
    if spec.case.latency:
        seconds += _SECONDS_MORE_WITH_LATENCY
    if spec.profile:
        seconds += _SECONDS_MORE_FOR_A_PROFILE
    return seconds


async def run(spec: Spec, server: str | None) -> Found:
    """Measure, and end everything that was started."""
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with contextlib.AsyncExitStack() as stack:
            arguments = [
                "tests.benchmarks.home",
                spec.to_json(),
                f"--folder={folder / 'home'}",
                f"--port={free_port(0)}",
            ]
            if server is not None:
                control = await stack.enter_async_context(_server(server, spec, folder))
                arguments.append(f"--control={control}")
            log = folder / "home.log"
            process = await stack.enter_async_context(
                python_process(*arguments, folder=ROOT, log=log, stdout=PIPE)
            )
            return Found.from_json(await _answer(process, most_seconds(spec), log))


async def live_days(arm: str, days: int) -> Days:
    """Let an arm live through simulated days."""
    with TemporaryDirectory(prefix="bench-") as name:
        log = Path(name) / "days.log"
        most = _SECONDS_TO_START + _SECONDS_FOR_A_DAY * days
        async with python_process(
            "tests.benchmarks.days", arm, str(days), folder=ROOT, log=log, stdout=PIPE
        ) as process:
            return Days(**await _answer(process, most, log))


@contextlib.asynccontextmanager
async def _server(server: str, spec: Spec, folder: Path) -> AsyncIterator[Path]:
    """Run a server; yield where it is told what to do."""
    control, log = folder / "control", folder / "server.log"
    case = spec.case
    arguments = [
        "tests.benchmarks.servers",
        server,
        f"--control={control}",
        f"--size={case.size}",
        f"--per-device={case.per_device}",
        f"--latency={case.latency}",
        f"--seconds={most_seconds(spec) + 2 * _SECONDS_TO_START}",
    ]
    async with python_process(*arguments, folder=ROOT, log=log, stdout=PIPE) as process:
        assert process.stdout is not None, "it is a pipe"
        try:
            async with asyncio.timeout(_SECONDS_TO_START):
                line = await process.stdout.readline()
        except TimeoutError:
            raise RunError(f"{server} does not start") from None
        if not line:
            raise RunError(f"{server}: {last_lines(log)}")
        yield control


# Any: our own JSON.
async def _answer(process: Process, seconds: float, log: Path) -> dict[str, Any]:
    """Return the last line that a process prints, once it has ended."""
    assert process.stdout is not None, "it is a pipe"
    try:
        async with asyncio.timeout(seconds):
            lines = (await process.stdout.read()).splitlines()
    except TimeoutError:
        raise RunError(f"it took too long\n{last_lines(log)}") from None
    if not lines:
        raise RunError(last_lines(log) or "it ended without a word")
    answer: dict[str, Any] = json.loads(lines[-1])
    return answer
