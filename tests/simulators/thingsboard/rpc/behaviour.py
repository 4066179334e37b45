"""How the thing behind a device answers calls; must not import `device` at run time."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from tests.simulators.json_types import Json


class Silence(Enum):
    """Answers that hold nothing."""

    # An answer without a body.
    EMPTY = "empty"
    # No answer at all.
    NEVER = "never"


EMPTY: Final = Silence.EMPTY
NEVER: Final = Silence.NEVER


@dataclass(frozen=True, slots=True)
class NotJson:
    """An answer that is no JSON."""

    text: str


type Reply = Json | Silence | NotJson
type Handler = Callable[[str, Json], Reply]


@dataclass(frozen=True, slots=True, kw_only=True)
class RpcCall:
    """A call that arrived at a device."""

    id: int
    method: str
    params: Json
    oneway: bool
    persistent: bool
    # Simulated seconds.
    at: float


@dataclass(frozen=True, slots=True)
class _Rule:
    reply: Reply | Handler
    reports: str | None


@dataclass(slots=True, eq=False, kw_only=True)
class RpcBehaviour:
    """What a connected device does with calls; it does not answer methods it does not know."""

    # Every call that arrived, oldest first; over the device's HTTP API too.
    calls: list[RpcCall] = field(default_factory=list)
    # Real seconds until it answers.
    delay: float = 0.0
    # Answers methods that `on` says nothing of; a function gets method and params.
    default: Reply | Handler = NEVER
    _rules: dict[str, _Rule] = field(default_factory=dict)

    def on(
        self, method: str, reply: Reply | Handler = EMPTY, *, reports: str | None = None
    ) -> None:
        """Answer a method; `reports`: a telemetry key that takes the params on."""
        self._rules[method] = _Rule(reply, reports)

    def called(self, method: str) -> list[Json]:
        """Params of the calls of a method, oldest first."""
        return [call.params for call in self.calls if call.method == method]

    def take(self, call: RpcCall) -> Reply:
        """Take a call, and say what the answer will be."""
        self.calls.append(call)
        rule = self._rules.get(call.method)
        reply = self.default if rule is None else rule.reply
        return reply(call.method, call.params) if callable(reply) else reply

    def reported_key(self, call: RpcCall) -> str | None:
        """Telemetry key that takes the params of a call on."""
        rule = self._rules.get(call.method)
        return None if rule is None else rule.reports
