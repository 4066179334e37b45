"""What people want devices to do, and what can be done with an account (5.5, 7, 8, 10)."""

from collections.abc import Callable
from typing import Any

import jwt
import pytest

from custom_components.iot_platforms.adapters.base import (
    CallsEndpoints,
    ManagesDevices,
    ManagesDeviceTokens,
    ReadsBuckets,
)
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.command import (
    Call,
    Command,
    Read,
    Run,
    Write,
)
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.errors import (
    CommandRejectedError,
    CommandTimedOutError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
    UnsafeReadError,
)

from .conftest import Accounts

from tests.adapters.account import Account, key_of
from tests.simulators.effects import LostResponse, Replace, Rewrite, Status
from tests.simulators.journal import Request
from tests.simulators.thinger import (
    Fn,
    Resource,
    Style,
    ThingerSimulator,
)


@pytest.fixture
async def started(account: Account) -> Account:
    """Return an account that knows its main device."""
    await account.start("boiler_ctl")
    return account


async def do(account: Account, command: Command) -> Any:
    """Do something."""
    return await account.adapter.execute(command)


def sent(request: Request) -> tuple[str, str, bytes]:
    """Return what arrived."""
    return request.method, request.raw_path, request.body


DEVICE = "users/demo/devices/boiler_ctl"


@pytest.mark.parametrize(
    ("command", "v3", "v2"),
    [
        (
            Write(ResourceKey("boiler_ctl", "relay"), False),
            ("POST", f"/v3/{DEVICE}/resources/relay", b"false"),
            ("POST", f"/v2/{DEVICE}/relay", b'{"in": false}'),
        ),
        (
            Write(ResourceKey("boiler_ctl", "rgb"), {"r": 1, "g": 2, "b": 3}),
            ("POST", f"/v3/{DEVICE}/resources/rgb", b'{"r": 1, "g": 2, "b": 3}'),
            ("POST", f"/v2/{DEVICE}/rgb", b'{"in": {"r": 1, "g": 2, "b": 3}}'),
        ),
        (
            Write(ResourceKey("boiler_ctl", "message"), ""),
            ("POST", f"/v3/{DEVICE}/resources/message", b'""'),
            ("POST", f"/v2/{DEVICE}/message", b'{"in": ""}'),
        ),
        (
            Call(ResourceKey("boiler_ctl", "threshold"), {"value": 31}),
            ("POST", f"/v3/{DEVICE}/resources/threshold", b'{"value": 31}'),
            ("POST", f"/v2/{DEVICE}/threshold", b'{"in": {"value": 31}}'),
        ),
        (
            Run(ResourceKey("boiler_ctl", "reboot")),
            ("POST", f"/v3/{DEVICE}/resources/reboot", b""),
            ("GET", f"/v2/{DEVICE}/reboot", b""),
        ),
        (
            Read(ResourceKey("boiler_ctl", "Flow meter")),
            ("GET", f"/v3/{DEVICE}/resources/Flow%20meter", b""),
            ("GET", f"/v2/{DEVICE}/Flow%20meter", b""),
        ),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.parametrize("version", ["v3", "v2"])
async def test_what_is_sent(
    sim: ThingerSimulator,
    account: Account,
    version: str,
    command: Command,
    v3: tuple[str, str, bytes],
    v2: tuple[str, str, bytes],
) -> None:
    """Method, address and body, by both versions; each command is one request (7)."""
    sim.switches.v3 = version == "v3"
    await account.start("boiler_ctl")
    sim.clear_requests()
    await do(account, command)
    (request,) = sim.requests()
    assert sent(request) == (v3 if version == "v3" else v2)
    resource = sim.device("boiler_ctl").resource(command.key.resource_id)
    assert resource.runs == (not isinstance(command, Read))


@pytest.mark.parametrize("v3", [True, False])
async def test_answers(sim: ThingerSimulator, account: Account, v3: bool) -> None:
    """What a device answers, without the wrapper of v2."""
    sim.switches.v3 = v3
    boiler = sim.device("boiler_ctl")
    boiler.add_resource(
        Resource(
            "sum",
            Fn.INPUT_OUTPUT,
            {"a": 0, "b": 0},
            style=Style.NAIVE,
            function=lambda given: {"sum": given["a"] + given["b"]},  # type: ignore[index,operator,call-overload]
        )
    )
    await account.start()
    key = key_of("boiler_ctl/sum")
    assert await do(account, Call(key, {"a": 2, "b": 3})) == {"sum": 5}
    assert await do(account, Write(key_of("boiler_ctl/relay"), True)) is None
    assert await do(account, Read(key_of("boiler_ctl/temperature"))) == 21.5
    assert await do(account, Run(key_of("boiler_ctl/reboot"))) is None


async def test_command_before_anything_is_known(
    sim: ThingerSimulator, account: Account
) -> None:
    """After a restart commands work at once; which version there is is found out on the way."""
    sim.switches.v3 = False
    await account.adapter.connect()
    await do(account, Write(key_of("boiler_ctl/relay"), False))
    assert [r.status for r in sim.requests()] == [404, 200]
    await do(account, Write(key_of("boiler_ctl/relay"), True))
    assert len(sim.requests()) == 3
    assert [c.value for c in sim.device("boiler_ctl").resource("relay").calls] == [
        False,
        True,
    ]


async def test_version_is_learnt_by_commands(
    sim: ThingerSimulator, account: Account
) -> None:
    """Once v3 answered, a 404 is about the device."""
    await account.adapter.connect()
    await do(account, Write(key_of("boiler_ctl/relay"), False))
    sim.device("boiler_ctl").go_offline()
    sim.clear_requests()
    with pytest.raises(CommandRejectedError):
        await do(account, Write(key_of("boiler_ctl/relay"), False))
    assert not sim.requests(path="^/v2")


# Reading because a person asks.


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("boiler_ctl/status:mode", "eco"),
        ("boiler_ctl/status:mode:deeper", None),
        ("boiler_ctl/$property/setpoint", 21),
        ("lora_probe/$property/last:battery", 3.61),
        ("boiler_ctl/$bucket/climate:celsius", 19.25),
        ("boiler_ctl/$stats:ip_address", "203.0.113.9"),
    ],
)
async def test_read(started: Account, key: str, value: Any) -> None:
    """Parts of values, and what the server itself holds."""
    assert await do(started, Read(key_of(key))) == value


