"""One account: its state, polling, push, and who has to be told."""

import asyncio
from contextlib import aclosing
from datetime import timedelta
from itertools import batched
import logging
from time import monotonic
from typing import Final, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import EVENT_HOMEASSISTANT_CLOSE
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed
from homeassistant.helpers.event import async_call_later
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .adapters.base import Adapter, HandlesAlarms
from .commands import Commands
from .const import DOMAIN
from .devices import DeviceRegistrar
from .discovery import Discovery
from .entities import Entities
from .entity_limit import EntityLimit
from .errors import translation
from .issues import async_show_denied
from .mapping import parse_choices
from .model.change import Change, DeviceLeft, Occurrence, ResyncNeeded, portions
from .model.control import is_control
from .model.device import ResourceKey, ResourceKind
from .model.errors import BadCredentialsError, PlatformError, RateLimitedError
from .model.platform import Capability
from .model.state import AccountState, Touched, apply
from .storage import Archive
from .subscriptions import Listeners, Subscriptions
from .transport.backoff import Backoff

LIST_INTERVAL: Final = 60.0
"""Seconds between two device lists while nothing tells of changes."""
SAFETY_INTERVAL: Final = 900.0
"""Seconds between two device lists while push tells of changes."""
TOLERATED_FAILURES: Final = 2
"""Failed polls in a row that leave the entities as they are."""
DISCOVERY_PATIENCE: Final = 8.0
"""Seconds that set-up waits for slow devices; what they offer comes later by itself."""
PUSH_PATIENCE: Final = 3.0
"""Seconds that push has to deliver first values, before they are asked for."""
WATCH_DELAY: Final = 0.2
"""Seconds in which entities come and go together, mostly."""
PORTION: Final = 100
"""Devices, lists or values taken in at once: more would hold up the event loop."""
NEVER: Final = float("-inf")
EARLY: Final = 0.9
"""Part of an interval after which its turn has come: ticks are not that exact."""

_LOGGER: Final = logging.getLogger(__name__)

type AccountConfigEntry = ConfigEntry[AccountCoordinator]


