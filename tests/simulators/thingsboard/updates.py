"""Updates of firmware and software: what server and device write (thingsboard.md 14)."""

from typing import TYPE_CHECKING, Final

from .bus import Scope
from .records import OtaPackage
from .values import Sample, Value

if TYPE_CHECKING:
    from .device import Device

# What a device reports one after the other.
STEPS: Final = ("DOWNLOADING", "DOWNLOADED", "VERIFIED", "UPDATING", "UPDATED")
_BEGINNINGS: Final = {"QUEUED", "INITIATED"}
_ATTRIBUTES: Final = (
    "title",
    "version",
    "tag",
    "size",
    "checksum",
    "checksum_algorithm",
    "url",
)


def assign(device: Device, package: OtaPackage) -> None:
    """Write what the server writes when a package is assigned."""
    prefix, now = package.prefix, device.clock.now_ms()
    telemetry: dict[str, Value] = {
        f"target_{prefix}_title": package.name,
        f"target_{prefix}_version": package.package_version,
        f"target_{prefix}_tag": package.tag,
        f"target_{prefix}_ts": now,
        f"{prefix}_state": "QUEUED",
    }
    device.save_telemetry(
        [(key, Sample(now, value)) for key, value in telemetry.items()]
    )
    attributes: dict[str, Value] = {
        f"{prefix}_title": package.name,
        f"{prefix}_version": package.package_version,
        f"{prefix}_tag": package.tag,
    }
    if package.url is None:
        attributes |= {
            f"{prefix}_size": len(package.data),
            f"{prefix}_checksum": package.checksum,
            f"{prefix}_checksum_algorithm": "SHA256",
        }
    else:
        attributes[f"{prefix}_url"] = package.url
    device.save_telemetry([(f"{prefix}_state", Sample(now, "INITIATED"))])
    device.save_attributes(Scope.SHARED, attributes)


def withdraw(device: Device, prefix: str) -> None:
    """Delete the attributes of a package that is not assigned any more."""
    device.delete_attributes(Scope.SHARED, [f"{prefix}_{key}" for key in _ATTRIBUTES])


def advance(device: Device, prefix: str) -> str | None:
    """Let the device report its next step; the state, or None if there is nothing to do."""
    state = device.telemetry(f"{prefix}_state")
    title = device.attribute(Scope.SHARED, f"{prefix}_title")
    version = device.attribute(Scope.SHARED, f"{prefix}_version")
    if title is None or version is None or state not in {*_BEGINNINGS, *STEPS[:-1]}:
        return None
    step = 0 if state in _BEGINNINGS else STEPS.index(str(state)) + 1
    report: dict[str, Value] = {f"{prefix}_state": STEPS[step]}
    if STEPS[step] == STEPS[-1]:
        report[f"current_{prefix}_title"] = title
        report[f"current_{prefix}_version"] = version
    device.post_telemetry(report)
    return STEPS[step]


def fail(device: Device, prefix: str, error: str) -> None:
    """Let the device report that it failed."""
    device.post_telemetry({f"{prefix}_state": "FAILED", f"{prefix}_error": error})