async def test_read_records_whole(sim: ThingerSimulator, started: Account) -> None:
    """The whole of what the server holds."""
    assert await do(started, Read(key_of("lora_probe/$property/last"))) == {
        "celsius": 7.9,
        "battery": 3.61,
    }
    assert await do(started, Read(key_of("boiler_ctl/$bucket/climate"))) == {
        "celsius": 19.25
    }
    statistics = await do(started, Read(key_of("boiler_ctl/$stats")))
    assert statistics.keys() == {"ip_address", "rx_bytes", "tx_bytes", "connected_ts"}
    sim.bucket("climate").rows.clear()
    assert await do(started, Read(key_of("boiler_ctl/$bucket/climate"))) == {}


@pytest.mark.parametrize("body", ["[]", "{}"])
async def test_read_of_a_missing_property(
    sim: ThingerSimulator, started: Account, body: str
) -> None:
    """A property that is no more."""
    sim.faults.add(Replace(body), path="/properties$")
    with pytest.raises(CommandRejectedError) as raised:
        await do(started, Read(key_of("boiler_ctl/$property/setpoint")))
    assert raised.value.reason == "resource_missing"


@pytest.mark.parametrize("name", ["relay", "pump", "threshold", "reboot"])
async def test_unsafe_read(sim: ThingerSimulator, started: Account, name: str) -> None:
    """What could act on the device is not read, and nothing is sent (6.3)."""
    sim.clear_requests()
    with pytest.raises(UnsafeReadError):
        await do(started, Read(key_of(f"boiler_ctl/{name}")))
    assert sim.requests() == []


async def test_safe_read(sim: ThingerSimulator, accounts: Accounts) -> None:
    """What a person marked is read: an input is its state, an in/out both halves."""
    sim.device("boiler_ctl").resource("threshold").style = Style.GUARDED
    names = ("relay", "threshold", "reboot")
    safe = frozenset(ResourceKey("boiler_ctl", name) for name in names)
    account = accounts(choices=Choices(safe_resources=safe))
    await account.start()
    assert await do(account, Read(key_of("boiler_ctl/relay"))) is True
    assert await do(account, Read(key_of("boiler_ctl/threshold"))) == {
        "in": {"value": 30},
        "out": {"value": 30},
    }
    assert await do(account, Read(key_of("boiler_ctl/threshold:out:value"))) == 30
    # A callback has nothing to read, marked or not.
    with pytest.raises(UnsafeReadError):
        await do(account, Read(key_of("boiler_ctl/reboot")))


