"""Entity data queries (thingsboard.md 7)."""

from collections.abc import AsyncIterator
from time import process_time
from typing import Any

import pytest

from .thingsboard_peer import ALL, Peer, data_query, key, running

from tests.simulators.thingsboard.bus import Scope
from tests.simulators.thingsboard.device import Device
from tests.simulators.thingsboard.records import Asset
from tests.simulators.thingsboard.versions import Edition

FIND = "/api/entitiesQuery/find"
COUNT = "/api/entitiesQuery/count"


@pytest.fixture
async def peer(socket_enabled: None) -> AsyncIterator[Peer]:
    """Serve the things."""
    async with running() as made:
        yield made


def latest(page: dict[str, Any], index: int = 0) -> Any:
    """Values of one thing in an answer."""
    return page["data"][index]["latest"]


async def test_answer(peer: Peer) -> None:
    """One thing with each type of key, as in 7.2."""
    a1 = peer.device("A1")
    a1.additional_info = {"gateway": False}
    a1.put_telemetry(
        {"temperature": 21.5, "on": True, "list": [1, {"a": "b"}]}, ts=1000
    )
    a1.save_attributes(Scope.SERVER, {"active": True}, ts=2000)
    a1.save_attributes(Scope.SHARED, {"target": 22}, ts=3000)
    a1.save_attributes(Scope.CLIENT, {"model": "HX-3", "target": 1}, ts=4000)
    page = await peer.find(
        "ENTITY_FIELD:name",
        "ENTITY_FIELD:label",
        "ENTITY_FIELD:type",
        "ENTITY_FIELD:additionalInfo",
        "ENTITY_FIELD:nonsense",
        "TIME_SERIES:temperature",
        "TIME_SERIES:on",
        "TIME_SERIES:list",
        "TIME_SERIES:humidity",
        "SERVER_ATTRIBUTE:active",
        "SHARED_ATTRIBUTE:target",
        "CLIENT_ATTRIBUTE:model",
        "ATTRIBUTE:target",
        size=1,
    )
    now = latest(page)["ENTITY_FIELD"]["name"]["ts"]
    assert abs(now - peer.sim.clock.now_ms()) < 5000
    assert page == {
        "data": [
            {
                "entityId": {"entityType": "DEVICE", "id": a1.id},
                "latest": {
                    "ENTITY_FIELD": {
                        "name": {"ts": now, "value": "A1"},
                        "label": {"ts": now, "value": "Label of A1"},
                        "type": {"ts": now, "value": "thermostat"},
                        "additionalInfo": {"ts": now, "value": '{"gateway":false}'},
                        "nonsense": {"ts": now, "value": ""},
                    },
                    "TIME_SERIES": {
                        "temperature": {"ts": 1000, "value": "21.5"},
                        "on": {"ts": 1000, "value": "true"},
                        "list": {"ts": 1000, "value": '[1,{"a":"b"}]'},
                        "humidity": {"ts": 0, "value": ""},
                    },
                    "SERVER_ATTRIBUTE": {"active": {"ts": 2000, "value": "true"}},
                    "SHARED_ATTRIBUTE": {"target": {"ts": 3000, "value": "22"}},
                    "CLIENT_ATTRIBUTE": {"model": {"ts": 4000, "value": "HX-3"}},
                    "ATTRIBUTE": {"target": {"ts": 4000, "value": "1"}},
                },
                "timeseries": {},
                "aggLatest": {},
            }
        ],
        "totalPages": 5,
        "totalElements": 5,
        "hasNext": True,
    }


