"""Calls to devices: every outcome there is (10)."""

import asyncio
from typing import Any

import pytest

from custom_components.iot_platforms.adapters.base import CallsMethods
from custom_components.iot_platforms.adapters.thingsboard import adapter, client
from custom_components.iot_platforms.model.control import MethodCall
from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    CommandTimedOutError,
    ForbiddenError,
    PlatformError,
    RateLimitedError,
    UnreachableError,
)
from custom_components.iot_platforms.model.value import JsonValue

from .conftest import Accounts, key

from tests.adapters.account import Account, case_id
from tests.simulators.effects import Hang, LostResponse, Reset, Status
from tests.simulators.thingsboard import ThingsBoardSimulator
from tests.simulators.thingsboard.rpc.behaviour import EMPTY, NEVER, NotJson

DEVICE = "TH-0042"
CUSTOMER = "customer@thingsboard.org"
V1, V2 = "3.2.2", "4.3.1.3"
"""Servers that know only the older paths, and servers that know both."""
SCALE = 0.002
"""The shortest wait of five seconds takes ten milliseconds."""


@pytest.fixture(params=[V2, V1], ids=["v2", "v1"])
def version(request: pytest.FixtureRequest) -> str:
    """Return a version for each of the two forms."""
    version: str = request.param
    return version


@pytest.fixture
async def started(thingsboard: ThingsBoardSimulator, account: Account) -> Account:
    """Return an account that knows its devices; nobody waits for long."""
    return await start(thingsboard, account)


async def start(
    sim: ThingsBoardSimulator, account: Account, version: str = V2
) -> Account:
    """Let an account get to know a server of some version."""
    sim.switches.version = version
    sim.switches.rpc_scale = SCALE
    await account.start()
    sim.clear_requests()
    return account


async def call_id(
    account: Account,
    device_id: str,
    method: str = "setValue",
    parameters: JsonValue = 22.5,
    *,
    one_way: bool = False,
    timeout: float = 5,
) -> JsonValue:
    """Call a method of a device."""
    assert isinstance(account.adapter, CallsMethods)
    return await account.adapter.call_method(
        MethodCall(
            device_id=device_id,
            method=method,
            parameters=parameters,
            one_way=one_way,
            timeout=timeout,
        )
    )


async def call(account: Account, device: str, *what: Any, **how: Any) -> JsonValue:
    """Call a method of a device that is known by its name."""
    assert isinstance(account.sim, ThingsBoardSimulator)
    return await call_id(account, account.sim.device(device).id, *what, **how)


def go_inactive(sim: ThingsBoardSimulator, device: str) -> None:
    """Let a device go, and the server notice."""
    sim.device(device).disconnect()
    sim.clock.advance(
        sim.switches.inactivity_timeout + sim.switches.inactivity_check + 1
    )


# What devices answer (10.2).


@pytest.mark.parametrize(
    ("reply", "answer"),
    [
        (22.5, 22.5),
        ("on", "on"),
        (True, True),
        (0, 0),
        ({"ok": [1, None]}, {"ok": [1, None]}),
        ([1, "two"], [1, "two"]),
        (None, None),
        (EMPTY, None),
        ("", None),
    ],
    ids=case_id,
)
async def test_answers(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    version: str,
    reply: Any,
    answer: JsonValue,
) -> None:
    """A device's JSON is passed on, bare values too; nothing is nothing."""
    await start(thingsboard, account, version)
    device = thingsboard.device(DEVICE)
    device.rpc.on("setValue", reply)
    assert await call(account, DEVICE) == answer
    (arrived,) = device.rpc.calls
    assert (arrived.method, arrived.params, arrived.oneway, arrived.persistent) == (
        "setValue",
        22.5,
        False,
        False,
    )


@pytest.mark.parametrize(
    "parameters",
    [None, False, 0, "", "text", [], {"pin": 1, "enabled": True}],
    ids=case_id,
)
async def test_parameters(
    thingsboard: ThingsBoardSimulator, started: Account, parameters: JsonValue
) -> None:
    """Whatever JSON is wanted arrives as it is."""
    thingsboard.device(DEVICE).rpc.default = lambda method, params: [method, params]
    answer = await call(started, DEVICE, "setGpioStatus", parameters)
    assert answer == ["setGpioStatus", parameters]


