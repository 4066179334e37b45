"""Actions on devices: calls, attributes and history; what arrives, what they answer, what they refuse."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant
from homeassistant.exceptions import HomeAssistantError, ServiceValidationError
from homeassistant.util import dt as dt_util
import pytest
import voluptuous as vol

from custom_components.iot_platforms.const import DOMAIN

from tests.boards import live_board
from tests.home import add_account, device_of
from tests.simulators.effects import Status
from tests.simulators.thinger import ThingerSimulator
from tests.simulators.thingsboard import Device, Scope, ThingsBoardSimulator

THERMOSTAT = "Thermostat T1"


@pytest.fixture
async def entry(hass: HomeAssistant, thingsboard: ThingsBoardSimulator) -> ConfigEntry:
    """Sign in to the sample account, and forget what was asked meanwhile."""
    return (await live_board(hass, thingsboard)).entry


@pytest.fixture
def device(thingsboard: ThingsBoardSimulator) -> Device:
    """Return the device that the actions are about."""
    return thingsboard.device(THERMOSTAT)


async def act(
    hass: HomeAssistant, entry: ConfigEntry, name: str, device: Device, **data: Any
) -> dict[str, Any] | None:
    """Call an action on a device."""
    supports = hass.services.supports_response(DOMAIN, name) != "none"
    return await hass.services.async_call(
        DOMAIN,
        name,
        {"device_id": device_of(hass, entry, device.id).id, **data},
        blocking=True,
        return_response=supports,
    )


# Calls


@pytest.mark.parametrize(
    "parameters", [22.5, "heat", True, None, {"pin": 1, "on": True}, [1, "two", None]]
)
async def test_call(
    hass: HomeAssistant, entry: ConfigEntry, device: Device, parameters: Any
) -> None:
    """Any JSON value arrives as it is, and the device's answer comes back."""
    device.rpc.on("echo", lambda method, params: {"got": params})
    answer = await act(
        hass, entry, "call_method", device, method="echo", parameters=parameters
    )
    assert answer == {"answer": {"got": parameters}}
    assert device.rpc.called("echo") == [parameters]


async def test_call_without_parameters(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
) -> None:
    """What a method does not need is not asked for; a device may have nothing to answer."""
    assert await act(hass, entry, "call_method", device, method="reboot") == {
        "answer": None
    }
    [request] = thingsboard.requests("POST", "/rpc/")
    assert request.path == f"/api/rpc/twoway/{device.id}"
    assert request.json()["timeout"] == 10_000
    assert device.rpc.called("reboot") == [None]


async def test_call_one_way(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
) -> None:
    """A call that nobody waits for has no answer."""
    device.rpc.on("blink", "never mind")
    answer = await act(
        hass, entry, "call_method", device, method="blink", one_way=True, timeout=5
    )
    assert answer == {"answer": None}
    [request] = thingsboard.requests("POST", "/rpc/")
    assert request.path == f"/api/rpc/oneway/{device.id}"
    assert request.json()["timeout"] == 5000
    assert device.rpc.called("blink") == [None]


async def test_call_without_response(
    hass: HomeAssistant, entry: ConfigEntry, device: Device
) -> None:
    """An automation need not take the answer."""
    await hass.services.async_call(
        DOMAIN,
        "call_method",
        {"device_id": device_of(hass, entry, device.id).id, "method": "reboot"},
        blocking=True,
    )
    assert device.rpc.called("reboot") == [None]


async def test_call_that_is_not_answered(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
) -> None:
    """Silence is told with the device's name: it may have done it or not."""
    thingsboard.switches.rpc_scale = 0.001
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, entry, "call_method", device, method="unheard")
    assert caught.value.translation_key == "command_timed_out"
    assert str(caught.value).startswith(THERMOSTAT)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("method", ""),
        ("timeout", 4.9),
        ("timeout", 26),
        ("one_way", "perhaps"),
        ("parameters", date(2026, 1, 1)),
        ("parameters", {"x": float("nan")}),
    ],
)
async def test_wrong_call(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
    field: str,
    value: Any,
) -> None:
    """What a field cannot take is refused with the field's name."""
    data = {"method": "reboot", field: value}
    with pytest.raises(vol.Invalid, match=f"at '{field}'"):
        await act(hass, entry, "call_method", device, **data)
    assert thingsboard.requests("POST", "/rpc/") == []


# Attributes


