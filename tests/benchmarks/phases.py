"""The parts of the life of an account, measured one after the other in one process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
import contextlib
from dataclasses import asdict
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Final

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er

from .arms.base import Arm
from .control import Control, Talk, Traffic
from .floor import Floor
from .meters import measured, resident
from .profiles import profiled
from .spec import Found, Measures, Phase, Spec
from .values import Change, value_of
from .watch import Watch

PATIENCE: Final = 120.0
"""Seconds until values that do not come are given up."""
ENOUGH_ROUNDS: Final = 2
ENOUGH_SECONDS: Final = 8.0
"""Who is slow is measured less often."""
DRIP_PAUSE: Final = 0.01
DRIPS: Final = 20
"""Values in a row, before it is measured again what nothing costs."""
QUIET_SECONDS: Final = 0.5
NEVER_QUIET_SECONDS: Final = 5.0
EVERY: Final = 1
EVERY_HUNDREDTH: Final = 100
_LOOK_SECONDS: Final = 0.01
_COUNTED: Final = ("requests", "received", "sent", "frames")


class Phases:
    """One arm, from its set-up to its removal."""

    def __init__(
        self, hass: HomeAssistant, arm: Arm, control: Control | None, spec: Spec
    ) -> None:
        """Prepare; nothing is measured yet."""
        self._hass = hass
        self._arm = arm
        self._control = control
        self._spec = spec
        self._shape = arm.shape
        self._watch = Watch(hass, PATIENCE)
        self._number = 0
        self._talk = Talk()
        self._sensors: dict[str, Mapping[str, object]] = {}
        self._found: dict[Phase, Measures] = {}

    async def run(self) -> Found:
        """Go through everything that is wanted."""
        others = len(self._hass.states.async_all())
        before = resident()
        await self._set_up()
        memory = resident() - before
        states = len(self._hass.states.async_all()) - others
        disabled = sum(
            entry.disabled_by is not None
            for entry in er.async_get(self._hass).entities.values()
        )
        await self._rounds(Phase.ALL, EVERY)
        self._sensors = {
            entity_id: state.attributes for entity_id, state in self._watch.seen.items()
        }
        await self._rounds(Phase.PERCENT, EVERY_HUNDREDTH)
        await self._one()
        await self._nothing()
        await self._same()
        await self._away()
        await self._restart()
        await self._remove(others)
        await self._floor()
        return Found(
            arm=self._arm.name,
            case=self._spec.case,
            states=states,
            disabled=disabled,
            memory=memory / max(1, states),
            phases=self._found,
        )

    def _wants(self, phase: Phase) -> bool:
        return phase in self._spec.phases and phase in self._arm.phases

    async def _set_up(self) -> None:
        self._expect(Change(0, EVERY))
        async with self._measured(Phase.SET_UP):
            begin = perf_counter()
            await self._arm.set_up()
            await self._watch.wait()
            wall = perf_counter() - begin
            await self._arm.settled()
            await self._quiet()
        self._found[Phase.SET_UP]["wall"] = wall
        if self._wants(Phase.SETTLE):
            async with self._measured(Phase.SETTLE):
                await asyncio.sleep(self._spec.settle)

    async def _rounds(self, phase: Phase, step: int) -> None:
        """Let values change again and again, each time others."""
        if not self._wants(phase):
            return

        async def round_() -> None:
            await self._arm.refresh()
            await self._watch.wait()

        await self._repeatedly(phase, round_, lambda: self._next(step))

    async def _one(self) -> None:
        """Let single values change: one by one where we are told, else one for each refresh."""
        if not self._wants(Phase.ONE):
            return
        if not self._arm.is_told:
            await self._rounds(Phase.ONE, self._shape.values)
            return
        rounds: list[Measures] = []
        for _ in range(self._spec.drips // DRIPS + 1):
            async with measured(gaps=False) as idle:
                await asyncio.sleep(DRIPS * DRIP_PAUSE)
            rounds.append(await self._drip(idle.cpu / idle.wall))
        # The median: what somebody else began in between must not count.
        self._found[Phase.ONE] = {
            name: median(each[name] for each in rounds[1:]) for name in rounds[0]
        }

    async def _drip(self, idle: float) -> Measures:
        """Return what a value costs that comes alone; nothing costs ``idle`` a second."""
        assert self._control is not None, "somebody tells it"
        first, self._number = self._number + 1, self._number + DRIPS
        texts = [str(value_of(*each)) for each in self._shape.drips(first, DRIPS)]
        self._watch.expect(frozenset(texts), DRIPS)
        async with self._measured(Phase.ONE, gaps=False):
            sent = await self._control.drip(first, DRIPS, DRIP_PAUSE)
            await self._watch.wait()
        found, times = self._found[Phase.ONE], self._watch.times
        delays = [times[text] - at for text, at in zip(texts, sent, strict=True)]
        return {
            "cpu": (found["cpu"] - idle * found["wall"]) / DRIPS,
            "sent": found["sent"] / DRIPS,
            "writes": found["writes"] / DRIPS,
            "delay": median(delays),
            "worst": max(delays),
        }

    async def _nothing(self) -> None:
        """Refresh although nothing changed."""
        if self._wants(Phase.NONE):
            await self._repeatedly(Phase.NONE, self._arm.idle)

    async def _same(self) -> None:
        """Hear everything again, ended by one value that tells it is in."""
        if not (self._wants(Phase.SAME) and self._arm.is_told and self._control):
            return
        control = self._control

        async def round_() -> None:
            self._number += 1
            last = self._shape.values - 1
            self._watch.expect(frozenset({str(value_of(last, self._number))}), 1)
            await control.repeat(self._number)
            await self._watch.wait()
            await asyncio.sleep(_LOOK_SECONDS)

        await self._repeatedly(Phase.SAME, round_)

    async def _away(self) -> None:
        """Lose the server for a while, in which everything changes."""
        if not self._wants(Phase.AWAY) or self._control is None:
            return
        async with self._measured(Phase.AWAY):
            await self._control.go_away()
            if not self._arm.is_told:
                for _ in range(self._arm.failures_until_away):
                    await self._arm.refresh()
            await asyncio.sleep(self._spec.away)
        await self._next(EVERY)
        async with self._measured(Phase.BACK):
            begin = perf_counter()
            await self._control.come_back()
            if not self._arm.is_told:
                await self._arm.refresh()
            await self._watch.wait()
            wall = perf_counter() - begin
            await self._arm.settled()
        self._found[Phase.BACK]["wall"] = wall

    async def _restart(self) -> None:
        """Begin again with a full registry; what the server says has changed meanwhile."""
        if not self._wants(Phase.RESTART):
            return
        await self._arm.unload()
        await self._next(EVERY)
        async with self._measured(Phase.RESTART):
            begin = perf_counter()
            await self._arm.set_up()
            await self._watch.wait()
            wall = perf_counter() - begin
            await self._arm.settled()
            await self._quiet()
        self._found[Phase.RESTART]["wall"] = wall

    async def _remove(self, others: int) -> None:
        if not self._wants(Phase.REMOVE):
            return
        await self._note_talk()
        async with self._measured(Phase.REMOVE):
            await self._arm.remove()
            async with asyncio.timeout(PATIENCE):
                while len(self._hass.states.async_entity_ids()) > others:  # noqa: ASYNC110
                    await asyncio.sleep(_LOOK_SECONDS)

    async def _floor(self) -> None:
        """Do what a refresh with everything changed does at least, without the arm."""
        if not {Phase.REMOVE, Phase.ALL} <= self._found.keys():
            return
        if not self._wants(Phase.FLOOR) or self._control is None:
            return
        told = self._arm.is_told
        floor = Floor(
            self._hass,
            self._arm.announced.url,
            Talk(sockets=self._talk.sockets)
            if told
            else Talk(requests=self._talk.requests),
            sensors=self._sensors,
            frames=int(self._found[Phase.ALL]["frames"]),
        )
        async with contextlib.AsyncExitStack() as stack:
            await floor.listen(stack)
            await asyncio.sleep(QUIET_SECONDS)

            async def round_() -> None:
                if told:
                    await self._arm.change(Change(self._number, EVERY))
                else:
                    await floor.ask()
                await self._watch.wait()

            async def prepare() -> None:
                self._number += 1
                if not told:
                    await self._arm.change(Change(self._number, EVERY))
                self._expect(Change(self._number, EVERY))
                floor.begin(self._number)

            await self._repeatedly(Phase.FLOOR, round_, prepare)

    async def _note_talk(self) -> None:
        """Ask the server what the arm asks in one refresh, and what it holds open."""
        if self._control is not None and self._wants(Phase.FLOOR):
            await self._control.forget()
            await self._arm.refresh()
            self._talk = await self._control.talk()

    async def _next(self, step: int) -> None:
        """Let values change that the next round brings."""
        self._number += 1
        change = Change(self._number, step)
        self._expect(change)
        await self._arm.change(change)

    def _expect(self, change: Change) -> None:
        self._watch.expect(change.texts(self._shape), len(change.indexes(self._shape)))

    async def _quiet(self) -> None:
        """Wait until nothing more is asked, but not for those who try again and again."""
        if self._control is None:
            return
        earlier, end = -1, perf_counter() + NEVER_QUIET_SECONDS
        while (now := (await self._control.traffic()).requests) != earlier:
            if perf_counter() > end:
                return
            earlier = now
            await asyncio.sleep(QUIET_SECONDS)

    async def _repeatedly(
        self,
        phase: Phase,
        act: Callable[[], Awaitable[None]],
        prepare: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Measure the median of some rounds, after one that does not count."""
        rounds: list[Measures] = []
        begin = perf_counter()
        for number in range(self._spec.rounds + 1):
            if number > ENOUGH_ROUNDS and perf_counter() - begin > ENOUGH_SECONDS:
                break
            told = prepare is not None and self._arm.is_told
            if prepare is not None and not told:
                await prepare()
            profile = number == self._spec.rounds
            async with self._measured(phase, profile=profile):
                if prepare is not None and told:
                    await prepare()
                await act()
            rounds.append(self._found[phase])
        self._found[phase] = {
            name: median(each.get(name, 0.0) for each in rounds[1:])
            for name in rounds[-1]
        }

    @contextlib.asynccontextmanager
    async def _measured(
        self, phase: Phase, *, gaps: bool = True, profile: bool = True
    ) -> AsyncIterator[None]:
        """Measure what happens inside, here and at the server."""
        before = await self._traffic()
        changed, reported = self._watch.changed, self._watch.reported
        folder = self._spec.profile if profile else None
        async with measured(gaps=gaps) as cost:
            with profiled(Path(folder) if folder else None, self._arm.name, phase):
                yield
        traffic = (await self._traffic()).since(before)
        self._found[phase] = {
            **asdict(cost),
            **{name: float(getattr(traffic, name)) for name in _COUNTED},
            **{f"route {name}": float(n) for name, n in traffic.routes.items()},
            "writes": float(self._watch.changed - changed),
            "in_vain": float(self._watch.reported - reported),
        }

    async def _traffic(self) -> Traffic:
        return Traffic() if self._control is None else await self._control.traffic()
