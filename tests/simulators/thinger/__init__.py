"""A Thinger.io server, written from thinger.md (section 14 says what it must do).

`ThingerSimulator(sample_state(), auto_tick=False)` in a test; its state is changed through
`device(…)`, `resource(…)` and `switches`, and looked at through `requests(…)`, `harm`, `calls`.
"""

from .device import Device
from .resource import Call, EmptyCall, FirmwareError, Fn, Resource, Style
from .sample import sample_state
from .simulator import ThingerSimulator
from .state import Asset, Endpoint, State
from .switches import Switches
from .tokens import User

from tests.simulators.registry import DemoOptions

__all__ = [
    "Asset",
    "Call",
    "Device",
    "EmptyCall",
    "Endpoint",
    "FirmwareError",
    "Fn",
    "Resource",
    "State",
    "Style",
    "Switches",
    "ThingerSimulator",
    "User",
    "make_demo",
    "sample_state",
]


def make_demo(options: DemoOptions) -> ThingerSimulator:
    """Make the simulator of the demo."""
    return ThingerSimulator(
        sample_state(generated=options.generated),
        host=options.host,
        port=options.port,
    )
