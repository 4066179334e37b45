"""Every text that code asks for is there, and every text that is there is asked for."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any

from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import voluptuous as vol
import yaml

from custom_components.iot_platforms.actions.attributes import SCOPES, WRITABLE_SCOPES
from custom_components.iot_platforms.actions.devices import DEVICE_TYPES
from custom_components.iot_platforms.actions.history import AGGREGATIONS
from custom_components.iot_platforms.adapters.registry import PLATFORMS
from custom_components.iot_platforms.config_flow import SIGN_INS, IotPlatformsConfigFlow
from custom_components.iot_platforms.flows.base import CONF_TLS
from custom_components.iot_platforms.flows.controls import (
    ADD,
    NUMBER_SCHEMA,
    SELECT_SCHEMA,
    SWITCH_SCHEMA,
    _control_schema,
)
from custom_components.iot_platforms.flows.options import (
    AUTOMATIC,
    AccountOptionsFlow,
    _entity_schema,
)
from custom_components.iot_platforms.flows.overview import Overview, overview_schema
from custom_components.iot_platforms.mapping import EntityType
from custom_components.iot_platforms.model import errors
from custom_components.iot_platforms.model.control import ControlType
from custom_components.iot_platforms.model.platform import Capability, Feature

from tests.home import add_account
from tests.simulators.thinger import ThingerSimulator
from tests.simulators.thingsboard import ThingsBoardSimulator

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
OF_OVERVIEWS = {"account", "devices", "entities", "disabled"}

NOT_IN_THE_SAMPLES = {"sensor": {"last_disconnect"}, "update": {"software"}}
"""Entities that no device of the simulators has."""


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
    assert {"credentials_missing"} <= reasons(*FLOWS)


def test_every_reason_has_its_texts() -> None:
    """What an adapter can raise can be shown in a form and in an exception."""
    shown = ENGLISH["config"]["error"]
    assert reasons(*ADAPTERS) | reasons(*FLOWS) <= shown.keys()
    for sign_in in SIGN_INS.values():
        assert sign_in.error_fields.keys() <= shown.keys()
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
    for call in calls("*.py", "actions/*.py"):
        if isinstance(call.func, ast.Name) and call.func.id == "invalid":
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
    overviews = {"overview", "overview_large"}
    again = {"reauth_confirm", "reconfigure"}
    assert steps.keys() == {"user", *PLATFORMS, *overviews, *again}
    assert steps["user"]["menu_options"].keys() == set(PLATFORMS)
    assert steps["user"]["menu_option_descriptions"].keys() == set(PLATFORMS)
    asked: dict[str, set[str]] = {step: set() for step in again}
    for platform, sign_in in SIGN_INS.items():
        assert steps["user"]["menu_options"][platform] == PLATFORMS[platform].title
        whole = fields(sign_in.account_schema())
        assert_fields(steps[platform], whole)
        asked["reconfigure"] |= whole
        for stored in ({"username": "x"}, {}):
            asked["reauth_confirm"] |= fields(sign_in.credentials_schema(stored))
    assert_fields(steps["reconfigure"], asked["reconfigure"])
    data = steps["reauth_confirm"]
    assert data["data"].keys() == data["data_description"].keys()
    assert data["data"].keys() == asked["reauth_confirm"]
    for step in overviews:
        shown = fields(overview_schema(Overview((), 0, 0), [*Feature]))
        assert steps[step]["data"].keys() == steps[step]["data_description"].keys()
        assert steps[step]["data"].keys() == shown
        assert {p for text in leaves(steps[step]) for p in placeholders(text)} == (
            OF_OVERVIEWS
        )
    for step in steps:
        assert hasattr(IotPlatformsConfigFlow, f"async_step_{step}")
    for step in steps.keys() - overviews:
        for text in leaves(steps[step]):
            assert placeholders(text) <= OF_CONFIG_STEPS
    assert ENGLISH["config"]["abort"].keys() == aborts("config_flow.py")


def fields(schema: vol.Schema) -> set[str]:
    """Return the names of a form's fields."""
    return {str(field) for field in schema.schema}


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
    menu = {"devices", "reading", "controls", "resource", "updates"}
    assert steps["init"]["menu_options"].keys() == menu
    assert steps["init"]["menu_option_descriptions"].keys() == menu
    asked = {
        "init": set(),
        "devices": {"excluded_devices"},
        "reading": {"safe_devices", "safe_resources"},
        "resource": {"resource"},
        "entity": fields(_entity_schema([*EntityType])),
        "updates": {"value_interval", "hides_inactive", "reads_dashboards"},
        "controls": {"control"},
        "control": fields(_control_schema([], [], is_new=False)),
        "control_switch": fields(SWITCH_SCHEMA),
        "control_number": fields(NUMBER_SCHEMA),
        "control_select": fields(SELECT_SCHEMA),
    }
    assert steps.keys() == asked.keys()
    for step, texts in steps.items():
        assert hasattr(AccountOptionsFlow, f"async_step_{step}")
        assert texts.get("data", {}).keys() == asked[step], step
        assert texts.get("data_description", {}).keys() == asked[step], step
    found = {step: {*placeholders("".join(leaves(steps[step])))} for step in steps}
    assert found.pop("entity") == {"resource"}
    assert found.pop("control") == {"example"}
    assert not any(found.values())
    assert options["abort"].keys() == aborts("flows/*.py")
    assert options["error"].keys() == {
        "maximum_too_low",
        "step_too_small",
        "text_missing",
        "devices_missing",
        "invalid_json",
        "same_values",
        "options_missing",
    }


