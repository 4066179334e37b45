"""Two-factor authentication (thingsboard.md 4.5)."""

from collections.abc import Iterable
from typing import Final, override

from aiohttp import web

from .backend import Backend, identity_of
from .errors import ApiError, Code, bad_request, forbidden, unauthorized
from .identity import Identity
from .routing import ANYBODY, Handler, Part, Route, empty_answer, required
from .tokens import PRE_VERIFICATION
from .users import TwoFactor

from tests.simulators.json_types import Json
from tests.simulators.wire import json_answer

_TYPES: Final = ("TOTP", "SMS", "EMAIL", "BACKUP_CODE")
_SENT: Final = {"SMS", "EMAIL"}


class SecondFactor(Part):
    """What a pre-verification token is good for."""

    def __init__(self, backend: Backend) -> None:
        """Work on the backend."""
        self._backend = backend

    @override
    def routes(self) -> Iterable[Route]:
        paths: tuple[tuple[str, str, Handler], ...] = (
            ("GET", "providers", self._providers),
            ("POST", "verification/send", self._send),
            ("POST", "verification/check", self._check),
        )
        for method, path, handler in paths:
            yield Route(
                method=method,
                path=f"/api/auth/2fa/{path}",
                handler=handler,
                roles=ANYBODY,
                since="3.4",
                limited=True,
            )

    async def _providers(self, request: web.Request) -> web.Response:
        _, factor = _factor(request)
        rows: list[Json] = [
            {
                "type": each,
                "default": index == 0,
                "contact": factor.contact if each in _SENT else None,
                "minVerificationCodeSendPeriod": int(factor.send_period)
                if each in _SENT
                else None,
            }
            for index, each in enumerate(factor.providers)
        ]
        return json_answer(rows)

    async def _send(self, request: web.Request) -> web.Response:
        _, factor = _factor(request)
        provider = _provider(request, factor)
        now = self._backend.clock.now()
        if provider in _SENT:
            if now < factor.last_sent + factor.send_period:
                raise ApiError(
                    429,
                    Code.TOO_MANY_REQUESTS,
                    "Too many verification code sending requests",
                )
            factor.last_sent = now
            factor.sent.append(provider)
        return empty_answer()

    async def _check(self, request: web.Request) -> web.Response:
        identity, factor = _factor(request)
        _provider(request, factor)
        user = identity.user
        if required(request, "verificationCode") == factor.code:
            factor.failures = 0
            return json_answer(self._backend.tokens.pair(user).json())
        factor.failures += 1
        if factor.failures >= factor.attempts:
            user.enabled = False
            raise unauthorized(
                "User account was locked due to exceeded 2FA verification attempts"
            )
        raise bad_request("Verification code is incorrect")


def _factor(request: web.Request) -> tuple[Identity, TwoFactor]:
    identity = identity_of(request)
    factor = identity.user.two_factor
    if identity.scope != PRE_VERIFICATION or factor is None:
        raise forbidden()
    return identity, factor


def _provider(request: web.Request, factor: TwoFactor) -> str:
    provider = required(request, "providerType", "TwoFaProviderType")
    if provider not in _TYPES:
        raise bad_request(f"Invalid value '{provider}' of parameter 'providerType'")
    if provider not in factor.providers:
        raise bad_request("2FA provider is not configured")
    return provider
