"""How many sockets and old-form subscriptions there may be (thingsboard.md 11.5, 18)."""

from collections.abc import Callable, Iterable
from typing import Final

from .old_form import OldFormSubscription
from .session import LiveSession

from tests.simulators.thingsboard.identity import Identity
from tests.simulators.thingsboard.switches import Switches

type _Group = Callable[[Identity], object | None]


def _customer(identity: Identity) -> object | None:
    return identity.customer


def _regular_user(identity: Identity) -> object | None:
    is_one = identity.is_customer_user and not identity.user.is_public
    return identity.user if is_one else None


def _public_user(identity: Identity) -> object | None:
    return identity.user if identity.user.is_public else None


# Who is counted together, by the end of the switch's name; what the server calls them.
_GROUPS: Final[dict[str, tuple[_Group, str]]] = {
    "tenant": (lambda identity: identity.tenant, "tenant {} limit reached!"),
    "customer": (_customer, "customer {} limit reached"),
    "regular_user": (_regular_user, "regular user {} limit reached"),
    "public_user": (_public_user, "public user {} limit reached"),
}


def sessions_problem(
    identity: Identity, sessions: Iterable[LiveSession], switches: Switches
) -> str | None:
    """Which limit one more socket would break, in the server's words."""
    others = [each.identity for each in sessions if each.identity is not None]
    return _problem(identity, others, switches, "sessions")


def subscriptions_problem(
    identity: Identity, sessions: Iterable[LiveSession], switches: Switches
) -> str | None:
    """Which limit one more old-form subscription would break, in the server's words."""
    others = [
        session.identity
        for session in sessions
        if session.identity is not None
        for each in session.subscriptions.values()
        if isinstance(each, OldFormSubscription)
    ]
    return _problem(identity, others, switches, "subscriptions")


def _problem(
    identity: Identity, others: list[Identity], switches: Switches, what: str
) -> str | None:
    for name, (group_of, text) in _GROUPS.items():
        limit: int = getattr(switches, f"ws_{what}_per_{name}")
        group = group_of(identity)
        if limit <= 0 or group is None:
            continue
        if sum(group_of(each) is group for each in others) >= limit:
            return f"Max {text.format(what)}"
    return None
