"""Who can sign in, and with what: the part of the simulator that deals in tokens."""

from collections.abc import Iterable
from typing import Final, override

from .accounts import Account
from .backend import Backend
from .parts import Parts
from .state import MAIN_USER, State
from .switches import Switches
from .tokens import AccessToken, DeviceToken, LoginGrant, TokenPair, User

from tests.simulators.base import Simulator
from tests.simulators.json_types import JsonObject
from tests.simulators.tls import ServerTls

_ACCESS_TOKEN: Final = "home_assistant"
_TOKEN_DEVICE: Final = "boiler_ctl"


class AccountDesk(Simulator):
    """Users, their credentials and their logins."""

    def __init__(
        self,
        state: State,
        switches: Switches,
        *,
        port: int,
        host: str,
        tls: ServerTls | None,
        auto_tick: bool,
    ) -> None:
        """Put the server together around a state."""
        super().__init__(
            clock=state.clock, port=port, host=host, tls=tls, auto_tick=auto_tick
        )
        self.state = state
        self.switches = switches
        self._backend = Backend(state, switches, self.notice, self.channels)
        self._parts = Parts(self._backend, auto_tick=auto_tick)

    @override
    def accounts(self) -> list[JsonObject]:
        account = self.account()
        return [
            account.credentials(),
            account.password_credentials(),
            account.device_credentials(),
        ]

    def account(self, user: str = MAIN_USER) -> Account:
        """Everything that a user can sign in with; needs a started server."""
        return Account(
            url=self.url,
            user=user,
            password=self.user(user).password,
            access_token=self._own_access_token(user).jwt,
            device_token=self._own_device_token(user).jwt,
        )

    def user(self, name: str = MAIN_USER) -> User:
        """User by name."""
        return self.state.users[name]

    def mint_access_token(
        self,
        token_id: str,
        *,
        user: str = MAIN_USER,
        allow: JsonObject | None = None,
        deny: JsonObject | None = None,
        enabled: bool = True,
        expire: int | None = None,
        svr: bool = True,
    ) -> AccessToken:
        """Make a user-defined access token; full access by default."""
        return self._backend.tokens.mint_access_token(
            token_id,
            user,
            allow=allow,
            deny=deny,
            enabled=enabled,
            expire=expire,
            svr=svr,
        )

    def access_token(self, token_id: str, user: str = MAIN_USER) -> AccessToken:
        """User-defined access token by its id."""
        for token in self.state.access_tokens:
            if (token.user, token.id) == (user, token_id):
                return token
        raise KeyError(token_id)

    def remove_access_token(self, token_id: str, user: str = MAIN_USER) -> None:
        """Delete a user-defined access token."""
        self.state.access_tokens.remove(self.access_token(token_id, user))

    def mint_device_token(
        self,
        device: str,
        *,
        resources: Iterable[str] | None = None,
        expire: int | None = None,
        user: str = MAIN_USER,
    ) -> DeviceToken:
        """Make a token for the resources of one device."""
        allowed = None if resources is None else tuple(resources)
        return self._backend.tokens.mint_device_token(
            user, device, resources=allowed, expire=expire
        )

    def callback_token(self, device: str, user: str = MAIN_USER) -> str:
        """Token with which the thing behind an HTTP device calls."""
        return self._backend.tokens.callback_token(user, device)

    def login(self, user: str = MAIN_USER) -> TokenPair:
        """Make a login without a request."""
        return self._backend.tokens.login(user)

    @property
    def grants(self) -> list[LoginGrant]:
        """Every login so far."""
        return self.state.grants

    @property
    def logins(self) -> int:
        """Good logins by request."""
        return self._parts.oauth.logins

    @property
    def refreshes(self) -> int:
        """Good refreshes by request."""
        return self._parts.oauth.refreshes

    def revoke_grants(self, user: str = MAIN_USER) -> None:
        """Let every refresh token of a user die."""
        for grant in self.grants:
            if grant.user == user:
                grant.revoked = True

    def approve_device_flow(self, user_code: str, user: str = MAIN_USER) -> None:
        """Let the user approve a device flow."""
        self._parts.oauth.decide_flow(user_code, user)

    def deny_device_flow(self, user_code: str) -> None:
        """Let the user deny a device flow."""
        self._parts.oauth.decide_flow(user_code, None)

    def _own_access_token(self, user: str) -> AccessToken:
        try:
            return self.access_token(_ACCESS_TOKEN, user)
        except KeyError:
            return self.mint_access_token(_ACCESS_TOKEN, user=user)

    def _own_device_token(self, user: str) -> DeviceToken:
        for token in self.state.device_tokens:
            if (token.user, token.device) == (user, _TOKEN_DEVICE):
                return token
        return self.mint_device_token(_TOKEN_DEVICE, user=user)