async def test_answer_that_is_no_json(
    thingsboard: ThingsBoardSimulator, account: Account, version: str
) -> None:
    """The device took the call; what it said nobody can read."""
    await start(thingsboard, account, version)
    thingsboard.device(DEVICE).rpc.on("setValue", NotJson("OK, done"))
    with pytest.raises(CommandRejectedError) as raised:
        await call(account, DEVICE)
    assert raised.value.reason == "call_not_understood"


async def test_one_way(
    thingsboard: ThingsBoardSimulator, account: Account, version: str
) -> None:
    """Nobody waits for the answer of a one-way call."""
    await start(thingsboard, account, version)
    device = thingsboard.device(DEVICE)
    device.rpc.on("setValue", NEVER)
    assert await call(account, DEVICE, one_way=True) is None
    (arrived,) = device.rpc.calls
    assert arrived.oneway
    assert thingsboard.requests("POST", "/oneway/")
    assert not thingsboard.requests("POST", "/twoway/")


# Devices that are silent (10.2).


@pytest.mark.parametrize("one_way", [False, True])
async def test_device_that_is_not_connected(
    thingsboard: ThingsBoardSimulator, account: Account, version: str, one_way: bool
) -> None:
    """The older form says so; the newer one says nothing, and the server's state may be stale."""
    await start(thingsboard, account, version)
    thingsboard.device(DEVICE).disconnect()
    expected = CommandTimedOutError if version == V2 else CommandRejectedError
    with pytest.raises(expected) as raised:
        await call(account, DEVICE, one_way=one_way)
    reason = "command_timed_out" if version == V2 else "device_offline"
    assert raised.value.reason == reason


@pytest.mark.parametrize("one_way", [False, True])
async def test_device_that_is_not_active(
    thingsboard: ThingsBoardSimulator, account: Account, version: str, one_way: bool
) -> None:
    """Where the server knows that it is away, that is the reason; it is tried all the same."""
    await start(thingsboard, account, version)
    go_inactive(thingsboard, DEVICE)
    await account.refresh()
    assert account.online(thingsboard.device(DEVICE).id) is False
    with pytest.raises(CommandRejectedError) as raised:
        await call(account, DEVICE, one_way=one_way)
    assert raised.value.reason == "device_offline"
    assert thingsboard.requests("POST", "/rpc/")
    # What the server says forbids nothing: it may be stale.
    thingsboard.device(DEVICE).rpc.on("setValue", "done")
    thingsboard.device(DEVICE).connect()
    assert await call(account, DEVICE) == "done"


async def test_no_answer_in_time(
    thingsboard: ThingsBoardSimulator, account: Account, version: str
) -> None:
    """A device that has the call and says nothing."""
    await start(thingsboard, account, version)
    with pytest.raises(CommandTimedOutError):
        await call(account, DEVICE)
    assert len(thingsboard.device(DEVICE).rpc.calls) == 1
    go_inactive(thingsboard, DEVICE)
    await account.refresh()
    with pytest.raises(CommandRejectedError) as raised:
        await call(account, DEVICE)
    assert raised.value.reason == "device_offline"


async def test_activity_that_push_told(
    thingsboard: ThingsBoardSimulator, started: Account
) -> None:
    """The reason goes by what was heard last, by push too."""
    started.listen()
    started.watch(key(thingsboard, DEVICE, "telemetry/temperature"))
    await started.until(lambda: started.adapter.hears_devices)
    go_inactive(thingsboard, DEVICE)
    await started.until(lambda: started.online(thingsboard.device(DEVICE).id) is False)
    with pytest.raises(CommandRejectedError) as raised:
        await call(started, DEVICE)
    assert raised.value.reason == "device_offline"


async def test_rules_that_keep_calls_back(
    thingsboard: ThingsBoardSimulator, account: Account, version: str
) -> None:
    """A rule chain without calls: nobody ever answers."""
    await start(thingsboard, account, version)
    thingsboard.switches.rpc_forwarded = False
    with pytest.raises(CommandTimedOutError):
        await call(account, DEVICE)
    assert thingsboard.device(DEVICE).rpc.calls == []


