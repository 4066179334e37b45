"""What all entities have in common."""

from typing import override

from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity

from .coordinator import AccountCoordinator
from .devices import device_identifier
from .mapping import EntitySpec
from .model.device import Device, Resource, device_key_text
from .model.value import JsonValue, coerced


class DeviceEntity(Entity):
    """An entity of a device: told when the device's facts or connectivity change."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def __init__(self, coordinator: AccountCoordinator, device_id: str) -> None:
        """Belong to a device."""
        self.coordinator = coordinator
        self.device_id = device_id
        self._attr_device_info = DeviceInfo(
            identifiers={device_identifier(coordinator.config_entry, device_id)}
        )

    @property
    def device(self) -> Device | None:
        """Return the device, None when the platform no longer lists it."""
        return self.coordinator.data.device(self.device_id)

    @property
    @override
    def available(self) -> bool:
        """Return whether the account works and still lists the device."""
        return self.coordinator.available and self.device is not None

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the device."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.facts.async_add(self.device_id, self.async_write_ha_state)
        )


class StatusEntity(DeviceEntity):
    """An entity that every device has, whatever it offers."""

    def __init__(
        self, coordinator: AccountCoordinator, device_id: str, role: str | None = None
    ) -> None:
        """Belong to a device; a ``role`` begins with $, which no resource's key does."""
        super().__init__(coordinator, device_id)
        of_device = f"{coordinator.config_entry.unique_id}/{device_key_text(device_id)}"
        self._attr_unique_id = f"{of_device}/{role}" if role else of_device
        self._attr_entity_registry_enabled_default = not coordinator.entities.is_crowded


class AlarmEntity(StatusEntity):
    """An entity that tells of a device's alarms: told when they change."""

    @property
    @override
    def available(self) -> bool:
        """Return whether there is anything to tell."""
        return super().available and self.coordinator.can_read_alarms

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the alarms."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.alarms.async_add(self.device_id, self.async_write_ha_state)
        )


class ResourceEntity(DeviceEntity):
    """An entity of a resource: told when its value changes."""

    def __init__(self, coordinator: AccountCoordinator, spec: EntitySpec) -> None:
        """Become what the mapping decided."""
        super().__init__(coordinator, spec.key.device_id)
        self.spec = spec
        self._attr_unique_id = f"{coordinator.config_entry.unique_id}/{spec.key.text}"
        if spec.name is not None:
            self._attr_name = spec.name
        if spec.translation_key is not None:
            self._attr_translation_key = spec.translation_key
        self._attr_device_class = spec.device_class
        self._attr_entity_category = spec.category
        self._attr_entity_registry_enabled_default = spec.enabled_default

    @property
    def resource(self) -> Resource | None:
        """Return the resource, None when the device no longer offers it."""
        return self.coordinator.data.resource(self.spec.key)

    @property
    def current_value(self) -> JsonValue:
        """Return the newest value in the shape of this entity, None where it is unknown."""
        return coerced(
            self.coordinator.commands.shown_value(self.spec.key), self.spec.value_type
        )

    @property
    @override
    def available(self) -> bool:
        """Return whether the value can be had, or the command can be given."""
        device, resource = self.device, self.resource
        if not super().available or device is None or resource is None:
            return False
        return not resource.needs_device or device.online is not False

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the resource."""
        await super().async_added_to_hass()
        self.async_on_remove(
            self.coordinator.values.async_add(self.spec.key, self.async_write_ha_state)
        )


class ControlEntity(ResourceEntity):
    """An entity that gives its resource a value."""

    def __init__(self, coordinator: AccountCoordinator, spec: EntitySpec) -> None:
        """Tell whether the state is known or only what was written last."""
        super().__init__(coordinator, spec)
        resource = self.resource
        control = coordinator.choices.control(spec.key)
        self._state_key = control.state_key(spec.key.device_id) if control else None
        self._attr_assumed_state = (
            self._state_key is None
            if control
            else resource is None or not coordinator.choices.is_safe(resource)
        )

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to what tells the state as well."""
        await super().async_added_to_hass()
        if self._state_key is not None:
            self.async_on_remove(
                self.coordinator.values.async_add(
                    self._state_key, self.async_write_ha_state
                )
            )

    async def async_write_value(self, value: JsonValue) -> None:
        """Write a value; raises a translated error where that fails."""
        await self.coordinator.commands.async_write(self.spec.key, value)
