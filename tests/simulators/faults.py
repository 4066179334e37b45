"""Which requests go wrong, and how often."""

from dataclasses import dataclass, field
import re

from aiohttp import web

from .effects import Answer, Effect, Hang


@dataclass(slots=True, eq=False)
class Fault:
    """An effect on the requests that match."""

    effect: Effect
    path: re.Pattern[str]
    method: str | None
    count: int | None
    skip: int
    home: list[Fault] = field(repr=False)
    hits: int = 0

    def takes(self, request: web.Request) -> bool:
        """Whether this request is hit; counts it."""
        if self.count is not None and self.hits >= self.count:
            return False
        if self.method not in {None, request.method}:
            return False
        if not self.path.search(request.path):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.hits += 1
        return True

    def remove(self) -> None:
        """End the fault and let go of what it holds back."""
        if self in self.home:
            self.home.remove(self)
        if isinstance(self.effect, Hang):
            self.effect.release()


class Faults:
    """The faults that are switched on."""

    def __init__(self) -> None:
        """Begin without any."""
        self._faults: list[Fault] = []

    def add(
        self,
        effect: Effect,
        *,
        path: str | None = None,
        method: str | None = None,
        count: int | None = None,
        skip: int = 0,
    ) -> Fault:
        """Switch a fault on; the path is a regular expression, None means every path."""
        fault = Fault(effect, re.compile(path or ""), method, count, skip, self._faults)
        self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Switch all off."""
        for fault in list(self._faults):
            fault.remove()

    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        """Answer a request through every fault that it meets, the first one outermost."""
        for fault in reversed([each for each in self._faults if each.takes(request)]):
            answer = _through(fault.effect, request, answer)
        return await answer()


def _through(effect: Effect, request: web.Request, answer: Answer) -> Answer:
    return lambda: effect.apply(request, answer)