@pytest.mark.parametrize(
    ("stored", "shown"),
    [
        ("22.50", "22.5"),
        ("007", "007"),
        ("0", "0"),
        ("0.50", "0.5"),
        ("+1", "+1"),
        ("1E10", "1E10"),
        ("-12", "-12"),
        ("", ""),
        (12, "12"),
        (False, "false"),
        ({"a": [1, None]}, '{"a":[1,null]}'),
    ],
)
async def test_texts(peer: Peer, stored: Any, shown: str) -> None:
    """Every value is a text, and numeric-looking text is normalised."""
    peer.device("A1").put_telemetry({"x": stored}, ts=7)
    page = await peer.find("TIME_SERIES:x", size=1)
    assert latest(page)["TIME_SERIES"]["x"] == {"ts": 7, "value": shown}


async def test_edqs_leaves_missing_keys_out(peer: Peer) -> None:
    """And sorts the newest first if nothing else is said."""
    peer.sim.switches.edqs = True
    page = await peer.find("ENTITY_FIELD:name", "TIME_SERIES:x", sort=None)
    assert latest(page)["ENTITY_FIELD"]["name"]["value"] == "C2"
    assert latest(page)["TIME_SERIES"] == {}
    peer.sim.switches.version = "3.9"
    page = await peer.find("ENTITY_FIELD:name", "TIME_SERIES:x")
    assert latest(page)["TIME_SERIES"] == {"x": {"ts": 0, "value": ""}}


async def test_fields_of_versions(peer: Peer) -> None:
    """Owner since 3.7, displayName since 4.3."""
    keys = [
        f"ENTITY_FIELD:{name}"
        for name in ("ownerName", "ownerType", "displayName", "title", "createdTime")
    ]

    async def values() -> list[str]:
        fields = latest(await peer.find(*keys, size=1))["ENTITY_FIELD"]
        return [each["value"] for each in fields.values()]

    created = str(peer.device("A1").created)
    assert await values() == ["House", "CUSTOMER", "Label of A1", "A1", created]
    peer.sim.switches.version = "4.2.1"
    assert await values() == ["House", "CUSTOMER", "", "A1", created]
    peer.sim.switches.version = "3.6.4"
    assert await values() == ["", "", "", "A1", created]


async def test_pages(peer: Peer) -> None:
    """With a sort order they fit together; past the end there is nothing."""
    names = [await peer.names(size=2, page=number) for number in range(4)]
    assert names == [["A1", "A2"], ["B1", "C1"], ["C2"], []]
    last = await peer.find("ENTITY_FIELD:name", size=2, page=3)
    assert last == {
        "data": [],
        "totalPages": 3,
        "totalElements": 5,
        "hasNext": False,
    }
    none = await peer.find(filter={"type": "entityType", "entityType": "ASSET"})
    assert none == {
        "data": [],
        "totalPages": 0,
        "totalElements": 0,
        "hasNext": False,
    }


async def test_order(peer: Peer) -> None:
    """Numbers before texts before nothing; without an order there is none."""
    for name, value in (("A1", "text"), ("A2", 10), ("B1", 9), ("C1", 10)):
        peer.device(name).put_telemetry({"x": value})
    by_x = {"key": key("TIME_SERIES:x"), "direction": "ASC"}
    assert (await peer.names(sort=by_x))[:1] == ["B1"]
    assert (await peer.names(sort=by_x))[3:] == ["A1", "C2"]
    by_x["direction"] = "DESC"
    assert (await peer.names(sort=by_x))[:2] == ["C2", "A1"]
    assert await peer.names(sort=by_x) == await peer.names(sort=by_x)
    orders = {tuple(await peer.names(sort=None)) for _ in range(10)}
    assert len(orders) > 1
    peer.sim.switches.shuffle = False
    assert await peer.names(sort=None) == ["A1", "A2", "B1", "C1", "C2"]


async def test_customers_see_their_own(peer: Peer) -> None:
    """Whatever they ask for."""
    assert await peer.names(user="anna") == ["A1", "A2"]
    ids = [peer.device("A1").id, peer.device("B1").id]
    listed = {"type": "entityList", "entityType": "DEVICE", "entityList": ids}
    assert await peer.names(user="anna", filter=listed) == ["A1"]
    assert await peer.names(filter=listed) == ["A1", "B1"]


