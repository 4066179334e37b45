"""The controls that a person added, as an entry's options hold them."""

from collections.abc import Mapping
import json
from typing import Any, Final

from ..model.control import DEFAULT_TIMEOUT, Control, ControlType
from ..model.value import JsonValue, is_storable
from .readers import (
    read_key,
    read_labels,
    read_number,
    read_step,
    read_text,
    read_texts,
)

CONF_CONTROLS: Final = "controls"
MINIMUM_TIMEOUT: Final = 5.0
MAXIMUM_TIMEOUT: Final = 25.0
"""Seconds: servers give up at 30, and a person long before that."""


def parse_controls(options: Mapping[str, Any]) -> tuple[Control, ...]:
    """Return the controls of an entry's options; whatever is unusable is left out."""
    rows = options.get(CONF_CONTROLS)
    if not isinstance(rows, list | tuple):
        return ()
    controls: dict[str, Control] = {}
    for row in rows:
        if control := control_from_dict(row):
            controls.setdefault(control.id, control)
    return tuple(controls.values())


def control_from_dict(row: object) -> Control | None:
    """Return the control that a row of the options stands for, None where it stands for none."""
    if not isinstance(row, Mapping):
        return None
    control_id, name, method = (
        read_text(row.get(field)) for field in ("id", "name", "method")
    )
    control_type = _type(row.get("type"))
    devices = frozenset(read_texts(row.get("devices")))
    parameters = row.get("parameters")
    on, off = row.get("on", True), row.get("off", False)
    options = read_labels(row.get("options"))
    if (
        not (control_id and name and method and control_type and devices)
        or not all(map(is_storable, (parameters, on, off)))
        or (control_type is ControlType.SELECT and not options)
    ):
        return None
    minimum, maximum = read_number(row.get("minimum")), read_number(row.get("maximum"))
    if minimum is not None and maximum is not None and minimum >= maximum:
        minimum = maximum = None
    return Control(
        id=control_id,
        name=name,
        type=control_type,
        devices=devices,
        method=method,
        parameters=parameters,
        on=on,
        off=off,
        one_way=row.get("one_way") is True,
        state=_state(row.get("state")),
        timeout=_timeout(row.get("timeout")),
        minimum=minimum,
        maximum=maximum,
        step=read_step(row.get("step")),
        unit=read_text(row.get("unit")) or None,
        options=options,
    )


def control_to_dict(control: Control) -> dict[str, Any]:
    """Return the row of the options for a control: what it must have, and what is set."""
    row: dict[str, Any] = {
        "parameters": control.parameters,
        "one_way": control.one_way or None,
        "state": control.state,
        "timeout": None if control.timeout == DEFAULT_TIMEOUT else control.timeout,
        "minimum": control.minimum,
        "maximum": control.maximum,
        "step": control.step,
        "unit": control.unit,
        "options": list(control.options) or None,
    }
    values = {"on": control.on, "off": control.off}
    return {
        "id": control.id,
        "name": control.name,
        "type": control.type.value,
        "devices": sorted(control.devices),
        "method": control.method,
        **(values if control.type is ControlType.SWITCH else {}),
        **{field: value for field, value in row.items() if value is not None},
    }


def json_of(text: str) -> JsonValue:
    """Return the value that a text of JSON stands for; raises ValueError where it is none."""
    try:
        value: JsonValue = json.loads(text)
    except RecursionError:
        raise ValueError("too deep") from None
    if not is_storable(value):
        raise ValueError("not strict JSON")
    return value


def _type(value: object) -> ControlType | None:
    try:
        return ControlType(str(value))
    except ValueError:
        return None


def _state(value: object) -> str | None:
    if not isinstance(value, str) or not value:
        return None
    # Without the device, which makes a key of it.
    return value if read_key(f"device/{value}") else None


def _timeout(value: object) -> float:
    seconds = read_number(value)
    if seconds is None:
        return DEFAULT_TIMEOUT
    return min(max(seconds, MINIMUM_TIMEOUT), MAXIMUM_TIMEOUT)
