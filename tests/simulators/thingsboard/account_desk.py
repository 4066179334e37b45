"""Who can sign in, and with what: the part of the simulator that deals in accounts."""

from typing import Final, override

from .accounts import Account
from .backend import Backend
from .demo_data import TENANT_USER
from .live.routes import LiveRoutes
from .parts import Parts
from .query.routes import QueryRoutes
from .rpc.routes import RpcRoutes
from .store import Store
from .switches import Switches
from .tokens import TokenPair
from .users import ApiKey, User

from tests.simulators.base import Simulator
from tests.simulators.json_types import JsonObject
from tests.simulators.tls import ServerTls

_KEY_NAME: Final = "Home Assistant"
_API_KEYS_SINCE: Final = "4.3"
_MORE_ACCOUNTS: Final = ("customer@thingsboard.org", "customerB@thingsboard.org")


class AccountDesk(Simulator):
    """Users, their credentials and their tokens."""

    def __init__(
        self,
        store: Store,
        *,
        port: int,
        host: str,
        prefix: str,
        tls: ServerTls | None,
        auto_tick: bool,
    ) -> None:
        """Put the server together around a store."""
        super().__init__(
            clock=store.clock, port=port, host=host, tls=tls, auto_tick=auto_tick
        )
        self.store = store
        self.prefix = prefix
        self._backend = Backend(store, self.notice, self.channels, auto_tick=auto_tick)
        self._parts = Parts(self._backend, prefix=prefix)

    @property
    @override
    def url(self) -> str:
        return f"{super().url}{self.prefix}"

    @property
    def switches(self) -> Switches:
        """How the server behaves; every field may be set at any time."""
        return self.store.switches

    @property
    def query(self) -> QueryRoutes:
        """Entity data queries."""
        return self._parts.query

    @property
    def live(self) -> LiveRoutes:
        """WebSockets."""
        return self._parts.live

    @property
    def rpc(self) -> RpcRoutes:
        """Calls to devices."""
        return self._parts.rpc

    # Accounts.

    @override
    def accounts(self) -> list[JsonObject]:
        others = [each for each in _MORE_ACCOUNTS if each in self._emails]
        found = [self.account().credentials()]
        found += [self.account(email).credentials() for email in others]
        if self._backend.since(_API_KEYS_SINCE):
            found.append(self.account().api_key_credentials())
            found += [self.account(email).api_key_credentials() for email in others[:1]]
        return found

    def account(self, email: str = TENANT_USER) -> Account:
        """Everything that a user can sign in with; needs a started server."""
        return Account(
            url=self.url,
            username=email,
            password=self.user(email).password,
            api_key=self.api_key(email).value,
        )

    def user(self, email: str = TENANT_USER) -> User:
        """User by e-mail address; everything in it may be set."""
        return self.store.user(email)

    def api_key(self, email: str = TENANT_USER) -> ApiKey:
        """API key of a user, made if there is none; `enabled` may be set."""
        user = self.user(email)
        for key in self.store.api_keys:
            if key.user is user and key.description == _KEY_NAME:
                return key
        return self.store.add_api_key(user, description=_KEY_NAME)

    def remove_api_key(self, email: str = TENANT_USER) -> None:
        """Delete the API key of a user."""
        self.store.api_keys.remove(self.api_key(email))

    def login(self, email: str = TENANT_USER) -> TokenPair:
        """Make a session without a request."""
        return self._backend.tokens.pair(self.user(email))

    # What happens to accounts (4.4).

    def change_password(self, password: str, email: str = TENANT_USER) -> None:
        """Let the user change the password: every token made before dies."""
        self.user(email).password = password

    def disable(self, email: str = TENANT_USER) -> None:
        """Let an administrator disable the user: every token made before dies."""
        self.user(email).enabled = False

    def enable(self, email: str = TENANT_USER) -> None:
        """Let the user in again."""
        self.user(email).enabled = True

    def end_sessions(self, email: str = TENANT_USER) -> None:
        """Let every token of a user die; the password stays good."""
        self.user(email).outdate_tokens()

    @property
    def logins(self) -> int:
        """Good logins by request, those that need a second factor too."""
        return self._parts.sign_in.logins

    @property
    def refreshes(self) -> int:
        """Good refreshes by request."""
        return self._parts.sign_in.refreshes

    @property
    def _emails(self) -> set[str]:
        return {each.email for each in self.store.users}