@pytest.mark.parametrize(
    ("version", "filter", "names"),
    [
        ("4.3", {"deviceTypes": ["thermostat", "meter"]}, ["A1", "A2", "B1"]),
        ("4.3", {"deviceType": "meter"}, ["B1"]),
        ("4.3", {"deviceTypes": ["thermostat"], "deviceNameFilter": "a1"}, ["A1"]),
        ("4.3", {"deviceTypes": ["thermostat"], "deviceNameFilter": "%2"}, ["A2"]),
        ("4.3", {"deviceTypes": ["default"], "deviceNameFilter": "%1%"}, ["C1"]),
        ("3.4", {"deviceType": "thermostat"}, ["A1", "A2"]),
        ("3.4", {"deviceTypes": ["thermostat"]}, []),
        ("4.3", {}, []),
    ],
)
async def test_device_types(
    peer: Peer, version: str, filter: dict[str, Any], names: list[str]
) -> None:
    """Lists of types since 3.5, the single one always."""
    peer.sim.switches.version = version
    assert await peer.names(filter={"type": "deviceType", **filter}) == names


async def test_small_filters(peer: Peer) -> None:
    """By id, by name, by customer."""
    ref = {"entityType": "DEVICE", "id": peer.device("B1").id}
    assert await peer.names(filter={"type": "singleEntity", "singleEntity": ref}) == [
        "B1"
    ]
    by_name = {"type": "entityName", "entityType": "DEVICE", "entityNameFilter": "c"}
    assert await peer.names(filter=by_name) == ["C1", "C2"]
    own = {
        "entityType": "CURRENT_CUSTOMER",
        "id": "13814000-1dd2-11b2-8080-808080808080",
    }
    mine = {"type": "singleEntity", "singleEntity": own}
    assert await peer.names(filter=mine, user="anna") == ["House"]
    assert await peer.names(filter=mine) == []


async def test_relations(peer: Peer) -> None:
    """Devices below assets, with the parent."""
    store = peer.sim.store
    house = store.add(Asset("The house", type="building"))
    hall = store.add(Asset("Hall", type="room"))
    attic = store.add(Asset("Attic", type="room"))
    store.relate(house, hall)
    store.relate(hall, peer.device("A1"))
    store.relate(hall, peer.device("C1"), "Manages")
    store.relate(attic, peer.device("A1"))
    store.relate(attic, peer.device("A2"))
    contains = [{"relationType": "Contains", "entityTypes": ["DEVICE"]}]
    many = {
        "type": "relationsQuery",
        "multiRoot": True,
        "multiRootEntitiesType": "ASSET",
        "multiRootEntityIds": [hall.id, attic.id],
        "direction": "FROM",
        "maxLevel": 1,
        "filters": contains,
    }
    page = await peer.find("ENTITY_FIELD:name", "ENTITY_FIELD:parentId", filter=many)
    found = [
        tuple(
            each["latest"]["ENTITY_FIELD"][name]["value"]
            for name in ("name", "parentId")
        )
        for each in page["data"]
    ]
    assert sorted(found) == sorted(
        [("A1", hall.id), ("A1", attic.id), ("A2", attic.id)]
    )
    root = {"entityType": "ASSET", "id": house.id}
    below = {"type": "relationsQuery", "rootEntity": root, "direction": "FROM"}
    assert await peer.names(filter={**below, "filters": contains}) == []
    deep = {**below, "maxLevel": 2, "filters": contains}
    assert await peer.names(filter=deep) == ["A1"]
    assert await peer.names(filter={**below, "maxLevel": 2}) == ["A1", "C1", "Hall"]
    last = {**below, "maxLevel": 2, "fetchLastLevelOnly": True}
    assert await peer.names(filter=last) == ["A1", "C1"]
    search = {
        "type": "deviceSearchQuery",
        "rootEntity": root,
        "relationType": "Contains",
        "direction": "FROM",
        "maxLevel": 3,
        "deviceTypes": ["thermostat"],
    }
    assert await peer.names(filter=search) == ["A1"]
    device = {"entityType": "DEVICE", "id": peer.device("A1").id}
    up = {
        "type": "assetSearchQuery",
        "rootEntity": device,
        "direction": "TO",
        "maxLevel": 3,
        "assetTypes": ["building"],
    }
    assert await peer.names(filter=up) == ["The house"]
    rooms = {"type": "assetType", "assetTypes": ["room"]}
    assert await peer.names(filter=rooms) == ["Attic", "Hall"]


