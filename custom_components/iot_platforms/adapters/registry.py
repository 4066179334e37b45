"""The only table of platforms."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from ..model.platform import Feature, IotPlatform
from .base import Adapter, Surroundings
from .thinger import ThingerAdapter
from .thingsboard import ThingsBoardAdapter


@dataclass(frozen=True, slots=True, kw_only=True)
class PlatformEntry:
    """How to make a platform's adapter, and the platform's name as its maker writes it."""

    title: str
    create: Callable[[Surroundings], Adapter]
    features: frozenset[Feature] = frozenset()


PLATFORMS: Final[Mapping[IotPlatform, PlatformEntry]] = {
    IotPlatform.THINGER: PlatformEntry(title="Thinger.io", create=ThingerAdapter),
    IotPlatform.THINGSBOARD: PlatformEntry(
        title="ThingsBoard",
        create=ThingsBoardAdapter,
        features=frozenset(Feature),
    ),
}
