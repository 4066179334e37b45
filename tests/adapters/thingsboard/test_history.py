"""Earlier values (8.1)."""

from typing import Any

import pytest

from custom_components.iot_platforms.adapters.base import ReadsHistory
from custom_components.iot_platforms.model.errors import (
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnreachableError,
)
from custom_components.iot_platforms.model.value import JsonValue

from .conftest import Accounts

from tests.adapters.account import Account, case_id
from tests.simulators.effects import Replace, Status
from tests.simulators.thingsboard import Device, ThingsBoardSimulator

START = 1_700_000_000
NAMES = ("level", "a,b", "ü/x &+%", "mode")


@pytest.fixture
async def device(thingsboard: ThingsBoardSimulator, account: Account) -> Device:
    """Return a device with a value each ten seconds, of an account that is signed in."""
    await account.adapter.connect()
    thingsboard.clear_requests()
    device = thingsboard.device("TH-0042")
    for step in range(6):
        device.put_telemetry(
            {
                "level": step,
                "a,b": step * 2,
                "ü/x &+%": step + 0.5,
                "mode": "007" if step % 2 else "on",
            },
            ts=(START + step * 10) * 1000,
        )
    return device


async def read(account: Account, device: Device, *names: str, **more: Any) -> Any:
    """Read a minute of history."""
    assert isinstance(account.adapter, ReadsHistory)
    wanted = {
        "start": START,
        "end": START + 60,
        "limit": 100,
        "aggregation": None,
        "interval": None,
        **more,
    }
    return await account.adapter.read_history(device.id, names, **wanted)


def values(answer: Any, name: str) -> list[JsonValue]:
    """Return the values of a name."""
    return [sample["value"] for sample in answer[name]]


async def test_every_value(account: Account, device: Device) -> None:
    """The oldest first, each in its own type and with its time."""
    answer = await read(account, device, "level", "mode")
    assert answer["level"] == [
        {"ts": (START + step * 10) * 1000, "value": step} for step in range(6)
    ]
    assert values(answer, "mode") == ["on", "007"] * 3


async def test_names(account: Account, device: Device) -> None:
    """Whatever a name holds reaches the server as one name (8.1)."""
    answer = await read(account, device, *NAMES)
    assert answer.keys() == {*NAMES}
    assert values(answer, "a,b") == [0, 2, 4, 6, 8, 10]
    for name in NAMES:
        assert (await read(account, device, name)).keys() == {name}


async def test_bounds(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """Times in milliseconds, fractions too; a limit; nothing where there is nothing."""
    assert values(
        await read(account, device, "level", start=START + 10, end=START + 30.001),
        "level",
    ) == [1, 2, 3]
    (request,) = thingsboard.requests()
    assert request.query["startTs"] == f"{START + 10}000"
    assert request.query["endTs"] == f"{START + 30}001"
    assert values(await read(account, device, "level", limit=2), "level") == [0, 1]
    assert await read(account, device, "level", end=START) == {}
    assert await read(account, device, "unheard") == {}


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("AVG", [1, 4]),
        ("min", [0, 3]),
        ("MAX", [2, 5]),
        ("SUM", [3, 12]),
        ("COUNT", [3, 3]),
    ],
)
async def test_aggregation(
    account: Account, device: Device, aggregation: str, expected: list[int]
) -> None:
    """One value for each interval."""
    answer = await read(account, device, "level", aggregation=aggregation, interval=30)
    assert values(answer, "level") == expected
    assert [sample["ts"] for sample in answer["level"]] == [
        (START + middle) * 1000 for middle in (15, 45)
    ]


async def test_half_an_aggregation(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """Without an interval nothing is summed up."""
    answer = await read(account, device, "level", interval=30)
    assert values(answer, "level") == [0, 1, 2, 3, 4, 5]
    (request,) = thingsboard.requests()
    assert "agg" not in request.query


async def test_nothing_there(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """An answer of another kind holds no values."""
    thingsboard.faults.add(
        Replace("[]", content_type="application/json"), path="/timeseries$"
    )
    assert await read(account, device, "level") == {}


@pytest.mark.parametrize(
    ("effect", "expected"),
    [(Status(500), UnreachableError), (Status(400), CommandRejectedError)],
    ids=case_id,
)
async def test_trouble(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    device: Device,
    effect: Any,
    expected: type[PlatformError],
) -> None:
    """Errors are what they are everywhere."""
    thingsboard.faults.add(effect, path="/timeseries$")
    with pytest.raises(expected):
        await read(account, device, "level")


async def test_devices_of_others(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, device: Device
) -> None:
    """Gone, or somebody else's."""
    customer = accounts(email="customer@thingsboard.org")
    await customer.adapter.connect()
    with pytest.raises(ForbiddenError):
        await read(customer, thingsboard.device("Meter M1"), "power")
    with pytest.raises(NotFoundError):
        await read(customer, thingsboard.device("Foreign device"), "temperature")
