"""Check the files that no linter reads: manifest, texts, icons, quality scale, brand images.

Follows Home Assistant's own validator as far as it concerns a custom integration, and adds what
that leaves out. Prints one line for each problem and ends with 1 if there is any.
"""

from collections.abc import Callable, Iterator
from itertools import pairwise
import json
from pathlib import Path
import re
import sys
from typing import Any

import yaml

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "custom_components" / "iot_platforms"

type Problems = Iterator[str]
# The files are what is to be checked, so nothing is known of what they hold.
type Tree = dict[str, Any]
type Leaf = tuple[tuple[str, ...], str]

MANIFEST_REQUIRED = {
    "domain",
    "name",
    "codeowners",
    "config_flow",
    "documentation",
    "integration_type",
    "iot_class",
    "issue_tracker",
    "version",
}
MANIFEST_OPTIONAL = {
    "after_dependencies",
    "dependencies",
    "mqtt",
    "requirements",
    "zeroconf",
}
HACS_KEYS = {
    "content_in_root",
    "country",
    "filename",
    "hacs",
    "hide_default_branch",
    "homeassistant",
    "name",
    "persistent_directory",
    "render_readme",
    "zip_release",
}
VERSION = re.compile(r"\d+\.\d+\.\d+((a|b|rc|-beta\.)\d+)?")

TRANSLATION_KEY = re.compile(r"[a-z0-9]+([-_][a-z0-9]+)*")
PLACEHOLDER = re.compile(r"{(\w+)}")
FORBIDDEN_IN_TEXTS = {
    "an address, use a placeholder": re.compile(r"://|\bwww\."),
    "HTML": re.compile(r"</?[a-zA-Z][^>]*>"),
    "a blank at an end": re.compile(r"\A\s|\s\Z"),
    "a placeholder in single quotes": re.compile(r"'{\w+}'"),
    "a reference, which only works in Home Assistant itself": re.compile(r"\[%key:"),
}

ICON = re.compile(r"mdi:[a-z0-9]+(-[a-z0-9]+)*")

# Every rule of the integration quality scale, bronze to platinum.
QUALITY_RULES = """
    action-setup appropriate-polling brands common-modules config-flow config-flow-test-coverage
    dependency-transparency docs-actions docs-conditions docs-high-level-description
    docs-installation-instructions docs-removal-instructions docs-triggers entity-event-setup
    entity-unique-id has-entity-name runtime-data test-before-configure test-before-setup
    unique-config-entry

    action-exceptions config-entry-unloading docs-configuration-parameters
    docs-installation-parameters entity-unavailable integration-owner log-when-unavailable
    parallel-updates reauthentication-flow test-coverage

    devices diagnostics discovery discovery-update-info docs-data-update docs-examples
    docs-known-limitations docs-supported-devices docs-supported-functions docs-troubleshooting
    docs-use-cases dynamic-devices entity-category entity-device-class entity-disabled-by-default
    entity-translations exception-translations icon-translations reconfiguration-flow
    repair-issues stale-devices

    async-dependency inject-websession strict-typing
""".split()  # noqa: SIM905 - one a line would fill a page

BRAND_IMAGES = {  # the allowed lengths of the shorter side; icons are square
    "icon.png": range(256, 257),
    "icon@2x.png": range(512, 513),
    "logo.png": range(128, 257),
    "logo@2x.png": range(256, 513),
}


def read_json(path: Path) -> Tree:
    """Read a JSON file that holds an object."""
    tree = json.loads(path.read_text(encoding="utf-8"))
    return tree if isinstance(tree, dict) else {}


def read_yaml(path: Path) -> Tree:
    """Read a YAML file that holds a mapping."""
    tree = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tree if isinstance(tree, dict) else {}


def leaves(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[Leaf]:
    """Go through all texts of nested objects."""
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from leaves(value, (*path, key))
        else:
            yield (*path, key), str(value)


def objects(
    tree: Tree, path: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Tree]]:
    """Go through all nested objects, the outermost first."""
    yield path, tree
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from objects(value, (*path, key))


