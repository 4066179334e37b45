"""The fleet on an MQTT broker: a real mosquitto, a publisher, and a wire in front of the broker."""

import asyncio
from asyncio.subprocess import DEVNULL
from collections.abc import AsyncIterator, Iterable
import contextlib
from functools import partial
import json
from pathlib import Path
import shutil
from tempfile import TemporaryDirectory
from typing import Final, override

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from scripts.demo import free_port

from .base import Server
from .wire import Wire

from tests.benchmarks.control import Announcement, Traffic
from tests.benchmarks.values import (
    DEVICE_CLASS,
    STATE_CLASS,
    UNIT,
    Shape,
    device_name,
    key_name,
)

_CONFIGURATION: Final = """\
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_queued_bytes 0
set_tcp_nodelay true
"""
_PATIENCE: Final = 15.0
_PLACES: Final = ("/usr/sbin", "/usr/local/sbin", "/opt/homebrew/sbin")
"""Where it is on systems that do not search there."""


def find_broker() -> str | None:
    """Return where mosquitto is, None where it is not installed."""
    return shutil.which("mosquitto") or next(
        filter(None, (shutil.which("mosquitto", path=place) for place in _PLACES)), None
    )


class MqttServer(Server):
    """One discovery message and one topic for each value: the single form, the leanest."""

    def __init__(self, shape: Shape, wire: Wire, client: paho.Client) -> None:
        """Publish through a client that is connected."""
        super().__init__(shape)
        self._wire = wire
        self._client = client

    @override
    def announce(self) -> Announcement:
        return Announcement(
            url=f"mqtt://127.0.0.1:{self._wire.port}",
            credentials={"broker": "127.0.0.1", "port": self._wire.port},
        )

    @override
    def traffic(self) -> Traffic:
        return Traffic(received=self._wire.received, sent=self._wire.sent)

    @override
    async def go_away(self) -> None:
        await self._wire.cut()

    @override
    async def come_back(self) -> None:
        await self._wire.connect()

    @override
    async def withdraw(self) -> None:
        for topic, _ in self._discovery():
            await self._publish(topic, "")

    @override
    async def say(self, indexes: Iterable[int]) -> None:
        for index in indexes:
            place, key = self.shape.place(index)
            topic = f"bench/{device_name(place)}/{key_name(key)}"
            await self._publish(topic, str(self.values[index]))

    async def begin(self) -> None:
        """Publish everything that Home Assistant finds when it comes."""
        for topic, message in self._discovery():
            await self._publish(topic, json.dumps(message))
        await self.say(range(self.shape.values))
        # The broker has all of it once it has answered what comes last.
        done = self._client.publish("bench/done", "", qos=1)
        await asyncio.to_thread(done.wait_for_publish, _PATIENCE)

    def _discovery(self) -> Iterable[tuple[str, object]]:
        for index in range(self.shape.values):
            place, key = self.shape.place(index)
            device, name = device_name(place), key_name(key)
            yield (
                f"homeassistant/sensor/{device}/{name}/config",
                {
                    "state_topic": f"bench/{device}/{name}",
                    "device": {"identifiers": [device], "name": device},
                    **_sensor(device, name),
                },
            )

    async def _publish(self, topic: str, payload: str) -> None:
        self._client.publish(topic, payload, retain=True)


class MqttDeviceServer(MqttServer):
    """One discovery message and one topic with JSON for each device: the device form."""

    @override
    async def say(self, indexes: Iterable[int]) -> None:
        for place in self.shape.by_device(indexes):
            first = place * self.shape.per_device
            values = {
                key_name(key): self.values[first + key]
                for key in range(self.shape.per_device)
            }
            await self._publish(f"bench/{device_name(place)}", json.dumps(values))

    @override
    def _discovery(self) -> Iterable[tuple[str, object]]:
        for place in range(self.shape.devices):
            device = device_name(place)
            yield (
                f"homeassistant/device/{device}/config",
                {
                    "device": {"identifiers": [device], "name": device},
                    "origin": {"name": "bench"},
                    "state_topic": f"bench/{device}",
                    "components": {
                        name: {
                            "platform": "sensor",
                            "value_template": f"{{{{ value_json.{name} }}}}",
                            **_sensor(device, name),
                        }
                        for name in map(key_name, range(self.shape.per_device))
                    },
                },
            )


def _sensor(device: str, name: str) -> dict[str, str]:
    return {
        "name": name,
        "unique_id": f"{device}_{name}",
        "device_class": DEVICE_CLASS,
        "state_class": STATE_CLASS,
        "unit_of_measurement": UNIT,
    }


@contextlib.asynccontextmanager
async def serve(
    shape: Shape, *, latency: float, form: type[MqttServer] = MqttServer
) -> AsyncIterator[Server]:
    """Run broker, wire and publisher."""
    async with _broker() as port:
        wire = Wire(port, latency)
        await wire.connect()
        client = paho.Client(CallbackAPIVersion.VERSION2, client_id="publisher")
        client.max_queued_messages_set(0)
        client.connect("127.0.0.1", port)
        client.loop_start()
        try:
            server = form(shape, wire, client)
            await server.begin()
            yield server
        finally:
            client.disconnect()
            client.loop_stop()
            await wire.cut()


serve_devices = partial(serve, form=MqttDeviceServer)


@contextlib.asynccontextmanager
async def _broker() -> AsyncIterator[int]:
    """Run mosquitto on a free port."""
    program, port = find_broker(), free_port(0)
    assert program is not None, "the arms are left out without it"
    with TemporaryDirectory() as folder:
        file = Path(folder) / "mosquitto.conf"
        file.write_text(_CONFIGURATION.format(port=port))
        process = await asyncio.create_subprocess_exec(
            program, "-c", str(file), stdin=DEVNULL, stdout=DEVNULL, stderr=DEVNULL
        )
        try:
            await _wait_for(port)
            yield port
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await process.wait()


async def _wait_for(port: int) -> None:
    async with asyncio.timeout(_PATIENCE):
        while True:
            with contextlib.suppress(OSError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                return
            await asyncio.sleep(0.01)
