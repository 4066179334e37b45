"""Lists of devices, and single ones (thingsboard.md 6)."""

from collections.abc import Iterable
from typing import Final, override

from aiohttp import web

from .backend import Backend, checked_uuid, identity_of
from .device import Device
from .device_search import found_by_relations
from .errors import forbidden, not_found
from .identity import Identity
from .ids import EntityType
from .paging import Listing, entity_listing, page_answer
from .records import Customer
from .routing import (
    TENANT,
    Handler,
    Part,
    Route,
    flag,
    object_body,
    required,
    text_list,
)

from tests.simulators.json_types import Json
from tests.simulators.wire import json_answer

_LISTING: Final[Listing[Device]] = entity_listing(
    lambda device: (
        device.name,
        device.label,
        device.type,
        device.customer.name if device.customer else None,
    ),
    type=lambda device: device.type,
    label=lambda device: device.label or "",
    deviceProfileName=lambda device: device.type,
    customerTitle=lambda device: device.customer.name if device.customer else "",
)


class DeviceLists(Part):
    """Everything that reads devices."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        of_tenant: tuple[tuple[str, Handler], ...] = (
            ("/api/tenant/devices", self._of_tenant),
            ("/api/tenant/deviceInfos", self._infos_of_tenant),
        )
        for path, handler in of_tenant:
            yield Route(method="GET", path=path, handler=handler, roles=TENANT)
        yield Route(
            method="GET",
            path="/api/tenant/device",
            handler=self._by_name,
            roles=TENANT,
            since="4.3.1.2",
        )
        both: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "/api/customer/{customer}/devices", self._of_customer),
            ("GET", "/api/customer/{customer}/deviceInfos", self._infos_of_customer),
            ("GET", "/api/devices", self._by_ids),
            ("POST", "/api/devices", self._search),
            ("GET", "/api/device/types", self._types),
            ("GET", "/api/device/info/{device}", self._info),
            ("GET", "/api/device/{device}", self._read),
        )
        for method, path, handler in both:
            yield Route(method=method, path=path, handler=handler)
        of_user: tuple[tuple[str, Handler], ...] = (
            ("/api/user/devices", self._of_user),
            ("/api/deviceInfos/all", self._infos_of_user),
            ("/api/entityGroup/{group}/devices", self._of_group),
        )
        for path, handler in of_user:
            yield Route(method="GET", path=path, handler=handler, professional=True)

    # Pages.

    async def _of_tenant(self, request: web.Request) -> web.Response:
        if "deviceName" in request.query:
            return await self._by_name(request)
        return self._page(request, self._visible(request))

    async def _infos_of_tenant(self, request: web.Request) -> web.Response:
        return self._info_page(request, self._visible(request))

    async def _of_customer(self, request: web.Request) -> web.Response:
        return self._page(request, self._devices_of_customer(request))

    async def _infos_of_customer(self, request: web.Request) -> web.Response:
        return self._info_page(request, self._devices_of_customer(request))

    async def _of_user(self, request: web.Request) -> web.Response:
        # What 3.4.4 leaves out here (6.1).
        left_out = {"deviceProfileId", "deviceData"}

        def render(device: Device) -> Json:
            record = device.json()
            return {key: each for key, each in record.items() if key not in left_out}

        devices = _of_type(request, self._visible(request))
        return page_answer(request, devices, _LISTING, render)

    async def _infos_of_user(self, request: web.Request) -> web.Response:
        return self._info_page(request, self._visible(request))

    async def _of_group(self, request: web.Request) -> web.Response:
        id_ = checked_uuid(request.match_info["group"])
        for group in self._backend.store.groups:
            if group.id == id_:
                visible = self._visible(request)
                return self._page(
                    request, [each for each in visible if each in group.members]
                )
        raise not_found(f"Entity group with id [{id_}] is not found")

    def _page(self, request: web.Request, devices: list[Device]) -> web.Response:
        return page_answer(
            request, _of_type(request, devices), _LISTING, lambda device: device.json()
        )

    def _info_page(self, request: web.Request, devices: list[Device]) -> web.Response:
        profile = request.query.get("deviceProfileId")
        if "type" in request.query:
            devices = _of_type(request, devices)
        elif profile:
            devices = [
                each for each in devices if each.profile and each.profile.id == profile
            ]
        if "active" in request.query and self._backend.since("3.5"):
            wanted = flag(request, "active")
            devices = [each for each in devices if each.active == wanted]
        return page_answer(request, devices, _LISTING, self._info_of)

    def _info_of(self, device: Device) -> Json:
        return device.info(professional=self._backend.professional)

    # Single ones.

    async def _by_name(self, request: web.Request) -> web.Response:
        name = required(request, "deviceName")
        for device in self._visible(request):
            if device.name == name:
                return json_answer(device.json())
        raise not_found()

    async def _read(self, request: web.Request) -> web.Response:
        return json_answer(self._device(request).json())

    async def _info(self, request: web.Request) -> web.Response:
        return json_answer(self._info_of(self._device(request)))

    # Lists without pages.

    async def _by_ids(self, request: web.Request) -> web.Response:
        required(request, "deviceIds", "String[]")
        ids = [checked_uuid(each) for each in text_list(request, "deviceIds")]
        return json_answer(
            [each.json() for each in self._visible(request) if each.id in ids]
        )

    async def _search(self, request: web.Request) -> web.Response:
        body = await object_body(request)
        found = found_by_relations(self._backend.store, body)
        identity = identity_of(request)
        return json_answer([each.json() for each in found if identity.sees(each)])

    async def _types(self, request: web.Request) -> web.Response:
        identity = identity_of(request)
        names = sorted({each.type for each in self._visible(request)})
        tenant = identity.tenant.entity_id.json()
        rows: list[Json] = [
            {"tenantId": tenant, "entityType": EntityType.DEVICE.value, "type": name}
            for name in names
        ]
        return json_answer(rows)

    # Helpers.

    def _visible(self, request: web.Request) -> list[Device]:
        identity = identity_of(request)
        return [each for each in self._backend.store.devices if identity.sees(each)]

    def _devices_of_customer(self, request: web.Request) -> list[Device]:
        identity = identity_of(request)
        customer = customer_of_path(self._backend, identity, request)
        return [
            each for each in self._backend.store.devices if each.customer is customer
        ]

    def _device(self, request: web.Request) -> Device:
        id_ = request.match_info["device"]
        return self._backend.device(identity_of(request), id_)


def customer_of_path(
    backend: Backend, identity: Identity, request: web.Request
) -> Customer:
    """Customer that a list is asked for; a customer user may name only its own."""
    id_ = checked_uuid(request.match_info["customer"])
    if identity.customer is not None and identity.customer.id != id_:
        raise forbidden()
    found = backend.entity(identity, EntityType.CUSTOMER, id_)
    assert isinstance(found, Customer)
    return found


def _of_type(request: web.Request, devices: list[Device]) -> list[Device]:
    wanted = request.query.get("type", "").strip()
    return [each for each in devices if not wanted or each.type == wanted]