def check_manifest() -> Problems:
    """Check the manifest's keys, their order and their values."""
    manifest = read_json(PACKAGE / "manifest.json")
    keys = list(manifest)
    yield from (
        f"{key} is missing" for key in sorted(MANIFEST_REQUIRED - manifest.keys())
    )
    yield from (
        f"{key} is unknown"
        for key in sorted(manifest.keys() - MANIFEST_REQUIRED - MANIFEST_OPTIONAL)
    )
    if keys[:2] != ["domain", "name"] or keys[2:] != sorted(keys[2:]):
        yield "the order is domain, name, then alphabetical"
    if manifest.get("domain") != PACKAGE.name:
        yield "domain is not the folder's name"
    if not VERSION.fullmatch(version := manifest.get("version", "")):
        yield f"version {version!r} is not of the form 1.2.3"
    for key in ("documentation", "issue_tracker"):
        if not manifest.get(key, "").startswith("https://"):
            yield f"{key} is not an https address"
    if not manifest.get("codeowners"):
        yield "codeowners is empty"
    if manifest.get("requirements"):
        yield "requirements is not empty: Home Assistant has everything needed"


def check_hacs() -> Problems:
    """Check what HACS reads."""
    hacs = read_json(ROOT / "hacs.json")
    yield from (f"{key} is unknown" for key in sorted(hacs.keys() - HACS_KEYS))
    if not hacs.get("name"):
        yield "name is missing"
    if not re.fullmatch(r"20\d\d\.\d+\.\d+(b\d+)?", hacs.get("homeassistant", "")):
        yield "homeassistant is not a version"
    if hacs.get("zip_release") and hacs.get("filename") != f"{PACKAGE.name}.zip":
        yield f"filename is not {PACKAGE.name}.zip"


def check_text(path: tuple[str, ...], text: str) -> Problems:
    """Check one translated text and its key."""
    name = ".".join(path)
    for key in path:
        if not TRANSLATION_KEY.fullmatch(key):
            yield f"{name}: the key {key!r} is malformed"
    for what, pattern in FORBIDDEN_IN_TEXTS.items():
        if pattern.search(text):
            yield f"{name}: holds {what}"
    if not text:
        yield f"{name}: is empty"
    is_state = path[0] == "entity" and (
        "state" in path[3:-1] or path[-1] == "unit_of_measurement"
    )
    if is_state and PLACEHOLDER.search(text):
        yield f"{name}: states and units have no placeholders"


def check_structure(texts: Tree) -> Problems:
    """Check how the texts of the reference language belong together."""
    for path, tree in objects(texts):
        fields = tree.get("data", {}).keys() | tree.get("sections", {}).keys()
        for field in tree.get("data_description", {}).keys() - fields:
            yield f"{'.'.join(path)}: data_description has {field}, data has not"
    for key, issue in texts.get("issues", {}).items():
        if "title" not in issue or ("description" in issue) == ("fix_flow" in issue):
            yield f"issues.{key}: needs a title, and either a description or a fix_flow"
    for key, subentry in texts.get("config_subentries", {}).items():
        if "entry_type" not in subentry or "user" not in subentry.get(
            "initiate_flow", {}
        ):
            yield f"config_subentries.{key}: needs entry_type and initiate_flow.user"


def check_translations() -> Problems:
    """Check every text, and that all languages have the same keys and placeholders."""
    folder = PACKAGE / "translations"
    reference = read_json(folder / "en.json")
    expected = dict(leaves(reference))
    yield from (f"en: {problem}" for problem in check_structure(reference))
    for file in sorted(folder.glob("*.json")):
        language = file.stem
        texts = dict(leaves(read_json(file)))
        for path, text in texts.items():
            yield from (f"{language}: {problem}" for problem in check_text(path, text))
        for path in expected.keys() - texts.keys():
            yield f"{language}: {'.'.join(path)} is missing"
        for path in texts.keys() - expected.keys():
            yield f"{language}: {'.'.join(path)} is not in en.json"
        for path in texts.keys() & expected.keys():
            if set(PLACEHOLDER.findall(texts[path])) != set(
                PLACEHOLDER.findall(expected[path])
            ):
                yield f"{language}: {'.'.join(path)} has other placeholders than in en.json"


