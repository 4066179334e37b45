"""Adding an account, signing in again, changing the connection."""

from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import aiohttp
from homeassistant.config_entries import (
    SOURCE_REAUTH,
    SOURCE_USER,
    ConfigEntry,
    ConfigEntryState,
)
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.iot_platforms.const import DOMAIN

from tests.flows import (
    created,
    open_reauth,
    open_reconfigure,
    open_sign_in,
    serving,
    submit,
    suggestions,
)
from tests.home import add_account, settle
from tests.simulators.effects import Effect, Hang, Replace, Reset, Status, Truncate
from tests.simulators.thinger import ThingerSimulator
from tests.simulators.tls import self_signed, signed_by_own_authority

pytestmark = pytest.mark.usefixtures("socket_enabled")

FLOWS = "/api/config/config_entries/flow"
CLOUD = "https://api.thinger.io"
LOGIN = r"/oauth/token$"
NOT_REMEMBERED = {"remember_password": False}


def server_of(simulator: ThingerSimulator) -> str:
    """Return a simulator's address without scheme."""
    return simulator.url.partition("://")[2]


# Adding an account


async def test_menu(hass: HomeAssistant) -> None:
    """The first step is a menu of the platforms that there are."""
    menu = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": SOURCE_USER}
    )
    assert menu["type"] is FlowResultType.MENU
    assert menu["step_id"] == "user"
    assert menu["menu_options"] == ["thinger", "thingsboard"]


async def test_form_when_it_opens(hass: HomeAssistant) -> None:
    """The form shows the cloud's address, and the check of certificates switched on."""
    form = await open_sign_in(hass)
    assert form["step_id"] == "thinger"
    assert form["errors"] == {}
    assert suggestions(form) == {"url": CLOUD}


async def test_through_the_frontend(
    hass: HomeAssistant, thinger: ThingerSimulator, hass_client: ClientSessionGenerator
) -> None:
    """What the frontend gets to see, and sends: the section may be left out."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    menu = await (await client.post(FLOWS, json={"handler": DOMAIN})).json()
    flow = f"{FLOWS}/{menu['flow_id']}"
    form = await (await client.post(flow, json={"next_step_id": "thinger"})).json()
    fields = {field["name"]: field for field in form["data_schema"]}
    assert fields["tls"]["type"] == "expandable"
    assert fields["tls"]["expanded"] is False
    # The frontend takes a section's default for its content, and shows its fields empty.
    assert "default" not in fields["tls"]
    assert fields["tls"]["schema"][1]["default"] is True
    answers = thinger.account().credentials()
    result = await (await client.post(flow, json=answers)).json()
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    assert answers["access_token"] not in str(result)


async def test_access_token(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A token that the person made is all that is needed; the account is set up once."""
    account = thinger.account()
    form = await open_sign_in(hass)
    entry = created(await submit(hass, form, account.credentials()))
    assert entry.title == f"demo ({server_of(thinger)})"
    assert entry.unique_id == f"thinger:{server_of(thinger)}/demo"
    assert dict(entry.data) == {
        "platform": "thinger",
        "server": server_of(thinger),
        "account": "demo",
        "url": thinger.url,
        "access_token": account.access_token,
    }
    assert dict(entry.options) == {}
    assert hass.config_entries.async_entries(DOMAIN) == [entry]
    assert thinger.logins == 0


@pytest.mark.parametrize("remember", [True, False])
async def test_password(
    hass: HomeAssistant, thinger: ThingerSimulator, remember: bool
) -> None:
    """User and password are exchanged for tokens; the password is kept only if the person says so."""
    answers = {
        **thinger.account().password_credentials(),
        "remember_password": remember,
    }
    entry = created(await submit(hass, await open_sign_in(hass), answers))
    assert entry.data["username"] == "demo"
    assert entry.data["refresh_token"] == thinger.grants[0].refresh_token
    assert entry.data.get("password") == ("demo-password" if remember else None)
    assert thinger.logins == 1


