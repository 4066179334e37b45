"""Which part may know which: all imports of the package, read without running it (design.md 3)."""

import ast
from collections.abc import Iterator
from pathlib import Path
import sys
from typing import Final

from homeassistant.const import Platform
import pytest

import custom_components

PACKAGE: Final = "custom_components.iot_platforms"
ROOT: Final = Path(custom_components.__path__[0]) / "iot_platforms"

RINGS: Final = {
    "model": ("model",),
    "transport": ("model", "transport"),
    "adapters": ("model", "transport", "adapters"),
    "mapping": ("model", "mapping"),
}
"""What these parts may use of the package; the rest may use everything but for the rules below."""
ENTITY_PLATFORMS: Final = frozenset(Platform) | {"entity"}
AT_RUN_TIME: Final = "something at run time"
OUR_LIBRARIES: Final = frozenset({"aiohttp", "jwt", "yarl", "aiomqtt", "paho"})
"""What the rings below Home Assistant may use besides the standard library."""


def imports(module: str, source: str, *, is_package: bool) -> Iterator[str]:
    """Yield the full name of everything that a module imports, wherever it does so.

    Of ``from a import b``, that is ``a.b``: b may be a module.
    """
    base = module.split(".") if is_package else module.split(".")[:-1]
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                above = base[: len(base) + 1 - node.level] if node.level else []
                where = ".".join([*above, *([node.module] if node.module else [])])
                yield from (f"{where}.{alias.name}" for alias in node.names)
            case (
                ast.Call(func=ast.Name(id="__import__"))
                | ast.Call(func=ast.Attribute(attr="import_module"))
            ):
                yield AT_RUN_TIME


def problem(module: str, imported: str) -> str | None:
    """Return what is wrong with an import, None where nothing is."""
    parts = module.removeprefix(PACKAGE).strip(".").split(".")
    ring, top = parts[0], imported.split(".", maxsplit=1)[0]
    if top in ("tests", "scripts"):
        return "the product does not know its tests"
    if imported == AT_RUN_TIME:
        return "what it is cannot be read"
    if f"{imported}.".startswith(f"{PACKAGE}."):
        return _problem_inside(parts, imported.removeprefix(PACKAGE).strip("."))
    if ring in ("model", "transport", "adapters"):
        allowed = sys.stdlib_module_names | (
            frozenset() if ring == "model" else OUR_LIBRARIES
        )
        return None if top in allowed else f"{ring} does not know {top}"
    if ring == "mapping" and top not in sys.stdlib_module_names | {"homeassistant"}:
        return f"mapping does not know {top}"
    return None


def _problem_inside(parts: list[str], imported: str) -> str | None:
    ring, target = parts[0], imported.split(".")
    if ring in RINGS and target[0] not in RINGS[ring]:
        return f"{ring} does not know {target[0] or 'the package itself'}"
    if ring in ENTITY_PLATFORMS and target[0] == "adapters":
        return "an entity does not know adapters"
    if ring == target[0] == "adapters" and parts[1:] != ["registry"]:
        own = parts[1] if len(parts) > 1 else None
        if target[1:2] not in (["base"], [own]):
            return f"the adapter {own} does not know {'.'.join(target[1:])}"
    return None


def problems(module: str, source: str, *, is_package: bool = False) -> list[str]:
    """Return all that is wrong with a module's imports."""
    return [
        f"{module} imports {imported}: {wrong}"
        for imported in imports(module, source, is_package=is_package)
        if (wrong := problem(module, imported))
    ]


def _modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(ROOT.rglob("*.py")):
        names = path.relative_to(ROOT).with_suffix("").parts
        yield ".".join([PACKAGE, *(n for n in names if n != "__init__")]), path


def test_arrows() -> None:
    """No import of the package points the wrong way."""
    modules = dict(_modules())
    assert len(modules) > 50
    assert [
        wrong
        for module, path in modules.items()
        for wrong in problems(
            module,
            path.read_text(encoding="utf-8"),
            is_package=path.stem == "__init__",
        )
    ] == []


