"""What a person decided about an account, as far as adapters have to obey it."""

from dataclasses import dataclass

from .control import Control, is_control
from .device import Resource, ResourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Which devices come in, what is added to them, what may be read and how often (seconds)."""

    excluded_devices: frozenset[str] = frozenset()
    safe_devices: frozenset[str] = frozenset()
    safe_resources: frozenset[ResourceKey] = frozenset()
    value_interval: float = 30
    controls: tuple[Control, ...] = ()
    hides_inactive: bool = False
    """Whether values of devices that are not active count as unavailable."""
    reads_dashboards: bool = False
    """Whether units and names may be looked up in the account's dashboards."""

    def control(self, key: ResourceKey) -> Control | None:
        """Return the control that a resource is, None where it is none."""
        if not is_control(key):
            return None
        return next(
            (c for c in self.controls if c.resource_id == key.resource_id), None
        )

    def has_control(self, key: ResourceKey) -> bool:
        """Return whether a control's resource is still one."""
        control = self.control(key)
        return control is not None and key.device_id in control.devices

    def may_read(self, key: ResourceKey) -> bool:
        """Return whether the person said that reading this resource does no harm."""
        return key.device_id in self.safe_devices or key.root in self.safe_resources

    def is_safe(self, resource: Resource) -> bool:
        """Return whether reading a resource does no harm: by its kind, or because the person said so."""
        return resource.read_safe or self.may_read(resource.key)
