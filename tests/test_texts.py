"""Every text that code asks for is there, and every text that is there is asked for."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import yaml

from custom_components.iot_platforms.adapters.registry import PLATFORMS
from custom_components.iot_platforms.config_flow import SIGN_INS, IotPlatformsConfigFlow
from custom_components.iot_platforms.flows.base import CONF_TLS
from custom_components.iot_platforms.flows.options import (
    AUTOMATIC,
    AccountOptionsFlow,
    _entity_schema,
)
from custom_components.iot_platforms.mapping import EntityType
from custom_components.iot_platforms.model import errors
from custom_components.iot_platforms.model.platform import Capability
from custom_components.iot_platforms.services import DEVICE_TYPES

from tests.home import add_account
from tests.simulators.thinger import ThingerSimulator

PACKAGE = Path(errors.__file__).parents[1]
ENGLISH: dict[str, Any] = json.loads(
    (PACKAGE / "translations" / "en.json").read_text(encoding="utf-8")
)
ICONS: dict[str, Any] = json.loads((PACKAGE / "icons.json").read_text(encoding="utf-8"))
SERVICES: dict[str, Any] = yaml.safe_load(
    (PACKAGE / "services.yaml").read_text(encoding="utf-8")
)
PLACEHOLDER = re.compile(r"{(\w+)}")

# What the code gives to the texts, by who does it.
OF_ERRORS = {"name", "detail"}
OF_CONFIG_STEPS = {"account", "http"}
OF_ISSUES = {"account", "permission"}


def calls(*folders: str) -> Iterator[ast.Call]:
    """Find every call in some of our modules."""
    for folder in folders:
        for module in sorted(PACKAGE.glob(folder)):
            for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call):
                    yield node


def keyword(call: ast.Call, name: str) -> Iterator[str]:
    """Find the texts that are given for a keyword of a call."""
    for given in call.keywords:
        if given.arg == name:
            for node in ast.walk(given.value):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def reasons(*folders: str) -> set[str]:
    """Find the reasons of errors that some of our modules raise."""
    return {
        reason
        for call in calls(*folders)
        if not getattr(call.func, "attr", "").startswith("async_")
        for reason in keyword(call, "reason")
    } | default_reasons()


def default_reasons() -> set[str]:
    """Return the reasons of errors that are raised without one."""
    return {
        error.default_reason
        for error in vars(errors).values()
        if isinstance(error, type) and issubclass(error, errors.PlatformError)
    }


def constants(*folders: str) -> set[str]:
    """Find all texts in some of our modules."""
    return {
        node.value
        for folder in folders
        for module in sorted(PACKAGE.glob(folder))
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def placeholders(text: str) -> set[str]:
    """Return the names of a text's placeholders."""
    return set(PLACEHOLDER.findall(text))


def leaves(tree: Any) -> Iterator[str]:
    """Return all texts of a tree."""
    if isinstance(tree, str):
        yield tree
    else:
        for part in tree.values():
            yield from leaves(part)


ADAPTERS = ("model/*.py", "transport/*.py", "adapters/**/*.py")
FLOWS = ("flows/*.py", "config_flow.py")


def test_reasons_are_found() -> None:
    """The search below finds what it is meant to find."""
    assert {"unknown", "tls_failed", "timed_out", "invalid_url"} <= reasons(*ADAPTERS)
    assert {"token_and_password", "credentials_missing"} <= reasons(*FLOWS)


def test_every_reason_has_its_texts() -> None:
    """What an adapter can raise can be shown in a form and in an exception."""
    shown = ENGLISH["config"]["error"]
    assert reasons(*ADAPTERS) | reasons(*FLOWS) <= shown.keys()
    # Some reasons are chosen by a function before they are raised: any text will do.
    assert shown.keys() <= constants(*ADAPTERS, *FLOWS)
    raised = shown.keys() & constants(*ADAPTERS)
    for reason in raised:
        message = ENGLISH["exceptions"][reason]["message"]
        assert placeholders(message) <= OF_ERRORS, reason
    for text in shown.values():
        assert placeholders(text) <= OF_CONFIG_STEPS


