"""Names as people read them, and the words that they are made of."""

from collections.abc import Iterator
from functools import lru_cache
import re
from typing import Final, NamedTuple
import unicodedata

MAXIMUM_LENGTH: Final = 100
NAMELESS: Final = "?"
REMEMBERED: Final = 4096
"""Names whose words are kept: devices of a kind share theirs."""

# As people write them, wherever they stand in a name.
ACRONYMS: Final = {
    text.casefold(): text
    for text in (
        *("AC", "ADC", "AQI", "BSSID", "CH4", "CO", "CO2", "CPU", "DAC", "dB", "dBA"),
        *("dBm", "DC", "EC", "eCO2", "EUI", "GHz", "GPIO", "GPS", "GSM", "H2", "H2S"),
        *("hPa", "HTTP", "HTTPS", "HVAC", "Hz", "IAQ", "ICCID", "ID", "IMEI", "IMSI"),
        *("IO", "IP", "IPv4", "IPv6", "IR", "kHz", "kPa", "kVA", "kvar", "kW", "kWh"),
        *("LED", "LoRa", "LoRaWAN", "LQI", "LTE", "mA", "MAC", "MHz", "MQTT", "mV"),
        *("MWh", "N2O", "NFC", "NH3", "NO2", "NOx", "O2", "O3", "ORP", "OTA", "pH"),
        *("PIR", "PM1", "PM10", "PM4", "PV", "PWM", "RAM", "RFID", "RGB", "RGBW"),
        *("RPM", "RSSI", "RTC", "SNR", "SO2", "SOC", "SOH", "SSID", "TCP", "TDS"),
        *("TVOC", "UDP", "URL", "USB", "UTC", "UV", "UVI", "VOC", "VPD", "Wh"),
    )
} | {"pm25": "PM2.5", "wifi": "Wi-Fi"}

# What would fall apart at its capitals …
_MIXED_CASE: Final = (
    *("eCO2", "tVOC", "pH", "dBm", "dBA", "dB", "hPa", "kPa", "kHz", "MHz", "GHz"),
    *("kWh", "kW", "kVA", "kVAr", "MWh", "mWh", "mW", "mA", "mV", "IPv4", "IPv6"),
    *("LoRaWAN", "LoRa", "WiFi", "NOx"),
)
# … and at its digits.
_WITH_DIGITS: Final = (
    *("CH4", "CO2", "eCO2", "H2", "H2O", "H2S", "M2", "M3", "N2O", "NH3", "NO2", "O2"),
    *("O3", "PM1", "PM4", "PM10", "PM25", "SO2", "U1", "U2", "U3", "I1", "I2", "I3"),
    *("L1", "L2", "L3"),
)


def _alternatives(texts: set[str]) -> str:
    return "|".join(sorted(texts, key=lambda text: (-len(text), text)))


_WHOLE: Final = re.compile(
    r"(?:(?<![^\W\d_])|(?<=[a-z])(?=[A-Z]|kWh))(?:"
    rf"(?:{_alternatives(set(_MIXED_CASE))})(?![a-z])"
    rf"|(?:{_alternatives({form for text in _WITH_DIGITS for form in (text, text.upper(), text.lower())})})(?!\d)"
    r")"
)
_FINE_DUST: Final = re.compile(r"(?i)(?<![^\W\d_])pm[\s_.\-]?2[\s_.,\-p]?5(?!\d)")
_SEPARATORS: Final = re.compile(
    # Not the point within a number, nor a sign at the end: A+ and A- are two things.
    r"[\s_/:$\\|\"'`]+|(?<!\d)\.|\.(?!\d)|(?<=\w)-(?=\w)|\(\s*\)"
)
_RUNS: Final = re.compile(r"U+(?=Ul)|U?l+|U+|d+|o+")


class Word(NamedTuple):
    """A part of a name; ``glued`` says that nothing separated it from the part before."""

    text: str
    glued: bool


@lru_cache(REMEMBERED)
def tokens(name: str) -> tuple[str, ...]:
    """Return the words of a name in lower case."""
    return tuple(word.text for word in words(name))


@lru_cache(REMEMBERED)
def words(name: str) -> tuple[Word, ...]:
    """Return the words of a name in lower case, and which of them hang together."""
    found: list[Word] = []
    glued = False
    for part in _parts(unicodedata.normalize("NFKC", name)):
        is_word = _class(part[0]) != "o"
        if is_word:
            found.append(Word(part.casefold(), glued))
        glued = is_word
    return tuple(found)


@lru_cache(REMEMBERED)
def humanise(name: str) -> str:
    """Return a name as people write it: never empty, and not endless."""
    # U+200D ties emoji together.
    text = "".join(
        char if char.isprintable() or char == "\u200d" else " " for char in name
    )
    text = " ".join(text.split())
    # Who writes blanks writes for people: nothing but the first letter is ours.
    spoken = text.replace("_", " ") if " " in text else _spoken(text)
    spoken = " ".join(spoken.split()) or text or NAMELESS
    if spoken.split(maxsplit=1)[0] not in ACRONYMS.values():
        spoken = spoken[0].upper() + spoken[1:]
    if len(spoken) > MAXIMUM_LENGTH:
        spoken = f"{spoken[: MAXIMUM_LENGTH - 1].rstrip()}…"
    return spoken


def _spoken(text: str) -> str:
    spoken: list[str] = []
    shouted = text.isupper()
    for chunk in _SEPARATORS.sub(" ", _FINE_DUST.sub("pm25", text)).split():
        before = ""
        for part in _parts(chunk):
            word = _word(part, shouted=shouted)
            if before and _sticks(before, part):
                spoken[-1] += word
            else:
                spoken.append(word)
            before = part
    return " ".join(spoken)


def _sticks(before: str, part: str) -> bool:
    """Return whether a part stays with the one before: A+, U1, 10cm, but not relay1."""
    if "o" in (_class(before[-1]), _class(part[0])):
        return True
    if part[0].isdecimal():
        return len(before) < 3 and before.casefold() not in ACRONYMS
    return before[0].isdecimal() and part.islower()


def _word(part: str, *, shouted: bool) -> str:
    if acronym := ACRONYMS.get(part.casefold()):
        return acronym
    # Short words in capitals may be acronyms that we do not know.
    return part if part.isupper() and not (shouted and len(part) > 3) else part.lower()


def _parts(text: str) -> Iterator[str]:
    """Split a text at the borders of its words, and yield everything of it."""
    text = _FINE_DUST.sub("pm25", text)
    end = 0
    for match in _WHOLE.finditer(text):
        yield from _runs(text[end : match.start()])
        yield match[0]
        end = match.end()
    yield from _runs(text[end:])


def _runs(text: str) -> Iterator[str]:
    classes = "".join(map(_class, text))
    for match in _RUNS.finditer(classes):
        yield text[match.start() : match.end()]


def _class(char: str) -> str:
    """Return U for upper case, l for other letters, d for digits, o for others."""
    if char.isupper() or char.istitle():
        return "U"
    if char.isalpha() or unicodedata.combining(char):
        return "l"
    return "d" if char.isdecimal() else "o"
