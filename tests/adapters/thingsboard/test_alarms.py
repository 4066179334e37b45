"""Alarms: told by polls and by push, and what can be done about them (11.8, 12)."""

from typing import Any, override

import pytest

from custom_components.iot_platforms.adapters.base import HandlesAlarms
from custom_components.iot_platforms.model.alarm import Alarm, AlarmEvent, Severity
from custom_components.iot_platforms.model.change import Alarms, ResyncNeeded
from custom_components.iot_platforms.model.errors import (
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    UnreachableError,
)
from custom_components.iot_platforms.model.platform import Capability
from custom_components.iot_platforms.model.state import AccountState, apply

from .conftest import Accounts, key
from .helpers import go_live, occurrences

from tests.adapters.account import Account
from tests.simulators.effects import Effect, Rewrite, Status
from tests.simulators.thingsboard import (
    Alarm as ServerAlarm,
    Device,
    ThingsBoardSimulator,
)

DEVICE = "TH-0042"
ACTIVE_IN_SAMPLE = {
    ("Thermostat T1", "High Temperature"),
    ("Thermostat T1", "Low Humidity"),
    ("Door sensor", "Low battery"),
}


@pytest.fixture
def device(thingsboard: ThingsBoardSimulator) -> Device:
    """Return a device, with no alarms."""
    device = thingsboard.device(DEVICE)
    thingsboard.store.alarms.delete_of(device)
    return device


async def read(account: Account) -> Alarms:
    """Read all active alarms."""
    assert isinstance(account.adapter, HandlesAlarms)
    alarms = await account.adapter.read_alarms()
    account.apply(alarms)
    return alarms


def raised(
    sim: ThingsBoardSimulator, device: Device, type_: str = "Fire", **more: Any
) -> ServerAlarm:
    """Raise an alarm."""
    return sim.store.alarms.create(device, type_, **more)


def names(sim: ThingsBoardSimulator, alarms: Alarms) -> set[tuple[str, str]]:
    """Return the devices' names and the types of alarms."""
    return {(sim.device(a.device_id).name, a.type) for a in alarms.alarms}


# Polls.


@pytest.mark.parametrize("version", ["4.3.1.3", "3.4"])
async def test_active_alarms(
    thingsboard: ThingsBoardSimulator, account: Account, version: str
) -> None:
    """All that are not cleared; how they are asked for is found out once (12)."""
    thingsboard.switches.version = version
    await account.start()
    thingsboard.clear_requests()
    for _ in range(2):
        alarms = await read(account)
        assert alarms.complete
        assert names(thingsboard, alarms) == ACTIVE_IN_SAMPLE
    v2, v1 = (thingsboard.requests(path=f"^/api{v}/alarms$") for v in ("/v2", ""))
    assert (len(v2), len(v1)) == ((2, 0) if version == "4.3.1.3" else (1, 2))


