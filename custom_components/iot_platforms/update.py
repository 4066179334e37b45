"""Firmware and software of devices."""

from typing import Any, override

from homeassistant.components.update import (
    UpdateDeviceClass,
    UpdateEntity,
    UpdateEntityFeature,
)
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import AccountConfigEntry, AccountCoordinator
from .entity import ResourceEntity
from .mapping import EntitySpec
from .model.value import JsonValue, ValueType, coerced

PARALLEL_UPDATES = 0  # the adapter allows one request at a time for a device


async def async_setup_entry(
    hass: HomeAssistant,
    entry: AccountConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the updates of an account."""
    await entry.runtime_data.entities.async_add_platform(
        Platform.UPDATE, async_add_entities, ResourceUpdate
    )


class ResourceUpdate(ResourceEntity, UpdateEntity):
    """What runs on a device, and what the platform has for it."""

    def __init__(self, coordinator: AccountCoordinator, spec: EntitySpec) -> None:
        """Become what the mapping decided."""
        super().__init__(coordinator, spec)
        self._attr_device_class = UpdateDeviceClass.FIRMWARE

    @property
    @override
    def supported_features(self) -> UpdateEntityFeature:
        """Return what can be done: to install something may not be ours to do."""
        if self.resource is None or not self.resource.writable:
            return UpdateEntityFeature.PROGRESS
        return (
            UpdateEntityFeature.PROGRESS
            | UpdateEntityFeature.INSTALL
            | UpdateEntityFeature.SPECIFIC_VERSION
        )

    @property
    @override
    def installed_version(self) -> str | None:
        """Return what the device says that it runs."""
        return self._text("installed")

    @property
    @override
    def latest_version(self) -> str | None:
        """Return what the platform wants the device to run; nothing else is what it runs."""
        return self._text("latest") or self.installed_version

    @property
    @override
    def in_progress(self) -> bool:
        """Return whether the device is about to install something."""
        return self._firmware.get("in_progress") is True

    @property
    @override
    def title(self) -> str | None:
        """Return the name of the package."""
        return self._text("title")

    @property
    @override
    def release_summary(self) -> str | None:
        """Return why the last update failed: this is the text that people see with an update."""
        error = self._text("error")
        return f"⚠️ {error}" if error else None

    @override
    def version_is_newer(self, latest_version: str, installed_version: str) -> bool:
        """Return True for every other version: the platform may want an older one."""
        return True

    @override
    async def async_install(
        self, version: str | None, backup: bool, **kwargs: Any
    ) -> None:
        """Have a version installed, the one that is offered if none is named."""
        await self.coordinator.commands.async_install(
            self.spec.key, version or self.latest_version
        )

    @property
    def _firmware(self) -> dict[str, JsonValue]:
        value = self.current_value
        return value if isinstance(value, dict) else {}

    def _text(self, name: str) -> str | None:
        text = coerced(self._firmware.get(name), ValueType.TEXT)
        return text if isinstance(text, str) and text else None