class AccountCoordinator(DataUpdateCoordinator[AccountState]):
    """Everything that is known of an account, kept up to date."""

    config_entry: AccountConfigEntry

    def __init__(
        self, hass: HomeAssistant, entry: AccountConfigEntry, adapter: Adapter
    ) -> None:
        """Prepare; nothing is sent yet."""
        self.adapter = adapter
        self.has_alarms = isinstance(adapter, HandlesAlarms)
        self.choices = parse_choices(entry.options)
        super().__init__(
            hass,
            _LOGGER,
            config_entry=entry,
            name=entry.title,
            update_interval=timedelta(
                seconds=min(self.choices.value_interval, LIST_INTERVAL)
            ),
            always_update=False,
        )
        self.data = AccountState()
        self.values: Subscriptions[ResourceKey] = Subscriptions(self._async_plan_watch)
        self.facts: Subscriptions[str] = Subscriptions(_nothing)
        self.alarms: Subscriptions[str] = Subscriptions(_nothing)
        self.occurrences: Listeners[str, Occurrence] = Listeners()
        self.entities = Entities(self)
        self.commands = Commands(self)
        self._discovery = Discovery(self)
        self._registrar = DeviceRegistrar(hass, entry)
        self._archive = Archive(hass, entry.entry_id)
        self._is_started = False
        self._reads_values = False
        self._was_available = True
        self._watch_timer: asyncio.TimerHandle | None = None
        self._push: asyncio.Task[None] | None = None
        self._failures = 0
        self._listed_at = NEVER
        self._values_read_at = NEVER

    @property
    def available(self) -> bool:
        """Return whether what is known of the account can be trusted."""
        return self.last_update_success

    @property
    def can_read_alarms(self) -> bool:
        """Return whether the credentials allow to read alarms, as far as anybody knows."""
        return Capability.ALARMS not in self.adapter.denied

    def lists_device(self, device_id: str | None) -> bool:
        """Return whether the platform listed a device the last time."""
        return device_id in self.data.devices and device_id not in self.data.absences

    @callback
    def async_start(self) -> None:
        """Begin to poll and to listen; the entities exist by now."""
        entry = self.config_entry
        self.entities.async_clean_registry()
        EntityLimit(self.hass, entry).async_start()
        entry.async_on_unload(self.async_add_listener(self._async_check_availability))
        self._push = entry.async_create_background_task(
            self.hass, self._async_listen(), "push"
        )

        async def read_first_values(_: object) -> None:
            self._reads_values = True
            await self.async_refresh()

        entry.async_on_unload(
            async_call_later(self.hass, PUSH_PATIENCE, read_first_values)
        )

        async def close(_: Event) -> None:
            await self.adapter.close()

        # Entries are not unloaded when Home Assistant stops.
        entry.async_on_unload(
            self.hass.bus.async_listen(EVENT_HOMEASSISTANT_CLOSE, close)
        )

    async def async_read_list(self) -> None:
        """Read the device list now: something was done to it."""
        self._listed_at = NEVER
        await self.async_refresh()

    async def async_read_alarms(self) -> None:
        """Read the active alarms now; the rest of the account works without."""
        if not isinstance(self.adapter, HandlesAlarms):
            return
        could_read = self.can_read_alarms
        try:
            self.async_apply(await self.adapter.read_alarms())
        except PlatformError as error:
            _LOGGER.debug("Cannot read the alarms: %s", error)
        if self.can_read_alarms is not could_read:
            self.alarms.async_tell_all()

    @callback
    def async_forget_device(self, device_id: str) -> None:
        """Forget a device that was just deleted on the platform."""
        self.async_apply(DeviceLeft(device_id))

    async def async_close(self) -> None:
        """Let go of the platform."""
        if self._watch_timer is not None:
            self._watch_timer.cancel()
        self.commands.async_close()
        await self.adapter.close()
        if self._is_started:
            await self._archive.async_save(self.data)

    @callback
    def async_apply(self, change: Change) -> None:
        """Take in something new, wherever it comes from, and tell those whom it concerns."""
        if isinstance(change, ResyncNeeded):
            if change.device_id is not None and change.device_id in self.data.devices:
                self._discovery.async_plan(change.device_id)
            else:
                self._listed_at = NEVER
            return
        self.data, touched = apply(self.data, change)
        self._async_tell(touched)

    @override
    async def _async_setup(self) -> None:
        """Take up what an earlier session knew, and sign in."""
        known = (await self._archive.async_load()).without(
            self.choices.excluded_devices
        )
        self.data = known.without_resources(
            resource.key
            for resource in known.resources()
            if is_control(resource.key) and not self.choices.has_control(resource.key)
        )
        self._registrar.async_remove(self.choices.excluded_devices)
        try:
            await self.adapter.connect()
        except PlatformError as error:
            raise self._translated(error) from None

    @override
    async def _async_update_data(self) -> AccountState:
        """Ask for what push does not deliver."""
        try:
            await self._async_poll()
        except PlatformError as error:
            self._failures += 1
            if self._must_tell(error):
                raise self._translated(error) from None
            _LOGGER.debug("A failed poll is tolerated: %s", error)
        else:
            self._failures = 0
            self._is_started = True
        entry = self.config_entry
        async_show_denied(self.hass, entry.entry_id, entry.title, self.adapter.denied)
        return self.data

    async def _async_poll(self) -> None:
        now = monotonic()
        # A device that one list lacked is waiting for the next one to say so again.
        is_sure = self.adapter.hears_devices and not self.data.absences
        interval = SAFETY_INTERVAL if is_sure else LIST_INTERVAL
        if now - self._listed_at >= interval * EARLY:
            await self._async_snapshot(now)
        if self._is_started:
            self._discovery.async_start_planned()
            if self._reads_values:
                await self._async_read_values(now)
            return
        devices = [k.device for k in self.data.devices.values() if not k.is_empty]
        for part in batched(devices, PORTION, strict=False):
            self._registrar.async_register(part)
            await asyncio.sleep(0)
        self._discovery.async_start(self.data.devices)
        await self._discovery.async_wait(DISCOVERY_PATIENCE)

    async def _async_snapshot(self, now: float) -> None:
        # Before it is read: what asks for another list meanwhile must get it.
        self._listed_at = now
        try:
            snapshot = await self.adapter.snapshot()
        except BaseException:
            self._listed_at = NEVER
            raise
        if snapshot.has_values:
            self._values_read_at = now
        await self._async_take_in(snapshot)
        await self.async_read_alarms()

    async def _async_take_in(self, change: Change) -> None:
        """Take in something large, and let others have their turn meanwhile."""
        for part in portions(change, PORTION):
            self.async_apply(part)
            await asyncio.sleep(0)

    async def _async_read_values(self, now: float) -> None:
        """Read what somebody wants and push does not deliver, or has not delivered yet."""
        if self._watch_timer is None and self.adapter.hears_all:
            return
        is_due = now - self._values_read_at >= self.choices.value_interval * EARLY
        if is_due:
            self._values_read_at = now
        keys = {
            key
            for key in self.values.keys
            if self._can_be_read(key)
            and not self.adapter.is_live(key)
            and (is_due or self.data.sample(key) is None)
        }
        if keys:
            async with aclosing(self.adapter.read(keys)) as changes:
                async for change in changes:
                    await self._async_take_in(change)

    def _can_be_read(self, key: ResourceKey) -> bool:
        device, resource = self.data.device(key.device_id), self.data.resource(key)
        if device is None or resource is None or resource.kind is ResourceKind.CALLBACK:
            return False
        can_be_had = device.online is not False or not resource.needs_device
        return can_be_had and self.choices.is_safe(resource)

    async def _async_listen(self) -> None:
        """Take in what the platform tells by itself, for as long as the account is loaded."""
        backoff = Backoff(first=5, longest=600)
        while (changes := self.adapter.changes()) is not None:
            try:
                async with aclosing(changes):
                    async for change in changes:
                        backoff.reset()
                        await self._async_take_in(change)
                        if isinstance(change, ResyncNeeded):
                            self._async_poll_soon()
            except PlatformError as error:
                _LOGGER.debug("Push ended: %s", error)
            # Whether it was the sign-in that failed, the next list tells.
            self._listed_at = NEVER
            self._async_poll_soon()
            await asyncio.sleep(backoff.next())

    @callback
    def _async_poll_soon(self) -> None:
        self.config_entry.async_create_background_task(
            self.hass, self.async_request_refresh(), "poll soon"
        )

    @callback
    def _async_tell(self, touched: Touched) -> None:
        self._registrar.async_remove(touched.removed_devices)
        self._registrar.async_register(
            known.device
            for device_id in sorted(
                touched.devices | {key.device_id for key in touched.resources}
            )
            if (known := self.data.devices.get(device_id)) and not known.is_empty
        )
        self.entities.async_forget(touched.removed_resources, touched.removed_devices)
        self.entities.async_refresh(touched.resources, touched.devices)
        self.values.async_tell(touched.values)
        self.facts.async_tell(touched.devices)
        self.alarms.async_tell(touched.alarms)
        for occurrence in touched.occurrences:
            self.occurrences.async_tell(occurrence.alarm.device_id, occurrence)
        if touched.lists or any(map(self._is_written, touched.values)):
            self._archive.async_plan_save(lambda: self.data)
        if touched.lists:
            self._async_plan_watch()
        if self._is_started:
            self._discovery.async_start(touched.to_discover)

    def _is_written(self, key: ResourceKey) -> bool:
        resource = self.data.resource(key)
        return resource is not None and resource.kind is ResourceKind.INPUT

    @callback
    def _async_plan_watch(self) -> None:
        """Tell the adapter what is wanted, once for everything that changes in a moment."""
        if self._watch_timer is None:
            self._watch_timer = self.hass.loop.call_later(
                WATCH_DELAY, self._async_watch
            )

    @callback
    def _async_watch(self) -> None:
        self._watch_timer = None
        online = frozenset(
            device_id
            for device_id, known in self.data.devices.items()
            if known.device.online is not False
        )
        self.adapter.watch(
            frozenset(filter(self._can_be_read, self.values.keys)), online
        )

    @callback
    def _async_check_availability(self) -> None:
        if self._was_available != self.available:
            self._was_available = self.available
            self.facts.async_tell_all()

    def _must_tell(self, error: PlatformError) -> bool:
        """Return whether a failure is more than a hiccup."""
        return (
            isinstance(error, BadCredentialsError)
            or not self._is_started
            or not self.last_update_success
            or self._failures > TOLERATED_FAILURES
        )

    def _translated(self, error: PlatformError) -> ConfigEntryAuthFailed | UpdateFailed:
        placeholders = {"name": self.config_entry.title}
        if isinstance(error, BadCredentialsError):
            if self._push is not None:
                # Nothing is asked of the platform until there are new credentials.
                self._push.cancel()
            return ConfigEntryAuthFailed(
                translation_domain=DOMAIN, **translation(error, placeholders)
            )
        return UpdateFailed(
            translation_domain=DOMAIN,
            retry_after=error.retry_after
            if isinstance(error, RateLimitedError)
            else None,
            **translation(error, placeholders),
        )


def _nothing() -> None:
    """Be told that other devices are of interest: that changes nothing."""
