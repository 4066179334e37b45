"""Everything that can go wrong between an account and its platform."""

from typing import ClassVar


class PlatformError(Exception):
    """Base of all errors that leave an adapter.

    ``reason`` is the key of the text that a person sees; ``detail`` is for logs and never holds a secret.
    """

    default_reason: ClassVar[str] = "unknown"

    def __init__(self, detail: str = "", *, reason: str | None = None) -> None:
        """Remember what to tell the person (reason) and the log (detail)."""
        super().__init__(detail or reason or self.default_reason)
        self.reason = reason or self.default_reason
        self.code: int | None = None
        """The platform's own number for what went wrong, where it has such."""


class BadCredentialsError(PlatformError):
    """The platform does not accept who we say we are."""

    default_reason = "invalid_auth"


class ForbiddenError(PlatformError):
    """The credentials are good, but do not allow this."""

    default_reason = "no_permission"


class NotFoundError(PlatformError):
    """What was asked for is not there, or not now."""

    default_reason = "not_found"


class RateLimitedError(PlatformError):
    """The platform wants us to wait; ``retry_after`` is in seconds, None where it did not say."""

    default_reason = "rate_limited"

    def __init__(self, detail: str = "", *, retry_after: float | None = None) -> None:
        """Remember how long the platform wants us to wait."""
        super().__init__(detail)
        self.retry_after = retry_after


class UnreachableError(PlatformError):
    """No answer, or one that says that the server has trouble."""

    default_reason = "cannot_connect"


class TlsError(UnreachableError):
    """The server's certificate is not trusted, or it does not speak TLS."""

    default_reason = "tls_failed"


class UnexpectedAnswerError(PlatformError):
    """An answer that this platform would not give."""

    default_reason = "unexpected_answer"


class CommandRejectedError(PlatformError):
    """The platform or the device refused a command."""

    default_reason = "command_rejected"


class CommandTimedOutError(PlatformError):
    """The device did not confirm a command in time."""

    default_reason = "command_timed_out"


class UnsafeReadError(PlatformError):
    """Reading would run code on the device, and nobody said that this is safe."""

    default_reason = "unsafe_read"
