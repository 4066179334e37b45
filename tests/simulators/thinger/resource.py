"""A resource of a device: what the firmware does when it is called (thinger.md 6, 7)."""

from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Literal, NamedTuple

from tests.simulators.json_types import Json


class Fn(IntEnum):
    """The values of `fn` (6.1)."""

    RUN = 1
    INPUT = 2
    OUTPUT = 3
    INPUT_OUTPUT = 4
    STREAM = 5


class Style(StrEnum):
    """How the firmware treats an empty input (6.3)."""

    GUARDED = "guarded"
    NAIVE = "naive"


class FirmwareError(NamedTuple):
    """An error that the firmware answers with (8)."""

    status: int
    text: str


class Call(NamedTuple):
    """A write, or a run (value None)."""

    value: Json
    at: float
    via: str


type How = Literal["read", "describe", "stream", "write"]


class EmptyCall(NamedTuple):
    """An input, or in/out, that was executed with an empty value."""

    device: str
    resource: str
    path: str
    how: How
    harmful: bool
    changed: bool


type Source = Literal["device", "property", "topic", "script"]


class Resource:
    """One resource; give it to a `Device`."""

    def __init__(
        self,
        path: str,
        fn: Fn,
        value: Json | Callable[[], Json] = None,
        *,
        style: Style = Style.GUARDED,
        access: int = 0,
        function: Callable[[Json], Json] | None = None,
        product: bool = False,
        source: Source = "device",
    ) -> None:
        """`function` makes the output of an in/out; `source` matters for product resources."""
        self.path = path
        self.fn = fn
        self.value = value
        self.style = style
        self.access = access
        self.product = product
        self.source = source
        self.error: FirmwareError | None = None
        self.calls: list[Call] = []
        self.reads = 0
        # Set by the device that takes the resource in: called when there is something to push.
        self.publish: Callable[[Resource, bool], None] = _nobody
        self._function = function

    @property
    def takes_input(self) -> bool:
        """Whether calling it with an empty value can do harm."""
        return self.fn in {Fn.INPUT, Fn.INPUT_OUTPUT}

    @property
    def needs_device(self) -> bool:
        """Whether a call has to reach the device (6.5)."""
        return not self.product or self.source in {"device", "topic"}

    @property
    def runs(self) -> int:
        """How often it was run or written."""
        return len(self.calls)

    def set(self, value: Json) -> None:
        """Take a new value; listeners with an interval get it at their next tick."""
        self.value = value
        self.publish(self, False)

    def push(self) -> None:
        """Send the current value to every listener at once."""
        self.publish(self, True)

    def state(self) -> Json:
        """Value as it is in the device."""
        return self.value() if callable(self.value) else self.value

    def output(self) -> Json:
        """What the resource gives out."""
        if self.fn is Fn.INPUT_OUTPUT and self._function is not None:
            return self._function(self.state())
        return self.state()

    def direction(self) -> Literal["in", "out"]:
        """Key of the wrapper in which v2 and PROTO put the value."""
        return "in" if self.fn is Fn.INPUT else "out"

    def write(self, value: Json, *, at: float, via: str) -> None:
        """Take a value from outside, or run."""
        self.calls.append(Call(value, at, via))
        if self.takes_input:
            self.value = _as_firmware_reads(value, self.state())
            self.push()

    def call_empty(self) -> bool:
        """Execute with an empty value; whether the state changed."""
        if self.style is Style.GUARDED:
            return False
        before = self.state()
        self.value = zero_of(before)
        return self.value != before


def zero_of(value: Json) -> Json:
    """What an empty value reads as in naive firmware: false, 0, "" or zeroed fields."""
    match value:
        case bool():
            return False
        case int() | float():
            return 0
        case str():
            return ""
        case dict():
            return {key: zero_of(item) for key, item in value.items()}
        case list():
            return []
        case _:
            return None


def _as_firmware_reads(written: Json, state: Json) -> Json:
    """Fields that an object lacks read as zero: the whole object has to be sent."""
    if not (isinstance(written, dict) and isinstance(state, dict)):
        return written
    return {key: written.get(key, zero_of(old)) for key, old in state.items()}


def _nobody(resource: Resource, to_everybody: bool) -> None:
    """Stand in for the device until there is one."""
