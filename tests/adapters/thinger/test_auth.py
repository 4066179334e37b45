"""Who signs in, where, and how the tokens stay good (3)."""

from typing import Any

from aiohttp import ClientSession
from hypothesis import given, settings, strategies as st
import jwt
import pytest

from custom_components.iot_platforms.adapters.thinger import auth
from custom_components.iot_platforms.model.command import Write
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    ForbiddenError,
    PlatformError,
    RateLimitedError,
    TlsError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.model.platform import Capability, IotPlatform
from custom_components.iot_platforms.transport.tls import ssl_context

from .conftest import Accounts

from tests.adapters.account import Account, case_id
from tests.simulators.effects import LostResponse, Replace, Reset, Status
from tests.simulators.thinger import ThingerSimulator, sample_state
from tests.simulators.tls import self_signed

KEY = "a key that nobody checks, of thirty-two bytes"


def token(**claims: Any) -> str:
    """Return a token with these claims."""
    return jwt.encode(claims, KEY, algorithm="HS256")


async def reason_of(account: Account) -> str:
    """Return why an account cannot sign in."""
    with pytest.raises(PlatformError) as raised:
        await account.adapter.identify()
    return raised.value.reason


# Addresses (2).


@pytest.mark.parametrize(
    ("typed", "svr", "url"),
    [
        (None, None, "https://api.thinger.io"),
        ("", None, "https://api.thinger.io"),
        (None, "eu-central.aws.thinger.io", "https://eu-central.aws.thinger.io"),
        (
            "https://api.thinger.io",
            "acme.aws.thinger.io",
            "https://acme.aws.thinger.io",
        ),
        ("api.thinger.io/", "acme.aws.thinger.io", "https://acme.aws.thinger.io"),
        ("https://mine.example", "acme.aws.thinger.io", "https://mine.example"),
        ("mine.example", None, "https://mine.example"),
        (" mine.example/ ", None, "https://mine.example"),
        ("http://mine.example:8080", None, "http://mine.example:8080"),
        ("https://mine.example/iot/", None, "https://mine.example/iot"),
        ("https://mine.example/#/login?x=1", None, "https://mine.example"),
        ("HTTPS://Mine.Example", None, "https://mine.example"),
        ("https://münchen.example", None, "https://xn--mnchen-3ya.example"),
        ("https://[::1]:8443", None, "https://[::1]:8443"),
        (None, 7, "https://api.thinger.io"),
        (None, "", "https://api.thinger.io"),
    ],
)
def test_server_url(typed: str | None, svr: Any, url: str) -> None:
    """What was typed counts, else what the token says, else it is the cloud."""
    claims = {"usr": "demo"} if svr is None else {"usr": "demo", "svr": svr}
    credentials = {"url": typed, "access_token": token(**claims)}
    assert auth.server_url(credentials) == url


def test_server_of_a_login() -> None:
    """The tokens of a login do not move the account elsewhere."""
    access = token(usr="demo", svr="acme.aws.thinger.io")
    credentials = {"username": "demo", "access_token": access}
    assert auth.server_url(credentials) == "https://api.thinger.io"


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://mine.example",
        "https://",
        "://",
        "https://mine example",
        "https://%zz",
        "https://mine.example:99999",
        "https://user:password@mine.example",
        "https://[::1",
        "http://:80",
        "https://.",
        "https://a\x00b",
        "https://a\tb c",
        "[]@",
    ],
)
def test_no_address(typed: str) -> None:
    """What is no address is told before anything is sent."""
    with pytest.raises(UnreachableError) as raised:
        auth.server_url({"url": typed})
    assert raised.value.reason == "invalid_url"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20), st.text(max_size=20))
