"""The simulators of the platforms, each as a process of its own."""

import asyncio
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

from .processes import ROOT, last_lines, python_process

SECONDS_TO_START = 30


class SimulatorError(Exception):
    """A simulator did not start."""


@dataclass(frozen=True, slots=True)
class Account:
    """One sign-in at a simulator; the credentials bear the names of the form's fields."""

    platform: str
    url: str
    credentials: dict[str, Any]


def available_platforms() -> list[str]:
    """Name the platforms that have a simulator."""
    modules = (ROOT / "tests" / "simulators").glob("*/__init__.py")
    return sorted(module.parent.name for module in modules)


@contextlib.asynccontextmanager
async def running_simulator(
    platform: str, port: int, log: Path
) -> AsyncIterator[list[Account]]:
    """Run a platform's simulator; its first line tells how to sign in."""
    arguments = ("tests.simulators", platform, "--port", str(port))
    async with python_process(*arguments, folder=ROOT, log=log, stdout=PIPE) as process:
        assert process.stdout  # noqa: S101 - it is a pipe
        async with asyncio.timeout(SECONDS_TO_START):
            line = await process.stdout.readline()
        if not line:
            raise SimulatorError(f"{platform}: {last_lines(log)}")
        yield parse_accounts(json.loads(line))


def parse_accounts(announcement: dict[str, Any]) -> list[Account]:
    """Read what a simulator prints: one account, or several in a list."""
    accounts = [
        announcement | account for account in announcement.get("accounts", [{}])
    ]
    return [
        Account(account["platform"], account["url"], account["credentials"])
        for account in accounts
    ]
