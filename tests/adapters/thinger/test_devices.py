"""The device list: pages, names, what was left out, and what a 404 means (5, 8)."""

import json
from typing import Any

from aiohttp import web
import pytest

from custom_components.iot_platforms.adapters.thinger import client
from custom_components.iot_platforms.model.change import (
    Connectivity,
    ResyncNeeded,
    Snapshot,
)
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.errors import (
    NotFoundError,
    RateLimitedError,
    UnexpectedAnswerError,
    UnreachableError,
)

from .conftest import Accounts

from tests.adapters.account import Account, case_id, samples
from tests.simulators.effects import (
    Answer,
    Effect,
    Gzip,
    Replace,
    Reset,
    Rewrite,
    Status,
    duplicate_rows,
    nulls,
    numbers_as_strings,
)
from tests.simulators.thinger import Device, ThingerSimulator, sample_state
from tests.simulators.thinger.state import Asset

MANY = 120


@pytest.fixture
def many(sim: ThingerSimulator) -> ThingerSimulator:
    """Serve 120 devices more."""
    for device in sample_state(generated=MANY).devices_of("demo"):
        if device.id.startswith("node_"):
            sim.state.add_device(device)
    return sim


def things(snapshot: Snapshot) -> list[str]:
    """Return the ids of a list."""
    return [device.id for device in snapshot.devices if not device.is_service]


async def hear_events(sim: ThingerSimulator, account: Account) -> None:
    """Listen, and wait until nothing is missed any more."""
    account.listen()
    await sim.wait_for_subscription(event="device_delete")
    await account.until_heard(ResyncNeeded())
    account.heard.clear()


async def test_pages(many: ThingerSimulator, account: Account) -> None:
    """Lists come in pages of 50; a page that is not full is the last (5.1)."""
    await account.adapter.connect()
    snapshot = await account.adapter.snapshot()
    assert len(things(snapshot)) == MANY + 8
    assert snapshot.complete
    assert [r.query for r in many.requests(path="/devices$")] == [
        {"index": index, "count": "50"} for index in ("0", "50", "100")
    ]


async def test_full_last_page(sim: ThingerSimulator, account: Account) -> None:
    """Exactly one full page is asked about once more."""
    for number in range(42):
        sim.state.add_device(Device(f"more_{number:02}"))
    await account.adapter.connect()
    snapshot = await account.adapter.snapshot()
    assert len(things(snapshot)) == 50
    assert snapshot.complete
    assert len(sim.requests(path="/devices$")) == 2


@pytest.mark.parametrize("how", ["across pages", "every row twice"])
async def test_repeated_rows(
    many: ThingerSimulator, account: Account, how: str
) -> None:
    """Rows that repeat must not let others be missed (5.1)."""
    if how == "across pages":
        many.switches.repeat_rows_across_pages = True
    else:
        many.faults.add(Rewrite(duplicate_rows), path="/devices$")
    await account.adapter.connect()
    snapshot = await account.adapter.snapshot()
    assert len(set(things(snapshot))) == len(things(snapshot)) == MANY + 8
    assert snapshot.complete


async def test_server_that_knows_no_pages(
    many: ThingerSimulator, account: Account
) -> None:
    """A server that sends the same page for ever is not asked for ever, nor believed."""
    page = many.state.devices_of("demo")[:50]
    rows: list[Any] = [device.record() for device in page]
    many.faults.add(Rewrite(lambda _: rows), path="/devices$")
    await account.adapter.connect()
    snapshot = await account.adapter.snapshot()
    assert len(things(snapshot)) == 50
    assert not snapshot.complete
    assert len(many.requests(path="/devices$")) == 2


