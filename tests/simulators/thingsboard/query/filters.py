"""Entity filters: which things a query is about (thingsboard.md 7.3)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, override

from .view import Link, Ref, View

from tests.simulators.thingsboard.entity import Entity

_DEPTH_LIMIT: Final = 50


@dataclass(frozen=True, slots=True)
class Row:
    """A thing that was found, and where below."""

    entity: Entity
    parent: str = ""


class EntityFilter(ABC):
    """Finds things."""

    @abstractmethod
    def find(self, view: View) -> Iterable[Row]:
        """Things that fit, each once, or once below each parent."""

    def problem(self) -> str | None:
        """What the server says is wrong with the filter, if anything."""
        return None


@dataclass(frozen=True, slots=True)
class OfType(EntityFilter):
    """Everything of a type, perhaps of some profiles and with some names."""

    entity_type: str
    profiles: frozenset[str] | None = None
    name: Callable[[str], bool] = bool

    @override
    def find(self, view: View) -> Iterator[Row]:
        for entity in view.of_type(self.entity_type):
            if self.profiles is not None and entity.type not in self.profiles:
                continue
            if self.name(entity.name):
                yield Row(entity)


@dataclass(frozen=True, slots=True)
class Listed(EntityFilter):
    """The things that are named."""

    refs: tuple[Ref, ...]

    @override
    def find(self, view: View) -> Iterator[Row]:
        found = (view.find(ref) for ref in self.refs)
        for entity in dict.fromkeys(each for each in found if each is not None):
            yield Row(entity)


@dataclass(frozen=True, slots=True)
class InGroups(EntityFilter):
    """The members of groups (PE)."""

    group_type: str
    ids: frozenset[str] | None = None
    name: Callable[[str], bool] = bool

    @override
    def find(self, view: View) -> Iterator[Row]:
        members: set[Entity] = set()
        for group in view.groups(self.group_type):
            is_meant = (
                self.name(group.name) if self.ids is None else group.id in self.ids
            )
            if is_meant:
                members.update(group.members)
        for entity in view.of_type(self.group_type):
            if entity in members:
                yield Row(entity)


class Nothing(EntityFilter):
    """What no simulated thing fits."""

    @override
    def find(self, view: View) -> Iterable[Row]:
        return ()


@dataclass(frozen=True, slots=True)
class Step:
    """A kind of relation that leads to what is wanted."""

    relation_type: str | None
    entity_types: frozenset[str]

    def fits(self, link: Link) -> bool:
        """Whether a link is of this kind."""
        return self.relation_type in {None, link.type} and (
            not self.entity_types or link.other[0] in self.entity_types
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Related(EntityFilter):
    """What is below, or above, one or several roots."""

    roots: tuple[Ref, ...]
    steps: tuple[Step, ...]
    outward: bool = True
    max_level: int = 1
    last_level_only: bool = False
    profiles: frozenset[str] | None = None
    # Each thing once below each parent, whose id is the field `parentId` then.
    has_parents: bool = False
    complaint: str | None = None

    @override
    def problem(self) -> str | None:
        return self.complaint

    @override
    def find(self, view: View) -> Iterator[Row]:
        found: dict[tuple[Ref, str], None] = {}
        for root in map(view.resolved, self.roots):
            if root is not None:
                self._walk(view, root, 1, {root}, found)
        for ref, parent in found:
            entity = view.find(ref)
            if entity is None:
                continue
            if self.profiles is None or entity.type in self.profiles:
                yield Row(entity, parent)

    def _walk(
        self,
        view: View,
        ref: Ref,
        level: int,
        path: set[Ref],
        found: dict[tuple[Ref, str], None],
    ) -> bool:
        """Go down; whether there was anything below."""
        limit = min(self.max_level or _DEPTH_LIMIT, _DEPTH_LIMIT)
        if level > limit:
            return False
        links = view.links(ref, outward=self.outward)
        for link in links:
            if link.other in path:
                continue
            path_on = path | {link.other}
            goes_on = self._walk(view, link.other, level + 1, path_on, found)
            is_wanted = not self.steps or any(step.fits(link) for step in self.steps)
            if is_wanted and not (self.last_level_only and goes_on):
                found[link.other, ref[1] if self.has_parents else ""] = None
        return bool(links)
