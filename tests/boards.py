"""ThingsBoard accounts in a Home Assistant under test, and the time that passes for them."""

import asyncio
from collections.abc import Callable
from typing import Any, Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, State, callback

from custom_components.iot_platforms.model.device import ResourceKey

from tests.adapters.account import MovedClock
from tests.home import (
    SAFETY_NET,
    Time,
    add_account,
    device_of,
    entity_id,
    settle,
    state,
    wait_until,
)
from tests.simulators.thingsboard import TENANT_USER, ThingsBoardSimulator

CUSTOMER_USER: Final = "customer@thingsboard.org"


async def add_board(
    hass: HomeAssistant,
    sim: ThingsBoardSimulator,
    email: str = TENANT_USER,
    *,
    with_key: bool = False,
    options: dict[str, Any] | None = None,
    **fields: Any,
) -> ConfigEntry:
    """Sign in as one of the server's users; it may be by the user's API key."""
    account = sim.account(email)
    credentials = account.api_key_credentials() if with_key else account.credentials()
    return await add_account(
        hass, {**credentials, **fields}, platform="thingsboard", options=options
    )


def text_of(
    sim: ThingsBoardSimulator, device: str, resource: str = "", *leaf: str
) -> str:
    """Return a resource's key as entities and options have it; a device's name stands for its id."""
    device_id = sim.device(device).id
    if not resource:
        return ResourceKey(device_id, "x").text.partition("/")[0]
    if resource.startswith("$"):
        return f"{device_id}/{resource}"
    return ResourceKey(device_id, resource, leaf).text


class Board:
    """An account and its server: entities by the names that the server has for things."""

    def __init__(
        self, hass: HomeAssistant, sim: ThingsBoardSimulator, entry: ConfigEntry
    ) -> None:
        """Look at an account that is loaded."""
        self.hass = hass
        self.sim = sim
        self.entry = entry

    def found(self, domain: str, device: str, resource: str = "", *leaf: str) -> str:
        """Return an entity's id."""
        key = text_of(self.sim, device, resource, *leaf)
        return entity_id(self.hass, self.entry, domain, key)

    def shown(self, domain: str, device: str, resource: str = "", *leaf: str) -> State:
        """Return an entity's state."""
        key = text_of(self.sim, device, resource, *leaf)
        return state(self.hass, self.entry, domain, key)

    def value(self, domain: str, device: str, resource: str = "", *leaf: str) -> str:
        """Return what an entity shows."""
        return self.shown(domain, device, resource, *leaf).state

    async def until(
        self, expected: str, domain: str, device: str, resource: str = "", *leaf: str
    ) -> None:
        """Wait until an entity shows something."""

        def shows_it() -> bool:
            return self.value(domain, device, resource, *leaf) == expected

        await wait_until(self.hass, shows_it)

    async def use(self, action: str, found_id: str, **data: Any) -> None:
        """Do what a person does with an entity."""
        domain, name = action.split(".")
        await self.hass.services.async_call(
            domain, name, {"entity_id": found_id, **data}, blocking=True
        )

    def target(self, device: str, **data: Any) -> dict[str, Any]:
        """Return the data of an action on a device."""
        registered = device_of(self.hass, self.entry, self.sim.device(device).id)
        return {"device_id": registered.id, **data}

    @property
    def is_live(self) -> bool:
        """Return whether push tells of everything that is shown."""
        coordinator = self.entry.runtime_data
        keys = filter(coordinator._can_be_read, coordinator.values.keys)
        return coordinator.adapter.hears_devices and all(
            map(coordinator.adapter.is_live, keys)
        )

    async def until_live(self) -> None:
        """Wait until push tells of everything."""
        await until_true(lambda: self.is_live)
        await settle(self.hass)


async def live_board(
    hass: HomeAssistant, sim: ThingsBoardSimulator, **how: Any
) -> Board:
    """Sign in, wait until push tells of everything, and forget what was asked meanwhile."""
    board = Board(hass, sim, await add_board(hass, sim, **how))
    await board.until_live()
    sim.clear_requests()
    return board


async def until_true(predicate: Callable[[], bool]) -> None:
    """Wait until something holds that nobody tells of."""
    async with asyncio.timeout(SAFETY_NET):
        while not predicate():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


class BoardTime(Time):
    """Time that passes for polling, for the pauses of push and for the server alike."""

    def __init__(self, hass: HomeAssistant, sim: ThingsBoardSimulator) -> None:
        """Begin with the real time."""
        super().__init__(hass)
        self._sim = sim
        self.moved = MovedClock(sim)

    @override
    async def passes(self, seconds: float) -> None:
        """Let time pass, with all that falls due, and what that leads to."""
        await quiet(self._sim)
        self.moved.advance(seconds)
        await super().passes(seconds)
        await quiet(self._sim)

    async def until(
        self, predicate: Callable[[], bool], *, within: float, step: float = 31
    ) -> None:
        """Let time pass until something holds, but no longer than so many seconds."""
        passed = 0.0
        while not predicate():
            assert passed < within
            await self.passes(step)
            passed += step


async def quiet(sim: ThingsBoardSimulator) -> None:
    """Wait until nothing is under way between the server and us."""
    calm = 0
    while calm < 3:
        before = len(sim.requests())
        for _ in range(20):
            await asyncio.sleep(0)
        await sim.flush()
        is_busy = any(request.finished is None for request in sim.requests())
        calm = 0 if is_busy or len(sim.requests()) > before else calm + 1


def histories(hass: HomeAssistant, found_id: str) -> list[str]:
    """Return the states that an entity shows from now on, as they come."""
    seen: list[str] = []

    @callback
    def note(event: Any) -> None:
        if event.data["entity_id"] == found_id and event.data["new_state"] is not None:
            seen.append(event.data["new_state"].state)

    hass.bus.async_listen("state_changed", note)
    return seen


def asked(sim: ThingsBoardSimulator) -> list[tuple[str, str]]:
    """Return what was asked of the server, oldest first."""
    return [(request.method, request.path) for request in sim.requests()]
