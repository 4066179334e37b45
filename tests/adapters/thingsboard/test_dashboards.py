"""Units and names from the account's dashboards (16.2)."""

from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.adapters.thingsboard.dashboards import (
    MOST_DASHBOARDS,
    hints_of,
)
from custom_components.iot_platforms.adapters.thingsboard.keys import (
    ATTRIBUTES,
    Key,
    Source,
)
from custom_components.iot_platforms.adapters.thingsboard.mapper import Hint
from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import Resource
from custom_components.iot_platforms.model.errors import UnreachableError
from custom_components.iot_platforms.model.platform import Capability

from .conftest import Accounts, resource

from tests.adapters.account import Account, case_id
from tests.simulators.effects import Replace, Status
from tests.simulators.thingsboard import Dashboard, Device, ThingsBoardSimulator
from tests.simulators.thingsboard.demo_data import widget

CUSTOMER = "customerA@thingsboard.org"
LISTS = "/api/(tenant|customer/[^/]+)/dashboards$"
SINGLE = "/api/dashboard/"
READS = Choices(reads_dashboards=True)
TEMPERATURE = Key(Source.TELEMETRY, "temperature")


def a_dashboard(*data_keys: Any, **config: Any) -> dict[str, Any]:
    """Return a dashboard with one widget."""
    return {
        "configuration": {
            "widgets": {
                "w": {"config": {"datasources": [{"dataKeys": [*data_keys]}], **config}}
            }
        }
    }


def a_key(name: str = "temperature", **more: Any) -> dict[str, Any]:
    """Return a data key of a widget."""
    return {"name": name, "type": "timeseries", "label": name, **more}


def show(sim: ThingsBoardSimulator, title: str, **keys: Any) -> None:
    """Add a dashboard that shows keys with units."""
    sim.store.add(Dashboard(title, {"widgets": {"w": widget(keys)}}))


async def started(accounts: Accounts, **more: Any) -> Account:
    """Return an account that looks at dashboards."""
    account = accounts(choices=READS, **more)
    await account.start()
    return account


def power(account: Account, sim: ThingsBoardSimulator) -> Resource:
    """Return a meter's power."""
    return resource(account, sim, "Meter M1", "telemetry/power")


# What widgets say.


@pytest.mark.parametrize(
    ("dashboard", "hint"),
    [
        (a_dashboard(a_key(units="°C")), Hint(unit="°C")),
        (a_dashboard(a_key(units=" °C ")), Hint(unit="°C")),
        (a_dashboard(a_key(units="")), Hint()),
        (a_dashboard(a_key()), Hint()),
        (a_dashboard(a_key(units=None), units="K"), Hint(unit="K")),
        (a_dashboard(a_key(units=""), units="K"), Hint(unit="K")),
        (a_dashboard(a_key(units="°C"), units="K"), Hint(unit="°C")),
        (a_dashboard(a_key(units={"from": "°C", "IMPERIAL": "°F"})), Hint(unit="°C")),
        (a_dashboard(a_key(units={"METRIC": "°C", "HYBRID": "K"})), Hint(unit="°C")),
        (a_dashboard(a_key(units={"from": None, "METRIC": "K"})), Hint(unit="K")),
        (a_dashboard(a_key(units={"IMPERIAL": "°F"})), Hint()),
        (a_dashboard(a_key(units={}), units={"from": "bar"}), Hint(unit="bar")),
        (a_dashboard(a_key(units=7)), Hint()),
        (a_dashboard(a_key(label=" Room ")), Hint(label="Room")),
        (a_dashboard(a_key(label="${entityName}")), Hint()),
        (a_dashboard(a_key(label="")), Hint()),
        (a_dashboard(a_key(label="TEMP-erature")), Hint()),
        (a_dashboard(a_key(label=None)), Hint()),
        (a_dashboard(a_key(label=7)), Hint()),
    ],
)
def test_hint(dashboard: dict[str, Any], hint: Hint) -> None:
    """Units stand with the key or with the widget, and labels are names."""
    assert list(hints_of(dashboard)) == [(TEMPERATURE, hint)]


