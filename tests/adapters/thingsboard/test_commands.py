"""What people want devices to do: a person's controls, and attributes (8, 10)."""

from collections.abc import Callable
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.base import KeepsAttributes
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.command import (
    Call,
    Command,
    Read,
    Run,
    Write,
)
from custom_components.iot_platforms.model.control import Control, ControlType
from custom_components.iot_platforms.model.device import ResourceKey, ResourceKind
from custom_components.iot_platforms.model.errors import (
    CommandRejectedError,
    ForbiddenError,
    PlatformError,
    UnexpectedAnswerError,
    UnreachableError,
    UnsafeReadError,
)
from custom_components.iot_platforms.model.value import JsonValue

from .conftest import Accounts, key

from tests.adapters.account import Account, case_id
from tests.simulators.effects import LostResponse, Replace, Status
from tests.simulators.thingsboard import Scope, ThingsBoardSimulator

DEVICE = "TH-0042"
CUSTOMER = "customer@thingsboard.org"
SCALE = 0.002


@pytest.fixture
async def started(thingsboard: ThingsBoardSimulator, account: Account) -> Account:
    """Return an account that knows its devices."""
    await account.start()
    thingsboard.clear_requests()
    return account


async def do(account: Account, command: Command) -> JsonValue:
    """Do something."""
    return await account.adapter.execute(command)


# A person's controls (10.4).


def control(
    sim: ThingsBoardSimulator,
    type_: ControlType,
    parameters: JsonValue = None,
    **more: Any,
) -> Control:
    """Make a control of the device."""
    return Control(
        id="mine",
        name="Mine",
        type=type_,
        devices=frozenset({sim.device(DEVICE).id}),
        method="setIt",
        parameters=parameters,
        **more,
    )


@pytest.mark.parametrize(
    ("type_", "more", "value", "sent"),
    [
        (ControlType.BUTTON, {}, None, None),
        (ControlType.BUTTON, {"parameters": {"pin": 1}}, None, {"pin": 1}),
        (ControlType.BUTTON, {"parameters": []}, None, []),
        (ControlType.SWITCH, {}, True, True),
        (ControlType.SWITCH, {}, False, False),
        (ControlType.SWITCH, {"on": "ON", "off": "OFF"}, True, "ON"),
        (ControlType.SWITCH, {"on": "ON", "off": "OFF"}, False, "OFF"),
        (ControlType.SWITCH, {"on": 1, "off": 0}, False, 0),
        (
            ControlType.SWITCH,
            {"parameters": {"pin": 1, "enabled": "$value"}, "on": 1, "off": 0},
            True,
            {"pin": 1, "enabled": 1},
        ),
        (ControlType.NUMBER, {}, 22.5, 22.5),
        (ControlType.NUMBER, {}, 0, 0),
        (
            ControlType.NUMBER,
            {"parameters": {"to": ["$value", {"deep": "$value"}], "at": "$values"}},
            7,
            {"to": [7, {"deep": 7}], "at": "$values"},
        ),
        (ControlType.TEXT, {}, "", ""),
        (ControlType.TEXT, {"parameters": "$value"}, "$value", "$value"),
        (ControlType.SELECT, {"options": ("eco", "heat")}, "eco", "eco"),
        (
            ControlType.SELECT,
            {"options": ("eco",), "parameters": {"mode": "$value"}},
            "eco",
            {"mode": "eco"},
        ),
    ],
)
@pytest.mark.parametrize("one_way", [False, True])
async def test_control(
    thingsboard: ThingsBoardSimulator,
    accounts: Accounts,
    type_: ControlType,
    more: dict[str, Any],
    value: JsonValue,
    sent: JsonValue,
    one_way: bool,
) -> None:
    """Method and parameters arrive once, with the value where the person wanted it."""
    made = control(thingsboard, type_, one_way=one_way, timeout=7.5, **more)
    account = accounts(choices=Choices(controls=(made,)))
    await account.start()
    thingsboard.clear_requests()
    device = thingsboard.device(DEVICE)
    device.rpc.on("setIt", {"done": True})
    the_key = key(thingsboard, DEVICE, "control/mine")
    resource = account.state.resource(the_key)
    assert resource is not None
    is_button = type_ is ControlType.BUTTON
    assert resource.kind is (ResourceKind.CALLBACK if is_button else ResourceKind.INPUT)
    command = Run(the_key) if is_button else Write(the_key, value)
    assert await do(account, command) == (None if one_way else {"done": True})
    (arrived,) = device.rpc.calls
    assert (arrived.method, arrived.params, arrived.oneway) == ("setIt", sent, one_way)
    (request,) = thingsboard.requests()
    assert request.json()["timeout"] == 7500


