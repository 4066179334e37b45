"""What a person would type into the sign-in form (design.md 6)."""

from dataclasses import dataclass

from tests.simulators.json_types import JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One user, with every kind of credential."""

    url: str
    user: str
    password: str
    access_token: str
    device_token: str

    def credentials(self) -> JsonObject:
        """Sign in with the user-defined access token."""
        return {"url": self.url, "access_token": self.access_token}

    def password_credentials(self) -> JsonObject:
        """Sign in with name and password."""
        return {
            "url": self.url,
            "username": self.user,
            "password": self.password,
            "remember_password": True,
        }

    def device_credentials(self) -> JsonObject:
        """Sign in with the token of one device."""
        return {"url": self.url, "access_token": self.device_token}
