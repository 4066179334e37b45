"""One engine for every token that runs out (design.md 6)."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
import logging
from typing import Any, Final

import jwt

from ..model.errors import BadCredentialsError, PlatformError, RateLimitedError
from .backoff import Backoff
from .clock import Clock

RENEW_AT: Final = 0.8
"""Part of a token's life after which it is renewed."""
_MOST_SECONDS: Final = 1e12
"""No time is that far away, counted from 1970 or from now."""

_LOGGER: Final = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token and what renews it. ``lifetime`` is in seconds, None where it has no end."""

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    lifetime: float | None = None


def claims_of(token: str) -> Mapping[str, Any]:
    """Return the claims of a JWT, empty where it is none. The signature is the server's business."""
    try:
        claims: Mapping[str, Any] = jwt.decode(
            token, options={"verify_signature": False, "verify_exp": False}
        )
    except jwt.PyJWTError, ValueError, RecursionError:
        return {}
    return claims


def lifetime_of(token: str, expires_in: object = None) -> float | None:
    """Return a token's life in seconds, by its own claims, else by what came with it."""
    claims = claims_of(token)
    start, end = _seconds(claims.get("iat")), _seconds(claims.get("exp"))
    if start is not None and end is not None and end > start:
        return end - start
    seconds = _seconds(expires_in)
    return seconds if seconds is not None and seconds > 0 else None


def _seconds(value: object) -> float | None:
    """Return a time that makes sense; claims may hold any JSON."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) <= _MOST_SECONDS else None


class TokenEngine:
    """Keeps the access token of an account good.

    ``renew`` gets new tokens for the old ones, ``save`` keeps them before anybody uses them. Life is
    measured on the monotonic clock from the moment of receipt; only for tokens from before a restart
    the wall clock gives a hint.
    """

    def __init__(
        self,
        tokens: Tokens,
        *,
        renew: Callable[[Tokens], Awaitable[Tokens]] | None,
        save: Callable[[Tokens], Awaitable[None]],
        clock: Clock,
    ) -> None:
        """Start with the tokens of an earlier session."""
        self._tokens = tokens
        self._renew = renew
        self._save = save
        self._clock = clock
        self._renew_after = self._clock.monotonic() + self._remaining() * RENEW_AT
        self._renewal: asyncio.Task[None] | None = None
        self._failure: PlatformError | None = None
        self._retry_after = float("-inf")
        self._backoff = Backoff(first=2, longest=300)

    @property
    def can_renew(self) -> bool:
        """Return whether there is a way to better tokens."""
        return self._renew is not None

    async def access(self) -> str:
        """Return an access token that is good as far as we know."""
        if self._renew is not None and self._clock.monotonic() >= self._renew_after:
            try:
                await self._renewed()
            except BadCredentialsError:
                raise
            except PlatformError as error:
                # The old one may still be good: the server decides.
                _LOGGER.debug("Renewal failed, going on with the old token: %s", error)
        return self._tokens.access

    async def renew(self, rejected: str) -> str:
        """Return a better token than the one that the server rejected."""
        if self._tokens.access == rejected:
            await self._renewed()
        return self._tokens.access

    async def close(self) -> None:
        """Let a renewal that is under way end: its result must not be lost."""
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    async def _renewed(self) -> None:
        if self._renewal is None:
            if self._failure is not None and (
                isinstance(self._failure, BadCredentialsError)
                or self._clock.monotonic() < self._retry_after
            ):
                # An error that is remembered for months must not gather traces.
                raise self._failure.with_traceback(None) from None
            self._renewal = asyncio.create_task(self._renew_now())
            self._renewal.add_done_callback(self._forget_renewal)
        renewal = self._renewal
        # Unlike awaiting the task, this leaves it alone when a caller gives up.
        await asyncio.wait([renewal])
        renewal.result()

    def _forget_renewal(self, task: asyncio.Task[None]) -> None:
        self._renewal = None
        if not task.cancelled():
            task.exception()  # perhaps nobody else is left to look at it

    async def _renew_now(self) -> None:
        if self._renew is None:
            raise BadCredentialsError(reason="token_rejected")
        try:
            tokens = await self._renew(self._tokens)
        except PlatformError as error:
            self._failure = error
            pause = self._backoff.next()
            if isinstance(error, RateLimitedError):
                pause = max(pause, error.retry_after or 0)
            self._retry_after = self._clock.monotonic() + pause
            raise
        self._failure = None
        self._backoff.reset()
        try:
            await self._save(tokens)
        finally:
            # Even if that failed: the server has made the old ones worthless.
            self._tokens = tokens
            life = tokens.lifetime if tokens.lifetime is not None else float("inf")
            self._renew_after = self._clock.monotonic() + life * RENEW_AT

    def _remaining(self) -> float:
        """Return a guess at the seconds left; a wrong wall clock costs one needless call at worst."""
        lifetime = self._tokens.lifetime
        end = _seconds(claims_of(self._tokens.access).get("exp"))
        if end is None:
            return float("inf") if lifetime is None else lifetime
        remaining = max(0.0, end - self._clock.wall())
        return remaining if lifetime is None else min(remaining, lifetime)
