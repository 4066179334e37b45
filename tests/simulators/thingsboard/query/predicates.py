"""Key filters: which entities have the right values (thingsboard.md 7.4)."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from operator import eq, ge, gt, le, lt, ne
from typing import Final, override

from .fields import Fields, MalformedError, enum_of
from .model import Key, parse_key

from tests.simulators.json_types import Json

_COMPARISONS: Final[dict[str, Callable[[float, float], bool]]] = {
    "EQUAL": eq,
    "NOT_EQUAL": ne,
    "GREATER": gt,
    "LESS": lt,
    "GREATER_OR_EQUAL": ge,
    "LESS_OR_EQUAL": le,
}


class ValueType(StrEnum):
    """What a key filter takes the value for."""

    STRING = "STRING"
    NUMERIC = "NUMERIC"
    BOOLEAN = "BOOLEAN"
    DATE_TIME = "DATE_TIME"


class TextOperation(StrEnum):
    """How texts are compared."""

    EQUAL = "EQUAL"
    NOT_EQUAL = "NOT_EQUAL"
    STARTS_WITH = "STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"
    CONTAINS = "CONTAINS"
    NOT_CONTAINS = "NOT_CONTAINS"
    IN = "IN"
    NOT_IN = "NOT_IN"


class Predicate(ABC):
    """A condition on one value."""

    @abstractmethod
    def holds(self, value: Json) -> bool:
        """Whether a stored value fits; None where there is none."""


@dataclass(frozen=True, slots=True)
class TextPredicate(Predicate):
    """A condition on a text."""

    operation: TextOperation
    wanted: str
    ignore_case: bool = False

    @override
    def holds(self, value: Json) -> bool:
        if not isinstance(value, str):
            return False
        wanted = self.wanted
        if self.ignore_case:
            value, wanted = value.lower(), wanted.lower()
        match self.operation:
            case TextOperation.EQUAL:
                return value == wanted
            case TextOperation.NOT_EQUAL:
                return value != wanted
            case TextOperation.STARTS_WITH:
                return value.startswith(wanted)
            case TextOperation.ENDS_WITH:
                return value.endswith(wanted)
            case TextOperation.CONTAINS:
                return wanted in value
            case TextOperation.NOT_CONTAINS:
                return wanted not in value
            case TextOperation.IN:
                return value in _listed(wanted)
            case TextOperation.NOT_IN:
                return value not in _listed(wanted)


@dataclass(frozen=True, slots=True)
class NumberPredicate(Predicate):
    """A condition on a number."""

    operation: str
    wanted: float

    @override
    def holds(self, value: Json) -> bool:
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            return False
        return _COMPARISONS[self.operation](value, self.wanted)


@dataclass(frozen=True, slots=True)
class FlagPredicate(Predicate):
    """A condition on a boolean."""

    wanted: bool
    equal: bool = True

    @override
    def holds(self, value: Json) -> bool:
        return isinstance(value, bool) and (value is self.wanted) is self.equal


@dataclass(frozen=True, slots=True)
class CompoundPredicate(Predicate):
    """Several conditions."""

    parts: tuple[Predicate, ...]
    need_all: bool

    @override
    def holds(self, value: Json) -> bool:
        results = [part.holds(value) for part in self.parts]
        return all(results) if self.need_all else any(results)


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """A condition on one key of an entity."""

    key: Key
    predicate: Predicate


def parse_key_filter(value: Json, *, strict: bool) -> KeyFilter:
    """Read a key filter."""
    fields = Fields(value, strict=strict)
    key = fields.maybe("key", lambda item: parse_key(item, strict=strict))
    fields.one_of("valueType", ValueType)
    predicate = fields.maybe("predicate", lambda item: _predicate(item, strict=strict))
    fields.end()
    if key is None or predicate is None:
        raise MalformedError("A key filter needs a key and a predicate")
    return KeyFilter(key, predicate)


def _predicate(value: Json, *, strict: bool) -> Predicate:
    fields = Fields(value, strict=strict)
    made = _predicate_of(fields, strict=strict)
    fields.end()
    return made


def _predicate_of(fields: Fields, *, strict: bool) -> Predicate:
    match fields.text("type"):
        case "STRING":
            return TextPredicate(
                enum_of(fields.take("operation"), TextOperation),
                _wanted(fields, strict=strict).text("defaultValue"),
                fields.flag("ignoreCase"),
            )
        case "NUMERIC":
            return NumberPredicate(
                _operation(fields, set(_COMPARISONS)),
                _wanted(fields, strict=strict).number("defaultValue"),
            )
        case "BOOLEAN":
            return FlagPredicate(
                equal=_operation(fields, {"EQUAL", "NOT_EQUAL"}) == "EQUAL",
                wanted=_wanted(fields, strict=strict).flag("defaultValue"),
            )
        case "COMPLEX":
            parts = fields.each(
                "predicates", lambda item: _predicate(item, strict=strict)
            )
            operation = _operation(fields, {"AND", "OR"})
            return CompoundPredicate(tuple(parts or ()), operation == "AND")
        case other:
            raise MalformedError(f"No type of predicate {other!r}")


def _wanted(fields: Fields, *, strict: bool) -> Fields:
    """Value of a predicate; dynamic sources are not simulated, their default counts."""
    value = Fields(fields.take("value"), strict=strict)
    default = value.take("defaultValue")
    user_value = value.take("userValue")
    value.take("dynamicValue")
    value.end()
    return Fields({"defaultValue": default if user_value is None else user_value})


def _operation(fields: Fields, allowed: set[str]) -> str:
    operation = fields.text("operation")
    if operation not in allowed:
        raise MalformedError(f"No operation {operation!r}")
    return operation


def _listed(text: str) -> set[str]:
    return {part.strip() for part in text.split(",")}
