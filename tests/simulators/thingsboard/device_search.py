"""Entities under a root, by relations (thingsboard.md 6.1, 13.2)."""

from collections.abc import Iterator
from dataclasses import dataclass

from .device import Device
from .errors import bad_request
from .ids import EntityId, EntityType
from .records import Relation
from .store import Store

from tests.simulators.json_types import Json, JsonObject


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchParameters:
    """Where to begin, which way, how far."""

    root: EntityId
    outward: bool
    group: str
    max_level: int
    last_level_only: bool


def parsed_parameters(body: JsonObject) -> SearchParameters:
    """Read the `parameters` of a search; 400 if they make no sense."""
    parameters = body.get("parameters")
    if not isinstance(parameters, dict):
        raise bad_request("Query parameters should be specified!")
    level = parameters.get("maxLevel")
    return SearchParameters(
        root=entity_id_of(parameters.get("rootType"), parameters.get("rootId")),
        outward=parameters.get("direction") != "TO",
        group=str(parameters.get("relationTypeGroup") or "COMMON"),
        max_level=level if isinstance(level, int) and level > 0 else 50,
        last_level_only=parameters.get("fetchLastLevelOnly") is True,
    )


def entity_id_of(type_: Json, id_: Json) -> EntityId:
    """Id of two texts; 400 if there is no such type."""
    try:
        return EntityId(EntityType(str(type_)), str(id_))
    except ValueError:
        raise bad_request(f"Incorrect entity type '{type_}'") from None


def walked(store: Store, search: SearchParameters) -> Iterator[Relation]:
    """Relations from the root on, level by level, each once."""
    seen = {search.root}
    level = [search.root]
    for depth in range(1, search.max_level + 1):
        found = [
            relation
            for relation in store.relations
            if relation.type_group == search.group
            and (relation.from_id if search.outward else relation.to_id) in level
        ]
        if not search.last_level_only or depth == search.max_level:
            yield from found
        level = [_far_end(each, search) for each in found]
        level = [each for each in level if each not in seen]
        seen.update(level)


def found_by_relations(store: Store, body: JsonObject) -> list[Device]:
    """Devices that a search by relations finds."""
    search = parsed_parameters(body)
    relation_type, types = body.get("relationType"), body.get("deviceTypes")
    found: list[Device] = []
    for relation in walked(store, search):
        device = store.find(_far_end(relation, search))
        if (
            isinstance(device, Device)
            and device not in found
            and relation_type in {None, "", relation.type}
            and (not isinstance(types, list) or not types or device.type in types)
        ):
            found.append(device)
    return found


def _far_end(relation: Relation, search: SearchParameters) -> EntityId:
    return relation.to_id if search.outward else relation.from_id
