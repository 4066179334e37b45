"""No secret, nor a part of one, in anything that people get to see or send along."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
import json
import logging
import traceback
from typing import Any
from urllib.parse import quote, quote_plus

from homeassistant.config_entries import ConfigEntry, ConfigEntryState, ConfigFlowResult
from homeassistant.const import EVENT_CALL_SERVICE, MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.components.diagnostics import (
    get_diagnostics_for_config_entry,
    get_diagnostics_for_device,
)
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
from tests.home import Time, device_of, settle
from tests.simulators.effects import Effect, Replace, Reset, Status
from tests.simulators.thinger import ThingerSimulator
from tests.simulators.tls import signed_by_own_authority

PASSWORD = "canary+pass&word=%41 9f3a7c21"
TOKEN_ID = "canary_jti_5b1e77d0c2"
SERVER_LOGGERS = ("aiohttp.access", "aiohttp.server")
"""Those of the simulator: it is the server's right to know whom it serves."""


@dataclass
class Watch:
    """Everything that there was to see, and what must not be in it."""

    hass: HomeAssistant
    caplog: pytest.LogCaptureFixture
    storage: dict[str, Any]
    secrets: set[str] = field(default_factory=set)
    seen: list[str] = field(default_factory=list)

    def see(self, *things: object) -> None:
        """Look at something that people get to see."""
        for thing in things:
            self.seen.append(repr(thing))
            self.seen.append(str(thing))
            if isinstance(thing, BaseException):
                self.seen += traceback.format_exception(thing)
                placeholders = getattr(thing, "translation_placeholders", None)
                self.seen.append(repr(placeholders))

    def see_form(self, form: ConfigFlowResult) -> ConfigFlowResult:
        """Look at a form, with what it is filled in with."""
        assert form["type"] is FlowResultType.FORM, form
        self.see(form, suggestions(form))
        return form

    def see_all(self) -> None:
        """Look at everything that Home Assistant shows and keeps."""
        hass = self.hass
        self.see(*(state.as_dict() for state in hass.states.async_all()))
        self.see(*er.async_get(hass).entities.values())
        self.see(*dr.async_get(hass).devices)
        self.see(*ir.async_get(hass).issues.values())
        for entry in hass.config_entries.async_entries(DOMAIN):
            self.see(
                entry,
                entry.title,
                entry.unique_id,
                entry.options,
                entry.reason,
                entry.error_reason_translation_placeholders,
                getattr(entry, "runtime_data", None),
            )
        self.see(
            *(data for key, data in self.storage.items() if key.startswith(DOMAIN))
        )

    def check(self) -> None:
        """Search all that was seen, and all logs."""
        logged = [
            self.caplog.handler.format(record)
            for record in self.caplog.get_records("call")
            if record.name not in SERVER_LOGGERS
        ]
        assert any(DOMAIN in line for line in logged)
        text = "\n".join((*self.seen, *logged))
        for secret in self.secrets:
            for part in parts(secret):
                where = text.find(part)
                assert where < 0, text[max(0, where - 300) : where + 100]


def parts(secret: str) -> Iterator[str]:
    """Return a secret in all its writings, and its ends."""
    for written in {
        secret,
        quote(secret),
        quote_plus(secret),
        json.dumps(secret)[1:-1],
    }:
        yield from (written, written[:12], written[-12:])


@pytest.fixture
async def watch(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    caplog: pytest.LogCaptureFixture,
    hass_storage: dict[str, Any],
) -> AsyncIterator[Watch]:
    """Watch everything, and search it in the end."""
    caplog.set_level(logging.DEBUG)
    thinger.user().password = PASSWORD
    watch = Watch(hass, caplog, hass_storage)
    watch.secrets |= {
        PASSWORD,
        TOKEN_ID,
        thinger.mint_access_token(TOKEN_ID).jwt,
        thinger.account().access_token,
        thinger.account().device_token,
    }

    @callback
    def see_event(event: Event) -> None:
        if event.event_type != EVENT_CALL_SERVICE:
            watch.see(event.as_dict())

    stop = hass.bus.async_listen(MATCH_ALL, see_event)
    yield watch
    watch.see_all()
    for entry in hass.config_entries.async_loaded_entries(DOMAIN):
        assert await hass.config_entries.async_unload(entry.entry_id)
    await hass.async_block_till_done()
    stop()
    watch.see_all()
    watch.secrets |= {grant.refresh_token for grant in thinger.grants}
    watch.check()


def remember_tokens(watch: Watch, entry: ConfigEntry) -> None:
    """Add what an account signs in with to what must not be seen."""
    for name in ("access_token", "refresh_token", "password"):
        if name in entry.data:
            watch.secrets.add(entry.data[name])


async def sign_in(
    watch: Watch, thinger: ThingerSimulator, answers: dict[str, Any]
) -> ConfigEntry:
    """Add an account, and let it come to rest."""
    form = watch.see_form(await open_sign_in(watch.hass))
    entry = created(await submit(watch.hass, form, answers))
    remember_tokens(watch, entry)
    await thinger.wait_for_subscription("status", device="boiler_ctl")
    await settle(watch.hass)
    return entry