async def test_read_attributes(
    hass: HomeAssistant, entry: ConfigEntry, device: Device
) -> None:
    """Attributes come with their times: all, those of a scope, or those that are named."""

    async def read(**data: Any) -> dict[str, Any]:
        answer = await act(hass, entry, "read_attributes", device, **data)
        assert answer is not None
        assert set(answer) == {"attributes"}
        assert all(row["lastUpdateTs"] > 0 for row in answer["attributes"])
        return {row["key"]: row["value"] for row in answer["attributes"]}

    everything = await read()
    assert everything["model"] == "HX-3"
    assert everything["mode"] == "heat"
    assert everything["active"] is True
    assert set(await read(scope="shared")) == {
        "targetTemperature",
        "mode",
        "enabled",
    }
    assert await read(scope="client", names=["model"]) == {"model": "HX-3"}
    assert await read(names=["mode", "model", "nothing"]) == {
        "model": "HX-3",
        "mode": "heat",
    }
    assert await read(scope="client", names="model") == {"model": "HX-3"}
    assert await read(scope="server", names=["mode"]) == {}


async def test_write_attributes(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
) -> None:
    """Shared attributes reach the device, those of the server stay there."""
    values = {"targetTemperature": 19.5, "plan": {"mon": [6, 22]}, "eco": False}
    answer = await act(hass, entry, "write_attributes", device, attributes=values)
    assert answer is None
    for name, value in values.items():
        assert device.attribute(Scope.SHARED, name) == value
    assert device.attribute(Scope.SHARED, "mode") == "heat"
    assert device.telemetry("target") == 19.5
    await act(
        hass, entry, "write_attributes", device, scope="server", attributes={"room": 7}
    )
    assert device.attribute(Scope.SERVER, "room") == 7
    assert device.attribute(Scope.SHARED, "room") is None


async def test_write_attributes_of_the_server(
    hass: HomeAssistant, entry: ConfigEntry, device: Device
) -> None:
    """What the server keeps for itself is refused: a device must not look alive that is not."""
    with pytest.raises(HomeAssistantError) as caught:
        await act(
            hass,
            entry,
            "write_attributes",
            device,
            scope="server",
            attributes={"active": True},
        )
    assert caught.value.translation_key == "command_rejected"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("attributes", {}),
        ("attributes", []),
        ("attributes", "mode"),
        ("attributes", {"": 1}),
        ("attributes", {" ": 1}),
        ("attributes", {1: 1}),
        ("attributes", {"at": date(2026, 1, 1)}),
        ("scope", "client"),
        ("scope", "SHARED_SCOPE"),
    ],
)
async def test_wrong_attributes(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
    field: str,
    value: Any,
) -> None:
    """What cannot be written is refused before anything is sent."""
    data = {"attributes": {"mode": "heat"}, field: value}
    with pytest.raises(vol.Invalid, match=f"at '{field}"):
        await act(hass, entry, "write_attributes", device, **data)
    assert thingsboard.requests("POST", "/attributes/") == []


# History


def minutes_ago(sim: ThingsBoardSimulator, minutes: float) -> str:
    """Return a time that the server's clock has passed."""
    then = sim.clock.now_ms() / 1000 - minutes * 60
    return datetime.fromtimestamp(then, UTC).isoformat()


@pytest.fixture
def measured(thingsboard: ThingsBoardSimulator, device: Device) -> None:
    """Have a device measure something every minute of the last ten."""
    now = thingsboard.clock.now_ms()
    for minute in range(10, 0, -1):
        device.put_telemetry(
            {"level": minute, "flow": minute / 2}, ts=now - minute * 60_000
        )


async def history(
    hass: HomeAssistant, entry: ConfigEntry, device: Device, **data: Any
) -> dict[str, list[Any]]:
    """Return values of a device by their names, without their times."""
    answer = await act(hass, entry, "read_history", device, **data)
    assert answer is not None
    assert set(answer) == {"values"}
    return {
        name: [row["value"] for row in rows] for name, rows in answer["values"].items()
    }


@pytest.mark.usefixtures("measured")
async def test_history(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
) -> None:
    """Values of a time range, the oldest first."""
    start, end = minutes_ago(thingsboard, 5.5), minutes_ago(thingsboard, 2.5)
    found = await history(
        hass, entry, device, names=["level", "flow"], start=start, end=end
    )
    assert found == {"level": [5, 4, 3], "flow": [2.5, 2.0, 1.5]}
    found = await history(hass, entry, device, names="level", start=start)
    assert found == {"level": [5, 4, 3, 2, 1]}
    found = await history(hass, entry, device, names=["level"], start=start, limit=2)
    assert found == {"level": [5, 4]}
    assert await history(hass, entry, device, names=["nothing"], start=start) == {}


