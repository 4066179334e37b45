"""What days of pushes and reconnects leave behind: nothing should.

Runs in virtual time, with the server in the same process: what the server keeps for its tests is
thrown away before memory is looked at.
"""

from argparse import ArgumentParser, Namespace
import asyncio
from collections import Counter
import contextlib
from dataclasses import asdict
import gc
import json
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from typing import Final

from homeassistant import bootstrap
from homeassistant.core import HomeAssistant
from homeassistant.runner import RuntimeConfig, configure_event_loop

from scripts.demo import free_port
from scripts.home import prepare

from .arms import ARMS
from .arms.base import Arm
from .control import connected, controlled
from .figures import Days
from .home import CONFIGURATION
from .meters import resident
from .servers import find_server
from .servers.simulated import SimulatedServer
from .spec import Case
from .values import Change
from .virtual import VirtualClock, VirtualLoop
from .watch import Watch

_CASE: Final = Case(size=10, per_device=5)
"""Few values: what time leaves behind does not depend on how many there are."""
_OF_SERVER: Final = "tests."
"""How the modules begin whose objects are the server's own."""
_MINUTE: Final = 60.0
_QUARTER: Final = 15 * _MINUTE
_HOUR: Final = 60 * _MINUTE
_QUARTERS_A_DAY: Final = 96
_TO_SETTLE: Final = 20 * _MINUTE
_OUTAGE: Final = 5 * _MINUTE
_RENEWALS: Final = ("/oauth/token", "/api/auth/")
"""Paths of token renewals: they are counted apart."""
_MOST_TYPES: Final = 10


class Endurance:
    """One arm that lives through days."""

    def __init__(self, hass: HomeAssistant, arm: Arm, server: SimulatedServer) -> None:
        """Begin; the arm is set up by now."""
        self._hass = hass
        self._arm = arm
        self._server = server
        self._watch = Watch(hass, _HOUR)
        self._number = 0

    async def run(self, days: int) -> Days:
        """Live through some days."""
        await asyncio.sleep(_TO_SETTLE)
        self._server.forget()
        before = self._requests
        await asyncio.sleep(_HOUR)
        requests = (self._requests - before) / (_HOUR / _MINUTE)
        sizes: list[int] = []
        counts: list[int] = []
        first = last = Counter[str]()
        for _ in range(days):
            await self._day()
            self._server.throw_away()
            sizes.append(resident())
            last = _living()
            first = first or last
            counts.append(last.total())
        return Days(
            arm=self._arm.name,
            requests_a_minute=requests,
            resident=tuple(sizes),
            objects=tuple(counts),
            grown=dict((last - first).most_common(_MOST_TYPES)),
            writes=self._watch.changed,
        )

    async def _day(self) -> None:
        """Change everything each quarter of an hour, and lose the connection now and then."""
        for quarter in range(_QUARTERS_A_DAY):
            self._number += 1
            change = Change(self._number, 1)
            shape = self._arm.shape
            self._watch.expect(change.texts(shape), shape.values)
            await self._arm.change(change)
            await self._watch.wait()
            if quarter == _QUARTERS_A_DAY // 2:
                await self._server.refuse()
                await asyncio.sleep(_OUTAGE)
                self._server.accept()
            elif quarter % 8 == 4:
                await self._server.drop(abort=quarter % 16 == 4)
            await asyncio.sleep(_QUARTER)
        await self._arm.settled()

    @property
    def _requests(self) -> int:
        return sum(
            count
            for route, count in self._server.traffic().routes.items()
            if not any(path in route for path in _RENEWALS)
        )


def _living() -> Counter[str]:
    """Return what the garbage collector looks after, by type, without what is the server's."""
    return Counter(
        kind.__qualname__
        for kind in map(type, gc.get_objects())
        if not str(kind.__module__).startswith(_OF_SERVER)
    )


async def _run(arm_name: str, days: int) -> Days:
    arm_type = ARMS[arm_name]
    with TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        async with contextlib.AsyncExitStack() as stack:
            assert arm_type.server is not None, "it has one"
            serve = find_server(arm_type.server)
            server = await stack.enter_async_context(serve(_CASE.shape, latency=0.0))
            assert isinstance(server, SimulatedServer), "it is ours"
            control_path = folder / "control"
            await stack.enter_async_context(controlled(control_path, server.do))
            control = await stack.enter_async_context(connected(control_path))
            hass = await _home(folder / "home")
            arm = arm_type(hass, _CASE, control)
            await arm.prepare()
            await arm.set_up()
            await arm.settled()
            try:
                return await Endurance(hass, arm, server).run(days)
            finally:
                await hass.async_stop(force=True)


async def _home(folder: Path) -> HomeAssistant:
    prepare(folder, free_port(0))
    (folder / "configuration.yaml").write_text(CONFIGURATION)
    sys.path.insert(0, str(folder))
    hass = await bootstrap.async_setup_hass(
        RuntimeConfig(config_dir=str(folder), skip_pip=True)
    )
    assert hass is not None, "Home Assistant starts"
    await hass.async_start()
    return hass


def _arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("arm")
    parser.add_argument("days", type=int)
    return parser.parse_args()


def main(clock: VirtualClock) -> None:
    """Live through days of a clock that is already everybody's."""
    arguments = _arguments()

    def make_loop() -> asyncio.AbstractEventLoop:
        loop = VirtualLoop(clock)
        configure_event_loop(loop)
        return loop

    with asyncio.Runner(loop_factory=make_loop) as runner:
        days = runner.run(_run(arguments.arm, arguments.days))
    print(json.dumps(asdict(days)), flush=True)
