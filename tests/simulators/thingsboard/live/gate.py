"""Who may come in over a WebSocket (thingsboard.md 11.1, 11.5)."""

from typing import Final

from .commands import AuthCommand
from .frames import CloseCode

from tests.simulators.thingsboard.backend import Backend
from tests.simulators.thingsboard.errors import ApiError
from tests.simulators.thingsboard.identity import Identity
from tests.simulators.thingsboard.tokens import (
    MFA_CONFIGURATION,
    PRE_VERIFICATION,
    TokenError,
    TokenFault,
)

_INVALID: Final = "Token is invalid"
_TEXTS: Final = {
    TokenFault.EXPIRED: "JWT Token expired",
    # A badly signed token looks like an expired one, as over REST.
    TokenFault.SIGNATURE: "JWT Token expired",
    TokenFault.OUTDATED: "Token is outdated",
    TokenFault.MALFORMED: "Invalid JWT token: ",
}


class TurnedAwayError(Exception):
    """The socket is closed with this code and reason."""

    def __init__(self, code: CloseCode, reason: str) -> None:
        """Keep what the close frame says."""
        super().__init__(reason)
        self.code = code
        self.reason = reason


class Gate:
    """Checks tokens and keys."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    def by_command(self, command: AuthCommand | None) -> Identity:
        """Who the first message says is there; TurnedAwayError if nobody."""
        if command is None:
            raise TurnedAwayError(CloseCode.POLICY, "Auth cmd is missing")
        # With both, the key counts.
        if command.api_key:
            return self._by_key(command.api_key)
        return self._by_token(command.token or "", CloseCode.BAD_DATA)

    def by_query(self, token: str) -> Identity:
        """Who the address says is there; TurnedAwayError if nobody."""
        return self._by_token(token, CloseCode.SERVER_ERROR)

    def _by_key(self, value: str) -> Identity:
        try:
            return self._backend.tokens.identify_key(value)
        except ApiError as error:
            raise TurnedAwayError(CloseCode.BAD_DATA, error.message) from None

    def _by_token(self, token: str, code: CloseCode) -> Identity:
        if not token:
            raise TurnedAwayError(code, _INVALID)
        try:
            identity = self._backend.tokens.identify(token)
        except TokenError as error:
            reason = _TEXTS.get(error.fault, _INVALID)
            raise TurnedAwayError(code, reason) from None
        if identity.scope in {PRE_VERIFICATION, MFA_CONFIGURATION}:
            raise TurnedAwayError(code, _INVALID)
        return identity