async def test_groups_are_professional(peer: Peer) -> None:
    """A filter that CE does not know cannot be read."""
    group = peer.sim.store.add_group("Some", [peer.device("C1"), peer.device("A1")])
    wanted = {"type": "entityGroup", "groupType": "DEVICE", "entityGroup": group.id}
    reply = await peer.post(FIND, data_query(filter=wanted))
    assert reply.error[:2] == (500, 2)
    peer.sim.switches.edition = Edition.PE
    assert await peer.names(filter=wanted) == ["A1", "C1"]
    named = {
        "type": "entitiesByGroupName",
        "groupType": "DEVICE",
        "entityGroupNameFilter": "so",
    }
    assert await peer.names(filter=named) == ["A1", "C1"]


def condition(key_text: str, kind: str, operation: str, value: Any) -> dict[str, Any]:
    """Key filter."""
    return {
        "key": key(key_text),
        "valueType": kind,
        "predicate": {
            "type": kind,
            "operation": operation,
            "value": {"defaultValue": value, "dynamicValue": None},
        },
    }


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ([("SERVER_ATTRIBUTE:active", "BOOLEAN", "EQUAL", True)], ["A1"]),
        ([("SERVER_ATTRIBUTE:active", "BOOLEAN", "NOT_EQUAL", True)], ["A2", "B1"]),
        ([("TIME_SERIES:x", "NUMERIC", "GREATER_OR_EQUAL", 5)], ["A1", "A2"]),
        ([("TIME_SERIES:x", "NUMERIC", "LESS", 5)], ["B1"]),
        ([("TIME_SERIES:x", "STRING", "EQUAL", "5")], []),
        ([("TIME_SERIES:s", "STRING", "STARTS_WITH", "he")], ["A1"]),
        ([("TIME_SERIES:s", "STRING", "IN", "cool, heat")], ["A1", "A2"]),
        ([("ENTITY_FIELD:name", "STRING", "ENDS_WITH", "1")], ["A1", "B1", "C1"]),
        (
            [
                ("TIME_SERIES:x", "NUMERIC", "GREATER", 4),
                ("TIME_SERIES:s", "STRING", "NOT_EQUAL", "heat"),
            ],
            ["A2"],
        ),
    ],
)
async def test_key_filters(
    peer: Peer, filters: list[tuple[str, str, str, Any]], names: list[str]
) -> None:
    """All must hold, and what has no such value never fits."""
    for name, active, number, text in (
        ("A1", True, 5, "heat"),
        ("A2", False, 6, "cool"),
        ("B1", False, 1, "off"),
    ):
        device = peer.device(name)
        device.put_telemetry({"x": number, "s": text})
        device.save_attributes(Scope.SERVER, {"active": active})
    for name in ("C1", "C2"):
        peer.device(name).delete_attributes(Scope.SERVER, ["active"])
    made = [condition(*each) for each in filters]
    assert await peer.names(keyFilters=made) == names
    count = await peer.post(COUNT, {"entityFilter": ALL, "keyFilters": made})
    assert count.json == len(names)


