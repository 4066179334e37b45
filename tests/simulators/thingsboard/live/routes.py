"""The WebSocket paths, and everything that is open on them (thingsboard.md 11)."""

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from typing import Final, override

from aiohttp import web

from .desk import CommandDesk
from .frames import CloseCode, ErrorCode
from .gate import Gate, TurnedAwayError
from .limits import sessions_problem
from .session import Kind, LiveSession
from .subscription import Changes, Subscription

from tests.simulators.json_types import Json, JsonObject
from tests.simulators.sockets import OpenSocket
from tests.simulators.thingsboard.alarms import Alarm
from tests.simulators.thingsboard.backend import Backend
from tests.simulators.thingsboard.bus import AlarmChange, Listener, Origin, Scope
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.identity import Identity
from tests.simulators.thingsboard.query.engine import SCOPES
from tests.simulators.thingsboard.query.fields import MalformedError
from tests.simulators.thingsboard.query.model import KeyType
from tests.simulators.thingsboard.routing import Part, Route
from tests.simulators.thingsboard.values import Sample

# Since then the first message may say who is there.
_AUTH_COMMAND_SINCE: Final = "3.6.2"
_TYPES: Final = {scope: type_ for type_, scope in SCOPES.items()}


class LiveRoutes(Part, Listener):
    """Opens sockets and passes on what changes in the store."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend, and hear of every change."""
        self._backend = backend
        self._gate = Gate(backend)
        self._sessions: dict[OpenSocket, LiveSession] = {}
        self._desk = CommandDesk(backend, self._sessions)
        self._drop_updates = False
        self._too_many_updates = False
        # Every message that clients sent, parsed, oldest first.
        self.messages: list[Json] = []
        backend.store.bus.listeners.append(self)

    # For tests.

    @property
    def sessions(self) -> list[LiveSession]:
        """The open sockets with their users and subscriptions."""
        return list(self._sessions.values())

    @property
    def subscriptions(self) -> list[Subscription]:
        """Everything that clients listen to, by age of the sockets."""
        return [
            each for session in self.sessions for each in session.subscriptions.values()
        ]

    def commands(self, type: str | None = None) -> list[JsonObject]:
        """Commands that came in messages of the new form, perhaps of one type."""
        found: list[JsonObject] = []
        for message in self.messages:
            match message:
                case {"cmds": [*listed]}:
                    found += [each for each in listed if isinstance(each, dict)]
        return [each for each in found if type in {None, each.get("type")}]

    @property
    def drop_updates(self) -> bool:
        """Whether everything that is sent gets lost, on open sockets and later ones."""
        return self._drop_updates

    @drop_updates.setter
    def drop_updates(self, value: bool) -> None:
        self._drop_updates = value
        for session in self.sessions:
            session.drop_updates = value

    @property
    def too_many_updates(self) -> bool:
        """Whether updates are lost and code 34 says so once on each socket."""
        return self._too_many_updates

    @too_many_updates.setter
    def too_many_updates(self, value: bool) -> None:
        self._too_many_updates = value
        for session in self.sessions:
            session.too_many_updates = value

    def refresh(self) -> int:
        """Look at dynamic pages, counts and missed alarms now; how many frames were sent."""
        return sum(each.refresh() for each in self.subscriptions)

    def ping(self) -> None:
        """Ping every socket now; one that missed too many pongs is closed."""
        for session in self.sessions:
            self._ping(session)

    async def wait_for_subscriptions(
        self, count: int = 1, *, timeout: float = 5.0
    ) -> list[Subscription]:
        """Return the subscriptions once there are at least so many."""
        await self._backend.notice.wait_until(
            lambda: len(self.subscriptions) >= count, timeout=timeout
        )
        return self.subscriptions

    # What the server asks of a part.

    @override
    def routes(self) -> Iterable[Route]:
        def get(path: str, kind: Kind, since: str = "0") -> Route:
            handler = partial(self._serve, kind)
            return Route(
                method="GET", path=path, handler=handler, since=since, open=True
            )

        return [
            get("/api/ws", Kind.GENERAL, _AUTH_COMMAND_SINCE),
            get("/api/ws/plugins/telemetry", Kind.TELEMETRY),
            get("/api/ws/{tail:.*}", Kind.UNKNOWN),
        ]

    @override
    def settle(self) -> None:
        now = self._backend.clock.now()
        interval = self._backend.switches.ws_refresh_seconds
        for each in self.subscriptions:
            # A clock that was set back must not delay the next look.
            if each.refresh_at <= now or each.refresh_at > now + interval:
                each.refresh_at = now + interval
                each.refresh()

    @override
    def tick(self) -> int:
        return self.refresh()

    # Sockets.

    async def _serve(self, kind: Kind, request: web.Request) -> web.StreamResponse:
        backend = self._backend
        backend.channels.check_upgrade(request)
        identity = None
        if not backend.since(_AUTH_COMMAND_SINCE):
            identity = self._old_identity(request)
        socket = OpenSocket(
            request,
            backend.notice,
            kind=kind.value,
            max_frame=backend.switches.ws_message_bytes + 1,
            heartbeat=None,
        )
        session = LiveSession(socket, backend.switches, backend.clock, kind=kind)
        session.drop_updates = self._drop_updates
        session.too_many_updates = self._too_many_updates
        async with backend.channels.opened(socket):
            self._sessions[socket] = session
            try:
                self._open(session, request, identity)
                return await socket.serve(partial(self._receive, session))
            finally:
                del self._sessions[socket]
                session.forget()

    def _old_identity(self, request: web.Request) -> Identity:
        """Who calls, before there was another way than the address or a header."""
        token = request.query.get("token")
        if token is None:
            return self._backend.authorize(request)
        return self._backend.tokens.identify(token)

    def _open(
        self, session: LiveSession, request: web.Request, identity: Identity | None
    ) -> None:
        self._arm_ping(session)
        if session.kind is Kind.UNKNOWN:
            session.close(CloseCode.BAD_DATA, "Unknown session type")
            return
        token = request.query.get("token")
        try:
            if identity is None and token is not None:
                identity = self._gate.by_query(token)
            if identity is not None:
                self._admit(session, identity)
                return
        except TurnedAwayError as error:
            session.close(error.code, error.reason)
            return
        session.later(self._backend.switches.ws_auth_seconds, partial(_expire, session))

    def _admit(self, session: LiveSession, identity: Identity) -> None:
        problem = sessions_problem(identity, self.sessions, self._backend.switches)
        if problem is not None:
            raise TurnedAwayError(CloseCode.POLICY, problem)
        session.identity = identity

    def _receive(self, session: LiveSession, frame: Json) -> None:
        if session.ended:
            return
        self.messages.append(frame)
        parser = self._desk.parser()
        read = parser.message if session.kind is Kind.GENERAL else parser.old_message
        try:
            message = read(frame)
            if session.identity is None:
                self._admit(session, self._gate.by_command(message.auth))
        except MalformedError as error:
            if session.identity is None:
                session.close(CloseCode.BAD_DATA, str(error))
            else:
                text = "Failed to parse the payload"
                session.complain(1, ErrorCode.BAD_REQUEST, text)
            return
        except TurnedAwayError as error:
            session.close(error.code, error.reason)
            return
        for command in message.commands:
            self._desk.do(session, command)

    def _arm_ping(self, session: LiveSession) -> None:
        seconds = self._backend.switches.ws_ping_seconds
        if self._backend.auto_tick and seconds is not None:
            session.later(seconds, partial(self._ping_again, session))

    def _ping_again(self, session: LiveSession) -> None:
        self._ping(session)
        self._arm_ping(session)

    def _ping(self, session: LiveSession) -> None:
        if session.socket.muted:
            return
        missed = session.socket.unanswered_pings
        if missed >= self._backend.switches.ws_missed_pongs:
            session.give_up(CloseCode.NOT_RELIABLE)
        elif not session.ended:
            session.socket.ping()

    # What happens in the store.

    @override
    def telemetry_saved(
        self,
        entity: Entity,
        saved: Sequence[tuple[str, Sample]],
        latest: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        for each in self.subscriptions:
            each.samples_saved(entity, saved)
        self._publish(entity, KeyType.TIME_SERIES, latest)

    @override
    def telemetry_deleted(
        self, entity: Entity, latest: Mapping[str, Sample | None]
    ) -> None:
        self._publish(entity, KeyType.TIME_SERIES, latest)

    @override
    def attributes_saved(
        self,
        entity: Entity,
        scope: Scope,
        values: Mapping[str, Sample],
        origin: Origin,
    ) -> None:
        self._publish(entity, _TYPES[scope], values)
        self._publish(entity, KeyType.ATTRIBUTE, values)

    @override
    def attributes_deleted(
        self, entity: Entity, scope: Scope, keys: Sequence[str]
    ) -> None:
        gone = dict.fromkeys(keys)
        self._publish(entity, _TYPES[scope], gone)
        self._publish(entity, KeyType.ATTRIBUTE, gone)

    @override
    def alarm_changed(self, alarm: Alarm, change: AlarmChange) -> None:
        for each in self.subscriptions:
            each.alarm_changed(alarm, change)

    def _publish(self, entity: Entity, type_: KeyType, changes: Changes) -> None:
        for each in self.subscriptions if changes else ():
            each.values_changed(entity, type_, changes)


def _expire(session: LiveSession) -> None:
    """Close a socket on which nobody said who is there."""
    if session.identity is None:
        session.close(CloseCode.POLICY)
