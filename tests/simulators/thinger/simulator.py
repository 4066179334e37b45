"""The Thinger.io server as tests and the demo see it (thinger.md 14)."""

from collections.abc import Iterable
from typing import ClassVar, override

from aiohttp import web

from .account_desk import AccountDesk
from .backend import credential_of
from .bucket import Bucket
from .device import Device
from .drift import Drift
from .resource import EmptyCall
from .state import MAIN_USER, Endpoint, State
from .streams import Subscription
from .switches import Switches

from tests.simulators.journal import AuthForm
from tests.simulators.json_types import Json, JsonObject
from tests.simulators.tls import ServerTls


class ThingerSimulator(AccountDesk):
    """A Thinger.io server; see the package for how tests use it."""

    platform: ClassVar[str] = "thinger"

    def __init__(
        self,
        state: State | None = None,
        *,
        switches: Switches | None = None,
        port: int = 0,
        host: str = "127.0.0.1",
        tls: ServerTls | None = None,
        auto_tick: bool = True,
    ) -> None:
        """Serve a state; the clock is the state's."""
        super().__init__(
            state or State(),
            switches or Switches(),
            port=port,
            host=host,
            tls=tls,
            auto_tick=auto_tick,
        )
        self._drift = Drift(self.state)

    # What the base asks of a platform.

    @override
    async def start(self) -> None:
        await super().start()
        # Tokens name the server, whose port is known only now (3.4).
        self._backend.tokens.server = self.authority

    @override
    def routes(self) -> Iterable[web.RouteDef]:
        return self._parts.routes()

    @override
    def credential_of(self, request: web.Request) -> tuple[AuthForm | None, str | None]:
        return credential_of(request)

    @override
    def settle(self) -> None:
        for device in self.state.devices.values():
            device.settle()
        self._parts.hub.settle()

    @override
    def tick_streams(self) -> int:
        return self._parts.hub.tick()

    @override
    def drift(self) -> None:
        self._drift.step()

    @override
    def describe(self) -> JsonObject:
        return {
            "devices": [_described(each) for each in self.state.devices.values()],
            "harm": len(self.harm),
            "unsafe_reads": len(self.unsafe_reads),
        }

    @override
    def control_value(self, device: str, resource: str, value: Json) -> None:
        target = self.device(device).resource(resource)
        target.value = value
        target.push()

    @override
    def control_online(self, device: str, *, online: bool) -> None:
        target = self.device(device)
        if online:
            target.go_online()
        else:
            target.go_offline()

    # Things of the account.

    def device(self, device_id: str, user: str = MAIN_USER) -> Device:
        """Device by its id."""
        return self.state.devices[user, device_id]

    def devices(self, user: str = MAIN_USER) -> list[Device]:
        """Devices of a user, in the order of their ids."""
        return self.state.devices_of(user)

    def add_device(self, device: Device) -> Device:
        """Take a device in and tell the listeners."""
        self.state.add_device(device)
        device.emit("device_create")
        return device

    def remove_device(self, device_id: str, user: str = MAIN_USER) -> None:
        """Delete a device, even a connected one, and tell the listeners."""
        self.state.remove_device(self.device(device_id, user))

    def bucket(self, bucket_id: str, user: str = MAIN_USER) -> Bucket:
        """Bucket by its id."""
        return self.state.buckets[user, bucket_id]

    def endpoint(self, endpoint_id: str, user: str = MAIN_USER) -> Endpoint:
        """Endpoint by its id."""
        return self.state.endpoints[user, endpoint_id]

    # Harm (6.3).

    @property
    def unsafe_reads(self) -> list[EmptyCall]:
        """Every time an input was executed with an empty value."""
        return self.state.unsafe_reads

    @property
    def harm(self) -> list[EmptyCall]:
        """Those that hit naive firmware."""
        return [call for call in self.unsafe_reads if call.harmful]

    @property
    def empty_calls(self) -> list[EmptyCall]:
        """Those that firmware with a guard survived."""
        return [call for call in self.unsafe_reads if not call.harmful]

    def clear_harm(self) -> None:
        """Forget them."""
        self.unsafe_reads.clear()

    # Live data.

    def emit(self, event: JsonObject, user: str = MAIN_USER) -> None:
        """Send an event to the account's listeners."""
        self.state.bus.event(user, {"user": user, **event})

    def subscriptions(
        self,
        resource: str | None = None,
        *,
        device: str | None = None,
        event: str | None = None,
    ) -> list[Subscription]:
        """Live subscriptions that name what is asked for."""
        return [
            each
            for each in self._parts.hub.subscriptions
            if resource in {None, each.resource}
            and device in {None, each.device}
            and event in {None, each.event}
        ]

    async def wait_for_subscription(
        self,
        resource: str | None = None,
        *,
        device: str | None = None,
        event: str | None = None,
        count: int = 1,
        timeout: float = 5.0,
    ) -> Subscription:
        """Return the last of so many matching subscriptions once they are live."""

        def matching() -> list[Subscription]:
            return self.subscriptions(resource, device=device, event=event)

        await self.wait_until(lambda: len(matching()) >= count, timeout=timeout)
        return matching()[-1]


def _described(device: Device) -> JsonObject:
    return {
        "device": device.id,
        "type": device.type,
        "active": device.active,
        "responsive": device.responsive,
        "resources": {
            path: {
                "fn": int(resource.fn),
                "value": resource.state(),
                "reads": resource.reads,
                "calls": len(resource.calls),
            }
            for path, resource in device.resources.items()
        },
    }
