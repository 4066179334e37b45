"""A whole Home Assistant in a fresh process, in which something is measured.

Prints what it found as one JSON line. The recorder is left out: its figures scatter by half.
"""

from argparse import ArgumentParser, Namespace
import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from datetime import timedelta
import json
import logging
from pathlib import Path
from statistics import median
import sys
from time import perf_counter
from typing import Any, Final, override

import aiohttp
from homeassistant import bootstrap
from homeassistant.components.rest import sensor as rest_sensor
from homeassistant.components.rest.const import COORDINATOR, DOMAIN as REST
from homeassistant.components.sensor import DATA_COMPONENT, SensorEntity
from homeassistant.config_entries import SOURCE_USER, ConfigEntry
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers.update_coordinator import (
    CoordinatorEntity,
    DataUpdateCoordinator,
)
from homeassistant.runner import RuntimeConfig, create_event_loop
from homeassistant.setup import async_setup_component

from custom_components.iot_platforms import (
    binary_sensor as our_binary_sensor,
    config_flow as our_config_flow,
    sensor as our_sensor,
)
from scripts.home import DOMAIN, prepare

from .fleet import SPAN, device_id, paths
from .meters import measured

ROUNDS: Final = 5
"""After one that does not count."""
TICKS: Final = 9
QUIET_SECONDS: Final = 0.5
PATIENCE: Final = 40.0
"""Seconds until values that do not come are given up."""

# Importing is the same work for everybody, and happens once.
_IMPORTED: Final = (rest_sensor, our_binary_sensor, our_config_flow, our_sensor)

CONFIGURATION: Final = """\
homeassistant: {latitude: 52, longitude: 5, unit_system: metric, time_zone: UTC}
logger: {default: error}
"""

# Any: what each measurement found, only to be printed.
type Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """The fleet, seen from here."""

    session: aiohttp.ClientSession
    url: str
    token: str
    devices: int
    outputs: int

    @property
    def size(self) -> int:
        """How many values there are."""
        return self.devices * self.outputs

    async def change_all(self, number: int) -> None:
        """Give all resources a new value."""
        async with self.session.post(f"{self.url}/_simulator/round/{number}") as answer:
            assert answer.ok

    async def traffic(self) -> dict[str, int]:
        """Return what went over the wire so far."""
        async with self.session.get(f"{self.url}/_simulator/traffic") as answer:
            traffic: dict[str, int] = await answer.json()
            return traffic


class States:
    """Waits until the sensors show the values of a round."""

    def __init__(self, hass: HomeAssistant, size: int) -> None:
        """Watch so many sensors."""
        self._size = size
        self._number = -1
        self._seen: set[str] = set()
        self._complete = asyncio.Event()
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._heed)

    def expect(self, number: int) -> None:
        """Wait for the values of this round from now on."""
        self._number = number
        self._seen.clear()
        self._complete.clear()

    async def wait(self) -> None:
        """Wait until all are in."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._complete.wait()
        except TimeoutError:
            raise SystemExit(f"{len(self._seen)} of {self._size} values came") from None

    @callback
    def _heed(self, event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new is None or new.domain != "sensor":
            return
        try:
            number = float(new.state) // SPAN
        except ValueError:
            return
        if number == self._number:
            self._seen.add(new.entity_id)
            if len(self._seen) == self._size:
                self._complete.set()


async def _measure_account(hass: HomeAssistant, server: Server) -> Result:
    """Our account: its set-up, then rounds in which all values change by push."""
    states = States(hass, server.size)
    result = await _set_up(server, states, lambda: _add_account(hass, server))

    async def nothing() -> None:
        """Push brings the values."""

    result |= await _rounds(server, states, nothing)
    return result | await _restart(hass, server, states)


async def _measure_rest(hass: HomeAssistant, server: Server) -> Result:
    """The same values with what people use instead: YAML for each, and polling."""
    states = States(hass, server.size)

    async def set_up() -> None:
        assert await async_setup_component(hass, REST, _rest_settings(server))

    async def poll() -> None:
        coordinators: Iterable[DataUpdateCoordinator[None]] = hass.data[REST][
            COORDINATOR
        ]
        await asyncio.gather(*(each.async_refresh() for each in coordinators))

    result = await _set_up(server, states, set_up)
    return result | await _rounds(server, states, poll)


async def _measure_tick(hass: HomeAssistant, server: Server) -> Result:
    """Polls that find nothing to do: ours, where all is live, and an ordinary coordinator's."""
    states = States(hass, server.size)
    result = await _set_up(server, states, lambda: _add_account(hass, server))
    entry: ConfigEntry[Any] = hass.config_entries.async_entries(DOMAIN)[0]
    before = await server.traffic()
    ours = await _ticks(entry.runtime_data.async_refresh)
    after = await server.traffic()
    asked = after["requests"] - before["requests"]

    ordinary = await _ordinary_coordinator(hass, server.size)
    theirs = await _ticks(ordinary.async_refresh)
    return result | {"tick": ours, "ordinary_tick": theirs, "tick_requests": asked}


async def _set_up(
    server: Server, states: States, set_up: Callable[[], Awaitable[None]]
) -> Result:
    return {"set_up": await _cost_of(server, states, 0, set_up)}


async def _rounds(
    server: Server, states: States, poll: Callable[[], Awaitable[None]]
) -> Result:
    rounds: list[dict[str, float]] = []
    for number in range(1, ROUNDS + 2):

        async def change_and_poll(number: int = number) -> None:
            await server.change_all(number)
            await poll()

        rounds.append(await _cost_of(server, states, number, change_and_poll))
    return {
        "round": {name: median(each[name] for each in rounds[1:]) for name in rounds[0]}
    }


