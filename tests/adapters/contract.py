"""What every adapter has to keep to, whatever its platform (design.md 4 and 5).

A platform's tests derive a class from ``AdapterContract`` and give it a ``harness``.
"""

from abc import ABC, abstractmethod
import asyncio
from collections.abc import Awaitable, Callable, Mapping
import logging
from typing import Any, ClassVar

import pytest

from custom_components.iot_platforms.model.change import (
    Connectivity,
    ResyncNeeded,
    Samples,
)
from custom_components.iot_platforms.model.command import Write
from custom_components.iot_platforms.model.device import ResourceKey, ResourceKind
from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    CommandTimedOutError,
    PlatformError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.model.platform import IotPlatform
from custom_components.iot_platforms.model.value import JsonValue

from .account import Account, case_id

from tests.simulators.base import Simulator
from tests.simulators.effects import Hang, Replace, Reset, Status, Truncate

HTML = "<html><body>Please log in to the hotel's network</body></html>"


class Harness(ABC):
    """One platform's simulator, as the contract needs it."""

    platform: ClassVar[IotPlatform]
    has_push: ClassVar[bool] = True
    pushes_on_demand: ClassVar[bool] = True
    """Whether only what somebody wants is pushed."""
    needs_device: ClassVar[bool] = True
    """Whether a device that is offline refuses what is written."""
    reads_in_bulk: ClassVar[bool] = False
    """Whether the server answers for all devices at once: then none of them can be slow."""
    unconfirmed: ClassVar[type[PlatformError]] = CommandTimedOutError
    """What an unconfirmed write is: some servers show at once that they did not keep it."""

    sim: Simulator
    key: str
    """The account's key."""
    devices: frozenset[str]
    """What a complete snapshot holds."""
    output: ResourceKey
    """A number that a device gives which is online."""
    other: ResourceKey
    """The same of another device."""
    writable: ResourceKey
    """Something on the first device that takes a number."""
    list_path: str
    """Expression for the path of the list's request."""
    write_path: str
    """Expression for the path of a write to ``writable``."""

    @property
    def used_devices(self) -> set[str]:
        """Return the devices that the tests look at."""
        return {self.output.device_id, self.other.device_id, self.writable.device_id}

    @abstractmethod
    def account(self, credentials: Mapping[str, Any] | None = None) -> Account:
        """Make an account, with good credentials unless others are given."""

    @property
    @abstractmethod
    def wrong_credentials(self) -> Mapping[str, Any]:
        """Return credentials that the server refuses."""

    @property
    @abstractmethod
    def secrets(self) -> list[str]:
        """Return texts that must not show anywhere."""

    @abstractmethod
    def revoke(self) -> None:
        """Let the credentials end."""

    @abstractmethod
    def read_path(self, key: ResourceKey) -> str:
        """Return the expression for the path on which a resource is read."""

    @abstractmethod
    def set_value(self, key: ResourceKey, value: JsonValue, *, push: bool) -> None:
        """Give a device's resource another value, and let it be pushed."""

    @abstractmethod
    def set_online(self, device_id: str, *, online: bool) -> None:
        """Let a device come or go."""

    @abstractmethod
    def written(self) -> list[JsonValue]:
        """Return what arrived at ``writable``."""

    @abstractmethod
    def refuse_writes(self) -> None:
        """Let the device refuse what is written."""

    @abstractmethod
    def fall_silent(self) -> None:
        """Let the first device take commands and never confirm them."""


type Step = Callable[[Account], Awaitable[object]]


async def _identify(account: Account) -> object:
    return await account.adapter.identify()


async def _snapshot(account: Account) -> object:
    return await account.adapter.snapshot()