async def test_control_of_some_devices(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Only the devices that the person chose have a control; each is called itself."""
    names = (DEVICE, "Thermostat T1")
    made = Control(
        id="boost",
        name="Boost",
        type=ControlType.BUTTON,
        devices=frozenset(thingsboard.device(name).id for name in names),
        method="boost",
    )
    account = accounts(choices=Choices(controls=(made,)))
    await account.start()
    assert {
        key.device_id
        for known in account.state.devices.values()
        for key in known.resources
        if key.resource_id == "control/boost"
    } == made.devices
    thingsboard.device("Thermostat T1").rpc.on("boost", "on")
    await do(account, Run(key(thingsboard, "Thermostat T1", "control/boost")))
    assert [d.name for d, _ in thingsboard.rpc.calls()] == ["Thermostat T1"]


async def test_control_of_a_device_that_is_away(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """What a call fails for, a control fails for."""
    thingsboard.switches.rpc_scale = SCALE
    made = control(thingsboard, ControlType.BUTTON)
    account = accounts(choices=Choices(controls=(made,)))
    await account.start()
    thingsboard.device(DEVICE).disconnect()
    thingsboard.clock.advance(1000)
    await account.refresh()
    with pytest.raises(CommandRejectedError) as raised:
        await do(account, Run(key(thingsboard, DEVICE, "control/mine")))
    assert raised.value.reason == "device_offline"


@pytest.mark.parametrize("type_", ControlType)
async def test_controls_are_never_read(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, type_: ControlType
) -> None:
    """To look at a control must not call the device: a switch would go off."""
    made = control(thingsboard, type_)
    thingsboard.switches.rpc_scale = SCALE
    account = accounts(choices=Choices(controls=(made,)))
    await account.start()
    the_key = key(thingsboard, DEVICE, "control/mine")
    with pytest.raises(UnsafeReadError):
        await do(account, Read(the_key))
    assert await account.read(the_key) == []
    assert thingsboard.rpc.calls() == []


# Writing attributes (8.2).


@pytest.mark.parametrize(
    ("resource_id", "scope", "name", "value"),
    [
        ("shared/targetTemperature", "SHARED_SCOPE", "targetTemperature", 23.5),
        ("shared/mode", "SHARED_SCOPE", "mode", "eco"),
        ("shared/enabled", "SHARED_SCOPE", "enabled", False),
        ("shared/new", "SHARED_SCOPE", "new", {"a": [1, {"b": None}]}),
        ("shared/new", "SHARED_SCOPE", "new", []),
        ("shared/a/b c", "SHARED_SCOPE", "a/b c", 1),
        ("shared/50%", "SHARED_SCOPE", "50%", 1),
        ("shared/ü&ö?#+", "SHARED_SCOPE", "ü&ö?#+", 1),
        ("shared/a,b", "SHARED_SCOPE", "a,b", 1),
        (
            "server/temperatureAlarmThreshold",
            "SERVER_SCOPE",
            "temperatureAlarmThreshold",
            19,
        ),
        ("server/inactivityTimeout", "SERVER_SCOPE", "inactivityTimeout", 5000),
    ],
)
async def test_write(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    resource_id: str,
    scope: str,
    name: str,
    value: JsonValue,
) -> None:
    """One write to the right scope, and one look whether it is there."""
    device = thingsboard.device(DEVICE)
    assert await do(started, Write(ResourceKey(device.id, resource_id), value)) is None
    assert device.attribute(scope, name) == value
    post, get = thingsboard.requests()
    base = f"/api/plugins/telemetry/DEVICE/{device.id}"
    assert (post.method, post.path) == ("POST", f"{base}/attributes/{scope}")
    assert post.json() == {name: value}
    assert (get.method, get.path) == ("GET", f"{base}/values/attributes/{scope}")
    assert get.query == {"key" if "," in name else "keys": name}


async def test_device_hears_of_a_write(
    thingsboard: ThingsBoardSimulator, started: Account
) -> None:
    """A shared attribute reaches the device, which tells what it made of it."""
    await do(started, Write(key(thingsboard, DEVICE, "shared/targetTemperature"), 19))
    assert thingsboard.device(DEVICE).telemetry("target") == 19


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("007", 7),
        ("22.50", 22.5),
        (".5", 0.5),
        ("-3", -3),
        ("1E10", "1E10"),
        ("true", "true"),
        ("12345678901234567890", 12345678901234567000.0),
        (22.0, 22.0),
        (12345678901234567, 12345678901234567),
        (" 5", " 5"),
    ],
    ids=case_id,
)
async def test_texts_that_look_like_numbers(
    thingsboard: ThingsBoardSimulator, started: Account, written: Any, kept: Any
) -> None:
    """The server makes numbers of some texts: that is what was written (8.2)."""
    await do(started, Write(key(thingsboard, DEVICE, "shared/code"), written))
    found = thingsboard.device(DEVICE).attribute("SHARED_SCOPE", "code")
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("007", "8"),
        (1, "true"),
        (True, "1"),
        (True, '"True"'),
        ("5", "true"),
        ("1", "true"),
        ({"a": 1}, '{"a": 2}'),
        ("old", "null"),
        (None, "22.5"),
    ],
    ids=case_id,
)
async def test_what_is_not_kept(
    thingsboard: ThingsBoardSimulator, started: Account, written: Any, kept: str
) -> None:
    """What stands there afterwards is something else: nothing was written."""
    thingsboard.faults.add(
        Replace(
            f'[{{"lastUpdateTs": 1, "key": "code", "value": {kept}}}]',
            content_type="application/json",
        ),
        method="GET",
        path="/values/attributes/",
    )
    with pytest.raises(CommandRejectedError) as raised:
        await do(started, Write(key(thingsboard, DEVICE, "shared/code"), written))
    assert raised.value.reason == "not_stored"


async def test_null(thingsboard: ThingsBoardSimulator, started: Account) -> None:
    """The server skips nulls: what has a value keeps it, and that is told (8.2)."""
    assert isinstance(started.adapter, KeepsAttributes)
    device = thingsboard.device(DEVICE)
    with pytest.raises(CommandRejectedError) as raised:
        await started.adapter.write_attributes(
            device.id, "shared", {"mode": None, "other": 1}
        )
    assert raised.value.reason == "not_stored"
    assert str(raised.value) == "mode"
    assert device.attribute("SHARED_SCOPE", "mode") == "heat"
    # Without a value it is what was wanted.
    await started.adapter.write_attributes(device.id, "shared", {"never": None})


async def test_silent_loss(thingsboard: ThingsBoardSimulator, started: Account) -> None:
    """A yes of a server that keeps nothing counts for nothing."""
    thingsboard.faults.add(Status(200, body=""), method="POST", path="/attributes/")
    for resource_id in ("shared/mode", "shared/new", "server/new"):
        with pytest.raises(CommandRejectedError) as raised:
            await do(started, Write(key(thingsboard, DEVICE, resource_id), "eco"))
        assert raised.value.reason == "not_stored"


@pytest.mark.parametrize(
    "resource_id",
    [
        "server/active",
        "server/lastActivityTime",
        "server/lastConnectTime",
        "server/lastDisconnectTime",
        "server/inactivityAlarmTime",
        "client/model",
        "telemetry/temperature",
    ],
)
async def test_what_is_not_for_writing(
    thingsboard: ThingsBoardSimulator, started: Account, resource_id: str
) -> None:
    """What the server or the device itself keeps is refused, and nothing is sent (8.2)."""
    with pytest.raises(CommandRejectedError):
        await do(started, Write(key(thingsboard, DEVICE, resource_id), 1))
    scope, _, name = resource_id.partition("/")
    assert isinstance(started.adapter, KeepsAttributes)
    with pytest.raises(CommandRejectedError):
        await started.adapter.write_attributes(
            thingsboard.device(DEVICE).id, scope, {"harmless": 1, name: 1}
        )
    assert thingsboard.requests() == []
    assert thingsboard.unsafe_writes == []


@pytest.mark.parametrize(
    "make",
    [
        lambda device: Write(ResourceKey(device, "shared/mode", ("part",)), 1),
        lambda device: Write(ResourceKey(device, "position/telemetry"), 1),
        lambda device: Write(ResourceKey(device, "nonsense"), 1),
        lambda device: Run(ResourceKey(device, "shared/mode")),
        lambda device: Run(ResourceKey(device, "control/gone")),
        lambda device: Call(ResourceKey(device, "shared/mode"), 1),
        lambda device: Read(ResourceKey(device, "shared/")),
        lambda device: Read(ResourceKey(device, "position/telemetry")),
    ],
)
async def test_what_there_is_not(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    make: Callable[[str], Command],
) -> None:
    """What this platform has no such thing for."""
    with pytest.raises(CommandRejectedError) as raised:
        await do(started, make(thingsboard.device(DEVICE).id))
    assert raised.value.reason == "resource_missing"
    assert thingsboard.requests() == []


@pytest.mark.parametrize("make", [lambda k: Write(k, 1), Read], ids=["write", "read"])
async def test_device_that_is_gone(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    make: Callable[[ResourceKey], Command],
) -> None:
    """A device that was deleted meanwhile."""
    the_key = key(thingsboard, DEVICE, "shared/mode")
    telemetry = key(thingsboard, DEVICE, "telemetry/temperature")
    thingsboard.remove_device(DEVICE)
    for each in (the_key, telemetry) if make is Read else (the_key,):
        with pytest.raises(CommandRejectedError) as raised:
            await do(started, make(each))
        assert raised.value.reason == "device_gone"


async def test_missing_rights(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """What a role may not do is told as such: nobody has to sign in again."""
    account = accounts(email=CUSTOMER)
    await account.start()
    await do(account, Write(key(thingsboard, DEVICE, "shared/mode"), "eco"))
    with pytest.raises(ForbiddenError):
        await do(account, Write(key(thingsboard, "Meter M1", "shared/mode"), "eco"))
    with pytest.raises(ForbiddenError):
        await do(account, Read(key(thingsboard, "Meter M1", "shared/mode")))
    thingsboard.switches.customer_writes = False
    with pytest.raises(ForbiddenError):
        await do(account, Write(key(thingsboard, DEVICE, "shared/mode"), "heat"))
    assert thingsboard.device(DEVICE).attribute("SHARED_SCOPE", "mode") == "eco"


@pytest.mark.parametrize(
    ("effect", "method", "expected"),
    [
        (Status(400, body="Invalid JSON"), "POST", CommandRejectedError),
        (Status(500), "POST", UnreachableError),
        (LostResponse(), "POST", UnreachableError),
        (Status(500), "GET", UnreachableError),
        (Replace("{}", content_type="application/json"), "GET", UnexpectedAnswerError),
    ],
    ids=case_id,
)
async def test_trouble_on_the_way(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    effect: Any,
    method: str,
    expected: type[PlatformError],
) -> None:
    """Nothing is written twice, and nothing is taken for done that is not sure."""
    thingsboard.faults.add(effect, method=method, path="/attributes/")
    with pytest.raises(expected):
        await do(started, Write(key(thingsboard, DEVICE, "shared/mode"), "eco"))
    assert len(thingsboard.requests("POST")) == 1


# Reading because a person asks (8.1).


@pytest.mark.parametrize(
    ("device", "resource_id", "leaf", "value"),
    [
        (DEVICE, "telemetry/temperature", (), 21.5),
        (DEVICE, "shared/mode", (), "heat"),
        (DEVICE, "client/model", (), "HX-3"),
        ("Thermostat T1", "server/temperatureAlarmThreshold", (), 20),
        ("Weather station", "telemetry/wind", ("speed",), 4.2),
        ("Weather station", "telemetry/wind", ("speed", "deeper"), None),
        ("Weather station", "telemetry/Air pressure", (), 1013.2),
        ("Weather station", "telemetry/rain/hour", (), 0.4),
        ("Weather station", "telemetry/温度", (), 17.3),
        ("Weather station", "telemetry/serial", (), "007"),
        (DEVICE, "telemetry/unheard", (), None),
        (DEVICE, "shared/unheard", (), None),
    ],
)
async def test_read(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    device: str,
    resource_id: str,
    leaf: tuple[str, ...],
    value: JsonValue,
) -> None:
    """One value, in its own type; of an object the part that was asked for."""
    assert (
        await do(started, Read(key(thingsboard, device, resource_id, *leaf))) == value
    )
    assert len(thingsboard.requests()) == 1


@pytest.mark.parametrize("in_telemetry", [False, True])
async def test_read_of_a_moment(
    thingsboard: ThingsBoardSimulator, account: Account, in_telemetry: bool
) -> None:
    """Moments are what they are in the list: seconds, and none where there was none (9)."""
    thingsboard.switches.persist_state_to_telemetry = in_telemetry
    device = thingsboard.device(DEVICE)
    device.heard()
    await account.start()
    source = "telemetry" if in_telemetry else "server"
    the_key = key(thingsboard, DEVICE, f"{source}/lastActivityTime")
    known = account.state.value(the_key)
    assert isinstance(known, float)
    assert abs(known - thingsboard.clock.now()) < 60
    assert await do(account, Read(the_key)) == known
    device.save_attributes(Scope.SERVER, {"lastDisconnectTime": 0})
    never = key(thingsboard, DEVICE, "server/lastDisconnectTime")
    assert await do(account, Read(never)) is None


@pytest.mark.parametrize(
    ("scope", "names", "expected"),
    [
        ("shared", ["mode"], {"mode": "heat"}),
        ("shared", [], {"mode": "heat", "targetTemperature": 22, "enabled": True}),
        ("client", ["model", "unheard"], {"model": "HX-3"}),
        (None, ["mode", "model"], {"mode": "heat", "model": "HX-3"}),
    ],
)
async def test_read_attributes(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    scope: str | None,
    names: list[str],
    expected: dict[str, JsonValue],
) -> None:
    """Attributes of one scope or of all, with their times."""
    assert isinstance(started.adapter, KeepsAttributes)
    rows: list[Any] = await started.adapter.read_attributes(
        thingsboard.device(DEVICE).id, scope, names
    )
    assert {row["key"]: row["value"] for row in rows} == expected
    assert all(row["lastUpdateTs"] for row in rows)
