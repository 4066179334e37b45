"""Where a server's API is, from what people paste (2)."""

from itertools import takewhile
from typing import Final

from ...model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    UnexpectedAnswerError,
)
from ...transport.addresses import parsed_address
from ...transport.http import HttpClient

DEFAULT_URL: Final = "https://thingsboard.cloud"

_PAGES: Final = frozenset(
    {
        "account",
        "alarms",
        "api",
        "assets",
        "customers",
        "dashboard",
        "dashboards",
        "deviceGroups",
        "devices",
        "edgeManagement",
        "entities",
        "features",
        "gateways",
        "home",
        "login",
        "notification",
        "profiles",
        "resources",
        "ruleChains",
        "security",
        "settings",
        "signup",
        "solutionTemplates",
        "swagger-ui",
        "swagger-ui.html",
        "usage",
    }
)
"""Where paths of the user interface begin."""


def candidates(typed: str) -> list[str]:
    """Return the base addresses that a pasted address can mean, the likeliest first.

    Raises UnreachableError where it is no address.
    """
    url = parsed_address(typed or DEFAULT_URL)
    parts = url.raw_path.split("/")[1:]
    prefix = [*takewhile(lambda part: part and part not in _PAGES, parts)]
    origin = str(url.origin())
    return [
        "/".join((origin, *prefix[:length])) for length in range(len(prefix), -1, -1)
    ]


async def answers(http: HttpClient) -> bool:
    """Return whether the API is at an address: it refuses who does not sign in (4.2)."""
    try:
        await http.request("GET", "api/auth/user")
    except BadCredentialsError:
        return True
    except (
        CommandRejectedError,
        ForbiddenError,
        NotFoundError,
        UnexpectedAnswerError,
    ):
        return False
    return False
