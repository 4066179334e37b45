"""Which simulators there are: every folder here is one."""

from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from .base import Simulator


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """What the command line can say about a simulator."""

    host: str = "127.0.0.1"
    port: int = 0
    generated: int = 0


def platforms() -> list[str]:
    """Names of the platforms that have a simulator."""
    here = Path(__file__).parent
    return sorted(path.parent.name for path in here.glob("*/__init__.py"))


def make_demo(platform: str, options: DemoOptions) -> Simulator:
    """Make a platform's simulator with its sample data.

    Each folder exports `make_demo(options)`.
    """
    module = import_module(f"{__package__}.{platform}")
    simulator = module.make_demo(options)
    if not isinstance(simulator, Simulator):
        raise TypeError(f"{platform}: make_demo must give a Simulator")
    return simulator
