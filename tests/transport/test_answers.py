"""What the status and the text of an answer mean."""

import json

from hypothesis import given, settings, strategies as st
import pytest

from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    CommandRejectedError,
    ForbiddenError,
    NotFoundError,
    PlatformError,
    UnexpectedAnswerError,
    UnreachableError,
)
from custom_components.iot_platforms.transport.answers import error_of, seconds_of

from .helpers import Net, answer, failure

# Errors by status


@pytest.mark.parametrize(
    ("status", "kind", "reason"),
    [
        (300, UnexpectedAnswerError, "redirected"),
        (304, UnexpectedAnswerError, "redirected"),
        (400, CommandRejectedError, "command_rejected"),
        (401, BadCredentialsError, "invalid_auth"),
        (403, ForbiddenError, "no_permission"),
        (404, NotFoundError, "not_found"),
        (405, NotFoundError, "not_found"),
        (408, UnreachableError, "timed_out"),
        (409, CommandRejectedError, "command_rejected"),
        (410, NotFoundError, "not_found"),
        (413, CommandRejectedError, "command_rejected"),
        (422, CommandRejectedError, "command_rejected"),
        (425, UnreachableError, "timed_out"),
        (426, NotFoundError, "not_found"),
        (500, UnreachableError, "server_trouble"),
        (501, NotFoundError, "not_found"),
        (502, UnreachableError, "server_trouble"),
        (503, UnreachableError, "server_trouble"),
        (504, UnreachableError, "timed_out"),
        (599, UnreachableError, "server_trouble"),
    ],
)
@pytest.mark.parametrize(
    "text", ['{"error":{"message":"no way"}}', "<html>Bad Gateway</html>", ""]
)
async def test_statuses(
    net: Net, status: int, kind: type[PlatformError], reason: str, text: str
) -> None:
    """Each status is an error of its kind, whatever the body is."""
    error = await failure(await net.client(answer(text, status)))
    assert (type(error), error.reason) == (kind, reason)
    # By the book a 304 has no body.
    says_so = "no way" in text and status != 304
    assert str(error) == (f"{status} no way" if says_so else str(status))


@pytest.mark.parametrize("status", [0, 100, 101, 199, 200, 204])
def test_statuses_that_are_no_errors(status: int) -> None:
    """Where a status that is no error turns up in place of one, that is what is wrong."""
    error = error_of(status, "")
    assert type(error) is UnexpectedAnswerError


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "device not found"}}, "device not found"),
        ({"error": "authorization_pending"}, "authorization_pending"),
        ({"message": "Invalid value", "status": 400}, "Invalid value"),
        ({"error_description": "Bad credentials"}, "Bad credentials"),
        ({"error": "security/Unauthorized", "message": "x"}, "security/Unauthorized"),
        ({"error": {"code": 5}}, ""),
        ({"error": {"message": {"deep": 1}}}, ""),
        ({"error": 17}, "17"),
        ({"error": None}, ""),
        ({"error": ["a"]}, ""),
        ([1], ""),
        ("just text", "just text"),
        ({"error": "two\r\nlines\tand more"}, "two lines and more"),
        ({"error": "x" * 5000}, "x" * 200),
        (
            {"error": "token=abc&x=1 " + "eyJabc.def.ghi"},
            "token=**REDACTED**&x=1 **REDACTED**",
        ),
    ],
)
def test_messages(body: object, message: str) -> None:
    """What the server says about it, whatever envelope it is in."""
    assert str(error_of(400, json.dumps(body))) == f"400 {message}".strip()


@settings(deadline=None)
@given(
    st.integers(-1, 1000),
    st.text()
    | st.recursive(
        st.none() | st.floats() | st.text() | st.integers(),
        lambda parts: (
            st.lists(parts, max_size=2)
            | st.dictionaries(
                st.sampled_from(["error", "message", "x"]), parts, max_size=2
            )
        ),
    ).map(json.dumps),
)
def test_any_error(status: int, text: str) -> None:
    """Whatever a server answers, it is one of our errors, and short."""
    error = error_of(status, text)
    assert isinstance(error, PlatformError)
    assert len(str(error)) < 220
    assert str(error).isprintable()


# Retry-After


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("", None),
        ("soon", None),
        ("nan", None),
        ("5", 5.0),
        (" 7.5 ", 7.5),
        ("0", 1.0),
        ("-3", 1.0),
        ("1e9", 900.0),
        ("inf", 900.0),
        ("Fri, 15 Jan 2027 08:02:00 GMT", 120.0),
        # Without a zone: RFC 5322's way to say that it is unknown.
        ("Fri, 15 Jan 2027 08:02:00 -0000", 120.0),
        ("Fri, 15 Jan 2027 09:02:00 +0100", 120.0),
        ("Fri, 15 Jan 1999 08:02:00 GMT", 1.0),
        ("Fri, 15 Jan 2999 08:02:00 GMT", 900.0),
        ("Fri, 45 Jan 2027 08:02:00 GMT", None),
    ],
)
def test_seconds_of(header: str | None, seconds: float | None) -> None:
    """Seconds or a date, within reason."""
    assert seconds_of(header, 1_800_000_000.0) == seconds


@settings(max_examples=200, deadline=None)
@given(
    st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ [\d:]+ [+-]\d+")
)
def test_any_retry_after(header: str) -> None:
    """Whatever stands there, it is a sensible time or none."""
    seconds = seconds_of(header, 1_800_000_000.0)
    assert seconds is None or 1 <= seconds <= 900