def echoes(secret: str) -> list[Effect]:
    """Return what a careless server can do: it repeats what it was sent."""
    message = f"refused: {secret} (Authorization: Bearer {secret}) token={secret}"
    envelope = json.dumps({"error": {"message": message}})
    return [
        *(
            Status(status, body=envelope, content_type="application/json")
            for status in (400, 401, 403, 404, 500)
        ),
        Status(
            500, body=json.dumps({"error": secret}), content_type="application/json"
        ),
        Status(400, body=json.dumps({"error": f"password={quote_plus(secret)}"})),
        Status(502, body=f"<p>{message}</p>", content_type="text/html"),
        Status(302, headers={"Location": f"https://127.0.0.1/?t={quote(secret)}"}),
        Replace(message),
        Reset(),
        Status(429, body=envelope, content_type="application/json"),
    ]


async def act(watch: Watch, name: str, data: dict[str, Any]) -> None:
    """Call an action, and look at what comes of it."""
    try:
        response = await watch.hass.services.async_call(
            DOMAIN,
            name,
            data,
            blocking=True,
            return_response=watch.hass.services.supports_response(DOMAIN, name)
            != "none",
        )
    except HomeAssistantError as error:
        watch.see(error)
    else:
        watch.see(response)


async def in_trouble(
    watch: Watch, thinger: ThingerSimulator, entry: ConfigEntry, effect: Effect
) -> None:
    """Let a server misbehave while everything is tried."""
    hass = watch.hass
    device = {"device_id": device_of(hass, entry, "boiler_ctl").id}
    thinger.faults.add(effect)
    await thinger.close_sockets(abort=True)
    await entry.runtime_data.async_read_list()
    for name, data in (
        ("read_resource", {**device, "resource": "temperature"}),
        ("write_resource", {**device, "resource": "relay", "value": True}),
        ("run_callback", {**device, "resource": "reboot"}),
        ("call_endpoint", {"config_entry_id": entry.entry_id, "endpoint": "mail"}),
        ("read_bucket", {"config_entry_id": entry.entry_id, "bucket": "climate"}),
        ("delete_device", device),
    ):
        await act(watch, name, data)
    own = ("username", "password") if "username" in entry.data else ("access_token",)
    for names in ((), own):
        secrets = {name: entry.data[name] for name in names}
        form = watch.see_form(await open_reconfigure(hass, entry))
        result = await submit(hass, form, {"url": thinger.url, **secrets})
        if result["type"] is FlowResultType.FORM:
            watch.see_form(result)
            hass.config_entries.flow.async_abort(form["flow_id"])
        else:
            watch.see(result)
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    watch.see_all()
    thinger.faults.clear()
    for flow in hass.config_entries.flow.async_progress_by_handler(DOMAIN):
        watch.see(flow)
        hass.config_entries.flow.async_abort(flow["flow_id"])
    await hass.config_entries.async_reload(entry.entry_id)
    await settle(hass)
    assert entry.state is ConfigEntryState.LOADED
    remember_tokens(watch, entry)


async def test_access_token(
    hass: HomeAssistant, thinger: ThingerSimulator, watch: Watch
) -> None:
    """An account with a token that the person made, on a server that does everything wrong."""
    token = thinger.access_token(TOKEN_ID).jwt
    answers = {"url": thinger.url, "access_token": token}
    entry = await sign_in(watch, thinger, answers)
    for effect in echoes(entry.data["access_token"]):
        await in_trouble(watch, thinger, entry, effect)

    thinger.access_token(TOKEN_ID).enabled = False
    await hass.config_entries.async_reload(entry.entry_id)
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    form = await hass.config_entries.flow.async_configure(flow["flow_id"])
    watch.see_form(form)
    watch.see_form(await submit(hass, form, {"access_token": token}))
    thinger.access_token(TOKEN_ID).enabled = True
    watch.see(await submit(hass, form, {"access_token": token}))


async def test_password(
    hass: HomeAssistant, thinger: ThingerSimulator, watch: Watch
) -> None:
    """An account with a password, whose tokens are renewed or refused."""
    answers = {
        "url": thinger.url,
        "username": "demo",
        "password": PASSWORD,
        "remember_password": True,
    }
    entry = await sign_in(watch, thinger, answers)
    # The other effects differ in nothing but what the first test has seen.
    for effect in echoes(entry.data["access_token"])[::4]:
        await in_trouble(watch, thinger, entry, effect)

    watch.secrets |= {grant.refresh_token for grant in thinger.grants}
    thinger.clock.advance(7300)
    await entry.runtime_data.async_read_list()
    remember_tokens(watch, entry)
    thinger.revoke_grants()
    thinger.user().password = "another"
    thinger.clock.advance(7300)
    await entry.runtime_data.async_read_list()
    await hass.async_block_till_done()
    thinger.user().password = PASSWORD
    form = watch.see_form(await open_reauth(hass, entry))
    no_token = json.dumps({"access_token": 5, "error": PASSWORD})
    for effect in (*echoes(PASSWORD), Replace(no_token), Replace(f'"{PASSWORD}"')):
        thinger.faults.add(effect, path="/oauth/token")
        watch.see_form(
            await submit(hass, form, {"username": "demo", "password": PASSWORD})
        )
        thinger.faults.clear()
    watch.see(await submit(hass, form, {"username": "demo", "password": PASSWORD}))
    remember_tokens(watch, entry)