async def test_password_without_the_last_field(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Where nobody says that the password may be kept, it is not."""
    answers = thinger.account().password_credentials()
    del answers["remember_password"]
    entry = created(await submit(hass, await open_sign_in(hass), answers))
    assert "password" not in entry.data


async def test_password_with_blanks(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A password may begin and end with a blank, a user name may not."""
    thinger.user().password = " two words "
    answers = {"url": thinger.url, "username": " demo ", "password": " two words "}
    created(await submit(hass, await open_sign_in(hass), answers))


async def test_device_token(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A device token is an account of its own, with just its device."""
    entry = created(
        await submit(
            hass, await open_sign_in(hass), thinger.account().device_credentials()
        )
    )
    assert entry.unique_id == f"thinger:{server_of(thinger)}/demo/boiler_ctl"
    assert entry.title == f"boiler_ctl ({server_of(thinger)})"
    assert list(entry.runtime_data.data.devices) == ["boiler_ctl"]


async def test_token_as_it_is_pasted(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A token may come with blanks, a header's first word, or broken into lines."""
    token = thinger.account().access_token
    for before in ("", "  ", "Bearer "):
        pasted = f"{before}{token[:40]}\n  {token[40:]}\n"
        answers = {"url": thinger.url, "access_token": pasted}
        entry = created(await submit(hass, await open_sign_in(hass), answers))
        assert entry.data["access_token"] == token
        await hass.config_entries.async_remove(entry.entry_id)


async def test_address(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """However the address is written, it is the same account."""
    for address in ("http://{0}", "HTTP://{0}/", " http://{0}// "):
        url = address.format(server_of(thinger))
        answers = {**thinger.account().credentials(), "url": url}
        entry = created(await submit(hass, await open_sign_in(hass), answers))
        assert entry.unique_id == f"thinger:{server_of(thinger)}/demo"
        await hass.config_entries.async_remove(entry.entry_id)


async def test_address_with_path(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A server may be behind a path of another; where it is not, that shows."""
    credentials = thinger.account().credentials()
    form = await open_sign_in(hass)
    form = await submit(hass, form, {**credentials, "url": f"{thinger.url}/iot/"})
    assert form["errors"] == {"base": "not_this_platform"}
    assert thinger.requests(path=r"^/iot/v1/users/demo/devices$")
    created(await submit(hass, form, credentials))


async def test_address_from_the_token(hass: HomeAssistant) -> None:
    """Where no other address is given, the token tells its server (``svr``)."""
    tls = signed_by_own_authority()
    async with serving(hass, tls) as simulator:
        section = {"ca_certificate": tls.certificate_authority, "verify_ssl": True}
        token = simulator.account().access_token
        for url in ({}, {"url": ""}, {"url": CLOUD}, {"url": f"{CLOUD}/"}):
            answers = {**url, "access_token": token, "tls": section}
            entry = created(await submit(hass, await open_sign_in(hass), answers))
            assert entry.data["server"] == server_of(simulator)
            await hass.config_entries.async_remove(entry.entry_id)


async def test_address_without_scheme(hass: HomeAssistant) -> None:
    """An address without scheme is meant with encryption."""
    async with serving(hass, self_signed()) as simulator:
        answers = {
            "url": server_of(simulator),
            "access_token": simulator.mint_access_token("plain", svr=False).jwt,
            "tls": {"verify_ssl": False},
        }
        entry = created(await submit(hass, await open_sign_in(hass), answers))
        assert entry.unique_id == f"thinger:{server_of(simulator)}/demo"


async def test_nonsense_for_an_address(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """What is no address is said at the field, and can be corrected."""
    credentials = thinger.account().credentials()
    form = await open_sign_in(hass)
    for url in (
        "not an address",
        "https://",
        "ftp://127.0.0.1",
        "http://127.0.0.1:99999",
        "http://[::1",
        "mailto:demo@example.com",
        "https://demo:password@127.0.0.1",
    ):
        form = await submit(hass, form, {**credentials, "url": url})
        assert form["errors"] == {"url": "invalid_url"}, url
        assert suggestions(form)["url"] == url
    created(await submit(hass, form, credentials))


async def test_certificates(hass: HomeAssistant) -> None:
    """An own server's certificate is trusted with its authority, or as a last resort unseen."""
    tls = signed_by_own_authority()
    async with serving(hass, tls) as simulator:
        credentials = simulator.account().credentials()
        form = await submit(hass, await open_sign_in(hass), credentials)
        assert form["errors"] == {"base": "tls_failed"}
        section = {"ca_certificate": "no certificate at all", "verify_ssl": True}
        form = await submit(hass, form, {**credentials, "tls": section})
        assert form["errors"] == {"base": "bad_certificate"}
        assert suggestions(form)["tls"] == section
        section["ca_certificate"] = self_signed().certificate_authority
        form = await submit(hass, form, {**credentials, "tls": section})
        assert form["errors"] == {"base": "tls_failed"}
        section["ca_certificate"] = tls.certificate_authority
        entry = created(await submit(hass, form, {**credentials, "tls": section}))
        assert entry.data["ca_certificate"] == tls.certificate_authority.strip()
        assert entry.data["verify_ssl"] is True
        assert await hass.config_entries.async_remove(entry.entry_id)

        form = await open_sign_in(hass)
        section = {"verify_ssl": False}
        entry = created(await submit(hass, form, {**credentials, "tls": section}))
        assert entry.data["verify_ssl"] is False


async def test_encryption_where_there_is_none(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A server without encryption that is asked for some is no certificate's fault alone."""
    credentials = thinger.account().credentials()
    form = await open_sign_in(hass)
    url = f"https://{server_of(thinger)}"
    form = await submit(hass, form, {**credentials, "url": url})
    assert form["errors"] == {"base": "tls_failed"}
    created(await submit(hass, form, credentials))


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        pytest.param(Reset(), "cannot_connect", id="reset"),
        pytest.param(Truncate(announce_all=True), "cannot_connect", id="cut"),
        pytest.param(Status(408), "timed_out", id="408"),
        pytest.param(Status(504, html=True), "timed_out", id="504"),
        pytest.param(
            Status(500, body="", content_type=None), "server_trouble", id="500"
        ),
        pytest.param(Status(502, html=True), "server_trouble", id="502"),
        pytest.param(Status(503), "server_trouble", id="503"),
        pytest.param(Status(429), "rate_limited", id="429"),
        pytest.param(
            Status(429, headers={"Retry-After": "7"}), "rate_limited", id="429-after"
        ),
        pytest.param(Status(404, html=True), "not_this_platform", id="404"),
        pytest.param(
            Status(302, headers={"Location": "https://example.com/"}),
            "redirected",
            id="302",
        ),
        pytest.param(Status(200, html=True), "unexpected_answer", id="html"),
        pytest.param(
            Replace('{"hello": "world"}', content_type="application/json"),
            "not_this_platform",
            id="json",
        ),
        pytest.param(Status(400), "command_rejected", id="400"),
    ],
)
async def test_trouble_with_a_token(
    hass: HomeAssistant, thinger: ThingerSimulator, effect: Effect, reason: str
) -> None:
    """Whatever the server does, the form says what it is, and goes on when it is over."""
    credentials = thinger.account().credentials()
    form = await open_sign_in(hass)
    thinger.faults.add(effect)
    form = await submit(hass, form, credentials)
    assert form["type"] is FlowResultType.FORM
    assert form["errors"] == {"base": reason}
    assert suggestions(form) == {"url": thinger.url, **NOT_REMEMBERED}
    thinger.faults.clear()
    created(await submit(hass, form, credentials))


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        pytest.param(Reset(), "cannot_connect", id="reset"),
        pytest.param(Status(504), "timed_out", id="504"),
        pytest.param(Status(502, html=True), "server_trouble", id="502"),
        pytest.param(Status(429), "rate_limited", id="429"),
        pytest.param(Status(403), "rate_limited", id="403"),
        pytest.param(Status(404, html=True), "not_this_platform", id="404"),
        pytest.param(
            Status(301, headers={"Location": "https://example.com/"}),
            "redirected",
            id="301",
        ),
        pytest.param(Status(200, html=True), "unexpected_answer", id="html"),
        pytest.param(
            Replace("{}", content_type="application/json"),
            "unexpected_answer",
            id="no-token",
        ),
    ],
)
async def test_trouble_with_a_password(
    hass: HomeAssistant, thinger: ThingerSimulator, effect: Effect, reason: str
) -> None:
    """The same at the login; what was filled in stays, but for the password."""
    credentials = thinger.account().password_credentials()
    form = await open_sign_in(hass)
    thinger.faults.add(effect, path=LOGIN)
    form = await submit(hass, form, credentials)
    assert form["errors"] == {"base": reason}
    assert suggestions(form) == {
        "url": thinger.url,
        "username": "demo",
        "remember_password": True,
    }
    thinger.faults.clear()
    created(await submit(hass, form, credentials))


async def test_what_nobody_thought_of(
    hass: HomeAssistant, thinger: ThingerSimulator, caplog: pytest.LogCaptureFixture
) -> None:
    """An error of our own is logged with its trace, and the form goes on."""
    credentials = thinger.account().credentials()
    form = await open_sign_in(hass)
    with patch.object(aiohttp.ClientSession, "request", side_effect=LookupError("?")):
        form = await submit(hass, form, credentials)
    assert form["errors"] == {"base": "unknown"}
    assert "LookupError" in caplog.text
    created(await submit(hass, form, credentials))


async def test_wrong_password(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A wrong password is said at its field; too many have to wait."""
    thinger.switches.login_limit = 2
    credentials = thinger.account().password_credentials()
    form = await open_sign_in(hass)
    for _ in range(2):
        form = await submit(hass, form, {**credentials, "password": "wrong"})
        assert form["errors"] == {"password": "invalid_auth"}
    form = await submit(hass, form, credentials)
    assert form["errors"] == {"base": "rate_limited"}
    thinger.clock.advance(61)
    created(await submit(hass, form, credentials))


@pytest.mark.parametrize("status", [401, 400])
async def test_two_factors(
    hass: HomeAssistant, thinger: ThingerSimulator, status: int
) -> None:
    """An account with two-factor sign-in gets in with a token."""
    thinger.user().mfa = True
    thinger.switches.mfa_status = status
    form = await open_sign_in(hass)
    form = await submit(hass, form, thinger.account().password_credentials())
    assert form["errors"] == {"password": "invalid_auth"}
    created(await submit(hass, form, thinger.account().credentials()))


async def test_missing_and_too_many_answers(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """One way to sign in has to be filled in, and one only."""
    account = thinger.account()
    form = await open_sign_in(hass)
    form = await submit(hass, form, {})
    assert form["errors"] == {"base": "credentials_missing"}
    form = await submit(hass, form, {"url": thinger.url, "access_token": " Bearer "})
    assert form["errors"] == {"base": "credentials_missing"}
    form = await submit(hass, form, {"url": thinger.url, "password": "x"})
    assert form["errors"] == {"base": "credentials_missing"}
    form = await submit(hass, form, {"url": thinger.url, "username": "demo"})
    assert form["errors"] == {"password": "signed_out"}
    both = account.credentials() | account.password_credentials()
    form = await submit(hass, form, both)
    assert form["errors"] == {"access_token": "token_and_password"}
    # A user name that the browser filled in does no harm.
    entry = created(
        await submit(hass, form, {**account.credentials(), "username": "demo"})
    )
    assert "username" not in entry.data


async def test_wrong_tokens(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """What was pasted instead of a good token is recognised, and explained at its field."""
    expired = thinger.mint_access_token("old", expire=int(thinger.clock.now()) - 10)
    disabled = thinger.mint_access_token("off", enabled=False)
    deleted = thinger.mint_access_token("gone")
    thinger.remove_access_token("gone")
    form = await open_sign_in(hass)
    for token, reason in (
        ("hello", "not_a_token"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJ1c3IiOiJkZ", "not_a_token"),
        (thinger.login().refresh_token, "refresh_token_given"),
        (expired.jwt, "token_expired"),
        (disabled.jwt, "token_rejected"),
        (deleted.jwt, "token_rejected"),
    ):
        answers = {"url": thinger.url, "access_token": token}
        form = await submit(hass, form, answers)
        assert form["errors"] == {"access_token": reason}, reason
        assert suggestions(form) == {"url": thinger.url, **NOT_REMEMBERED}
    created(await submit(hass, form, thinger.account().credentials()))


async def test_token_that_may_not_list_devices(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A missing permission is no failure to sign in."""
    token = thinger.mint_access_token(
        "narrow", allow={"Device": {"boiler_ctl": ["AccessDeviceResources"]}}
    )
    answers = {"url": thinger.url, "access_token": token.jwt}
    created(await submit(hass, await open_sign_in(hass), answers))


async def test_unknown_fields(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """What the form does not have is not taken."""
    answers = {**thinger.account().credentials(), "broker": "127.0.0.1"}
    with pytest.raises(InvalidData):
        await submit(hass, await open_sign_in(hass), answers)


async def test_same_account_again(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """An account can be there once, whatever it signs in with, even while it asks for a sign-in."""
    entry = await add_account(hass, thinger.account().credentials())
    for answers in (
        thinger.account().credentials(),
        thinger.account().password_credentials(),
    ):
        result = await submit(hass, await open_sign_in(hass), answers)
        assert result["type"] is FlowResultType.ABORT
        assert result["reason"] == "already_configured"
    entry.async_start_reauth(hass)
    await hass.async_block_till_done()
    form = await open_sign_in(hass)
    result = await submit(hass, form, thinger.account().credentials())
    assert result["reason"] == "already_configured"
    assert hass.config_entries.async_entries(DOMAIN) == [entry]


async def test_several_accounts(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Two users of a server, and a user of the same name on another, are three accounts."""
    async with serving(hass) as other:
        for credentials in (
            thinger.account().credentials(),
            thinger.account("guest").credentials(),
            other.account().credentials(),
            thinger.account().device_credentials(),
        ):
            created(await submit(hass, await open_sign_in(hass), credentials))
        entries = hass.config_entries.async_entries(DOMAIN)
        assert len({entry.unique_id for entry in entries}) == 4
        other.device("boiler_ctl").resource("temperature").value = 99
        assert thinger.account().access_token not in [
            request.token for request in other.requests()
        ]


# Signing in again


async def test_reauth_with_a_token(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A disabled token is replaced by another one of the same account."""
    entry = await add_account(hass, thinger.account().credentials())
    thinger.access_token("home_assistant").enabled = False
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert entry.error_reason_translation_key == "token_rejected"
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == SOURCE_REAUTH
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert form["step_id"] == "reauth_confirm"
    assert form["description_placeholders"]["account"] == entry.title
    assert [str(field) for field in form["data_schema"].schema] == ["access_token"]
    assert suggestions(form) == {}

    form = await submit(hass, form, {})
    assert form["errors"] == {"base": "credentials_missing"}
    token = thinger.mint_access_token("second", enabled=False)
    form = await submit(hass, form, {"access_token": token.jwt})
    assert form["errors"] == {"access_token": "token_rejected"}
    assert suggestions(form) == {}
    token.enabled = True
    result = await submit(hass, form, {"access_token": token.jwt})
    assert (result["type"], result["reason"]) == (
        FlowResultType.ABORT,
        "reauth_successful",
    )
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["access_token"] == token.jwt
    assert entry.data["url"] == thinger.url


async def test_reauth_with_a_password(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A lost session is begun anew; the tokens of the old one are replaced."""
    credentials = {
        **thinger.account().password_credentials(),
        "remember_password": False,
    }
    entry = await add_account(hass, credentials)
    old = dict(entry.data)
    thinger.revoke_grants()
    thinger.clock.advance(7300)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.error_reason_translation_key == "signed_out"
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    assert suggestions(form) == {"username": "demo", "remember_password": False}

    form = await submit(hass, form, {"username": "demo", "password": "wrong"})
    assert form["errors"] == {"password": "invalid_auth"}
    form = await submit(hass, form, {"username": "demo"})
    assert form["errors"] == {"password": "signed_out"}
    answers = {"password": "demo-password", "remember_password": True}
    result = await submit(hass, form, answers)
    assert result["reason"] == "reauth_successful"
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["password"] == "demo-password"
    assert entry.data["remember_password"] is True
    assert entry.data["refresh_token"] == thinger.grants[-1].refresh_token
    assert old["access_token"] not in entry.data.values()
    assert old["refresh_token"] not in entry.data.values()


async def test_reauth_with_a_token_instead_of_the_password(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Who has switched on two-factor sign-in gets in with a token; nothing of the login is left."""
    entry = await add_account(hass, thinger.account().password_credentials())
    thinger.user().mfa = True
    form = await open_reauth(hass, entry)
    answers = {"username": "demo", "password": "demo-password"}
    form = await submit(hass, form, answers)
    assert form["errors"] == {"password": "invalid_auth"}
    token = thinger.account().access_token
    form = await submit(hass, form, {**answers, "access_token": token})
    assert form["errors"] == {"access_token": "token_and_password"}
    result = await submit(hass, form, {"username": "demo", "access_token": token})
    assert result["reason"] == "reauth_successful"
    assert entry.state is ConfigEntryState.LOADED
    assert dict(entry.data) == {
        "platform": "thinger",
        "server": server_of(thinger),
        "account": "demo",
        "url": thinger.url,
        "access_token": token,
    }


@pytest.mark.parametrize("is_password", [True, False])
async def test_reauth_as_somebody_else(
    hass: HomeAssistant, thinger: ThingerSimulator, is_password: bool
) -> None:
    """Another account's credentials are refused, and nothing changes."""
    mine, other = thinger.account(), thinger.account("guest")
    if is_password:
        entry = await add_account(hass, mine.password_credentials())
        answers: dict[str, Any] = {"username": "guest", "password": other.password}
    else:
        entry = await add_account(hass, mine.credentials())
        answers = {"access_token": other.access_token}
    before = dict(entry.data)
    result = await submit(hass, await open_reauth(hass, entry), answers)
    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "unique_id_mismatch"
    assert dict(entry.data) == before


async def test_reauth_with_a_device_token(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A device token is renewed by one of the same device only."""
    entry = await add_account(hass, thinger.account().device_credentials())
    for token, reason in (
        (thinger.mint_device_token("greenhouse").jwt, "unique_id_mismatch"),
        (thinger.account().access_token, "unique_id_mismatch"),
        (thinger.mint_device_token("boiler_ctl").jwt, "reauth_successful"),
    ):
        form = await open_reauth(hass, entry)
        result = await submit(hass, form, {"access_token": token})
        assert result["reason"] == reason


async def test_reauth_on_another_server(hass: HomeAssistant) -> None:
    """A user of the same name on the server that a token names is somebody else."""
    tls = signed_by_own_authority()
    async with serving(hass, tls) as simulator, serving(hass, tls) as other:
        answers = {
            "access_token": simulator.account().access_token,
            "tls": {"ca_certificate": tls.certificate_authority},
        }
        entry = created(await submit(hass, await open_sign_in(hass), answers))
        form = await open_reauth(hass, entry)
        token = other.account().access_token
        result = await submit(hass, form, {"access_token": token})
        assert result["reason"] == "unique_id_mismatch"


async def test_reauth_keeps_the_connection(hass: HomeAssistant) -> None:
    """Address and certificate authority are not asked for again, and stay."""
    tls = signed_by_own_authority()
    async with serving(hass, tls) as simulator:
        section = {"ca_certificate": tls.certificate_authority, "verify_ssl": True}
        answers = {**simulator.account().credentials(), "tls": section}
        entry = created(await submit(hass, await open_sign_in(hass), answers))
        before = dict(entry.data)
        form = await open_reauth(hass, entry)
        token = simulator.mint_access_token("second").jwt
        result = await submit(hass, form, {"access_token": token})
        assert result["reason"] == "reauth_successful"
        assert dict(entry.data) == {**before, "access_token": token}


# Changing the connection


async def reconfigured(
    hass: HomeAssistant, entry: ConfigEntry, answers: dict[str, Any]
) -> None:
    """Change the connection, and see the account loaded with it."""
    result = await submit(hass, await open_reconfigure(hass, entry), answers)
    assert result["type"] is FlowResultType.ABORT, result
    assert result["reason"] == "reconfigure_successful"
    assert entry.state is ConfigEntryState.LOADED


async def test_reconfigure_form(hass: HomeAssistant) -> None:
    """The form shows what is there, but no secret."""
    tls = signed_by_own_authority()
    async with serving(hass, tls) as simulator:
        section = {"ca_certificate": tls.certificate_authority, "verify_ssl": True}
        answers = {**simulator.account().password_credentials(), "tls": section}
        entry = created(await submit(hass, await open_sign_in(hass), answers))
        form = await open_reconfigure(hass, entry)
        assert form["step_id"] == "reconfigure"
        assert form["description_placeholders"]["account"] == entry.title
        assert suggestions(form) == {
            "url": simulator.url,
            "username": "demo",
            "remember_password": True,
            "tls": {
                "ca_certificate": tls.certificate_authority.strip(),
                "verify_ssl": True,
            },
        }


async def test_reconfigure_to_a_moved_server(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A server may move: the account stays what it is, with a title that tells where it is now."""
    entry = await add_account(hass, thinger.account().credentials())
    unique_id = entry.unique_id
    async with serving(hass) as moved:
        moved.account()  # makes the token known there
        form = await open_reconfigure(hass, entry)
        form = await submit(hass, form, {"url": "http://127.0.0.1:1"})
        assert form["errors"] == {"base": "cannot_connect"}
        assert suggestions(form) == {"url": "http://127.0.0.1:1", **NOT_REMEMBERED}
        result = await submit(hass, form, {"url": moved.url})
        assert result["reason"] == "reconfigure_successful"
        assert entry.state is ConfigEntryState.LOADED
        assert entry.unique_id == unique_id
        assert entry.title == f"demo ({server_of(moved)})"
        assert entry.data["server"] == server_of(moved)
        assert entry.data["access_token"] == thinger.account().access_token

        # What it is now cannot be added again, nor become another entry's.
        result = await submit(
            hass, await open_sign_in(hass), moved.account().credentials()
        )
        assert result["reason"] == "already_configured"
        async with serving(hass) as third:
            other = await add_account(hass, third.account().credentials())
            form = await open_reconfigure(hass, other)
            result = await submit(hass, form, {"url": moved.url})
            assert result["reason"] == "already_configured"
            assert other.data["url"] == third.url


async def test_reconfigure_certificates(hass: HomeAssistant) -> None:
    """What is trusted can be changed; without the section it stays."""
    tls = signed_by_own_authority()
    async with serving(hass, tls) as simulator:
        credentials = simulator.account().credentials()
        entry = created(
            await submit(
                hass,
                await open_sign_in(hass),
                {**credentials, "tls": {"verify_ssl": False}},
            )
        )
        await reconfigured(hass, entry, {"url": simulator.url})
        assert entry.data["verify_ssl"] is False
        section = {"ca_certificate": tls.certificate_authority, "verify_ssl": True}
        await reconfigured(hass, entry, {"url": simulator.url, "tls": section})
        assert entry.data["verify_ssl"] is True
        await reconfigured(hass, entry, {})
        assert entry.data["ca_certificate"] == tls.certificate_authority.strip()
        assert entry.data["url"] == simulator.url
        # A field that was emptied is gone.
        form = await open_reconfigure(hass, entry)
        form = await submit(
            hass, form, {"url": simulator.url, "tls": {"verify_ssl": True}}
        )
        assert form["errors"] == {"base": "tls_failed"}


async def test_reconfigure_with_another_token(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Another token of the same account takes the place of the old one; of no other account."""
    entry = await add_account(hass, thinger.account().credentials())
    form = await open_reconfigure(hass, entry)
    form = await submit(hass, form, {"url": thinger.url, "access_token": "hello"})
    assert form["errors"] == {"access_token": "not_a_token"}
    token = thinger.mint_access_token("second").jwt
    result = await submit(hass, form, {"url": thinger.url, "access_token": token})
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["access_token"] == token
    answers = thinger.account("guest").credentials()
    result = await submit(hass, await open_reconfigure(hass, entry), answers)
    assert result["reason"] == "unique_id_mismatch"
    assert entry.data["access_token"] == token


async def test_reconfigure_from_token_to_password_and_back(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """The way to sign in can be another; nothing of the old one is left."""
    account = thinger.account()
    entry = await add_account(hass, account.credentials())
    before = dict(entry.data)
    form = await open_reconfigure(hass, entry)
    form = await submit(hass, form, {"url": thinger.url, "username": "demo"})
    assert form["errors"] == {"base": "credentials_missing"}
    result = await submit(hass, form, account.password_credentials())
    assert result["reason"] == "reconfigure_successful"
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["username"] == "demo"
    assert entry.data["refresh_token"] == thinger.grants[-1].refresh_token
    assert account.access_token not in entry.data.values()

    # The frontend sends the name that it shows along with the token.
    answers = {
        **account.credentials(),
        "username": "demo",
        "remember_password": True,
    }
    await reconfigured(hass, entry, answers)
    assert dict(entry.data) == before


@pytest.mark.parametrize("answers", [{}, {"username": "demo"}])
async def test_reconfigure_keeps_the_session(
    hass: HomeAssistant, thinger: ThingerSimulator, answers: dict[str, Any]
) -> None:
    """Without new secrets the present ones stay, and the refresh token is not used up."""
    credentials = thinger.account().password_credentials()
    entry = await add_account(hass, {**credentials, "remember_password": False})
    before = dict(entry.data)
    await reconfigured(hass, entry, {"url": f"{thinger.url}/", **answers})
    assert dict(entry.data) == {**before, "url": f"{thinger.url}/"}
    assert (thinger.logins, thinger.refreshes) == (1, 0)


async def test_reconfigure_after_the_session(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Where the access token has run out, the password is asked for, or used if it is kept."""
    credentials = thinger.account().password_credentials()
    entry = await add_account(hass, {**credentials, "remember_password": False})
    await hass.config_entries.async_unload(entry.entry_id)
    thinger.clock.advance(7300)
    form = await open_reconfigure(hass, entry)
    form = await submit(hass, form, {"url": thinger.url, "username": "demo"})
    assert form["errors"] == {"password": "signed_out"}
    assert thinger.refreshes == 0
    result = await submit(hass, form, credentials)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["password"] == "demo-password"

    await hass.config_entries.async_unload(entry.entry_id)
    thinger.clock.advance(7300)
    answers = {"url": thinger.url, "username": "demo", "remember_password": True}
    await reconfigured(hass, entry, answers)
    assert thinger.refreshes == 0
    assert entry.data["refresh_token"] == thinger.grants[-1].refresh_token
    assert entry.data["password"] == "demo-password"


async def test_renewal_that_ends_after_a_new_sign_in(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Tokens of the old sign-in that come late do not replace those of the new one."""
    entry = await add_account(hass, thinger.account().password_credentials())
    release = await renewal_on_its_way(hass, thinger, entry)
    form = await open_reconfigure(hass, entry)
    answers = thinger.account().credentials()
    change = hass.async_create_task(submit(hass, form, answers))
    await thinger.wait_until(lambda: thinger.account().access_token in tokens(thinger))
    release()
    assert (await change)["reason"] == "reconfigure_successful"
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["access_token"] == answers["access_token"]
    assert "refresh_token" not in entry.data


async def test_renewal_that_ends_after_a_move(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Where the session stays, its next tokens are kept: the old ones are used up."""
    credentials = thinger.account().password_credentials()
    entry = await add_account(hass, {**credentials, "remember_password": False})
    release = await renewal_on_its_way(hass, thinger, entry)
    # The address changes while the account still waits; as a flow would do it.
    hass.config_entries.async_update_entry(
        entry, data={**entry.data, "url": f"{thinger.url}/"}
    )
    release()
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["url"] == f"{thinger.url}/"
    assert entry.data["refresh_token"] == thinger.grants[-1].refresh_token


async def renewal_on_its_way(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> Callable[[], None]:
    """Have an account renew its tokens; return what lets the server answer."""
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    await settle(hass)
    thinger.clock.advance(7300)
    hang = Hang()
    thinger.faults.add(hang, path=LOGIN, count=1)
    thinger.clear_requests()
    hass.async_create_background_task(entry.runtime_data.async_read_list(), "poll")
    await thinger.wait_for_request("POST", LOGIN, finished=False)
    return hang.release


def tokens(thinger: ThingerSimulator) -> list[str | None]:
    """Return the tokens of all requests that were answered."""
    return [request.token for request in thinger.requests() if request.finished]


async def test_reconfigure_forgets_the_password(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A password that is no longer to be remembered is gone."""
    entry = await add_account(hass, thinger.account().password_credentials())
    assert "password" in entry.data
    answers = {"url": thinger.url, "username": "demo", "remember_password": False}
    await reconfigured(hass, entry, answers)
    assert "password" not in entry.data


async def test_reconfigure_as_another_user(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Another user needs a password, and is another account."""
    entry = await add_account(hass, thinger.account().password_credentials())
    form = await open_reconfigure(hass, entry)
    form = await submit(hass, form, {"url": thinger.url, "username": "guest"})
    assert form["errors"] == {"base": "credentials_missing"}
    answers = thinger.account("guest").password_credentials()
    result = await submit(hass, form, answers)
    assert result["reason"] == "unique_id_mismatch"
    assert entry.data["username"] == "demo"
