"""A Thinger.io simulator, accounts on it, and what must hold at the end of every test."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.platform import IotPlatform

from tests.adapters.account import Account, ringing
from tests.simulators.thinger import ThingerSimulator, sample_state

type MakeAccount = Callable[..., Account]


class Accounts:
    """Makes accounts, and remembers what their persons allowed."""

    def __init__(self, sim: ThingerSimulator, session: ClientSession) -> None:
        """Begin with none."""
        self._sim = sim
        self._session = session
        self.made: list[Account] = []

    def __call__(
        self,
        credentials: dict[str, Any] | None = None,
        *,
        choices: Choices | None = None,
        **more: Any,
    ) -> Account:
        """Make an account; with the access token, unless told otherwise."""
        account = Account(
            self._sim,
            self._session,
            IotPlatform.THINGER,
            credentials or self._sim.account().credentials(),
            choices=choices,
            **more,
        )
        self.made.append(account)
        return account

    async def close(self) -> None:
        """Close all of them."""
        for account in self.made:
            await account.close()

    def may_read(self, key: ResourceKey) -> bool:
        """Return whether a person said that reading does no harm."""
        return any(account.choices.may_read(key) for account in self.made)


@pytest.fixture
async def sim(socket_enabled: None) -> AsyncIterator[ThingerSimulator]:
    """Serve the sample; nothing moves by itself."""
    async with ThingerSimulator(sample_state(), auto_tick=False) as simulator:
        yield simulator


@pytest.fixture
def _bell(sim: ThingerSimulator) -> Iterator[None]:
    """Ring a bell for what happens on this side."""
    with ringing(sim):
        yield


@pytest.fixture
async def accounts(
    sim: ThingerSimulator, session: ClientSession, _bell: None
) -> AsyncIterator[Accounts]:
    """Make accounts; at the end nobody did harm, or read what nobody said was safe (6.3)."""
    accounts = Accounts(sim, session)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(accounts.close)
        yield accounts
    assert [
        call
        for call in sim.unsafe_reads
        if not accounts.may_read(ResourceKey(call.device, call.resource))
    ] == []
    if not any(
        account.choices.safe_devices or account.choices.safe_resources
        for account in accounts.made
    ):
        assert sim.harm == []
        assert sim.unsafe_reads == []


@pytest.fixture
async def account(accounts: Accounts) -> Account:
    """Sign in with the access token."""
    return accounts()
