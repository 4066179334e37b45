"""POST /oauth/token and the device flow (thinger.md 3.2, 3.3, 3.6)."""

from collections.abc import Mapping
import secrets
from typing import Final

from aiohttp import web

from .backend import Backend, refusal
from .state import new_id
from .token_machine import ACCESS_SECONDS
from .tokens import DeviceFlow, TokenPair, User

from tests.simulators.json_types import JsonObject
from tests.simulators.wire import Refusal, json_answer

_DEVICE_GRANT: Final = "urn:ietf:params:oauth:grant-type:device_code"
_FLOW_SECONDS: Final = 600
_POLL_SECONDS: Final = 5


class OAuthRoutes:
    """Ways to get tokens."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend
        self.logins = 0
        self.refreshes = 0

    def routes(self) -> list[web.RouteDef]:
        """Paths of the sign-in."""
        return [
            web.post("/oauth/token", self._token),
            web.post("/oauth/device/authorize", self._begin_flow),
        ]

    def decide_flow(self, user_code: str, user: str | None) -> None:
        """Let the user approve a device flow, or deny it (None)."""
        flow = next(
            each
            for each in self._backend.state.device_flows
            if each.user_code == user_code
        )
        flow.user, flow.denied = user, user is None

    async def _token(self, request: web.Request) -> web.Response:
        form = await _form(request)
        match form.get("grant_type"):
            case "password":
                pair = self._password(form)
            case "refresh_token":
                pair = self._refresh(form)
            case grant if grant == _DEVICE_GRANT:
                pair = self._poll_flow(form)
            case _:
                raise refusal(400, "invalid grant_type")
        return json_answer(_body(pair))

    def _password(self, form: Mapping[str, str]) -> TokenPair:
        name, password = _field(form, "username"), _field(form, "password")
        user = self._backend.state.users.get(name)
        if user is None:
            raise _bad_login()
        self._check_limiter(user)
        if not secrets.compare_digest(user.password.encode(), password.encode()):
            self._count_failure(user)
            raise _bad_login()
        user.failed_logins = 0
        if user.mfa:
            switches = self._backend.switches
            raise refusal(switches.mfa_status, switches.mfa_message)
        self.logins += 1
        return self._backend.tokens.login(name)

    def _check_limiter(self, user: User) -> None:
        switches = self._backend.switches
        if self._backend.clock.now() < user.locked_until:
            error = refusal(switches.login_limit_status, "too many login attempts")
            error.response.headers.update(switches.login_limit_headers)
            raise error

    def _count_failure(self, user: User) -> None:
        switches = self._backend.switches
        user.failed_logins += 1
        limit = switches.login_limit
        if limit is not None and user.failed_logins >= limit:
            user.failed_logins = 0
            now = self._backend.clock.now()
            user.locked_until = now + switches.login_limit_seconds

    def _refresh(self, form: Mapping[str, str]) -> TokenPair:
        pair = self._backend.tokens.refresh(
            _field(form, "refresh_token"),
            client_id=form.get("client_id"),
            rotation=self._backend.switches.rotation,
        )
        if pair is None:
            raise refusal(401, "invalid refresh token")
        self.refreshes += 1
        return pair

    async def _begin_flow(self, request: web.Request) -> web.Response:
        form = await _form(request)
        client_id = _field(form, "client_id")
        if client_id not in self._backend.state.client_ids:
            raise Refusal(json_answer({"error": "invalid_client"}, 401))
        flow = DeviceFlow(
            device_code=new_id(),
            user_code=new_id()[:8].upper(),
            client_id=client_id,
            expires=self._backend.clock.now() + _FLOW_SECONDS,
        )
        self._backend.state.device_flows.append(flow)
        uri = str(request.url.origin() / "oauth" / "device")
        return json_answer(
            {
                "device_code": flow.device_code,
                "user_code": flow.user_code,
                "verification_uri": uri,
                "verification_uri_complete": f"{uri}?user_code={flow.user_code}",
                "expires_in": _FLOW_SECONDS,
                "interval": _POLL_SECONDS,
            }
        )

    def _poll_flow(self, form: Mapping[str, str]) -> TokenPair:
        code, client_id = _field(form, "device_code"), _field(form, "client_id")
        flows = self._backend.state.device_flows
        flow = next((each for each in flows if each.device_code == code), None)
        if flow is None or flow.client_id != client_id:
            raise _flow_error("expired_token")
        now = self._backend.clock.now()
        since, flow.last_poll = now - flow.last_poll, now
        if now >= flow.expires:
            raise _flow_error("expired_token")
        if flow.denied:
            raise _flow_error("access_denied")
        if flow.user is None:
            too_fast = since < _POLL_SECONDS
            raise _flow_error("slow_down" if too_fast else "authorization_pending")
        flows.remove(flow)
        self.logins += 1
        return self._backend.tokens.login(flow.user, client_id=client_id)


async def _form(request: web.Request) -> dict[str, str]:
    """Fields of a form; a body of another type has none."""
    fields = await request.post()
    return {key: value for key, value in fields.items() if isinstance(value, str)}


def _field(form: Mapping[str, str], name: str) -> str:
    if name not in form:
        raise refusal(400, f"missing field: {name}")
    return form[name]


def _body(pair: TokenPair) -> JsonObject:
    return {
        "access_token": pair.access_token,
        "expires_in": ACCESS_SECONDS,
        "refresh_token": pair.refresh_token,
        "scope": None,
        "token_type": "bearer",
    }


def _bad_login() -> Refusal:
    return refusal(401, "invalid username or password")


def _flow_error(code: str) -> Refusal:
    """Here `error` is a text, not an object (3.6)."""
    return Refusal(json_answer({"error": code}, 400))
