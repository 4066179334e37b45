"""Our integration with ThingsBoard."""

from typing import Final

from custom_components.iot_platforms.model.platform import IotPlatform

from .base import Arm
from .ours import OurArm


class ThingsBoard(OurArm):
    """The account's socket is open."""

    name = "thingsboard"
    title = "IoT Platforms, ThingsBoard, push"
    server = "thingsboard:serve"
    platform = IotPlatform.THINGSBOARD
    credentials = "password"
    is_told = True


class ThingsBoardPoll(ThingsBoard):
    """Signed in by an API key, which the socket of this server does not take."""

    name = "thingsboard-poll"
    title = "IoT Platforms, ThingsBoard, polling"
    credentials = "key"
    is_told = False


ARMS: Final[tuple[type[Arm], ...]] = (ThingsBoard, ThingsBoardPoll)
