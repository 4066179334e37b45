"""The tree of permissions of a user-defined access token (thinger.md 3.5)."""

from typing import Final, NamedTuple

from tests.simulators.json_types import Json, JsonObject

# Newer names of actions; a token may carry either.
_NEWER_NAMES: Final = {"GetDeviceStats": "ReadDeviceStatistics"}


class Permission(NamedTuple):
    """An action on one object of a type; the id `*` stands for the list of all."""

    type: str
    id: str
    action: str


def is_permitted(allow: JsonObject, deny: JsonObject, wanted: Permission) -> bool:
    """Whether a token with these trees may do it; what is denied wins."""
    return _covers(allow, wanted) and not _covers(deny, wanted)


def _covers(tree: JsonObject, wanted: Permission) -> bool:
    names = {wanted.action, _NEWER_NAMES.get(wanted.action, wanted.action)}
    return any(
        _has_action(actions, names)
        for ids in _matching(tree, wanted.type)
        for actions in _matching(ids, wanted.id)
    )


def _matching(level: Json, name: str) -> list[Json]:
    """Branches for a name; a level that is `*` itself covers all below it."""
    if level == "*":
        return ["*"]
    if not isinstance(level, dict):
        return []
    return [level[key] for key in ("*", name) if key in level]


def _has_action(actions: Json, names: set[str]) -> bool:
    if actions == "*":
        return True
    return isinstance(actions, (list, dict)) and (
        "*" in actions or any(name in actions for name in names)
    )
