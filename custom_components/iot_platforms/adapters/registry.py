"""The only table of platforms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..model.platform import IotPlatform
from .base import Adapter, Surroundings
from .thinger import ThingerAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformEntry:
    """How to make a platform's adapter, and the platform's name as its maker writes it."""

    title: str
    create: Callable[[Surroundings], Adapter]


PLATFORMS: Final[Mapping[IotPlatform, PlatformEntry]] = {
    IotPlatform.THINGER: PlatformEntry(title="Thinger.io", create=ThingerAdapter),
}
