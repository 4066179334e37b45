"""Thinger.io for the adapter contract."""

from collections.abc import Mapping
import re
from typing import Any, ClassVar, Final

from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.platform import IotPlatform
from custom_components.iot_platforms.model.value import JsonValue

from .conftest import Accounts

from tests.adapters.account import Account
from tests.adapters.contract import Harness
from tests.simulators.thinger import FirmwareError, ThingerSimulator

DEVICES: Final = frozenset(
    {
        "boiler_ctl",
        "forecast",
        "fresh_node",
        "greenhouse",
        "lora_probe",
        "meter",
        "old_node",
        "paused",
    }
)


class ThingerHarness(Harness):
    """The sample account, signed in with an access token."""

    platform: ClassVar = IotPlatform.THINGER
    devices = DEVICES
    output = ResourceKey("boiler_ctl", "temperature")
    other = ResourceKey("greenhouse", "climate/temperature")
    writable = ResourceKey("boiler_ctl", "setpoint")
    list_path = "/devices$"
    write_path = "/resources/setpoint$"

    def __init__(self, sim: ThingerSimulator, accounts: Accounts) -> None:
        """Work on a simulator."""
        self.sim: ThingerSimulator = sim
        self._accounts = accounts
        self.key = f"thinger:{sim.authority}/demo"

    def account(self, credentials: Mapping[str, Any] | None = None) -> Account:
        """Make an account."""
        return self._accounts(dict(credentials) if credentials else None)

    @property
    def wrong_credentials(self) -> Mapping[str, Any]:
        """Return a token that was deleted."""
        token = self.sim.mint_access_token("deleted")
        self.sim.remove_access_token("deleted")
        return {"url": self.sim.url, "access_token": token.jwt}

    @property
    def secrets(self) -> list[str]:
        """Return the parts of the token."""
        return self.sim.account().access_token.split(".")

    def revoke(self) -> None:
        """Disable the token."""
        self.sim.access_token("home_assistant").enabled = False

    def read_path(self, key: ResourceKey) -> str:
        """Return where a resource is read."""
        return f"/devices/{key.device_id}/resources/{re.escape(key.resource_id)}$"

    def set_value(self, key: ResourceKey, value: JsonValue, *, push: bool) -> None:
        """Set a value."""
        resource = self.sim.device(key.device_id).resource(key.resource_id)
        resource.value = value
        if push:
            resource.push()

    def set_online(self, device_id: str, *, online: bool) -> None:
        """Let a device come or go."""
        device = self.sim.device(device_id)
        if online:
            device.go_online()
        else:
            device.go_offline()

    def written(self) -> list[JsonValue]:
        """Return what was written."""
        resource = self.sim.device("boiler_ctl").resource("setpoint")
        return [call.value for call in resource.calls]

    def refuse_writes(self) -> None:
        """Let the firmware answer with an error of its own."""
        resource = self.sim.device("boiler_ctl").resource("setpoint")
        resource.error = FirmwareError(409, "stuck")

    def fall_silent(self) -> None:
        """Crash the device."""
        self.sim.switches.silent_delay = 0
        self.sim.device("boiler_ctl").crash()