def test_no_text_breaks_the_address(typed: str, svr: str) -> None:
    """Whatever is typed or in a token is an address or is refused."""
    access = token(usr="demo", svr=svr)
    for url in (typed, f"https://{typed}", None):
        try:
            address = auth.server_url({"url": url, "access_token": access})
        except UnreachableError:
            continue
        assert auth.server_name(address)
        # It stands fast: to put it in once more gives the same.
        assert auth.server_url({"url": address, "username": "demo"}) == address


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://api.thinger.io", "thinger.io"),
        ("https://backend.thinger.io", "thinger.io"),
        ("https://us-east.aws.thinger.io", "thinger.io"),
        ("https://acme.aws.thinger.io", "acme.aws.thinger.io"),
        ("https://mine.example", "mine.example"),
        ("https://mine.example:443", "mine.example"),
        ("http://mine.example", "mine.example"),
        ("https://mine.example:8443", "mine.example:8443"),
        ("https://mine.example/iot", "mine.example/iot"),
    ],
)
def test_server_name(url: str, name: str) -> None:
    """Ids stay the same whichever of its addresses the shared server is reached at."""
    assert auth.server_name(url) == name
    assert auth.is_community(url) is (name == "thinger.io")


# Access tokens (3.5).


async def test_access_token(sim: ThingerSimulator, accounts: Accounts) -> None:
    """The user comes from the token; the token goes into the header, and nowhere else."""
    account = accounts()
    found = await account.adapter.identify()
    assert found.user == "demo"
    assert found.server == sim.authority
    assert found.title == f"demo ({sim.authority})"
    (request,) = sim.requests()
    assert (request.method, request.raw_path) == (
        "GET",
        "/v1/users/demo/devices?index=0&count=1",
    )
    assert request.auth == "header"
    assert account.saved == []