def check_services() -> Problems:
    """Check that every action and field has its texts and every action its icon."""
    if not (file := PACKAGE / "services.yaml").exists():
        return
    texts = read_json(PACKAGE / "translations" / "en.json").get("services", {})
    icons = read_json(PACKAGE / "icons.json").get("services", {})
    services = read_yaml(file)
    yield from (f"{name} is only in en.json" for name in texts.keys() - services.keys())
    yield from (
        f"{name} is only in icons.json" for name in icons.keys() - services.keys()
    )
    for name, service in services.items():
        text = texts.get(name, {})
        if "service" not in icons.get(name, {}):
            yield f"{name} has no icon"
        if not text.get("name") or not text.get("description"):
            yield f"{name} has no name or description in en.json"
        fields = (service or {}).get("fields", {})
        for section in [
            field for field in fields.values() if "fields" in (field or {})
        ]:
            fields = fields | section["fields"]
        inputs = {key for key, field in fields.items() if "fields" not in (field or {})}
        for key in sorted(inputs ^ text.get("fields", {}).keys()):
            yield f"{name}: the field {key} is not both in services.yaml and in en.json"


def check_icons() -> Problems:
    """Check the icons' names, their thresholds, and that someone uses them."""
    if not (file := PACKAGE / "icons.json").exists():
        return
    icons = read_json(file)
    for path, icon in leaves(icons):
        if not ICON.fullmatch(icon):
            yield f"{'.'.join(path)}: {icon!r} is not an mdi icon"
    code = "\n".join(file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py"))
    texts = read_json(PACKAGE / "translations" / "en.json").get("entity", {})
    for platform, entities in icons.get("entity", {}).items():
        for key, entity in entities.items():
            if key not in texts.get(platform, {}) and f'"{key}"' not in code:
                yield f"entity.{platform}.{key}: nothing has this translation key"
            thresholds = [float(limit) for limit in entity.get("range", {})]
            if any(low >= high for low, high in pairwise(thresholds)):
                yield f"entity.{platform}.{key}: range does not ascend"


def check_quality_scale() -> Problems:
    """Check that each rule of the quality scale is answered."""
    rules = read_yaml(PACKAGE / "quality_scale.yaml").get("rules", {})
    yield from (f"{rule} is missing" for rule in QUALITY_RULES if rule not in rules)
    yield from (f"{rule} is unknown" for rule in rules if rule not in QUALITY_RULES)
    for rule, answer in rules.items():
        status = answer.get("status") if isinstance(answer, dict) else answer
        if status not in {"done", "todo", "exempt"}:
            yield f"{rule}: {status!r} is not a status"
        if status == "exempt" and not (
            isinstance(answer, dict) and answer.get("comment")
        ):
            yield f"{rule}: an exemption needs a comment"


def png_size(file: Path) -> tuple[int, int]:
    """Read width and height from a PNG file's header."""
    header = file.read_bytes()[:24]
    if header[:8] != b"\x89PNG\r\n\x1a\n":
        return 0, 0
    return int.from_bytes(header[16:20]), int.from_bytes(header[20:24])


def check_brand() -> Problems:
    """Check that the images are there and have the sizes asked for."""
    for name, short_side in BRAND_IMAGES.items():
        if not (file := PACKAGE / "brand" / name).exists():
            yield f"{name} is missing"
            continue
        width, height = png_size(file)
        fits = width == height if name.startswith("icon") else width >= height
        if not fits or min(width, height) not in short_side:
            yield f"{name} is {width} x {height}"


CHECKS: dict[str, Callable[[], Problems]] = {
    "manifest.json": check_manifest,
    "hacs.json": check_hacs,
    "translations": check_translations,
    "services.yaml": check_services,
    "icons.json": check_icons,
    "quality_scale.yaml": check_quality_scale,
    "brand": check_brand,
}


def run(name: str, check: Callable[[], Problems]) -> list[str]:
    """Run one check; a file that cannot be read is a problem like others."""
    try:
        return [f"{name}: {problem}" for problem in check()]
    except (OSError, ValueError, yaml.YAMLError) as error:
        return [f"{name}: {error}"]


def main() -> int:
    """Run all checks and print what they find."""
    problems = [
        problem for name, check in CHECKS.items() for problem in run(name, check)
    ]
    print("\n".join(problems) or "All checks passed!")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
