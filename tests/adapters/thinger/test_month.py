"""A month with tokens that rotate, restarts, and trouble: nobody is asked for a password (3)."""

import random

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    PlatformError,
    UnreachableError,
)

from .conftest import Accounts

from tests.adapters.account import Account, MovedClock
from tests.simulators.effects import LostResponse, Replace, Reset, Status
from tests.simulators.thinger import ThingerSimulator

DAYS = 30
STEP = 3600.0
LIFE = 7200.0


class Month:
    """An account that is restarted every day, and works every hour."""

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
        """Do what is due in an hour; trouble is allowed, to be signed out is not."""
        assert self.account is not None
        self._clock.advance(STEP)
        try:
            await self.account.refresh()
            await self.account.read("boiler_ctl/$property/setpoint")
        except BadCredentialsError:
            raise
        except PlatformError:
            self.troubles += 1


def assert_no_refresh_token_was_used_twice(sim: ThingerSimulator) -> None:
    """Check that what the server took once, and told us so, was never sent again."""
    answered: set[str] = set()
    for request in sim.requests("POST", "/oauth/token"):
        token = request.form().get("refresh_token")
        if token is not None:
            assert token not in answered
            if request.status == 200:
                answered.add(token)


async def test_month(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Without trouble: one login, and no more refreshes than the tokens' life asks for."""
    month = Month(sim, accounts, remember=False)
    for _ in range(DAYS):
        await month.restart()
        for _ in range(24):
            await month.work()
    assert month.troubles == 0
    assert sim.logins == 1
    # Each hour there is something to do: after two hours 80 % of a token's life are over.
    refreshes = DAYS * 24 * STEP / LIFE
    assert refreshes * 0.9 <= sim.refreshes <= refreshes + DAYS
    assert_no_refresh_token_was_used_twice(sim)
    # None lasts so long that it could not be saved: the last one is good.
    await month.restart()
    await month.work()


async def test_month_of_trouble(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Servers that fail, garbage, lost connections and lost answers, with a remembered password."""
    chance = random.Random(7)
    month = Month(sim, accounts, remember=True)
    lost = 0
    for _ in range(DAYS):
        await month.restart()
        for _ in range(24):
            sim.faults.clear()
            trouble = chance.random()
            if trouble < 0.25:
                effect = chance.choice(
                    [
                        Status(500),
                        Status(502, html=True),
                        Status(429),
                        Replace("<html>"),
                        Reset(),
                        Status(408),
                        Status(403),
                    ]
                )
                where = chance.choice(["/oauth/token", ""])
                if where or not isinstance(effect, Status):
                    sim.faults.add(effect, path=where, count=chance.choice([1, None]))
            elif trouble < 0.35:
                lost += sim.faults.add(
                    LostResponse(), path="/oauth/token", count=1
                ).hits
            await month.work()
    sim.faults.clear()
    await month.work()
    await month.work()
    assert month.troubles > 20
    # Only a lost answer costs a login: what the server gave out nobody has.
    losses = [r for r in sim.requests("POST", "/oauth/token") if r.status is None]
    assert sim.logins <= 1 + len(losses)
    assert sim.logins > 1
    assert_no_refresh_token_was_used_twice(sim)


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
    assert sim.refreshes <= 6 * 12
    assert_no_refresh_token_was_used_twice(sim)


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
    try:
        await month.work()
    except BadCredentialsError as error:
        assert error.reason == "signed_out"  # noqa: PT017
    else:
        raise AssertionError


async def test_restart_during_a_renewal(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A renewal that is under way at the end is waited for: its tokens are the only good ones."""
    month = Month(sim, accounts, remember=False)
    await month.restart()
    account = month.account
    assert account is not None
    account.clock.advance(LIFE)
    reading = __import__("asyncio").ensure_future(account.refresh())
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
    for _ in range(24):
        await month.work()
    assert month.troubles == 24
    fault.remove()
    await month.work()
    await month.work()
    assert month.troubles <= 25
    assert sim.logins == 1
    assert isinstance(UnreachableError(), PlatformError)