async def test_device_that_connects_meanwhile(
    thingsboard: ThingsBoardSimulator, started: Account
) -> None:
    """Whoever comes while the server waits gets the call."""
    thingsboard.switches.rpc_scale = 1
    device = thingsboard.device(DEVICE)
    device.disconnect()
    device.rpc.on("setValue", "late")
    calling = asyncio.create_task(call(started, DEVICE))
    await thingsboard.wait_for_request("POST", "/api/rpc/", finished=False)
    await thingsboard.wait_until(lambda: bool(thingsboard.rpc.desk._queued))
    device.connect()
    assert await calling == "late"


# Devices that cannot be called.


@pytest.mark.parametrize("content_type", ["text/plain", "application/json"])
async def test_unknown_device(
    thingsboard: ThingsBoardSimulator, account: Account, version: str, content_type: Any
) -> None:
    """A device that is gone is no sign of an old server."""
    thingsboard.switches.text_error_type = content_type
    await start(thingsboard, account, version)
    device_id = thingsboard.device("Meter M1").id
    thingsboard.remove_device("Meter M1")
    for gone in (device_id, thingsboard.device("Foreign device").id):
        with pytest.raises(CommandRejectedError) as raised:
            await call_id(account, gone)
        assert raised.value.reason == "device_gone"
    has_tried_v1 = bool(thingsboard.requests("POST", "/plugins/rpc/"))
    assert has_tried_v1 is (version == V1)


async def test_other_customers_device(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, version: str
) -> None:
    """What belongs to somebody else is forbidden, and no reason to sign in again."""
    account = await start(thingsboard, accounts(email=CUSTOMER), version)
    with pytest.raises(ForbiddenError):
        await call(account, "Test Device B1")
    thingsboard.device(DEVICE).rpc.on("setValue", "done")
    assert await call(account, DEVICE) == "done"
    thingsboard.switches.customer_writes = False
    with pytest.raises(ForbiddenError):
        await call(account, DEVICE)
    assert len(thingsboard.device(DEVICE).rpc.calls) == 1


async def test_rate_limit(
    thingsboard: ThingsBoardSimulator, account: Account, version: str
) -> None:
    """Too many requests: later, perhaps."""
    await start(thingsboard, account, version)
    thingsboard.device(DEVICE).rpc.on("setValue", "done")
    await call(account, DEVICE)
    thingsboard.switches.tenant_rest_limits = "1:60"
    await call(account, DEVICE)
    with pytest.raises(RateLimitedError):
        await call(account, DEVICE)
    assert len(thingsboard.device(DEVICE).rpc.calls) == 2


@pytest.mark.parametrize(
    ("effect", "expected", "arrives"),
    [
        (Status(500), UnreachableError, False),
        (Status(502, html=True), UnreachableError, False),
        (Status(400), CommandRejectedError, False),
        (Reset(), UnreachableError, False),
        (LostResponse(), UnreachableError, True),
    ],
    ids=case_id,
)
async def test_trouble_on_the_way(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    effect: Any,
    expected: type[PlatformError],
    arrives: bool,
) -> None:
    """A call that failed on its way is not made again by itself: it may have arrived."""
    thingsboard.device(DEVICE).rpc.on("setValue", "done")
    thingsboard.faults.add(effect, path="/rpc/")
    with pytest.raises(expected) as raised:
        await call(started, DEVICE)
    assert raised.value.reason not in ("device_offline", "command_timed_out")
    assert len(thingsboard.requests("POST", "/rpc/")) == 1
    assert len(thingsboard.device(DEVICE).rpc.calls) == arrives


async def test_expired_token(
    thingsboard: ThingsBoardSimulator, started: Account
) -> None:
    """A token that ran out is renewed, and the device is called once."""
    thingsboard.device(DEVICE).rpc.on("setValue", "done")
    thingsboard.clock.advance(thingsboard.switches.access_seconds + 1)
    assert await call(started, DEVICE) == "done"
    assert len(thingsboard.device(DEVICE).rpc.calls) == 1
    assert thingsboard.refreshes == 1