def test_every_exception_has_its_text() -> None:
    """What is raised on its own has a text with its placeholders; no text is left over."""
    own: dict[str, set[str]] = {}
    for call in calls("*.py"):
        if isinstance(call.func, ast.Name) and call.func.id == "_invalid":
            key = call.args[1]
            assert isinstance(key, ast.Constant)
            given = {str(keyword.arg) for keyword in call.keywords} | {"field"}
            own.setdefault(str(key.value), set()).update(given)
            continue
        if not any(given.arg == "translation_domain" for given in call.keywords):
            continue
        for key in keyword(call, "translation_key"):
            given = {
                str(name.value)
                for argument in call.keywords
                if argument.arg == "translation_placeholders"
                for name in getattr(argument.value, "keys", [])
                if isinstance(name, ast.Constant)
            }
            own.setdefault(key, set()).update(given)
    texts = ENGLISH["exceptions"]
    of_adapters = ENGLISH["config"]["error"].keys() & constants(*ADAPTERS)
    assert texts.keys() == of_adapters | own.keys()
    for key, given in own.items():
        assert placeholders(texts[key]["message"]) <= given, key
        if "field" in given:
            assert texts[key]["message"].startswith("{field}: "), key


def test_every_step_of_adding_has_its_texts() -> None:
    """Each field of each form has a label and a description, and no text is left over."""
    steps = ENGLISH["config"]["step"]
    assert steps.keys() == {"user", "reauth_confirm", "reconfigure", *PLATFORMS}
    assert steps["user"]["menu_options"].keys() == set(PLATFORMS)
    assert steps["user"]["menu_option_descriptions"].keys() == set(PLATFORMS)
    for platform, sign_in in SIGN_INS.items():
        assert steps["user"]["menu_options"][platform] == PLATFORMS[platform].title
        whole = {str(field) for field in sign_in.account_schema().schema}
        for step in (platform, "reconfigure"):
            assert_fields(steps[step], whole)
        for stored in ({"username": "x"}, {}):
            part = {str(field) for field in sign_in.credentials_schema(stored).schema}
            assert part <= steps["reauth_confirm"]["data"].keys()
    assert steps["reauth_confirm"]["data"].keys() == (
        steps["reauth_confirm"]["data_description"].keys()
    )
    for step in steps:
        assert hasattr(IotPlatformsConfigFlow, f"async_step_{step}")
    for text in leaves(steps):
        assert placeholders(text) <= OF_CONFIG_STEPS
    assert ENGLISH["config"]["abort"].keys() == aborts("config_flow.py")


def assert_fields(texts: dict[str, Any], fields: set[str]) -> None:
    """Check that a form has texts for its fields, those of the section too, and for no others."""
    assert texts["data"].keys() == fields - {CONF_TLS}
    assert texts["data_description"].keys() == fields - {CONF_TLS}
    tls = texts["sections"][CONF_TLS]
    assert tls.keys() == {"name", "description", "data", "data_description"}
    assert tls["data"].keys() == {"ca_certificate", "verify_ssl"}
    assert tls["data_description"].keys() == tls["data"].keys()


def aborts(module: str) -> set[str]:
    """Find the reasons for which a flow ends without an entry."""
    found = set()
    for call in calls(module):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        if name == "async_abort":
            found |= set(keyword(call, "reason"))
        elif name == "AbortFlow" and isinstance(call.args[0], ast.Constant):
            found.add(str(call.args[0].value))
    return found


