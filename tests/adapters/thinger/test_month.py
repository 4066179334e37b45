"""A month with tokens that rotate, restarts, and trouble: nobody is asked for a password (3)."""

import asyncio
import random

import pytest

from custom_components.iot_platforms.model.command import Read
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    PlatformError,
)

from .conftest import Accounts

from tests.adapters.account import Account, MovedClock
from tests.simulators.effects import LostResponse, Replace, Reset, Status
from tests.simulators.thinger import ThingerSimulator

DAYS = 30
STEP = 3600.0
PER_DAY = 24
LIFE = 7200.0
TROUBLES = (
    Status(500),
    Status(502, html=True),
    Status(429),
    Status(408),
    Reset(),
    Replace("<html>"),
    LostResponse(),
)
READ = Read(ResourceKey("boiler_ctl", "$property/setpoint"))


class Month:
    """An account that is restarted every day, and works every now and then."""

    def __init__(
        self, sim: ThingerSimulator, accounts: Accounts, *, remember: bool
    ) -> None:
        """Sign in with the password; forget it unless told otherwise."""
        self.sim = sim
        self._accounts = accounts
        self._clock = MovedClock(sim)
        self.credentials = sim.account().password_credentials()
        self._remember = remember
        self.troubles = 0
        self.account: Account | None = None

    async def restart(self) -> None:
        """Begin a session with what the one before kept."""
        if self.account is not None:
            await self.account.close()
            self.credentials = self.account.credentials
        if not self._remember and "access_token" in self.credentials:
            self.credentials.pop("password", None)
        self.account = self._accounts(self.credentials, clock=self._clock)
        await self.account.adapter.connect()

    async def work(self) -> None:
        """Do what is due after a while; trouble is allowed, to be signed out is not."""
        assert self.account is not None
        self._clock.advance(STEP)
        try:
            await self.account.adapter.execute(READ)
        except BadCredentialsError:
            raise
        except PlatformError:
            self.troubles += 1

    def check_refresh_tokens(self) -> None:
        """Check that none was sent any more after a newer one was kept, and that each was kept before."""
        kept = [
            saved["refresh_token"]
            for account in self._accounts.made
            for saved in account.saved
        ]
        sent = [
            kept.index(request.form()["refresh_token"])
            for request in self.sim.requests("POST", "/oauth/token")
            if "refresh_token" in request.form()
        ]
        assert sent == sorted(sent)
        if not self.troubles:
            assert len(sent) == len(set(sent))


async def test_month(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Without trouble: one login, and no more refreshes than the tokens' life asks for."""
    month = Month(sim, accounts, remember=False)
    for _ in range(DAYS):
        await month.restart()
        for _ in range(PER_DAY):
            await month.work()
    assert month.troubles == 0
    assert sim.logins == 1
    # After every second hour more than 80 % of a token's life are over.
    assert sim.refreshes == DAYS * PER_DAY // 2
    month.check_refresh_tokens()
    # None lasts so long that it could not be saved: the last one is good.
    await month.restart()
    await month.work()


async def test_month_of_trouble(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Servers that fail, garbage, lost connections and lost answers, with a remembered password."""
    chance = random.Random(7)  # noqa: S311
    month = Month(sim, accounts, remember=True)
    mishaps = []
    for _ in range(DAYS):
        await month.restart()
        for _ in range(PER_DAY):
            sim.faults.clear()
            if chance.random() < 0.35:
                effect = chance.choice(TROUBLES)
                path = chance.choice(["/oauth/token", "/users/"])
                count = chance.choice([1, None])
                fault = sim.faults.add(effect, path=path, count=count)
                if isinstance(effect, LostResponse | Replace) and "oauth" in path:
                    mishaps.append(fault)
            await month.work()
    sim.faults.clear()
    await month.work()
    await month.work()
    assert month.troubles > 20
    assert sim.refreshes > 100
    # Only an answer that did not arrive costs a login: what the server gave out nobody has.
    assert 1 < sim.logins <= 1 + sum(fault.hits for fault in mishaps)
    month.check_refresh_tokens()


async def test_wrong_clocks(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A wall clock that is wrong by days does no harm, over restarts (design.md 6)."""
    month = Month(sim, accounts, remember=False)
    for day in range(6):
        month._clock.skew = (-1) ** day * day * 86_400
        await month.restart()
        for _ in range(12):
            await month.work()
    assert month.troubles == 0
    assert sim.logins == 1
    assert sim.refreshes <= 6 * 12 // 2 + 6
    month.check_refresh_tokens()


async def test_old_server(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Servers without rotation work the same (3.3)."""
    sim.switches.rotation = False
    month = Month(sim, accounts, remember=False)
    for _ in range(3):
        await month.restart()
        for _ in range(12):
            await month.work()
    assert (month.troubles, sim.logins) == (0, 1)


async def test_two_months_off(sim: ThingerSimulator, accounts: Accounts) -> None:
    """After more than two months even a refresh token is worthless: then a person is asked."""
    month = Month(sim, accounts, remember=False)
    await month.restart()
    await month.work()
    month._clock.advance(62 * 86_400)
    await month.restart()
    with pytest.raises(BadCredentialsError) as raised:
        await month.work()
    assert raised.value.reason == "signed_out"


async def test_restart_during_a_renewal(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A renewal that is under way at the end is waited for: its tokens are the only good ones."""
    month = Month(sim, accounts, remember=False)
    await month.restart()
    account = month.account
    assert account is not None
    account.clock.advance(LIFE)
    reading = asyncio.ensure_future(account.refresh())
    await sim.wait_for_request(path="/oauth/token", count=2, finished=False)
    await account.close()
    await reading
    await month.restart()
    await month.work()
    assert (sim.logins, sim.refreshes) == (1, 1)


async def test_server_down_for_a_day(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A server that is away for longer than tokens live is not taken for a lost session."""
    month = Month(sim, accounts, remember=False)
    await month.restart()
    await month.work()
    fault = sim.faults.add(Reset())
    for _ in range(PER_DAY):
        await month.work()
    assert month.troubles == PER_DAY
    fault.remove()
    await month.work()
    await month.work()
    assert month.troubles <= PER_DAY + 1
    assert sim.logins == 1