async def test_token_without_server(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Older tokens name no server."""
    access = sim.mint_access_token("old", svr=False).jwt
    account = accounts({"url": sim.url, "access_token": access})
    assert (await account.adapter.identify()).user == "demo"


async def test_token_names_the_server(session: ClientSession) -> None:
    """Without an address the token's server is asked, over TLS."""
    tls = self_signed()
    async with ThingerSimulator(sample_state(), tls=tls, auto_tick=False) as sim:
        trusting = ssl_context(verify=True, ca_certificate=tls.certificate_authority)
        credentials = {"access_token": sim.account().access_token}
        account = Account(sim, session, IotPlatform.THINGER, credentials, ssl=trusting)
        assert (await account.adapter.identify()).server == sim.authority


@pytest.mark.parametrize("before", ["", " ", "Bearer ", "\n"])
async def test_copied_token(
    sim: ThingerSimulator, accounts: Accounts, before: str
) -> None:
    """What comes along when people copy a token does no harm."""
    access = sim.account().access_token
    pasted = f"{before}{access[:40]}\n{access[40:]}  "
    account = accounts({"url": sim.url, "access_token": pasted})
    assert (await account.adapter.identify()).user == "demo"


@pytest.mark.parametrize(
    ("pasted", "reason"),
    [
        ("", "credentials_missing"),
        ("   ", "credentials_missing"),
        ("garbage", "not_a_token"),
        ("eyJhbGciOiJIUzI1NiJ9.e30.", "not_a_token"),
        ("a.b.c", "not_a_token"),
        (token(sub="somebody", iss="another platform"), "not_a_token"),
        (token(usr=7, jti="x"), "refresh_token_given"),
        (token(exp=1705270400, iat=1700000000, jti="65f0c0ff"), "refresh_token_given"),
    ],
)
async def test_what_is_no_access_token(
    sim: ThingerSimulator, accounts: Accounts, pasted: str, reason: str
) -> None:
    """What was pasted by mistake is explained without asking the server."""
    account = accounts({"url": sim.url, "access_token": pasted})
    assert await reason_of(account) == reason
    # A second try says the same.
    assert await reason_of(account) == reason
    assert sim.requests() == []


async def test_refresh_token_of_the_server(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A real refresh token is recognised."""
    account = accounts({"url": sim.url, "access_token": sim.login().refresh_token})
    assert await reason_of(account) == "refresh_token_given"


async def test_expired_token(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A token that ran out is told from one that was revoked."""
    access = sim.mint_access_token("short", expire=int(sim.clock.now()) + 3600).jwt
    account = accounts({"url": sim.url, "access_token": access})
    await account.start()
    account.clock.advance(3601)
    for step in (
        account.adapter.identify,
        account.refresh,
        lambda: account.read("boiler_ctl/temperature"),
        lambda: account.adapter.execute(Write(ResourceKey("boiler_ctl", "relay"), 1)),
    ):
        with pytest.raises(BadCredentialsError) as raised:
            await step()
        assert raised.value.reason == "token_expired"


async def test_wrong_clock_does_not_expire_a_token(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """The server decides whether a token is good: our clock may be wrong."""
    access = sim.mint_access_token("short", expire=int(sim.clock.now()) + 3600).jwt
    account = accounts({"url": sim.url, "access_token": access})
    account.clock.skew = 1e7
    assert (await account.adapter.identify()).user == "demo"


@pytest.mark.parametrize("how", ["disabled", "deleted", "foreign"])
async def test_rejected_token(
    sim: ThingerSimulator, accounts: Accounts, how: str
) -> None:
    """A token that the server does not know is not said to have run out."""
    access = sim.mint_access_token("mine", enabled=how != "disabled").jwt
    if how == "deleted":
        sim.remove_access_token("mine")
    elif how == "foreign":
        access = token(usr="demo", jti="mine")
    account = accounts({"url": sim.url, "access_token": access})
    assert await reason_of(account) == "token_rejected"


async def test_narrow_token_signs_in(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A missing permission is no sign-in failure; it is shown (3.5)."""
    access = sim.mint_access_token("narrow", allow={"Endpoint": "*"}).jwt
    account = accounts({"url": sim.url, "access_token": access})
    assert (await account.adapter.identify()).user == "demo"
    assert account.adapter.denied == {Capability.DEVICES: "ListDevices"}
    snapshot = await account.adapter.snapshot()
    assert [d.id for d in snapshot.devices if not d.is_service] == []
    assert not snapshot.complete


async def test_other_server(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A server that does not know the path is of another kind."""
    sim.faults.add(Status(404, html=True))
    assert await reason_of(accounts()) == "not_this_platform"


async def test_other_list(sim: ThingerSimulator, accounts: Accounts) -> None:
    """An answer that is JSON, but no list, is not this platform's either."""
    sim.faults.add(Replace("{}", content_type="application/json"))
    assert await reason_of(accounts()) == "not_this_platform"


@pytest.mark.parametrize("verify", [True, False])
async def test_own_certificate(session: ClientSession, verify: bool) -> None:
    """A private server's certificate is not trusted, unless the person says so."""
    tls = self_signed()
    async with ThingerSimulator(sample_state(), tls=tls, auto_tick=False) as sim:
        account = Account(
            sim,
            session,
            IotPlatform.THINGER,
            sim.account().credentials(),
            ssl=ssl_context(verify=verify, ca_certificate=None),
        )
        if verify:
            with pytest.raises(TlsError):
                await account.adapter.identify()
            return
        await account.start()
        account.listen()
        account.watch()
        await account.until_live("boiler_ctl/temperature")
        await account.close()


# Device tokens (3.4, 10.1).


async def test_device_token(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A device token is an account with one device."""
    account = accounts(sim.account().device_credentials())
    found = await account.adapter.identify()
    assert found.key == f"thinger:{sim.authority}/demo/boiler_ctl"
    assert found.title == f"boiler_ctl ({sim.authority})"
    # That it cannot see more is what it is made for.
    assert account.adapter.denied == {}
    await account.start()
    assert list(account.state.devices) == ["boiler_ctl"]
    assert account.online("boiler_ctl") is True
    assert account.kinds("boiler_ctl")["temperature"] == "output"
    assert account.value("boiler_ctl/temperature") == 21.5


async def test_rejected_device_token(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A device token that was deleted is refused."""
    account = accounts(sim.account().device_credentials())
    sim.state.device_tokens.clear()
    assert await reason_of(account) == "token_rejected"


# User and password (3.2, 3.3).


def password_account(
    sim: ThingerSimulator, accounts: Accounts, *, remember: bool = True, **more: Any
) -> Account:
    """Return an account that signs in with the password."""
    credentials = sim.account().password_credentials() | more
    if not remember:
        credentials.pop("remember_password", None)
    return accounts(credentials)


async def test_password(sim: ThingerSimulator, accounts: Accounts) -> None:
    """The password is sent once, as a form; the tokens are kept before they are used."""
    account = password_account(sim, accounts)
    await account.start()
    (login,) = sim.requests(path="/oauth/token")
    assert login.form() == {
        "grant_type": "password",
        "username": "demo",
        "password": "demo-password",
    }
    assert login.auth is None
    (saved,) = account.saved
    assert saved.keys() == {"access_token", "refresh_token", "token_lifetime"}
    assert saved["token_lifetime"] == 7200
    assert sim.requests()[1].token == saved["access_token"]
    assert (await account.adapter.identify()).user == "demo"


async def test_password_with_special_characters(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Passwords are escaped (3.2)."""
    sim.user().password = "a&b=c+d%20 é☃"
    account = accounts(
        {"url": sim.url, "username": "demo", "password": "a&b=c+d%20 é☃"}
    )
    await account.adapter.identify()


async def test_wrong_password(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A wrong password is told as such, and is not tried twice."""
    account = accounts({"url": sim.url, "username": "demo", "password": "wrong"})
    assert await reason_of(account) == "invalid_auth"
    assert len(sim.requests()) == 1


async def test_forgotten_password(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Without tokens and without a password nothing can be done."""
    account = accounts({"url": sim.url, "username": "demo"})
    assert await reason_of(account) == "signed_out"
    assert sim.requests() == []


@pytest.mark.parametrize("status", [401, 400])
async def test_second_factor(
    sim: ThingerSimulator, accounts: Accounts, status: int
) -> None:
    """With a second factor a password does not suffice (3.6)."""
    sim.user().mfa = True
    sim.switches.mfa_status = status
    assert await reason_of(password_account(sim, accounts)) == "invalid_auth"


@pytest.mark.parametrize("status", [429, 403])
async def test_login_limiter(
    sim: ThingerSimulator, accounts: Accounts, status: int
) -> None:
    """Who tried too often has to wait; that is no wrong password (3.2)."""
    sim.switches.login_limit = 1
    sim.switches.login_limit_status = status
    wrong = {"url": sim.url, "username": "demo", "password": "wrong"}
    assert await reason_of(accounts(wrong)) == "invalid_auth"
    account = password_account(sim, accounts)
    with pytest.raises(RateLimitedError):
        await account.adapter.identify()
    account.clock.advance(61)
    await account.adapter.identify()


@pytest.mark.parametrize(
    ("effect", "error", "reason"),
    [
        (Status(404), UnexpectedAnswerError, "not_this_platform"),
        (Status(405, html=True), UnexpectedAnswerError, "not_this_platform"),
        (Status(400, html=True), UnexpectedAnswerError, "unexpected_answer"),
        (Status(413), UnexpectedAnswerError, "unexpected_answer"),
        (Status(500), UnreachableError, "server_trouble"),
        (Replace("<html>"), UnexpectedAnswerError, "unexpected_answer"),
        (Replace("[]"), UnexpectedAnswerError, "unexpected_answer"),
        (Replace('{"access_token": 7}'), UnexpectedAnswerError, "unexpected_answer"),
        (Replace('{"access_token": ""}'), UnexpectedAnswerError, "unexpected_answer"),
        (Replace(""), UnexpectedAnswerError, "unexpected_answer"),
        (Reset(), UnreachableError, "cannot_connect"),
        (LostResponse(), UnreachableError, "cannot_connect"),
        (Status(400), BadCredentialsError, "invalid_auth"),
    ],
    ids=case_id,
)
async def test_trouble_with_the_token_server(
    sim: ThingerSimulator,
    accounts: Accounts,
    effect: Any,
    error: type[PlatformError],
    reason: str,
) -> None:
    """Only what the server itself says about the credentials is about them."""
    sim.faults.add(effect, path="/oauth/token")
    account = password_account(sim, accounts)
    with pytest.raises(error) as raised:
        await account.adapter.identify()
    assert raised.value.reason == reason
    if error is not BadCredentialsError:
        sim.faults.clear()
        await account.adapter.identify()


async def test_login_without_refresh_token(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A server that gives no refresh token gets the password again."""
    tokens = sim.login()
    body = f'{{"access_token": "{tokens.access_token}", "expires_in": 7200}}'
    sim.faults.add(Replace(body), path="/oauth/token", count=1)
    account = password_account(sim, accounts)
    await account.start()
    account.clock.advance(7201)
    await account.refresh()
    grants = [r.form()["grant_type"] for r in sim.requests(path="/oauth/token")]
    assert grants == ["password", "password"]


async def test_renewal(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Tokens are renewed before their end, kept before they are used, one renewal for all."""
    account = password_account(sim, accounts, remember=False)
    await account.start()
    account.clock.advance(7200 * 0.79)
    await account.refresh()
    assert sim.refreshes == 0
    account.clock.advance(7200 * 0.02)
    account.clock.advance(10)
    sim.clear_requests()
    await account.poll()
    assert sim.refreshes == 1
    first, *others = sim.requests()
    assert first.form() == {
        "grant_type": "refresh_token",
        "refresh_token": account.saved[0]["refresh_token"],
    }
    assert {request.token for request in others} == {account.saved[1]["access_token"]}


async def test_renewal_after_a_401(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A token that the server does not take any more is renewed once, and the call repeated once."""
    account = password_account(sim, accounts)
    await account.start()
    sim.clear_requests()
    sim.faults.add(Status(401), path="/devices$", count=1)
    await account.refresh()
    assert sim.refreshes == 1
    assert [r.status for r in sim.requests(path="/devices$")] == [401, 200]


async def test_taken_up_again(sim: ThingerSimulator, accounts: Accounts) -> None:
    """After a restart the tokens of before are used, not the password."""
    account = password_account(sim, accounts)
    await account.start()
    await account.close()
    sim.clear_requests()
    again = accounts(account.credentials)
    await again.start()
    assert sim.requests(path="/oauth/token") == []
    assert (await again.adapter.identify()).key == (
        await account.adapter.identify()
    ).key


async def test_lost_renewal_with_password(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Where the server renewed and we did not hear it, the remembered password helps."""
    account = password_account(sim, accounts)
    await account.start()
    sim.faults.add(LostResponse(), path="/oauth/token", count=1)
    account.clock.advance(7201)
    with pytest.raises(UnreachableError):
        await account.refresh()
    account.clock.advance(400)
    await account.refresh()
    assert (sim.refreshes, sim.logins) == (1, 2)


async def test_lost_renewal_without_password(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Without a password the person has to sign in again; nobody hammers the server."""
    account = password_account(sim, accounts, remember=False, password=None)
    pair = sim.login()
    account = accounts(
        {
            "url": sim.url,
            "username": "demo",
            "access_token": pair.access_token,
            "refresh_token": pair.refresh_token,
            "token_lifetime": 7200,
        }
    )
    await account.start()
    sim.revoke_grants()
    account.clock.advance(7201)
    for _ in range(3):
        with pytest.raises(BadCredentialsError) as raised:
            await account.refresh()
        assert raised.value.reason == "signed_out"
    assert len(sim.requests(path="/oauth/token")) == 1


async def test_changed_password(sim: ThingerSimulator, accounts: Accounts) -> None:
    """A remembered password that is wrong by now is told."""
    account = password_account(sim, accounts)
    await account.start()
    sim.revoke_grants()
    sim.user().password = "changed"
    account.clock.advance(7201)
    with pytest.raises(BadCredentialsError) as raised:
        await account.refresh()
    assert raised.value.reason == "invalid_auth"


@pytest.mark.parametrize(
    "effect",
    [Status(500), Status(429), Reset(), Replace("<html>"), Status(403)],
    ids=case_id,
)
async def test_trouble_during_a_renewal(
    sim: ThingerSimulator, accounts: Accounts, effect: Any
) -> None:
    """Trouble at the token server passes; the old token is used for as long as it is good."""
    account = password_account(sim, accounts, remember=False)
    await account.start()
    sim.faults.add(effect, path="/oauth/token")
    account.clock.advance(7200 * 0.9)
    await account.refresh()
    account.clock.advance(7200 * 0.2)
    with pytest.raises(PlatformError) as raised:
        await account.refresh()
    assert not isinstance(raised.value, BadCredentialsError | ForbiddenError)
    sim.faults.clear()
    account.clock.advance(1000)
    await account.refresh()
    assert sim.refreshes == 1


async def test_user_of_a_login(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Whoever the token names is the user, whatever was typed (3.2)."""
    tokens = sim.login()
    body = f'{{"access_token": "{tokens.access_token}", "expires_in": 7200}}'
    sim.faults.add(
        Replace(body, content_type="application/json"), path="/oauth/token", count=1
    )
    account = accounts(
        {"url": sim.url, "username": "me@mail.example", "password": "demo-password"}
    )
    assert (await account.adapter.identify()).user == "demo"
