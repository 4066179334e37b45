"""Everything that answers queries, for the endpoints and for the WebSocket."""

from .alarm_search import AlarmSearch
from .discovery import Discovery
from .engine import Engine
from .queries import QueryParser
from .view import View

from tests.simulators.thingsboard.backend import Backend
from tests.simulators.thingsboard.identity import Identity
from tests.simulators.thingsboard.versions import parsed


class QueryService:
    """Reads and answers queries as the server's version does."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend
        self.engine = Engine(backend.switches)
        self.alarms = AlarmSearch(self.engine, backend.store.alarms)
        self.discovery = Discovery(self.engine)

    def view(self, identity: Identity) -> View:
        """What somebody sees now."""
        return View(self._backend.store, identity)

    def parser(self, *, strict: bool = False) -> QueryParser:
        """Reader of queries; `strict` as on the WebSocket."""
        return QueryParser(
            version=parsed(self._backend.switches.version),
            professional=self._backend.professional,
            strict=strict,
        )
