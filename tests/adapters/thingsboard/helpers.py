"""What several tests do with an account: make it live, and look at what came of that."""

from collections.abc import Iterable

from custom_components.iot_platforms.model.alarm import AlarmEvent
from custom_components.iot_platforms.model.change import Change
from custom_components.iot_platforms.model.device import ResourceKey
from custom_components.iot_platforms.model.state import AccountState, apply

from tests.adapters.account import Account


async def go_live(account: Account, *keys: ResourceKey) -> Account:
    """Sign in, and wait until some resources are pushed: all, unless some are named."""
    await account.start()
    account.listen()
    account.watch(*keys)
    await account.until(lambda: is_live(account, *keys))
    return account


def is_live(account: Account, *keys: ResourceKey) -> bool:
    """Return whether push delivers some resources: all that are wanted, unless some are named."""
    return account.adapter.hears_devices and all(
        account.is_live(key)
        for key in keys or account.wanted()
        if not key.resource_id.startswith("control/")
    )


def occurrences(
    state: AccountState, changes: Iterable[Change]
) -> list[tuple[AlarmEvent, str]]:
    """Return what happens to alarms when changes are taken in: each event with the alarm's type."""
    found = []
    for change in changes:
        state, touched = apply(state, change)
        found += [(each.event, each.alarm.type) for each in touched.occurrences]
    return found
