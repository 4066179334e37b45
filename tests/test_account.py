"""An account from sign-in to unload: state, push, polling, failures, restarts."""

import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
import pytest

from custom_components.iot_platforms import async_remove_config_entry_device
from custom_components.iot_platforms.const import DOMAIN

from tests.home import (
    Time,
    add_account,
    device_of,
    entity_id,
    reload,
    settle,
    state,
    wait_for_flow,
    wait_for_state,
    wait_until,
)
from tests.simulators.effects import Hang, Replace, Status
from tests.simulators.thinger import Device, Fn, Resource, ThingerSimulator

TEMPERATURE = "boiler_ctl/temperature"


async def test_pushed_value(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A value that changes on the device shows by push, without any request."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    await thinger.wait_for_request("GET", "/devices$", count=3)
    await settle(hass)
    thinger.clear_requests()
    thinger.device("boiler_ctl").resource("temperature").value = 30.25
    thinger.tick_streams()
    await wait_for_state(hass, entity_id(hass, entry, "sensor", TEMPERATURE), "30.25")
    assert thinger.requests() == []


async def test_poll_when_push_is_cut(
    hass: HomeAssistant, thinger: ThingerSimulator, time: Time
) -> None:
    """While push is down, polling takes over within one interval; then push again."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    thinger.push_enabled = False
    await thinger.wait_for_sockets(0)
    temperature = thinger.device("boiler_ctl").resource("temperature")
    temperature.value = 31.5
    await time.passes(31)
    await wait_for_state(hass, entity_id(hass, entry, "sensor", TEMPERATURE), "31.5")


async def test_nothing_is_polled_while_push_works(
    hass: HomeAssistant, thinger: ThingerSimulator, time: Time
) -> None:
    """At rest an account costs one device list in a quarter of an hour."""
    await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription("temperature", device="boiler_ctl")
    await thinger.wait_for_sockets(5)
    thinger.tick_streams()
    await thinger.flush()
    await time.passes(4)
    await settle(hass)
    thinger.clear_requests()
    for _ in range(28):
        thinger.tick_streams()
        await thinger.flush()
        await time.passes(30)
    paths = [request.path for request in thinger.requests()]
    assert paths.count("/v1/users/demo/devices") <= 1
    assert len(paths) <= 3, paths


async def test_offline_and_online(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A device that leaves takes its own entities along and no others, and comes back."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription(event="device_state_change")
    temperature = entity_id(hass, entry, "sensor", TEMPERATURE)
    connectivity = entity_id(hass, entry, "binary_sensor", "boiler_ctl")
    thinger.device("boiler_ctl").go_offline()
    await wait_for_state(hass, connectivity, "off")
    assert hass.states.get(temperature).state == STATE_UNAVAILABLE
    assert state(hass, entry, "switch", "boiler_ctl/relay").state == STATE_UNAVAILABLE
    assert state(hass, entry, "sensor", "meter/power").state != STATE_UNAVAILABLE
    # The server holds properties, so they stay.
    assert (
        state(hass, entry, "sensor", "boiler_ctl/%24property%2Fsetpoint").state == "21"
    )
    thinger.clear_requests()
    thinger.device("boiler_ctl").go_online()
    await wait_for_state(hass, connectivity, "on")
    await thinger.wait_for_request("GET", "boiler_ctl/resources/api$")
    assert hass.states.get(temperature).state == "21.5"


async def test_new_resource_and_new_device(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """What comes new appears without a reload, devices with area and link."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription(event="device_create")
    thinger.add_device(
        Device(
            "attic",
            name="Attic",
            active=True,
            asset_group="home",
            resources=[Resource("humidity", Fn.OUTPUT, 55)],
        )
    )
    registry = er.async_get(hass)
    await wait_until(
        hass,
        lambda: (
            registry.async_get_entity_id(
                "sensor", DOMAIN, f"{entry.unique_id}/attic/humidity"
            )
            is not None
        ),
    )
    assert state(hass, entry, "sensor", "attic/humidity").state == "55"
    device = device_of(hass, entry, "attic")
    assert device.name == "Attic"
    assert device.area_id == ar.async_get(hass).async_get_area_by_name("Home").id
    assert "attic" in device.configuration_url


async def test_what_changes_while_a_list_is_read_is_not_lost(
    hass: HomeAssistant, thinger: ThingerSimulator, time: Time
) -> None:
    """A list that was asked for while one is on its way is read as well."""
    thinger.switches.events = False
    entry = await add_account(hass, thinger.account().credentials())
    hang = Hang()
    thinger.faults.add(hang, path="/buckets$", count=1)
    coordinator = entry.runtime_data
    first = hass.async_create_background_task(coordinator.async_read_list(), "list")
    await thinger.wait_for_request("GET", "/buckets$", count=2, finished=False)
    thinger.add_device(Device("attic", name="Attic"))
    second = hass.async_create_background_task(coordinator.async_read_list(), "list")
    hang.release()
    await first
    await second
    assert device_of(hass, entry, "attic").name == "Attic"


async def test_vanished_device(
    hass: HomeAssistant, thinger: ThingerSimulator, time: Time
) -> None:
    """A device is forgotten after two complete lists without it; until then it can be deleted."""
    thinger.switches.events = False
    entry = await add_account(hass, thinger.account().credentials())
    old_node = device_of(hass, entry, "old_node")
    assert not await async_remove_config_entry_device(hass, entry, old_node)
    thinger.remove_device("old_node")
    lists = thinger.faults.add(Status(503), path="/devices$", count=1)
    await time.passes(61)
    await thinger.wait_until(lambda: lists.hits == 1)
    await settle(hass)
    assert await async_remove_config_entry_device(hass, entry, old_node) is False
    await _next_list(thinger, time)
    assert await async_remove_config_entry_device(hass, entry, old_node) is True
    assert dr.async_get(hass).async_get(old_node.id) is not None
    await _next_list(thinger, time)
    assert dr.async_get(hass).async_get(old_node.id) is None


async def test_deleted_device(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A device that the platform says was deleted is forgotten at once."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription(event="device_delete")
    connectivity = entity_id(hass, entry, "binary_sensor", "old_node")
    thinger.remove_device("old_node")
    await wait_until(hass, lambda: hass.states.get(connectivity) is None)


async def test_vanished_resource(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A resource goes after two complete lists without it."""
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription(event="device_state_change")
    boiler = thinger.device("boiler_ctl")
    boiler.remove_resource("Flow meter")
    found = entity_id(hass, entry, "sensor", "boiler_ctl/Flow%20meter")
    connectivity = entity_id(hass, entry, "binary_sensor", "boiler_ctl")
    for is_there in (True, False):
        thinger.clear_requests()
        boiler.go_offline()
        await wait_for_state(hass, connectivity, "off")
        boiler.go_online()
        await thinger.wait_for_request("GET", "boiler_ctl/properties$")
        await settle(hass)
        await wait_for_state(hass, connectivity, "on")
        assert (er.async_get(hass).async_get(found) is not None) is is_there


async def test_one_failed_poll_hides_nothing(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    time: Time,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A hiccup is tolerated; a lasting failure shows once, and its end once."""
    thinger.switches.events = False
    entry = await add_account(hass, thinger.account().credentials())
    weather = entity_id(hass, entry, "sensor", "forecast/weather/text")
    caplog.clear()
    caplog.set_level(logging.INFO, "custom_components.iot_platforms.coordinator")
    fault = thinger.faults.add(Status(503, html=True))
    for polls in range(1, 6):
        await time.passes(61)
        await settle(hass)
        is_hidden = hass.states.get(weather).state == STATE_UNAVAILABLE
        assert is_hidden is (polls > 2), polls
    fault.remove()
    await time.passes(61)
    await settle(hass)
    assert hass.states.get(weather).state == "Cloudy"
    lines = [
        r.getMessage()
        for r in caplog.records
        if r.levelno >= logging.INFO and "fetching" in r.getMessage().lower()
    ]
    assert len(lines) == 2, lines
    assert "recovered" in lines[1]


async def test_revoked_token_asks_for_a_new_one(
    hass: HomeAssistant, thinger: ThingerSimulator, time: Time
) -> None:
    """A token that is disabled starts reauthentication, and no more requests are sent."""
    thinger.switches.events = False
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_sockets(4)
    thinger.access_token("home_assistant").enabled = False
    await time.passes(61)
    await thinger.wait_for_sockets(0)
    assert [
        flow["context"]["source"] for flow in hass.config_entries.flow.async_progress()
    ] == ["reauth"]
    thinger.clear_requests()
    await time.passes(300)
    assert thinger.requests() == []
    assert entry.state is ConfigEntryState.LOADED


@pytest.mark.parametrize(
    ("effect", "expected"),
    [
        (Status(503), ConfigEntryState.SETUP_RETRY),
        (Status(429, headers={"Retry-After": "7"}), ConfigEntryState.SETUP_RETRY),
        (Replace("<html>hello</html>"), ConfigEntryState.SETUP_RETRY),
        (Status(401), ConfigEntryState.SETUP_ERROR),
    ],
)
async def test_set_up_failures(
    hass: HomeAssistant,
    thinger: ThingerSimulator,
    effect: Status | Replace,
    expected: ConfigEntryState,
) -> None:
    """A server in trouble is tried again; bad credentials are asked for."""
    entry = await add_account(hass, thinger.account().credentials())
    thinger.faults.add(effect, path="/devices$")
    await hass.config_entries.async_reload(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is expected
    assert bool(hass.config_entries.flow.async_progress()) is (
        expected is ConfigEntryState.SETUP_ERROR
    )


async def test_restart_while_a_device_is_offline(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """The last good list survives: the entities exist, and nothing had to be read again."""
    entry = await add_account(hass, thinger.account().credentials())
    thinger.device("boiler_ctl").go_offline()
    await reload(hass, entry)
    assert state(hass, entry, "sensor", TEMPERATURE).state == STATE_UNAVAILABLE
    assert state(hass, entry, "switch", "boiler_ctl/relay").state == STATE_UNAVAILABLE
    assert (
        state(hass, entry, "sensor", "boiler_ctl/status/pressure").state
        == STATE_UNAVAILABLE
    )
    await thinger.wait_for_subscription(event="device_state_change")
    thinger.device("boiler_ctl").go_online()
    await wait_for_state(hass, entity_id(hass, entry, "sensor", TEMPERATURE), "21.5")


async def test_restart_reads_no_output_that_push_brings(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """After a restart the first values come by push: no output is read."""
    entry = await add_account(hass, thinger.account().credentials())
    thinger.clear_requests()
    await reload(hass, entry)
    await wait_for_state(hass, entity_id(hass, entry, "sensor", TEMPERATURE), "21.5")
    assert thinger.requests("GET", r"/resources/temperature$") == []


async def test_written_value_survives_a_restart(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """The state of an input is what was written last, also after a restart."""
    entry = await add_account(hass, thinger.account().credentials())
    relay = entity_id(hass, entry, "switch", "boiler_ctl/relay")
    assert hass.states.get(relay).state == STATE_UNKNOWN
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": relay}, blocking=True
    )
    await reload(hass, entry)
    assert hass.states.get(relay).state == "on"
    assert [
        call.value for call in thinger.device("boiler_ctl").resource("relay").calls
    ] == [True]


async def test_silent_device_holds_up_nobody(
    hass: HomeAssistant, thinger: ThingerSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Set-up does not wait for a device that does not answer."""
    monkeypatch.setattr(
        "custom_components.iot_platforms.coordinator.DISCOVERY_PATIENCE", 0.2
    )
    hang = Hang()
    thinger.faults.add(hang, path="/devices/boiler_ctl/resources")
    entry = await add_account(hass, thinger.account().credentials())
    assert state(hass, entry, "sensor", "meter/power").state == "431.7"
    registry = er.async_get(hass)
    unique_id = f"{entry.unique_id}/{TEMPERATURE}"
    assert registry.async_get_entity_id("sensor", DOMAIN, unique_id) is None
    hang.release()
    await wait_until(
        hass,
        lambda: registry.async_get_entity_id("sensor", DOMAIN, unique_id) is not None,
    )


async def test_two_accounts(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Two accounts of one server live side by side."""
    entry = await add_account(hass, thinger.account().credentials())
    other = await add_account(hass, thinger.account("guest").credentials())
    assert entry.unique_id != other.unique_id
    assert await hass.config_entries.async_remove(other.entry_id)
    assert state(hass, entry, "sensor", TEMPERATURE).state == "21.5"


async def test_device_token(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """A device token brings in its one device."""
    entry = await add_account(hass, thinger.account().device_credentials())
    devices = dr.async_entries_for_config_entry(dr.async_get(hass), entry.entry_id)
    assert [device.name for device in devices] == ["boiler_ctl"]
    assert state(hass, entry, "sensor", TEMPERATURE).state == "21.5"


async def test_a_month_without_a_password(
    hass: HomeAssistant, thinger: ThingerSimulator, time: Time
) -> None:
    """Tokens that run out every two hours, and daily restarts, ask for no password."""
    credentials = thinger.account().password_credentials()
    entry = await add_account(hass, {**credentials, "remember_password": False})
    assert "password" not in entry.data
    for _ in range(30):
        for _ in range(2):
            thinger.clock.advance(12 * 3600)
            await time.passes(12 * 3600)
        await reload(hass, entry)
        await wait_for_state(
            hass, entity_id(hass, entry, "sensor", TEMPERATURE), "21.5"
        )
    assert hass.config_entries.flow.async_progress() == []
    assert thinger.logins == 1
    assert thinger.refreshes >= 60


async def test_remembered_password_mends_a_lost_session(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """With the password kept, a revoked session signs in again by itself."""
    credentials = thinger.account().password_credentials()
    entry = await add_account(hass, {**credentials, "remember_password": True})
    thinger.revoke_grants()
    thinger.clock.advance(3 * 3600)
    await reload(hass, entry)
    assert entry.state is ConfigEntryState.LOADED
    assert thinger.logins == 2


async def test_lost_session_without_password(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """Without the password a revoked session asks the person."""
    credentials = thinger.account().password_credentials()
    entry = await add_account(hass, {**credentials, "remember_password": False})
    thinger.revoke_grants()
    thinger.clock.advance(3 * 3600)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert hass.config_entries.flow.async_progress()


async def test_removed_account_leaves_nothing(
    hass: HomeAssistant, thinger: ThingerSimulator, hass_storage: dict[str, object]
) -> None:
    """What was kept of an account goes with it."""
    entry = await add_account(hass, thinger.account().credentials())
    await reload(hass, entry)
    assert f"{DOMAIN}.{entry.entry_id}" in hass_storage
    await hass.config_entries.async_remove(entry.entry_id)
    await hass.async_block_till_done()
    assert f"{DOMAIN}.{entry.entry_id}" not in hass_storage


async def test_later_version_is_refused(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """An entry of a later version is left alone."""
    entry = await add_account(hass, thinger.account().credentials())
    await hass.config_entries.async_unload(entry.entry_id)
    hass.config_entries.async_update_entry(entry, version=2)
    await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.MIGRATION_ERROR


async def _next_list(thinger: ThingerSimulator, time: Time) -> None:
    thinger.clear_requests()
    await time.passes(61)
    assert len(thinger.requests("GET", "/devices$")) == 1


@pytest.mark.parametrize(
    "data", [{"url": "http://[nowhere"}, {"ca_certificate": "no certificate"}]
)
async def test_unusable_settings(
    hass: HomeAssistant, thinger: ThingerSimulator, data: dict[str, str]
) -> None:
    """Settings that can never work are not tried again and again."""
    entry = await add_account(hass, thinger.account().credentials())
    hass.config_entries.async_update_entry(entry, data={**entry.data, **data})
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR


async def test_lost_tokens_ask_the_person(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A password account whose tokens and password are gone has to be signed in again."""
    credentials = thinger.account().password_credentials()
    entry = await add_account(hass, {**credentials, "remember_password": False})
    data = {k: v for k, v in entry.data.items() if not k.endswith("_token")}
    hass.config_entries.async_update_entry(entry, data=data)
    await hass.config_entries.async_reload(entry.entry_id)
    assert entry.state is ConfigEntryState.SETUP_ERROR
    assert hass.config_entries.flow.async_progress()


async def test_push_notices_a_revoked_token(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A handshake that is refused leads to the question for a new token."""
    await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_sockets(5)
    thinger.access_token("home_assistant").enabled = False
    await thinger.close_sockets()
    await wait_for_flow(hass)
    await thinger.wait_for_sockets(0)


async def test_limited_discovery_hides_nothing_else(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """A server that wants us to wait in the middle of set-up does not make it fail."""
    limit = Status(429, headers={"Retry-After": "60"})
    thinger.faults.add(limit, path="/meter/resources/api$")
    entry = await add_account(hass, thinger.account().credentials())
    assert entry.state is ConfigEntryState.LOADED
    assert state(hass, entry, "binary_sensor", "meter").state == "on"


async def test_device_that_returns_while_it_is_asked(
    hass: HomeAssistant, thinger: ThingerSimulator, time: Time
) -> None:
    """What it answers may be old by then, so it is asked once more."""
    await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_subscription(event="device_state_change")
    meter = thinger.device("meter")
    hang = Hang()
    thinger.faults.add(hang, path="/meter/properties$", count=1)
    thinger.clear_requests()
    for _ in range(2):
        meter.go_offline()
        meter.go_online()
    await thinger.wait_for_request("GET", "/meter/properties$", finished=False)
    await thinger.flush()
    hang.release()
    await settle(hass)
    await time.passes(31)
    assert len(thinger.requests("GET", "/meter/resources/api$")) == 2


async def test_many_devices(hass: HomeAssistant, thinger: ThingerSimulator) -> None:
    """Each device has its socket, and commands still get through."""
    for number in range(120):
        thinger.add_device(
            Device(
                f"node{number}",
                active=True,
                resources=[Resource("value", Fn.OUTPUT, number)],
            )
        )
    entry = await add_account(hass, thinger.account().credentials())
    await thinger.wait_for_sockets(125)
    relay = entity_id(hass, entry, "switch", "boiler_ctl/relay")
    await hass.services.async_call(
        "switch", "turn_on", {"entity_id": relay}, blocking=True
    )
    assert len(thinger.device("boiler_ctl").resource("relay").calls) == 1
    assert thinger.max_in_flight <= 5
