"""What every part of the server works with: state, tokens, switches, open channels."""

import json
import re
from typing import Final

from aiohttp import hdrs, web

from .device import Device
from .permissions import Permission, is_permitted
from .resource import EmptyCall
from .state import State
from .switches import Switches
from .token_machine import Identity, TokenMachine

from tests.simulators.channels import Channels
from tests.simulators.clock import SimulatedClock
from tests.simulators.journal import AuthForm
from tests.simulators.json_types import Json, JsonObject
from tests.simulators.notice import Notice
from tests.simulators.wire import Refusal, json_answer

_ID: Final = re.compile(r"[a-zA-Z0-9_-]{1,32}")


class Backend:
    """The common ground of the server's parts."""

    def __init__(
        self, state: State, switches: Switches, notice: Notice, channels: Channels
    ) -> None:
        """Put the parts together."""
        self.state = state
        self.switches = switches
        self.notice = notice
        self.channels = channels
        self.tokens = TokenMachine(state)

    @property
    def clock(self) -> SimulatedClock:
        """Clock of the server."""
        return self.state.clock

    def authenticate(self, request: web.Request) -> Identity:
        """Who calls; 401 if the token is not good."""
        _, token = credential_of(request)
        identity = self.tokens.identify(token) if token else None
        if identity is None:
            raise refusal(401, self.switches.unauthorized_message)
        return identity

    def authorize(
        self, request: web.Request, type_: str, id_: str, action: str
    ) -> Identity:
        """Who calls; 401 without a good token, 403 without the permission."""
        identity = self.authenticate(request)
        user = request.match_info.get("user", identity.user)
        if identity.user != user and identity.role != "admin":
            raise refusal(
                self.switches.foreign_user_status, self.switches.forbidden_message
            )
        wanted = Permission(type_, id_, action)
        if not is_permitted(identity.allow, identity.deny, wanted):
            raise self.forbidden()
        return identity

    def authorize_access(self, request: web.Request, path: str | None) -> Identity:
        """Who calls a device's resource, or its socket (None)."""
        device = request.match_info["device"]
        identity = self.authorize(request, "Device", device, "AccessDeviceResources")
        allowed = identity.resources
        if path is not None and allowed is not None and path not in allowed:
            raise refusal(
                self.switches.device_token_status, self.switches.forbidden_message
            )
        return identity

    def forbidden(self) -> Refusal:
        """403."""
        return refusal(403, self.switches.forbidden_message)

    def authorized_device(self, request: web.Request, action: str) -> Device:
        """Device of the path for who may do this to it; 401, 403, 404 otherwise."""
        self.authorize(request, "Device", request.match_info["device"], action)
        return self.device(request)

    def device(self, request: web.Request) -> Device:
        """Device of the path; 404 if there is none."""
        key = request.match_info["user"], request.match_info["device"]
        device = self.state.devices.get(key)
        if device is None:
            raise device_not_found()
        return device

    def note_empty_call(self, call: EmptyCall) -> None:
        """Count that an input was executed with an empty value (6.3)."""
        self.state.unsafe_reads.append(call)
        self.notice.ring()


def credential_of(request: web.Request) -> tuple[AuthForm | None, str | None]:
    """Form and token: the header wins over the query, whose key is case-sensitive (3.1)."""
    scheme, _, in_header = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    in_query = request.query.get("authorization")
    if scheme:
        token = in_header if scheme == "Bearer" else None
        return ("both" if in_query else "header"), token
    return ("query", in_query) if in_query else (None, None)


def refusal(status: int, message: str) -> Refusal:
    """Refuse with the server's envelope (8)."""
    return Refusal(json_answer({"error": {"message": message}}, status))


def device_not_found() -> Refusal:
    """404: the same for a device that is offline and one that does not exist (8, 14.3)."""
    return refusal(404, "device not found")


def empty_answer() -> web.Response:
    """200 without a body, as after a write (7)."""
    return web.Response(status=200)


async def json_body(request: web.Request) -> Json:
    """Body as JSON; None for an empty one, 400 for garbage."""
    body = await request.read()
    if not body:
        return None
    try:
        value: Json = json.loads(body)
    except ValueError:
        raise Refusal(web.Response(status=400, text="Invalid JSON")) from None
    return value


async def object_body(request: web.Request) -> JsonObject:
    """Body as a JSON object; 400 for anything else."""
    body = await json_body(request)
    if not isinstance(body, dict):
        raise refusal(400, "a JSON object is expected")
    return body


def checked_id(value: Json, *, what: str) -> str:
    """Id that fits the pattern of 4; 400 otherwise."""
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise refusal(400, f"invalid {what}")
    return value


def whole_number(request: web.Request, key: str, default: int) -> int:
    """Query parameter that must be a whole number from 0 on; 400 otherwise."""
    text = request.query.get(key)
    if text is None:
        return default
    if not text.isdecimal():
        raise refusal(400, f"invalid {key}")
    return int(text)