async def test_ended_session(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Nobody is signed in any more: only a person can mend that."""
    account = await start(thingsboard, accounts(accounts.tokens()))
    thingsboard.end_sessions()
    with pytest.raises(BadCredentialsError):
        await call(account, DEVICE)


# Older servers (10.1).


async def test_older_path(thingsboard: ThingsBoardSimulator, account: Account) -> None:
    """Which form the server knows is found out once."""
    await start(thingsboard, account, V1)
    thingsboard.device(DEVICE).rpc.on("setValue", "done")
    for _ in range(3):
        assert await call(account, DEVICE) == "done"
    paths = [r.path.rpartition("/")[0] for r in thingsboard.requests("POST", "/rpc/")]
    assert paths == ["/api/rpc/twoway", *["/api/plugins/rpc/twoway"] * 3]


async def test_newer_path(thingsboard: ThingsBoardSimulator, started: Account) -> None:
    """Newer servers are not called by the deprecated form."""
    thingsboard.device(DEVICE).rpc.on("setValue", "done")
    await call(started, DEVICE)
    await call(started, DEVICE, one_way=True)
    paths = [r.path.rpartition("/")[0] for r in thingsboard.requests("POST", "/rpc/")]
    assert paths == ["/api/rpc/twoway", "/api/rpc/oneway"]


# How long it may take (10.1, 10.2, 18).


@pytest.mark.parametrize(
    ("timeout", "sent"), [(1, 5000), (5, 5000), (12.5, 12500), (25, 25000)]
)
async def test_time_that_a_device_gets(
    thingsboard: ThingsBoardSimulator, started: Account, timeout: float, sent: int
) -> None:
    """Milliseconds, and never less than the server's least."""
    thingsboard.device(DEVICE).rpc.on("setValue", "done")
    await call(started, DEVICE, timeout=timeout)
    (request,) = thingsboard.requests("POST", "/rpc/")
    assert request.json() == {"method": "setValue", "params": 22.5, "timeout": sent}


async def test_server_that_gives_up_first(
    thingsboard: ThingsBoardSimulator, account: Account, version: str
) -> None:
    """After 30 seconds the server itself gives up: that is silence too."""
    await start(thingsboard, account, version)
    with pytest.raises(CommandTimedOutError):
        await call(account, DEVICE, timeout=40)
    assert thingsboard.requests("POST", "/rpc/")[-1].status == 500
    go_inactive(thingsboard, DEVICE)
    await account.refresh()
    with pytest.raises(CommandRejectedError) as raised:
        await call(account, DEVICE, timeout=40)
    assert raised.value.reason == "device_offline"


async def test_server_that_never_answers(
    thingsboard: ThingsBoardSimulator,
    started: Account,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A server that says nothing is given up a little after the device's time."""
    monkeypatch.setattr(client, "RPC_MARGIN", 0.05 - client.LEAST_RPC_TIMEOUT)
    hang = Hang()
    thingsboard.faults.add(hang, path="/rpc/")
    async with asyncio.timeout(2):
        with pytest.raises(CommandTimedOutError):
            await call(started, DEVICE)
    hang.release()


async def test_slow_calls_hold_up_nobody(
    thingsboard: ThingsBoardSimulator, started: Account
) -> None:
    """However many devices take their time: others are called, and values are read."""
    hang = Hang()
    thingsboard.faults.add(
        hang, path=f"/rpc/twoway/{thingsboard.device('Meter M1').id}"
    )
    thingsboard.device("Meter M1").rpc.on("setValue", "slow")
    thingsboard.device(DEVICE).rpc.on("setValue", "quick")
    slow = [
        asyncio.create_task(call(started, "Meter M1"))
        for _ in range(adapter.MAX_REQUESTS + 1)
    ]
    await thingsboard.wait_until(lambda: hang.waiting == len(slow))
    async with asyncio.timeout(2):
        assert await call(started, DEVICE) == "quick"
        assert await started.read(key(thingsboard, DEVICE, "telemetry/temperature"))
    hang.release()
    assert await asyncio.gather(*slow) == ["slow"] * len(slow)
