"""ThingsBoard for the adapter contract."""

from collections.abc import Mapping
from typing import Any, ClassVar, Final

from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.errors import CommandRejectedError
from custom_components.iot_platforms.model.platform import IotPlatform
from custom_components.iot_platforms.model.value import JsonValue

from .conftest import Accounts, key

from tests.adapters.account import Account
from tests.adapters.contract import Harness
from tests.simulators.effects import Status
from tests.simulators.thingsboard import ThingsBoardSimulator

FIRST: Final = "TH-0042"
OTHER: Final = "Meter M1"
FOREIGN: Final = "Foreign device"
"""A device of another tenant."""


class ThingsBoardHarness(Harness):
    """The sample's administrator, with the tokens of an earlier sign-in and no password."""

    platform: ClassVar = IotPlatform.THINGSBOARD
    needs_device: ClassVar = False
    reads_in_bulk: ClassVar = True
    unconfirmed: ClassVar = CommandRejectedError
    list_path = "/api/entitiesQuery/find$"

    def __init__(self, sim: ThingsBoardSimulator, accounts: Accounts) -> None:
        """Work on a simulator."""
        self.sim: ThingsBoardSimulator = sim
        self._accounts = accounts
        self._tokens = accounts.tokens()
        self._device = sim.device(FIRST)
        self.key = f"thingsboard:{sim.authority}/{sim.user().id}"
        self.devices = frozenset(d.id for d in sim.devices if d.name != FOREIGN)
        self.output = key(sim, FIRST, "telemetry/temperature")
        self.other = key(sim, OTHER, "telemetry/power")
        self.writable = key(sim, FIRST, "shared/targetTemperature")
        self.write_path = f"/DEVICE/{self._device.id}/attributes/SHARED_SCOPE$"

    def account(self, credentials: Mapping[str, Any] | None = None) -> Account:
        """Make an account."""
        return self._accounts(credentials or self._tokens)

    @property
    def wrong_credentials(self) -> Mapping[str, Any]:
        """Return a password that is not the user's."""
        return {**self._accounts.password(), "password": "wrong-password"}

    @property
    def secrets(self) -> list[str]:
        """Return what is secret in the tokens."""
        tokens = (self._tokens["access_token"], self._tokens["refresh_token"])
        return [token.split(".")[part] for token in tokens for part in (1, 2)]

    def revoke(self) -> None:
        """End all sessions, as a new password does."""
        self.sim.end_sessions()

    def read_path(self, key: ResourceKey) -> str:
        """Return where values are read: those of all devices together."""
        return self.list_path

    def set_value(self, key: ResourceKey, value: JsonValue, *, push: bool) -> None:
        """Let the device send telemetry; who is subscribed hears of it, asked for or not."""
        name = key.resource_id.partition("/")[2]
        self.sim.device(key.device_id).post_telemetry({name: value})

    def set_online(self, device_id: str, *, online: bool) -> None:
        """Let a device come, or go and be missed."""
        device = self.sim.device(device_id)
        if online:
            device.connect()
        else:
            device.disconnect()
            self.sim.clock.advance(
                self.sim.switches.inactivity_timeout
                + self.sim.switches.inactivity_check
            )

    def written(self) -> list[JsonValue]:
        """Return what the device was told: it repeats each word of it."""
        told = self._device.history.get("target", [])
        return [sample.value for sample in told[1:]]

    def refuse_writes(self) -> None:
        """Let the server refuse what is written."""
        self.sim.faults.add(
            Status(400, body="Invalid JSON"), path=self.write_path, method="POST"
        )

    def fall_silent(self) -> None:
        """Let the server say yes and keep nothing."""
        self.sim.faults.add(
            Status(200, body="", content_type=None), path=self.write_path, method="POST"
        )
