"""The WebSocket: coming in, and values of many things (thingsboard.md 11.1 to 11.6)."""

from collections.abc import AsyncIterator
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType, WSServerHandshakeError
import pytest

from .thingsboard_peer import (
    Peer,
    closing,
    data_query,
    entity_data,
    frame,
    key,
    running,
)

from tests.simulators.thingsboard.bus import Scope
from tests.simulators.thingsboard.device import Device
from tests.simulators.thingsboard.values import Sample

TEMPERATURE = "TIME_SERIES:temperature"
ACTIVE = "SERVER_ATTRIBUTE:active"
OLD = "/api/ws/plugins/telemetry"
DYNAMIC = {"dynamic": True}


@pytest.fixture
async def peer(socket_enabled: None) -> AsyncIterator[Peer]:
    """Serve the things."""
    async with running() as made:
        yield made


async def subscribed(peer: Peer, **options: Any) -> ClientWebSocketResponse:
    """Socket that heard the first page of `temperature` and `active`."""
    command = entity_data(1, "ENTITY_FIELD:name", TEMPERATURE, ACTIVE, **options)
    socket = await peer.signed_in(command)
    assert (await frame(socket))["data"] is not None
    return socket


async def nothing_more(peer: Peer, socket: ClientWebSocketResponse) -> None:
    """Nothing was sent before the answer to a last command."""
    await socket.send_json({"cmds": [{"type": "ENTITY_COUNT", "cmdId": 99}]})
    assert await frame(socket) == {
        "subscriptionId": 99,
        "errorCode": 2,
        "errorMsg": "Query is empty!",
        "data": None,
        "latestValues": {},
    }


# Coming in.


async def test_first_page(peer: Peer) -> None:
    """Sign-in and command in one message, no other answer (11.3)."""
    a1 = peer.device("A1")
    a1.put_telemetry({"temperature": 21.5}, ts=1000)
    command = entity_data(1, TEMPERATURE, size=1)
    socket = await peer.signed_in(command)
    assert await frame(socket) == {
        "cmdId": 1,
        "errorCode": 0,
        "errorMsg": None,
        "data": {
            "data": [
                {
                    "entityId": {"entityType": "DEVICE", "id": a1.id},
                    "latest": {
                        "TIME_SERIES": {"temperature": {"ts": 1000, "value": "21.5"}}
                    },
                    "timeseries": {},
                    "aggLatest": {},
                }
            ],
            "totalPages": 5,
            "totalElements": 5,
            "hasNext": True,
        },
        "update": None,
        "allowedEntities": 10000,
        "cmdUpdateType": "ENTITY_DATA",
    }
    a1.put_telemetry({"temperature": 21.7, "humidity": 40}, ts=2000)
    assert await frame(socket) == {
        "cmdId": 1,
        "errorCode": 0,
        "errorMsg": None,
        "data": None,
        "update": [
            {
                "entityId": {"entityType": "DEVICE", "id": a1.id},
                "latest": {
                    "TIME_SERIES": {"temperature": {"ts": 2000, "value": "21.7"}}
                },
                "timeseries": None,
                "aggLatest": None,
            }
        ],
        "allowedEntities": 10000,
        "cmdUpdateType": "ENTITY_DATA",
    }
    assert peer.sim.live.commands("ENTITY_DATA") == [command]


async def test_no_first_message(peer: Peer) -> None:
    """1008 without a reason."""
    peer.sim.switches.ws_auth_seconds = 0.02
    assert await closing(await peer.socket()) == (1008, "")
    await peer.sim.wait_for_sockets(0)


async def test_no_sign_in(peer: Peer) -> None:
    """1008 with one."""
    socket = await peer.socket()
    await socket.send_json({"cmds": []})
    assert await closing(socket) == (1008, "Auth cmd is missing")


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("expired", "JWT Token expired"),
        ("outdated", "Token is outdated"),
        ("malformed", "Invalid JWT token: "),
        ("missing", "Token is invalid"),
    ],
)
async def test_bad_tokens(peer: Peer, fault: str, reason: str) -> None:
    """1007 after the sign-in, 1011 for the address."""
    token = "" if fault == "missing" else peer.token()
    if fault == "malformed":
        token = "nonsense"
    elif fault == "outdated":
        peer.user().password = "another"
    elif fault == "expired":
        peer.sim.clock.advance(10_000)
    socket = await peer.socket()
    await socket.send_json({"authCmd": {"cmdId": 0, "token": token}, "cmds": []})
    assert await closing(socket) == (1007, reason)
    socket = await peer.socket(f"/api/ws?token={token}")
    assert await closing(socket) == (1011, reason)


