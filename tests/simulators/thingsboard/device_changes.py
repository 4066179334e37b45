"""Making, changing, assigning and deleting devices (thingsboard.md 6.1, 14)."""

from collections.abc import Iterable
from typing import override

from aiohttp import web

from .backend import Backend, identity_of
from .device import Device
from .errors import ApiError, Code, bad_request, forbidden
from .identity import Identity
from .ids import NULL_UUID, EntityId, EntityType
from .records import Customer, DeviceProfile, OtaPackage
from .routing import TENANT, Handler, Part, Route, empty_answer, object_body
from .updates import assign, withdraw

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.wire import json_answer

_LOCKING_SINCE = "3.8"


class DeviceChanges(Part):
    """Everything that changes devices."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        yield Route(method="POST", path="/api/device", handler=self._save)
        yield Route(
            method="GET",
            path="/api/device/{device}/credentials",
            handler=self._credentials,
        )
        assignment = "/api/customer/{customer}/device/{device}"
        admin: tuple[tuple[str, str, Handler], ...] = (
            ("DELETE", "/api/device/{device}", self._delete),
            ("POST", assignment, self._assign),
            ("DELETE", "/api/customer/device/{device}", self._unassign),
        )
        for method, path, handler in admin:
            yield Route(method=method, path=path, handler=handler, roles=TENANT)

    async def _save(self, request: web.Request) -> web.Response:
        identity = identity_of(request)
        body = await object_body(request)
        if isinstance(body.get("id"), dict):
            device = self._update(identity, body)
        else:
            device = self._create(identity, body, request.query.get("accessToken", ""))
        return json_answer(device.json())

    def _create(self, identity: Identity, body: JsonObject, token: str) -> Device:
        if not identity.is_tenant_admin:
            raise forbidden()
        self._check_name(identity, body, None)
        device = Device(
            str(body["name"]),
            type=self._profile(identity, body).name,
            label=_text(body, "label"),
            tenant=identity.tenant,
            customer=self._customer(identity, body),
            access_token=token,
            additional_info=_object(body, "additionalInfo"),
        )
        self._backend.store.add(device)
        self._set_packages(device, body)
        return device

    def _update(self, identity: Identity, body: JsonObject) -> Device:
        device = self._backend.device(identity, _id_of(body.get("id")), write=True)
        version = body.get("version")
        if (
            self._backend.since(_LOCKING_SINCE)
            and version is not None
            and version != device.version
        ):
            raise ApiError(
                409, Code.VERSION_CONFLICT, "Device was already changed by someone else"
            )
        self._check_name(identity, body, device)
        profile = self._profile(identity, body)
        # The whole object is written: what is missing becomes null.
        device.name = str(body["name"])
        device.label = _text(body, "label")
        device.additional_info = _object(body, "additionalInfo")
        device.profile = profile
        self._backend.store.change(device)
        self._set_packages(device, body)
        return device

    def _check_name(
        self, identity: Identity, body: JsonObject, device: Device | None
    ) -> None:
        name = body.get("name")
        if not isinstance(name, str) or not name.strip():
            raise bad_request("Device name should be specified!")
        for other in self._backend.store.devices:
            if other is not device and (other.tenant, other.name) == (
                identity.tenant,
                name,
            ):
                raise bad_request("Device with such name already exists!")

    def _profile(self, identity: Identity, body: JsonObject) -> DeviceProfile:
        store = self._backend.store
        id_ = body.get("deviceProfileId")
        if not isinstance(id_, dict):
            return store.profile(_text(body, "type") or "default", identity.tenant)
        profile = store.find(EntityId(EntityType.DEVICE_PROFILE, _id_of(id_)))
        if not isinstance(profile, DeviceProfile) or not identity.sees(profile):
            raise bad_request("Device is referencing to non-existent device profile!")
        return profile

    def _customer(self, identity: Identity, body: JsonObject) -> Customer | None:
        id_ = body.get("customerId")
        if not isinstance(id_, dict) or _id_of(id_) == NULL_UUID:
            return None
        found = self._backend.store.find(EntityId(EntityType.CUSTOMER, _id_of(id_)))
        if not isinstance(found, Customer) or not identity.sees(found):
            raise bad_request("Can't assign device to non-existent customer!")
        return found

    def _set_packages(self, device: Device, body: JsonObject) -> None:
        firmware = self._package(device, body.get("firmwareId"), "FIRMWARE")
        software = self._package(device, body.get("softwareId"), "SOFTWARE")
        before = device.firmware_id, device.software_id
        device.firmware_id = firmware.id if firmware else None
        device.software_id = software.id if software else None
        for package, old, prefix in (
            (firmware, before[0], "fw"),
            (software, before[1], "sw"),
        ):
            if package is None and old is not None:
                withdraw(device, prefix)
            elif package is not None and package.id != old:
                assign(device, package)

    def _package(self, device: Device, id_: Json, kind: str) -> OtaPackage | None:
        if not isinstance(id_, dict):
            return None
        what = kind.lower()
        package = self._backend.store.find(
            EntityId(EntityType.OTA_PACKAGE, _id_of(id_))
        )
        if not isinstance(package, OtaPackage):
            raise bad_request(f"Can't assign non-existent {what}!")
        if package.kind != kind:
            raise bad_request(f"Can't assign {what} with type: {package.kind}")
        if package.profile is not device.profile:
            raise bad_request(f"Can't assign {what} with different deviceProfile!")
        return package

    async def _credentials(self, request: web.Request) -> web.Response:
        device = self._device(request)
        return json_answer(
            {
                "id": {"id": device.id},
                "createdTime": device.created,
                "deviceId": device.entity_id.json(),
                "credentialsType": "ACCESS_TOKEN",
                "credentialsId": device.access_token,
                "credentialsValue": None,
            }
        )

    async def _delete(self, request: web.Request) -> web.Response:
        self._backend.store.remove(self._device(request))
        return empty_answer()

    async def _assign(self, request: web.Request) -> web.Response:
        customer = self._backend.entity(
            identity_of(request), EntityType.CUSTOMER, request.match_info["customer"]
        )
        assert isinstance(customer, Customer)
        device = self._device(request)
        device.customer = customer
        self._backend.store.change(device)
        return json_answer(device.json())

    async def _unassign(self, request: web.Request) -> web.Response:
        device = self._device(request)
        if device.customer is None:
            raise bad_request("Device isn't assigned to any customer!")
        device.customer = None
        self._backend.store.change(device)
        return json_answer(device.json())

    def _device(self, request: web.Request) -> Device:
        return self._backend.device(identity_of(request), request.match_info["device"])


def _id_of(id_: Json) -> str:
    return str(id_.get("id")) if isinstance(id_, dict) else ""


def _text(body: JsonObject, name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) else None


def _object(body: JsonObject, name: str) -> JsonObject | None:
    value = body.get(name)
    return value if isinstance(value, dict) else None
