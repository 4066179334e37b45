"""Does what commands say (thingsboard.md 11.2)."""

from collections.abc import Mapping
from functools import singledispatchmethod
from typing import Final

from . import frames
from .alarm_data import AlarmDataSubscription
from .command_parser import CommandParser
from .commands import (
    AlarmCountCommand,
    AlarmDataCommand,
    AlarmStatusCommand,
    Command,
    EntityCountCommand,
    EntityDataCommand,
    OldCommand,
    OldHistory,
    OldSubscription,
    Unsubscribe,
)
from .counts import (
    AlarmCountSubscription,
    AlarmStatusSubscription,
    EntityCountSubscription,
)
from .entity_data import EntityDataSubscription
from .frames import CloseCode, ErrorCode
from .limits import subscriptions_problem
from .old_form import OldFormSubscription, stored
from .session import LiveSession
from .subscription import Subscription

from tests.simulators.sockets import OpenSocket
from tests.simulators.thingsboard.backend import Backend
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.ids import EntityId, EntityType
from tests.simulators.thingsboard.query.service import QueryService
from tests.simulators.thingsboard.versions import parsed

_SCOPES: Final = {"", "SERVER_SCOPE", "SHARED_SCOPE", "CLIENT_SCOPE"}


class CommandDesk:
    """Takes commands that were parsed, of signed-in clients."""

    def __init__(
        self, backend: Backend, sessions: Mapping[OpenSocket, LiveSession]
    ) -> None:
        """Work on the backend; `sessions` are all that are open."""
        self._backend = backend
        self._sessions = sessions
        self._service = QueryService(backend)

    def parser(self) -> CommandParser:
        """Reader of messages for the version that the server is now."""
        return CommandParser(
            version=parsed(self._backend.switches.version),
            professional=self._backend.professional,
        )

    def do(self, session: LiveSession, command: Command) -> None:
        """Do one command, or complain of it."""
        if session.lost:
            session.complain(0, ErrorCode.INTERNAL, "Session meta-data not found!")
        elif command.cmd_id < 0:
            text = "Cmd id is negative value!"
            session.complain(command.cmd_id, ErrorCode.BAD_REQUEST, text)
        elif (problem := command.problem()) is not None:
            session.complain(command.cmd_id, ErrorCode.BAD_REQUEST, problem)
        else:
            self._do(command, session)

    @singledispatchmethod
    def _do(self, command: Command, session: LiveSession) -> None:
        raise NotImplementedError(type(command).__name__)

    @_do.register
    def _(self, command: Unsubscribe, session: LiveSession) -> None:
        session.subscriptions.pop(command.cmd_id, None)

    @_do.register
    def _(self, command: EntityDataCommand, session: LiveSession) -> None:
        found, _ = self._subscription(session, command, EntityDataSubscription)
        if found is not None:
            found.run(command)

    @_do.register
    def _(self, command: AlarmDataCommand, session: LiveSession) -> None:
        found, _ = self._subscription(session, command, AlarmDataSubscription)
        if found is not None:
            found.run(command)

    @_do.register
    def _(self, command: EntityCountCommand, session: LiveSession) -> None:
        found, is_new = self._subscription(session, command, EntityCountSubscription)
        if found is not None and is_new:
            found.run(command)

    @_do.register
    def _(self, command: AlarmCountCommand, session: LiveSession) -> None:
        found, is_new = self._subscription(session, command, AlarmCountSubscription)
        if found is not None and is_new:
            found.run(command)

    @_do.register
    def _(self, command: AlarmStatusCommand, session: LiveSession) -> None:
        found, is_new = self._subscription(session, command, AlarmStatusSubscription)
        if found is not None and is_new:
            found.run(command)

    @_do.register
    def _(self, command: OldSubscription, session: LiveSession) -> None:
        if command.unsubscribe:
            self._unsubscribe(command, session)
            return
        assert session.identity is not None, "commands come after the sign-in"
        problem = subscriptions_problem(
            session.identity, self._sessions.values(), self._backend.switches
        )
        if problem is not None:
            session.close(CloseCode.POLICY, problem)
            return
        entity = self._entity(command, session)
        if entity is None:
            return
        if command.of_attributes and command.scope not in _SCOPES:
            text = f"No enum constant AttributeScope.{command.scope}"
            session.complain(command.cmd_id, ErrorCode.INTERNAL, text)
            return
        session.subscriptions.pop(command.cmd_id, None)
        found, _ = self._subscription(session, command, OldFormSubscription)
        if found is not None:
            found.run(command, entity)

    @_do.register
    def _(self, command: OldHistory, session: LiveSession) -> None:
        entity = self._entity(command, session)
        if entity is not None:
            values = stored(entity, command.history)
            session.send(command.cmd_id, frames.old_update(command.cmd_id, values))

    def _unsubscribe(self, command: OldSubscription, session: LiveSession) -> None:
        if command.entity_id:
            session.subscriptions.pop(command.cmd_id, None)
        else:
            session.subscriptions.clear()
            session.lost = True

    def _subscription[S: Subscription](
        self, session: LiveSession, command: Command, kind: type[S]
    ) -> tuple[S | None, bool]:
        """Subscription of this id, and whether it is new; None if the id is another kind's."""
        known = session.subscriptions.get(command.cmd_id)
        if known is None:
            made = kind(session, command.cmd_id, self._backend, self._service)
            session.subscriptions[command.cmd_id] = made
            return made, True
        if isinstance(known, kind):
            return known, False
        text = f"class {type(known).__name__} cannot be cast to class {kind.__name__}"
        session.complain(command.cmd_id, ErrorCode.INTERNAL, text)
        return None, False

    def _entity(self, command: OldCommand, session: LiveSession) -> Entity | None:
        """Thing of an old-form command; complains if there is none for this user."""
        entity = self._find(command)
        if entity is None:
            text = "Failed to fetch data!"
            session.complain(command.cmd_id, ErrorCode.INTERNAL, text)
        elif session.identity is None or not session.identity.sees(entity):
            session.complain(command.cmd_id, ErrorCode.UNAUTHORIZED, "Unauthorized")
        else:
            return entity
        return None

    def _find(self, command: OldCommand) -> Entity | None:
        try:
            type_ = EntityType(command.entity_type)
        except ValueError:
            return None
        return self._backend.store.find(EntityId(type_, command.entity_id))
