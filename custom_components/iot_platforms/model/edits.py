"""One device's resources and values while something new is taken in."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from .change import Listing
from .device import Resource, ResourceKey, ResourceKind, Sample
from .known import DeviceState, Touched
from .leaves import leaf_after, leaf_of, parts
from .value import (
    JsonValue,
    coerced,
    example_of,
    is_same,
    is_too_deep,
    value_type_of,
)

ABSENCES_UNTIL_GONE: Final = 2
"""Complete lists in a row without it, until something counts as gone (design.md 5)."""


class ListEdit:
    """A device's resources while a list of them is taken in."""

    def __init__(self, known: DeviceState, touched: Touched) -> None:
        """Begin with what is known."""
        self._known = known
        self._resources = dict(known.resources)
        self._samples = known.samples
        self._absences = known.absences
        self._touched = touched
        self.changed = False

    def result(self) -> DeviceState:
        """Return what is known of the device now."""
        return replace(
            self._known,
            resources=self._resources,
            samples=self._samples,
            absences=self._absences,
        )

    def merge(self, resource: Resource) -> None:
        """Take in a description; it keeps the type that was learned, unless the kind is another."""
        known = self._resources.get(resource.key)
        if (
            known is not None
            and known.kind is resource.kind
            and resource.value_type is None
        ):
            resource = replace(
                resource, value_type=known.value_type, example=known.example
            )
        if known == resource:
            return
        self._describe(resource)
        if known is not None:
            self._describe_parts(known, resource)

    def count_absences(self, listing: Listing) -> None:
        """Count what a complete list lacks, and drop what is gone together with its parts."""
        if not (listing.complete or self._absences):
            return
        sources: dict[ResourceKey, str] = {}
        for key, resource in self._known.resources.items():
            sources.setdefault(key.root, resource.source)
        listed = {resource.key.root for resource in listing.resources}
        counts = {
            root: self._absences.get(root, 0) + (source in listing.complete)
            for root, source in sources.items()
            if root not in listed
        }
        gone = {root for root, count in counts.items() if count >= ABSENCES_UNTIL_GONE}
        if gone:
            self._remove(gone)
        absences = {r: count for r, count in counts.items() if count and r not in gone}
        if absences != self._absences:
            self._absences = absences
            self.changed = True

    def _remove(self, roots: set[ResourceKey]) -> None:
        for key in [key for key in self._resources if key.root in roots]:
            del self._resources[key]
            self._touched.removed_resources.add(key)
        self._samples = {
            key: sample
            for key, sample in self._samples.items()
            if key in self._resources
        }

    def _describe_parts(self, before: Resource, after: Resource) -> None:
        depth = len(after.key.leaf)
        for key, part in list(self._resources.items()):
            if (
                key.root == after.key.root
                and len(key.leaf) > depth
                and key.leaf[:depth] == after.key.leaf
                and (changed := leaf_after(part, before, after)) != part
            ):
                self._describe(changed)

    def _describe(self, resource: Resource) -> None:
        self._resources[resource.key] = resource
        self._touched.resources.add(resource.key)
        self.changed = True


class SampleEdit:
    """A device's values while a group of samples is taken in; copied when the first one changes."""

    def __init__(self, known: DeviceState, touched: Touched) -> None:
        """Begin with what is known."""
        self._known = known
        self._touched = touched
        self._new_resources: dict[ResourceKey, Resource] | None = None
        self._new_samples: dict[ResourceKey, Sample] | None = None

    def result(self) -> DeviceState:
        """Return what is known of the device now, the same object where nothing is new."""
        if self._new_resources is None and self._new_samples is None:
            return self._known
        return replace(self._known, resources=self._resources, samples=self._samples)

    def add(self, sample: Sample) -> None:
        """Take in a value and its parts, unless it is older than what is known."""
        resource = self._resources.get(sample.key)
        if resource is None or self._is_late(sample) or is_too_deep(sample.value):
            return
        resource = self._learned(resource, sample.value)
        self._store(resource, sample)
        for key, value in list(parts(resource, sample.value, self._resources)):
            part = self._resources.get(key)
            if part is None:
                part = leaf_of(resource, key, value)
                self._describe(part)
            self._store(self._learned(part, value), Sample(key, value, sample.at))

    @property
    def _resources(self) -> Mapping[ResourceKey, Resource]:
        return (
            self._known.resources
            if self._new_resources is None
            else self._new_resources
        )

    @property
    def _samples(self) -> Mapping[ResourceKey, Sample]:
        return self._known.samples if self._new_samples is None else self._new_samples

    def _is_late(self, sample: Sample) -> bool:
        known = self._samples.get(sample.key)
        return known is not None and is_older(sample.at, known.at)

    def _learned(self, resource: Resource, value: JsonValue) -> Resource:
        """Return the resource with the type of its first value."""
        value_type = value_type_of(value)
        if resource.value_type is not None or value_type is None:
            return resource
        resource = replace(resource, value_type=value_type, example=example_of(value))
        self._describe(resource)
        return resource

    def _describe(self, resource: Resource) -> None:
        if self._new_resources is None:
            self._new_resources = dict(self._known.resources)
        self._new_resources[resource.key] = resource
        self._touched.resources.add(resource.key)

    def _store(self, resource: Resource, sample: Sample) -> None:
        value = sample.value
        if resource.kind is ResourceKind.OUTPUT:
            value = coerced(value, resource.value_type)
        known = self._samples.get(sample.key)
        if known is None or not is_same(known.value, value):
            self._touched.values.add(sample.key)
        elif sample.at is None or sample.at == known.at:
            return
        else:
            # Nobody is told, but what comes late must be compared with this time.
            value = known.value
        if self._new_samples is None:
            self._new_samples = dict(self._known.samples)
        self._new_samples[sample.key] = Sample(sample.key, value, sample.at)


def is_older(one: float | None, other: float | None) -> bool:
    """Return whether the one time is before the other, as far as they are known."""
    return one is not None and other is not None and one < other
