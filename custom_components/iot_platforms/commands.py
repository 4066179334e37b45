"""Commands on their way to the platform: one place sends them, shows them, and explains failures."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final

from .errors import command_error
from .model.change import Samples
from .model.command import Call, Command, Read, Run, Write
from .model.device import ResourceKey, ResourceKind, Sample
from .model.errors import BadCredentialsError, PlatformError
from .model.value import JsonValue

if TYPE_CHECKING:
    from .coordinator import AccountCoordinator


STATE_PATIENCE: Final = 5.0
"""Seconds that a device has to tell the state that a control was set to."""


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
        self._holds: dict[ResourceKey, Callable[[], None]] = {}

    def shown_value(self, key: ResourceKey) -> JsonValue:
        """Return what is being written, else what is known."""
        if key in self._pending:
            return self._pending[key]
        control = self._coordinator.choices.control(key)
        state = control.state_key(key.device_id) if control else None
        if control is None or state is None:
            return self._coordinator.data.value(key)
        return control.shown(self._coordinator.data.value(state))

    async def async_write(self, key: ResourceKey, value: JsonValue) -> JsonValue:
        """Write a value, a part of an object together with the rest of it; return the answer."""
        self._waiting[key] += 1
        self._end_hold(key)
        self._show(key, value)
        is_done = False
        try:
            # One after the other: the second part of an object must see what the first one did.
            async with self._locks[key.root]:
                root, whole = self._coordinator.data.whole_of(key, value)
                answer = await self._async_send(Write(root, whole))
                self._async_confirmed(root, whole, answer)
            is_done = True
        finally:
            self._waiting[key] -= 1
            if not self._waiting[key]:
                del self._waiting[key]
                if not (is_done and self._hold(key)):
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

    async def async_install(self, key: ResourceKey, version: str | None) -> None:
        """Have a version installed; what comes of it, the platform tells."""
        await self._async_send(Write(key, version))

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

    def _hold(self, key: ResourceKey) -> bool:
        """Go on showing what was written until the device tells its state, and not for ever.

        Returns False where no other resource tells it.
        """
        control = self._coordinator.choices.control(key)
        state = control.state_key(key.device_id) if control else None
        if state is None:
            return False

        def end() -> None:
            self._end_hold(key)
            self._stop_showing(key)

        timer = asyncio.get_running_loop().call_later(STATE_PATIENCE, end)
        remove = self._coordinator.values.async_add(state, end)

        def forget() -> None:
            timer.cancel()
            remove()

        self._holds[key] = forget
        return True

    def _end_hold(self, key: ResourceKey) -> None:
        if forget := self._holds.pop(key, None):
            forget()

    def async_close(self) -> None:
        """Show nothing for longer than it takes."""
        for key in tuple(self._holds):
            self._end_hold(key)

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
