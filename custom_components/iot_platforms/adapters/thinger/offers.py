"""What devices offer, as far as they told in this session: only by that is anything read (6)."""

from typing import Final

from ...model.choices import Choices
from ...model.device import Resource, ResourceKey, ResourceKind
from ...model.errors import ForbiddenError, NotFoundError, UnexpectedAnswerError
from ...model.platform import Capability
from . import mapper
from .auth import Grant
from .devices import DeviceList
from .firmware import Firmware
from .permissions import Permissions

_BY_DESCRIPTION: Final = {
    (True, True): ResourceKind.INPUT_OUTPUT,
    (True, False): ResourceKind.INPUT,
    (False, True): ResourceKind.OUTPUT,
    (False, False): ResourceKind.CALLBACK,
}
"""Kinds by whether a description holds ``in`` and ``out`` (6.2)."""


class Offers:
    """The kinds of all resources, and what may be done with them without harm."""

    def __init__(
        self,
        firmware: Firmware,
        grant: Grant,
        choices: Choices,
        devices: DeviceList,
        permissions: Permissions,
    ) -> None:
        """Begin without knowing anything."""
        self._firmware = firmware
        self._allowed = grant.resources
        self._choices = choices
        self._devices = devices
        self._permissions = permissions
        self._kinds: dict[str, dict[str, ResourceKind]] = {}
        self._unstreamable: dict[str, frozenset[str]] = {}

    async def ask(self, device_id: str) -> mapper.ResourceList | None:
        """Ask a device what it offers; None where that is not allowed."""
        listed: mapper.ResourceList | None = None
        if self._permissions.allows(Capability.RESOURCE_LIST, device_id):
            try:
                answer = await self._firmware.resources(device_id)
            except ForbiddenError:
                self._permissions.deny(Capability.RESOURCE_LIST, device_id)
            else:
                listed = mapper.parse_resources(answer, device_id, self._allowed)
                if listed is None:
                    raise UnexpectedAnswerError("the resources are no list")
        if listed is None and self._allowed is not None:
            keys = [ResourceKey(device_id, name) for name in sorted(self._allowed)]
            listed = mapper.ResourceList(
                resources=tuple([await self._unlisted(key) for key in keys])
            )
        if listed is not None:
            self._kinds[device_id] = {
                resource.key.resource_id: resource.kind for resource in listed.resources
            }
            self._unstreamable[device_id] = listed.unstreamable
        return listed

    def forget(self, device_id: str) -> list[ResourceKey]:
        """Forget what a device offered, and return it.

        When it connects anew, what gave a value may take one: reading it would act on it (6.3).
        """
        names = self._kinds.pop(device_id, {})
        return [ResourceKey(device_id, name) for name in names]

    def is_known(self, device_id: str) -> bool:
        """Return whether a device has told what it offers."""
        return device_id in self._kinds

    def can_be_known(self, device_id: str) -> bool:
        """Return whether the credentials allow to find out."""
        return self._allowed is not None or self._permissions.allows(
            Capability.RESOURCE_LIST, device_id
        )

    def kind(self, key: ResourceKey) -> ResourceKind | None:
        """Return a resource's kind, None where it is not known."""
        return self._kinds.get(key.device_id, {}).get(key.resource_id)

    def may_read(self, key: ResourceKey) -> bool:
        """Return whether reading a resource does no harm and is allowed."""
        kind = self.kind(key)
        is_safe = kind is ResourceKind.OUTPUT or (
            kind in (ResourceKind.INPUT, ResourceKind.INPUT_OUTPUT)
            and self._choices.may_read(key)
        )
        return is_safe and self._permissions.allows(
            Capability.RESOURCE_ACCESS, key.device_id
        )

    def can_stream(self, key: ResourceKey) -> bool:
        """Return whether a stream of a resource does no harm and can be had."""
        return (
            self.may_read(key)
            and self.kind(key) is not ResourceKind.INPUT_OUTPUT
            and key.resource_id not in self._unstreamable[key.device_id]
        )

    async def _unlisted(self, key: ResourceKey) -> Resource:
        """Return a resource that a device token names; its kind only a safe description tells."""
        if not self._choices.may_read(key):
            return mapper.live_resource(key, ResourceKind.INPUT)
        try:
            answer = await self._firmware.describe(key.device_id, key.resource_id)
        except NotFoundError:
            if await self._devices.absence(key.device_id) is not None:
                raise
            # Firmware that cannot describe (6.2).
            return mapper.live_resource(key, ResourceKind.INPUT)
        description = mapper.parse_description(answer)
        return mapper.live_resource(
            key, _BY_DESCRIPTION["in" in description, "out" in description]
        )
