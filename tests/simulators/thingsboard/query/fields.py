"""Reading JSON the way the server's mapper does: tolerant over REST, strict on the WebSocket."""

from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum
from typing import Protocol

from tests.simulators.json_types import Json, JsonObject


class MalformedError(Exception):
    """The JSON does not fit what it is read as."""


class Parser[T](Protocol):
    """Reads one kind of thing from JSON."""

    def __call__(self, value: Json, *, strict: bool) -> T:
        """Read it; MalformedError if it does not fit."""


class Fields:
    """The properties of one JSON object, taken one by one."""

    def __init__(self, value: Json, *, strict: bool = False) -> None:
        """`strict`: what is left over in the end is an error."""
        if not isinstance(value, dict):
            raise MalformedError(f"Cannot deserialize an object from {value!r}")
        self._left: JsonObject = dict(value)
        self.strict = strict

    def take(self, name: str) -> Json:
        """Property as it is; None where it is missing."""
        return self._left.pop(name, None)

    def text(self, name: str, default: str = "") -> str:
        """Text; numbers and booleans are printed."""
        return self.optional_text(name) or default

    def optional_text(self, name: str) -> str | None:
        """Text, or None where it is missing or null."""
        value = self.take(name)
        if value is None or isinstance(value, str):
            return value
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return str(value)
        raise self._wrong(name, value)

    def whole(self, name: str, default: int = 0) -> int:
        """Whole number; null is the default."""
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, str):
            try:
                return int(value)
            except ValueError:
                raise self._wrong(name, value) from None
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise self._wrong(name, value)
        return int(value)

    def number(self, name: str, default: float = 0.0) -> float:
        """Number; null is the default."""
        value = self.take(name)
        if value is None:
            return default
        if isinstance(value, (int, float, str)):
            with suppress(ValueError):
                return float(value)
        raise self._wrong(name, value)

    def flag(self, name: str) -> bool:
        """Boolean; false where it is missing or null."""
        value = self.take(name)
        if value is None or isinstance(value, bool):
            return bool(value)
        if value in {"true", "false"}:
            return value == "true"
        raise self._wrong(name, value)

    def items(self, name: str) -> list[Json] | None:
        """List, or None where it is missing or null."""
        value = self.take(name)
        if value is None or isinstance(value, list):
            return value
        raise self._wrong(name, value)

    def texts(self, name: str) -> list[str]:
        """List of texts; empty where it is missing or null."""
        return [
            item if isinstance(item, str) else str(item)
            for item in self.items(name) or []
            if item is not None
        ]

    def each[T](self, name: str, parse: Callable[[Json], T]) -> list[T] | None:
        """List whose items are parsed, or None where it is missing or null."""
        items = self.items(name)
        return None if items is None else [parse(item) for item in items]

    def maybe[T](self, name: str, parse: Callable[[Json], T]) -> T | None:
        """Property that is parsed, or None where it is missing or null."""
        value = self.take(name)
        return None if value is None else parse(value)

    def one_of[E: StrEnum](self, name: str, kind: type[E]) -> E | None:
        """Name of an enumeration, or None where it is missing or null."""
        return self.maybe(name, lambda value: enum_of(value, kind))

    def end(self) -> None:
        """Complain of what nobody took, if that matters."""
        if self.strict and self._left:
            raise MalformedError(f'Unrecognized field "{next(iter(self._left))}"')

    def _wrong(self, name: str, value: Json) -> MalformedError:
        return MalformedError(f'Cannot deserialize "{name}" from {value!r}')


def enum_of[E: StrEnum](value: Json, kind: type[E]) -> E:
    """Member of an enumeration by its name."""
    try:
        return kind(str(value))
    except ValueError:
        raise MalformedError(f"No {kind.__name__} {value!r}") from None
