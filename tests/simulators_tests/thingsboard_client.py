"""A plain client of a ThingsBoard server."""

from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import json
from typing import Any

from aiohttp import ClientResponse, ClientSession

from tests.simulators.thingsboard import TENANT_USER, Store, ThingsBoardSimulator

TELEMETRY = "/api/plugins/telemetry/DEVICE"
UNKNOWN = "00000000-5a10-11f0-9c55-1f0b7f0a9d01"
CUSTOMER = "customer@thingsboard.org"


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
    def error(self) -> tuple[int, int, str]:
        """Status, code and message of a JSON error, whose status says the same."""
        body = self.json
        assert body["status"] == self.status
        return self.status, body["errorCode"], body["message"]

    @property
    def text(self) -> tuple[int, str]:
        """Status and plain text."""
        return self.status, self.body.decode()


class Client:
    """Calls as the tenant's administrator, unless told otherwise."""

    def __init__(self, session: ClientSession, sim: ThingsBoardSimulator) -> None:
        """Call this simulator."""
        self.session = session
        self.sim = sim
        self._tokens: dict[str, str] = {}

    def token(self, user: str = TENANT_USER) -> str:
        """Access token of a user, made without a request, and kept."""
        if user not in self._tokens:
            self._tokens[user] = self.sim.login(user).token
        return self._tokens[user]

    async def call(
        self,
        method: str,
        path: str,
        *,
        user: str = TENANT_USER,
        token: str | None = None,
        json: object = ...,
        **options: Any,
    ) -> Answer:
        """Any request; token "" sends none."""
        token = self.token(user) if token is None else token
        headers = {**options.pop("headers", {})}
        if token:
            headers["X-Authorization"] = f"Bearer {token}"
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

    async def delete(self, path: str, **options: Any) -> Answer:
        """DELETE."""
        return await self.call("DELETE", path, **options)

    async def sign_in(
        self, username: str = TENANT_USER, password: str = "tenant"
    ) -> Answer:
        """POST /api/auth/login."""
        body = {"username": username, "password": password}
        return await self.post("/api/auth/login", body, token="")

    async def refresh(self, token: str) -> Answer:
        """POST /api/auth/token."""
        return await self.post("/api/auth/token", {"refreshToken": token}, token="")

    async def whoami(self, **options: Any) -> Answer:
        """GET /api/auth/user."""
        return await self.get("/api/auth/user", **options)

    def id(self, device: str) -> str:
        """Id of a device."""
        return self.sim.device(device).id

    def of(self, device: str) -> str:
        """Path of a device's telemetry."""
        return f"{TELEMETRY}/{self.id(device)}"


@contextlib.asynccontextmanager
async def serving(store: Store, **options: Any) -> AsyncIterator[Client]:
    """Serve a store; nothing moves by itself."""
    async with (
        ThingsBoardSimulator(store, auto_tick=False, **options) as sim,
        ClientSession() as session,
    ):
        yield Client(session, sim)
