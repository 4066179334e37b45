"""Data sets that are livelier, or larger, than the vendor's demo."""

from collections.abc import Callable
from typing import Final

from .bus import Scope
from .demo_data import TENANT_USER, add_users, demo_state, widget
from .device import Device
from .records import Asset, Dashboard, OtaPackage
from .store import Store
from .switches import Switches
from .updates import assign
from .values import Sample, Value

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import Json, JsonObject

_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
OTHER_USER: Final = "other@example.org"


def sample_state(
    *,
    generated: int = 0,
    clock: SimulatedClock | None = None,
    switches: Switches | None = None,
) -> Store:
    """Make the demo data with everything that a server can show, and generated devices."""
    store = demo_state(clock=clock, switches=switches)
    _revive_thermostats(store)
    _add_gateway(store)
    _add_odd_devices(store)
    _add_updatable_device(store)
    _add_sleepers(store)
    for number in range(generated):
        _add_generated(store, number)
    _add_methods(store)
    _add_assets(store)
    _add_dashboards(store)
    _add_alarms(store)
    _add_others(store)
    return store


def large_state(
    devices: int = 1000,
    keys: int = 10,
    *,
    clock: SimulatedClock | None = None,
    switches: Switches | None = None,
) -> Store:
    """Make many devices, all alike, each with so many telemetry keys; all are active."""
    store = Store(clock, switches=switches)
    add_users(store)
    now = store.clock.now_ms()
    customer = store.customer("Customer A")
    for number in range(devices):
        device = Device(
            f"Device {number + 1:05}",
            type="meter",
            customer=customer if number % 2 else None,
        )
        store.add(device, created=now - _DAY_MS + number)
        device.post_telemetry(
            {f"key{key + 1}": number + key / 4 for key in range(keys)}
        )
    return store


def thermostat(name: str, label: str | None = None, **others: str) -> Device:
    """Device that reports what its shared attributes tell it to do."""
    return Device(
        name,
        type="thermostat",
        label=label,
        access_token=others.get("access_token", ""),
        reactions=_thermostat_reactions(),
    )


def _thermostat_reactions() -> dict[str, str]:
    return {"targetTemperature": "target", "mode": "state", "enabled": "heating"}


def _revive_thermostats(store: Store) -> None:
    values: dict[str, tuple[float, int, float]] = {
        "Thermostat T1": (22.4, 44, 22.5),
        "Thermostat T2": (23.1, 41, 21.0),
        "TH-0042": (21.5, 55, 22.0),
    }
    living = thermostat("TH-0042", "Living room thermostat")
    living.customer = store.customer("Customer A")
    living.additional_info = {
        "gateway": False,
        "overwriteActivityTime": False,
        "description": "Hall, left of the door",
    }
    store.add(living)
    for name, (temperature, humidity, target) in values.items():
        device = store.device(name)
        device.reactions |= _thermostat_reactions()
        device.connect()
        device.save_attributes(
            Scope.SHARED,
            {"targetTemperature": target, "mode": "heat", "enabled": True},
        )
        device.post_attributes(
            {
                "model": "HX-3",
                "manufacturer": "Acme",
                "serialNumber": f"AC-{1000 + len(name)}",
                "fwVersion": "v1.4",
            }
        )
        device.post_telemetry(
            {
                "temperature": temperature,
                "humidity": humidity,
                "target": target,
                "state": "heat",
                "heating": True,
            }
        )


def _add_gateway(store: Store) -> None:
    gateway = store.add(
        Device(
            "Gateway G1",
            type="gateway",
            label="Basement gateway",
            additional_info={"gateway": True, "overwriteActivityTime": False},
        )
    )
    gateway.connect()
    gateway.post_telemetry({"rssi": -61, "uptime": 86400})
    children: dict[str, dict[str, Json]] = {
        "Meter M1": {"power": 431.5, "energy": 1204.75, "voltage": 230.4},
        "Meter M2": {"power": 0, "energy": 17.2, "voltage": 229.9},
    }
    for name, values in children.items():
        child = store.add(
            Device(
                name,
                type="meter",
                additional_info={"lastConnectedGateway": gateway.id},
            )
        )
        child.connect()
        child.post_telemetry(values)


def _add_odd_devices(store: Store) -> None:
    weather = store.add(Device("Weather station", type="weather", label="Roof"))
    weather.connect()
    weather.post_telemetry(
        {
            "wind": {"speed": 4.2, "direction": "NW", "gusts": [5.1, 7.9]},
            "readings": [1, 2.5, "three"],
            "Air pressure": 1013.2,
            "data.temp": 17.25,
            "rain/hour": 0.4,
            "Füllstand": 62,
            "温度": 17.3,
            "Temperature": 17.2,
            "temperature": 63.0,
            "raining": False,
            "empty": "",
        }
    )
    weather.put_telemetry({"serial": "007", "channel": "12", "version": "22.50"})
    tracker = store.add(Device("Tracker", type="tracker", label="Van"))
    tracker.connect()
    tracker.post_telemetry(
        {"latitude": 40.4168, "longitude": -3.7038, "speed": 12.5, "satellites": 9}
    )


