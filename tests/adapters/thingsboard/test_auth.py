"""Who signs in, and how the tokens stay good (4)."""

import asyncio
from collections.abc import Callable, Mapping
import json
from typing import Any, override

from aiohttp import ClientSession
import jwt
import pytest

from custom_components.iot_platforms.adapters.thingsboard import auth
from custom_components.iot_platforms.model.command import Write
from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    PlatformError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.model.platform import IotPlatform

from .conftest import Accounts, key

from tests.adapters.account import Account
from tests.simulators.effects import LostResponse, Reset, Status
from tests.simulators.thingsboard import (
    TENANT_USER,
    Edition,
    ThingsBoardSimulator,
    TwoFactor,
)

CUSTOMER = "customerA@thingsboard.org"
ADMINISTRATOR = "sysadmin@thingsboard.org"
LOGIN = "/api/auth/login$"
TOKEN = "/api/auth/token$"
USER = "/api/auth/user$"

type Prepare = Callable[[ThingsBoardSimulator, dict[str, Any]], None]


async def reason_of(account: Account) -> str:
    """Return why an account cannot sign in."""
    with pytest.raises(BadCredentialsError) as raised:
        await account.adapter.identify()
    return raised.value.reason


async def reasons_of(account: Account) -> set[str]:
    """Return what a session's next steps say when its credentials are no good any more."""
    found = set()
    shared = next(r.key for r in account.state.resources() if r.source == "shared")
    for step in (
        account.refresh,
        lambda: account.read(shared),
        lambda: account.adapter.execute(Write(shared, 1)),
        account.adapter.identify,
    ):
        with pytest.raises(BadCredentialsError) as raised:
            await step()
        found.add(raised.value.reason)
    return found


# Passwords (4.1, 4.2, 4.5).


@pytest.mark.parametrize("edition", [*Edition])
async def test_password(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, edition: Edition
) -> None:
    """One login gives tokens that are kept, in all editions."""
    thingsboard.switches.edition = edition
    account = accounts()
    found = await account.adapter.identify()
    assert found.platform is IotPlatform.THINGSBOARD
    assert found.user == thingsboard.user().id
    assert found.server == thingsboard.authority
    assert found.title == f"{TENANT_USER} ({thingsboard.authority})"
    (login,) = thingsboard.requests("POST", LOGIN)
    assert login.json() == {"username": TENANT_USER, "password": "tenant"}
    assert login.headers["Content-Type"].startswith("application/json")
    (kept,) = account.saved
    assert kept["access_token"]
    assert kept["refresh_token"]
    assert kept["token_lifetime"] == 9000
    statistics = account.adapter.statistics
    assert statistics["edition"] == edition.value
    assert statistics["role"] == "TENANT_ADMIN"


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        ("4.3.1.3", "4.3.1.3"),
        ("4.2.1PE", "4.2.1"),
        ("4.4.0-SNAPSHOT", "4.4.0"),
        ("3.3.2", None),
    ],
)
async def test_version(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    version: str,
    expected: str | None,
) -> None:
    """The version is known where the server tells it (3.3.3)."""
    thingsboard.switches.version = version
    account = accounts()
    await account.adapter.connect()
    assert account.adapter.statistics["version"] == expected


@pytest.mark.parametrize(
    "answer", ['{"version": 4}', "[]", "null", "<html>", '{"version": "new"}']
)
async def test_server_that_tells_nonsense(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, answer: str
) -> None:
    """Who the server is does not matter for the sign-in."""
    thingsboard.faults.add(
        Status(200, body=answer, content_type="application/json"),
        path="/system/info$",
    )
    account = accounts()
    await account.start()
    assert account.state.devices
    assert account.adapter.statistics["version"] is None


