"""One socket: who is behind it, what it subscribed to, and what may be sent on it."""

import asyncio
from collections.abc import Callable
from enum import Enum
import json
from typing import Final

from . import frames
from .frames import CloseCode, ErrorCode
from .subscription import Subscription

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import JsonObject
from tests.simulators.sockets import OpenSocket
from tests.simulators.thingsboard.identity import Identity
from tests.simulators.thingsboard.rate_limits import Bucket
from tests.simulators.thingsboard.switches import Switches


class Kind(Enum):
    """What a socket is for: also the name under which the simulator lists it."""

    GENERAL = "ws"
    TELEMETRY = "ws-telemetry"
    UNKNOWN = "ws-unknown"


# What fits into a close frame besides the code.
_REASON_BYTES: Final = 123
_GRACE_SECONDS: Final = 0.05


class LiveSession:
    """A socket with its user and its subscriptions, by the ids that the client chose."""

    def __init__(
        self,
        socket: OpenSocket,
        switches: Switches,
        clock: SimulatedClock,
        *,
        kind: Kind,
    ) -> None:
        """Begin without a user."""
        self.socket = socket
        self.kind = kind
        self.identity: Identity | None = None
        self.subscriptions: dict[int, Subscription] = {}
        # Nothing is sent any more: the close frame is on its way.
        self.ended = False
        # The server forgot who this is: no command works any more.
        self.lost = False
        # Set by tests: every update is one too many; or it is lost without a word.
        self.too_many_updates = False
        self.drop_updates = False
        self._switches = switches
        self._clock = clock
        self._bucket: Bucket | None = None
        self._told_of_limit = False
        self._is_watched = False
        self._timers: list[asyncio.TimerHandle] = []

    def send(self, cmd_id: int, frame: JsonObject) -> None:
        """Send an answer or an update, if the limits allow it."""
        if self.ended or self.drop_updates:
            return
        if not self._may_send():
            if not self._told_of_limit:
                self._told_of_limit = True
                self._queue(frames.too_many_updates(cmd_id))
            return
        self._told_of_limit = False
        self._queue(frame)

    def complain(self, cmd_id: int, code: ErrorCode, text: str) -> None:
        """Send an error."""
        self.send(cmd_id, frames.error(cmd_id, code, text))

    def close(self, code: int, reason: str = "") -> None:
        """Close the socket."""
        if not self.ended:
            self.ended = True
            self.socket.end(code, message=_shortened(reason))

    def give_up(self, code: int, reason: str = "") -> None:
        """Close the socket without sending what is queued."""
        if not self.ended:
            self.ended = True
            self.socket.give_up(code, message=reason)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something after so many real seconds, if the socket is still open."""
        loop = asyncio.get_running_loop()
        self._timers = [each for each in self._timers if each.when() > loop.time()]
        self._timers.append(loop.call_later(seconds, action))

    def forget(self) -> None:
        """The socket is closed."""
        self.ended = True
        self.subscriptions.clear()
        for timer in self._timers:
            timer.cancel()

    def _may_send(self) -> bool:
        if self.too_many_updates:
            return False
        limits = self._switches.ws_update_limits
        if not limits:
            return True
        if self._bucket is None or self._bucket.limits != limits:
            self._bucket = Bucket(limits, self._clock)
        return self._bucket.take()

    def _is_behind(self) -> bool:
        limit = self._switches.ws_max_pending
        return 0 < limit <= self.socket.backlog

    def _look_at_backlog(self) -> None:
        self._is_watched = False
        if self._is_behind():
            self.give_up(CloseCode.POLICY, "Max pending updates limit reached!")

    def _queue(self, frame: JsonObject) -> None:
        if self._is_behind() and not self._is_watched:
            # Many changes in one step are no slow client: the writer gets a moment.
            self._is_watched = True
            self.later(_GRACE_SECONDS, self._look_at_backlog)
        self.socket.send_raw(
            json.dumps(frame, separators=(",", ":"), ensure_ascii=False)
        )


def _shortened(reason: str) -> str:
    return reason.encode()[:_REASON_BYTES].decode(errors="ignore")
