"""Versions and editions of the server (thingsboard.md 2, 19)."""

from enum import StrEnum
import re
from typing import Final

_NUMBER: Final = re.compile(r"\d+")


class Edition(StrEnum):
    """Community, Professional, Cloud."""

    CE = "CE"
    PE = "PE"
    CLOUD = "PAAS"


def parsed(version: str) -> tuple[int, ...]:
    """Numbers of a version: `4.2.1PE` is (4, 2, 1)."""
    return tuple(int(part) for part in _NUMBER.findall(version))


def at_least(version: str, since: str) -> bool:
    """Whether a version has what came with another one: 4.3.1.3 has what 4.3 has."""
    return parsed(version) >= parsed(since)
