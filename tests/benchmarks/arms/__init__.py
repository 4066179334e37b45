"""The arms: what is compared. One module for what is alike; a new platform is one module more.

``ARMS`` is all of them by name; each is made in the process that is measured.
"""

from collections.abc import Mapping
from typing import Final

from . import mqtt, plain, rest, thinger, thingsboard
from .base import Arm

ARMS: Final[Mapping[str, type[Arm]]] = {
    arm.name: arm
    for module in (thingsboard, thinger, rest, mqtt, plain)
    for arm in module.ARMS
}
