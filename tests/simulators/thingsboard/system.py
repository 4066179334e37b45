"""Version, feature flags, clock, customers (thingsboard.md 2, 4.1, 5.3)."""

from collections.abc import Iterable
from typing import Final, override

from aiohttp import web

from .backend import Backend, identity_of
from .ids import EntityType
from .paging import Listing, entity_listing, page_answer
from .records import Customer
from .routing import ANYBODY, TENANT, TENANT_OR_CUSTOMER, Part, Route
from .versions import Edition

from tests.simulators.json_types import JsonObject
from tests.simulators.wire import json_answer

_LISTING: Final[Listing[Customer]] = entity_listing(lambda customer: (customer.name,))


class System(Part):
    """The server about itself."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        yield Route(
            method="GET",
            path="/api/system/info",
            handler=self._info,
            roles=ANYBODY,
            since="3.3.3",
        )
        yield Route(
            method="GET",
            path="/api/system/params",
            handler=self._params,
            roles=ANYBODY,
            since="3.5",
        )
        yield Route(
            method="GET",
            path="/api/dashboard/serverTime",
            handler=self._server_time,
            roles=ANYBODY,
        )

    async def _info(self, request: web.Request) -> web.Response:
        switches = self._backend.switches
        suffix = "" if switches.edition is Edition.CE else "PE"
        return json_answer(
            {
                "version": f"{switches.version.removesuffix('PE')}{suffix}",
                "artifact": "application",
                "name": "ThingsBoard",
                "type": switches.edition.value,
            }
        )

    async def _params(self, request: web.Request) -> web.Response:
        switches = self._backend.switches
        params: JsonObject = {
            "userTokenAccessEnabled": switches.user_token_access,
            "allowedDashboardIds": [],
            "edgesSupportEnabled": False,
            "hasRepository": False,
            "tbelEnabled": True,
            "persistDeviceStateToTelemetry": switches.persist_state_to_telemetry,
            "userSettings": {},
            "maxDatapointsLimit": 50_000,
        }
        if self._backend.since("4.0"):
            params["edqsEnabled"] = switches.edqs
        if self._backend.since("4.4"):
            params["allowKeyFiltersOrConditions"] = True
            params["nullsOrderStrategy"] = "DEFAULT"
        return json_answer(params)

    async def _server_time(self, request: web.Request) -> web.Response:
        return json_answer(self._backend.clock.now_ms())


class Customers(Part):
    """Customers of the tenant."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        one = "/api/customer/{customer}"
        yield Route(
            method="GET", path="/api/customers", handler=self._list, roles=TENANT
        )
        for path, handler in (
            (one, self._read),
            (f"{one}/shortInfo", self._short_info),
            (f"{one}/title", self._title),
        ):
            yield Route(
                method="GET", path=path, handler=handler, roles=TENANT_OR_CUSTOMER
            )

    async def _list(self, request: web.Request) -> web.Response:
        identity = identity_of(request)
        customers = [
            each for each in self._backend.store.customers if identity.sees(each)
        ]
        return page_answer(request, customers, _LISTING, lambda each: each.json())

    async def _read(self, request: web.Request) -> web.Response:
        return json_answer(self._customer(request).json())

    async def _short_info(self, request: web.Request) -> web.Response:
        return json_answer(self._customer(request).short_info())

    async def _title(self, request: web.Request) -> web.Response:
        return web.Response(text=self._customer(request).name)

    def _customer(self, request: web.Request) -> Customer:
        id_ = request.match_info["customer"]
        found = self._backend.entity(identity_of(request), EntityType.CUSTOMER, id_)
        assert isinstance(found, Customer)
        return found
