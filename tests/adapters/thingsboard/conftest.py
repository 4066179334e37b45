"""A ThingsBoard simulator, accounts on it, and what must hold at the end of every test."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

from aiohttp import ClientSession
import pytest

from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import Resource, ResourceKey
from custom_components.iot_platforms.model.platform import IotPlatform

from tests.adapters.account import Account, ringing
from tests.simulators.thingsboard import (
    TENANT_USER,
    ThingsBoardSimulator,
    sample_state,
)


class Accounts:
    """Makes accounts of a server's users."""

    def __init__(self, sim: ThingsBoardSimulator, session: ClientSession) -> None:
        """Begin with none."""
        self._sim = sim
        self._session = session
        self.made: list[Account] = []

    def __call__(
        self,
        credentials: Mapping[str, Any] | None = None,
        *,
        email: str = TENANT_USER,
        choices: Choices | None = None,
        **more: Any,
    ) -> Account:
        """Make an account; with the user's name and password, unless told otherwise."""
        account = Account(
            self._sim,
            self._session,
            IotPlatform.THINGSBOARD,
            credentials or self.password(email),
            choices=choices,
            **more,
        )
        self.made.append(account)
        return account

    def password(self, email: str = TENANT_USER) -> dict[str, Any]:
        """Return what somebody types in who has a password, and lets us keep it."""
        return {**self._sim.account(email).credentials()}

    def key(self, email: str = TENANT_USER) -> dict[str, Any]:
        """Return what somebody types in who has an API key."""
        return {**self._sim.account(email).api_key_credentials()}

    def tokens(self, email: str = TENANT_USER) -> dict[str, Any]:
        """Return what is left of a sign-in where the password was not kept."""
        pair = self._sim.login(email)
        return {
            "url": self._sim.url,
            "username": email,
            "access_token": pair.token,
            "refresh_token": pair.refresh_token,
        }

    async def close(self) -> None:
        """Close all of them."""
        for account in self.made:
            await account.close()


def key(
    sim: ThingsBoardSimulator, device: str, resource_id: str, *leaf: str
) -> ResourceKey:
    """Return the key of a resource of a device that is known by its name."""
    return ResourceKey(sim.device(device).id, resource_id, leaf)


def resource(
    account: Account, sim: ThingsBoardSimulator, device: str, resource_id: str
) -> Resource:
    """Return a resource that an account knows."""
    found = account.state.resource(key(sim, device, resource_id))
    assert found is not None, (device, resource_id)
    return found


@pytest.fixture
async def thingsboard(socket_enabled: None) -> AsyncIterator[ThingsBoardSimulator]:
    """Serve the sample; nothing moves by itself."""
    async with ThingsBoardSimulator(sample_state(), auto_tick=False) as simulator:
        yield simulator


@pytest.fixture
def _bell(thingsboard: ThingsBoardSimulator) -> Iterator[None]:
    """Ring a bell for what happens on this side."""
    with ringing(thingsboard):
        yield


@pytest.fixture
async def accounts(
    thingsboard: ThingsBoardSimulator, session: ClientSession, _bell: None
) -> AsyncIterator[Accounts]:
    """Make accounts; at the end nobody made a device look alive, or meddled with the server."""
    accounts = Accounts(thingsboard, session)
    yield accounts
    await accounts.close()
    assert thingsboard.harm == []


@pytest.fixture
async def account(accounts: Accounts) -> Account:
    """Make the account of the tenant's administrator."""
    return accounts()
