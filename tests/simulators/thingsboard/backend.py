"""What every part of the server works with: store, tokens, switches, open channels."""

from typing import Final

from aiohttp import hdrs, web

from .bell import Bell
from .device import Device
from .entity import Entity
from .errors import (
    FORBIDDEN,
    ApiError,
    bad_request,
    forbidden,
    not_found,
    plain,
    unauthorized,
)
from .harm import HarmfulWrite, how_of
from .identity import Identity
from .ids import EntityId, EntityType, is_uuid
from .rate_limits import RateLimits
from .store import Store
from .switches import Switches
from .tokens import MFA_CONFIGURATION, PRE_VERIFICATION, TokenMachine
from .versions import Edition, at_least

from tests.simulators.channels import Channels
from tests.simulators.clock import SimulatedClock
from tests.simulators.journal import AuthForm
from tests.simulators.json_types import Json
from tests.simulators.notice import Notice
from tests.simulators.wire import Refusal

_HEADER: Final = "X-Authorization"
_BEARER: Final = "Bearer "
_API_KEY: Final = "ApiKey "
_AUTHORIZATION_SINCE: Final = "3.3.2"
_API_KEYS_SINCE: Final = "4.3"
_LIMITED: Final = {PRE_VERIFICATION, MFA_CONFIGURATION}

IDENTITY: Final = web.RequestKey("identity", Identity)


class Backend:
    """The common ground of the server's parts."""

    def __init__(
        self, store: Store, notice: Notice, channels: Channels, *, auto_tick: bool
    ) -> None:
        """Put the parts together."""
        self.store = store
        self.notice = notice
        self.channels = channels
        # False: nothing happens by timers, tests say when.
        self.auto_tick = auto_tick
        self.tokens = TokenMachine(store)
        store.bus.listeners.append(Bell(notice))
        self.limits = RateLimits(store.switches, store.clock)

    @property
    def switches(self) -> Switches:
        """How this server behaves."""
        return self.store.switches

    @property
    def clock(self) -> SimulatedClock:
        """Clock of the server."""
        return self.store.clock

    # Versions.

    def since(self, version: str) -> bool:
        """Whether the server is this version or a later one."""
        return at_least(self.switches.version, version)

    @property
    def professional(self) -> bool:
        """Whether it is PE or Cloud."""
        return self.switches.edition is not Edition.CE

    # Who calls.

    def header_of(self, request: web.BaseRequest) -> str | None:
        """Header that counts: the other one is looked at only if the first is absent (4.7)."""
        header = request.headers.get(_HEADER)
        if header is None and self.since(_AUTHORIZATION_SINCE):
            header = request.headers.get(hdrs.AUTHORIZATION)
        return header

    def authenticate(self, request: web.BaseRequest) -> Identity:
        """Who calls; ApiError if nobody whom the server knows."""
        header = self.header_of(request)
        if header is None or not header.strip():
            raise unauthorized("Authentication failed")
        if not self.since(_API_KEYS_SINCE):
            # The old server just cut the prefix off, whatever it was.
            return self.tokens.identify(header[len(_BEARER) :])
        if header.startswith(_BEARER):
            return self.tokens.identify(header.removeprefix(_BEARER))
        if header.startswith(_API_KEY):
            return self.tokens.identify_key(header.removeprefix(_API_KEY))
        # Anonymous.
        raise forbidden()

    def authorize(self, request: web.BaseRequest) -> Identity:
        """Who calls with full rights: no token that is only for the second factor."""
        identity = self.authenticate(request)
        if identity.scope in _LIMITED:
            raise forbidden()
        return identity

    # What is called, with JSON errors.

    def entity(
        self, identity: Identity, type_: EntityType, id_: str, *, write: bool = False
    ) -> Entity:
        """Entity for a caller; 400, 404 or 403 as JSON."""
        checked_uuid(id_)
        entity = self.store.find(EntityId(type_, id_))
        if entity is None or not self._exists_for(identity, entity):
            raise not_found(f"{type_.normal_name} with id [{id_}] is not found")
        if not identity.sees(entity) or (write and not self.may_write(identity)):
            raise forbidden()
        return entity

    def device(self, identity: Identity, id_: str, *, write: bool = False) -> Device:
        """Device for a caller; 400, 404 or 403 as JSON."""
        entity = self.entity(identity, EntityType.DEVICE, id_, write=write)
        assert isinstance(entity, Device)
        return entity

    # The same with plain texts (8.3).

    def entity_or_text(
        self, identity: Identity, type_: EntityType, id_: str, *, write: bool = False
    ) -> Entity:
        """Entity for a caller; 400 as JSON, 404 or 403 as plain text."""
        try:
            return self.entity(identity, type_, id_, write=write)
        except ApiError as error:
            if error.status == 404:
                text = f"{type_.normal_name} with requested id wasn't found!"
                raise self.text(404, text) from None
            if error.status == 403:
                raise self.text(403, FORBIDDEN) from None
            raise

    def device_or_text(
        self, identity: Identity, id_: str, *, write: bool = False
    ) -> Device:
        """Device for a caller; 400 as JSON, 404 or 403 as plain text."""
        entity = self.entity_or_text(identity, EntityType.DEVICE, id_, write=write)
        assert isinstance(entity, Device)
        return entity

    def text(self, status: int, text: str) -> Refusal:
        """Plain-text error with the content type that the switch says."""
        return plain(status, text, self.switches.text_error_type)

    def may_write(self, identity: Identity) -> bool:
        """Whether the caller may write what it sees: public ones may not."""
        if not identity.is_customer_user:
            return True
        return self.switches.customer_writes and not identity.user.is_public

    def note_write(
        self, entity: Entity, scope: str, key: str, value: Json, path: str
    ) -> None:
        """Count a write by REST that a consumer should not do; scope may be `TELEMETRY`."""
        how = how_of(scope, key)
        if how is None:
            return
        self.store.unsafe_writes.append(
            HarmfulWrite(
                device=entity.name,
                scope=scope,
                key=key,
                value=value,
                path=path,
                how=how,
            )
        )

    @staticmethod
    def _exists_for(identity: Identity, entity: Entity) -> bool:
        return identity.sees(entity) or identity.shares_tenant(entity)


def credential_of(request: web.BaseRequest) -> tuple[AuthForm | None, str | None]:
    """Form and token, for the log; scheme and version do not matter here."""
    header = request.headers.get(_HEADER) or request.headers.get(hdrs.AUTHORIZATION)
    in_query = request.query.get("token")
    if header:
        token = header.partition(" ")[2]
        return ("both" if in_query else "header"), token
    return ("query", in_query) if in_query else (None, None)


def identity_of(request: web.Request) -> Identity:
    """Who calls a route that is not open."""
    return request[IDENTITY]


def checked_uuid(text: str) -> str:
    """Text of a UUID; 400 otherwise."""
    if not is_uuid(text):
        raise bad_request(f"Invalid UUID string: {text}")
    return text
