"""The fleet that every arm shows: devices that are all alike, and values that tell their round."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

SPAN: Final = 1000
"""How far apart the values of two rounds are."""

UNIT: Final = "°C"
DEVICE_CLASS: Final = "temperature"
STATE_CLASS: Final = "measurement"


@dataclass(frozen=True, slots=True)
class Shape:
    """So many values on devices of so many each; a last device that is not full is filled."""

    size: int
    per_device: int

    @property
    def devices(self) -> int:
        """How many devices there are."""
        return -(-self.size // self.per_device)

    @property
    def values(self) -> int:
        """How many values there are."""
        return self.devices * self.per_device

    def place(self, index: int) -> tuple[int, int]:
        """Return which device a value is of, and which of its values it is."""
        return divmod(index, self.per_device)

    def by_device(self, indexes: Iterable[int]) -> dict[int, list[int]]:
        """Return values by the device that they are of."""
        found: dict[int, list[int]] = {}
        for index in indexes:
            found.setdefault(index // self.per_device, []).append(index)
        return found

    def drips(self, number: int, count: int) -> Iterator[tuple[int, int]]:
        """Return single values all over the fleet, each with a round of its own."""
        return (
            (each * 7919 % self.values, each) for each in range(number, number + count)
        )


@dataclass(frozen=True, slots=True)
class Change:
    """The round in which every ``step``-th value becomes another."""

    number: int
    step: int

    def indexes(self, shape: Shape) -> range:
        """Return the values that change."""
        return range(0, shape.values, self.step)

    def texts(self, shape: Shape) -> frozenset[str]:
        """Return the states that they become."""
        return frozenset(str(value_of(i, self.number)) for i in self.indexes(shape))


def value_of(index: int, number: int) -> float:
    """Return a value in a round; a half, so that it looks the same as a text everywhere."""
    return number * SPAN + index % SPAN + 0.5


def device_name(device: int) -> str:
    """Return the name of a device, which is its id where the server lets one choose."""
    return f"node_{device:05}"


def key_name(key: int) -> str:
    """Return the name of a device's value."""
    return f"temperature_{key}"


def keys(shape: Shape) -> list[str]:
    """Return the names of a device's values."""
    return [key_name(key) for key in range(shape.per_device)]
