"""Signing in with user and password, and staying signed in without."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ..model.errors import BadCredentialsError
from .tokens import Tokens

type SignIn = Callable[[str, str], Awaitable[Tokens]]
type Refresh = Callable[[str], Awaitable[Tokens]]
type Save = Callable[[Mapping[str, Any]], Awaitable[None]]


class PasswordLogin:
    """Tokens for user and password, renewed with the refresh token while that is good.

    A password is sent only where there are no tokens of an earlier sign-in, or where they have died
    and we may keep it.
    """

    def __init__(
        self,
        credentials: Mapping[str, Any],
        save: Save,
        *,
        sign_in: SignIn,
        refresh: Refresh,
    ) -> None:
        """Prepare; ``sign_in`` and ``refresh`` are the platform's two requests."""
        self._username = str(credentials["username"])
        self._password: str | None = credentials.get("password")
        self._save = save
        self._sign_in = sign_in
        self._refresh = refresh
        access = credentials.get("access_token")
        self._earlier = (
            Tokens(
                str(access),
                credentials.get("refresh_token"),
                credentials.get("token_lifetime"),
            )
            if access
            else None
        )

    async def first_tokens(self) -> Tokens:
        """Take up the tokens of an earlier sign-in, or get the first ones."""
        if self._earlier is not None:
            return self._earlier
        tokens = await self._by_password()
        await self.save(tokens)
        return tokens

    async def renew(self, tokens: Tokens) -> Tokens:
        """Return the next tokens; the password, if we may keep it, is the second way."""
        if tokens.refresh:
            try:
                return await self._refresh(tokens.refresh)
            except BadCredentialsError:
                if not self._password:
                    raise BadCredentialsError(reason="signed_out") from None
        return await self._by_password()

    async def save(self, tokens: Tokens) -> None:
        """Keep the tokens: some servers take each refresh token only once."""
        await self._save(
            {
                "access_token": tokens.access,
                "refresh_token": tokens.refresh,
                "token_lifetime": tokens.lifetime,
            }
        )

    async def _by_password(self) -> Tokens:
        if not self._password:
            raise BadCredentialsError(reason="signed_out")
        return await self._sign_in(self._username, self._password)
