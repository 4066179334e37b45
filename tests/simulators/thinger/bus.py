"""How changes of the state reach the open streams."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.simulators.json_types import JsonObject

if TYPE_CHECKING:
    from .device import Device
    from .resource import Resource


class Bus:
    """Lists of who wants to hear of what."""

    def __init__(self) -> None:
        """Begin with nobody listening."""
        # The flag: whether even listeners with an interval get the sample at once.
        self.on_sample: list[Callable[[Device, Resource, bool], None]] = []
        self.on_event: list[Callable[[str, JsonObject], None]] = []
        self.on_came: list[Callable[[Device], None]] = []
        self.on_left: list[Callable[[Device], None]] = []
        self.on_traffic: list[Callable[[Device, JsonObject], None]] = []

    def sample(self, device: Device, resource: Resource, *, to_everybody: bool) -> None:
        """A resource has a new value."""
        for listener in self.on_sample:
            listener(device, resource, to_everybody)

    def event(self, user: str, event: JsonObject) -> None:
        """Something happened in an account."""
        for listener in self.on_event:
            listener(user, event)

    def came(self, device: Device) -> None:
        """A device connected."""
        for listener in self.on_came:
            listener(device)

    def left(self, device: Device) -> None:
        """A device disconnected."""
        for listener in self.on_left:
            listener(device)

    def traffic(self, device: Device, increment: JsonObject) -> None:
        """Bytes went to or came from a device."""
        for listener in self.on_traffic:
            listener(device, increment)
