"""Adding a ThingsBoard account, signing in again, changing the connection."""

from collections.abc import Callable
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.iot_platforms.const import DOMAIN

from tests.flows import (
    created,
    open_reauth,
    open_reconfigure,
    open_sign_in,
    submit,
    suggestions,
)
from tests.home import add_account, reload
from tests.simulators.effects import Effect, Reset, Status
from tests.simulators.thingsboard import (
    TENANT_USER,
    ThingsBoardSimulator,
    TwoFactor,
    large_state,
)
from tests.test_options_flow import fields, labels

CUSTOMER = "customer@thingsboard.org"
CLOUD = "https://thingsboard.cloud"
FLOWS = "/api/config/config_entries/flow"


async def look(
    hass: HomeAssistant, answers: dict[str, Any], step: str = "overview"
) -> dict[str, Any]:
    """Sign in to a new account, up to the overview."""
    form = await submit(hass, await open_sign_in(hass, "thingsboard"), answers)
    assert form["type"] is FlowResultType.FORM
    assert form["step_id"] == step, form["errors"]
    return form


# The form


async def test_form_when_it_opens(hass: HomeAssistant) -> None:
    """The form shows the cloud's address."""
    form = await open_sign_in(hass, "thingsboard")
    assert form["step_id"] == "thingsboard"
    assert suggestions(form) == {"url": CLOUD}
    assert fields(form) == [
        "url",
        "username",
        "password",
        "remember_password",
        "api_key",
        "tls",
    ]


@pytest.mark.parametrize("remember", [True, False])
async def test_password(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, remember: bool
) -> None:
    """User and password are exchanged for tokens; the password is kept only if the person says so."""
    answers = {**thingsboard.account().credentials(), "remember_password": remember}
    entry = created(await submit(hass, await look(hass, answers), {}))
    server = thingsboard.url.partition("://")[2]
    user = thingsboard.user()
    assert entry.unique_id == f"thingsboard:{server}/{user.id}"
    assert entry.title == f"{TENANT_USER} ({server})"
    assert {**entry.data, "access_token": "", "refresh_token": ""} == {
        "platform": "thingsboard",
        "server": server,
        "account": user.id,
        "url": thingsboard.url,
        "username": TENANT_USER,
        "remember_password": remember,
        **({"password": user.password} if remember else {}),
        "access_token": "",
        "refresh_token": "",
        "token_lifetime": 9000,
    }
    assert dict(entry.options) == {}
    # The overview's session is the account's.
    assert thingsboard.logins == 1


@pytest.mark.parametrize("before", ["", " ", "ApiKey "])
async def test_api_key(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, before: str
) -> None:
    """A key is all that is needed, and may come with what stands around it."""
    account = thingsboard.account(CUSTOMER)
    answers = {
        "url": thingsboard.url,
        "api_key": f"{before}{account.api_key}\n",
        # The browser may have filled that in.
        "username": "somebody",
    }
    entry = created(await submit(hass, await look(hass, answers), {}))
    assert entry.data["api_key"] == account.api_key
    assert not {"username", "remember_password", "access_token"} & entry.data.keys()
    assert entry.unique_id.endswith(thingsboard.user(CUSTOMER).id)
    assert thingsboard.logins == 0


