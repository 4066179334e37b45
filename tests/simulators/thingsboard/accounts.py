"""What a person would type into the sign-in form (design.md 6)."""

from dataclasses import dataclass

from tests.simulators.json_types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One user, with both kinds of credentials."""

    url: str
    username: str
    password: str
    api_key: str

    def credentials(self) -> JsonObject:
        """Sign in with name and password."""
        return {
            "url": self.url,
            "username": self.username,
            "password": self.password,
            "remember_password": True,
        }

    def api_key_credentials(self) -> JsonObject:
        """Sign in with an API key (4.3+)."""
        return {"url": self.url, "api_key": self.api_key}
