"""Counts, alarms and the old form on the WebSocket (thingsboard.md 11.7 to 11.9)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from .thingsboard_peer import ALL, Peer, closing, frame, key, running

from tests.simulators.thingsboard.bus import Scope
from tests.simulators.thingsboard.device import Device

WEEK = 604_800_000


@pytest.fixture
async def peer(socket_enabled: None) -> AsyncIterator[Peer]:
    """Serve the things."""
    async with running() as made:
        yield made


def alarm_data(cmd_id: int, **link: Any) -> dict[str, Any]:
    """ALARM_DATA command."""
    order = {"key": key("ALARM_FIELD:createdTime"), "direction": "DESC"}
    return {
        "type": "ALARM_DATA",
        "cmdId": cmd_id,
        "query": {
            "entityFilter": ALL,
            "pageLink": {
                "pageSize": 10,
                "page": 0,
                "timeWindow": WEEK,
                "statusList": ["ACTIVE"],
                "sortOrder": order,
                **link,
            },
            "alarmFields": [key("ALARM_FIELD:type")],
            "entityFields": [key("ENTITY_FIELD:name")],
            "latestValues": [],
        },
    }


async def answers_nothing(socket: Any) -> None:
    """Nothing was sent before the answer to a last command."""
    await socket.send_json({"cmds": [{"type": "ENTITY_COUNT", "cmdId": 99}]})
    assert (await frame(socket))["subscriptionId"] == 99


# Counts.


async def test_entity_count(peer: Peer) -> None:
    """At once, and each minute if it is another one."""
    count = {"type": "ENTITY_COUNT", "cmdId": 2, "query": {"entityFilter": ALL}}
    socket = await peer.signed_in(count)
    answer = {
        "cmdId": 2,
        "errorCode": 0,
        "errorMsg": None,
        "count": 5,
        "cmdUpdateType": "COUNT_DATA",
    }
    assert await frame(socket) == answer
    await socket.send_json({"cmds": [count]})
    peer.sim.clock.advance(61)
    peer.sim.store.add(Device("Z1"))
    await answers_nothing(socket)
    peer.sim.clock.advance(61)
    assert await frame(socket) == answer | {"count": 6}
    await socket.send_json({"cmds": [{"type": "ENTITY_COUNT_UNSUBSCRIBE", "cmdId": 2}]})
    await peer.sim.wait_until(lambda: not peer.sim.live.subscriptions)


async def test_alarm_count(peer: Peer) -> None:
    """Of what the user sees."""
    query = {"statusList": ["ACTIVE"]}
    count = {"type": "ALARM_COUNT", "cmdId": 2, "query": query}
    socket = await peer.signed_in(count, user="anna")
    assert (await frame(socket))["cmdUpdateType"] == "ALARM_COUNT_DATA"
    for name in ("A1", "B1"):
        peer.sim.store.alarms.create(peer.device(name), "High")
    assert peer.sim.tick_streams() == 1
    assert (await frame(socket))["count"] == 1


async def test_alarm_status(peer: Peer) -> None:
    """At once and on change, since 3.9."""
    origin = {"entityType": "DEVICE", "id": peer.device("A1").id}
    status = {
        "type": "ALARM_STATUS",
        "cmdId": 3,
        "originatorId": origin,
        "typeList": ["High"],
        "severityList": [],
    }
    socket = await peer.signed_in(status)
    answer = {
        "cmdId": 3,
        "errorCode": 0,
        "errorMsg": None,
        "active": False,
        "cmdUpdateType": "ALARM_STATUS",
    }
    assert await frame(socket) == answer
    alarms = peer.sim.store.alarms
    alarms.create(peer.device("A1"), "Low")
    alarms.create(peer.device("A2"), "High")
    alarm = alarms.create(peer.device("A1"), "High")
    assert await frame(socket) == answer | {"active": True}
    alarms.acknowledge(alarm)
    alarms.clear(alarm)
    assert await frame(socket) == answer
    foreign = {**status, "cmdId": 4}
    socket = await peer.signed_in(
        {**foreign, "originatorId": {**origin, "id": peer.device("B1").id}}, user="anna"
    )
    assert (await frame(socket))["errorCode"] == 3
    peer.sim.switches.version = "3.8.1"
    old = await peer.signed_in(status)
    assert (await closing(old))[0] == 1007


# Alarms.


async def test_alarm_data(peer: Peer) -> None:
    """A page first; new alarms and those that end bring it again, others an update."""
    socket = await peer.signed_in(alarm_data(4))
    first = await frame(socket)
    assert first == {
        "cmdId": 4,
        "errorCode": 0,
        "errorMsg": None,
        "data": {"data": [], "totalPages": 0, "totalElements": 0, "hasNext": False},
        "update": None,
        "allowedEntities": 10000,
        "totalEntities": 5,
        "cmdUpdateType": "ALARM_DATA",
    }
    alarms = peer.sim.store.alarms
    alarm = alarms.create(peer.device("A1"), "High", "MAJOR")
    page = await frame(socket)
    [item] = page["data"]["data"]
    assert item["id"]["id"] == alarm.id
    assert item["latest"]["ENTITY_FIELD"]["name"]["value"] == "A1"
    assert item["entityId"]["id"] == peer.device("A1").id
    alarms.acknowledge(alarm)
    update = await frame(socket)
    assert update["data"] is None
    assert update["update"][0]["status"] == "ACTIVE_ACK"
    alarms.clear(alarm)
    assert (await frame(socket))["data"]["totalElements"] == 0
    second = alarms.create(peer.device("A1"), "High", "MAJOR")
    await frame(socket)
    alarms.delete(second)
    assert (await frame(socket))["data"]["totalElements"] == 0
    await socket.send_json({"cmds": [alarm_data(4)]})
    assert (await frame(socket))["data"]["totalElements"] == 0


async def test_too_many_alarms(peer: Peer) -> None:
    """Ten fetches a minute; what was missed comes at the next look."""
    socket = await peer.signed_in(alarm_data(4))
    await frame(socket)
    for number in range(12):
        peer.sim.store.alarms.create(peer.device("A1"), f"Alarm {number}")
    totals = [(await frame(socket))["data"]["totalElements"] for _ in range(10)]
    assert totals == list(range(1, 11))
    await answers_nothing(socket)
    peer.sim.clock.advance(61)
    assert (await frame(socket))["data"]["totalElements"] == 12


async def test_old_alarms(peer: Peer) -> None:
    """The window moves on; without one there are no updates at all."""
    alarm = peer.sim.store.alarms.create(peer.device("A1"), "High")
    live = await peer.signed_in(alarm_data(4, timeWindow=90_000))
    dead = await peer.signed_in(alarm_data(4, timeWindow=0))
    assert (await frame(live))["data"]["totalElements"] == 1
    assert (await frame(dead))["data"]["totalElements"] == 1
    peer.sim.clock.advance(61)
    await answers_nothing(live)
    peer.sim.clock.advance(61)
    assert (await frame(live))["data"]["totalElements"] == 0
    peer.sim.store.alarms.clear(alarm)
    await answers_nothing(dead)


async def test_things_are_fixed(peer: Peer) -> None:
    """Alarms of later things are not heard of; nothing follows if there were none."""
    socket = await peer.signed_in(alarm_data(4))
    await frame(socket)
    peer.sim.store.alarms.create(peer.sim.store.add(Device("Z1")), "High")
    await answers_nothing(socket)
    empty = alarm_data(5)
    empty["query"]["entityFilter"] = {"type": "deviceType", "deviceTypes": ["none"]}
    await socket.send_json({"cmds": [empty]})
    answer = await frame(socket)
    assert (answer["allowedEntities"], answer["data"]["totalElements"]) == (0, 0)


async def test_values_of_alarms(peer: Peer) -> None:
    """They come with the alarms of their thing; there must be a list of them."""
    command = alarm_data(4)
    command["query"]["latestValues"] = [key("TIME_SERIES:temperature")]
    peer.sim.store.alarms.create(peer.device("A1"), "High")
    socket = await peer.signed_in(command)
    [item] = (await frame(socket))["data"]["data"]
    assert item["latest"]["TIME_SERIES"]["temperature"] == {"ts": 0, "value": ""}
    peer.device("A1").put_telemetry({"temperature": 5}, ts=1000)
    [item] = (await frame(socket))["update"]
    assert item["latest"]["TIME_SERIES"]["temperature"] == {"ts": 1000, "value": "5"}
    command["query"]["latestValues"] = None
    await socket.send_json({"cmds": [{**command, "cmdId": 5}]})
    assert (await frame(socket))["errorCode"] == 1


# The old form.


def of_device(type_: str, device: Device, **more: Any) -> dict[str, Any]:
    """Command in the old form."""
    ref = {"entityType": "DEVICE", "entityId": device.id}
    return {"type": type_, "cmdId": 5, **ref, **more}


async def test_timeseries(peer: Peer) -> None:
    """One thing by name of keys, or all of them."""
    device = peer.device("A1")
    device.put_telemetry({"temperature": 21.5, "humidity": 40}, ts=1000)
    command = of_device(
        "TIMESERIES", device, keys="temperature,other", scope="LATEST_TELEMETRY"
    )
    socket = await peer.signed_in(command)
    assert await frame(socket) == {
        "subscriptionId": 5,
        "errorCode": 0,
        "errorMsg": None,
        "data": {"temperature": [[1000, "21.5"]]},
        "latestValues": {"temperature": 1000},
    }
    device.put_telemetry({"temperature": 22, "humidity": 41}, ts=2000)
    device.put_telemetry({"temperature": 1}, ts=1500)
    device.put_telemetry({"other": True}, ts=2500)
    assert (await frame(socket))["data"] == {"temperature": [[2000, "22"]]}
    assert (await frame(socket))["data"] == {"other": [[2500, "true"]]}
    all_keys = of_device("TIMESERIES", device, cmdId=6)
    await socket.send_json({"cmds": [all_keys]})
    assert set((await frame(socket))["data"]) == {"temperature", "humidity", "other"}
    for cmd_id in (5, 6):
        stop = of_device("TIMESERIES", device, cmdId=cmd_id, unsubscribe=True)
        await socket.send_json({"cmds": [stop]})
    await peer.sim.wait_until(lambda: not peer.sim.live.subscriptions)


async def test_attributes(peer: Peer) -> None:
    """Of one scope, or of any."""
    device = peer.device("A1")
    device.save_attributes(Scope.SHARED, {"target": 20}, ts=1000)
    device.save_attributes(Scope.CLIENT, {"target": 30}, ts=2000)
    socket = await peer.signed_in(
        of_device("ATTRIBUTES", device, keys="target", scope="SHARED_SCOPE"),
        of_device("ATTRIBUTES", device, keys="target", cmdId=6),
    )
    assert (await frame(socket))["data"] == {"target": [[1000, "20"]]}
    assert (await frame(socket))["data"] == {"target": [[2000, "30"]]}
    device.save_attributes(Scope.CLIENT, {"target": 31}, ts=3000)
    device.delete_attributes(Scope.SHARED, ["target"])
    assert (await frame(socket))["subscriptionId"] == 6
    gone = await frame(socket)
    assert (gone["subscriptionId"], gone["data"]) == (5, {"target": [[0, ""]]})


async def test_history(peer: Peer) -> None:
    """One answer; keys are needed."""
    device = peer.device("A1")
    for ts in (1000, 2000, 3000):
        device.put_telemetry({"temperature": ts}, ts=ts)
    times = {"startTs": 1500, "endTs": 5000}
    socket = await peer.signed_in(
        of_device("TIMESERIES_HISTORY", device, keys="temperature,other", **times),
        of_device("TIMESERIES_HISTORY", device, **times),
    )
    answer = await frame(socket)
    assert answer["data"] == {"temperature": [[3000, "3000"], [2000, "2000"]]}
    assert answer["latestValues"] == {"temperature": 3000}
    assert (await frame(socket))["errorMsg"] == "Keys are empty!"


async def test_old_form_refusals(peer: Peer) -> None:
    """Foreign and unknown things, and too many subscriptions."""
    foreign = of_device("TIMESERIES", peer.device("B1"))
    odd = of_device("ATTRIBUTES", peer.device("A1"), scope="ODD")
    unknown = of_device("TIMESERIES", peer.device("B1"), entityId="nothing")
    socket = await peer.signed_in(foreign, unknown, odd, user="anna")
    refused = await frame(socket)
    assert (refused["errorCode"], refused["errorMsg"]) == (3, "Unauthorized")
    assert [(await frame(socket))["errorCode"] for _ in range(2)] == [1, 1]
    peer.sim.switches.ws_subscriptions_per_customer = 1
    own = of_device("TIMESERIES", peer.device("A1"))
    await socket.send_json({"cmds": [own, {**own, "cmdId": 6}]})
    assert (await frame(socket))["subscriptionId"] == 5
    assert await closing(socket) == (1008, "Max customer subscriptions limit reached")


async def test_forgotten_session(peer: Peer) -> None:
    """Unsubscribing from nothing in particular ends everything."""
    stop = {"type": "TIMESERIES", "cmdId": 5, "unsubscribe": True}
    own = of_device("TIMESERIES", peer.device("A1"))
    socket = await peer.signed_in(own, stop, own)
    assert (await frame(socket))["subscriptionId"] == 5
    assert (await frame(socket))["errorMsg"] == "Session meta-data not found!"