async def test_api_keys(peer: Peer) -> None:
    """Since 4.4; an unknown property before."""
    value = peer.sim.store.add_api_key(peer.user("anna")).value
    message = {
        "authCmd": {"cmdId": 0, "apiKey": value},
        "cmds": [entity_data(1, TEMPERATURE)],
    }
    socket = await peer.socket()
    await socket.send_json(message)
    code, reason = await closing(socket)
    assert code == 1007
    assert "apiKey" in reason
    peer.sim.switches.version = "4.4.0"
    socket = await peer.socket()
    await socket.send_json(message)
    assert (await frame(socket))["data"]["totalElements"] == 2
    bad = await peer.socket()
    await bad.send_json({"authCmd": {"cmdId": 0, "apiKey": "tb_nothing"}, "cmds": []})
    assert (await closing(bad))[0] == 1007


async def test_token_in_the_address(peer: Peer) -> None:
    """Then the first message needs none."""
    socket = await peer.socket(f"/api/ws?token={peer.token('anna')}")
    await socket.send_json({"cmds": [entity_data(1, TEMPERATURE)]})
    assert (await frame(socket))["data"]["totalElements"] == 2


async def test_versions(peer: Peer) -> None:
    """`/api/ws` since 3.6.2; before, the older path with a token that must be good."""
    peer.sim.switches.version = "3.6.1"
    with pytest.raises(WSServerHandshakeError) as refused:
        await peer.socket("/api/ws")
    assert refused.value.status == 404
    with pytest.raises(WSServerHandshakeError) as refused:
        await peer.socket(f"{OLD}?token=nonsense")
    assert refused.value.status == 401
    socket = await peer.socket(f"{OLD}?token={peer.token()}")
    command = entity_data(7, TEMPERATURE)
    del command["type"]
    await socket.send_json({"entityDataCmds": [command]})
    assert (await frame(socket))["cmdId"] == 7
    await socket.send_json({"entityDataUnsubscribeCmds": [{"cmdId": 7}]})
    await socket.send_json({"cmds": []})
    assert (await frame(socket))["errorMsg"] == "Failed to parse the payload"
    assert peer.sim.live.subscriptions == []


async def test_old_path_on_new_servers(peer: Peer) -> None:
    """It goes on with the token in the address; `authCmd` is unknown there."""
    socket = await peer.socket(f"{OLD}?token={peer.token()}")
    command = {"query": data_query(TEMPERATURE), "cmdId": 1}
    await socket.send_json({"entityDataCmds": [command]})
    assert (await frame(socket))["cmdId"] == 1
    socket = await peer.socket(OLD)
    await socket.send_json({"authCmd": {"cmdId": 0, "token": peer.token()}})
    assert (await closing(socket))[0] == 1007


async def test_unknown_path(peer: Peer) -> None:
    """1007."""
    socket = await peer.socket("/api/ws/elsewhere")
    assert await closing(socket) == (1007, "Unknown session type")


# Limits.


async def test_session_limits(peer: Peer) -> None:
    """Each kind in its words; a closed socket makes room."""
    peer.sim.switches.ws_sessions_per_regular_user = 1
    first = await peer.signed_in(user="anna")
    await peer.sim.wait_until(lambda: peer.sim.live.sessions[0].identity is not None)
    second = await peer.signed_in(user="anna")
    reason = "Max regular user sessions limit reached"
    assert await closing(second) == (1008, reason)
    peer.sim.switches.ws_sessions_per_customer = 1
    reason = "Max customer sessions limit reached"
    assert await closing(await peer.signed_in(user="anna")) == (1008, reason)
    peer.sim.switches.ws_sessions_per_tenant = 1
    reason = "Max tenant sessions limit reached!"
    assert await closing(await peer.signed_in()) == (1008, reason)
    await first.close()
    await peer.sim.wait_for_sockets(0)
    await subscribed(peer)


async def test_large_message(peer: Peer) -> None:
    """1009 above 32 KiB, nothing below."""
    socket = await peer.signed_in(compress=0)
    padding = "x" * (32_768 - len('{"cmds":[],"x":""}'))
    await socket.send_str(f'{{"cmds":[],"x":"{padding}"}}')
    assert (await frame(socket))["errorMsg"] == "Failed to parse the payload"
    await socket.send_str(f'{{"cmds":[],"x":"{padding}x"}}')
    assert (await closing(socket))[0] == 1009


