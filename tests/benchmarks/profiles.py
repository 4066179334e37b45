"""Where the time goes: a profile of a phase as text, for those who work on the speed.

Samples tell it best: where pyinstrument can be imported it is used, else what Python has itself.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
import contextlib
from cProfile import Profile
from importlib import import_module
from importlib.util import find_spec
import io
from pathlib import Path
from pstats import SortKey, Stats
from typing import Any, Final, override

_SAMPLER: Final = "pyinstrument"
_SECONDS: Final = 0.0005
"""Between two samples."""
_LINES: Final = 60


class _Profiler(ABC):
    """Notes what runs between its start and its stop."""

    @abstractmethod
    def start(self) -> None:
        """Begin."""

    @abstractmethod
    def stop(self) -> str:
        """End, and return the text."""


class _Counts(_Profiler):
    """Python's own: exact in its numbers, but every call costs more than it should."""

    def __init__(self) -> None:
        self._profile = Profile()

    @override
    def start(self) -> None:
        self._profile.enable()

    @override
    def stop(self) -> str:
        self._profile.disable()
        text = io.StringIO()
        stats = Stats(self._profile, stream=text)
        for order in (SortKey.TIME, SortKey.CUMULATIVE):
            stats.sort_stats(order).print_stats(_LINES)
        return text.getvalue()


class _Samples(_Profiler):
    """A look at the stack from time to time."""

    def __init__(self) -> None:
        # Any: it is not among the packages that are installed for everybody.
        module: Any = import_module(_SAMPLER)
        self._profiler = module.Profiler(interval=_SECONDS, async_mode="disabled")

    @override
    def start(self) -> None:
        self._profiler.start()

    @override
    def stop(self) -> str:
        self._profiler.stop()
        return str(self._profiler.output_text(show_all=True))


@contextlib.contextmanager
def profiled(folder: Path | None, arm: str, phase: str) -> Iterator[None]:
    """Write the profile of what happens inside into a folder, where there is one."""
    if folder is None:
        yield
        return
    profiler = _Samples() if find_spec(_SAMPLER) else _Counts()
    profiler.start()
    try:
        yield
    finally:
        text = profiler.stop()
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{arm}-{phase}.txt").write_text(text)
