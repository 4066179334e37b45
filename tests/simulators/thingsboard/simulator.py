"""The ThingsBoard server as tests and the demo see it (thingsboard.md 22)."""

from collections.abc import Iterable
from typing import ClassVar, override

from aiohttp import web

from .account_desk import AccountDesk
from .alarms import Alarm
from .backend import credential_of
from .bus import Scope
from .device import Device
from .drift import Drift
from .harm import HarmfulWrite
from .records import Asset, Customer, OtaPackage
from .store import Store

from tests.simulators.journal import AuthForm
from tests.simulators.json_types import Json, JsonObject
from tests.simulators.tls import ServerTls

_MAX_BODY = 16 * 1024 * 1024


class ThingsBoardSimulator(AccountDesk):
    """A ThingsBoard server; see the package for how tests use it."""

    platform: ClassVar[str] = "thingsboard"
    max_body: ClassVar[int] = _MAX_BODY

    def __init__(
        self,
        store: Store | None = None,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        prefix: str = "",
        tls: ServerTls | None = None,
        auto_tick: bool = True,
    ) -> None:
        """Serve a store, whose clock and switches count; `prefix`: mounted under a path."""
        super().__init__(
            store or Store(),
            port=port,
            host=host,
            prefix=prefix,
            tls=tls,
            auto_tick=auto_tick,
        )
        self._drift = Drift(self.store)

    # What the base asks of a platform.

    @override
    def routes(self) -> Iterable[web.RouteDef]:
        return self._parts.routes()

    @override
    async def stop(self) -> None:
        self._parts.stop()
        await super().stop()

    @override
    def credential_of(self, request: web.Request) -> tuple[AuthForm | None, str | None]:
        return credential_of(request)

    @override
    def too_large(self) -> web.Response:
        return web.json_response("Payload too large", status=413)

    @override
    def settle(self) -> None:
        self._parts.settle()

    @override
    def tick_streams(self) -> int:
        return self._parts.tick()

    @override
    def drift(self) -> None:
        self._drift.step()

    @override
    def describe(self) -> JsonObject:
        return {
            "devices": [_described(each) for each in self.store.devices],
            "alarms": [each.info() for each in self.store.alarms.all if each.active],
            "harm": len(self.harm),
            "unsafe_writes": len(self.unsafe_writes),
        }

    @override
    def control_value(self, device: str, resource: str, value: Json) -> None:
        """Post telemetry, or with `SHARED_SCOPE/key` write an attribute."""
        target = self.device(device)
        scope, _, key = resource.partition("/")
        if key and scope in set(Scope):
            target.set_attributes(scope, {key: value})
        else:
            target.post_telemetry({resource: value})

    @override
    def control_online(self, device: str, *, online: bool) -> None:
        target = self.device(device)
        if online:
            target.connect()
        else:
            target.disconnect()

    # Things of the server.

    def device(self, name_or_id: str) -> Device:
        """Device by name or id; KeyError if there is none."""
        return self.store.device(name_or_id)

    @property
    def devices(self) -> list[Device]:
        """Every device, oldest first."""
        return self.store.devices

    def add_device(self, device: Device) -> Device:
        """Take a device in; nobody is told before the next look at the set (11.3)."""
        return self.store.add(device)

    def remove_device(self, name_or_id: str) -> None:
        """Delete a device, with its relations and alarms."""
        self.store.remove(self.device(name_or_id))

    def customer(self, title: str) -> Customer:
        """Customer by title."""
        return self.store.customer(title)

    def asset(self, name: str) -> Asset:
        """Asset by name."""
        return self.store.asset(name)

    def package(self, title: str, version: str) -> OtaPackage:
        """Package by title and version."""
        for each in self.store.ota_packages:
            if (each.name, each.package_version) == (title, version):
                return each
        raise KeyError(title)

    @property
    def alarms(self) -> list[Alarm]:
        """Every alarm, oldest first."""
        return self.store.alarms.all

    def alarm(self, device: str, type: str) -> Alarm:
        """Newest alarm of a device with this type; KeyError if there is none."""
        for each in reversed(self.store.alarms.of(self.device(device))):
            if each.type == type:
                return each
        raise KeyError(type)

    # Harm (8.2, 9).

    @property
    def unsafe_writes(self) -> list[HarmfulWrite]:
        """Every key written that a consumer does not write unasked."""
        return self.store.unsafe_writes

    @property
    def harm(self) -> list[HarmfulWrite]:
        """Those that make a device look active, or confuse the server."""
        return [each for each in self.unsafe_writes if each.harmful]

    def clear_harm(self) -> None:
        """Forget them."""
        self.unsafe_writes.clear()

    @property
    def rate_limited(self) -> int:
        """Requests answered 429 because of the limits of tenant or customer."""
        return self._backend.limits.refused


def _described(device: Device) -> JsonObject:
    return {
        "device": device.name,
        "id": device.id,
        "type": device.type,
        "active": device.active,
        "connected": device.connected,
        "telemetry": {key: sample.value for key, sample in device.latest.items()},
        "shared": {
            key: sample.value for key, sample in device.attributes[Scope.SHARED].items()
        },
        "calls": [
            {"method": call.method, "params": call.params} for call in device.rpc.calls
        ],
    }
