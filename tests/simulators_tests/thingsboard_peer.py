"""A ThingsBoard server with a few things on it, and a plain client of it."""

from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import json
from typing import Any

from aiohttp import ClientSession, ClientWebSocketResponse, WSMsgType

from tests.simulators.thingsboard import ThingsBoardSimulator
from tests.simulators.thingsboard.device import Device
from tests.simulators.thingsboard.store import Store
from tests.simulators.thingsboard.users import User

ALL = {"type": "entityType", "entityType": "DEVICE"}
BY_NAME = {"key": {"type": "ENTITY_FIELD", "key": "name"}, "direction": "ASC"}


@dataclass(frozen=True)
class Reply:
    """Status and body of an answer."""

    status: int
    body: bytes

    @property
    def json(self) -> Any:
        """Body as JSON."""
        return json.loads(self.body)

    @property
    def error(self) -> tuple[int, int, str]:
        """Status, code and message of an error."""
        body = self.json
        return self.status, body["errorCode"], body["message"]


class Peer:
    """Calls a simulator with the tokens of its users."""

    def __init__(self, sim: ThingsBoardSimulator, session: ClientSession) -> None:
        """Call this simulator."""
        self.sim = sim
        self.session = session
        self._sockets: list[ClientWebSocketResponse] = []

    def token(self, user: str = "admin") -> str:
        """Token of a user, made without a request."""
        return self.sim._backend.tokens.pair(self.user(user)).token

    def user(self, name: str = "admin") -> User:
        """User by the first part of the address."""
        return self.sim.store.user(f"{name}@example.org")

    def device(self, name: str) -> Device:
        """Device by its name."""
        return self.sim.device(name)

    async def call(
        self, method: str, path: str, *, user: str | None = "admin", **options: Any
    ) -> Reply:
        """Any request; without a user no header is sent."""
        headers = {"X-Authorization": f"Bearer {self.token(user)}"} if user else {}
        url = f"{self.sim.url}{path}"
        async with self.session.request(
            method, url, headers=headers, **options
        ) as response:
            return Reply(response.status, await response.read())

    async def post(self, path: str, body: Any, *, user: str = "admin") -> Reply:
        """POST of JSON."""
        return await self.call("POST", path, user=user, json=body)

    async def find(
        self, *keys: str, user: str = "admin", **query: Any
    ) -> dict[str, Any]:
        """Answer of an entity data query; keys are `TIME_SERIES:temperature` and alike."""
        reply = await self.post(
            "/api/entitiesQuery/find", data_query(*keys, **query), user=user
        )
        assert reply.status == 200, reply.body
        answer: dict[str, Any] = reply.json
        return answer

    async def names(self, **query: Any) -> list[str]:
        """Names of what a query finds, in the answer's order."""
        page = await self.find("ENTITY_FIELD:name", **query)
        return [
            item["latest"]["ENTITY_FIELD"]["name"]["value"] for item in page["data"]
        ]

    async def socket(
        self, path: str = "/api/ws", **options: Any
    ) -> ClientWebSocketResponse:
        """Open a WebSocket without saying who is there."""
        socket: ClientWebSocketResponse = await self.session.ws_connect(
            f"{self.sim.url}{path}", **options
        )
        self._sockets.append(socket)
        return socket

    async def signed_in(
        self, *commands: dict[str, Any], user: str = "admin", **options: Any
    ) -> ClientWebSocketResponse:
        """Open a WebSocket and send the token with the first commands."""
        socket = await self.socket(**options)
        auth = {"cmdId": 0, "token": self.token(user)}
        await socket.send_json({"authCmd": auth, "cmds": list(commands)})
        return socket

    async def close(self) -> None:
        """Close the sockets that are still open."""
        for socket in self._sockets:
            await socket.close()


def key(text: str) -> dict[str, str]:
    """Key from `TYPE:name`."""
    type_, _, name = text.partition(":")
    return {"type": type_, "key": name}


def data_query(
    *keys: str,
    filter: Any = ALL,
    size: int = 100,
    page: int = 0,
    sort: Any = BY_NAME,
    link: dict[str, Any] | None = None,
    **more: Any,
) -> dict[str, Any]:
    """Entity data query."""
    fields = [key(text) for text in keys if text.startswith("ENTITY_FIELD:")]
    return {
        "entityFilter": filter,
        "pageLink": {
            "pageSize": size,
            "page": page,
            "sortOrder": sort,
            **(link or {}),
        },
        "entityFields": fields,
        "latestValues": [key(text) for text in keys if key(text) not in fields],
        **more,
    }


def entity_data(
    cmd_id: int, *keys: str, latest: tuple[str, ...] | None = None, **query: Any
) -> dict[str, Any]:
    """ENTITY_DATA command; `latest` are the subscribed keys, by default all values."""
    made = data_query(*keys, **query)
    subscribed = made["latestValues"] if latest is None else list(map(key, latest))
    return {
        "type": "ENTITY_DATA",
        "cmdId": cmd_id,
        "query": made,
        "latestCmd": {"keys": subscribed},
    }


async def frame(socket: ClientWebSocketResponse) -> Any:
    """Next JSON frame."""
    return await socket.receive_json(timeout=2)


async def closing(socket: ClientWebSocketResponse) -> tuple[int | None, str]:
    """Code and reason with which the server closes."""
    message = await socket.receive(timeout=2)
    assert message.type is WSMsgType.CLOSE, message
    return message.data, message.extra or ""


@contextlib.asynccontextmanager
async def running(*, auto_tick: bool = False, **switches: Any) -> AsyncIterator[Peer]:
    """Serve five devices of two customers, and an asset with rooms."""
    store = Store()
    for name, value in switches.items():
        setattr(store.switches, name, value)
    house, other = store.add_customer("House"), store.add_customer("Other")
    store.add_user("admin@example.org", "secret")
    store.add_user("anna@example.org", "secret", customer=house)
    for name, type_, customer in (
        ("A1", "thermostat", house),
        ("A2", "thermostat", house),
        ("B1", "meter", other),
        ("C1", "default", None),
        ("C2", "default", None),
    ):
        label = f"Label of {name}" if name == "A1" else None
        store.add(Device(name, type=type_, label=label, customer=customer))
    async with (
        ThingsBoardSimulator(store, auto_tick=auto_tick) as sim,
        ClientSession() as session,
    ):
        peer = Peer(sim, session)
        try:
            yield peer
        finally:
            await peer.close()
