"""Lights that devices take: a colour as red, green and blue, a brightness, or on and off."""

from typing import Any, ClassVar, Final, override

from homeassistant.components.light import (
    ATTR_BRIGHTNESS,
    ATTR_RGB_COLOR,
    ColorMode,
    LightEntity,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import ControlEntity
from .mapping import EntitySpec
from .model.value import JsonValue, ValueType

PARALLEL_UPDATES = 0  # the adapter allows one request at a time for a device

FULL: Final = 255
WHITE: Final = (FULL, FULL, FULL)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the lights of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.LIGHT, async_add_entities, _light
    )


def _light(coordinator: AccountCoordinator, spec: EntitySpec) -> ResourceLight:
    kinds: dict[ValueType | None, type[ResourceLight]] = {
        ValueType.BOOLEAN: OnOffLight,
        ValueType.NUMBER: BrightnessLight,
    }
    return kinds.get(spec.value_type, ColorLight)(coordinator, spec)


class ResourceLight(ControlEntity, LightEntity):
    """A light of any kind."""

    mode: ClassVar[ColorMode]

    def __init__(self, coordinator: AccountCoordinator, spec: EntitySpec) -> None:
        """Become what the mapping decided."""
        super().__init__(coordinator, spec)
        self._attr_color_mode = self.mode
        self._attr_supported_color_modes = {self.mode}
        self._last_brightness = FULL


class OnOffLight(ResourceLight):
    """A light that a device takes as yes or no."""

    mode = ColorMode.ONOFF

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what the device says, or what was written last; None before that."""
        value = self.current_value
        return None if value is None else bool(value) != self.spec.inverted

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Write yes."""
        await self.async_write_value(not self.spec.inverted)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Write no."""
        await self.async_write_value(self.spec.inverted)


class BrightnessLight(ResourceLight):
    """A light that a device takes as a number between its lowest and highest value."""

    mode = ColorMode.BRIGHTNESS

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether it shines at all, None before the first value."""
        return None if self.brightness is None else self.brightness > 0

    @property
    @override
    def brightness(self) -> int | None:
        """Return the brightness from 0 to 255."""
        value = self.current_value
        if not isinstance(value, int | float):
            return None
        return _channel((value - self._lowest) / self._range * FULL)

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Write a brightness, the last one where none is given."""
        brightness = (
            kwargs.get(ATTR_BRIGHTNESS) or self.brightness or self._last_brightness
        )
        self._last_brightness = brightness
        await self._async_write(brightness)

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Write the lowest value, and remember how bright it was."""
        self._last_brightness = self.brightness or self._last_brightness
        await self._async_write(0)

    @property
    def _lowest(self) -> float:
        return self.spec.minimum or 0

    @property
    def _range(self) -> float:
        highest = self.spec.maximum if self.spec.maximum is not None else FULL
        return highest - self._lowest or FULL

    async def _async_write(self, brightness: int) -> None:
        value = self._lowest + brightness / FULL * self._range
        step = self.spec.step or 1
        value = round(value / step) * step
        await self.async_write_value(int(value) if value == int(value) else value)


class ColorLight(ResourceLight):
    """A colour that a device takes; its brightest channel is the brightness."""

    mode = ColorMode.RGB

    def __init__(self, coordinator: AccountCoordinator, spec: EntitySpec) -> None:
        """Start with white, for who switches on before any colour was chosen."""
        super().__init__(coordinator, spec)
        self._last_color = WHITE

    @property
    @override
    def is_on(self) -> bool | None:
        """Return whether any channel shines, None before the first colour."""
        return None if self._channels is None else any(self._channels)

    @property
    @override
    def brightness(self) -> int | None:
        """Return the brightest channel, from 0 to 255."""
        return max(self._channels) if self._channels else None

    @property
    @override
    def rgb_color(self) -> tuple[int, int, int] | None:
        """Return the colour at full brightness."""
        channels = self._channels
        if channels is None or not any(channels):
            return None
        return _scaled(channels, FULL / max(channels))

    @override
    async def async_turn_on(self, **kwargs: Any) -> None:
        """Write a colour; what is not given stays as it was last."""
        color = kwargs.get(ATTR_RGB_COLOR) or self.rgb_color or self._last_color
        brightness = (
            kwargs.get(ATTR_BRIGHTNESS) or self.brightness or self._last_brightness
        )
        self._last_color, self._last_brightness = color, brightness
        await self._async_write(_scaled(color, brightness / FULL))

    @override
    async def async_turn_off(self, **kwargs: Any) -> None:
        """Write darkness, and remember what shone."""
        self._last_color = self.rgb_color or self._last_color
        self._last_brightness = self.brightness or self._last_brightness
        await self._async_write((0, 0, 0))

    @property
    def _channels(self) -> tuple[int, int, int] | None:
        value = self.current_value
        if not isinstance(value, dict):
            return None
        parts = {name.lower(): part for name, part in value.items()}
        red, green, blue = (_channel(parts.get(name)) for name in "rgb")
        return red, green, blue

    async def _async_write(self, channels: tuple[int, int, int]) -> None:
        value = self.current_value
        # The device may spell its channels in capitals.
        names = {n.lower(): n for n in value} if isinstance(value, dict) else {}
        whole: dict[str, JsonValue] = {
            names.get(name, name): channel
            for name, channel in zip("rgb", channels, strict=True)
        }
        await self.async_write_value(whole)


def _channel(value: JsonValue) -> int:
    if not isinstance(value, int | float):
        return 0
    return round(min(max(value, 0), FULL))


def _scaled(color: tuple[int, int, int], factor: float) -> tuple[int, int, int]:
    red, green, blue = (min(FULL, round(channel * factor)) for channel in color)
    return red, green, blue