async def test_too_many_updates(peer: Peer) -> None:
    """Said once, then they are lost; afterwards it goes on."""
    socket = await subscribed(peer)
    peer.sim.live.too_many_updates = True
    a1 = peer.device("A1")
    for value in (1, 2, 3):
        a1.put_telemetry({"temperature": value})
    error = {"subscriptionId": 1, "errorCode": 34, "errorMsg": "Too many updates!"}
    assert await frame(socket) == error
    peer.sim.live.too_many_updates = False
    a1.put_telemetry({"temperature": 4})
    assert values(await frame(socket)) == {"temperature": "4"}


async def test_update_limits(peer: Peer) -> None:
    """In the notation of the tenant profile."""
    peer.sim.switches.ws_update_limits = "2:60"
    socket = await subscribed(peer)
    a1 = peer.device("A1")
    for value in (1, 2, 3):
        a1.put_telemetry({"temperature": value})
    assert values(await frame(socket)) == {"temperature": "1"}
    assert (await frame(socket))["errorCode"] == 34
    peer.sim.clock.advance(60)
    a1.put_telemetry({"temperature": 4})
    assert values(await frame(socket)) == {"temperature": "4"}


async def test_slow_client(peer: Peer) -> None:
    """1008 once too much is waiting."""
    socket = await subscribed(peer)
    peer.sim.switches.ws_max_pending = 5
    [open_socket] = peer.sim.sockets
    open_socket.pace = 0.05
    for value in range(10):
        peer.device("A1").put_telemetry({"temperature": value})
    received = [await socket.receive(timeout=2) for _ in range(2)]
    assert received[-1].type is WSMsgType.CLOSE
    assert received[-1].data == 1008
    assert received[-1].extra == "Max pending updates limit reached!"


async def test_deaf_client(peer: Peer) -> None:
    """4500 after three pings without a pong."""
    deaf = await peer.socket(autoping=False)
    for _ in range(4):
        peer.sim.live.ping()
    messages = [await deaf.receive(timeout=2) for _ in range(1)]
    assert messages[-1].type is WSMsgType.CLOSE
    assert messages[-1].data == 4500


async def test_pings(socket_enabled: None) -> None:
    """By themselves, where timers are on."""
    async with running(auto_tick=True, ws_ping_seconds=0.01) as peer:
        quiet = await peer.signed_in(autoping=False)
        for _ in range(3):
            message = await quiet.receive(timeout=2)
            assert message.type is WSMsgType.PING
            await quiet.pong(message.data)
        while message.type is WSMsgType.PING:
            message = await quiet.receive(timeout=2)
        assert (message.type, message.data) == (WSMsgType.CLOSE, 4500)


async def test_closed_on_demand(peer: Peer) -> None:
    """With any code and reason."""
    socket = await subscribed(peer)
    await peer.sim.close_sockets(code=1012, message="restarting")
    assert await closing(socket) == (1012, "restarting")
    socket = await subscribed(peer)
    peer.sim.live.drop_updates = True
    peer.device("A1").put_telemetry({"temperature": 1})
    peer.sim.live.drop_updates = False
    peer.sim.broadcast_raw("garbage {")
    message = await socket.receive(timeout=2)
    assert message.data == "garbage {"


async def test_expiry_does_not_close(peer: Peer) -> None:
    """Neither does a change of the password (4.4)."""
    socket = await subscribed(peer)
    peer.sim.clock.advance(20_000)
    peer.user().password = "another"
    peer.device("A1").put_telemetry({"temperature": 1})
    assert values(await frame(socket)) == {"temperature": "1"}


# Strictness.


@pytest.mark.parametrize(
    "change",
    [
        {"colour": "red"},
        {"query": data_query(link={"colour": "red"})},
        {"latestCmd": {"keys": [], "colour": "red"}},
        {"type": "NOTHING"},
        {"cmdId": "one"},
        {"query": data_query(keyFilters=[{"colour": "red"}])},
        {"query": {**data_query(), "entityFilter": {"type": "nothing"}}},
    ],
)
async def test_unknown_properties(peer: Peer, change: dict[str, Any]) -> None:
    """An error afterwards, and the end of it before the sign-in."""
    command = {**entity_data(5, TEMPERATURE), **change}
    socket = await peer.signed_in()
    await socket.send_json({"cmds": [command]})
    assert await frame(socket) == {
        "subscriptionId": 1,
        "errorCode": 2,
        "errorMsg": "Failed to parse the payload",
        "data": None,
        "latestValues": {},
    }
    early = await peer.signed_in(command)
    assert (await closing(early))[0] == 1007


