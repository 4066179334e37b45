"""Our integration with Thinger.io."""

from typing import Final

from custom_components.iot_platforms.model.platform import IotPlatform

from .base import Arm
from .ours import OurArm


class Thinger(OurArm):
    """The sockets of the devices are open."""

    name = "thinger"
    title = "IoT Platforms, Thinger.io, push"
    server = "thinger:serve"
    platform = IotPlatform.THINGER
    credentials = "token"
    is_told = True


class ThingerPoll(Thinger):
    """The server refuses sockets."""

    name = "thinger-poll"
    title = "IoT Platforms, Thinger.io, polling"
    server = "thinger:serve_without_push"
    is_told = False


ARMS: Final[tuple[type[Arm], ...]] = (Thinger, ThingerPoll)