def test_every_selector_has_its_texts() -> None:
    """Whatever can be chosen has a label."""
    selectors = ENGLISH["selector"]
    assert selectors.keys() == {
        "entity_type",
        "device_type",
        "control",
        "control_type",
        "attribute_scope",
        "aggregation",
    }
    assert selectors["entity_type"]["options"].keys() == {AUTOMATIC, *EntityType}
    assert selectors["control"]["options"].keys() == {ADD}
    assert selectors["control_type"]["options"].keys() == {*ControlType}
    assert selectors["device_type"]["options"].keys() == DEVICE_TYPES.keys()
    assert selectors["attribute_scope"]["options"].keys() == set(SCOPES)
    assert selectors["aggregation"]["options"].keys() == set(AGGREGATIONS)
    for action, field, options in (
        ("add_device", "device_type", DEVICE_TYPES),
        ("read_attributes", "scope", SCOPES),
        ("write_attributes", "scope", WRITABLE_SCOPES),
        ("read_history", "aggregation", AGGREGATIONS),
    ):
        chosen = SERVICES[action]["fields"][field]["selector"]["select"]
        assert chosen["options"] == list(options)
        assert chosen["translation_key"] in selectors


async def test_every_entity_has_its_texts(
    hass: HomeAssistant, thinger: ThingerSimulator, thingsboard: ThingsBoardSimulator
) -> None:
    """What we name ourselves has a name and an icon; nothing else has."""
    for simulator in (thinger, thingsboard):
        credentials = simulator.account().credentials()
        await add_account(hass, credentials, platform=simulator.platform)
    used = {domain: set(keys) for domain, keys in NOT_IN_THE_SAMPLES.items()}
    for entity in er.async_get(hass).entities.values():
        if entity.translation_key is not None:
            used.setdefault(entity.domain, set()).add(entity.translation_key)
    for texts in (ENGLISH["entity"], ICONS["entity"]):
        assert {domain: set(keys) for domain, keys in texts.items()} == used


def test_every_issue_has_its_texts() -> None:
    """Each missing permission is explained, and too many entities are."""
    permissions = {f"permission_{c}" for c in Capability}
    assert ENGLISH["issues"].keys() == permissions | {"many_entities"}
    for key, issue in ENGLISH["issues"].items():
        assert placeholders(issue["title"]) == {"account"}
        given = {"permission"} if key in permissions else {"count", "limit"}
        assert placeholders(issue["description"]) == given


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
