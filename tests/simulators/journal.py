"""The log of the requests that a simulator got."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
import json
import re
from time import monotonic
from typing import Any, Literal
from urllib.parse import parse_qsl

from multidict import CIMultiDictProxy

from .notice import Notice

type AuthForm = Literal["header", "query", "both"]


@dataclass(slots=True, eq=False, kw_only=True)
class Request:
    """One request as the server saw it."""

    number: int
    method: str
    path: str
    raw_path: str
    query: dict[str, str]
    headers: CIMultiDictProxy[str]
    auth: AuthForm | None
    token: str | None
    body: bytes
    time: float
    device: str | None
    route: str | None
    upgrade: bool
    started: float = field(default_factory=monotonic)
    finished: float | None = None
    status: int | None = None

    # Any: the tests know what they sent.
    def json(self) -> Any:
        """Body as JSON."""
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        """Body as the fields of a form."""
        return dict(parse_qsl(self.body.decode(), keep_blank_values=True))


class Journal:
    """Every request, and how many were at work at a time."""

    def __init__(self, notice: Notice) -> None:
        """Begin empty; the notice rings on each arrival and each end."""
        self._notice = notice
        self._last_number = 0
        self._at_work: Counter[str | None] = Counter()
        self._max_of: Counter[str | None] = Counter()
        self.entries: list[Request] = []
        self.max_in_flight = 0

    def next_number(self) -> int:
        """Return the number of the next request."""
        self._last_number += 1
        return self._last_number

    def begin(self, entry: Request) -> None:
        """Note that a request arrived."""
        self.entries.append(entry)
        self._at_work[entry.device] += 1
        self.max_in_flight = max(self.max_in_flight, self._at_work.total())
        self._max_of[entry.device] = max(
            self._max_of[entry.device], self._at_work[entry.device]
        )
        self._notice.ring()

    def end(self, entry: Request, status: int | None) -> None:
        """Note the answer; a second call for the same request says nothing new."""
        if entry.finished is not None:
            return
        entry.status = status
        entry.finished = monotonic()
        self._at_work[entry.device] -= 1
        self._notice.ring()

    def clear(self) -> None:
        """Forget the requests and the maxima."""
        self.entries.clear()
        self._max_of.clear()
        self.max_in_flight = 0

    def max_in_flight_of(self, device: str) -> int:
        """Highest number of requests for a device at a time."""
        return self._max_of[device]

    def find(
        self,
        method: str | None = None,
        path: str | None = None,
        *,
        device: str | None = None,
    ) -> Iterator[Request]:
        """Requests that match, oldest first; the path is a regular expression."""
        pattern = re.compile(path or "")
        for entry in self.entries:
            if (
                (method is None or entry.method == method)
                and (device is None or entry.device == device)
                and pattern.search(entry.path)
            ):
                yield entry
