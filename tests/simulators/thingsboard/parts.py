"""How the parts of the server are put together."""

from aiohttp import web

from .alarm_routes import AlarmRoutes
from .api_keys import ApiKeys
from .assets import AssetRoutes, RelationRoutes
from .backend import Backend
from .device_api import DeviceApi
from .device_changes import DeviceChanges
from .devices import DeviceLists
from .live.routes import LiveRoutes
from .profiles import DashboardRoutes, PackageRoutes, ProfileRoutes
from .query.routes import QueryRoutes
from .routing import Part, Router
from .rpc.routes import RpcRoutes
from .second_factor import SecondFactor
from .sign_in import SignIn
from .system import Customers, System
from .telemetry_read import TelemetryReading
from .telemetry_write import TelemetryWriting


class Parts:
    """The parts that outlive a restart."""

    def __init__(self, backend: Backend, *, prefix: str = "") -> None:
        """Put the parts on a common backend."""
        self.sign_in = SignIn(backend)
        self.query = QueryRoutes(backend)
        self.live = LiveRoutes(backend)
        self.rpc = RpcRoutes(backend)
        self.all: tuple[Part, ...] = (
            self.query,
            self.live,
            self.rpc,
            self.sign_in,
            SecondFactor(backend),
            ApiKeys(backend),
            System(backend),
            Customers(backend),
            DeviceLists(backend),
            DeviceChanges(backend),
            TelemetryReading(backend),
            TelemetryWriting(backend),
            DeviceApi(backend),
            AlarmRoutes(backend),
            AssetRoutes(backend),
            RelationRoutes(backend),
            ProfileRoutes(backend),
            DashboardRoutes(backend),
            PackageRoutes(backend),
        )
        self._backend = backend
        self._prefix = prefix

    def routes(self) -> list[web.RouteDef]:
        """Paths of the whole server, in the order in which they are tried."""
        routes = [route for part in self.all for route in part.routes()]
        return Router(self._backend, routes, prefix=self._prefix).definitions()

    def settle(self) -> None:
        """Do what the clock says is due."""
        self._backend.store.activity.settle()
        for part in self.all:
            part.settle()

    def tick(self) -> int:
        """Send what is due to subscribers."""
        return sum(part.tick() for part in self.all)

    def stop(self) -> None:
        """End what runs in the background."""
        for part in self.all:
            part.stop()