async def test_what_an_alarm_says(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """Everything that is known of it."""
    await account.start()
    made = raised(thingsboard, device, severity="MAJOR", details={"data": "27.1 °C"})
    thingsboard.store.alarms.acknowledge(made)
    raised(thingsboard, device, "Other", details="text", severity="INDETERMINATE")
    await read(account)
    fire, other = sorted(account.state.alarms(device.id), key=lambda a: a.type)
    assert fire == Alarm(
        id=made.id,
        device_id=device.id,
        type="Fire",
        severity=Severity.MAJOR,
        acknowledged=True,
        text="27.1 °C",
        started_at=made.start_ts / 1000,
    )
    assert other.severity is Severity.INDETERMINATE
    assert other.text is None


async def test_alarms_of_other_things(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """Alarms of assets are none of ours; what makes no sense is left out."""
    await account.start()
    thingsboard.store.alarms.create(thingsboard.asset("House"), "Fire")
    thingsboard.faults.add(Rewrite(with_odd_rows), path="/v2/alarms$")
    alarms = await read(account)
    assert names(thingsboard, alarms) == ACTIVE_IN_SAMPLE


def with_odd_rows(page: Any) -> Any:
    """Return a page with rows that are no alarms of devices."""
    row = page["data"][0]
    odd = [
        None,
        7,
        {},
        {**row, "id": {"entityType": "ALARM", "id": "../x"}},
        {**row, "originator": None},
        {**row, "originator": {"entityType": "DEVICE", "id": 7}},
    ]
    return {**page, "data": [*odd, *page["data"]]}


async def test_unheard_severity(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """What a later version calls otherwise is an alarm all the same."""
    raised(thingsboard, device)
    thingsboard.faults.add(Rewrite(with_new_words), path="/v2/alarms$")
    await account.start()
    await read(account)
    (found,) = account.state.alarms(device.id)
    assert (found.severity, found.type) == (Severity.INDETERMINATE, "Fire")


def with_new_words(page: Any) -> Any:
    """Return a page with a severity that nobody has heard of, and no types."""
    rows = [{**row, "severity": "NEW", "type": None} for row in page["data"]]
    return {**page, "data": rows}


async def test_many_alarms(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """More than a page."""
    now = thingsboard.clock.now_ms()
    for number in range(450):
        raised(thingsboard, device, f"Alarm {number}", created=now + number)
    await account.start()
    thingsboard.clear_requests()
    alarms = await read(account)
    assert alarms.complete
    assert len(account.state.alarms(device.id)) == 450
    assert len(thingsboard.requests(path="/alarms$")) == 3


class ClearedMeanwhile(Effect):
    """An alarm is cleared between two pages: all others move up."""

    def __init__(self, sim: ThingsBoardSimulator, alarm: ServerAlarm) -> None:
        """Clear this one."""
        self._sim = sim
        self._alarm = alarm

    @override
    async def apply(self, request: Any, answer: Any) -> Any:
        self._sim.store.alarms.clear(self._alarm)
        return await answer()


async def test_list_that_moves(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """What slipped from one page to another while it was read is not taken for cleared."""
    now = thingsboard.clock.now_ms()
    made = [
        raised(thingsboard, device, f"Alarm {number}", created=now + number)
        for number in range(250)
    ]
    await account.start()
    await read(account)
    known = account.state
    thingsboard.faults.add(
        ClearedMeanwhile(thingsboard, made[-1]), path="/v2/alarms$", skip=1, count=1
    )
    assert occurrences(known, [await read(account)]) == []
    assert occurrences(account.state, [await read(account)]) == [
        (AlarmEvent.CLEARED, "Alarm 249")
    ]


async def test_events_of_polls(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """What is another than at the last look; the first look is no news."""
    await account.start()
    before = account.state
    assert occurrences(before, [await read(account)]) == []

    async def news() -> list[tuple[AlarmEvent, str]]:
        known = account.state
        return occurrences(known, [await read(account)])

    fire = raised(thingsboard, device, severity="MINOR")
    assert await news() == [(AlarmEvent.CREATED, "Fire")]
    assert await news() == []
    raised(thingsboard, device, severity="CRITICAL")
    thingsboard.store.alarms.acknowledge(fire)
    assert await news() == [
        (AlarmEvent.SEVERITY_CHANGED, "Fire"),
        (AlarmEvent.ACKNOWLEDGED, "Fire"),
    ]
    thingsboard.store.alarms.clear(fire)
    assert await news() == [(AlarmEvent.CLEARED, "Fire")]
    again = raised(thingsboard, device)
    assert again is not fire
    assert await news() == [(AlarmEvent.CREATED, "Fire")]
    thingsboard.store.alarms.delete(again)
    assert await news() == [(AlarmEvent.CLEARED, "Fire")]


async def test_customers_alarms(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, device: Device
) -> None:
    """A customer's user sees those of its own devices."""
    account = accounts(email="customer@thingsboard.org")
    await account.start()
    raised(thingsboard, device)
    assert names(thingsboard, await read(account)) == {
        (DEVICE, "Fire"),
        ("Door sensor", "Low battery"),
    }


@pytest.mark.parametrize("live", [False, True])
async def test_missing_right(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device, live: bool
) -> None:
    """Without the right to alarms everything else works, and the server's words are kept."""
    temperature = key(thingsboard, DEVICE, "telemetry/temperature")
    fault = thingsboard.faults.add(Status(403), path="/alarms$")
    await (go_live(account, temperature) if live else account.start())
    with pytest.raises(ForbiddenError):
        await read(account)
    assert account.adapter.denied == {Capability.ALARMS: "403 403 Forbidden"}
    device.post_telemetry({"temperature": 30.5})
    if live:
        await account.until(lambda: account.state.value(temperature) == 30.5)
    else:
        await account.read(temperature)
    assert account.state.value(temperature) == 30.5
    await account.refresh()
    fault.remove()
    await read(account)
    assert account.adapter.denied == {}


async def test_trouble_is_no_missing_right(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """What passes is told, and nothing is taken for cleared."""
    await account.start()
    await read(account)
    known = account.state
    thingsboard.faults.add(Status(500), path="/alarms$")
    with pytest.raises(UnreachableError):
        await read(account)
    assert account.adapter.denied == {}
    assert account.state is known


# What can be done (12).


@pytest.mark.parametrize("version", ["4.3.1.3", "3.4"])
@pytest.mark.parametrize("what", ["acknowledge", "clear"])
async def test_changing(
    thingsboard: ThingsBoardSimulator,
    account: Account,
    device: Device,
    version: str,
    what: str,
) -> None:
    """Once it works, the second time the server says why not."""
    thingsboard.switches.version = version
    await account.start()
    assert isinstance(account.adapter, HandlesAlarms)
    change = getattr(account.adapter, f"{what}_alarm")
    alarm = raised(thingsboard, device)
    await change(alarm.id)
    assert alarm.acknowledged is (what == "acknowledge")
    assert alarm.cleared is (what == "clear")
    with pytest.raises(CommandRejectedError) as rejected:
        await change(alarm.id)
    assert str(rejected.value).startswith("400 Alarm was already")
    assert len(thingsboard.requests("POST", f"/api/alarm/{alarm.id}/")) == 2


async def test_alarms_that_cannot_be_changed(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, device: Device
) -> None:
    """Gone, or somebody else's."""
    account = accounts(email="customer@thingsboard.org")
    await account.start()
    assert isinstance(account.adapter, HandlesAlarms)
    gone = raised(thingsboard, device)
    thingsboard.store.alarms.delete(gone)
    with pytest.raises(CommandRejectedError) as rejected:
        await account.adapter.acknowledge_alarm(gone.id)
    assert rejected.value.reason == "not_found"
    other = thingsboard.alarm("Thermostat T1", "Low Humidity")
    with pytest.raises(ForbiddenError):
        await account.adapter.clear_alarm(other.id)
    assert not other.cleared


async def test_list_of_a_device(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> None:
    """A device's alarms as the server has them, the newest first."""
    await account.start()
    assert isinstance(account.adapter, HandlesAlarms)
    now = thingsboard.clock.now_ms()
    made = [
        raised(thingsboard, device, f"Alarm {number}", created=now + number)
        for number in range(3)
    ]
    thingsboard.store.alarms.clear(made[1])

    async def types(*, active: bool, limit: int = 10) -> list[str]:
        assert isinstance(account.adapter, HandlesAlarms)
        rows: list[Any] = await account.adapter.list_alarms(
            device.id, active=active, limit=limit
        )
        return [row["type"] for row in rows]

    assert await types(active=True) == ["Alarm 2", "Alarm 0"]
    assert await types(active=False) == ["Alarm 2", "Alarm 1", "Alarm 0"]
    assert await types(active=False, limit=2) == ["Alarm 2", "Alarm 1"]
    thingsboard.remove_device(DEVICE)
    with pytest.raises(NotFoundError):
        await types(active=True)


# Push (11.8).


class Follower:
    """An account that hears of alarms, and what happened to them since it was asked last."""

    def __init__(self, account: Account) -> None:
        """Follow an account that knows its alarms."""
        self.account = account
        self._state: AccountState = account.state
        self._taken = len(account.heard)

    async def news(self, count: int = 1) -> list[tuple[AlarmEvent, str]]:
        """Return what happened, once so much did."""
        await self.account.until(lambda: len(self._found()) >= count)
        found = self._found()
        for change in self.account.heard[self._taken :]:
            self._state, _ = apply(self._state, change)
        self._taken = len(self.account.heard)
        return found

    def _found(self) -> list[tuple[AlarmEvent, str]]:
        return occurrences(self._state, self.account.heard[self._taken :])


@pytest.fixture
async def follower(
    thingsboard: ThingsBoardSimulator, account: Account, device: Device
) -> Follower:
    """Return an account that knows all alarms and hears of new ones."""
    await go_live(account, key(thingsboard, DEVICE, "telemetry/temperature"))
    await account.until(lambda: any(isinstance(c, Alarms) for c in account.heard))
    await read(account)
    return Follower(account)


async def test_events_of_push(
    thingsboard: ThingsBoardSimulator, follower: Follower, device: Device
) -> None:
    """All that can happen to an alarm is told at once, and told once."""
    fire = raised(thingsboard, device, severity="MINOR", details={"data": "smoke"})
    assert await follower.news() == [(AlarmEvent.CREATED, "Fire")]
    (found,) = follower.account.state.alarms(device.id)
    assert (found.text, found.severity) == ("smoke", Severity.MINOR)
    raised(thingsboard, device, severity="CRITICAL")
    assert await follower.news() == [(AlarmEvent.SEVERITY_CHANGED, "Fire")]
    thingsboard.store.alarms.acknowledge(fire)
    assert await follower.news() == [(AlarmEvent.ACKNOWLEDGED, "Fire")]
    thingsboard.store.alarms.clear(fire)
    assert await follower.news() == [(AlarmEvent.CLEARED, "Fire")]
    assert not follower.account.state.alarms(device.id)


async def test_rules_raise_alarms(
    thingsboard: ThingsBoardSimulator, follower: Follower
) -> None:
    """A device's own rules: a value raises the alarm, another one clears it (17)."""
    thermostat = thingsboard.device("Thermostat T2")
    thermostat.post_telemetry({"temperature": 26.5})
    assert await follower.news() == [(AlarmEvent.CREATED, "High Temperature")]
    thermostat.post_telemetry({"temperature": 20})
    assert await follower.news() == [(AlarmEvent.CLEARED, "High Temperature")]


async def test_deleted_alarm(
    thingsboard: ThingsBoardSimulator, follower: Follower, device: Device
) -> None:
    """One that is deleted counts as cleared."""
    fire = raised(thingsboard, device)
    assert await follower.news() == [(AlarmEvent.CREATED, "Fire")]
    thingsboard.store.alarms.delete(fire)
    assert await follower.news() == [(AlarmEvent.CLEARED, "Fire")]


async def test_requests_of_push(
    thingsboard: ThingsBoardSimulator, follower: Follower, device: Device
) -> None:
    """A change of an alarm costs nothing; only where the list changed it is read, once."""
    thingsboard.clear_requests()
    fire = raised(thingsboard, device)
    await follower.news()
    await thingsboard.wait_for_request(path="/alarms$")
    await follower.account.until(lambda: _is_whole(follower.account.heard[-1]))
    thingsboard.clear_requests()
    thingsboard.store.alarms.acknowledge(fire)
    await follower.news()
    assert thingsboard.requests() == []
    thingsboard.store.alarms.clear(fire)
    await follower.news()
    assert [r.path for r in thingsboard.requests()] == ["/api/v2/alarms"]


async def test_more_alarms_than_a_subscription_tells(
    thingsboard: ThingsBoardSimulator, follower: Follower, device: Device
) -> None:
    """A page of a subscription is not all there is: what it lacks is not cleared."""
    begin = thingsboard.clock.now_ms() - 1000
    thingsboard.live.drop_updates = True
    for number in range(250):
        raised(thingsboard, device, f"Alarm {number}", created=begin + number)
    thingsboard.live.refresh()
    thingsboard.live.drop_updates = False
    await read(follower.account)
    last = Follower(follower.account)
    raised(thingsboard, device, "Last", created=begin + 1000)
    assert await last.news() == [(AlarmEvent.CREATED, "Last")]
    await thingsboard.wait_until(lambda: any(map(_is_whole, follower.account.heard)))
    assert len(follower.account.state.alarms(device.id)) == 251


def _is_whole(change: object) -> bool:
    return isinstance(change, Alarms) and change.complete


async def test_alarms_of_assets_by_push(
    thingsboard: ThingsBoardSimulator, follower: Follower, device: Device
) -> None:
    """Nobody hears of alarms of other things."""
    thingsboard.store.alarms.create(thingsboard.asset("House"), "Fire")
    raised(thingsboard, device, "Flood")
    assert await follower.news() == [(AlarmEvent.CREATED, "Flood")]


async def test_missing_right_after_a_change(
    thingsboard: ThingsBoardSimulator, follower: Follower, device: Device
) -> None:
    """The list cannot be read: what push told holds, and push goes on."""
    thingsboard.faults.add(Status(403), path="/alarms$")
    raised(thingsboard, device)
    assert await follower.news() == [(AlarmEvent.CREATED, "Fire")]
    await thingsboard.wait_for_request(path="/alarms$")
    await follower.account.until(
        lambda: Capability.ALARMS in follower.account.adapter.denied
    )
    raised(thingsboard, device, "Flood")
    assert await follower.news() == [(AlarmEvent.CREATED, "Flood")]
    assert follower.account.failure is None


async def test_first_device(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Alarms of devices that there were not at the beginning are heard of too (11.8)."""
    thingsboard.device("Test Device C1").customer = None
    account = accounts(email="customerC@thingsboard.org")
    await go_live(account)
    await read(account)
    assert account.state.devices == {}
    device = thingsboard.device(DEVICE)
    device.customer = thingsboard.customer("Customer C")
    thingsboard.live.refresh()
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    await read(account)
    await thingsboard.wait_until(
        lambda: len(thingsboard.live.commands("ALARM_DATA")) == 2
    )
    first, second = thingsboard.live.commands("ALARM_DATA")
    assert first["cmdId"] == second["cmdId"]
    await thingsboard.flush()
    follower = Follower(account)
    raised(thingsboard, device)
    assert await follower.news() == [(AlarmEvent.CREATED, "Fire")]


async def test_another_device(
    thingsboard: ThingsBoardSimulator, follower: Follower
) -> None:
    """The same where there were devices before."""
    added = thingsboard.add_device(Device("Added"))
    thingsboard.live.refresh()
    await follower.account.until_heard(ResyncNeeded())
    await follower.account.refresh()
    await thingsboard.wait_until(
        lambda: len(thingsboard.live.commands("ALARM_DATA")) == 2
    )
    await read(follower.account)
    follower = Follower(follower.account)
    raised(thingsboard, added)
    assert await follower.news() == [(AlarmEvent.CREATED, "Fire")]


async def test_refused_subscription(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """A server that tells no alarms by push: values are told all the same (11.4)."""
    temperature = key(thingsboard, DEVICE, "telemetry/temperature")
    await go_live(account, temperature)
    (alarms,) = thingsboard.live.commands("ALARM_DATA")
    (session,) = thingsboard.live.sessions
    for code in (1, 3):
        session.socket.send(
            {
                "subscriptionId": alarms["cmdId"],
                "errorCode": code,
                "errorMsg": "Unauthorized",
                "data": None,
                "latestValues": {},
            }
        )
    thingsboard.device(DEVICE).post_telemetry({"temperature": 31})
    await account.until(lambda: account.state.value(temperature) == 31)
    assert account.is_live(temperature)