async def test_alternatives(peer: Peer) -> None:
    """Conditions with OR: a list of them since 4.4, a complex one always."""
    one = condition("ENTITY_FIELD:name", "STRING", "EQUAL", "A1")
    two = condition("ENTITY_FIELD:name", "STRING", "EQUAL", "C1")
    both = {"keyFilters": [one, two], "keyFiltersOperation": "OR"}
    assert await peer.names(**both) == []
    peer.sim.switches.version = "4.4.0"
    assert await peer.names(**both) == ["A1", "C1"]
    predicates = [one["predicate"], two["predicate"]]
    complex_ = {"type": "COMPLEX", "operation": "OR", "predicates": predicates}
    assert await peer.names(keyFilters=[{**one, "predicate": complex_}]) == ["A1", "C1"]


async def test_text_search(peer: Peer) -> None:
    """Any selected column, values included."""
    peer.device("C2").put_telemetry({"mode": "Heating"})
    link = {"textSearch": "heat"}
    assert await peer.names(link=link) == []
    page = await peer.find("ENTITY_FIELD:name", "TIME_SERIES:mode", link=link)
    assert page["totalElements"] == 1
    assert await peer.names(link={"textSearch": "b1"}) == ["B1"]


_SIZE = "Incorrect entity data page link page size '0'. Page size must be greater than zero."
_PAGE = "Incorrect entity data page link page '-1'. Page must be positive integer."
_ROOTS = "Multi-root relation query filter should contain 'multiRootEntitiesType'"


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"pageLink": {}}, "Query entity filter must be specified."),
        ({"entityFilter": ALL}, "Entity Data Page link must be specified."),
        (data_query(size=0), _SIZE),
        (data_query(page=-1), _PAGE),
        (data_query(filter={"type": "relationsQuery", "multiRoot": True}), _ROOTS),
    ],
)
async def test_mistakes(peer: Peer, body: dict[str, Any], message: str) -> None:
    """What 7.5 says of them."""
    assert (await peer.post(FIND, body)).error == (400, 31, message)


async def test_garbage(peer: Peer) -> None:
    """500 with code 2; unknown properties are none."""
    assert (await peer.call("POST", FIND, json=[1])).error[:2] == (500, 2)
    bad_key = data_query() | {"entityFields": [{"type": "NOTHING", "key": "x"}]}
    assert (await peer.post(FIND, bad_key)).error[:2] == (500, 2)
    odd = data_query() | {"colour": "red"}
    odd["pageLink"]["colour"] = "red"
    assert (await peer.post(FIND, odd)).status == 200
    assert (await peer.call("POST", FIND, user=None, json=odd)).status == 401


async def test_keys(peer: Peer) -> None:
    """Names alone on the older endpoint, typed samples on the newer one."""
    a1, a2 = peer.device("A1"), peer.device("A2")
    a1.put_telemetry({"temperature": 21.5, "mode": "heat"}, ts=1000)
    a2.put_telemetry({"temperature": 22}, ts=2000)
    for each in peer.sim.store.devices:
        each.delete_attributes(Scope.SERVER, ["active"])
    a2.save_attributes(Scope.SHARED, {"target": 20}, ts=3000)
    types = {"type": "deviceType", "deviceTypes": ["thermostat"]}
    body = data_query(filter=types)
    old = "/api/entitiesQuery/find/keys?timeseries=true&attributes=true"
    assert (await peer.post(old, body)).json == {
        "entityTypes": ["DEVICE"],
        "timeseries": ["mode", "temperature"],
        "attribute": ["target"],
    }
    limited = (await peer.post(f"{old}&scope=CLIENT_SCOPE", body)).json
    assert limited["attribute"] == []
    missing = await peer.post("/api/entitiesQuery/find/keys?timeseries=true", body)
    assert missing.error[:2] == (500, 2)
    assert "attributes" in missing.error[2]
    new = "/api/v2/entitiesQuery/find/keys"
    sampled = f"{new}?includeTimeseries=true&includeAttributes=true&includeSamples=true"
    assert (await peer.post(sampled, body)).json == {
        "entityTypes": ["DEVICE"],
        "timeseries": [
            {"key": "mode", "sample": {"ts": 1000, "value": "heat"}},
            {"key": "temperature", "sample": {"ts": 2000, "value": 22}},
        ],
        "attributes": {
            "SERVER_SCOPE": [],
            "SHARED_SCOPE": [{"key": "target", "sample": {"ts": 3000, "value": 20}}],
            "CLIENT_SCOPE": [],
        },
    }
    part = await peer.post(f"{new}?includeAttributes=false", body)
    assert part.json["timeseries"] == [{"key": "mode"}, {"key": "temperature"}]
    assert "attributes" not in part.json
    none = await peer.post(
        f"{new}?includeTimeseries=false&includeAttributes=false", body
    )
    assert none.error[:2] == (400, 31)
    peer.sim.switches.version = "4.2.1"
    assert (await peer.post(sampled, body)).error[:2] == (404, 32)
    peer.sim.switches.version = "3.2.1"
    assert (await peer.post(old, body)).error[:2] == (404, 32)


