"""No secret in any text."""

from collections.abc import Iterable
import re
from typing import Final

REDACTED: Final = "**REDACTED**"

_SHORTEST_SECRET: Final = 12
"""What is shorter may be a word that stands in a text for other reasons."""
_MOST_CHARS: Final = 2000
"""Nobody reads more of an error."""
_SECRETS: Final = (
    (re.compile(r"eyJ[\w-]+(?:\.[\w-]*){0,2}"), REDACTED),
    (re.compile(r"(?i)\b(bearer|basic|apikey)\s+[\w.~+/=-]{16,}"), rf"\1 {REDACTED}"),
    (re.compile(r"\btb_[\w-]{8,}"), REDACTED),
    (
        re.compile(
            r"""(?ix)
            ( \b \w* (?: authorization | token | password | passwd | secret | api_?key )
              ["']? \s* [=:] \s* (?: (?: bearer | basic | apikey ) \s+ )? )
            (?: " (?: [^"\\] | \\. )* "? | ' (?: [^'\\] | \\. )* '? | [^&\s"',;}]+ )
            """,
            re.DOTALL,
        ),
        rf"\1{REDACTED}",
    ),
)


def redacted(text: str) -> str:
    """Return the beginning of a text without tokens and the values of fields that hold secrets."""
    text = text[:_MOST_CHARS]
    for secret, replacement in _SECRETS:
        text = secret.sub(replacement, text)
    return text


def hidden(text: str, secrets: Iterable[str | None]) -> str:
    """Return the text without these secrets."""
    for secret in secrets:
        if secret and len(secret) >= _SHORTEST_SECRET:
            text = text.replace(secret, REDACTED)
    return text