async def test_known_to_be_ignored(peer: Peer) -> None:
    """Unknown properties directly in a query or a filter."""
    query = data_query(TEMPERATURE, colour="red")
    query["entityFilter"] = {**query["entityFilter"], "colour": "red"}
    socket = await peer.signed_in({**entity_data(5), "query": query})
    assert (await frame(socket))["cmdId"] == 5


@pytest.mark.parametrize(
    ("command", "code", "text"),
    [
        ({"type": "ENTITY_DATA", "cmdId": -1}, 2, "Cmd id is negative value!"),
        ({"type": "ENTITY_DATA", "cmdId": 3}, 2, "Query is empty!"),
        ({"type": "ALARM_DATA", "cmdId": 3}, 2, "Query is empty!"),
        ({"type": "TIMESERIES", "cmdId": 3}, 2, "Device id is empty!"),
        (
            entity_data(3, filter=None),
            1,
            "Query entity filter must be specified.",
        ),
    ],
)
async def test_bad_commands(
    peer: Peer, command: dict[str, Any], code: int, text: str
) -> None:
    """Errors have the old shape."""
    socket = await peer.signed_in(command)
    assert await frame(socket) == {
        "subscriptionId": command["cmdId"],
        "errorCode": code,
        "errorMsg": text,
        "data": None,
        "latestValues": {},
    }


async def test_latest_values_must_be_a_list(peer: Peer) -> None:
    """Error 1."""
    command = entity_data(3, TEMPERATURE)
    command["query"]["latestValues"] = None
    socket = await peer.signed_in(command)
    answer = await frame(socket)
    assert (answer["subscriptionId"], answer["errorCode"]) == (3, 1)
    assert "getLatestValues()" in answer["errorMsg"]


async def test_nothing_to_subscribe_to(peer: Peer) -> None:
    """Values of a query that never came: the whole socket is closed."""
    keys = {"keys": [key(TEMPERATURE)]}
    command = {"type": "ENTITY_DATA", "cmdId": 3, "latestCmd": keys}
    socket = await peer.signed_in(command)
    assert await closing(socket) == (1012, "")


# Updates.


def values(message: Any, type_: str = "TIME_SERIES") -> dict[str, str]:
    """Values of an update by key; it has one thing and one type."""
    [item] = message["update"]
    assert list(item["latest"]) == [type_]
    return {name: value["value"] for name, value in item["latest"][type_].items()}


async def test_one_type_per_message(peer: Peer) -> None:
    """Only changed keys, and only subscribed ones."""
    command = entity_data(
        1, TEMPERATURE, "TIME_SERIES:once", ACTIVE, latest=(TEMPERATURE, ACTIVE)
    )
    socket = await peer.signed_in(command)
    await frame(socket)
    a1 = peer.device("A1")
    a1.put_telemetry({"temperature": 1, "once": 2, "other": 3})
    a1.save_attributes(Scope.SERVER, {"active": True})
    assert values(await frame(socket)) == {"temperature": "1"}
    assert values(await frame(socket), "SERVER_ATTRIBUTE") == {"active": "true"}
    await nothing_more(peer, socket)


async def test_stale_and_repeated(peer: Peer) -> None:
    """Both are kept back; the same value at another time is not."""
    a1 = peer.device("A1")
    a1.put_telemetry({"temperature": 1}, ts=1000)
    socket = await subscribed(peer)
    a1.put_telemetry({"temperature": 1}, ts=1000)
    a1.put_telemetry({"temperature": 5}, ts=999)
    await nothing_more(peer, socket)
    a1.put_telemetry({"temperature": 2}, ts=1000)
    a1.put_telemetry({"temperature": 2}, ts=1001)
    assert values(await frame(socket)) == {"temperature": "2"}
    assert values(await frame(socket)) == {"temperature": "2"}
    a1.label = "Another label"
    peer.sim.store.change(a1)
    await nothing_more(peer, socket)


