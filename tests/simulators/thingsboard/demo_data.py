"""The vendor's demo data, exactly (thingsboard.md 17)."""

from typing import Final

from .bus import Scope
from .device import Device
from .records import AlarmRule, Dashboard, DeviceProfile
from .store import Store
from .switches import Switches
from .users import Authority, User

from tests.simulators.clock import SimulatedClock
from tests.simulators.json_types import Json, JsonObject

TENANT_USER: Final = "tenant@thingsboard.org"
_DAY_MS: Final = 86_400_000
_AGE_MS: Final = 30 * _DAY_MS

_RULES: Final = (
    AlarmRule(
        type="High Temperature",
        severity="MAJOR",
        key="temperature",
        above=True,
        threshold_attribute="temperatureAlarmThreshold",
        default_threshold=25,
        flag_attribute="temperatureAlarmFlag",
        details="Current temperature = {}",
    ),
    AlarmRule(
        type="Low Humidity",
        severity="MINOR",
        key="humidity",
        above=False,
        threshold_attribute="humidityAlarmThreshold",
        default_threshold=60,
        flag_attribute="humidityAlarmFlag",
        details="Current humidity = {}",
    ),
)
_CUSTOMER_USERS: Final = {
    "customer@thingsboard.org": "Customer A",
    "customerA@thingsboard.org": "Customer A",
    "customerB@thingsboard.org": "Customer B",
    "customerC@thingsboard.org": "Customer C",
}
# Name, access token, customer, description.
_DEVICES: Final = (
    ("Test Device A1", "A1_TEST_TOKEN", "Customer A", None),
    ("Test Device A2", "A2_TEST_TOKEN", "Customer A", None),
    ("Test Device A3", "A3_TEST_TOKEN", "Customer A", None),
    ("Test Device B1", "B1_TEST_TOKEN", "Customer B", None),
    ("Test Device C1", "C1_TEST_TOKEN", "Customer C", None),
    (
        "DHT11 Demo Device",
        "DHT11_DEMO_TOKEN",
        None,
        (
            "Demo device that is used in sample applications that upload data from "
            "DHT11 temperature and humidity sensor"
        ),
    ),
    (
        "Raspberry Pi Demo Device",
        "RASPBERRY_PI_DEMO_TOKEN",
        None,
        "Demo device that is used in Raspberry Pi GPIO control sample application",
    ),
)
_THERMOSTATS: Final = (
    ("Thermostat T1", "T1_TEST_TOKEN", 37.3948, -122.1503, 20, 50),
    ("Thermostat T2", "T2_TEST_TOKEN", 37.493801, -121.948769, 25, 30),
)


def demo_state(
    *, clock: SimulatedClock | None = None, switches: Switches | None = None
) -> Store:
    """Make a server as after an installation with the demo data: no telemetry at all."""
    store = Store(clock, switches=switches)
    add_users(store)
    first = store.clock.now_ms() - _AGE_MS
    store.add(
        DeviceProfile(
            "thermostat", description="Thermostat device profile", alarm_rules=_RULES
        ),
        created=first,
    )
    for index, (name, token, customer, description) in enumerate(_DEVICES):
        store.add(
            Device(
                name,
                access_token=token,
                customer=store.customer(customer) if customer else None,
                additional_info={"description": description} if description else None,
            ),
            created=first + index + 1,
        )
    for index, (name, token, latitude, longitude, warm, dry) in enumerate(_THERMOSTATS):
        device = store.add(
            Device(
                name,
                type="thermostat",
                access_token=token,
                additional_info={
                    "description": "Demo device for Thermostats dashboard"
                },
            ),
            created=first + len(_DEVICES) + index + 1,
        )
        device.save_attributes(
            Scope.SERVER,
            {
                "latitude": latitude,
                "longitude": longitude,
                "temperatureAlarmFlag": True,
                "humidityAlarmFlag": True,
                "temperatureAlarmThreshold": warm,
                "humidityAlarmThreshold": dry,
            },
            ts=device.created,
        )
    for dashboard in _dashboards():
        store.add(dashboard)
    return store


def add_users(store: Store) -> None:
    """Make the users of the demo data, with their customers."""
    sysadmin = User(
        "sysadmin@thingsboard.org", "sysadmin", authority=Authority.SYS_ADMIN
    )
    store.add(sysadmin)
    store.add_user(TENANT_USER, "tenant")
    for title in sorted(set(_CUSTOMER_USERS.values())):
        store.add_customer(title)
    for email, title in _CUSTOMER_USERS.items():
        store.add_user(email, "customer", customer=store.customer(title))


def widget(
    keys: dict[str, Json], *, units: str = "", kind: str = "timeseries"
) -> JsonObject:
    """Widget that shows keys, each with its unit (text or object) or None."""
    data_keys: list[Json] = [
        {
            "name": key,
            "type": kind,
            "label": key.capitalize(),
            "units": unit,
            "decimals": 1,
            "settings": {},
        }
        for key, unit in keys.items()
    ]
    return {
        "typeFullFqn": "system.cards.entities_table",
        "type": "latest",
        "config": {
            "units": units,
            "decimals": 1,
            "datasources": [
                {
                    "type": "entity",
                    "entityAliasId": "1",
                    "dataKeys": data_keys,
                    "latestDataKeys": [],
                }
            ],
        },
    }


def _dashboards() -> list[Dashboard]:
    return [
        Dashboard(
            "Thermostats",
            {
                "widgets": {
                    "w1": widget({"temperature": "°C", "humidity": "%"}),
                    "w2": widget({"temperature": ""}, units="°C"),
                }
            },
        ),
        Dashboard("Firmware", {"widgets": {"w1": widget({"fw_state": ""})}}),
        Dashboard("Software", {"widgets": {"w1": widget({"sw_state": ""})}}),
        Dashboard("Rule Engine Statistics"),
    ]
