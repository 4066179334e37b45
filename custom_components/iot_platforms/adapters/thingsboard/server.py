"""What kind of server it is (2, 19)."""

from dataclasses import dataclass
import re
from typing import Final, Self

from ...model.errors import ForbiddenError, NotFoundError, UnexpectedAnswerError
from ...model.value import JsonValue
from .client import ThingsBoardClient

QUERIES: Final = (3, 2, 2)
"""Since when keys can be found out and values be queried."""
TYPED_SOCKET: Final = (3, 6, 2)
"""Since when the socket takes commands with types, and a sign-in in its first message."""
KEYS_ON_SOCKET: Final = (4, 4)
"""Since when the socket takes API keys."""
_NUMBERS: Final = re.compile(r"\d+(?:\.\d+)*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server's version and edition; ``version`` is None where it does not tell."""

    version: tuple[int, ...] | None = None
    edition: str | None = None

    @classmethod
    async def ask(cls, client: ThingsBoardClient) -> Self:
        """Return what the server says of itself; the oldest ones say nothing."""
        try:
            answer = await client.system()
        except ForbiddenError, NotFoundError, UnexpectedAnswerError:
            return cls()
        fields = answer if isinstance(answer, dict) else {}
        edition = fields.get("type")
        return cls(
            version=_version(fields.get("version")),
            edition=edition if isinstance(edition, str) else None,
        )

    def has(self, since: tuple[int, ...]) -> bool | None:
        """Return whether the server has what came with a version, None where nobody knows."""
        return None if self.version is None else self.version >= since


def _version(text: JsonValue) -> tuple[int, ...] | None:
    found = _NUMBERS.match(text) if isinstance(text, str) else None
    return tuple(int(part) for part in found[0].split(".")) if found else None