async def test_texts_are_not_normalised(peer: Peer) -> None:
    """The page has 22.5, the update 22.50."""
    a1 = peer.device("A1")
    a1.put_telemetry({"temperature": "21.50"}, ts=1000)
    socket = await peer.signed_in(entity_data(1, TEMPERATURE, size=1))
    page = (await frame(socket))["data"]["data"]
    assert page[0]["latest"]["TIME_SERIES"]["temperature"]["value"] == "21.5"
    a1.put_telemetry({"temperature": "22.50"}, ts=2000)
    assert values(await frame(socket)) == {"temperature": "22.50"}


async def test_deleted_keys(peer: Peer) -> None:
    """Nothing at time 0."""
    a1 = peer.device("A1")
    a1.put_telemetry({"temperature": 1})
    a1.save_attributes(Scope.SERVER, {"active": True})
    socket = await subscribed(peer)
    a1.delete_telemetry(["temperature"])
    a1.delete_attributes(Scope.SERVER, ["active"])
    first, second = await frame(socket), await frame(socket)
    gone = {"ts": 0, "value": ""}
    assert first["update"][0]["latest"] == {"TIME_SERIES": {"temperature": gone}}
    assert second["update"][0]["latest"] == {"SERVER_ATTRIBUTE": {"active": gone}}
    a1.put_telemetry({"temperature": 1})
    assert values(await frame(socket)) == {"temperature": "1"}


async def test_any_scope(peer: Peer) -> None:
    """ATTRIBUTE hears of every scope."""
    socket = await peer.signed_in(entity_data(1, "ATTRIBUTE:target"))
    await frame(socket)
    peer.device("A1").save_attributes(Scope.SHARED, {"target": 5})
    assert values(await frame(socket), "ATTRIBUTE") == {"target": "5"}


async def test_one_page_alone(peer: Peer) -> None:
    """Things on other pages are not heard of."""
    socket = await subscribed(peer, size=2)
    peer.device("B1").put_telemetry({"temperature": 1})
    peer.device("A2").put_telemetry({"temperature": 2})
    update = await frame(socket)
    assert update["update"][0]["entityId"]["id"] == peer.device("A2").id


async def test_dynamic(peer: Peer) -> None:
    """New things come with a whole page, after a minute; without it never."""
    fixed = await subscribed(peer)
    dynamic = await subscribed(peer, link=DYNAMIC)
    new = peer.sim.store.add(Device("Z1"))
    new.put_telemetry({"temperature": 1})
    await nothing_more(peer, dynamic)
    peer.sim.clock.advance(61)
    page = await frame(dynamic)
    assert page["data"]["totalElements"] == 6
    assert page["update"] is None
    new.put_telemetry({"temperature": 2})
    assert values(await frame(dynamic)) == {"temperature": "2"}
    assert peer.sim.live.refresh() == 0
    peer.sim.store.remove(peer.device("A1"))
    assert peer.sim.live.refresh() == 1
    assert (await frame(dynamic))["data"]["totalElements"] == 5
    await nothing_more(peer, fixed)


async def test_used_again(peer: Peer) -> None:
    """A second query with the same id: no new page, only its changes."""
    socket = await subscribed(peer)
    meters = {"type": "deviceType", "deviceTypes": ["meter"]}
    again = entity_data(1, "TIME_SERIES:humidity", filter=meters)
    await socket.send_json({"cmds": [again]})
    await nothing_more(peer, socket)
    for name in ("A1", "B1"):
        peer.device(name).put_telemetry({"temperature": 1, "humidity": 2})
    assert values(await frame(socket)) == {"humidity": "2"}
    await nothing_more(peer, socket)
    count = {"type": "ENTITY_COUNT", "cmdId": 1, "query": {"entityFilter": meters}}
    await socket.send_json({"cmds": [count]})
    assert (await frame(socket))["errorCode"] == 1


async def test_query_first(peer: Peer) -> None:
    """What is subscribed may come with a later command."""
    command = {"type": "ENTITY_DATA", "cmdId": 1, "query": data_query(TEMPERATURE)}
    socket = await peer.signed_in(command)
    assert (await frame(socket))["data"]["totalElements"] == 5
    peer.device("A1").put_telemetry({"temperature": 1})
    await nothing_more(peer, socket)
    later = {
        "type": "ENTITY_DATA",
        "cmdId": 1,
        "latestCmd": {"keys": [key(TEMPERATURE)]},
    }
    await socket.send_json({"cmds": [later]})
    await nothing_more(peer, socket)
    peer.device("A1").put_telemetry({"temperature": 2})
    assert values(await frame(socket)) == {"temperature": "2"}


