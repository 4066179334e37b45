"""Reads entity filters (thingsboard.md 7.3, 13.2)."""

from collections.abc import Callable
from typing import Final

from .fields import Fields, MalformedError
from .filters import EntityFilter, InGroups, Listed, Nothing, OfType, Related, Step
from .view import Ref

from tests.simulators.json_types import Json

# Since this version types come as a list (19).
_TYPE_LISTS: Final = (3, 5)
# Known to the server, but nothing of the kind is simulated.
_OTHERS: Final = {
    "apiUsageState",
    "edgeSearchQuery",
    "edgeType",
    "entityViewSearchQuery",
    "entityViewType",
}


def parse_filter(
    value: Json, *, version: tuple[int, ...], professional: bool
) -> EntityFilter:
    """Read an entity filter; unknown properties are ignored, even on the WebSocket."""
    fields = Fields(value)
    kind = fields.text("type")
    common = _COMMON.get(kind) or (_PROFESSIONAL.get(kind) if professional else None)
    if common is not None:
        return common(fields)
    match kind:
        case "deviceType":
            return _of_profile(fields, "DEVICE", "device", version)
        case "assetType":
            return _of_profile(fields, "ASSET", "asset", version)
        case _ if kind in _OTHERS:
            return Nothing()
        case _:
            raise MalformedError(f"Could not resolve type id {kind!r} as EntityFilter")


def _of_type(fields: Fields) -> EntityFilter:
    return OfType(fields.text("entityType"))


def _of_profile(
    fields: Fields, entity_type: str, word: str, version: tuple[int, ...]
) -> EntityFilter:
    types = fields.texts(f"{word}Types") if version >= _TYPE_LISTS else []
    types = types or [fields.text(f"{word}Type")]
    name = _name_pattern(fields.text(f"{word}NameFilter"))
    return OfType(entity_type, frozenset(types), name)


def _single(fields: Fields) -> EntityFilter:
    ref = fields.maybe("singleEntity", parse_ref)
    return Listed(() if ref is None else (ref,))


def _list(fields: Fields) -> EntityFilter:
    entity_type = fields.text("entityType")
    return Listed(tuple((entity_type, id_) for id_ in fields.texts("entityList")))


def _by_name(fields: Fields) -> EntityFilter:
    name = _name_pattern(fields.text("entityNameFilter"))
    return OfType(fields.text("entityType"), None, name)


def _relations(fields: Fields) -> EntityFilter:
    many = fields.flag("multiRoot")
    roots, complaint = _roots(fields, many=many)
    steps = fields.each("filters", _step) or []
    return Related(
        roots=roots,
        steps=tuple(steps),
        outward=fields.text("direction", "FROM") == "FROM",
        max_level=fields.whole("maxLevel", 1),
        last_level_only=fields.flag("fetchLastLevelOnly"),
        has_parents=many,
        complaint=complaint,
    )


def _roots(fields: Fields, *, many: bool) -> tuple[tuple[Ref, ...], str | None]:
    """Roots of a relation query, and what the server says if they are missing."""
    if not many:
        root = fields.maybe("rootEntity", parse_ref)
        if root is None:
            return (), "Relation query filter root entity should not be blank"
        return (root,), None
    entity_type = fields.text("multiRootEntitiesType")
    ids = fields.texts("multiRootEntityIds")
    if not entity_type:
        missing = "'multiRootEntitiesType'"
    elif not ids:
        missing = (
            "'multiRootEntityIds' array that contains string representation of UUIDs"
        )
    else:
        return tuple((entity_type, id_) for id_ in ids), None
    return (), f"Multi-root relation query filter should contain {missing}"


def _step(value: Json) -> Step:
    fields = Fields(value)
    return Step(
        fields.optional_text("relationType"), frozenset(fields.texts("entityTypes"))
    )


def _search(entity_type: str, types: str) -> Callable[[Fields], EntityFilter]:
    def parse(fields: Fields) -> EntityFilter:
        root = fields.maybe("rootEntity", parse_ref)
        relation = fields.optional_text("relationType")
        return Related(
            roots=() if root is None else (root,),
            steps=(Step(relation, frozenset({entity_type})),),
            outward=fields.text("direction", "FROM") == "FROM",
            max_level=fields.whole("maxLevel", 1),
            last_level_only=fields.flag("fetchLastLevelOnly"),
            profiles=frozenset(fields.texts(types)) or None,
        )

    return parse


def _group(fields: Fields) -> EntityFilter:
    return InGroups(fields.text("groupType"), frozenset({fields.text("entityGroup")}))


def _group_list(fields: Fields) -> EntityFilter:
    return InGroups(
        fields.text("groupType"), frozenset(fields.texts("entityGroupList"))
    )


def _group_name(fields: Fields) -> EntityFilter:
    name = _name_pattern(fields.text("entityGroupNameFilter"))
    return InGroups(fields.text("groupType"), None, name)


_COMMON: Final[dict[str, Callable[[Fields], EntityFilter]]] = {
    "entityType": _of_type,
    "singleEntity": _single,
    "entityList": _list,
    "entityName": _by_name,
    "relationsQuery": _relations,
    "deviceSearchQuery": _search("DEVICE", "deviceTypes"),
    "assetSearchQuery": _search("ASSET", "assetTypes"),
}
_PROFESSIONAL: Final[dict[str, Callable[[Fields], EntityFilter]]] = {
    "entityGroup": _group,
    "entityGroupList": _group_list,
    "entityGroupName": _group_name,
    "entitiesByGroupName": _group_name,
}


def parse_ref(value: Json) -> Ref:
    """Read an id object."""
    fields = Fields(value)
    return fields.text("entityType"), fields.text("id")


def _name_pattern(pattern: str) -> Callable[[str], bool]:
    """Prefix, or with % at an end a pattern; case is ignored."""
    wanted = pattern.lower()
    starts, ends = wanted.startswith("%"), wanted.endswith("%")
    inner = wanted.removeprefix("%").removesuffix("%")
    if starts and ends:
        return lambda name: inner in name.lower()
    if starts:
        return lambda name: name.lower().endswith(inner)
    return lambda name: name.lower().startswith(inner)
