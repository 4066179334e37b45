"""What a person decided about an account, as far as adapters have to obey it."""

from dataclasses import dataclass

from .device import Resource, ResourceKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """Which devices come in, what may be read, and how often a value is asked for (seconds)."""

    excluded_devices: frozenset[str] = frozenset()
    safe_devices: frozenset[str] = frozenset()
    safe_resources: frozenset[ResourceKey] = frozenset()
    value_interval: float = 30

    def may_read(self, key: ResourceKey) -> bool:
        """Return whether the person said that reading this resource does no harm."""
        return key.device_id in self.safe_devices or key.root in self.safe_resources

    def is_safe(self, resource: Resource) -> bool:
        """Return whether reading a resource does no harm: by its kind, or because the person said so."""
        return resource.read_safe or self.may_read(resource.key)
