"""Device profiles, dashboards, packages, rights of PE (thingsboard.md 5.2, 13.1, 14, 16.2)."""

from collections.abc import Iterable
from typing import Final, override

from aiohttp import web

from .backend import Backend, identity_of
from .bus import Scope
from .devices import customer_of_path
from .errors import bad_request, forbidden
from .ids import EntityType
from .paging import Listing, entity_listing, page_answer
from .records import Dashboard, DeviceProfile, OtaPackage
from .routing import TENANT, Handler, Part, Route

from tests.simulators.json_types import Json
from tests.simulators.wire import json_answer

_PROFILES: Final[Listing[DeviceProfile]] = entity_listing(lambda each: (each.name,))
_DASHBOARDS: Final[Listing[Dashboard]] = entity_listing(lambda each: (each.name,))
_PACKAGES: Final[Listing[OtaPackage]] = entity_listing(
    lambda each: (each.name, each.package_version, each.tag),
    version=lambda each: each.package_version,
)
# From then on alarm rules are calculated fields.
_RULES_UNTIL: Final = "4.3"
_SAMPLED_DEVICES: Final = 100


class ProfileRoutes(Part):
    """Device profiles."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        both: tuple[tuple[str, Handler, str], ...] = (
            ("/api/deviceProfileInfos", self._infos, "0"),
            ("/api/deviceProfileInfo/{profile}", self._info, "0"),
            ("/api/deviceProfile/names", self._names, "3.6.2"),
        )
        for path, handler, since in both:
            yield Route(method="GET", path=path, handler=handler, since=since)
        admin: tuple[tuple[str, Handler, str], ...] = (
            ("/api/deviceProfile/devices/keys/timeseries", self._keys, "3.2.1"),
            ("/api/deviceProfile/devices/keys/attributes", self._attributes, "3.2.1"),
            ("/api/deviceProfiles", self._list, "0"),
            ("/api/deviceProfile/{profile}", self._read, "0"),
        )
        for path, handler, since in admin:
            yield Route(
                method="GET", path=path, handler=handler, since=since, roles=TENANT
            )

    async def _infos(self, request: web.Request) -> web.Response:
        return page_answer(
            request, self._visible(request), _PROFILES, lambda each: each.info()
        )

    async def _list(self, request: web.Request) -> web.Response:
        return page_answer(request, self._visible(request), _PROFILES, self._record)

    async def _info(self, request: web.Request) -> web.Response:
        return json_answer(self._profile(request).info())

    async def _read(self, request: web.Request) -> web.Response:
        return json_answer(self._record(self._profile(request)))

    async def _names(self, request: web.Request) -> web.Response:
        found = self._visible(request)
        if request.query.get("activeOnly") == "true":
            used = {device.profile for device in self._backend.store.devices}
            found = [each for each in found if each in used]
        return json_answer(
            [
                {"id": each.entity_id.json(), "name": each.name}
                for each in sorted(found, key=lambda each: each.name)
            ]
        )

    async def _keys(self, request: web.Request) -> web.Response:
        return self._sampled(request, attributes=False)

    async def _attributes(self, request: web.Request) -> web.Response:
        return self._sampled(request, attributes=True)

    def _sampled(self, request: web.Request, *, attributes: bool) -> web.Response:
        identity = identity_of(request)
        profile = request.query.get("deviceProfileId")
        devices = [
            each
            for each in self._backend.store.devices
            if identity.sees(each)
            and (not profile or (each.profile and each.profile.id == profile))
        ]
        keys: set[str] = set()
        for device in devices[:_SAMPLED_DEVICES]:
            keys |= device.latest.keys() if not attributes else set()
            for scope in Scope if attributes else ():
                keys |= device.attributes[scope].keys()
        return json_answer(list[Json](sorted(keys)))

    def _visible(self, request: web.Request) -> list[DeviceProfile]:
        identity = identity_of(request)
        if (
            identity.is_customer_user
            and not self._backend.switches.customer_reads_profiles
        ):
            raise forbidden()
        profiles = self._backend.store.device_profiles
        return [each for each in profiles if identity.sees(each)]

    def _profile(self, request: web.Request) -> DeviceProfile:
        self._visible(request)
        id_ = request.match_info["profile"]
        identity = identity_of(request)
        found = self._backend.entity(identity, EntityType.DEVICE_PROFILE, id_)
        assert isinstance(found, DeviceProfile)
        return found

    def _record(self, profile: DeviceProfile) -> Json:
        return profile.json(with_rules=not self._backend.since(_RULES_UNTIL))


class DashboardRoutes(Part):
    """Dashboards; the clock is with the system."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        yield Route(
            method="GET",
            path="/api/tenant/dashboards",
            handler=self._of_tenant,
            roles=TENANT,
        )
        both: tuple[tuple[str, Handler], ...] = (
            ("/api/customer/{customer}/dashboards", self._of_customer),
            ("/api/dashboard/info/{dashboard}", self._info),
            ("/api/dashboard/{dashboard}", self._read),
        )
        for path, handler in both:
            yield Route(method="GET", path=path, handler=handler)

    async def _of_tenant(self, request: web.Request) -> web.Response:
        identity = identity_of(request)
        found = [each for each in self._backend.store.dashboards if identity.sees(each)]
        return page_answer(request, found, _DASHBOARDS, lambda each: each.info())

    async def _of_customer(self, request: web.Request) -> web.Response:
        identity = identity_of(request)
        customer = customer_of_path(self._backend, identity, request)
        found = [
            each
            for each in self._backend.store.dashboards
            if customer in each.customers
        ]
        return page_answer(request, found, _DASHBOARDS, lambda each: each.info())

    async def _info(self, request: web.Request) -> web.Response:
        return json_answer(self._dashboard(request).info())

    async def _read(self, request: web.Request) -> web.Response:
        return json_answer(self._dashboard(request).json())

    def _dashboard(self, request: web.Request) -> Dashboard:
        id_ = request.match_info["dashboard"]
        found = self._backend.entity(identity_of(request), EntityType.DASHBOARD, id_)
        assert isinstance(found, Dashboard)
        return found


