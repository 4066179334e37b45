"""What one user sees of the store, as queries need it (thingsboard.md 5.2, 7.1, 7.3)."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
import json
from typing import Final

from tests.simulators.thingsboard.entity import Entity
from tests.simulators.thingsboard.identity import Identity
from tests.simulators.thingsboard.ids import EntityId, EntityType
from tests.simulators.thingsboard.records import EntityGroup
from tests.simulators.thingsboard.store import Store
from tests.simulators.thingsboard.users import User
from tests.simulators.thingsboard.versions import at_least

# Type and id, as a query names a thing: perhaps an alias, perhaps of an unknown type.
type Ref = tuple[str, str]


def _json_text(entity: Entity) -> str:
    info = entity.additional_info
    if info is None:
        return ""
    return json.dumps(info, separators=(",", ":"), ensure_ascii=False)


_COMMON: Final[dict[str, Callable[[Entity], str]]] = {
    "createdTime": lambda entity: str(entity.created),
    "entityType": lambda entity: entity.entity_type.value,
    "name": lambda entity: entity.name,
    "title": lambda entity: entity.name,
    "type": lambda entity: entity.type,
    "label": lambda entity: entity.label or "",
    "additionalInfo": _json_text,
    "email": lambda entity: entity.name if isinstance(entity, User) else "",
}
_OWNER: Final[dict[str, Callable[[Entity], str]]] = {
    "ownerName": lambda entity: (entity.customer or entity.tenant).name,
    "ownerType": lambda entity: (entity.customer or entity.tenant).entity_type.value,
}
_DISPLAY: Final[dict[str, Callable[[Entity], str]]] = {
    "displayName": lambda entity: entity.display_name,
}


@dataclass(frozen=True, slots=True)
class Link:
    """A relation seen from one end."""

    type: str
    other: Ref


class View:
    """The store through one user's eyes."""

    def __init__(self, store: Store, identity: Identity) -> None:
        """Look at the store as it is now: a view is made for each answer."""
        self._store = store
        self.identity = identity
        self._links: dict[tuple[Ref, bool], list[Link]] | None = None
        self._fields = dict(_COMMON)
        version = store.switches.version
        if at_least(version, "3.7"):
            self._fields |= _OWNER
        if at_least(version, "4.3"):
            self._fields |= _DISPLAY

    def now_ms(self) -> int:
        """Time of the answer."""
        return self._store.clock.now_ms()

    def field(self, entity: Entity, name: str) -> str:
        """Text of an entity field; empty if the version has no such field."""
        read = self._fields.get(name)
        return "" if read is None else read(entity)

    def sees(self, entity: Entity) -> bool:
        """Whether the user may see an entity."""
        return self.identity.sees(entity)

    def of_type(self, entity_type: str) -> list[Entity]:
        """Everything of a type, the oldest first."""
        kind = _type_of(entity_type)
        if kind is None:
            return []
        return [each for each in self._store.of_type(kind) if self.sees(each)]

    def resolved(self, ref: Ref) -> Ref | None:
        """Real thing behind an alias such as CURRENT_CUSTOMER; None for nothing."""
        user = self.identity.user
        targets: dict[str, Entity | None] = {
            "CURRENT_CUSTOMER": user.customer,
            "CURRENT_TENANT": user.tenant,
            "CURRENT_USER": user,
            "CURRENT_USER_OWNER": user.customer or user.tenant,
        }
        if ref[0] not in targets:
            return ref
        target = targets[ref[0]]
        return None if target is None else _ref(target.entity_id)

    def find(self, ref: Ref) -> Entity | None:
        """Thing that a query names, if the user may see it."""
        real = self.resolved(ref)
        kind = None if real is None else _type_of(real[0])
        if real is None or kind is None:
            return None
        entity = self._store.find(EntityId(kind, real[1]))
        return entity if entity is not None and self.sees(entity) else None

    def links(self, ref: Ref, *, outward: bool) -> list[Link]:
        """What a thing is related to, or what is related to it."""
        if self._links is None:
            self._links = self._indexed()
        return self._links.get((ref, outward), [])

    def groups(self, group_type: str) -> list[EntityGroup]:
        """Groups of a type (PE)."""
        return [each for each in self._store.groups if each.group_type == group_type]

    def _indexed(self) -> dict[tuple[Ref, bool], list[Link]]:
        index: dict[tuple[Ref, bool], list[Link]] = defaultdict(list)
        for each in self._store.relations:
            if each.type_group == "COMMON":
                from_, to = _ref(each.from_id), _ref(each.to_id)
                index[from_, True].append(Link(each.type, to))
                index[to, False].append(Link(each.type, from_))
        return index


def _ref(entity_id: EntityId) -> Ref:
    return entity_id.type.value, entity_id.id


def _type_of(name: str) -> EntityType | None:
    try:
        return EntityType(name)
    except ValueError:
        return None
