"""A plain client of a Thinger.io server."""

from dataclasses import dataclass
import json
from typing import Any

from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse

from tests.simulators.thinger import ThingerSimulator


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    body: bytes
    response: ClientResponse

    @property
    def json(self) -> Any:
        """Body as JSON."""
        return json.loads(self.body)

    @property
    def message(self) -> str:
        """Text in the server's error envelope."""
        return str(self.json["error"]["message"])


class Client:
    """Calls with the access token of the main account, unless told otherwise."""

    def __init__(self, session: ClientSession, sim: ThingerSimulator) -> None:
        """Call this simulator."""
        self.session = session
        self.sim = sim
        self._sockets: list[ClientWebSocketResponse] = []

    async def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json: object = ...,
        **options: Any,
    ) -> Answer:
        """Any request; token "" sends none."""
        if token is None:
            token = self.sim.account().access_token
        headers = {**options.pop("headers", {})}
        if token:
            headers["Authorization"] = f"Bearer {token}"
        if json is not ...:
            options["json"] = json
        url = f"{self.sim.url}{path}"
        async with self.session.request(
            method, url, headers=headers, **options
        ) as response:
            return Answer(response.status, await response.read(), response)

    async def get(self, path: str, **options: Any) -> Answer:
        """GET."""
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: object = ..., **options: Any) -> Answer:
        """POST, with a JSON body if one is given."""
        return await self.call("POST", path, json=json, **options)

    async def sign_in(self, **fields: str) -> Answer:
        """POST /oauth/token."""
        return await self.call("POST", "/oauth/token", token="", data=fields)

    async def log_in(self) -> Any:
        """Token pair of the main user."""
        answer = await self.sign_in(
            grant_type="password", username="demo", password="demo-password"
        )
        return answer.json

    async def refresh(self, token: str) -> Answer:
        """Use a refresh token."""
        return await self.sign_in(grant_type="refresh_token", refresh_token=token)

    async def socket(
        self, path: str, *, token: str | None = None, **options: Any
    ) -> ClientWebSocketResponse:
        """Open a WebSocket; the token goes into the query."""
        mark = "&" if "?" in path else "?"
        token = token or self.sim.account().access_token
        url = f"{self.sim.url}{path}{mark}authorization={token}"
        socket: ClientWebSocketResponse = await self.session.ws_connect(url, **options)
        self._sockets.append(socket)
        return socket

    async def close(self) -> None:
        """Close the sockets that are still open."""
        for socket in self._sockets:
            await socket.close()


async def next_frame(socket: ClientWebSocketResponse) -> Any:
    """Next JSON frame."""
    return await socket.receive_json(timeout=2)