async def test_read_before_anything_is_known(
    sim: ThingerSimulator, account: Account
) -> None:
    """What is not known is asked first: only then it is sure what reading does."""
    await account.adapter.connect()
    assert await do(account, Read(key_of("boiler_ctl/temperature"))) == 21.5
    with pytest.raises(UnsafeReadError):
        await do(account, Read(key_of("greenhouse/climate/setpoint")))
    with pytest.raises(CommandRejectedError) as raised:
        await do(account, Read(key_of("old_node/temperature")))
    assert raised.value.reason == "device_offline"
    with pytest.raises(CommandRejectedError) as raised:
        await do(account, Read(key_of("boiler_ctl/unheard_of")))
    assert raised.value.reason == "resource_missing"
    assert len(sim.requests(path="/boiler_ctl/resources/api$")) == 1


async def test_read_without_the_list(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Who may not list what there is cannot know what is safe."""
    allow: Any = {"Device": {"*": ["ListDevices", "AccessDeviceResources"]}}
    jwt = sim.mint_access_token("narrow", allow=allow).jwt
    account = accounts({"url": sim.url, "access_token": jwt})
    await account.start()
    with pytest.raises(ForbiddenError):
        await do(account, Read(key_of("boiler_ctl/temperature")))
    assert await account.read("boiler_ctl/temperature") == []
    # What takes a value can be written all the same.
    await do(account, Write(key_of("boiler_ctl/relay"), False))
    assert sim.device("boiler_ctl").resource("temperature").reads == 0


# Running.


@pytest.mark.parametrize("v3", [True, False])
@pytest.mark.parametrize("name", ["relay", "pump", "threshold", "temperature"])
async def test_run_of_what_is_no_callback(
    sim: ThingerSimulator, account: Account, name: str, v3: bool
) -> None:
    """To run an input is to call it with an empty value: it is not done (6.3)."""
    sim.switches.v3 = v3
    await account.start("boiler_ctl")
    sim.clear_requests()
    with pytest.raises(UnsafeReadError):
        await do(account, Run(key_of(f"boiler_ctl/{name}")))
    assert sim.requests() == []


# Failures (8).


@pytest.mark.parametrize(
    "command",
    [
        Write(ResourceKey("boiler_ctl", "relay"), False),
        Run(ResourceKey("boiler_ctl", "reboot")),
        Read(ResourceKey("boiler_ctl", "temperature")),
    ],
    ids=lambda command: type(command).__name__,
)
@pytest.mark.parametrize(
    ("trouble", "error", "reason"),
    [
        (lambda sim: sim.device("boiler_ctl").go_offline(), CommandRejectedError, "device_offline"),
        (lambda sim: sim.remove_device("boiler_ctl"), CommandRejectedError, "device_gone"),
        (lambda sim: sim.device("boiler_ctl").resources.clear(), CommandRejectedError, "resource_missing"),
        (lambda sim: sim.device("boiler_ctl").crash(), CommandTimedOutError, "command_timed_out"),
        (lambda sim: sim.faults.add(Status(500)), CommandRejectedError, "command_rejected"),
        (lambda sim: sim.faults.add(Status(400)), CommandRejectedError, "command_rejected"),
        (lambda sim: sim.faults.add(Status(403)), ForbiddenError, "no_permission"),
        (lambda sim: sim.faults.add(Status(429)), RateLimitedError, "rate_limited"),
        (lambda sim: sim.faults.add(Replace("<html>")), UnexpectedAnswerError, "unexpected_answer"),
    ],
)  # fmt: skip
async def test_failures(
    sim: ThingerSimulator,
    started: Account,
    command: Command,
    trouble: Callable[[ThingerSimulator], object],
    error: type[PlatformError],
    reason: str,
) -> None:
    """Each failure says what it is."""
    sim.switches.silent_delay = 0
    trouble(sim)
    with pytest.raises(error) as raised:
        await do(started, command)
    assert raised.value.reason == reason


async def test_words_of_the_firmware(sim: ThingerSimulator, started: Account) -> None:
    """What the device says about it is passed on."""
    sim.faults.add(
        Status(500, body='{"error": "pump is dry"}'), path="/resources/pump$"
    )
    with pytest.raises(CommandRejectedError, match="pump is dry"):
        await do(started, Write(key_of("boiler_ctl/pump"), True))


async def test_lost_confirmation(sim: ThingerSimulator, started: Account) -> None:
    """A write whose answer got lost is not repeated: it was done."""
    sim.faults.add(LostResponse(), path="/resources/relay$")
    with pytest.raises(UnreachableError):
        await do(started, Write(key_of("boiler_ctl/relay"), False))
    assert len(sim.device("boiler_ctl").resource("relay").calls) == 1


async def test_404_without_a_list(sim: ThingerSimulator, started: Account) -> None:
    """Where even the list cannot be had, that is what is told."""
    sim.device("boiler_ctl").go_offline()
    sim.faults.add(Status(503), path="/devices$")
    with pytest.raises(UnreachableError, match="503"):
        await do(started, Write(key_of("boiler_ctl/relay"), False))


async def test_stuck_write(sim: ThingerSimulator, started: Account) -> None:
    """A device's own refusal is no sign-in problem, whatever status it takes."""
    sim.faults.add(Rewrite(lambda answer: answer))
    sim.faults.add(Status(401), path="/resources/relay$")
    with pytest.raises(PlatformError):
        await do(started, Write(key_of("boiler_ctl/relay"), False))
    # The account works on.
    await started.refresh()


# Properties.


async def test_write_property(sim: ThingerSimulator, started: Account) -> None:
    """A property is set by its own call; what reads it hears of it by an event."""
    sim.clear_requests()
    await do(started, Write(key_of("boiler_ctl/$property/setpoint"), 23))
    (request,) = sim.requests()
    assert sent(request) == (
        "PUT",
        f"/v3/{DEVICE}/properties/setpoint",
        b'{"value": 23}',
    )
    assert sim.device("boiler_ctl").property_get("setpoint") == 23


# The account (5.5, 10).


async def test_devices(sim: ThingerSimulator, started: Account) -> None:
    """Devices are made and deleted."""
    adapter = started.adapter
    assert isinstance(adapter, ManagesDevices)
    answer = await adapter.add_device(
        {"device": "new_one", "credentials": "secret-enough", "type": "Generic"}
    )
    assert answer == {"device": "new_one"}
    assert sim.device("new_one").credentials == "secret-enough"
    with pytest.raises(CommandRejectedError, match="already exists"):
        await adapter.add_device({"device": "new_one", "credentials": "secret-enough"})
    await adapter.delete_device("new_one")
    with pytest.raises(NotFoundError):
        await adapter.delete_device("new_one")
    with pytest.raises(CommandRejectedError, match="connected"):
        await adapter.delete_device("boiler_ctl")


@pytest.mark.parametrize("in_seconds", [False, True])
async def test_device_tokens(
    sim: ThingerSimulator, accounts: Accounts, started: Account, in_seconds: bool
) -> None:
    """Tokens end when they should, whatever unit the server counts in (15.5)."""
    sim.switches.token_expiration_in_seconds = in_seconds
    adapter = started.adapter
    assert isinstance(adapter, ManagesDeviceTokens)
    assert await adapter.list_device_tokens("meter") == []
    end = float(int(sim.clock.now()) + 7 * 86_400)
    for number in (1, 2):
        token: Any = await adapter.create_device_token("meter", "Door", ["power"], end)
        (made,) = [t for t in sim.state.device_tokens if t.id == token["id"]]
        assert made.resources == ("power",)
        claims = jwt.decode(token["token"], options={"verify_signature": False})
        assert claims["exp"] == end
        account = accounts({"url": sim.url, "access_token": token["token"]})
        await account.adapter.identify()
        # None that lasts too long is left behind.
        assert len(await adapter.list_device_tokens("meter")) == number
    # The unit is remembered.
    assert len(sim.requests("POST", "/tokens$")) == (3 if in_seconds else 2)
    await adapter.delete_device_token("meter", token["id"])
    assert len(await adapter.list_device_tokens("meter")) == 1
    with pytest.raises(NotFoundError):
        await adapter.delete_device_token("meter", token["id"])


async def test_unlimited_device_token(sim: ThingerSimulator, started: Account) -> None:
    """Without resources and an end a token is good for all, for ever."""
    adapter = started.adapter
    assert isinstance(adapter, ManagesDeviceTokens)
    await adapter.create_device_token("boiler_ctl", "All", [], None)
    (request,) = sim.requests("POST", "/tokens$")
    assert request.json() == {"token_name": "All"}


async def test_token_that_does_not_end(sim: ThingerSimulator, started: Account) -> None:
    """A token whose end is wrong in every unit is not left behind."""
    adapter = started.adapter
    assert isinstance(adapter, ManagesDeviceTokens)
    endless = sim.mint_device_token("meter", expire=10**12)
    sim.faults.add(
        Rewrite(lambda answer: {**answer, "token": endless.jwt}),  # type: ignore[dict-item]
        path="/tokens$",
        method="POST",
    )
    with pytest.raises(UnexpectedAnswerError):
        await adapter.create_device_token("greenhouse", "Door", [], 2e9)
    sim.faults.clear()
    assert await adapter.list_device_tokens("greenhouse") == []


async def test_token_without_an_id(sim: ThingerSimulator, started: Account) -> None:
    """An answer that tells nothing is passed on as it is."""
    adapter = started.adapter
    assert isinstance(adapter, ManagesDeviceTokens)
    sim.faults.add(Replace('"ok"'), path="/tokens$")
    assert await adapter.create_device_token("meter", "Door", [], 2e9) == "ok"
    assert await adapter.list_device_tokens("meter") == []
    endless = sim.mint_device_token("meter", expire=10**12).jwt
    sim.faults.clear()
    sim.faults.add(Replace(f'{{"token": "{endless}"}}'), path="/tokens$")
    with pytest.raises(UnexpectedAnswerError):
        await adapter.create_device_token("meter", "Door", [], 2e9)


async def test_endpoint(sim: ThingerSimulator, started: Account) -> None:
    """An endpoint is called with the data of its template."""
    adapter = started.adapter
    assert isinstance(adapter, CallsEndpoints)
    await adapter.call_endpoint("mail", {"subject": "Hello"})
    assert sim.endpoint("mail").calls == [{"subject": "Hello"}]
    with pytest.raises(NotFoundError):
        await adapter.call_endpoint("unheard_of", None)


async def test_rows(sim: ThingerSimulator, started: Account) -> None:
    """Rows of a bucket, bounded in number and time."""
    adapter = started.adapter
    assert isinstance(adapter, ReadsBuckets)
    rows: Any = await adapter.read_bucket(
        "climate", items=3, start=None, end=None, descending=True
    )
    assert [row["ts"] for row in rows] == sorted(
        (row["ts"] for row in rows), reverse=True
    )
    assert len(rows) == 3
    start, end = rows[2]["ts"] / 1000, rows[1]["ts"] / 1000
    sim.clear_requests()
    rows = await adapter.read_bucket(
        "climate", items=10, start=start, end=end, descending=False
    )
    assert [row["ts"] / 1000 for row in rows] == [start, end]
    (request,) = sim.requests()
    assert request.query == {
        "items": "10",
        "sort": "asc",
        "min_ts": str(int(start * 1000)),
        "max_ts": str(int(end * 1000)),
    }
    sim.faults.add(Replace("{}"), path="/data$")
    with pytest.raises(UnexpectedAnswerError):
        await adapter.read_bucket(
            "climate", items=1, start=None, end=None, descending=True
        )


async def test_callback_runs_once_though_the_answer_is_lost(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A lost connection is no reason to press the button twice: v2 runs by a GET."""
    sim.switches.v3 = False
    account = accounts()
    await account.start("boiler_ctl")
    sim.faults.add(LostResponse(), path="/boiler_ctl/reboot$", count=1)
    with pytest.raises(UnreachableError):
        await do(account, Run(ResourceKey("boiler_ctl", "reboot")))
    assert sim.device("boiler_ctl").resource("reboot").runs == 1