async def test_unsubscribe(peer: Peer) -> None:
    """Without an answer."""
    socket = await subscribed(peer)
    await peer.sim.live.wait_for_subscriptions()
    await socket.send_json({"cmds": [{"type": "ENTITY_DATA_UNSUBSCRIBE", "cmdId": 1}]})
    await peer.sim.wait_until(lambda: not peer.sim.live.subscriptions)
    peer.device("A1").put_telemetry({"temperature": 1})
    await nothing_more(peer, socket)


async def test_stored_samples(peer: Peer) -> None:
    """A window streams every sample; history is one answer."""
    a1 = peer.device("A1")
    for ts in (1000, 2000, 3000):
        a1.put_telemetry({"temperature": ts // 1000}, ts=ts)
    window = {"keys": ["temperature"], "startTs": 1500, "timeWindow": 10_000_000}
    command = {
        "type": "ENTITY_DATA",
        "cmdId": 1,
        "query": data_query(TEMPERATURE, size=1),
        "tsCmd": window,
    }
    socket = await peer.signed_in(command)
    [item] = (await frame(socket))["data"]["data"]
    rows = item["timeseries"]["temperature"]
    assert rows == [{"ts": 3000, "value": "3"}, {"ts": 2000, "value": "2"}]
    a1.save_telemetry([("temperature", Sample(2500, 9))])
    [item] = (await frame(socket))["update"]
    assert item["latest"] is None
    assert item["timeseries"] == {"temperature": [{"ts": 2500, "value": "9"}]}
    history = {"keys": ["temperature"], "startTs": 0, "endTs": 2600, "limit": 2}
    later = {"type": "ENTITY_DATA", "cmdId": 1, "historyCmd": history}
    await socket.send_json({"cmds": [later]})
    [item] = (await frame(socket))["update"]
    assert [row["ts"] for row in item["timeseries"]["temperature"]] == [2500, 2000]


async def test_a_thousand_things(peer: Peer) -> None:
    """One subscription for all of them."""
    for number in range(1000):
        peer.sim.store.add(Device(f"D{number:04}", type="many"))
    many = {"type": "deviceType", "deviceTypes": ["many"]}
    socket = await subscribed(peer, filter=many, size=2000)
    devices = [each for each in peer.sim.store.devices if each.type == "many"]
    for device in devices:
        device.put_telemetry({"temperature": 1})
    seen = {(await frame(socket))["update"][0]["entityId"]["id"] for _ in devices}
    assert len(seen) == 1000


async def test_failed_queries_stay_silent(peer: Peer) -> None:
    """Changes after them do no harm."""
    count = {"type": "ENTITY_COUNT", "cmdId": 4, "query": {}}
    alarms = {"type": "ALARM_DATA", "cmdId": 5, "query": data_query(filter=None)}
    socket = await peer.signed_in(entity_data(3, filter=None), count, alarms)
    assert [(await frame(socket))["subscriptionId"] for _ in range(3)] == [3, 4, 5]
    peer.device("A1").post_telemetry({"temperature": 1})
    peer.sim.store.alarms.create(peer.device("A1"), "High")
    assert peer.sim.live.refresh() == 0
    await nothing_more(peer, socket)


async def test_round_trip(peer: Peer) -> None:
    """A shared attribute is written; the device behind it reports what it did."""
    a1 = peer.device("A1")
    a1.reactions = {"target": lambda value: {"temperature": value}}
    a1.connect()
    socket = await peer.signed_in(
        entity_data(1, TEMPERATURE, "SHARED_ATTRIBUTE:target")
    )
    await frame(socket)
    path = f"/api/plugins/telemetry/DEVICE/{a1.id}/attributes/SHARED_SCOPE"
    assert (await peer.post(path, {"target": 22.5})).status == 200
    updates = [await frame(socket) for _ in range(2)]
    shown = {
        name: each for update in updates for name, each in latest_of(update).items()
    }
    assert set(shown) == {"TIME_SERIES", "SHARED_ATTRIBUTE"}
    assert shown["TIME_SERIES"]["temperature"]["value"] == "22.5"


def latest_of(message: Any) -> Any:
    """Values of an update by type."""
    return message["update"][0]["latest"]
