"""Processes that are started and stopped together with us."""

import asyncio
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
import contextlib
from pathlib import Path
import sys

ROOT = Path(__file__).parents[1]
SECONDS_TO_STOP = 15


@contextlib.asynccontextmanager
async def python_process(
    *arguments: str, folder: Path, log: Path, stdout: int | None = None
) -> AsyncIterator[Process]:
    """Run a Python module and stop it at the end; its output goes to the log.

    It gets a session of its own: Ctrl-C reaches only us, and we end everything in order.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            *arguments,
            cwd=folder,
            stdin=DEVNULL,
            stdout=output if stdout is None else stdout,
            stderr=output,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        await _stop(process)


async def _stop(process: Process) -> None:
    """Ask a process to end, and make it if it does not."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    try:
        async with asyncio.timeout(SECONDS_TO_STOP):
            await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()


def last_lines(log: Path, count: int = 5) -> str:
    """Return the end of a log, to explain why its process gave up."""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])
