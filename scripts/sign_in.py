"""Signing in at a platform the way a person does, through the pages of the config flow."""

import asyncio
from collections import deque
import contextlib
from typing import Any

from .home import DOMAIN, Home, HomeError
from .simulators import Account

FLOWS = "/api/config/config_entries/flow"
ENTRIES = "/api/config/config_entries/entry"

MOST_STEPS = 20
SECONDS_TO_LOAD = 30
STATES_ON_THE_WAY = {"not_loaded", "setup_in_progress"}

type Step = dict[str, Any]
type MenuPath = tuple[str, ...]


class _MenuError(Exception):
    """A menu came for which the path holds no choice."""

    def __init__(self, options: list[str]) -> None:
        super().__init__()
        self.options = options


class SignInError(Exception):
    """The flow did not end in an entry."""


async def sign_in(home: Home, account: Account) -> str:
    """Go through the flow, and return the id of the entry that it made.

    Which option of a menu the credentials are meant for is only seen on the form behind it, so
    the options are tried in turn.
    """
    paths: deque[MenuPath] = deque([(account.platform,)])
    reason = ""
    while paths:
        path = paths.popleft()
        try:
            return await _walk(home, path, account.credentials)
        except _MenuError as menu:
            paths.extendleft((*path, option) for option in reversed(menu.options))
        except (SignInError, HomeError) as error:
            reason = str(error)
    raise SignInError(reason)


async def _walk(home: Home, path: MenuPath, credentials: dict[str, Any]) -> str:
    """Go through one flow, taking the given options of its menus."""
    step = await home.post(FLOWS, {"handler": DOMAIN})
    try:
        return await _walk_steps(home, step, path, credentials)
    except _MenuError, SignInError, HomeError:
        with contextlib.suppress(HomeError):
            await home.delete(f"{FLOWS}/{step['flow_id']}")
        raise


async def _walk_steps(
    home: Home, step: Step, path: MenuPath, credentials: dict[str, Any]
) -> str:
    choices = iter(path)
    for _ in range(MOST_STEPS):
        match step["type"]:
            case "create_entry":
                return str(step["result"]["entry_id"])
            case "menu":
                if not (choice := next(choices, None)):
                    raise _MenuError(list(step["menu_options"]))
                answer = {"next_step_id": choice}
            case "form":
                if errors := step.get("errors"):
                    raise SignInError(f"{step['step_id']}: {errors}")
                answer = fill_in(step["data_schema"], credentials)
            case other:
                raise SignInError(f"{other}: {step.get('reason') or step['step_id']}")
        step = await home.post(f"{FLOWS}/{step['flow_id']}", answer)
    raise SignInError("the flow does not end")


def fill_in(fields: list[dict[str, Any]], values: dict[str, Any]) -> dict[str, Any]:
    """Answer a form: with the given values, else with what it suggests."""
    answer: dict[str, Any] = {}
    for field in fields:
        name = field["name"]
        suggestion = (field.get("description") or {}).get("suggested_value")
        if field.get("type") == "expandable":
            answer[name] = fill_in(field["schema"], values)
        elif name in values:
            answer[name] = values[name]
        elif suggestion is not None:
            answer[name] = suggestion
        elif field.get("required") and "default" not in field:
            raise SignInError(f"the form asks for {name}")
    return answer


async def wait_until_loaded(home: Home, entry_id: str) -> bool:
    """Wait until an entry is set up, and tell whether that went well."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(SECONDS_TO_LOAD):
            while (  # noqa: ASYNC110
                state := await _state(home, entry_id)
            ) in STATES_ON_THE_WAY:
                await asyncio.sleep(0.1)
            return state == "loaded"
    return False


async def _state(home: Home, entry_id: str) -> str:
    """Return the state of an entry, or an empty text where there is none."""
    entries = await home.get(f"{ENTRIES}?domain={DOMAIN}")
    states = {entry["entry_id"]: str(entry["state"]) for entry in entries}
    return states.get(entry_id, "")


async def remove_entry(home: Home, entry_id: str) -> None:
    """Remove an entry, if it is there."""
    with contextlib.suppress(HomeError):
        await home.delete(f"{ENTRIES}/{entry_id}")
