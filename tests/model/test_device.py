"""Keys, devices and small things."""

from dataclasses import FrozenInstanceError

from hypothesis import given, settings
import pytest

from custom_components.iot_platforms.model.choices import Choices
from custom_components.iot_platforms.model.device import ResourceKey, device_key_text
from custom_components.iot_platforms.model.errors import (
    BadCredentialsError,
    PlatformError,
    RateLimitedError,
)
from custom_components.iot_platforms.model.platform import Account, IotPlatform
from custom_components.iot_platforms.model.state import DeviceState

from .helpers import ANY_TEXT, KEYS, device, key, resource


@settings(deadline=None)
@given(KEYS)
def test_key_text_round_trip(any_key: ResourceKey) -> None:
    """Whatever ids a platform gives, the text of a key says all of it."""
    assert ResourceKey.parse(any_key.text) == any_key
    assert any_key.text.isascii()


@settings(deadline=None)
@given(KEYS, KEYS)
def test_key_texts_differ(one: ResourceKey, other: ResourceKey) -> None:
    """Two keys never share a text."""
    assert (one.text == other.text) is (one == other)


@settings(deadline=None)
@given(KEYS)
def test_key_text_begins_with_its_device(any_key: ResourceKey) -> None:
    """A device's own text is how its resources' texts begin."""
    assert any_key.text.startswith(f"{device_key_text(any_key.device_id)}/")


@settings(deadline=None)
@given(ANY_TEXT)
def test_parse_any_text(text: str) -> None:
    """A text is a key or a ValueError, nothing else."""
    try:
        parsed = ResourceKey.parse(text)
    except ValueError:
        return
    assert parsed.device_id is not None


@pytest.mark.parametrize("text", ["", "device", "a/%FF"])
def test_parse_what_is_no_key(text: str) -> None:
    """Where an id is missing, or stands for no text, there is no key."""
    with pytest.raises(ValueError, match=r".+"):
        ResourceKey.parse(text)


def test_key_texts_never_change() -> None:
    """Ids of entities are made of these texts."""
    assert key("climate/in", "Größe", "").text == "d/climate%2Fin/Gr%C3%B6%C3%9Fe/"
    assert key("a b%").text == "d/a%20b%25"
    assert key("", device_id="").text == "/"


def test_key_family() -> None:
    """A part knows what it is a part of."""
    part = key("r").child("a").child("")
    assert part == key("r", "a", "")
    assert part.root == key("r")
    root = key("r")
    assert root.root is root


def test_read_only() -> None:
    """What is known cannot be changed by whoever reads it."""
    with pytest.raises(FrozenInstanceError):
        device().name = "other"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        resource().name = "other"  # type: ignore[misc]


def test_may_read() -> None:
    """A person allows reading for a device or for a resource with all its parts."""
    choices = Choices(
        safe_devices=frozenset({"safe"}), safe_resources=frozenset({key("relay")})
    )
    assert choices.may_read(key("x", device_id="safe"))
    assert choices.may_read(key("relay"))
    assert choices.may_read(key("relay", "in", "x"))
    assert not choices.may_read(key("x"))


def test_account_key() -> None:
    """An account is known by platform, server and user."""
    account = Account(
        platform=IotPlatform.THINGER, server="thinger.io", user="demo", title="Demo"
    )
    assert account.key == "thinger:thinger.io/demo"


def test_empty_stand_in() -> None:
    """What stands for a part of the account is no device as long as it holds nothing."""
    stand_in = device(is_service=True)
    assert DeviceState(device=stand_in).is_empty
    assert not DeviceState(device=stand_in, resources={key(): resource()}).is_empty
    assert not DeviceState(device=device()).is_empty


def test_errors() -> None:
    """An error has a text for people and one for the log."""
    assert str(PlatformError()) == PlatformError().reason == "unknown"
    error = BadCredentialsError("401 wrong password", reason="signed_out")
    assert (str(error), error.reason) == ("401 wrong password", "signed_out")
    assert str(BadCredentialsError(reason="signed_out")) == "signed_out"
    limited = RateLimitedError("slow", retry_after=3)
    assert (limited.reason, limited.retry_after) == ("rate_limited", 3)