class AdapterContract:
    """The tests; derive from it."""

    # Sign-in.

    async def test_identify(self, harness: Harness) -> None:
        """The account's key never changes, and holds no secret."""
        account = harness.account()
        found = await account.adapter.identify()
        assert found.key == harness.key
        assert found.title
        assert not [s for s in harness.secrets if s in repr(found)]

    async def test_wrong_credentials(self, harness: Harness) -> None:
        """Wrong credentials are told from all other trouble."""
        account = harness.account(harness.wrong_credentials)
        with pytest.raises(BadCredentialsError):
            await account.adapter.identify()

    async def test_before_the_sign_in(self, harness: Harness) -> None:
        """What diagnostics ask for is there at any time, and closing is too."""
        account = harness.account()
        adapter = account.adapter
        assert adapter.denied == {}
        assert not adapter.hears_devices
        assert not adapter.is_live(harness.output)
        assert isinstance(dict(adapter.statistics), dict)
        adapter.watch(frozenset({harness.output}), frozenset(harness.devices))
        await adapter.close()
        await adapter.close()
        assert harness.sim.requests() == []

    async def test_connect_twice(self, harness: Harness) -> None:
        """To connect once more changes nothing."""
        account = harness.account()
        await account.adapter.connect()
        count = len(harness.sim.requests())
        await account.adapter.connect()
        assert len(harness.sim.requests()) == count

    # Reading.

    async def test_snapshot_is_complete(self, harness: Harness) -> None:
        """A good list holds every device, and says that it is complete."""
        account = harness.account()
        await account.adapter.connect()
        snapshot = await account.adapter.snapshot()
        assert snapshot.complete
        assert {d.id for d in snapshot.devices if not d.is_service} == harness.devices

    @pytest.mark.parametrize(
        "effect",
        [
            Status(500),
            Status(502, html=True),
            Replace(HTML),
            Truncate(),
            Truncate(announce_all=True),
            Reset(),
            Status(429),
            Replace("", content_type=None),
            Replace('{"unexpected": "answer"}', content_type="application/json"),
        ],
        ids=case_id,
    )
    async def test_bad_list_proves_nothing(self, harness: Harness, effect: Any) -> None:
        """A list that did not arrive in full never says that devices are gone."""
        account = harness.account()
        await account.adapter.connect()
        harness.sim.faults.add(effect, path=harness.list_path)
        try:
            snapshot = await account.adapter.snapshot()
        except PlatformError as error:
            assert not isinstance(error, BadCredentialsError)  # noqa: PT017
        else:
            assert not snapshot.complete

    async def test_discovered(self, harness: Harness) -> None:
        """Kinds and first values are known after the start."""
        account = harness.account()
        await account.start(*harness.used_devices)
        output = account.state.resource(harness.output)
        writable = account.state.resource(harness.writable)
        assert output is not None
        assert output.kind is ResourceKind.OUTPUT
        assert writable is not None
        assert writable.kind is ResourceKind.INPUT
        assert account.state.value(harness.output) is not None

    async def test_read(self, harness: Harness) -> None:
        """What is read is what the device gives."""
        account = harness.account()
        await account.start(*harness.used_devices)
        harness.set_value(harness.output, 33.5, push=False)
        await account.read(harness.output)
        assert account.state.value(harness.output) == 33.5

    async def test_read_of_nothing(self, harness: Harness) -> None:
        """To read nothing, or what nobody offers, is no error."""
        account = harness.account()
        await account.start(*harness.used_devices)
        assert await account.read() == []
        missing = harness.output._replace(resource_id="missing")
        assert not any(isinstance(c, Samples) for c in await account.read(missing))

    async def test_slow_device_holds_up_nobody(self, harness: Harness) -> None:
        """Values of the others arrive while one device lets us wait."""
        _skip_in_bulk(harness)
        account = harness.account()
        await account.start(*harness.used_devices)
        hang = Hang()
        harness.sim.faults.add(hang, path=harness.read_path(harness.output))
        harness.set_value(harness.other, 44.5, push=False)
        reader = account.adapter.read({harness.output, harness.other})
        async for change in reader:
            assert hang.waiting == 1
            account.apply(change)
            if account.state.value(harness.other) == 44.5:
                break
        hang.release()
        await reader.aclose()

    async def test_failing_device_fails_nobody(self, harness: Harness) -> None:
        """What one device answers with does not make the poll fail."""
        _skip_in_bulk(harness)
        account = harness.account()
        await account.start(*harness.used_devices)
        harness.sim.faults.add(Status(500), path=harness.read_path(harness.output))
        harness.set_value(harness.other, 44.5, push=False)
        await account.read(harness.output, harness.other)
        assert account.state.value(harness.other) == 44.5

    async def test_abandoned_read_leaves_nothing(self, harness: Harness) -> None:
        """Who stops reading half-way leaves nothing behind."""
        _skip_in_bulk(harness)
        account = harness.account()
        await account.start(*harness.used_devices)
        hang = Hang()
        harness.sim.faults.add(hang, path=harness.read_path(harness.output))
        before = asyncio.all_tasks()
        reader = account.adapter.read({harness.output, harness.other})
        await anext(reader)
        await reader.aclose()
        assert _own_tasks(before) == set()

    async def test_cancelled_read_leaves_nothing(self, harness: Harness) -> None:
        """Who is cancelled while nothing has arrived yet leaves nothing behind."""
        account = harness.account()
        await account.start(*harness.used_devices)
        hang = Hang()
        harness.sim.faults.add(hang, path=harness.read_path(harness.output))
        before = asyncio.all_tasks()
        reading = asyncio.create_task(account.read(harness.output))
        await account.until(lambda: hang.waiting == 1)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        assert _own_tasks(before) == set()
        hang.release()
        await account.read(harness.output)

    # Trouble.

    @pytest.mark.parametrize("step", [_identify, _snapshot], ids=case_id)
    @pytest.mark.parametrize(
        ("effect", "expected"),
        [
            (Status(500), UnreachableError),
            (Status(503, html=True), UnreachableError),
            (Reset(), UnreachableError),
            (Status(408), UnreachableError),
            (Replace(HTML), UnexpectedAnswerError),
            (Status(429), RateLimitedError),
            (Status(302, headers={"Location": "/login"}), UnexpectedAnswerError),
        ],
        ids=case_id,
    )
    async def test_trouble_is_no_bad_password(
        self,
        harness: Harness,
        step: Step,
        effect: Any,
        expected: type[PlatformError],
    ) -> None:
        """Everything that passes has an error of its own, and asks for no password."""
        account = harness.account()
        await account.adapter.connect()
        harness.sim.faults.add(effect)
        with pytest.raises(expected):
            await step(account)
        harness.sim.faults.clear()
        account.clock.advance(1000)
        await step(account)

    async def test_rate_limit(self, harness: Harness) -> None:
        """The server's wish is passed on, and until then nothing is sent."""
        account = harness.account()
        await account.start(*harness.used_devices)
        harness.sim.faults.add(
            Status(429, headers={"Retry-After": "7"}), path=harness.list_path, count=1
        )
        with pytest.raises(RateLimitedError) as raised:
            await account.refresh()
        assert raised.value.retry_after == 7
        harness.sim.clear_requests()
        for step in (account.refresh, lambda: account.read(harness.output)):
            with pytest.raises(RateLimitedError):
                await step()
        assert harness.sim.requests() == []
        account.clock.advance(8)
        await account.refresh()

    async def test_closed_server(self, harness: Harness) -> None:
        """A server that is not there is no reason for anything but another try."""
        account = harness.account()
        await account.start(*harness.used_devices)
        await harness.sim.stop()
        with pytest.raises(UnreachableError):
            await account.refresh()
        with pytest.raises(UnreachableError):
            await account.read(harness.output)
        with pytest.raises(UnreachableError):
            await account.adapter.execute(Write(harness.writable, 1))

    async def test_ended_credentials(self, harness: Harness) -> None:
        """Credentials that end are told by everything that uses them."""
        account = harness.account()
        await account.start(*harness.used_devices)
        harness.revoke()
        with pytest.raises(BadCredentialsError):
            await account.refresh()
        with pytest.raises(BadCredentialsError):
            await account.read(harness.output)
        with pytest.raises(BadCredentialsError):
            await account.adapter.execute(Write(harness.writable, 1))
        if harness.has_push:
            account.listen()
            await account.until_back(lambda: account.failure is not None)
            assert isinstance(account.failure, BadCredentialsError)

    # Push.

    async def test_pushed_value(self, harness: Harness) -> None:
        """What a device sends by itself arrives without being asked for."""
        account = await self._live(harness)
        harness.sim.clear_requests()
        harness.set_value(harness.output, 55.5, push=True)
        await account.until(lambda: account.state.value(harness.output) == 55.5)
        assert harness.sim.requests() == []

    async def test_pushed_connectivity(self, harness: Harness) -> None:
        """Devices that come and go are told."""
        account = await self._live(harness)
        assert account.adapter.hears_devices
        device_id = harness.output.device_id
        for online in (False, True):
            harness.set_online(device_id, online=online)
            await account.until(
                lambda online=online: account.online(device_id) is online
            )
        heard = [c.online for c in account.heard if isinstance(c, Connectivity)]
        assert heard == [False, True]

    async def test_watched_before_it_is_known(self, harness: Harness) -> None:
        """Who wants something early gets it as soon as it can be had."""
        _skip_without_push(harness)
        account = harness.account()
        await account.adapter.connect()
        account.listen()
        await account.refresh()
        account.watch(harness.output)
        await account.discover(harness.output.device_id)
        await account.until(lambda: account.is_live(harness.output))

    async def test_no_longer_watched(self, harness: Harness) -> None:
        """What nobody wants any more is not delivered."""
        if not harness.pushes_on_demand:
            pytest.skip("this platform pushes everything")
        account = await self._live(harness)
        account.watch(harness.other)
        await account.until(lambda: not account.is_live(harness.output))
        assert account.is_live(harness.other)

    async def test_gap(self, harness: Harness) -> None:
        """After a gap the account has to be read again; meanwhile polling takes over."""
        account = await self._live(harness)
        account.heard.clear()
        harness.sim.push_enabled = False
        await harness.sim.wait_for_sockets(0)
        await account.until(lambda: not account.adapter.hears_devices)
        await account.until(lambda: not account.is_live(harness.output))
        assert not account.adapter.hears_all
        harness.set_value(harness.output, 66.5, push=False)
        await account.read(harness.output)
        assert account.state.value(harness.output) == 66.5
        harness.sim.push_enabled = True
        await account.until_back(
            lambda: (
                account.adapter.hears_devices
                and account.is_live(harness.output)
                and account.adapter.hears_all
                and ResyncNeeded() in account.heard
            )
        )

    async def test_restarted_server(self, harness: Harness) -> None:
        """Connections come back by themselves."""
        account = await self._live(harness)
        account.heard.clear()
        await harness.sim.restart()
        await account.until_back(lambda: ResyncNeeded() in account.heard)
        await account.until_back(lambda: account.is_live(harness.output))
        harness.set_value(harness.output, 77.5, push=True)
        await account.until(lambda: account.state.value(harness.output) == 77.5)

    # Commands.

    async def test_write(self, harness: Harness) -> None:
        """A write arrives once, and is confirmed."""
        account = harness.account()
        await account.start(*harness.used_devices)
        await account.adapter.execute(Write(harness.writable, 23.5))
        assert harness.written() == [23.5]

    async def test_refused_write(self, harness: Harness) -> None:
        """What the device refuses is told."""
        account = harness.account()
        await account.start(*harness.used_devices)
        harness.refuse_writes()
        with pytest.raises(CommandRejectedError):
            await account.adapter.execute(Write(harness.writable, 23.5))

    async def test_unconfirmed_write(self, harness: Harness) -> None:
        """What nobody confirms is not taken for done, and not for refused."""
        account = harness.account()
        await account.start(*harness.used_devices)
        harness.fall_silent()
        with pytest.raises(harness.unconfirmed):
            await account.adapter.execute(Write(harness.writable, 23.5))

    async def test_write_to_an_offline_device(self, harness: Harness) -> None:
        """A device that is not there refuses."""
        if not harness.needs_device:
            pytest.skip("this platform keeps what is written")
        account = harness.account()
        await account.start(*harness.used_devices)
        harness.set_online(harness.writable.device_id, online=False)
        with pytest.raises(CommandRejectedError) as raised:
            await account.adapter.execute(Write(harness.writable, 23.5))
        assert raised.value.reason == "device_offline"
        assert harness.written() == []

    async def test_server_trouble_during_a_write(self, harness: Harness) -> None:
        """A write that failed on its way is not tried again by itself."""
        account = harness.account()
        await account.start(*harness.used_devices)
        harness.sim.clear_requests()
        harness.sim.faults.add(Reset(), path=harness.write_path)
        with pytest.raises(UnreachableError):
            await account.adapter.execute(Write(harness.writable, 23.5))
        assert len(harness.sim.requests(path=harness.write_path)) == 1

    # The end.

    async def test_close_leaves_nothing(self, harness: Harness) -> None:
        """After the end there is no task and no connection; whoever listens is let go."""
        before = asyncio.all_tasks()
        account = await self._live(harness)
        await account.adapter.close()
        await asyncio.wait_for(account.wait_for_the_end(), timeout=5)
        assert account.failure is None
        await harness.sim.wait_for_sockets(0)
        assert _own_tasks(before) == set()
        assert not account.adapter.hears_devices

    async def test_cancelled_changes_clean_up(self, harness: Harness) -> None:
        """A listener that is cancelled leaves nothing, and can begin again."""
        before = asyncio.all_tasks()
        account = await self._live(harness)
        await account.stop_listening()
        await harness.sim.wait_for_sockets(0)
        assert _own_tasks(before) == set()
        assert not account.is_live(harness.output)
        account.listen()
        await account.until(lambda: account.is_live(harness.output))

    async def test_unheard_changes(self, harness: Harness) -> None:
        """To ask for changes and not to listen costs nothing."""
        account = harness.account()
        await account.start(*harness.used_devices)
        changes = account.adapter.changes()
        if changes is not None:
            await changes.aclose()

    async def test_no_secret_is_logged(
        self, harness: Harness, caplog: pytest.LogCaptureFixture
    ) -> None:
        """No log line holds a secret, not even where everything goes wrong."""
        caplog.set_level(logging.DEBUG)
        account = await self._live(harness) if harness.has_push else harness.account()
        harness.sim.faults.add(Status(500))
        for step in (account.refresh, account.poll):
            with pytest.raises(PlatformError):
                await step()
        await harness.sim.close_sockets(abort=True)
        await account.until(lambda: bool(account.clock.pauses))
        ours = [r.getMessage() for r in caplog.records if "custom_comp" in r.name]
        assert ours
        assert not [s for s in harness.secrets if any(s in line for line in ours)]

    async def _live(self, harness: Harness) -> Account:
        """Return an account to which both outputs are pushed."""
        _skip_without_push(harness)
        account = harness.account()
        await account.start(*harness.used_devices)
        account.listen()
        account.watch(harness.output, harness.other)
        await account.until(
            lambda: (
                account.adapter.hears_devices
                and account.is_live(harness.output)
                and account.is_live(harness.other)
            )
        )
        return account


def _skip_without_push(harness: Harness) -> None:
    if not harness.has_push:
        pytest.skip("this platform has no push")


def _skip_in_bulk(harness: Harness) -> None:
    if harness.reads_in_bulk:
        pytest.skip("this platform reads all devices together")


def _own_tasks(before: set[asyncio.Task[Any]]) -> set[str]:
    """Return the adapters' tasks that were not there before."""
    return {
        repr(task.get_coro())
        for task in asyncio.all_tasks() - before
        if "custom_components" in getattr(task.get_coro().cr_code, "co_filename", "")
    }