def test_kinds_of_keys() -> None:
    """A key is telemetry, or an attribute of any scope."""
    found = dict(
        hints_of(
            a_dashboard(
                a_key("t", units="°C"),
                a_key("a", units="V", type="attribute"),
                a_key("name", units="X", type="entityField"),
                a_key("f", units="X", type="function"),
            )
        )
    )
    assert {key: hint.unit for key, hint in found.items()} == {
        Key(Source.TELEMETRY, "t"): "°C",
        **{Key(source, "a"): "V" for source in ATTRIBUTES},
    }


def test_places_of_keys() -> None:
    """Keys stand in two lists of each source, and widgets in a list or an object."""
    config = {
        "datasources": [
            {"dataKeys": [a_key("a", units="V")]},
            {"latestDataKeys": [a_key("b", units="A")]},
            {"dataKeys": None},
            None,
        ]
    }
    for widgets in ({"w": {"config": config}}, [{"config": config}]):
        found = hints_of({"configuration": {"widgets": widgets}})
        # Widgets are an object; what else they might be is not worth a guess.
        units = {key.name: hint.unit for key, hint in found}
        assert units in ({"a": "V", "b": "A"}, {})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "configuration",
                    "widgets",
                    "config",
                    "datasources",
                    "dataKeys",
                    "latestDataKeys",
                    "name",
                    "type",
                    "label",
                    "units",
                    "from",
                ]
            ),
            inner | st.sampled_from(["timeseries", "attribute"]),
            max_size=4,
        )
    ),
    max_leaves=15,
)


@settings(deadline=None, max_examples=300)
@given(ANYTHING, ANYTHING)
def test_no_dashboard_breaks_the_hints(anything: Any, units: Any) -> None:
    """Whatever a dashboard holds, hints are texts."""
    for dashboard in (
        anything,
        {"configuration": {"widgets": anything}},
        {"configuration": {"widgets": {"w": {"config": anything}}}},
        a_dashboard(anything),
        a_dashboard(a_key(units=units, label=units), units=anything),
    ):
        for key, hint in hints_of(dashboard):
            assert key.name
            for text in (hint.unit, hint.label):
                assert text is None or (isinstance(text, str) and text.strip() == text)


# What comes of it.