async def test_address_as_it_is_pasted(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """The address of a page of the server is as good; what is kept is the server's."""
    credentials = thingsboard.account().credentials()
    url = f"{thingsboard.url}/entities/devices/all?x=1"
    form = await look(hass, {**credentials, "url": url})
    entry = created(await submit(hass, form, {}))
    assert entry.data["url"] == thingsboard.url
    await reload(hass, entry)
    assert entry.state is ConfigEntryState.LOADED


async def test_missing_and_too_many_answers(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """One way to sign in has to be filled in, and one only."""
    account = thingsboard.account()
    url = {"url": thingsboard.url}
    form = await open_sign_in(hass, "thingsboard")
    for answers, errors in (
        ({}, {"base": "credentials_missing"}),
        ({"api_key": " ApiKey "}, {"base": "credentials_missing"}),
        ({"password": "x"}, {"base": "credentials_missing"}),
        ({"username": "x"}, {"password": "signed_out"}),
        (
            account.credentials() | account.api_key_credentials(),
            {"api_key": "key_and_password"},
        ),
        ({"url": "not an address"}, {"url": "invalid_url"}),
    ):
        form = await submit(hass, form, {**url, **answers})
        assert form["errors"] == errors, answers
    form = await submit(hass, form, account.credentials())
    assert form["step_id"] == "overview"


def _disabled(simulator: ThingsBoardSimulator) -> None:
    simulator.disable()


def _locked(simulator: ThingsBoardSimulator) -> None:
    simulator.switches.max_failed_logins = 0
    simulator.user().password = "another"


def _expired(simulator: ThingsBoardSimulator) -> None:
    simulator.user().password_expired = True


def _against_policy(simulator: ThingsBoardSimulator) -> None:
    simulator.user().password_violation = "Password must be 12 or more characters"


def _second_factor(simulator: ThingsBoardSimulator) -> None:
    simulator.user().two_factor = TwoFactor()


def _second_factor_enforced(simulator: ThingsBoardSimulator) -> None:
    simulator.user().two_factor_enforced = True


def _wrong(simulator: ThingsBoardSimulator) -> None:
    simulator.user().password = "another"


@pytest.mark.parametrize(
    ("happens", "field", "reason"),
    [
        (_wrong, "password", "invalid_auth"),
        (_disabled, "username", "account_disabled"),
        (_locked, "username", "account_locked"),
        (_expired, "password", "password_expired"),
        (_against_policy, "password", "password_policy"),
        (_second_factor, "password", "two_factor"),
        (_second_factor_enforced, "password", "two_factor_setup"),
    ],
)
async def test_refused_password(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    happens: Callable[[ThingsBoardSimulator], None],
    field: str,
    reason: str,
) -> None:
    """Why the server refuses somebody is said at the field."""
    credentials = thingsboard.account().credentials()
    happens(thingsboard)
    form = await open_sign_in(hass, "thingsboard")
    form = await submit(hass, form, credentials)
    assert form["errors"] == {field: reason}
    assert suggestions(form) == {
        "url": thingsboard.url,
        "username": TENANT_USER,
        "remember_password": True,
    }


async def test_refused_key(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """The same for keys; another is taken."""
    form = await open_sign_in(hass, "thingsboard")
    url = {"url": thingsboard.url}
    form = await submit(hass, form, {**url, "api_key": "tb_nonsense"})
    assert form["errors"] == {"api_key": "api_key_rejected"}
    key = thingsboard.api_key()
    key.expiration_time = 1
    form = await submit(hass, form, {**url, "api_key": key.value})
    assert form["errors"] == {"api_key": "api_key_expired"}
    assert suggestions(form) == {**url, "remember_password": False}
    key.expiration_time = 0
    form = await submit(hass, form, {**url, "api_key": key.value})
    assert form["step_id"] == "overview"


async def test_system_administrator(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Who has no devices is told so."""
    [user] = [u for u in thingsboard.store.users if u.authority == "SYS_ADMIN"]
    credentials = thingsboard.account(user.email).credentials()
    form = await open_sign_in(hass, "thingsboard")
    form = await submit(hass, form, credentials)
    assert form["errors"] == {"base": "system_administrator"}


@pytest.mark.parametrize(
    ("effect", "reason"),
    [
        (Reset(), "cannot_connect"),
        (Status(502, html=True), "server_trouble"),
        (Status(429), "rate_limited"),
        (Status(404), "not_this_platform"),
    ],
)
async def test_trouble(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator, effect: Effect, reason: str
) -> None:
    """Whatever the server does, the form says what it is, and goes on when it is over."""
    credentials = thingsboard.account().credentials()
    form = await open_sign_in(hass, "thingsboard")
    thingsboard.faults.add(effect)
    form = await submit(hass, form, credentials)
    assert form["errors"] == {"base": reason}
    thingsboard.faults.clear()
    form = await submit(hass, form, credentials)
    assert form["step_id"] == "overview"


# The overview


async def test_overview(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> None:
    """What is announced is what comes."""
    form = await look(hass, thingsboard.account().credentials())
    numbers = form["description_placeholders"]
    offered = labels(form, "excluded_devices")
    assert numbers["devices"] == str(len(offered))
    assert "Living room thermostat" in offered.values()
    assert fields(form) == ["excluded_devices", "reads_dashboards"]
    assert hass.config_entries.async_entries(DOMAIN) == []
    entry = created(await submit(hass, form, {}))
    assert numbers["account"] == entry.title
    assert offered.keys() == entry.runtime_data.data.devices.keys()
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry.entry_id)
    enabled = [entity for entity in entities if entity.disabled_by is None]
    assert numbers["entities"] == str(len(enabled))
    assert numbers["disabled"] == str(len(entities) - len(enabled))


async def test_choices_of_the_overview(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """What is left out never comes in; dashboards are read if somebody wants it."""
    device = thingsboard.device("TH-0042")
    form = await look(hass, thingsboard.account().credentials())
    answers = {"excluded_devices": [device.id], "reads_dashboards": True}
    entry = created(await submit(hass, form, answers))
    assert dict(entry.options) == answers
    assert device.id not in entry.runtime_data.data.devices
    assert thingsboard.requests(path=r"/dashboard")
    names = {device.name for device in dr.async_get(hass).devices}
    assert "Basement gateway" in names
    assert "Living room thermostat" not in names


async def test_through_the_frontend(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    hass_client: ClientSessionGenerator,
) -> None:
    """What the frontend gets to see, and sends when nobody changes anything."""
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    menu = await (await client.post(FLOWS, json={"handler": DOMAIN})).json()
    flow = f"{FLOWS}/{menu['flow_id']}"
    await client.post(flow, json={"next_step_id": "thingsboard"})
    answers = thingsboard.account().credentials()
    form = await (await client.post(flow, json=answers)).json()
    shown = {field["name"]: field for field in form["data_schema"]}
    assert shown["excluded_devices"]["selector"]["select"]["multiple"]
    assert shown["reads_dashboards"]["default"] is False
    result = await (await client.post(flow, json={"reads_dashboards": False})).json()
    assert result["type"] == "create_entry"
    await hass.async_block_till_done()
    [entry] = hass.config_entries.async_entries(DOMAIN)
    assert dict(entry.options) == {}
    assert entry.data["access_token"] not in str((form, result))


async def test_overview_that_is_opened_again(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A page that is loaded anew shows the same; a flow left open stops nobody."""
    credentials = thingsboard.account().credentials()
    first = await look(hass, credentials)
    again = await hass.config_entries.flow.async_configure(first["flow_id"])
    assert again["step_id"] == "overview"
    assert again["description_placeholders"] == first["description_placeholders"]
    second = await look(hass, credentials)
    created(await submit(hass, second, {}))
    assert hass.config_entries.flow.async_progress() == []
    form = await submit(hass, await open_sign_in(hass, "thingsboard"), credentials)
    assert form["reason"] == "already_configured"


async def test_list_that_cannot_be_read(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Without the list there is nothing to show: the form says why."""
    credentials = thingsboard.account().credentials()
    form = await open_sign_in(hass, "thingsboard")
    thingsboard.faults.add(Status(503), path=r"/api/entitiesQuery/")
    form = await submit(hass, form, credentials)
    assert form["errors"] == {"base": "server_trouble"}
    assert hass.config_entries.async_entries(DOMAIN) == []


async def test_large_account(hass: HomeAssistant, socket_enabled: None) -> None:
    """Before the limit of Home Assistant is reached, somebody says so."""
    async with ThingsBoardSimulator(large_state(), auto_tick=False) as simulator:
        credentials = simulator.account().credentials()
        form = await look(hass, credentials, "overview_large")
        assert form["description_placeholders"]["devices"] == "1000"
        assert int(form["description_placeholders"]["entities"]) >= 9500
        assert len(labels(form, "excluded_devices")) == 1000


# Signing in again


async def test_reauth_of_a_password(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Who has switched on a second factor goes on with a key."""
    credentials = thingsboard.account().credentials()
    entry = await add_account(
        hass, {**credentials, "remember_password": False}, platform="thingsboard"
    )
    thingsboard.user().two_factor = TwoFactor()
    form = await open_reauth(hass, entry)
    assert fields(form) == ["username", "password", "remember_password", "api_key"]
    assert suggestions(form) == {"username": TENANT_USER, "remember_password": False}
    form = await submit(hass, form, {"password": credentials["password"]})
    assert form["errors"] == {"password": "two_factor"}
    key = thingsboard.account().api_key
    result = await submit(hass, form, {"username": TENANT_USER, "api_key": key})
    assert result["reason"] == "reauth_successful"
    assert entry.state is ConfigEntryState.LOADED
    assert entry.data["api_key"] == key
    assert not {"username", "access_token", "refresh_token"} & entry.data.keys()


async def test_reauth_of_a_key(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """A key can be followed by another, or by user and password; not by another account's."""
    account = thingsboard.account()
    entry = await add_account(
        hass, account.api_key_credentials(), platform="thingsboard"
    )
    form = await open_reauth(hass, entry)
    assert fields(form) == ["api_key", "username", "password", "remember_password"]
    other = {"api_key": thingsboard.account(CUSTOMER).api_key}
    assert (await submit(hass, form, other))["reason"] == "unique_id_mismatch"
    thingsboard.remove_api_key()
    form = await open_reauth(hass, entry)
    form = await submit(hass, form, {"api_key": account.api_key})
    assert form["errors"] == {"api_key": "api_key_rejected"}
    answers = {"username": TENANT_USER, "password": account.password}
    result = await submit(hass, form, answers)
    assert result["reason"] == "reauth_successful"
    assert entry.state is ConfigEntryState.LOADED
    assert "api_key" not in entry.data
    assert "password" not in entry.data
    assert entry.data["refresh_token"]


# Changing the connection


async def test_reconfigure_keeps_the_session(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """Another spelling of the address needs no new sign-in, and costs no token."""
    credentials = thingsboard.account().credentials()
    entry = await add_account(
        hass, {**credentials, "remember_password": False}, platform="thingsboard"
    )
    before = dict(entry.data)
    form = await open_reconfigure(hass, entry)
    assert suggestions(form) == {
        "url": thingsboard.url,
        "username": TENANT_USER,
        "remember_password": False,
    }
    result = await submit(hass, form, {"url": f"{thingsboard.url}/dashboards"})
    assert result["reason"] == "reconfigure_successful"
    assert entry.state is ConfigEntryState.LOADED
    assert dict(entry.data) == before
    assert (thingsboard.logins, thingsboard.refreshes) == (1, 0)


async def test_reconfigure_from_password_to_key(
    hass: HomeAssistant, thingsboard: ThingsBoardSimulator
) -> None:
    """The way to sign in can be another; nothing of the old one is left."""
    account = thingsboard.account()
    entry = await add_account(hass, account.credentials(), platform="thingsboard")
    form = await open_reconfigure(hass, entry)
    answers = {
        **account.api_key_credentials(),
        "username": TENANT_USER,
        "remember_password": True,
    }
    result = await submit(hass, form, answers)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data["api_key"] == account.api_key
    assert not {"username", "password", "access_token"} & entry.data.keys()
