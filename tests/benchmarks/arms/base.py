"""What an arm is: one way to bring the fleet into Home Assistant."""

from abc import ABC, abstractmethod
from typing import ClassVar

from homeassistant.core import HomeAssistant

from tests.benchmarks.control import Announcement, Control
from tests.benchmarks.spec import Case, Phase
from tests.benchmarks.values import Change

ALL_PHASES = frozenset(Phase)


class Arm(ABC):
    """One way to bring the fleet into Home Assistant, in the process that is measured."""

    name: ClassVar[str]
    title: ClassVar[str]
    server: ClassVar[str | None] = None
    """The server that it needs, as ``module:function``."""
    is_told: ClassVar[bool] = False
    """Whether the server tells it of changes; else it has to ask."""
    phases: ClassVar[frozenset[Phase]] = ALL_PHASES
    """The parts of the life of an account that make sense here."""
    failures_until_away: ClassVar[int] = 1
    """Questions in vain after which all entities are unavailable."""

    def __init__(
        self, hass: HomeAssistant, case: Case, control: Control | None
    ) -> None:
        """Prepare; nothing is set up."""
        self.hass = hass
        self.case = case
        self.shape = case.shape
        self._control = control

    @property
    def control(self) -> Control:
        """Return the server."""
        assert self._control is not None, "only arms with a server ask for it"
        return self._control

    async def prepare(self) -> None:
        """Do what happens once in the life of a process, whatever comes: import modules."""
        if self._control is not None:
            self.announced: Announcement = await self._control.describe()

    async def change(self, change: Change) -> None:
        """Let values become others, at their source."""
        await self.control.change(change)

    @abstractmethod
    async def set_up(self) -> None:
        """Begin, as for the first time or as after a restart."""

    async def settled(self) -> None:  # noqa: B027 - most need not
        """Wait until everything that set-up began is done."""

    async def refresh(self) -> None:  # noqa: B027 - for those who are told
        """Ask for what changed, where nobody tells it."""

    async def idle(self) -> None:
        """Do what is done from time to time although nothing changed."""
        await self.refresh()

    @abstractmethod
    async def unload(self) -> None:
        """Take everything down, but forget nothing."""

    async def remove(self) -> None:
        """Take everything away for good."""
        raise NotImplementedError
