"""Everything a story needs: a simulator, a Home Assistant, and a person in front of its pages."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import contextlib
from dataclasses import dataclass
import os
from pathlib import Path
import shutil
from typing import Any, Final

from playwright.async_api import Error as PlaywrightError, expect

from scripts.demo import free_port
from scripts.home import DOMAIN, Home, running_home
from scripts.simulators import Account, running_simulator

from .pages import Pages, open_pages

PATIENCE: Final = 10.0
"""Seconds that anything may take to happen."""

# Only the developers of Home Assistant can do something about these.
_HARMLESS: Final = ("We found a custom integration",)


@dataclass(frozen=True, slots=True)
class Simulator:
    """A simulator that runs as a process of its own, seen from outside."""

    home: Home
    account: Account

    async def state(self) -> dict[str, Any]:
        """Return what the simulator tells about itself."""
        async with self.home.session.get(self._control("state")) as response:
            state: dict[str, Any] = await response.json()
            return state

    async def device(self, name: str) -> dict[str, Any]:
        """Return what the simulator tells about a device."""
        devices: list[dict[str, Any]] = (await self.state())["devices"]
        return next(each for each in devices if each["device"] == name)

    async def resource(self, device: str, path: str) -> dict[str, Any]:
        """Return what the simulator tells about a device's resource."""
        resource: dict[str, Any] = (await self.device(device))["resources"][path]
        return resource

    async def set_value(self, device: str, path: str, value: object) -> None:
        """Let a device send another value."""
        body = {"device": device, "resource": path, "value": value}
        async with self.home.session.post(
            self._control("value"), json=body
        ) as response:
            assert response.ok

    async def log_in(self, user: str, password: str) -> dict[str, Any]:
        """Return the tokens that a password is worth."""
        form = {"grant_type": "password", "username": user, "password": password}
        url = f"{self.account.url}/oauth/token"
        async with self.home.session.post(url, data=form) as response:
            tokens: dict[str, Any] = await response.json()
            return tokens

    async def wait_for(self, expected: Callable[[], Awaitable[bool]]) -> None:
        """Wait until something holds of what the simulator tells about itself."""
        async with asyncio.timeout(PATIENCE):
            while not await expected():  # noqa: ASYNC110 - it is another process
                await asyncio.sleep(0.05)

    def _control(self, what: str) -> str:
        return f"{self.account.url}/_simulator/{what}"


@dataclass(frozen=True, slots=True)
class Stage:
    """What a story plays with."""

    simulator: Simulator
    pages: Pages
    log: Path

    async def delete_account(self) -> None:
        """Delete the account, and see that its platform is left alone."""
        pages = self.pages
        await pages.open_integration()
        await pages.choose_of_menu("Delete")
        dialog = pages.page.locator("dialog-box")
        await dialog.get_by_role("button", name="Delete").click()
        await expect(pages.account).to_have_count(0)

        async def is_left_alone() -> bool:
            return not (await self.simulator.state())["sockets"]

        await self.simulator.wait_for(is_left_alone)

    def complaints(self) -> list[str]:
        """Return what went wrong out of sight: in the browser, or in Home Assistant's log."""
        logged = [
            line
            for line in self.log.read_text().splitlines()
            if DOMAIN in line
            and (" WARNING " in line or " ERROR " in line)
            and not any(text in line for text in _HARMLESS)
        ]
        return [*self.pages.complaints, *logged]


@contextlib.asynccontextmanager
async def open_stage(platform: str, folder: Path) -> AsyncIterator[Stage]:
    """Start everything; where the story fails, the folder holds a picture of the page."""
    home_folder = folder / "home"
    home_folder.mkdir()
    browser = os.environ.get("CHROMIUM") or shutil.which("chromium")
    async with (
        running_simulator(platform, 0, folder / "simulator.log") as accounts,
        running_home(home_folder, free_port(0)) as home,
        open_pages(home, browser) as pages,
    ):
        stage = Stage(Simulator(home, accounts[0]), pages, home_folder / "output.log")
        try:
            yield stage
        except BaseException as error:
            picture = folder / "failed.png"
            with contextlib.suppress(PlaywrightError):
                await pages.take_picture(picture)
                error.add_note(f"The page looked like this: {picture}")
            for complaint in stage.complaints():
                error.add_note(complaint)
            raise
