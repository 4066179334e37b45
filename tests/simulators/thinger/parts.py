"""How the parts of the server are put together."""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import hdrs, web

from .backend import Backend
from .buckets import BucketRoutes
from .callback import CallbackRoutes
from .device_sockets import DeviceSockets
from .devices import DeviceRoutes
from .events import EventSockets
from .firmware import Firmware
from .oauth import OAuthRoutes
from .other import OtherRoutes
from .properties import PropertyRoutes
from .resources import ResourceRoutes
from .stats import StatsRoutes
from .streams import StreamHub
from .token_routes import TokenRoutes

from tests.simulators.wire import body_of

# The vendor's library compresses bodies from this length on (2).
_GZIP_FROM: Final = 200

type _Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Parts:
    """The parts that outlive a restart."""

    def __init__(self, backend: Backend, *, auto_tick: bool) -> None:
        """Put the parts on a common backend."""
        self._switches = backend.switches
        firmware = Firmware(backend)
        self.hub = StreamHub(backend, firmware, auto_tick=auto_tick)
        self.oauth = OAuthRoutes(backend)
        self._resources = ResourceRoutes(
            backend, firmware, DeviceSockets(backend, firmware, self.hub)
        )
        self._others = (
            self.oauth,
            OtherRoutes(backend),
            EventSockets(backend, self.hub),
            BucketRoutes(backend),
            TokenRoutes(backend),
            DeviceRoutes(backend),
            StatsRoutes(backend),
            PropertyRoutes(backend),
            CallbackRoutes(backend),
            self._resources,
        )

    def routes(self) -> list[web.RouteDef]:
        """Paths of the whole server, in the order in which they are tried."""
        routes = [route for part in self._others for route in part.routes()]
        routes += self._resources.last_routes()
        return [self._with_switches(route) for route in routes]

    def _with_switches(self, route: web.RouteDef) -> web.RouteDef:
        handler: _Handler = route.handler

        async def switched(request: web.Request) -> web.StreamResponse:
            if route.path.startswith("/v3/") and not self._switches.v3:
                raise web.HTTPNotFound
            response = await handler(request)
            accepted = request.headers.get(hdrs.ACCEPT_ENCODING, "")
            if self._switches.gzip and "gzip" in accepted and _is_long(response):
                response.enable_compression(web.ContentCoding.gzip)
            return response

        return web.RouteDef(route.method, route.path, switched, route.kwargs)


def _is_long(response: web.StreamResponse) -> bool:
    return isinstance(response, web.Response) and len(body_of(response)) >= _GZIP_FROM