def test_every_entity_platform_is_known() -> None:
    """The rule for entity platforms finds those that there are."""
    found = {module.split(".")[-1] for module, _ in _modules()} & ENTITY_PLATFORMS
    assert found >= {"sensor", "binary_sensor", "switch", "number", "entity"}


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("model.device", "import homeassistant.core"),
        ("model.device", "from homeassistant.const import Platform"),
        ("model.device", "import aiohttp"),
        ("model.device", "from ..transport import http"),
        ("model.device", "from ..transport.http import HttpClient"),
        ("model.device", "from .. import transport"),
        ("model.device", "from .. import DOMAIN"),
        ("model.device", f"import {PACKAGE}"),
        ("model.device", f"import {PACKAGE}.const"),
        ("model.device", f"from {PACKAGE}.adapters import base"),
        ("model.device", "def f():\n    from ..adapters import base"),
        ("model.device", "if TYPE_CHECKING:\n    from ..coordinator import X"),
        ("model.device", "try:\n    import orjson\nexcept ImportError: pass"),
        ("model.device", "import importlib\nimportlib.import_module('x')"),
        ("model.device", "__import__('homeassistant')"),
        ("model.device", "from tests.simulators import base"),
        ("transport.http", "from ..adapters.base import Adapter"),
        ("transport.http", "if TYPE_CHECKING:\n    import homeassistant"),
        ("transport.http", "import voluptuous as vol"),
        ("transport.http", "from ..const import DOMAIN"),
        ("adapters.thinger.client", "from homeassistant.core import HomeAssistant"),
        ("adapters.thinger.client", "from ...coordinator import AccountCoordinator"),
        ("adapters.thinger.client", "from ...mapping import spec"),
        ("adapters.thinger.client", "from ..cumulocity import client"),
        ("adapters.thinger.client", "from ..cumulocity.client import Client"),
        ("adapters.thinger.client", "from .. import cumulocity"),
        ("adapters.thinger.client", "from ..registry import PLATFORMS"),
        ("adapters.thinger.client", f"import {PACKAGE}.adapters.ct.client"),
        ("adapters.base", "from .thinger import ThingerAdapter"),
        ("adapters.registry", "from ..coordinator import AccountCoordinator"),
        ("mapping.rules", "from ..transport.tokens import Tokens"),
        ("mapping.rules", "from ..coordinator import AccountCoordinator"),
        ("mapping.rules", "from ..const import DOMAIN"),
        ("mapping.rules", "import aiohttp"),
        ("sensor", "from .adapters.base import Adapter"),
        ("sensor", "if TYPE_CHECKING:\n    from .adapters import registry"),
        ("entity", "from . import adapters"),
        ("coordinator", "from scripts import home"),
    ],
)
def test_wrong_arrows_are_found(module: str, source: str) -> None:
    """The check can fail: each of these is wrong once."""
    assert len(problems(f"{PACKAGE}.{module}", source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        (
            "model.device",
            "import json\nfrom .value import JsonValue\nfrom . import value",
        ),
        ("model.device", f"from {PACKAGE}.model.value import JsonValue"),
        ("transport.http", "import aiohttp\nfrom ..model.errors import PlatformError"),
        ("transport.http", "from .clock import Clock"),
        ("adapters.thinger.client", "from . import mapper\nfrom ..base import Adapter"),
        ("adapters.thinger.client", "from ...transport import sse"),
        ("adapters.thinger.client", "from ..thinger import mapper"),
        ("adapters.registry", "from .thinger import ThingerAdapter\nfrom . import ct"),
        ("mapping.rules", "import homeassistant.const\nfrom ..model import device"),
        (
            "mapping.tables.air",
            "from ..rules import RULES\nfrom ...model import device",
        ),
        ("sensor", "from .coordinator import X\nfrom .model.value import JsonValue"),
        ("coordinator", "from .adapters.base import Adapter\nimport voluptuous"),
        ("model.importlib_", "text = 'import homeassistant'"),
    ],
)
def test_right_arrows_pass(module: str, source: str) -> None:
    """The check does not cry wolf."""
    assert problems(f"{PACKAGE}.{module}", source) == []


def test_packages_count_from_themselves() -> None:
    """In an ``__init__``, one dot is the package itself."""
    name = f"{PACKAGE}.adapters.thinger"
    assert problems(name, "from .adapter import X", is_package=True) == []
    assert problems(name, "from ..ct import X", is_package=True)
    assert problems(PACKAGE, "from .adapters.base import X", is_package=True) == []
