"""Where a server's API is, from what people paste (2)."""

from collections.abc import AsyncIterator, Callable

from aiohttp import ClientSession
from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.adapters.thingsboard import address
from custom_components.iot_platforms.model.errors import (
    PlatformError,
    RateLimitedError,
    TlsError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport.tls import ssl_context

from .conftest import Accounts

from tests.adapters.account import case_id
from tests.simulators.effects import Replace, Reset, Status
from tests.simulators.thingsboard import ThingsBoardSimulator, sample_state
from tests.simulators.tls import (
    ServerTls,
    ignored_handshake_failures,
    self_signed,
    signed_by_own_authority,
)

HTML = "<html><body>Welcome</body></html>"


@pytest.mark.parametrize(
    ("typed", "bases"),
    [
        ("", ["https://thingsboard.cloud"]),
        ("eu.thingsboard.cloud", ["https://eu.thingsboard.cloud"]),
        (
            "https://eu.thingsboard.cloud/entities/devices/all",
            ["https://eu.thingsboard.cloud"],
        ),
        ("https://demo.thingsboard.io/login", ["https://demo.thingsboard.io"]),
        ("https://demo.thingsboard.io/?x=1#top", ["https://demo.thingsboard.io"]),
        ("https://demo.thingsboard.io//", ["https://demo.thingsboard.io"]),
        ("http://10.0.0.2:8080/", ["http://10.0.0.2:8080"]),
        ("http://[::1]:8080/home", ["http://[::1]:8080"]),
        (" HTTP://Mine.Example ", ["http://mine.example"]),
        (
            "https://mine.example/tb",
            ["https://mine.example/tb", "https://mine.example"],
        ),
        (
            "https://mine.example/tb/dashboards/3b1d2f60",
            ["https://mine.example/tb", "https://mine.example"],
        ),
        (
            "https://mine.example/iot/tb/",
            [
                "https://mine.example/iot/tb",
                "https://mine.example/iot",
                "https://mine.example",
            ],
        ),
        ("https://mine.example/api/auth/login", ["https://mine.example"]),
        ("https://mine.example/swagger-ui/", ["https://mine.example"]),
        (
            "https://mine.example/my%20iot",
            ["https://mine.example/my%20iot", "https://mine.example"],
        ),
    ],
)
def test_candidates(typed: str, bases: list[str]) -> None:
    """A page of the user interface is cut off, a path before it may be the server's."""
    assert address.candidates(typed) == bases


@pytest.mark.parametrize(
    "typed",
    [
        "ftp://mine.example",
        "https://",
        "https://a b",
        "https://u:p@mine.example",
        "[]@",
    ],
)
def test_no_address(typed: str) -> None:
    """What is no address is told before anything is sent."""
    with pytest.raises(UnreachableError) as raised:
        address.candidates(typed)
    assert raised.value.reason == "invalid_url"


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20))
def test_no_text_breaks_the_address(typed: str) -> None:
    """Whatever is typed gives addresses that stand fast, or is refused."""
    for text in (typed, f"https://mine.example/{typed}"):
        try:
            found = address.candidates(text)
        except UnreachableError:
            continue
        assert found
        for base in found:
            assert address.candidates(base)[0] == base


@pytest.fixture
async def prefixed(socket_enabled: None) -> AsyncIterator[ThingsBoardSimulator]:
    """Serve the sample behind a proxy, under a path."""
    async with ThingsBoardSimulator(
        sample_state(), prefix="/iot/tb", auto_tick=False
    ) as sim:
        yield sim


@pytest.mark.parametrize("page", ["", "/", "/entities/devices/all", "/login?x=1#y"])
async def test_page_of_the_user_interface(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, page: str
) -> None:
    """Whatever page is pasted, the API is found, and kept as the address."""
    url = f"{thingsboard.url}{page}"
    account = accounts({**accounts.password(), "url": url})
    found = await account.adapter.identify()
    assert found.server == thingsboard.authority
    assert account.credentials["url"] == thingsboard.url
    assert thingsboard.requests()[0].path == "/api/auth/login"


async def test_server_under_a_path(
    prefixed: ThingsBoardSimulator, session: ClientSession
) -> None:
    """Behind a path the API is found there, and the path belongs to the server's name."""
    accounts = Accounts(prefixed, session)
    account = accounts({**accounts.password(), "url": f"{prefixed.url}/dashboards/all"})
    found = await account.adapter.identify()
    assert found.server == f"{prefixed.authority}/iot/tb"
    assert account.credentials["url"] == prefixed.url
    await account.refresh()
    assert account.state.devices
    await accounts.close()