async def test_keys_of_a_hundred_things(peer: Peer) -> None:
    """However large the page is."""
    for number in range(120):
        device = peer.sim.store.add(Device(f"D{number:03}", type="many"))
        device.put_telemetry({f"key{number:03}": 1})
    many = {"type": "deviceType", "deviceTypes": ["many"]}
    body = data_query(filter=many, size=1000)
    path = "/api/entitiesQuery/find/keys?timeseries=true&attributes=false"
    assert len((await peer.post(path, body)).json["timeseries"]) == 100
    body["pageLink"]["page"] = 1
    assert len((await peer.post(path, body)).json["timeseries"]) == 20


async def test_alarms(peer: Peer) -> None:
    """Alarms of the things that a query finds, and how many."""
    alarms = peer.sim.store.alarms
    high = alarms.create(peer.device("A1"), "High", "MAJOR")
    low = alarms.create(peer.device("B1"), "Low", "MINOR")
    alarms.clear(low)
    link = {
        "pageSize": 10,
        "page": 0,
        "sortOrder": {"key": key("ALARM_FIELD:createdTime"), "direction": "DESC"},
    }
    query = {
        "entityFilter": ALL,
        "pageLink": link,
        "alarmFields": [key("ALARM_FIELD:type")],
        "entityFields": [key("ENTITY_FIELD:name")],
        "latestValues": [],
    }
    path = "/api/alarmsQuery/find"
    page = (await peer.post(path, query)).json
    assert page["totalElements"] == 2
    active = {**query, "pageLink": {**link, "statusList": ["ACTIVE"]}}
    [item] = (await peer.post(path, active)).json["data"]
    assert item["id"]["id"] == high.id
    assert item["status"] == "ACTIVE_UNACK"
    assert item["entityId"] == item["originator"]
    assert item["latest"]["ENTITY_FIELD"]["name"]["value"] == "A1"
    assert (await peer.post(path, query, user="anna")).json["totalElements"] == 1
    old = {**query, "pageLink": {**link, "timeWindow": 1000}}
    peer.sim.clock.advance(10)
    assert (await peer.post(path, old)).json["totalElements"] == 0
    count = "/api/alarmsQuery/count"
    assert (await peer.post(count, {})).json == 2
    assert (await peer.post(count, {"severityList": ["MINOR"]})).json == 1
    assert (await peer.post(count, {"entityFilter": ALL}, user="anna")).json == 1


async def test_is_fast(peer: Peer) -> None:
    """A thousand devices with ten keys on one page."""
    for number in range(1000):
        device = peer.sim.store.add(Device(f"D{number:04}", type="many"))
        device.put_telemetry({f"key{index}": number + index / 7 for index in range(10)})
    many = {"type": "deviceType", "deviceTypes": ["many"]}
    keys = [f"TIME_SERIES:key{index}" for index in range(10)]
    began = process_time()
    page = await peer.find("ENTITY_FIELD:name", *keys, filter=many, size=1000)
    assert process_time() - began < 0.5
    assert len(page["data"]) == 1000
