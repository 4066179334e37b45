"""Commands on their way to the platform: one place sends them, shows them, and explains failures."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable
from typing import TYPE_CHECKING

from .errors import command_error
from .model.change import Samples
from .model.command import Call, Command, Read, Run, Write
from .model.device import ResourceKey, ResourceKind, Sample
from .model.errors import BadCredentialsError, PlatformError
from .model.value import JsonValue

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator


class Commands:
    """What people want done on an account.

    A value that is written shows at once, and goes back if the platform refuses it.
    """

    def __init__(self, coordinator: AccountCoordinator) -> None:
        """Prepare."""
        self._coordinator = coordinator
        self._pending: dict[ResourceKey, JsonValue] = {}
        self._locks: defaultdict[ResourceKey, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._waiting: defaultdict[ResourceKey, int] = defaultdict(int)

    def shown_value(self, key: ResourceKey) -> JsonValue:
        """Return what is being written, else what is known."""
        if key in self._pending:
            return self._pending[key]
        return self._coordinator.data.value(key)

    async def async_write(self, key: ResourceKey, value: JsonValue) -> JsonValue:
        """Write a value, a part of an object together with the rest of it; return the answer."""
        self._waiting[key] += 1
        self._show(key, value)
        try:
            # One after the other: the second part of an object must see what the first one did.
            async with self._locks[key.root]:
                root, whole = self._coordinator.data.whole_of(key, value)
                answer = await self._async_send(Write(root, whole))
                self._async_confirmed(root, whole, answer)
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                self._stop_showing(key)
        return answer

    async def async_call(self, key: ResourceKey, value: JsonValue) -> JsonValue:
        """Give an input/output resource a value and return its answer."""
        answer = await self._async_send(Call(key, value))
        self._async_confirmed(key.child("in"), value, answer)
        return answer

    async def async_run(self, key: ResourceKey) -> JsonValue:
        """Run a callback."""
        return await self._async_send(Run(key))

    async def async_read(self, key: ResourceKey) -> JsonValue:
        """Read a resource now."""
        value = await self._async_send(Read(key))
        resource = self._coordinator.data.resource(key)
        halves = value if isinstance(value, dict) else {}
        if resource is not None and resource.kind is ResourceKind.INPUT_OUTPUT:
            samples = [Sample(key.child(name), half) for name, half in halves.items()]
        else:
            samples = [Sample(key, value)]
        self._coordinator.async_apply(Samples(tuple(samples)))
        return value

    async def async_explained[ResultT](
        self, call: Awaitable[ResultT], name: str
    ) -> ResultT:
        """Return what came of a call, or explain what went wrong with the device or account."""
        try:
            return await call
        except PlatformError as error:
            if isinstance(error, BadCredentialsError):
                # The list tells whether it is the sign-in that has ended, and then asks for another.
                await self._coordinator.async_read_list()
            raise command_error(error, name) from None

    def _show(self, key: ResourceKey, value: JsonValue) -> None:
        self._pending[key] = value
        self._coordinator.values.async_tell((key,))

    def _stop_showing(self, key: ResourceKey) -> None:
        """Go back to what is known; that is another value only if the platform refused."""
        shown = self._pending.pop(key)
        if self.shown_value(key) != shown:
            self._coordinator.values.async_tell((key,))

    def _async_confirmed(
        self, key: ResourceKey, value: JsonValue, answer: JsonValue
    ) -> None:
        # Without a time: ours may be ahead of the server's, whose next value would seem older.
        samples = [Sample(key, value)]
        root = self._coordinator.data.resource(key.root)
        if root is not None and root.kind is ResourceKind.INPUT_OUTPUT:
            samples.append(Sample(key.root.child("out"), answer))
        self._coordinator.async_apply(Samples(tuple(samples)))

    async def _async_send(self, command: Command) -> JsonValue:
        device = self._coordinator.data.device(command.key.device_id)
        name = device.name if device else command.key.device_id
        return await self.async_explained(
            self._coordinator.adapter.execute(command), name
        )