def test_every_step_of_the_options_has_its_texts() -> None:
    """The same for the options."""
    options = ENGLISH["options"]
    steps = options["step"]
    menu = {"devices", "reading", "resource", "updates"}
    assert steps.keys() == menu | {"init", "entity"}
    assert steps["init"]["menu_options"].keys() == menu
    assert steps["init"]["menu_option_descriptions"].keys() == menu
    for step, texts in steps.items():
        assert hasattr(AccountOptionsFlow, f"async_step_{step}")
        assert texts.get("data", {}).keys() == texts.get("data_description", {}).keys()
    entity = {str(field) for field in _entity_schema([*EntityType]).schema}
    assert steps["entity"]["data"].keys() == entity
    assert steps["devices"]["data"].keys() == {"excluded_devices"}
    assert steps["reading"]["data"].keys() == {"safe_devices", "safe_resources"}
    assert steps["resource"]["data"].keys() == {"resource"}
    assert steps["updates"]["data"].keys() == {"value_interval"}
    assert {p for text in leaves(steps) for p in placeholders(text)} == {"resource"}
    assert options["abort"].keys() == aborts("flows/options.py")
    assert options["error"].keys() == {"maximum_too_low", "step_too_small"}


def test_every_selector_has_its_texts() -> None:
    """Whatever can be chosen has a label."""
    selectors = ENGLISH["selector"]
    assert selectors.keys() == {"entity_type", "device_type"}
    assert selectors["entity_type"]["options"].keys() == {AUTOMATIC, *EntityType}
    assert selectors["device_type"]["options"].keys() == DEVICE_TYPES.keys()
    chosen = SERVICES["add_device"]["fields"]["device_type"]["selector"]["select"]
    assert chosen["options"] == list(DEVICE_TYPES)


async def test_every_entity_has_its_texts(
    hass: HomeAssistant, thinger: ThingerSimulator
) -> None:
    """What we name ourselves has a name and an icon; nothing else has."""
    entry = await add_account(hass, thinger.account().credentials())
    registry = er.async_get(hass)
    used: dict[str, set[str]] = {}
    for entity in er.async_entries_for_config_entry(registry, entry.entry_id):
        if entity.translation_key is not None:
            used.setdefault(entity.domain, set()).add(entity.translation_key)
    for texts in (ENGLISH["entity"], ICONS["entity"]):
        assert {domain: set(keys) for domain, keys in texts.items()} == used


def test_every_issue_has_its_texts() -> None:
    """Each missing permission is explained."""
    assert ENGLISH["issues"].keys() == {f"permission_{c}" for c in Capability}
    for issue in ENGLISH["issues"].values():
        assert placeholders(issue["title"]) == {"account"}
        assert placeholders(issue["description"]) == {"permission"}


def test_every_action_has_its_texts() -> None:
    """Each action and each of its fields has name, description, and the action an icon."""
    assert ENGLISH["services"].keys() == SERVICES.keys() == ICONS["services"].keys()
    for name, service in SERVICES.items():
        texts = ENGLISH["services"][name]
        assert texts.keys() == {"name", "description", "fields"}
        assert texts["fields"].keys() == service["fields"].keys()
        for field in texts["fields"].values():
            assert field.keys() == {"name", "description"}
    assert not any(placeholders(text) for text in leaves(ENGLISH["services"]))


def test_nothing_else_is_there() -> None:
    """No part of the texts is one that nobody asked for."""
    assert ENGLISH.keys() == {
        "config",
        "options",
        "selector",
        "entity",
        "exceptions",
        "issues",
        "services",
    }
    assert ENGLISH["config"].keys() == {"step", "error", "abort"}
    assert ENGLISH["options"].keys() == {"step", "error", "abort"}


def test_style() -> None:
    """Texts begin with a capital, and hold no slips."""
    for text in set(leaves(ENGLISH)):
        start = text.removeprefix("{field}: ")
        assert start[0].isupper() or start != text or start[0] in "{0123456789", text
        assert not text.endswith(("..", "!")), text
        assert "  " not in text, text
        assert "please" not in text.lower(), text
