"""What words of a name say about a resource besides what is measured."""

import re
from typing import Final

from ..model.device import Resource
from .names import tokens
from .tables.common import word_set

PROPERTY_PREFIX: Final = "$property/"

NOT_MEASURED: Final = word_set(
    # Something about the measured, in a unit of its own.
    "id status state mode flag error err code count counter index version type trend slope rate"
    " ratio factor gain coefficient coeff calibration raw adc variance std stddev samples enabled"
    " price cost tariff timestamp ts time date interval period timeout delay age address pin port"
    " quality delta diff difference offset hysteresis deadband change"
)
_ALARMS: Final = word_set("alarm alert warning fault")
_LIMITS: Final = word_set("threshold limit setpoint level value")

NOT_AVERAGED: Final = word_set(
    # Ids, clocks and counters: their mean says nothing.
    "id code count counter version timestamp ts epoch date time serial address ip mac port pin"
    " number build millis micros uptime boot boots index seq sequence status state mode flag error"
    " type fcnt fport total pulses pulse meter lastseen seen imei imsi iccid ticks alarm alert"
    " warning fault"
)
METER: Final = word_set(
    # With a unit of energy or volume, these only count up.
    "total meter consumption consumed usage production produced yield import imported export"
    " exported delivered lifetime watermeter gasmeter"
)
BALANCE: Final = word_set("net netto balance")

COLOR: Final = word_set("rgb rgbw color colour colors colours farbe neopixel")
BRIGHTNESS: Final = word_set("brightness dimmer dim pwm")

_DIAGNOSTIC: Final = word_set(
    "rssi rsrp rsrq snr lsnr sinr lqi wifi ssid bssid ip ipv4 ipv6 mac hostname gateway uptime"
    " millis micros heap memory ram psram flash cpu firmware version build serial imei imsi"
    " iccid boot boots fcnt fport ticks"
)
_NOISY: Final = word_set("millis micros heap uptime ticks fcnt fport")
_POSITION: Final = word_set("latitude longitude lat lon lng")
_UPDATE_STATE: Final = re.compile(
    r"(?:(?:target|current) )?[fs]w (?:title|version|tag|ts|url|size|state|error|checksum\b.*)"
)
_RESTART: Final = word_set("reboot restart")

OTHERWISE_ON: Final = word_set(
    # On means that there is none of it, or that something else is the case.
    "not no off ok closed close inactive disabled offline disconnected stopped normal clear dry"
    " empty unoccupied locked enabled enable mode id supported available allowed auto test armed"
    " requested supply"
)


def own_tokens(resource: Resource) -> tuple[str, ...]:
    """Return the words of the name of a resource or leaf itself, without its parents."""
    leaf = resource.key.leaf
    return tokens(leaf[-1] if leaf else resource.name.rsplit("/", 1)[-1])


def is_property(resource: Resource) -> bool:
    """Return whether the platform keeps this for the device, as a document of its own."""
    return resource.key.resource_id.startswith(PROPERTY_PREFIX)


def is_internal(resource: Resource) -> bool:
    """Return whether the platform's own machinery offers this, such as updates over the air."""
    return resource.key.resource_id.startswith("$") and not is_property(resource)


def is_measured(name: frozenset[str], phrase: frozenset[str]) -> bool:
    """Return whether what a phrase names is measured, and not only what the phrase is about."""
    rest = name - phrase
    if rest & NOT_MEASURED:
        return False
    return not rest & _ALARMS or bool(rest & _LIMITS)


def is_diagnostic(resource: Resource) -> bool:
    """Return whether a name is about the device itself, and not about what it is for."""
    found = own_tokens(resource)
    return (
        is_internal(resource)
        or bool(_DIAGNOSTIC.intersection(found))
        or _is_update_state(found)
    )


def is_noisy(resource: Resource) -> bool:
    """Return whether hardly anybody wants to see this all the time."""
    found = own_tokens(resource)
    return (
        is_internal(resource)
        or bool(_NOISY.intersection(found))
        # A position is a place on the map, not two numbers.
        or bool(found and found[-1] in _POSITION)
        or _is_update_state(found)
    )


def is_restart(resource: Resource) -> bool:
    """Return whether a callback starts the device anew."""
    return bool(_RESTART.intersection(tokens(resource.name)))


def says_color(resource: Resource) -> bool:
    """Return whether a name clearly says that a colour is set."""
    return bool(COLOR.intersection(tokens(resource.name)))


def says_brightness(resource: Resource) -> bool:
    """Return whether a name says that brightness is set."""
    return bool(BRIGHTNESS.intersection(tokens(resource.name)))


def _is_update_state(name: tuple[str, ...]) -> bool:
    """Return whether a name is book-keeping about updates: fw_state, target_sw_url."""
    return _UPDATE_STATE.fullmatch(" ".join(name)) is not None
