"""The sample data set (thinger.md 14.6)."""

from typing import Final

from .device import Device
from .resource import Fn, Resource, Style
from .state import MAIN_USER, Asset, Endpoint, State
from .tokens import User

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import Json

_HOUR: Final = 3600.0
_DAY: Final = 24 * _HOUR
_ROWS: Final = 48
_FLOW_METER: Final = "Flow meter"


def sample_state(*, generated: int = 0, clock: SimulatedClock | None = None) -> State:
    """Make the eight named devices, and as many generated ones as asked for."""
    state = State(clock)
    state.add_user(User("guest", "guest-password"))
    _add_assets(state)
    state.add_device(_boiler(), age=5 * _HOUR)
    state.add_device(_greenhouse(), age=2 * _DAY)
    state.add_device(
        Device("old_node", name="Old node", description="In the shed"), age=200 * _DAY
    )
    state.add_device(Device("fresh_node", name="Fresh node", connected_before=False))
    state.add_device(Device("paused", name="Paused", enabled=False), age=9 * _DAY)
    state.add_device(_meter(), age=30 * _DAY)
    state.add_device(_probe(), age=3 * _DAY)
    state.add_device(_forecast(), age=60 * _DAY)
    for number in range(generated):
        state.add_device(_generated(number), age=number * _HOUR)
    _fill_bucket(state)
    return state


def _boiler() -> Device:
    status: Json = {"pressure": 1.62, "burning": True, "mode": "eco", "fault": None}
    boiler = Device(
        "boiler_ctl",
        name="Boiler",
        description="Basement",
        asset_type="hvac",
        asset_group="home",
        project=[f"{MAIN_USER}@house"],
        active=True,
        resources=[
            Resource("temperature", Fn.OUTPUT, 21.5),
            Resource("relay", Fn.INPUT, True),
            Resource("pump", Fn.INPUT, True, style=Style.NAIVE),
            Resource("setpoint", Fn.INPUT, 21.0),
            Resource("message", Fn.INPUT, "Hello"),
            Resource("rgb", Fn.INPUT, {"r": 0, "g": 255, "b": 0}),
            Resource("threshold", Fn.INPUT_OUTPUT, {"value": 30}, style=Style.NAIVE),
            Resource("reboot", Fn.RUN),
            Resource("status", Fn.OUTPUT, status),
            Resource(_FLOW_METER, Fn.OUTPUT, 12.4),
            Resource(
                "$ota/options",
                Fn.OUTPUT,
                {"enabled": True, "block_size": 8192, "version": "1.4.2"},
            ),
        ],
    )
    boiler.properties["setpoint"] = 21
    return boiler


def _greenhouse() -> Device:
    return Device(
        "greenhouse",
        name="Greenhouse",
        protocol="proto",
        asset_group="home",
        active=True,
        resources=[
            Resource("climate/temperature", Fn.OUTPUT, 26.3),
            Resource("climate/humidity", Fn.OUTPUT, 64),
            Resource("climate/setpoint", Fn.INPUT, 24, access=1),
            Resource("stream_only", Fn.STREAM, 1),
        ],
    )


def _meter() -> Device:
    return Device(
        "meter",
        name="Meter",
        type="MQTT",
        product="energy",
        asset_group="home",
        active=True,
        resources=[
            Resource("power", Fn.OUTPUT, 431.7, product=True, source="topic"),
            Resource("reset", Fn.RUN, product=True, source="topic"),
        ],
    )


def _probe() -> Device:
    probe = Device("lora_probe", name="Probe", type="HTTP", asset_group="home")
    probe.callback_settings = {
        "actions": {"set_property": "last"},
        "properties": {"timeout": 10},
    }
    probe.properties = {
        "last": {"celsius": 7.9, "battery": 3.61},
        "location": {"latitude": 40.4168, "longitude": -3.7038},
    }
    return probe


def _forecast() -> Device:
    weather: Json = {"celsius": 17.2, "rain": False, "text": "Cloudy"}
    resource = Resource("weather", Fn.OUTPUT, weather, product=True, source="script")
    return Device(
        "forecast",
        name="Forecast",
        type="Virtual",
        product="weather",
        active=True,
        resources=[resource],
    )


def _generated(number: int) -> Device:
    """One of many, for paging: every kind, two of three online."""
    type_, protocol = (
        ("Generic", "iotmp"),
        ("Generic", "proto"),
        ("MQTT", "iotmp"),
        ("HTTP", "iotmp"),
        ("Virtual", "iotmp"),
    )[number % 5]
    is_product = type_ != "Generic"
    resources = [
        Resource("temperature", Fn.OUTPUT, 15 + number % 10 + 0.5, product=is_product),
        Resource("humidity", Fn.OUTPUT, 40 + number % 30, product=is_product),
    ]
    if not is_product:
        resources.append(Resource("relay", Fn.INPUT, False))
    return Device(
        f"node_{number + 1:03}",
        name=f"Node {number + 1}",
        type=type_,
        protocol="proto" if protocol == "proto" else "iotmp",
        active=number % 3 != 2,
        resources=resources,
    )


def _add_assets(state: State) -> None:
    state.assets = {
        "groups": [Asset(id="home", name="Home", properties={"timezone": "UTC"})],
        "types": [Asset(id="hvac", name="Heating and cooling")],
        "products": [
            Asset(id="energy", name="Energy meter"),
            Asset(id="weather", name="Weather service"),
        ],
        "projects": [Asset(id="house", name="House")],
    }
    state.add_endpoint(Endpoint(id="mail", name="Mail", description="To the owner"))


def _fill_bucket(state: State) -> None:
    """Two days of hourly rows."""
    bucket = state.add_bucket(
        "climate",
        name="Climate",
        config={
            "source": "device",
            "device": "boiler_ctl",
            "resource": "temperature",
            "update": "interval",
            "interval": 3600,
        },
    )
    for hours_ago in range(_ROWS, 0, -1):
        ts = state.clock.now_ms() - int(hours_ago * _HOUR * 1000)
        celsius = 19.0 + hours_ago % 12 / 4
        bucket.rows.append({"ts": ts, "device": "boiler_ctl", "celsius": celsius})