async def test_device_token(
    hass: HomeAssistant, thinger: ThingerSimulator, watch: Watch
) -> None:
    """The token of a device."""
    answers = thinger.account().device_credentials()
    entry = await sign_in(watch, thinger, answers)
    # The other effects differ in nothing but what the first test has seen.
    for effect in echoes(entry.data["access_token"])[::4]:
        await in_trouble(watch, thinger, entry, effect)


async def test_sockets(
    hass: HomeAssistant, thinger: ThingerSimulator, watch: Watch
) -> None:
    """Sockets that are refused get the token in their address as well: nobody hears of it."""
    entry = await sign_in(watch, thinger, thinger.account().credentials())
    for effect in echoes(entry.data["access_token"]):
        fault = thinger.faults.add(effect, path=r"/events$|/resources$")
        await thinger.close_sockets(abort=True)
        await hass.config_entries.async_reload(entry.entry_id)
        # Who is told to wait sends nothing more; all others try more than one socket.
        is_limit = isinstance(effect, Status) and effect._status == 429
        enough = 1 if is_limit else 2
        await thinger.wait_until(
            lambda fault=fault, enough=enough: fault.hits >= enough
        )
        await settle(hass)
        watch.see_all()
        thinger.faults.clear()
    thinger.broadcast_raw("no JSON " + " ".join(watch.secrets))
    await thinger.flush()


async def test_certificates(hass: HomeAssistant, watch: Watch) -> None:
    """A server that is not trusted gets no secret, and none is told."""
    async with serving(hass, signed_by_own_authority()) as simulator:
        answers = {**simulator.account().credentials(), "tls": {"verify_ssl": False}}
        watch.secrets.add(answers["access_token"])
        form = watch.see_form(await open_sign_in(hass))
        entry = created(await submit(hass, form, answers))
        simulator.clear_requests()
        answers["tls"] = {"ca_certificate": "nonsense", "verify_ssl": True}
        form = watch.see_form(await open_reconfigure(hass, entry))
        watch.see_form(await submit(hass, form, answers))
        answers["tls"] = {"verify_ssl": True}
        watch.see_form(await submit(hass, form, answers))
        answers["url"] = answers["url"].replace("https", "http")
        watch.see_form(await submit(hass, form, answers))


async def test_everyday_life(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    watch: Watch,
    hass_client: ClientSessionGenerator,
    time: Time,
) -> None:
    """Actions, options, diagnostics, and missing permissions of an account that works."""
    assert await async_setup_component(hass, "diagnostics", {})
    deny = {"Device": {"*": ["ReadDeviceProperty"]}, "Event": "*"}
    thinger.access_token(TOKEN_ID).deny = deny
    answers = {"url": thinger.url, "access_token": thinger.access_token(TOKEN_ID).jwt}
    entry = await sign_in(watch, thinger, answers)
    await time.passes(31)
    await time.passes(31)
    assert len(ir.async_get(hass).issues) == 2
    device = device_of(hass, entry, "boiler_ctl")
    data = {"device_id": device.id}
    account = {"config_entry_id": entry.entry_id}
    await act(watch, "read_resource", {**data, "resource": "status"})
    await act(watch, "write_resource", {**data, "resource": "relay", "value": False})
    await act(watch, "run_callback", {**data, "resource": "reboot"})
    await act(watch, "read_bucket", {**account, "bucket": "climate"})
    await act(watch, "call_endpoint", {**account, "endpoint": "mail", "data": {}})
    new = {**account, "device": "new", "device_type": "http"}
    await act(watch, "add_device", new)
    for action, more in (
        ("create_device_token", {"name": "Door"}),
        ("list_device_tokens", {}),
    ):
        # These two are there to tell secrets; but the logs are not.
        response = await hass.services.async_call(
            DOMAIN, action, {**data, **more}, blocking=True, return_response=True
        )
        assert response is not None
        tokens = response.get("tokens", [response.get("token")])
        assert isinstance(tokens, list)
        watch.secrets |= {str(token["token"]) for token in tokens}
    watch.see(await get_diagnostics_for_config_entry(hass, hass_client, entry))
    watch.see(await get_diagnostics_for_device(hass, hass_client, entry, device))
    for step in ("devices", "reading", "resource", "updates"):
        menu = await hass.config_entries.options.async_init(entry.entry_id)
        form = await hass.config_entries.options.async_configure(
            menu["flow_id"], {"next_step_id": step}
        )
        watch.see_form(form)
    await hass.config_entries.options.async_configure(
        form["flow_id"], {"value_interval": 60}
    )
    await hass.async_block_till_done()
    await hass.config_entries.async_unload(entry.entry_id)
    watch.see(await get_diagnostics_for_config_entry(hass, hass_client, entry))