async def test_path_that_is_none_of_the_server(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Where the user interface answers for everything, the API is looked for further up."""
    url = f"{thingsboard.url}/some/where"
    account = accounts({**accounts.password(), "url": url})
    await account.adapter.connect()
    assert account.credentials["url"] == thingsboard.url
    paths = [r.path for r in thingsboard.requests()][:3]
    assert paths == [
        "/some/where/api/auth/user",
        "/some/api/auth/user",
        "/api/auth/login",
    ]


async def test_something_else_under_the_path(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """What lets everybody in is not the API, even where it speaks JSON."""
    thingsboard.faults.add(
        Status(200, body="{}", content_type="application/json"), path="^/other/"
    )
    account = accounts({**accounts.password(), "url": f"{thingsboard.url}/other"})
    await account.adapter.connect()
    assert account.credentials["url"] == thingsboard.url


@pytest.mark.parametrize(
    "effect",
    [
        Replace(HTML),
        Status(200, html=True),
        Status(404),
        Status(404, html=True),
        Status(405, html=True),
        Status(403, html=True),
        Status(400),
        Status(302, headers={"Location": "/portal"}),
        Replace("[]", content_type="application/json"),
        Replace("null", content_type="application/json"),
        Replace('"text"', content_type="application/json"),
        Replace('{"token": 7}', content_type="application/json"),
        Replace('{"token": ""}', content_type="application/json"),
        Replace('{"token": "no JWT"}', content_type="application/json"),
        Replace("{}", content_type="application/json"),
    ],
    ids=case_id,
)
@pytest.mark.parametrize("with_key", [False, True])
async def test_another_server(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    effect: Replace | Status,
    with_key: bool,
) -> None:
    """What does not answer like ThingsBoard is told from wrong credentials."""
    credentials = accounts.key() if with_key else accounts.password()
    thingsboard.faults.add(effect)
    with pytest.raises(PlatformError) as raised:
        await accounts(credentials).adapter.identify()
    if with_key and case_id(effect).startswith("Status-403"):
        # Servers before 4.3 know no keys, and say it like this (4.2).
        assert raised.value.reason == "api_key_rejected"
        return
    assert isinstance(raised.value, UnexpectedAnswerError)
    expected = "redirected" if case_id(effect).startswith("Status-302") else None
    assert raised.value.reason == (expected or "not_this_platform")


@pytest.mark.parametrize(
    ("effect", "error"),
    [
        (Reset(), UnreachableError),
        (Status(503, html=True), UnreachableError),
        (Status(500), UnreachableError),
        (Status(429), RateLimitedError),
    ],
    ids=case_id,
)
@pytest.mark.parametrize("path", ["", "/some/where"])
async def test_trouble_while_looking(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    effect: Status | Reset,
    error: type[PlatformError],
    path: str,
) -> None:
    """A server in trouble is not taken for another one; later all is well."""
    url = f"{thingsboard.url}{path}"
    account = accounts({**accounts.password(), "url": url})
    fault = thingsboard.faults.add(effect)
    with pytest.raises(error):
        await account.adapter.identify()
    fault.remove()
    account.clock.advance(1000)
    assert (await account.adapter.identify()).server == thingsboard.authority


async def test_nobody_there(session: ClientSession) -> None:
    """A server that is not there is no wrong address of a page."""
    async with ThingsBoardSimulator(sample_state(), auto_tick=False) as sim:
        accounts = Accounts(sim, session)
        account = accounts()
        await sim.stop()
    with pytest.raises(UnreachableError) as raised:
        await account.adapter.identify()
    assert raised.value.reason == "cannot_connect"
    await accounts.close()


@pytest.mark.parametrize("make", [self_signed, signed_by_own_authority])
async def test_own_certificate(
    session: ClientSession, make: Callable[[], ServerTls]
) -> None:
    """A server with a certificate of its own is trusted where a person says so."""
    tls = make()
    async with ThingsBoardSimulator(sample_state(), tls=tls, auto_tick=False) as sim:
        accounts = Accounts(sim, session)
        with ignored_handshake_failures(), pytest.raises(TlsError):
            await accounts().adapter.identify()
        trusting = ssl_context(verify=True, ca_certificate=tls.certificate_authority)
        account = accounts(ssl=trusting)
        await account.start()
        assert account.state.devices
        await accounts.close()
