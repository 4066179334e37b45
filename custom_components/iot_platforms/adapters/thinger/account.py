"""What a person can do with an account besides its devices' resources (5.5, 10)."""

from collections.abc import Collection, Mapping
from typing import Final

from ...model.errors import UnexpectedAnswerError
from ...model.value import JsonValue
from ...transport.tokens import claims_of
from .client import ThingerClient

_TOLERANCE: Final = 86_400.0
"""Seconds by which a token's end may differ from what was asked for."""


class AccountCalls:
    """Devices, their tokens, endpoints and rows of buckets."""

    _client: ThingerClient
    _ends_in_seconds = False

    async def add_device(self, device: Mapping[str, JsonValue]) -> JsonValue:
        """Make a device (5.5)."""
        return await self._client.add_device(device)

    async def delete_device(self, device_id: str) -> None:
        """Delete a device (5.5)."""
        await self._client.delete_device(device_id)

    async def list_device_tokens(self, device_id: str) -> list[JsonValue]:
        """Return a device's tokens (10.1)."""
        tokens = await self._client.device_tokens(device_id)
        return tokens if isinstance(tokens, list) else []

    async def create_device_token(
        self,
        device_id: str,
        name: str,
        resources: Collection[str],
        expires_at: float | None,
    ) -> JsonValue:
        """Make a token for a device (10.1)."""
        token = await self._add_token(device_id, name, resources, expires_at)
        if _ends_when_asked(token, expires_at):
            return token
        # The seed sends milliseconds, newer clients send seconds (15.5): a token that lasts a
        # thousand times as long as it should must not stay.
        await self._delete_token(device_id, token)
        self._ends_in_seconds = not self._ends_in_seconds
        token = await self._add_token(device_id, name, resources, expires_at)
        if _ends_when_asked(token, expires_at):
            return token
        await self._delete_token(device_id, token)
        raise UnexpectedAnswerError("the token would not end when it should")

    async def delete_device_token(self, device_id: str, token_id: str) -> None:
        """Make a token worthless (10.1)."""
        await self._client.delete_device_token(device_id, token_id)

    async def call_endpoint(self, endpoint_id: str, data: JsonValue) -> JsonValue:
        """Call an endpoint (10.5)."""
        return await self._client.call_endpoint(endpoint_id, data)

    async def read_bucket(
        self,
        bucket_id: str,
        *,
        items: int,
        start: float | None,
        end: float | None,
        descending: bool,
    ) -> list[JsonValue]:
        """Return rows of a bucket (10.5)."""
        params = {"items": str(items), "sort": "desc" if descending else "asc"}
        if start is not None:
            params["min_ts"] = str(int(start * 1000))
        if end is not None:
            params["max_ts"] = str(int(end * 1000))
        rows = await self._client.bucket_rows(bucket_id, params)
        if not isinstance(rows, list):
            raise UnexpectedAnswerError("a bucket's rows are no list")
        return rows

    async def _add_token(
        self,
        device_id: str,
        name: str,
        resources: Collection[str],
        expires_at: float | None,
    ) -> JsonValue:
        token: dict[str, JsonValue] = {"token_name": name}
        if resources:
            token["token_resources"] = list(resources)
        if expires_at is not None:
            unit = 1 if self._ends_in_seconds else 1000
            token["token_expiration"] = int(expires_at * unit)
        return await self._client.add_device_token(device_id, token)

    async def _delete_token(self, device_id: str, token: JsonValue) -> None:
        token_id = token.get("id") if isinstance(token, dict) else None
        if isinstance(token_id, str):
            await self._client.delete_device_token(device_id, token_id)


def _ends_when_asked(token: JsonValue, expires_at: float | None) -> bool:
    """Return whether a new token ends when it should, as far as it tells."""
    text = token.get("token") if isinstance(token, dict) else None
    end = claims_of(text).get("exp") if isinstance(text, str) else None
    return (
        expires_at is None
        or not isinstance(end, int | float)
        or abs(end - expires_at) < _TOLERANCE
    )
