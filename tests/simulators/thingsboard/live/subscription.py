"""What all subscriptions have in common."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tests.simulators.json_types import JsonObject
from tests.simulators.thingsboard.alarms import Alarm
from tests.simulators.thingsboard.backend import Backend
from tests.simulators.thingsboard.bus import AlarmChange
from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.query.model import KeyType
from tests.simulators.thingsboard.query.service import QueryService
from tests.simulators.thingsboard.query.view import View
from tests.simulators.thingsboard.values import Sample

if TYPE_CHECKING:
    from .session import LiveSession

# Changed values of one key type: None where a value was deleted.
type Changes = Mapping[str, Sample | None]


@dataclass(eq=False)
class Subscription:
    """Something that a client wants to be told of; the session's owner calls it."""

    session: LiveSession
    cmd_id: int
    backend: Backend
    service: QueryService
    # When it looks again by itself, in simulated seconds.
    refresh_at: float = field(init=False)

    def __post_init__(self) -> None:
        """Look again in a minute."""
        interval = self.backend.switches.ws_refresh_seconds
        self.refresh_at = self.backend.clock.now() + interval

    @property
    def view(self) -> View:
        """What the user sees now."""
        identity = self.session.identity
        assert identity is not None, "commands come after the sign-in"
        return self.service.view(identity)

    def send(self, frame: JsonObject) -> None:
        """Send a frame of this subscription."""
        self.session.send(self.cmd_id, frame)

    def values_changed(self, entity: Entity, type_: KeyType, changes: Changes) -> None:
        """Latest values of something changed."""

    def samples_saved(
        self, entity: Entity, samples: Iterable[tuple[str, Sample]]
    ) -> None:
        """Samples of something were saved, old ones too."""

    def alarm_changed(self, alarm: Alarm, change: AlarmChange) -> None:
        """Some alarm came, changed or went."""

    def refresh(self) -> bool:
        """Look again, as the server does each minute; whether something was sent."""
        return False