async def test_forbidden_server_information(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """To be told nothing of the server is no trouble (21)."""
    thingsboard.faults.add(Status(403), path="/system/info$")
    account = accounts()
    await account.start()
    assert account.state.devices


def _wrong_password(_: ThingsBoardSimulator, typed: dict[str, Any]) -> None:
    typed["password"] = "guessed"


def _unknown_user(_: ThingsBoardSimulator, typed: dict[str, Any]) -> None:
    typed["username"] = "nobody@example.org"


def _other_case(_: ThingsBoardSimulator, typed: dict[str, Any]) -> None:
    typed["username"] = TENANT_USER.upper()


def _locked(sim: ThingsBoardSimulator, typed: dict[str, Any]) -> None:
    sim.switches.max_failed_logins = 0
    typed["password"] = "guessed"


def _disabled(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.disable()


def _password_expired(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.user().password_expired = True


def _password_against_the_rules(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.user().password_violation = "Password must be 12 or more characters in length."


def _two_factor(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.user().two_factor = TwoFactor()


def _two_factor_enforced(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.user().two_factor_enforced = True


def _system_administrator(_: ThingsBoardSimulator, typed: dict[str, Any]) -> None:
    typed |= {"username": ADMINISTRATOR, "password": "sysadmin"}


def _blank_user(_: ThingsBoardSimulator, typed: dict[str, Any]) -> None:
    typed["username"] = " "


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (_wrong_password, "invalid_auth"),
        (_unknown_user, "invalid_auth"),
        (_other_case, "invalid_auth"),
        (_blank_user, "invalid_auth"),
        (_locked, "account_locked"),
        (_disabled, "account_disabled"),
        (_password_expired, "password_expired"),
        (_password_against_the_rules, "password_policy"),
        (_two_factor, "two_factor"),
        (_two_factor_enforced, "two_factor_setup"),
        (_system_administrator, "system_administrator"),
    ],
)
async def test_refused_login(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    prepare: Prepare,
    reason: str,
) -> None:
    """Every refusal is explained, after one try: more could lock the account."""
    typed = accounts.password()
    prepare(thingsboard, typed)
    account = accounts(typed)
    assert await reason_of(account) == reason
    assert len(thingsboard.requests("POST", LOGIN)) == 1
    assert thingsboard.requests(path=TOKEN) == []


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ({}, "credentials_missing"),
        ({"username": ""}, "credentials_missing"),
        ({"password": "tenant"}, "credentials_missing"),
        ({"api_key": "  "}, "credentials_missing"),
        ({"username": TENANT_USER}, "signed_out"),
        ({"username": TENANT_USER, "password": ""}, "signed_out"),
    ],
)
async def test_missing_credentials(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    typed: dict[str, str],
    reason: str,
) -> None:
    """What is missing is told without asking the server."""
    account = accounts({"url": thingsboard.url, **typed})
    assert await reason_of(account) == reason
    assert thingsboard.requests() == []


@pytest.mark.parametrize("status", [Status(500), Status(503, html=True), Reset()])
async def test_trouble_at_the_login(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, status: Status
) -> None:
    """A server in trouble has not refused anybody."""
    fault = thingsboard.faults.add(status, path=LOGIN)
    account = accounts()
    with pytest.raises(UnreachableError):
        await account.adapter.identify()
    fault.remove()
    await account.adapter.identify()


async def test_trouble_between_login_and_server_information(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """What comes after the login may fail, and is made up for by the next try."""
    thingsboard.faults.add(Status(503), path="/system/info$", count=1)
    account = accounts()
    with pytest.raises(UnreachableError):
        await account.adapter.connect()
    await account.start()
    assert account.state.devices


async def test_limited_login(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A login that is one too many waits, and asks for nothing."""
    thingsboard.faults.add(Status(429), path=LOGIN, count=1)
    account = accounts()
    with pytest.raises(RateLimitedError):
        await account.adapter.identify()
    account.clock.advance(31)
    await account.adapter.identify()


async def test_customer_user(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A customer's user sees the customer's devices, and no others."""
    account = accounts(email=CUSTOMER)
    found = await account.adapter.identify()
    assert found.user == thingsboard.user(CUSTOMER).id
    await account.refresh()
    customer = thingsboard.customer("Customer A")
    assert set(account.state.devices) == {
        d.id for d in thingsboard.devices if d.customer is customer
    }
    assert account.adapter.statistics["role"] == "CUSTOMER_USER"


# What goes out (4.7).


@pytest.mark.parametrize("with_key", [False, True])
async def test_header(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, with_key: bool
) -> None:
    """The one header has the access token or the key; a refresh token is nowhere but in its body."""
    credentials = accounts.key() if with_key else accounts.password()
    account = accounts(credentials)
    await account.start()
    for _ in range(3):
        account.clock.advance(8000)
        await account.refresh()
        await account.poll()
    kept = [saved for saved in account.saved if "access_token" in saved]
    assert len(kept) == (0 if with_key else 4)
    allowed = {f"Bearer {saved['access_token']}" for saved in kept}
    if with_key:
        allowed = {f"ApiKey {credentials['api_key']}"}
    refresh_tokens = {saved["refresh_token"] for saved in kept}
    for request in thingsboard.requests():
        assert "Authorization" not in request.headers
        signing_in = request.path in ("/api/auth/login", "/api/auth/token")
        sent = request.headers.get("X-Authorization")
        assert sent is None if signing_in else sent in allowed
        assert not [t for t in refresh_tokens if t in f"{request.headers}"]
        assert not [t for t in refresh_tokens if t in request.raw_path]
        if request.path == "/api/auth/token":
            assert request.json()["refreshToken"] in refresh_tokens
        else:
            assert not [t for t in refresh_tokens if t in request.body.decode()]


# Keys (4.6).


@pytest.mark.parametrize("email", [TENANT_USER, CUSTOMER])
async def test_key(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, email: str
) -> None:
    """A key is all that is needed; nothing has to be kept."""
    account = accounts(accounts.key(email))
    found = await account.adapter.identify()
    assert found.user == thingsboard.user(email).id
    await account.start()
    assert account.state.devices
    assert account.saved == []
    assert thingsboard.requests(path="/api/auth/(login|token)") == []


async def test_key_is_the_same_account(accounts: Accounts) -> None:
    """Whoever changes from the password to a key keeps the account."""
    by_key = await accounts(accounts.key()).adapter.identify()
    by_password = await accounts().adapter.identify()
    assert by_key == by_password


@pytest.mark.parametrize("template", ["ApiKey {}", " {} ", "{}\n", "ApiKey  {}"])
async def test_copied_key(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, template: str
) -> None:
    """What comes along when people copy a key does no harm."""
    typed = accounts.key()
    typed["api_key"] = template.format(typed["api_key"])
    found = await accounts(typed).adapter.identify()
    assert found.user == thingsboard.user().id


def _key_expired(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.api_key().expiration_time = sim.clock.now_ms() - 1


def _key_disabled(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.api_key().enabled = False


def _key_deleted(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.remove_api_key()


def _key_of_old_server(sim: ThingsBoardSimulator, _: dict[str, Any]) -> None:
    sim.switches.version = "4.2.1"


def _key_that_makes_no_header(_: ThingsBoardSimulator, typed: dict[str, Any]) -> None:
    typed["api_key"] = "tb_ключ"


def _key_of_system_administrator(
    sim: ThingsBoardSimulator, typed: dict[str, Any]
) -> None:
    typed["api_key"] = sim.api_key(ADMINISTRATOR).value


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (_key_expired, "api_key_expired"),
        (_key_disabled, "account_disabled"),
        (_disabled, "account_disabled"),
        (_key_deleted, "api_key_rejected"),
        (_key_of_old_server, "api_key_rejected"),
        (_key_that_makes_no_header, "api_key_rejected"),
        (_key_of_system_administrator, "system_administrator"),
    ],
)
async def test_refused_key(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    prepare: Prepare,
    reason: str,
) -> None:
    """Every refusal of a key is explained."""
    typed = accounts.key()
    prepare(thingsboard, typed)
    assert await reason_of(accounts(typed)) == reason
    assert len(thingsboard.requests()) <= 1


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (_key_expired, "api_key_expired"),
        (_key_disabled, "account_disabled"),
        (_key_deleted, "api_key_rejected"),
    ],
)
async def test_key_that_ends(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    prepare: Prepare,
    reason: str,
) -> None:
    """A key that ends in mid-session is told by everything that uses it, with the reason."""
    account = accounts(accounts.key())
    await account.start()
    prepare(thingsboard, {})
    assert await reasons_of(account) == {reason}


async def test_key_bypasses_two_factor(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A key works where a login would need a code (4.5)."""
    thingsboard.user().two_factor = TwoFactor()
    await accounts(accounts.key()).start()


async def test_forbidden_is_no_bad_password(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """403 on an ordinary call does not ask for another sign-in (4.2)."""
    account = accounts()
    await account.start()
    thingsboard.faults.add(Status(403), path="/entitiesQuery/find$")
    with pytest.raises(PlatformError) as raised:
        await account.refresh()
    assert not isinstance(raised.value, BadCredentialsError)


# Staying signed in (4.3, 4.4).


async def test_earlier_tokens(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A restart needs neither the password nor a login."""
    account = accounts(accounts.tokens())
    await account.start()
    assert account.state.devices
    assert account.saved == []
    assert thingsboard.requests(path="/api/auth/") == []


async def test_renewal_before_the_end(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Tokens are renewed when most of their life is over, before the server refuses one."""
    account = accounts()
    await account.start()
    first = dict(account.credentials)
    account.clock.advance(9000 * 0.79)
    await account.refresh()
    assert thingsboard.refreshes == 0
    account.clock.advance(9000 * 0.02)
    await account.refresh()
    assert (thingsboard.refreshes, thingsboard.logins) == (1, 1)
    assert account.credentials["access_token"] != first["access_token"]
    assert account.credentials["refresh_token"] != first["refresh_token"]
    (request,) = thingsboard.requests("POST", TOKEN)
    assert request.json() == {"refreshToken": first["refresh_token"]}
    assert [r for r in thingsboard.requests() if r.status == 401] == []


async def test_one_renewal_for_all(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Requests at the same time share one renewal."""
    account = accounts()
    await account.start()
    account.clock.advance(8000)
    await asyncio.gather(*(account.refresh() for _ in range(5)))
    assert thingsboard.refreshes == 1


async def test_expired_while_we_slept(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """After a night of sleep the first thing is a renewal."""
    credentials = accounts.tokens()
    thingsboard.clock.advance(9001)
    account = accounts(credentials)
    await account.start()
    assert thingsboard.requests()[0].path == "/api/auth/token"
    assert [r for r in thingsboard.requests() if r.status == 401] == []


@pytest.mark.parametrize("skew", [-1e7, 1e7])
async def test_wrong_clock(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, skew: float
) -> None:
    """A wrong clock of ours costs one renewal at most: the server decides."""
    credentials = accounts.tokens()
    thingsboard.clock.advance(9001 if skew < 0 else 1)
    account = accounts(credentials)
    account.clock.skew = skew
    await account.start()
    for _ in range(5):
        await account.refresh()
    assert thingsboard.refreshes == 1
    assert thingsboard.logins == 0


class SlowSaver(Account):
    """An account whose storage takes its time."""

    saving: asyncio.Event
    may_save: asyncio.Event

    @override
    async def _save(self, changed: Mapping[str, Any]) -> None:
        self.saving.set()
        await self.may_save.wait()
        await super()._save(changed)


async def test_saved_before_use(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, session: ClientSession
) -> None:
    """New tokens are on disk before anybody uses them."""
    credentials = accounts.tokens()
    thingsboard.clock.advance(9001)
    account = SlowSaver(thingsboard, session, IotPlatform.THINGSBOARD, credentials)
    account.saving, account.may_save = asyncio.Event(), asyncio.Event()
    starting = asyncio.create_task(account.start())
    await asyncio.wait_for(account.saving.wait(), timeout=5)
    assert [r.path for r in thingsboard.requests()] == ["/api/auth/token"]
    account.may_save.set()
    await starting
    (kept,) = account.saved
    used = {r.token for r in thingsboard.requests() if r.token}
    assert used == {kept["access_token"]}
    await account.close()


@pytest.mark.parametrize("trouble", [Status(503), Reset(), LostResponse(), Status(429)])
async def test_renewal_that_fails(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, trouble: Status
) -> None:
    """A renewal that fails is tried again; meanwhile the old token goes on."""
    account = accounts(accounts.tokens())
    await account.start()
    account.clock.advance(8000)
    thingsboard.faults.add(trouble, path=TOKEN, count=1)
    await account.refresh()
    assert account.saved == []
    account.clock.advance(400)
    await account.refresh()
    assert len(account.saved) == 1


async def test_token_that_is_refused(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A token that the server refuses early is renewed once, and the request repeated once."""
    account = accounts()
    await account.start()
    thingsboard.clear_requests()
    thingsboard.faults.add(
        Status(401, body='{"status":401,"errorCode":11,"message":"Token has expired"}'),
        path="/entitiesQuery/find$",
        count=1,
    )
    await account.refresh()
    assert [r.path.rpartition("/")[2] for r in thingsboard.requests()] == [
        "find",
        "token",
        "find",
    ]


async def test_token_that_stays_refused(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """What is refused with a new token too is not asked for again and again."""
    account = accounts()
    await account.start()
    thingsboard.clear_requests()
    thingsboard.faults.add(Status(401), path="/entitiesQuery/find$")
    with pytest.raises(BadCredentialsError):
        await account.refresh()
    assert len(thingsboard.requests()) == 3


@pytest.mark.parametrize("remembers", [False, True])
async def test_refresh_token_that_expired(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, remembers: bool
) -> None:
    """After weeks of sleep only the password helps, where we may keep it."""
    credentials = accounts.tokens()
    if remembers:
        credentials["password"] = "tenant"
    thingsboard.clock.advance(604_801)
    account = accounts(credentials)
    if remembers:
        await account.start()
        assert thingsboard.logins == 1
        assert account.credentials["access_token"] != credentials["access_token"]
    else:
        assert await reason_of(account) == "signed_out"
        assert thingsboard.requests(path=LOGIN) == []


@pytest.mark.parametrize("remembers", [False, True])
async def test_password_change(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, remembers: bool
) -> None:
    """A new password ends the session; the old one is tried once, or it would lock the account."""
    account = accounts(accounts.password() if remembers else accounts.tokens())
    await account.start()
    logins = len(thingsboard.requests(path=LOGIN))
    thingsboard.change_password("another-password")
    reason = "invalid_auth" if remembers else "signed_out"
    for _ in range(3):
        assert await reasons_of(account) == {reason}
        account.clock.advance(3600)
    tried = len(thingsboard.requests(path=LOGIN)) - logins
    assert tried == (1 if remembers else 0)
    # What the server says about the old refresh token is no secret, and no trouble of the server's.
    refused = thingsboard.requests("POST", TOKEN)
    assert [r.status for r in refused] == [401]


@pytest.mark.parametrize(
    ("prepare", "reason"),
    [
        (_disabled, "account_disabled"),
        (_password_expired, "password_expired"),
        (_password_against_the_rules, "password_policy"),
        (_two_factor, "two_factor"),
    ],
)
async def test_user_who_is_barred(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    prepare: Prepare,
    reason: str,
) -> None:
    """Why the remembered password does not help any more is told."""
    account = accounts()
    await account.start()
    prepare(thingsboard, {})
    thingsboard.end_sessions()
    assert await reasons_of(account) == {reason}


@pytest.mark.parametrize("remembers", [False, True])
async def test_session_that_somebody_ended(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    session: ClientSession,
    remembers: bool,
) -> None:
    """A logout ends this session; the remembered password begins another (4.4)."""
    account = accounts(accounts.password() if remembers else accounts.tokens())
    await account.start()
    token = account.credentials["access_token"]
    await session.post(
        f"{thingsboard.url}/api/auth/logout",
        headers={"X-Authorization": f"Bearer {token}"},
    )
    if remembers:
        await account.refresh()
        assert thingsboard.logins == 2
    else:
        assert await reasons_of(account) == {"signed_out"}


async def test_old_refresh_token(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A renewal whose answer was lost is made up for with the same refresh token (4.1)."""
    account = accounts(accounts.tokens())
    await account.start()
    account.clock.advance(9001)
    thingsboard.faults.add(LostResponse(), path=TOKEN, count=1)
    with pytest.raises(UnreachableError):
        await account.refresh()
    account.clock.advance(10)
    await account.refresh()
    sent = [r.json()["refreshToken"] for r in thingsboard.requests("POST", TOKEN)]
    assert len(sent) == 2
    assert len({*sent}) == 1


# What tokens say (4.3).


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"userId": 7, "scopes": ["TENANT_ADMIN"]},
        {"userId": "u", "scopes": []},
        {"userId": "u", "scopes": "TENANT_ADMIN"},
        {"userId": "u", "scopes": [7]},
        {"scopes": ["TENANT_ADMIN"]},
    ],
)
async def test_token_of_another_platform(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, claims: dict[str, Any]
) -> None:
    """A token that names no user comes from another platform."""
    token = jwt.encode(claims, "x" * 64, algorithm="HS256")
    thingsboard.faults.add(
        Status(200, body=json.dumps({"token": token}), content_type="application/json"),
        path=LOGIN,
    )
    with pytest.raises(UnexpectedAnswerError) as raised:
        await accounts().adapter.identify()
    assert raised.value.reason == "not_this_platform"


@pytest.mark.parametrize(
    "answer",
    [
        "[]",
        "{}",
        '{"id": "x", "authority": "TENANT_ADMIN"}',
        '{"id": {"id": 7}, "authority": "TENANT_ADMIN"}',
        '{"id": {"id": "x"}, "authority": null}',
    ],
)
async def test_user_of_another_platform(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, answer: str
) -> None:
    """A user record without what makes one comes from another platform."""
    thingsboard.faults.add(
        Status(200, body=answer, content_type="application/json"), path=USER
    )
    for credentials in (accounts.password(), accounts.key()):
        with pytest.raises(UnexpectedAnswerError) as raised:
            await accounts(credentials).adapter.identify()
        assert raised.value.reason == "not_this_platform"


async def test_user_without_an_address(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Where a user has no name, the id does."""
    thingsboard.user().extra = {"email": None, "name": ""}
    user_id = thingsboard.user().id
    found = await accounts(accounts.key()).adapter.identify()
    assert found.title == f"{user_id} ({thingsboard.authority})"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("tb_abc", "tb_abc"),
        ("ApiKey tb_abc", "tb_abc"),
        (" tb_a\nbc ", "tb_abc"),
        ("", ""),
        (None, ""),
    ],
)
def test_pasted_key(typed: str | None, expected: str) -> None:
    """A key is what is left without what comes along when one copies it."""
    assert auth.api_key({"api_key": typed}) == expected


async def test_no_secret_in_errors_and_representations(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Neither errors nor what debuggers show hold a secret."""
    account = accounts()
    await account.start()
    secrets = [
        account.credentials["access_token"],
        account.credentials["refresh_token"],
    ]
    thingsboard.faults.add(
        Status(400, body=json.dumps({"message": f"bad {secrets[0]}"})),
        path="/entitiesQuery/find$",
    )
    with pytest.raises(PlatformError) as raised:
        await account.refresh()
    shown = f"{raised.value} {raised.value!r} {account.adapter.statistics}"
    assert not [secret for secret in secrets if secret in shown]


async def test_write_signs_in_again(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A command that comes after the end of a session is sent once it goes on."""
    account = accounts()
    await account.start()
    thingsboard.end_sessions()
    await account.adapter.execute(
        Write(key(thingsboard, "TH-0042", "shared/targetTemperature"), 19.5)
    )
    assert thingsboard.device("TH-0042").telemetry("target") == 19.5
