"""A real Home Assistant on 127.0.0.1, for the demo and for tests that need all of it."""

import asyncio
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass
import json
from pathlib import Path
from typing import Any

import aiohttp

from .processes import ROOT, last_lines, python_process

USER = "demo"
PASSWORD = "demo"  # noqa: S105 - a home for one's own machine
DOMAIN = "iot_platforms"

SECONDS_TO_START = 120
EXIT_CODE_RESTART = 100

CONFIGURATION = """\
# default_config is left out: it looks for devices by multicast and for services on the internet.
homeassistant:
  name: IoT Platforms demo
  latitude: 52
  longitude: 5
  elevation: 0
  unit_system: metric
  currency: EUR
  country: NL
  time_zone: UTC
frontend:
history:
logbook:
recorder:
  commit_interval: 1
logger:
  default: warning
  logs:
    # These complain of what the demo leaves out on purpose.
    aiohttp_fast_zlib: critical
    haffmpeg: critical
    homeassistant.components.camera.img_util: critical
    homeassistant.loader: error
  filters:
    # These need packages that would have to be compiled.
    homeassistant.setup: ["'assist_(pipeline|satellite)'"]
"""

# Two packages would have to be compiled, and no page loads where they are missing. They filter what a
# microphone hears, so nobody misses them here; Home Assistant's folder comes first on its path.
STAND_INS = {
    "pymicro_vad.py": "class MicroVad: ...\n",
    "pyspeex_noise.py": "class AudioProcessor: ...\n",
}

# The steps of the first visit but for the owner: the others look things up on the internet.
ONBOARDING = {
    "version": 4,
    "minor_version": 1,
    "key": "onboarding",
    "data": {"done": ["core_config", "analytics", "integration"]},
}


class HomeError(Exception):
    """Home Assistant did not do what it was asked for."""


@dataclass(frozen=True, slots=True)
class Home:
    """A Home Assistant that runs, and a session in which its owner is signed in."""

    url: str
    session: aiohttp.ClientSession
    process: Process

    async def get(self, path: str) -> Any:
        """Ask for something."""
        return await self._call("GET", path)

    async def post(self, path: str, body: dict[str, Any]) -> Any:
        """Send something and return the answer."""
        return await self._call("POST", path, body)

    async def delete(self, path: str) -> Any:
        """Remove something."""
        return await self._call("DELETE", path)

    async def _call(
        self, method: str, path: str, body: dict[str, Any] | None = None
    ) -> Any:
        async with self.session.request(method, path, json=body) as response:
            if not response.ok:
                text = await response.text()
                raise HomeError(f"{method} {path}: {response.status} {text}")
            return await response.json()


def prepare(folder: Path, port: int) -> None:
    """Write the settings; what an earlier run left in the folder stays."""
    storage = folder / ".storage"
    storage.mkdir(parents=True, exist_ok=True)
    (folder / "configuration.yaml").write_text(CONFIGURATION)
    for name, text in STAND_INS.items():
        (folder / name).write_text(text)
    # Not in configuration.yaml: from there, it would only be tried for five minutes.
    (storage / "http").write_text(json.dumps(_http_settings(port)))
    onboarding = storage / "onboarding"
    if not onboarding.exists():
        onboarding.write_text(json.dumps(ONBOARDING))
    link = folder / "custom_components" / DOMAIN
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(ROOT / "custom_components" / DOMAIN)


def _http_settings(port: int) -> dict[str, Any]:
    return {
        "version": 2,
        "minor_version": 2,
        "key": "http",
        "data": {
            "stable": {
                "server_host": ["127.0.0.1"],
                "server_port": port,
                "cors_allowed_origins": [],
                "login_attempts_threshold": -1,
                "ip_ban_enabled": False,
                "ssl_profile": "modern",
                "use_x_frame_options": True,
                "created_at": "2026-01-01T00:00:00+00:00",
                "error": None,
                "error_message": None,
            },
            "pending": None,
            "yaml_migration_done": True,
        },
    }


@contextlib.asynccontextmanager
async def running_home(folder: Path, port: int) -> AsyncIterator[Home]:
    """Run Home Assistant in a folder, with its owner signed in, until the end."""
    prepare(folder, port)
    url = f"http://127.0.0.1:{port}"
    log = folder / "output.log"
    # Without --skip-pip, it would reach for packages that are left out on purpose.
    arguments = ("homeassistant", "--config", str(folder), "--skip-pip")
    async with (
        python_process(*arguments, folder=folder, log=log) as process,
        aiohttp.ClientSession(url) as session,
    ):
        home = Home(url, session, process)
        try:
            async with asyncio.timeout(SECONDS_TO_START):
                await _wait_for_pages(home)
                await _sign_in_owner(home)
                await _wait_for_start(home)
                await _dismiss_setup_notice(home)
        except (TimeoutError, HomeError) as error:
            reason = str(error) or "it took too long"
            raise HomeError(f"{reason}\n{last_lines(log)}") from error
        yield home


async def _wait_for_pages(home: Home) -> None:
    """Wait until Home Assistant answers at all."""
    while True:
        with contextlib.suppress(aiohttp.ClientError):
            async with home.session.get("/manifest.json") as response:
                if response.ok:
                    return
        if home.process.returncode is not None:
            raise HomeError("Home Assistant ended")
        await asyncio.sleep(0.1)


async def _sign_in_owner(home: Home) -> None:
    """Sign the owner in, who is made at the first time."""
    client = {"client_id": f"{home.url}/"}
    try:
        code = await _create_owner(home, client)
    except HomeError:
        code = await _log_in(home, client)
    form = client | {"grant_type": "authorization_code", "code": code}
    async with home.session.post("/auth/token", data=form) as response:
        token = (await response.json())["access_token"]
    home.session.headers["Authorization"] = f"Bearer {token}"


async def _create_owner(home: Home, client: dict[str, str]) -> str:
    owner = {"name": "Demo", "username": USER, "password": PASSWORD, "language": "en"}
    answer = await home.post("/api/onboarding/users", owner | client)
    return str(answer["auth_code"])


async def _log_in(home: Home, client: dict[str, str]) -> str:
    handler = {"handler": ["homeassistant", None], "redirect_uri": f"{home.url}/"}
    flow = await home.post("/auth/login_flow", handler | client)
    owner = {"username": USER, "password": PASSWORD}
    answer = await home.post(f"/auth/login_flow/{flow['flow_id']}", owner | client)
    if answer["type"] != "create_entry":
        raise HomeError(f"the password of {USER} was changed")
    return str(answer["result"])


async def _wait_for_start(home: Home) -> None:
    """Wait until everything is set up."""
    while (await home.get("/api/config"))["state"] != "RUNNING":  # noqa: ASYNC110
        await asyncio.sleep(0.1)


async def _dismiss_setup_notice(home: Home) -> None:
    """Remove the notice about the components that the settings keep out of the log."""
    notice = {"notification_id": "invalid_config"}
    await home.post("/api/services/persistent_notification/dismiss", notice)
