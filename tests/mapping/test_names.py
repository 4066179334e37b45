"""Names as people read them."""

from hypothesis import given, strategies as st
import pytest

from custom_components.iot_platforms.mapping.names import (
    MAXIMUM_LENGTH,
    Word,
    humanise,
    tokens,
    words,
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tempOut", "Temp out"),
        ("flow_meter", "Flow meter"),
        ("flow-meter", "Flow meter"),
        ("FLOW_METER", "Flow meter"),
        ("Flow meter", "Flow meter"),
        ("flow meter", "Flow meter"),
        ("Living Room temp_out", "Living Room temp out"),
        ("  kitchen \t lamp\n", "Kitchen lamp"),
        ("millis()", "Millis"),
        ("climate/setpoint", "Climate setpoint"),
        ("data.temp", "Data temp"),
        ("$ota/options", "OTA options"),
        ("batteryVoltage2", "Battery voltage 2"),
        ("relay1", "Relay 1"),
        ("temp2Out", "Temp 2 out"),
        ("u1", "U1"),
        ("in2", "In2"),
        ("LED1", "LED 1"),
        ("soil_10cm", "Soil 10cm"),
        ("version1.2", "Version 1.2"),
        ("PM2.5", "PM2.5"),
        ("pm2_5", "PM2.5"),
        ("pm25", "PM2.5"),
        ("pm10_avg", "PM10 avg"),
        ("PM 2.5 outdoor", "PM 2.5 outdoor"),
        ("rssi", "RSSI"),
        ("wifiRSSI", "Wi-Fi RSSI"),
        ("WiFiSignal", "Wi-Fi signal"),
        ("co2", "CO2"),
        ("roomCO2", "Room CO2"),
        ("co2level", "CO2 level"),
        ("eCO2", "eCO2"),
        ("ipAddress", "IP address"),
        ("IPv4", "IPv4"),
        ("pHValue", "pH value"),
        ("ph", "pH"),
        ("uv_index", "UV index"),
        ("tvoc", "TVOC"),
        ("GPSLat", "GPS lat"),
        ("HTTPServer", "HTTP server"),
        ("energykWh", "Energy kWh"),
        ("power_kW", "Power kW"),
        ("current_mA", "Current mA"),
        ("dimA", "Dim A"),
        ("phaseA", "Phase A"),
        ("BAT", "BAT"),
        ("ÑandúX", "Ñandú X"),
        ("größe", "Größe"),
        ("温度", "温度"),
        ("🌡️", "🌡️"),
        ("🌡temp", "🌡temp"),
        ("A+", "A+"),
        ("A-", "A-"),
        ("A+:1", "A+ 1"),
        ("m³", "M³"),
        ("_", "_"),
        ("()", "()"),
        ("", "?"),
        ("\x00", "?"),
        ("a\x00b", "A b"),
        ("x" * 200, "X" + "x" * (MAXIMUM_LENGTH - 2) + "…"),
    ],
)
def test_humanise(name: str, expected: str) -> None:
    """Names are written as people write them."""
    assert humanise(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("tempOut", ("temp", "out")),
        ("Flow meter", ("flow", "meter")),
        ("climate/setpoint", ("climate", "setpoint")),
        ("CO2", ("co2",)),
        ("CO₂", ("co2",)),
        ("roomCO2Level", ("room", "co2", "level")),
        ("pm2_5", ("pm25",)),
        ("PM2.5", ("pm25",)),
        ("pm10", ("pm10",)),
        ("u1", ("u1",)),
        ("voltageL1", ("voltage", "l1")),
        ("relay12", ("relay", "12")),
        ("water_m³", ("water", "m3")),
        ("energykWh", ("energy", "kwh")),
        ("pressure_hPa", ("pressure", "hpa")),
        ("c8y_TemperatureMeasurement", ("c", "8", "y", "temperature", "measurement")),
        ("ÑandúX", ("ñandú", "x")),
        ("🌡️", ()),
        ("", ()),
    ],
)
def test_tokens(name: str, expected: tuple[str, ...]) -> None:
    """Names fall into words at their borders, and nowhere else."""
    assert tokens(name) == expected


def test_words_know_what_hangs_together() -> None:
    """What is not separated is glued."""
    assert words("soil_10cm") == (
        Word("soil", False),
        Word("10", False),
        Word("cm", True),
    )


@given(st.text())
def test_any_name(name: str) -> None:
    """Every name can be read: it is not empty, not endless, and printable."""
    found = humanise(name)
    assert 0 < len(found) <= MAXIMUM_LENGTH
    assert found == found.strip()
    assert all(char.isprintable() or char == "\u200d" for char in found)
    assert all(word and word == word.casefold() for word in tokens(name))
