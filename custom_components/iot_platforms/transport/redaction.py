"""No secret in any text."""

import re
from typing import Final

REDACTED: Final = "**REDACTED**"

_SECRETS: Final = (
    re.compile(r"eyJ[\w-]+(?:\.[\w-]*){0,2}"),
    re.compile(
        r"(?i)(?<=[?&\"'\s])((?:authorization|\w*token|password|\w*secret)[\"']?\s*[=:]\s*[\"']?)[^&\s\"',}]+"
    ),
)


def redacted(text: str) -> str:
    """Return the text without tokens and without the values of fields that hold secrets."""
    text = _SECRETS[0].sub(REDACTED, text)
    return _SECRETS[1].sub(rf"\1{REDACTED}", text)
