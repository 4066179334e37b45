"""Home Assistant with an account on every platform's simulator, to look at and play with.

Everything is on this machine. What is done in Home Assistant is kept for the next time, in .demo.
"""

from argparse import ArgumentDefaultsHelpFormatter, ArgumentParser, Namespace
import asyncio
from collections.abc import Iterator
import contextlib
import fcntl
import json
from pathlib import Path
import shutil
import signal
import socket
import sys

from .home import (
    EXIT_CODE_RESTART,
    PASSWORD,
    USER,
    Home,
    HomeError,
    running_home,
)
from .processes import ROOT
from .sign_in import SignInError, remove_entry, sign_in, wait_until_loaded
from .simulators import (
    Account,
    SimulatorError,
    available_platforms,
    running_simulator,
)

FOLDER = ROOT / ".demo"

SIGNED_IN = "signed in"

WHAT_TO_TRY = """\
What to try
  Settings > Devices & services > IoT Platforms: the accounts, their devices and entities.
  Open a device and move a switch or a number: the simulator has to confirm it.
  Configure an account: choose devices, and what a resource becomes.
"""

WHAT_TO_TRY_WITH = {
    "thingsboard": """\
ThingsBoard
  Thermostat T1 has alarms: acknowledge and clear them with the actions, and see its events.
  Warm up Thermostat T2, which raises an alarm above 25 °C:
    curl -d '{"device": "Thermostat T2", "resource": "temperature", "value": 31}' URL/_simulator/value
  Set its target temperature: the thermostat gets a shared attribute, and reports it as Target.
  Configure, Controls: a button that calls reboot of a thermostat, or a switch that calls setValue of
  the Lawn sprinkler, with its telemetry Valve as State. URL/_simulator/state shows the calls.
  Install 1.3.0 on the Lawn sprinkler, with the action Update: Install update.
  See Van move on the map, and the meters behind the Basement gateway.
""",
}
"""By platform; URL stands for the address of its simulator."""


class Memory:
    """What the demo remembers between two runs: ports, and which entry an account became."""

    def __init__(self, file: Path) -> None:
        """Read what the last run left."""
        self._file = file
        stored = json.loads(file.read_text()) if file.exists() else {}
        self.ports: dict[str, int] = stored.get("ports", {})
        self.entries: dict[str, str] = stored.get("entries", {})

    def save(self) -> None:
        """Keep it for the next run."""
        self._file.write_text(
            json.dumps({"ports": self.ports, "entries": self.entries})
        )


def free_port(wanted: int) -> int:
    """Return the wanted port of 127.0.0.1, or any where someone listens on that."""
    for port in (wanted, 0):
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe,
        ):
            # Connections that ended a moment ago do not make a port taken.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise SystemExit("demo: there is no free port")


@contextlib.contextmanager
def only_demo(folder: Path) -> Iterator[None]:
    """Refuse to use the folder twice at the same time."""
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit("demo: is already running") from None
        yield


async def start_simulators(
    stack: contextlib.AsyncExitStack, platforms: list[str], memory: Memory
) -> list[Account]:
    """Start all simulators at once; they run until the stack is left."""
    ports = {name: free_port(memory.ports.get(name, 0)) for name in platforms}
    memory.ports |= ports
    accounts = await asyncio.gather(
        *(
            stack.enter_async_context(
                running_simulator(name, port, FOLDER / f"{name}.log")
            )
            for name, port in ports.items()
        )
    )
    return [account for group in accounts for account in group]


async def sign_in_everywhere(
    home: Home, accounts: list[Account], memory: Memory
) -> list[str]:
    """Sign every account in that is not yet, and describe how it went."""
    results = []
    for number, account in enumerate(accounts):
        key = f"{account.platform} {number}"
        result = await ensure_signed_in(home, account, key, memory)
        print(f"  {account.platform:12} {account.url:28} {result}", flush=True)
        print(f"  {'':12} {json.dumps(account.credentials)}", flush=True)
        results.append(result)
    memory.save()
    return results


async def ensure_signed_in(
    home: Home, account: Account, key: str, memory: Memory
) -> str:
    """Keep the account's entry of the last run if it still works, else make a new one."""
    entry_id = memory.entries.get(key, "")
    if await wait_until_loaded(home, entry_id):
        return SIGNED_IN
    await remove_entry(home, entry_id)
    try:
        entry_id = await sign_in(home, account)
    except SignInError as error:
        return f"could not sign in: {error}"
    memory.entries[key] = entry_id
    return SIGNED_IN if await wait_until_loaded(home, entry_id) else "does not load"


def what_to_try(accounts: list[Account]) -> str:
    """Return what to try with these accounts."""
    urls = {account.platform: account.url for account in accounts}
    more = [
        text.replace("URL", urls[platform])
        for platform, text in WHAT_TO_TRY_WITH.items()
        if platform in urls
    ]
    return "\n".join([WHAT_TO_TRY, *more, "Ctrl-C stops everything."])


async def run_home(
    options: Namespace, accounts: list[Account], memory: Memory
) -> int | None:
    """Run Home Assistant once; returns its exit code, or with --check whether all went well."""
    port = free_port(options.port)
    async with running_home(FOLDER / "home", port) as home:
        print("\nAccounts", flush=True)
        results = await sign_in_everywhere(home, accounts, memory)
        if options.check:
            return 0 if set(results) <= {SIGNED_IN} else 1
        print(f"\nHome Assistant  {home.url}   user {USER}, password {PASSWORD}\n")
        print(what_to_try(accounts), flush=True)
        return await home.process.wait()


async def run(options: Namespace) -> int:
    """Run the demo until Home Assistant ends; a restart asked for in its pages is done."""
    memory = Memory(FOLDER / "memory.json")
    async with contextlib.AsyncExitStack() as stack:
        platforms = available_platforms()
        print(f"Starting simulators ({', '.join(platforms)}) and Home Assistant …")
        accounts = await start_simulators(stack, platforms, memory)
        while (code := await run_home(options, accounts, memory)) == EXIT_CODE_RESTART:
            print("\nRestarting Home Assistant …", flush=True)
    return code or 0


async def run_until_stopped(options: Namespace) -> int:
    """Run the demo; a signal ends it in good order."""
    task = asyncio.ensure_future(run(options))
    loop = asyncio.get_running_loop()
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if not stopped:
            stopped = True
            print("\nStopping …", flush=True)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        return 0
    except (HomeError, SimulatorError) as error:
        print(f"demo: {error}\nThe logs are in {FOLDER}", file=sys.stderr)
        return 1


def parse_arguments() -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(
        prog="scripts/demo",
        description=__doc__,
        formatter_class=ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument(
        "--port", type=int, default=8123, help="of Home Assistant, if it is free"
    )
    parser.add_argument("--fresh", action="store_true", help="forget the earlier demo")
    parser.add_argument(
        "--check",
        action="store_true",
        help="end with 0 once all accounts are signed in",
    )
    return parser.parse_args()


def main() -> int:
    """Run the demo from the command line."""
    options = parse_arguments()
    FOLDER.mkdir(exist_ok=True)
    with only_demo(FOLDER):
        if options.fresh:
            forget_earlier_demo()
        return asyncio.run(run_until_stopped(options))


def forget_earlier_demo() -> None:
    """Remove everything but the lock that is held."""
    shutil.rmtree(FOLDER / "home", ignore_errors=True)
    (FOLDER / "memory.json").unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
