"""What tokens say of themselves."""

import math
from typing import Any

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.transport.tokens import (
    Tokens,
    claims_of,
    lifetime_of,
)

from .helpers import token


def test_tokens_show_nothing() -> None:
    """Tokens can be printed without harm."""
    assert repr(Tokens("secret", "secret", 5)) == "Tokens(lifetime=5)"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "a.b.c",
        "eyJhbGciOiJIUzI1NiJ9.W10.x",
        "ü",
        "\ud800",
        "a.b.c.d.e",
        "." * 9,
    ],
)
def test_no_claims(text: str) -> None:
    """What is no JWT claims nothing."""
    assert claims_of(text) == {}


def test_claims() -> None:
    """What a token says of itself is read, whether it ran out or not."""
    assert claims_of(token(usr="demo", exp=5)) == {"usr": "demo", "exp": 5}


@settings(deadline=None)
@given(st.text())
def test_any_token(text: str) -> None:
    """Whatever was pasted, it is claims or none."""
    assert claims_of(text) == {} or text.count(".") == 2
    assert lifetime_of(text) is None or text.count(".") == 2


@pytest.mark.parametrize(
    ("claims", "expires_in", "lifetime"),
    [
        ({"iat": 100, "exp": 7300}, 5, 7200.0),
        ({"iat": 100.5, "exp": 101}, None, 0.5),
        ({"iat": 100, "exp": 100}, 5, 5.0),
        ({"iat": 200, "exp": 100}, None, None),
        ({"exp": 100}, 60, 60.0),
        ({"iat": 100}, 60.5, 60.5),
        ({}, None, None),
        ({}, 0, None),
        ({}, -5, None),
        ({}, "3600", None),
        ({}, math.nan, None),
        ({}, math.inf, None),
        ({}, True, None),
        ({}, 10**400, None),
        ({"iat": 0, "exp": 10**400}, 60, 60.0),
        ({"iat": math.inf, "exp": math.inf}, 60, 60.0),
        ({"iat": False, "exp": True}, 60, 60.0),
        ({"iat": "a", "exp": []}, 60, 60.0),
    ],
)
def test_lifetime(
    claims: dict[str, Any], expires_in: object, lifetime: float | None
) -> None:
    """A token's own claims count more than what came with it; nonsense counts nothing."""
    assert lifetime_of(token(**claims), expires_in) == lifetime
