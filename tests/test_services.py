"""The actions: what arrives at the server, what they answer, and what they refuse."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
)
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import jwt
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockUser,
    async_fire_time_changed,
)
import voluptuous as vol

from custom_components.iot_platforms.const import DOMAIN
from custom_components.iot_platforms.coordinator import PUSH_PATIENCE

from tests.home import add_account, device_of, entity_id, settle, wait_for_state
from tests.simulators.effects import Status
from tests.simulators.thinger import Fn, Resource, ThingerSimulator
from tests.simulators.thinger.resource import FirmwareError

FOR_ADMINS = {
    "add_device",
    "delete_device",
    "list_device_tokens",
    "create_device_token",
    "delete_device_token",
}
DEVICES = "/v1/users/demo/devices"
BOILER = f"{DEVICES}/boiler_ctl"
SOCKETS = 5
"""The account's and those of its devices that are online."""


@pytest.fixture
async def entry(hass: HomeAssistant, thinger: ThingerSimulator) -> ConfigEntry:
    """Sign in to the sample account, and forget what was asked meanwhile."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    await thinger.wait_for_subscription(event="device_state_change")
    await thinger.wait_for_sockets(SOCKETS)
    # On a slow machine, first values would be asked for in the middle of a test.
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=PUSH_PATIENCE))
    await settle(hass)
    thinger.clear_requests()
    return entry


async def act(
    hass: HomeAssistant,
    name: str,
    data: dict[str, Any],
    *,
    context: Context | None = None,
) -> dict[str, Any] | None:
    """Call an action, and return its response, None where it has none."""
    supports = hass.services.supports_response(DOMAIN, name) != "none"
    return await hass.services.async_call(
        DOMAIN, name, data, blocking=True, return_response=supports, context=context
    )


def boiler(hass: HomeAssistant, entry: ConfigEntry, **data: Any) -> dict[str, Any]:
    """Return the data of an action for the boiler."""
    return {"device_id": device_of(hass, entry, "boiler_ctl").id, **data}


def of_account(entry: ConfigEntry, **data: Any) -> dict[str, Any]:
    """Return the data of an action for the account."""
    return {"config_entry_id": entry.entry_id, **data}


def assert_names_field(error: ServiceValidationError, key: str, field: str) -> None:
    """Check which text a validation error shows, and that it begins with the field."""
    assert error.translation_domain == DOMAIN
    assert error.translation_key == key
    assert str(error).startswith(f"{field}: ")
    assert "{" not in str(error)


# Reading


async def test_read(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A resource is read now: its value is the response, and shows in Home Assistant."""
    thinger.device("boiler_ctl").resource("temperature").value = 42.5
    data = boiler(hass, entry, resource="temperature")
    assert await act(hass, "read_resource", data) == {"value": 42.5}
    [request] = thinger.requests()
    assert request.path == "/v3/users/demo/devices/boiler_ctl/resources/temperature"
    found = entity_id(hass, entry, "sensor", "boiler_ctl/temperature")
    await wait_for_state(hass, found, "42.5")