class PackageRoutes(Part):
    """Infos of OTA packages, and what PE tells of the caller's rights."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        both: tuple[tuple[str, Handler], ...] = (
            ("/api/otaPackages", self._list),
            ("/api/otaPackages/{profile}/{kind}", self._of_profile),
            ("/api/otaPackage/info/{package}", self._info),
        )
        for path, handler in both:
            yield Route(method="GET", path=path, handler=handler)
        yield Route(
            method="GET",
            path="/api/permissions/allowedPermissions",
            handler=self._permissions,
            professional=True,
        )

    async def _list(self, request: web.Request) -> web.Response:
        return page_answer(
            request, self._visible(request), _PACKAGES, lambda each: each.json()
        )

    async def _of_profile(self, request: web.Request) -> web.Response:
        kind = request.match_info["kind"]
        if kind not in {"FIRMWARE", "SOFTWARE"}:
            raise bad_request(f"Invalid OTA package type: {kind}")
        profile = request.match_info["profile"]
        found = [
            each
            for each in self._visible(request)
            if each.profile.id == profile and each.kind == kind
        ]
        return page_answer(request, found, _PACKAGES, lambda each: each.json())

    async def _info(self, request: web.Request) -> web.Response:
        self._visible(request)
        id_ = request.match_info["package"]
        found = self._backend.entity(identity_of(request), EntityType.OTA_PACKAGE, id_)
        assert isinstance(found, OtaPackage)
        return json_answer(found.json())

    async def _permissions(self, request: web.Request) -> web.Response:
        writes = self._backend.may_write(identity_of(request))
        reading = ["READ", "READ_ATTRIBUTES", "READ_TELEMETRY"]
        writing = ["WRITE", "WRITE_ATTRIBUTES", "WRITE_TELEMETRY", "RPC_CALL"]
        operations: list[Json] = [*reading, *(writing if writes else [])]
        return json_answer(
            {
                "operationsByResource": {"DEVICE": operations},
                "allowedForGroupRoleOperations": [],
                "allowedForGroupOwnerOnlyOperations": [],
                "allowedResources": ["DEVICE"],
                "userPermissions": {
                    "genericPermissions": {"DEVICE": operations},
                    "groupPermissions": {},
                },
            }
        )

    def _visible(self, request: web.Request) -> list[OtaPackage]:
        identity = identity_of(request)
        if (
            identity.is_customer_user
            and not self._backend.switches.customer_reads_packages
        ):
            raise forbidden()
        packages = self._backend.store.ota_packages
        return [each for each in packages if identity.sees(each)]