async def test_units_and_names(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """What a person drew on dashboards, nobody has to type in again."""
    account = await started(accounts)
    found = power(account, thingsboard)
    # A label that says the same as the key is no better name.
    assert (found.unit, found.name) == ("W", "power")
    flow = resource(account, thingsboard, "Sprinkler", "telemetry/flow")
    assert flow.unit == "L/min"
    odd = resource(account, thingsboard, "Weather station", "telemetry/data.temp")
    assert odd.unit == "°C"
    target = resource(account, thingsboard, "TH-0042", "shared/targetTemperature")
    assert target.unit == "°C"
    rest = resource(account, thingsboard, "TH-0042", "telemetry/target")
    assert (rest.unit, rest.name) == (None, "target")
    assert account.adapter.denied == {}


async def test_nobody_wants_it(
    thingsboard: ThingsBoardSimulator, account: Account
) -> None:
    """Dashboards are large: they are read only where a person wants it."""
    await account.start()
    assert power(account, thingsboard).unit is None
    assert thingsboard.requests(path="dashboard") == []


async def test_read_once(thingsboard: ThingsBoardSimulator, accounts: Accounts) -> None:
    """Dashboards are read once, and never with the values."""
    account = await started(accounts)
    assert len(thingsboard.requests(path=LISTS)) == 1
    read = len(thingsboard.requests(path=SINGLE))
    assert read == len(thingsboard.store.dashboards)
    for _ in range(3):
        account.clock.advance(1000)
        await account.refresh()
        await account.poll()
    thingsboard.add_device(Device("Newcomer"))
    await account.refresh()
    assert len(thingsboard.requests(path=SINGLE)) == read
    assert power(account, thingsboard).unit == "W"


async def test_votes(thingsboard: ThingsBoardSimulator, accounts: Accounts) -> None:
    """The unit that most dashboards have counts."""
    show(thingsboard, "One", power="kW")
    show(thingsboard, "Two", power="kW")
    assert power(await started(accounts), thingsboard).unit == "kW"


async def test_tie(thingsboard: ThingsBoardSimulator, accounts: Accounts) -> None:
    """Where dashboards disagree nobody knows: a wrong unit is worse than none."""
    show(thingsboard, "One", power="kW")
    found = power(await started(accounts), thingsboard)
    assert found.unit is None


async def test_customer_user(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """A customer's user sees the customer's dashboards."""
    thingsboard.device("Meter M1").customer = thingsboard.customer("Customer A")
    account = await started(accounts, email=CUSTOMER)
    assert power(account, thingsboard).unit == "W"
    assert len(thingsboard.requests(path=SINGLE)) == 1


async def test_many_dashboards(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Not more are read than a server can bear."""
    for number in range(MOST_DASHBOARDS + 5):
        show(thingsboard, f"Extra {number}", voltage="mV")
    account = await started(accounts)
    assert len(thingsboard.requests(path=SINGLE)) == MOST_DASHBOARDS
    voltage = resource(account, thingsboard, "Meter M1", "telemetry/voltage")
    assert voltage.unit == "mV"


@pytest.mark.parametrize("status", [403, 404])
async def test_forbidden(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, status: int
) -> None:
    """Who may not read dashboards has devices all the same, and is told."""
    thingsboard.faults.add(Status(status), path=LISTS)
    account = await started(accounts)
    assert power(account, thingsboard).unit is None
    assert Capability.DASHBOARDS in account.adapter.denied
    assert str(status) in account.adapter.denied[Capability.DASHBOARDS]


@pytest.mark.parametrize(
    "effect",
    [
        Status(403),
        Status(404),
        Status(
            500,
            body='{"status":500,"message":"?","errorCode":2}',
            content_type="application/json",
        ),
        Replace("<html>"),
        Replace("[]", content_type="application/json"),
    ],
    ids=case_id,
)
async def test_one_that_cannot_be_read(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, effect: Any
) -> None:
    """A dashboard that cannot be read is left out, and the others count."""
    broken = next(d for d in thingsboard.store.dashboards if d.name == "Thermostats")
    thingsboard.faults.add(effect, path=f"{SINGLE}{broken.id}$")
    account = await started(accounts)
    assert power(account, thingsboard).unit == "W"
    found = resource(account, thingsboard, "TH-0042", "telemetry/temperature")
    assert found.unit is None
    assert account.adapter.denied == {}


@pytest.mark.parametrize("answer", ['{"data": [7, {}, {"id": {"id": "../x"}}]}', "[]"])
async def test_broken_list(
    thingsboard: ThingsBoardSimulator, accounts: Accounts, answer: str
) -> None:
    """What is no list of dashboards tells nothing."""
    thingsboard.faults.add(Replace(answer, content_type="application/json"), path=LISTS)
    account = await started(accounts)
    assert power(account, thingsboard).unit is None
    assert thingsboard.requests(path=SINGLE) == []


async def test_trouble_while_looking(
    thingsboard: ThingsBoardSimulator, accounts: Accounts
) -> None:
    """Trouble that passes is waited for: units must not change from one start to the next."""
    account = accounts(choices=READS)
    await account.adapter.connect()
    thingsboard.faults.add(Status(503), path=SINGLE, skip=1, count=1)
    with pytest.raises(UnreachableError):
        await account.refresh()
    await account.refresh()
    assert power(account, thingsboard).unit == "W"