@pytest.mark.usefixtures("measured")
async def test_summary(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
) -> None:
    """Values of an interval become one."""
    start, end = minutes_ago(thingsboard, 4.5), minutes_ago(thingsboard, 0.5)
    for aggregation, expected in (
        ("min", [3, 1]),
        ("max", [4, 2]),
        ("avg", [3.5, 1.5]),
        ("sum", [7, 3]),
        ("count", [2, 2]),
    ):
        found = await history(
            hass,
            entry,
            device,
            names=["level"],
            start=start,
            end=end,
            aggregation=aggregation,
            interval={"minutes": 2},
        )
        assert found == {"level": expected}, aggregation
    # An interval alone says nothing.
    found = await history(
        hass, entry, device, names=["level"], start=start, end=end, interval="00:02:00"
    )
    assert found == {"level": [4, 3, 2, 1]}


@pytest.mark.usefixtures("measured")
async def test_time_without_zone(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
) -> None:
    """A time without a zone is one of Home Assistant's."""
    await hass.config.async_set_time_zone("America/New_York")
    start = datetime.fromisoformat(minutes_ago(thingsboard, 2.5))
    local = start.astimezone(dt_util.get_default_time_zone()).replace(tzinfo=None)
    found = await history(hass, entry, device, names=["level"], start=local)
    assert found == {"level": [2, 1]}


async def test_wrong_history(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
) -> None:
    """What makes no sense is refused with the field's name, before anything is sent."""
    start = minutes_ago(thingsboard, 5)
    tomorrow = (dt_util.utcnow() + timedelta(days=1)).isoformat()
    good = {"names": ["level"], "start": start}
    for wrong, key, field in (
        ({"end": start}, "end_before_start", "end"),
        ({"end": minutes_ago(thingsboard, 9)}, "end_before_start", "end"),
        ({"start": tomorrow}, "end_before_start", "end"),
        ({"aggregation": "avg"}, "interval_needed", "interval"),
        ({"aggregation": "sum", "interval": 0}, "interval_needed", "interval"),
    ):
        with pytest.raises(ServiceValidationError) as caught:
            await act(hass, entry, "read_history", device, **{**good, **wrong})
        assert caught.value.translation_key == key
        assert str(caught.value).startswith(f"{field}: ")
    for field, value in (
        ("names", []),
        ("names", [""]),
        ("start", "soon"),
        ("limit", 0),
        ("limit", 50_001),
        ("aggregation", "median"),
        ("interval", -1),
    ):
        with pytest.raises(vol.Invalid, match=f"at '{field}"):
            await act(hass, entry, "read_history", device, **{**good, field: value})
    assert thingsboard.requests(path="timeseries") == []


# All of them


SOME_DATA: dict[str, dict[str, Any]] = {
    "call_method": {"method": "reboot"},
    "read_attributes": {},
    "write_attributes": {"attributes": {"mode": "heat"}},
    "read_history": {"names": ["level"], "start": "2026-01-01 00:00:00"},
}


@pytest.mark.parametrize("action", SOME_DATA)
async def test_not_supported(
    hass: HomeAssistant, thinger: ThingerSimulator, action: str
) -> None:
    """Not every platform has this."""
    entry = await add_account(hass, thinger.account().credentials())
    data = {"device_id": device_of(hass, entry, "boiler_ctl").id, **SOME_DATA[action]}
    supports = hass.services.supports_response(DOMAIN, action) != "none"
    with pytest.raises(ServiceValidationError) as caught:
        await hass.services.async_call(
            DOMAIN, action, data, blocking=True, return_response=supports
        )
    assert caught.value.translation_key == "not_supported"
    assert entry.title in str(caught.value)


@pytest.mark.parametrize("action", SOME_DATA)
@pytest.mark.parametrize(
    ("status", "key"), [(403, "no_permission"), (503, "server_trouble")]
)
async def test_server_refuses(
    hass: HomeAssistant,
    thingsboard: ThingsBoardSimulator,
    entry: ConfigEntry,
    device: Device,
    action: str,
    status: int,
    key: str,
) -> None:
    """What the server has against it is told, with the device's name."""
    thingsboard.faults.add(Status(status), path=device.id)
    with pytest.raises(HomeAssistantError) as caught:
        await act(hass, entry, action, device, **SOME_DATA[action])
    assert caught.value.translation_key == key
    assert THERMOSTAT in str(caught.value)
    assert "{" not in str(caught.value)


@pytest.mark.parametrize("action", SOME_DATA)
async def test_account_that_is_not_loaded(
    hass: HomeAssistant, entry: ConfigEntry, device: Device, action: str
) -> None:
    """Actions exist while an account is not loaded, and say so."""
    await hass.config_entries.async_unload(entry.entry_id)
    with pytest.raises(ServiceValidationError) as caught:
        await act(hass, entry, action, device, **SOME_DATA[action])
    assert caught.value.translation_key == "service_config_entry_not_loaded"