async def test_endless_pages(
    many: ThingerSimulator, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What never ends is given up, and not believed either."""
    monkeypatch.setattr(client, "MAX_PAGES", 2)
    await account.adapter.connect()
    snapshot = await account.adapter.snapshot()
    assert len(things(snapshot)) == 100
    assert not snapshot.complete


async def test_failing_second_page(many: ThingerSimulator, account: Account) -> None:
    """Half a list is none."""
    await account.adapter.connect()
    many.faults.add(Status(503), path="/devices$", skip=1)
    with pytest.raises(UnreachableError):
        await account.adapter.snapshot()


@pytest.mark.parametrize(
    "effect", [Rewrite(numbers_as_strings), Rewrite(nulls), Gzip()], ids=case_id
)
async def test_odd_lists(sim: ThingerSimulator, account: Account, effect: Any) -> None:
    """What is odd about a list does not lose devices (14.5)."""
    sim.faults.add(effect)
    await account.adapter.connect()
    snapshot = await account.adapter.snapshot()
    assert len(things(snapshot)) == 8
    assert {d.id for d in snapshot.devices if d.online and not d.is_service} == {
        "boiler_ctl",
        "forecast",
        "greenhouse",
        "meter",
    }


async def test_gzip(many: ThingerSimulator, account: Account) -> None:
    """Servers may compress."""
    many.switches.gzip = True
    await account.adapter.connect()
    assert len(things(await account.adapter.snapshot())) == MANY + 8


async def test_records_that_lack_fields(
    sim: ThingerSimulator, account: Account
) -> None:
    """Only the id is sure to be there."""
    record = sim.device("boiler_ctl").record()
    sim.device("boiler_ctl").omit = set(record) - {"device"}
    sim.device("meter").extra = {"name": 7, "connection": [1], "type": {"a": 1}}
    await account.start()
    assert account.online("boiler_ctl") is False
    assert account.online("meter") is False
    boiler = account.state.device("boiler_ctl")
    assert boiler is not None
    assert boiler.name == "boiler_ctl"


async def test_facts(sim: ThingerSimulator, account: Account) -> None:
    """Groups, types and products show by their names."""
    await account.start()
    boiler = account.state.device("boiler_ctl")
    meter = account.state.device("meter")
    assert boiler is not None
    assert meter is not None
    assert (boiler.area, boiler.model_id) == ("Home", "Heating and cooling")
    assert meter.model == "Energy meter"
    assert boiler.url == f"{sim.url}/devices/boiler_ctl"
    sim.clear_requests()
    await account.refresh()
    assert sim.requests(path="/(groups|types|products)$") == []


async def test_name_that_is_new(sim: ThingerSimulator, account: Account) -> None:
    """A group that is made later gets its name too."""
    await account.start()
    sim.state.assets["groups"].append(Asset(id="shed", name="The shed"))
    sim.device("meter").asset_group = "shed"
    await account.refresh()
    meter = account.state.device("meter")
    assert meter is not None
    assert meter.area == "The shed"


async def test_names_that_cannot_be_had(
    sim: ThingerSimulator, account: Account
) -> None:
    """Without names the ids do; after trouble names are asked for again, after a refusal not."""
    sim.faults.add(Status(503), path="/groups$", count=1)
    sim.faults.add(Status(403), path="/types$", count=1)
    await account.start()
    boiler = account.state.device("boiler_ctl")
    assert boiler is not None
    assert (boiler.area, boiler.model_id) == ("home", "hvac")
    await account.refresh()
    boiler = account.state.device("boiler_ctl")
    assert boiler is not None
    assert (boiler.area, boiler.model_id) == ("Home", "hvac")


async def test_names_and_the_rate_limit(
    sim: ThingerSimulator, account: Account
) -> None:
    """A rate limit is the account's."""
    await account.adapter.connect()
    sim.faults.add(Status(429), path="/groups$")
    with pytest.raises(RateLimitedError):
        await account.refresh()


async def test_empty_account(sim: ThingerSimulator, accounts: Accounts) -> None:
    """An account without devices is complete."""
    account = accounts(sim.account("guest").credentials())
    await account.adapter.connect()
    snapshot = await account.adapter.snapshot()
    assert snapshot.devices == ()
    assert snapshot.complete
    # There is nothing whose names could be asked for.
    assert sim.requests(path="/(groups|types|products)$") == []


# What was left out.


async def test_excluded_devices(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Nobody asks anything of a device that was left out, and its events say nothing."""
    choices = Choices(excluded_devices=frozenset({"boiler_ctl", "lora_probe"}))
    account = accounts(choices=choices)
    await account.start()
    assert "boiler_ctl" not in account.state.devices
    account.listen()
    account.watch("boiler_ctl/temperature", "greenhouse/climate/temperature")
    await account.until_live("greenhouse/climate/temperature")
    await account.until_heard(ResyncNeeded())
    account.heard.clear()
    boiler = sim.device("boiler_ctl")
    boiler.go_offline()
    boiler.go_online()
    boiler.property_set("setpoint", 5)
    boiler.emit("device_update")
    sim.device("lora_probe").callback({"celsius": 1})
    sim.bucket("climate").write({"device": "boiler_ctl", "celsius": 1})
    sim.remove_device("boiler_ctl")
    sim.device("greenhouse").go_offline()
    await account.until(lambda: account.online("greenhouse") is False)
    assert {c.device_id for c in account.heard if isinstance(c, Connectivity)} == {
        "greenhouse"
    }
    assert ResyncNeeded() not in account.heard
    await account.refresh()
    assert await account.read("boiler_ctl/temperature", "boiler_ctl/$stats:rx") == []
    assert sim.requests(device="boiler_ctl") == []
    assert sim.requests(device="lora_probe") == []
    assert sim.requests(path="climate/data$") == []


# Came and left.


async def test_new_device(sim: ThingerSimulator, account: Account) -> None:
    """A device that is made shows after the next list."""
    await account.start()
    await hear_events(sim, account)
    sim.add_device(Device("brand_new", name="Brand new"))
    await account.until_heard(ResyncNeeded())
    await account.refresh()
    assert account.online("brand_new") is False


async def test_renamed_device(sim: ThingerSimulator, account: Account) -> None:
    """A rename has to be read from the list: the event has no facts."""
    await account.start()
    await hear_events(sim, account)
    sim.device("meter").name = "Renamed"
    sim.device("meter").emit("device_update")
    await account.until_heard(ResyncNeeded())


async def test_unknown_state(sim: ThingerSimulator, account: Account) -> None:
    """What is not understood makes the list be read."""
    await account.start()
    await hear_events(sim, account)
    sim.device("meter").emit("device_state_change", state="levitating")
    await account.until_heard(ResyncNeeded())
    for state in ("resumed", "awake", "asleep"):
        account.heard.clear()
        sim.device("meter").emit("device_state_change", state=state)
        await account.until(
            lambda: any(isinstance(c, Connectivity) and c.online for c in account.heard)
        )


async def test_deleted_device(sim: ThingerSimulator, account: Account) -> None:
    """A deleted device is gone at once."""
    await account.start()
    await hear_events(sim, account)
    sim.remove_device("meter")
    await account.until(lambda: "meter" not in account.state.devices)


# What a 404 means (8).


async def test_404_of_an_offline_device(
    sim: ThingerSimulator, account: Account
) -> None:
    """The list decides: offline, though nobody told."""
    await account.start()
    sim.device("boiler_ctl").go_offline()
    sim.clear_requests()
    changes = await account.poll()
    assert account.online("boiler_ctl") is False
    assert not any(isinstance(c, ResyncNeeded) for c in changes)
    # One was refused, one looked up; nothing else was asked of it.
    assert len(sim.requests(device="boiler_ctl", path="/resources/")) == 1
    (lookup,) = sim.requests(path="/devices$")
    assert lookup.query["id"] == "boiler_ctl"
    sim.clear_requests()
    account.clock.advance(60)
    await account.poll()
    assert sim.requests(device="boiler_ctl", path="/resources/") == []


async def test_comes_back_after_a_404(sim: ThingerSimulator, account: Account) -> None:
    """A device that was found offline comes back like any other, and is looked at anew."""
    await account.start("boiler_ctl")
    sim.device("boiler_ctl").go_offline()
    await hear_events(sim, account)
    await account.read("boiler_ctl/temperature")
    assert account.online("boiler_ctl") is False
    sim.device("boiler_ctl").go_online()
    await account.until(lambda: account.online("boiler_ctl") is True)
    assert ResyncNeeded("boiler_ctl") not in account.heard
    account.clock.advance(60)
    assert await account.read("boiler_ctl/temperature") == [ResyncNeeded("boiler_ctl")]


async def test_404_of_a_device_that_is_gone(
    sim: ThingerSimulator, account: Account
) -> None:
    """A device that the list does not have is the list's business."""
    await account.start()
    sim.remove_device("boiler_ctl")
    assert await account.read("boiler_ctl/temperature") == [ResyncNeeded()]


async def test_404_of_a_resource(sim: ThingerSimulator, account: Account) -> None:
    """A resource that is no more is looked for once, and the others are read all the same."""
    await account.start()
    sim.device("boiler_ctl").remove_resource("Flow meter")
    account.clock.advance(60)
    changes = await account.poll()
    assert ResyncNeeded("boiler_ctl") in changes
    assert samples(changes).keys() >= {"boiler_ctl/status", "boiler_ctl/temperature"}
    # The list says so twice in a row: then it is gone.
    assert ResyncNeeded("boiler_ctl") in await account.discover("boiler_ctl")
    assert "Flow meter" in account.kinds("boiler_ctl")
    await account.discover("boiler_ctl")
    assert "Flow meter" not in account.kinds("boiler_ctl")
    assert ResyncNeeded("boiler_ctl") not in await account.discover("boiler_ctl")


async def test_persistent_404(sim: ThingerSimulator, account: Account) -> None:
    """A resource that is listed, and yet never there, does not keep everybody busy."""
    await account.start()
    sim.faults.add(Status(404), path="/resources/Flow meter$")
    account.clock.advance(60)
    sim.clear_requests()
    await account.poll()
    await account.discover("boiler_ctl")
    for _ in range(3):
        account.clock.advance(1.5)
        changes = await account.poll()
        assert not any(isinstance(c, ResyncNeeded) for c in changes)
        assert "boiler_ctl/temperature" in samples(changes)
    assert len(sim.requests(path="/resources/Flow meter$")) == 1


async def test_404_with_namesakes(sim: ThingerSimulator, account: Account) -> None:
    """The search finds all ids that hold the text; only the same one counts."""
    for name in ("a_boiler_ctl", "boiler_ctl_2"):
        sim.add_device(Device(name, active=True))
    await account.start()
    sim.device("boiler_ctl").go_offline()
    await account.read("boiler_ctl/temperature")
    assert account.online("boiler_ctl") is False


async def test_404_and_garbage(sim: ThingerSimulator, account: Account) -> None:
    """Where the list cannot be understood nothing is concluded."""
    await account.start()
    sim.device("boiler_ctl").go_offline()
    sim.faults.add(Replace("{}", content_type="application/json"), path="/devices$")
    with pytest.raises(UnexpectedAnswerError):
        await account.read("boiler_ctl/temperature")
    assert account.online("boiler_ctl") is True


class ComesBack(Effect):
    """The device comes back while the answer is under way that says it is not there."""

    def __init__(self, sim: ThingerSimulator, account: Account) -> None:
        """Work on the boiler."""
        self._sim = sim
        self._account = account

    async def apply(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        """Let the event overtake the answer."""
        response = await answer()
        self._sim.device("boiler_ctl").go_online()
        await self._account.until(
            lambda: any(isinstance(c, Connectivity) for c in self._account.heard)
        )
        return response


async def test_came_back_meanwhile(sim: ThingerSimulator, account: Account) -> None:
    """An answer that is older than an event proves nothing."""
    await account.start()
    sim.device("boiler_ctl").go_offline()
    await hear_events(sim, account)
    sim.faults.add(ComesBack(sim, account), path="/devices$", count=1)
    await account.read("boiler_ctl/temperature")
    assert account.online("boiler_ctl") is True


# Device tokens: no list, and no events (10.1).


async def test_device_token_sees_its_device_leave(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """Connectivity is what the handshake of the device's socket says: it runs nothing."""
    account = accounts(sim.account().device_credentials())
    await account.start()
    assert not account.adapter.hears_devices
    sim.device("boiler_ctl").go_offline()
    await account.read("boiler_ctl/temperature")
    assert account.online("boiler_ctl") is False
    await account.refresh()
    assert account.online("boiler_ctl") is False
    sim.device("boiler_ctl").go_online()
    await account.refresh()
    assert account.online("boiler_ctl") is True
    # The row was refused once, and not asked for again.
    assert len(sim.requests("GET", "/devices/boiler_ctl$")) == 1
    assert sim.requests(path="/devices$") == []


async def test_device_token_while_it_streams(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """While its socket is open a device is there: nobody has to ask."""
    account = accounts(sim.account().device_credentials())
    await account.start()
    account.listen()
    account.watch()
    await account.until_live("boiler_ctl/temperature")
    sim.clear_requests()
    await account.refresh()
    assert account.online("boiler_ctl") is True
    assert sim.requests() == []


@pytest.mark.parametrize(
    ("effect", "online"),
    [(Status(403), None), (Status(503), None), (Status(404), False)],
    ids=case_id,
)
async def test_device_token_and_a_refused_handshake(
    sim: ThingerSimulator, accounts: Accounts, effect: Any, online: bool | None
) -> None:
    """Where the server does not tell, it is not known."""
    sim.faults.add(effect, path="(/v2/.*/boiler_ctl|/resources)$")
    account = accounts(sim.account().device_credentials())
    await account.adapter.connect()
    await account.refresh()
    assert account.online("boiler_ctl") is online


async def test_device_token_without_a_server(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """No server is no statement about the device."""
    account = accounts(sim.account().device_credentials())
    await account.start()
    sim.faults.add(Reset())
    with pytest.raises(UnreachableError):
        await account.refresh()


async def test_device_token_that_may_see_its_row(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A server that shows the row tells more."""
    row = sim.device("boiler_ctl").record()
    sim.faults.add(
        Status(200, body=json.dumps(row)), path="/v1/users/demo/devices/boiler_ctl$"
    )
    account = accounts(sim.account().device_credentials())
    await account.adapter.connect()
    await account.refresh()
    boiler = account.state.device("boiler_ctl")
    assert boiler is not None
    assert (boiler.name, boiler.online, boiler.type) == ("Boiler", True, "Generic")


async def test_device_token_of_a_deleted_device(
    sim: ThingerSimulator, accounts: Accounts
) -> None:
    """A device that is no more is offline: the token does not tell the difference."""
    account = accounts(sim.account().device_credentials())
    sim.faults.add(Status(404), path="/v1/users/demo/devices/boiler_ctl$")
    sim.device("boiler_ctl").go_offline()
    await account.adapter.connect()
    await account.refresh()
    assert account.online("boiler_ctl") is False
    with pytest.raises((NotFoundError, UnexpectedAnswerError)):
        await account.adapter.identify()


async def test_left_out_device_token(sim: ThingerSimulator, accounts: Accounts) -> None:
    """Even the only device can be left out."""
    choices = Choices(excluded_devices=frozenset({"boiler_ctl"}))
    account = accounts(sim.account().device_credentials(), choices=choices)
    await account.start()
    assert account.state.devices == {}