async def test_read_any_shape(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """Objects, groups, and names with blanks are read like any other."""
    status = {"pressure": 1.62, "burning": True, "mode": "eco", "fault": None}
    data = boiler(hass, entry, resource="status")
    assert await act(hass, "read_resource", data) == {"value": status}
    data = boiler(hass, entry, resource="Flow meter")
    assert await act(hass, "read_resource", data) == {"value": 12.4}
    data = {
        "device_id": device_of(hass, entry, "greenhouse").id,
        "resource": "climate/humidity",
    }
    assert await act(hass, "read_resource", data) == {"value": 64}


async def test_unsafe_read(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """What nobody marked as safe is not read, also not on request."""
    for resource in ("pump", "relay", "threshold"):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, "read_resource", boiler(hass, entry, resource=resource))
        assert_names_field(caught.value, "unsafe_resource", "resource")
        assert resource in str(caught.value)
    assert thinger.requests() == []
    assert thinger.unsafe_reads == []


async def test_safe_read(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """What is marked as safe is read; an input/output answers with both."""
    thinger.device("boiler_ctl").add_resource(
        Resource("mixer", Fn.INPUT_OUTPUT, {"value": 3})
    )
    safe = ["boiler_ctl/relay", "boiler_ctl/mixer"]
    entry = await add_account(
        hass, thinger.account().credentials(), options={"safe_resources": safe}
    )
    data = boiler(hass, entry, resource="relay")
    assert await act(hass, "read_resource", data) == {"value": True}
    data = boiler(hass, entry, resource="mixer")
    answer = {"in": {"value": 3}, "out": {"value": 3}}
    assert await act(hass, "read_resource", data) == {"value": answer}


# Writing


async def test_write(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """Any JSON value arrives as it is, once."""
    for resource, value in (
        ("relay", False),
        ("setpoint", 19.5),
        ("message", "Grüße {{ 'x' }}"),
        ("rgb", {"r": 1, "g": 2, "b": 3}),
        ("pump", [1, None, {"a": "b"}]),
    ):
        thinger.clear_requests()
        data = boiler(hass, entry, resource=resource, value=value)
        assert await act(hass, "write_resource", data) == {"answer": None}
        [request] = thinger.requests()
        assert request.method == "POST"
        assert request.path == f"/v3/users/demo/devices/boiler_ctl/resources/{resource}"
        assert request.json() == value
        [call] = thinger.device("boiler_ctl").resource(resource).calls
        assert call.value == value


async def test_write_shows(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """What an action writes is what the entity shows."""
    await act(hass, "write_resource", boiler(hass, entry, resource="relay", value=True))
    found = entity_id(hass, entry, "switch", "boiler_ctl/relay")
    await wait_for_state(hass, found, "on")


def _doubled(value: Any) -> Any:
    return {"value": value["value"] * 2}


async def test_write_and_answer(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """An input/output resource answers."""
    resource = thinger.device("boiler_ctl").add_resource(
        Resource("double", Fn.INPUT_OUTPUT, {"value": 1}, function=_doubled)
    )
    entry = await add_account(hass, thinger.account().credentials())
    data = boiler(hass, entry, resource="double", value={"value": 21})
    assert await act(hass, "write_resource", data) == {"answer": {"value": 42}}
    assert len(resource.calls) == 1


async def test_write_without_response(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """An automation that does not ask for the answer gets none."""
    data = boiler(hass, entry, resource="relay", value=False)
    await hass.services.async_call(DOMAIN, "write_resource", data, blocking=True)
    assert len(thinger.requests("POST")) == 1


async def test_run(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A callback runs once, without a body."""
    data = boiler(hass, entry, resource="reboot")
    assert await act(hass, "run_callback", data) == {"answer": None}
    [request] = thinger.requests()
    assert request.method == "POST"
    assert request.path == "/v3/users/demo/devices/boiler_ctl/resources/reboot"
    assert request.body == b""
    assert thinger.device("boiler_ctl").resource("reboot").runs == 1


# What people get wrong


async def test_wrong_resource(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A resource that is not there, or of another kind, is refused before anything is sent."""
    for action, resource, key in (
        ("read_resource", "reboot", "wrong_kind"),
        ("read_resource", "nothing", "unknown_resource"),
        ("write_resource", "temperature", "wrong_kind"),
        ("write_resource", "reboot", "wrong_kind"),
        ("write_resource", "", "unknown_resource"),
        ("run_callback", "temperature", "wrong_kind"),
        ("run_callback", "relay", "wrong_kind"),
        ("run_callback", "threshold", "wrong_kind"),
        ("run_callback", "Reboot", "unknown_resource"),
    ):
        data = boiler(hass, entry, resource=resource)
        if action == "write_resource":
            data["value"] = 1
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, action, data)
        assert_names_field(caught.value, key, "resource")
    assert thinger.requests() == []


async def test_value_that_is_no_json(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """YAML knows more than JSON: what cannot be sent is refused at its field."""
    for value in (date(2026, 1, 1), float("nan"), {1, 2}):
        data = boiler(hass, entry, resource="message", value=value)
        with pytest.raises(vol.Invalid, match=r"JSON.*'value'"):
            await act(hass, "write_resource", data)
        data = of_account(entry, endpoint="mail", data=value)
        with pytest.raises(vol.Invalid, match=r"JSON.*'data'"):
            await act(hass, "call_endpoint", data)
    assert thinger.requests() == []


async def test_wrong_fields(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """What a field cannot take is refused with the field's name."""
    for action, field, data in (
        ("read_bucket", "items", {"bucket": "climate", "items": 0}),
        ("read_bucket", "items", {"bucket": "climate", "items": 1001}),
        ("read_bucket", "bucket", {"bucket": "../climate"}),
        ("read_bucket", "start", {"bucket": "climate", "start": "soon"}),
        ("call_endpoint", "endpoint", {"endpoint": "mail/../../devices"}),
        ("call_endpoint", "endpoint", {"endpoint": ""}),
        ("add_device", "device", {"device": "with blank"}),
        ("add_device", "device", {"device": "x" * 33}),
        ("add_device", "device", {"device": "newline\n"}),
        ("add_device", "credentials", {"device": "x", "credentials": "short"}),
        ("add_device", "device_type", {"device": "x", "device_type": "toaster"}),
    ):
        with pytest.raises(vol.Invalid, match=f"at '{field}'"):
            await act(hass, action, of_account(entry, **data))
    with pytest.raises(vol.Invalid, match="at 'token_id'"):
        await act(hass, "delete_device_token", boiler(hass, entry, token_id="../1"))
    assert thinger.requests() == []


async def test_unknown_devices(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A device has to be one of an account, and listed by the platform."""
    registry = dr.async_get(hass)
    stranger = MockConfigEntry(domain="other")
    stranger.add_to_hass(hass)
    foreign = registry.async_get_or_create(
        config_entry_id=stranger.entry_id, identifiers={("other", "1")}
    )
    for device_id in ("none", foreign.id):
        data = {"device_id": device_id, "resource": "temperature"}
        with pytest.raises(ServiceValidationError):
            await act(hass, "read_resource", data)
    # What is in the registry, but not on the list.
    gone = registry.async_get_or_create(
        config_entry_id=entry.entry_id,
        identifiers={(DOMAIN, f"{entry.unique_id}/gone")},
    )
    other = registry.async_get_or_create(
        config_entry_id=entry.entry_id, identifiers={(DOMAIN, "thinger:elsewhere/1")}
    )
    for device_id in (gone.id, other.id):
        for action, more in (
            ("read_resource", {"resource": "temperature"}),
            ("delete_device", {}),
            ("list_device_tokens", {}),
        ):
            with pytest.raises(ServiceValidationError) as caught:
                await act(hass, action, {"device_id": device_id, **more})
            assert_names_field(caught.value, "unknown_device", "device_id")
    assert thinger.requests() == []


async def test_stand_in_is_no_device(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """What stands for the account cannot be deleted."""
    thinger.remove_device("boiler_ctl")
    entry = await add_account(hass, thinger.account().credentials())
    device = device_of(hass, entry, "$buckets")
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "delete_device", {"device_id": device.id})
    assert_names_field(caught.value, "unknown_device", "device_id")
    assert thinger.requests("DELETE") == []


async def test_account_that_is_not_loaded(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """Actions exist while an account is not loaded, and say so."""
    of_device = boiler(hass, entry)
    await hass.config_entries.async_unload(entry.entry_id)
    thinger.clear_requests()
    for action, data in (
        ("read_resource", {**of_device, "resource": "temperature"}),
        ("write_resource", {**of_device, "resource": "relay", "value": True}),
        ("run_callback", {**of_device, "resource": "reboot"}),
        ("delete_device", of_device),
        ("list_device_tokens", of_device),
        ("create_device_token", {**of_device, "name": "Door"}),
        ("delete_device_token", {**of_device, "token_id": "1"}),
        ("add_device", of_account(entry, device="x", device_type="http")),
        ("call_endpoint", of_account(entry, endpoint="mail")),
        ("read_bucket", of_account(entry, bucket="climate")),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, action, data)
        assert caught.value.translation_key == "service_config_entry_not_loaded"
    assert thinger.requests() == []


async def test_actions_without_any_account(hass: HomeAssistant) -> None:
    """Automations can be checked before there is an account; an unknown one is refused."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert hass.services.async_services_for_domain(DOMAIN).keys() > FOR_ADMINS
    with pytest.raises(ServiceValidationError):
        await act(hass, "read_bucket", {"config_entry_id": "none", "bucket": "climate"})


async def test_for_admins_only(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    entry: ConfigEntry,
    hass_read_only_user: MockUser,
) -> None:
    """Who is no admin can neither make, nor delete, nor share anything."""
    context = Context(user_id=hass_read_only_user.id)
    for action, data in (
        ("add_device", of_account(entry, device="x", device_type="http")),
        ("delete_device", boiler(hass, entry)),
        ("list_device_tokens", boiler(hass, entry)),
        ("create_device_token", boiler(hass, entry, name="Door")),
        ("delete_device_token", boiler(hass, entry, token_id="1")),
    ):
        assert action in FOR_ADMINS
        with pytest.raises(Unauthorized):
            await act(hass, action, data, context=context)
    assert thinger.requests() == []


async def test_platform_that_cannot_do_it(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    entry: ConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Not every platform has endpoints, buckets, or devices that the account makes."""
    # Of what an adapter may offer, the actions look for these only.
    monkeypatch.setattr(entry.runtime_data, "adapter", object())
    for action, data in (
        ("call_endpoint", of_account(entry, endpoint="mail")),
        ("read_bucket", of_account(entry, bucket="climate")),
        ("add_device", of_account(entry, device="x", device_type="http")),
        ("delete_device", boiler(hass, entry)),
        ("list_device_tokens", boiler(hass, entry)),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, action, data)
        assert caught.value.translation_key == "not_supported"
        assert entry.title in str(caught.value)
    monkeypatch.undo()
    assert thinger.requests() == []


async def test_for_everybody(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    entry: ConfigEntry,
    hass_read_only_user: MockUser,
) -> None:
    """What uses devices is for everybody."""
    context = Context(user_id=hass_read_only_user.id)
    data = boiler(hass, entry, resource="temperature")
    assert await act(hass, "read_resource", data, context=context) == {"value": 21.5}


# What goes wrong


async def test_device_offline(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A device that is not there is named."""
    thinger.device("boiler_ctl").go_offline()
    with pytest.raises(HomeAssistantError) as caught:
        await act(
            hass, "write_resource", boiler(hass, entry, resource="relay", value=True)
        )
    assert caught.value.translation_key == "device_offline"
    assert str(caught.value).startswith("Boiler is offline")


async def test_resource_that_is_gone(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A resource that the device no longer has is not an offline device."""
    thinger.device("boiler_ctl").remove_resource("relay")
    with pytest.raises(HomeAssistantError) as caught:
        await act(
            hass, "write_resource", boiler(hass, entry, resource="relay", value=True)
        )
    assert caught.value.translation_key == "resource_missing"


async def test_device_does_not_answer(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A device that hangs may have done it or not."""
    thinger.switches.silent_delay = 0
    thinger.device("boiler_ctl").crash()
    with pytest.raises(HomeAssistantError) as caught:
        await act(
            hass, "write_resource", boiler(hass, entry, resource="relay", value=True)
        )
    assert caught.value.translation_key == "command_timed_out"
    assert str(caught.value).startswith("Boiler did not confirm")


async def test_firmware_refuses(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """What the device says is shown."""
    thinger.device("boiler_ctl").resource("reboot").error = FirmwareError(409, "stuck")
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "run_callback", boiler(hass, entry, resource="reboot"))
    assert not isinstance(caught.value, ServiceValidationError)
    assert caught.value.translation_key == "command_rejected"
    assert str(caught.value) == "Boiler refused the command (409 stuck)"


@pytest.mark.parametrize(
    ("status", "key"),
    [(403, "no_permission"), (429, "rate_limited"), (503, "server_trouble")],
)
async def test_server_refuses(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    entry: ConfigEntry,
    status: int,
    key: str,
) -> None:
    """What the server has against a call of the account is told with the account's name."""
    thinger.faults.add(Status(status), path="/endpoints/")
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "call_endpoint", of_account(entry, endpoint="mail"))
    assert caught.value.translation_key == key
    placeholders = caught.value.translation_placeholders
    assert placeholders is not None
    assert placeholders["name"] == entry.title
    assert "{" not in str(caught.value)


async def test_sign_in_that_has_ended(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """An action that finds the token deleted asks for another one."""
    thinger.access_token("home_assistant").enabled = False
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "call_endpoint", of_account(entry, endpoint="mail"))
    assert caught.value.translation_key == "token_rejected"
    await hass.async_block_till_done()
    [flow] = hass.config_entries.flow.async_progress_by_handler(DOMAIN)
    assert flow["context"]["source"] == "reauth"


# Devices


async def test_add_and_delete_device(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A device that is added shows without a reload, one that is deleted goes at once."""
    coordinator = entry.runtime_data
    data = of_account(
        entry,
        device="attic",
        credentials="not-so-secret",
        name="Attic",
        description="Under the roof",
    )
    answer = await act(hass, "add_device", data)
    assert answer is not None
    assert set(answer) == {"answer"}
    [request] = thinger.requests("POST")
    assert request.path == DEVICES
    assert request.json() == {
        "device": "attic",
        "type": "Generic",
        "credentials": "not-so-secret",
        "name": "Attic",
        "description": "Under the roof",
    }
    device = device_of(hass, entry, "attic")
    assert device.name == "Attic"
    assert "not-so-secret" not in str(answer)

    assert await act(hass, "delete_device", {"device_id": device.id}) is None
    assert [request.path for request in thinger.requests("DELETE")] == [
        f"{DEVICES}/attic"
    ]
    assert dr.async_get(hass).async_get(device.id) is None
    assert entry.runtime_data is coordinator
    assert "attic" not in {device.id for device in thinger.devices()}


async def test_add_device_without_credentials(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """Devices that do not connect need no credentials."""
    for chosen, written in (("http", "HTTP"), ("virtual", "Virtual")):
        data = of_account(entry, device=chosen, device_type=chosen)
        await act(hass, "add_device", data)
        assert thinger.device(chosen).type == written
        device_of(hass, entry, chosen)


async def test_add_device_that_needs_credentials(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """Devices that connect by themselves need credentials."""
    for chosen in ({}, {"device_type": "mqtt"}):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, "add_device", of_account(entry, device="x", **chosen))
        assert_names_field(caught.value, "credentials_needed", "credentials")
    assert thinger.requests() == []


async def test_add_device_refused(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """What the server says about a device that it does not take is shown."""
    thinger.switches.device_limit = 8
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "add_device", of_account(entry, device="x", device_type="http"))
    assert caught.value.translation_key == "command_rejected"
    assert "400" in str(caught.value)


async def test_delete_device_refused(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """An old server does not delete a device that is connected: it stays."""
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "delete_device", boiler(hass, entry))
    assert str(caught.value) == ("Boiler refused the command (400 device is connected)")
    device_of(hass, entry, "boiler_ctl")


# Tokens


async def test_tokens_of_a_device(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A token is made with resources and an end, listed, and deleted."""
    expires = datetime.now(UTC).replace(microsecond=0) + timedelta(days=30)
    data = boiler(
        hass,
        entry,
        name="Door",
        resources=["temperature", "reboot"],
        expires=expires.isoformat(),
    )
    answer = await act(hass, "create_device_token", data)
    assert answer is not None
    token = answer["token"]
    [request] = thinger.requests("POST")
    assert request.path == f"{BOILER}/tokens"
    assert request.json() == {
        "token_name": "Door",
        "token_resources": ["temperature", "reboot"],
        "token_expiration": int(expires.timestamp() * 1000),
    }
    claims = jwt.decode(token["token"], options={"verify_signature": False})
    assert claims["exp"] == int(expires.timestamp())
    assert claims["res"] == ["temperature", "reboot"]

    listed = await act(hass, "list_device_tokens", boiler(hass, entry))
    assert listed is not None
    assert token in listed["tokens"]
    data = boiler(hass, entry, token_id=token["id"])
    assert await act(hass, "delete_device_token", data) is None
    listed = await act(hass, "list_device_tokens", boiler(hass, entry))
    assert listed is not None
    assert token not in listed["tokens"]
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "delete_device_token", data)
    assert caught.value.translation_key == "not_found"


async def test_token_without_limits(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A token for all resources and for ever says nothing of either."""
    answer = await act(hass, "create_device_token", boiler(hass, entry, name="All"))
    assert answer is not None
    claims = jwt.decode(answer["token"]["token"], options={"verify_signature": False})
    assert not {"res", "exp"} & claims.keys()


async def test_time_without_zone(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A time without a zone is meant where Home Assistant is."""
    await hass.config.async_set_time_zone("America/New_York")
    data = boiler(hass, entry, name="Door", expires="2099-07-01 12:00:00")
    await act(hass, "create_device_token", data)
    [request] = thinger.requests("POST")
    expected = datetime(2099, 7, 1, 16, tzinfo=UTC).timestamp() * 1000
    assert request.json()["token_expiration"] == expected


async def test_token_that_has_ended(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """A token cannot end before it begins."""
    data = boiler(hass, entry, name="Door", expires="2020-01-01 12:00:00")
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "create_device_token", data)
    assert_names_field(caught.value, "expires_in_past", "expires")
    assert thinger.requests() == []


# Endpoints and buckets


async def test_endpoint(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """An endpoint gets the data of its template."""
    data = of_account(entry, endpoint="mail", data={"subject": "Hello"})
    assert await act(hass, "call_endpoint", data) == {"answer": None}
    assert thinger.endpoint("mail").calls == [{"subject": "Hello"}]
    [request] = thinger.requests()
    assert request.path == "/v1/users/demo/endpoints/mail/call"
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, "call_endpoint", of_account(entry, endpoint="nobody"))
    assert caught.value.translation_key == "not_found"


async def test_bucket(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """The newest rows of a bucket, as many as asked for."""
    answer = await act(
        hass, "read_bucket", of_account(entry, bucket="climate", items=3)
    )
    assert answer is not None
    times = [row["ts"] for row in answer["rows"]]
    newest = sorted((row["ts"] for row in thinger.bucket("climate").rows), reverse=True)
    assert times == newest[:3]
    [request] = thinger.requests()
    assert request.path == "/v1/users/demo/buckets/climate/data"
    assert request.query == {"items": "3", "sort": "desc"}


async def test_bucket_in_time(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """Rows between two times, the oldest first."""
    times = sorted(row["ts"] for row in thinger.bucket("climate").rows)
    start, end = times[10], times[14]
    data = of_account(
        entry,
        bucket="climate",
        start=datetime.fromtimestamp(start / 1000, UTC).isoformat(),
        end=datetime.fromtimestamp((end + 1000) / 1000, UTC).isoformat(),
        newest_first=False,
    )
    answer = await act(hass, "read_bucket", data)
    assert answer is not None
    assert [row["ts"] for row in answer["rows"]] == times[10:15]


async def test_bucket_that_ends_before_it_starts(
    hass: HomeAssistant, thinger: ThingerSimulator, entry: ConfigEntry
) -> None:
    """An end before the start would find nothing without a word."""
    data = of_account(
        entry,
        bucket="climate",
        start="2026-01-02 00:00:00",
        end="2026-01-02 00:00:00",
    )
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, "read_bucket", data)
    assert_names_field(caught.value, "end_before_start", "end")
    assert thinger.requests() == []