def _add_updatable_device(store: Store) -> None:
    device = store.add(Device("Sprinkler", type="sprinkler", label="Lawn sprinkler"))
    profile = store.profile("sprinkler")
    running = store.add(OtaPackage("sprinkler-fw", "1.2.0", profile=profile))
    store.add(OtaPackage("sprinkler-fw", "1.3.0", profile=profile))
    store.add(OtaPackage("sprinkler-app", "4.0.1", kind="SOFTWARE", profile=profile))
    device.firmware_id = running.id
    assign(device, running)
    device.connect()
    device.post_telemetry(
        {
            "fw_state": "UPDATED",
            "current_fw_title": running.name,
            "current_fw_version": running.package_version,
            "valve": False,
            "flow": 0.0,
        }
    )
    device.save_attributes(Scope.SHARED, {"valve": False})
    device.reactions["valve"] = "valve"


def _add_sleepers(store: Store) -> None:
    door = store.add(
        Device("Door sensor", type="contact", customer=store.customer("Customer A"))
    )
    door.save_attributes(Scope.SERVER, {"inactivityTimeout": _DAY_MS})
    door.post_telemetry({"open": False, "battery": 87})
    cellar = store.add(Device("Cellar sensor", type="thermometer"))
    silent_since = store.clock.now_ms() - 3 * _DAY_MS
    cellar.put_telemetry({"temperature": 11.5, "battery": 3.1}, ts=silent_since)
    state: dict[str, Value] = {
        "active": False,
        "lastActivityTime": silent_since,
        "inactivityAlarmTime": silent_since + 600_000,
    }
    if store.switches.persist_state_to_telemetry:
        rows = [(key, Sample(silent_since, value)) for key, value in state.items()]
        cellar.save_telemetry(rows)
    else:
        cellar.save_attributes(Scope.SERVER, state, ts=silent_since)


def _add_methods(store: Store) -> None:
    """Let devices answer calls; the names are up to each device (10.4)."""
    for name in ("Thermostat T1", "Thermostat T2", "TH-0042"):
        device = store.device(name)
        device.rpc.on("setTargetTemperature", reports="target")
        device.rpc.on("getTargetTemperature", _reads(device, "target"))
        device.rpc.on("setMode", reports="state")
        device.rpc.on("setState", reports="heating")
        device.rpc.on("getState", _reads(device, "heating"))
        device.rpc.on("reboot")
    sprinkler = store.device("Sprinkler")
    sprinkler.rpc.on("setValue", reports="valve")
    sprinkler.rpc.on("getValue", _reads(sprinkler, "valve"))


def _reads(device: Device, key: str) -> Callable[[str, Json], Json]:
    return lambda method, params: device.telemetry(key)


def _add_generated(store: Store, number: int) -> None:
    device = store.add(Device(f"Node {number + 1:03}", type="node"))
    if number % 3 != 2:
        device.connect()
    device.put_telemetry(
        {
            "temperature": 15 + number % 10 + 0.5,
            "humidity": 40 + number % 30,
            "relay": number % 2 == 0,
        }
    )


def _add_assets(store: Store) -> None:
    house = store.add(Asset("House", type="building"))
    rooms: dict[str, tuple[str, ...]] = {
        "Living room": ("TH-0042", "Thermostat T1"),
        "Kitchen": ("Thermostat T2",),
        "Basement": ("Gateway G1", "Meter M1", "Meter M2", "Cellar sensor"),
    }
    for room, names in rooms.items():
        asset = store.add(Asset(room, type="room"))
        if room == "Living room":
            asset.customer = store.customer("Customer A")
        store.relate(house, asset)
        for name in names:
            store.relate(asset, store.device(name))
    store.relate(
        store.device("Gateway G1"),
        store.device("Meter M1"),
        type="Created",
        group="COMMON",
    )


def _add_dashboards(store: Store) -> None:
    celsius: JsonObject = {
        "from": "°C",
        "METRIC": "°C",
        "IMPERIAL": "°F",
        "HYBRID": "°C",
    }
    store.add(
        Dashboard(
            "Energy",
            {
                "widgets": {
                    "w1": widget({"power": "W", "energy": "kWh", "voltage": "V"}),
                    "w2": widget({"flow": ""}, units="L/min"),
                    "w3": widget({"Air pressure": "hPa", "data.temp": celsius}),
                    "w4": widget({"targetTemperature": "°C"}, kind="attribute"),
                }
            },
            customers=(store.customer("Customer A"),),
        )
    )


def _add_alarms(store: Store) -> None:
    """Add what the rules of the thermostats did not raise."""
    gateway, door = store.device("Gateway G1"), store.device("Door sensor")
    now = store.clock.now_ms()
    low = store.alarms.create(door, "Low battery", "WARNING", created=now - _DAY_MS)
    store.alarms.acknowledge(low)
    gone = store.alarms.create(
        gateway, "Connection lost", "CRITICAL", created=now - 2 * _DAY_MS
    )
    store.alarms.clear(gone)


def _add_others(store: Store) -> None:
    """Add a public customer, and a tenant that nobody else may see."""
    public = store.add_customer("Public", public=True)
    store.device("Weather station").customer = public
    other = store.add_tenant("Other tenant")
    store.add_user(OTHER_USER, "other-password", tenant=other)
    foreign = store.add(Device("Foreign device", tenant=other))
    foreign.put_telemetry({"temperature": -1})


__all__ = ["TENANT_USER", "large_state", "sample_state", "thermostat"]