async def _restart(hass: HomeAssistant, server: Server, states: States) -> Result:
    """Set the account up again: what it offers is known by now, but not the values."""
    entry = hass.config_entries.async_entries(DOMAIN)[0]
    await hass.config_entries.async_unload(entry.entry_id)
    await server.change_all(ROUNDS + 2)

    async def set_up() -> None:
        await hass.config_entries.async_setup(entry.entry_id)

    return {"restart": await _cost_of(server, states, ROUNDS + 2, set_up)}


async def _ticks(refresh: Callable[[], Awaitable[None]]) -> float:
    """Return how long a poll keeps the loop busy."""
    busy: list[float] = []
    for _ in range(TICKS):
        async with measured() as cost:
            await refresh()
        busy.append(cost.busy)
    return median(busy)


async def _settle(server: Server) -> None:
    """Wait until nothing more is asked: streams are opened only when all values are there."""
    earlier = -1
    while (now := (await server.traffic())["requests"]) != earlier:
        earlier = now
        await asyncio.sleep(QUIET_SECONDS)


async def _cost_of(
    server: Server, states: States, number: int, act: Callable[[], Awaitable[None]]
) -> dict[str, float]:
    """Do something that brings the values of a round, and return what it costs in all."""
    states.expect(number)
    before = await server.traffic()
    async with measured() as cost:
        begin = perf_counter()
        await act()
        await states.wait()
        duration = perf_counter() - begin
        await _settle(server)
    after = await server.traffic()
    return asdict(cost) | {
        "duration": duration,
        "requests": after["requests"] - before["requests"],
        "bytes_out": after["received"] - before["received"],
        "bytes_in": after["sent"] - before["sent"],
    }


async def _add_account(hass: HomeAssistant, server: Server) -> None:
    """Sign in the way a person does."""
    manager = hass.config_entries.flow
    flow = await manager.async_init(DOMAIN, context={"source": SOURCE_USER})
    await manager.async_configure(flow["flow_id"], {"next_step_id": "thinger"})
    result = await manager.async_configure(
        flow["flow_id"], {"url": server.url, "access_token": server.token}
    )
    assert result["type"] == "create_entry", result


def _rest_settings(server: Server) -> dict[str, Any]:
    return {
        REST: [
            {
                "resource": f"{server.url}/v3/users/demo/devices/{device}/resources/{path}",
                "headers": {"Authorization": f"Bearer {server.token}"},
                "scan_interval": 3600,
                "sensor": [
                    {
                        "name": f"{device} {path}",
                        "unique_id": f"{device}/{path}",
                        "value_template": "{{ value_json }}",
                        "device_class": "temperature",
                        "state_class": "measurement",
                        "unit_of_measurement": "°C",
                    }
                ],
            }
            for device in map(device_id, range(server.devices))
            for path in paths(server.outputs)
        ]
    }


class OrdinarySensor(CoordinatorEntity[DataUpdateCoordinator[int]], SensorEntity):
    """A sensor as most integrations have it: told of every poll."""

    def __init__(self, coordinator: DataUpdateCoordinator[int], number: int) -> None:
        """Show a number that stays the same."""
        super().__init__(coordinator)
        self._attr_unique_id = f"ordinary {number}"
        self._attr_name = f"Ordinary {number}"

    @property
    @override
    def native_value(self) -> int:
        return self.coordinator.data


async def _ordinary_coordinator(
    hass: HomeAssistant, size: int
) -> DataUpdateCoordinator[int]:
    async def poll() -> int:
        return 1

    coordinator: DataUpdateCoordinator[int] = DataUpdateCoordinator(
        hass,
        logging.getLogger(__name__),
        config_entry=None,
        name="ordinary",
        update_method=poll,
        update_interval=timedelta(hours=1),
    )
    await coordinator.async_refresh()
    await hass.data[DATA_COMPONENT].async_add_entities(
        [OrdinarySensor(coordinator, number) for number in range(size)]
    )
    return coordinator


MEASUREMENTS: Final[dict[str, Callable[[HomeAssistant, Server], Awaitable[Result]]]] = {
    "account": _measure_account,
    "rest": _measure_rest,
    "tick": _measure_tick,
}


async def _run(arguments: Namespace) -> None:
    folder = Path(arguments.folder)
    prepare(folder, arguments.port)
    (folder / "configuration.yaml").write_text(CONFIGURATION)
    sys.path.insert(0, str(folder))  # as if Home Assistant had been started in there
    hass = await bootstrap.async_setup_hass(
        RuntimeConfig(config_dir=str(folder), skip_pip=True)
    )
    assert hass is not None
    await hass.async_start()
    async with aiohttp.ClientSession() as session:
        server = Server(
            session,
            arguments.url,
            arguments.token,
            arguments.devices,
            arguments.outputs,
        )
        result = await MEASUREMENTS[arguments.what](hass, server)
        traffic = await server.traffic()
        assert traffic["harm"] == 0
    await hass.async_stop(force=True)
    print(json.dumps(result), flush=True)


def _arguments() -> Namespace:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=MEASUREMENTS)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--devices", type=int, required=True)
    parser.add_argument("--outputs", type=int, required=True)
    return parser.parse_args()


def main() -> None:
    """Measure one thing."""
    with asyncio.Runner(loop_factory=create_event_loop) as runner:
        runner.run(_run(_arguments()))


if __name__ == "__main__":
    main()
