"""A ThingsBoard server, written from thingsboard.md (section 22 says what it must do).

`ThingsBoardSimulator(sample_state(), auto_tick=False)` in a test; its state is changed through
`device(…)`, `user(…)` and `switches`, and looked at through `requests(…)`, `harm`, `alarms`.
"""

from .accounts import Account
from .alarms import Alarm, Severity
from .bus import Scope
from .demo_data import TENANT_USER, demo_state
from .device import Device
from .errors import api_error
from .harm import HarmfulWrite, How
from .records import Asset, Customer, Dashboard, DeviceProfile, OtaPackage, Tenant
from .rpc.behaviour import RpcBehaviour
from .sample import large_state, sample_state, thermostat
from .simulator import ThingsBoardSimulator
from .store import Store
from .switches import Switches
from .tokens import TokenPair
from .users import ApiKey, Authority, TwoFactor, User
from .values import Sample
from .versions import Edition

from tests.simulators.registry import DemoOptions

__all__ = [
    "TENANT_USER",
    "Account",
    "Alarm",
    "ApiKey",
    "Asset",
    "Authority",
    "Customer",
    "Dashboard",
    "Device",
    "DeviceProfile",
    "Edition",
    "HarmfulWrite",
    "How",
    "OtaPackage",
    "RpcBehaviour",
    "Sample",
    "Scope",
    "Severity",
    "Store",
    "Switches",
    "Tenant",
    "ThingsBoardSimulator",
    "TokenPair",
    "TwoFactor",
    "User",
    "api_error",
    "demo_state",
    "large_state",
    "make_demo",
    "sample_state",
    "thermostat",
]


def make_demo(options: DemoOptions) -> ThingsBoardSimulator:
    """Make the simulator of the demo."""
    return ThingsBoardSimulator(
        sample_state(generated=options.generated),
        host=options.host,
        port=options.port,
    )
