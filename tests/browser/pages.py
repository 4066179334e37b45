"""Home Assistant's pages, as a person reads and uses them."""

from base64 import b64decode
from collections.abc import AsyncIterator
import contextlib
from dataclasses import dataclass, field
import json
from pathlib import Path
import re
from typing import Any, Final

from playwright.async_api import (
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Response,
    Route,
    async_playwright,
    expect,
)

from scripts.home import DOMAIN, Home

PATIENCE: Final = 10_000.0
"""Milliseconds that a page may take for anything."""

_FLAGS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",
)
# What the frontend's long lists throw when they are closed before they are laid out.
_LIST_GONE: Final = "disconnected"
_BLANK: Final = b64decode("R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw==")
_YEAR_2100: Final = 4_102_444_800_000

# Texts of people have neither; what was not translated has one or the other.
_RAW_KEY: Final = re.compile(r"\w+_\w+|component\.\S+")
# Where links lead to is not to be read.
_NOT_TEXT: Final = re.compile(r"^\s*- /(url|placeholder):.*$", re.MULTILINE)

# A form knows its fields, and asks for the text of each; sections hold further ones.
_FIELDS: Final = """form => {
  const describe = (field, path) => [
    {
      name: field.name,
      label: form.computeLabel(field, form.data, {path}),
      hasHelp: Boolean(form.computeHelper(field, {path})),
      isExpanded: Boolean(field.expanded),
      isSection: field.type === "expandable",
    },
    ...(field.type === "expandable"
      ? field.schema.flatMap(inner => describe(inner, [...path, field.name]))
      : []),
  ];
  return form.schema.flatMap(field => describe(field, []));
}"""

_ERRORS: Final = """form => Object.fromEntries(
  Object.entries(form.error ?? {}).map(([name, error]) => [
    name, form.computeError(error, form.schema.find(field => field.name === name))
  ])
)"""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a form, or a section of fields."""

    name: str
    label: str
    has_help: bool
    is_section: bool
    is_expanded: bool


@dataclass  # no slots: Playwright writes into the owner of its listeners
class Pages:
    """One page after the other in a browser."""

    page: Page
    home: Home
    complaints: list[str] = field(default_factory=list)
    icons: list[Response] = field(default_factory=list)
    """Answers to the browser's requests for our own icon."""

    async def open_integrations(self) -> None:
        """Go to the integrations the way a person goes."""
        await self.page.goto(self.home.url)
        await self.page.get_by_role("link", name="Settings").click()
        await self.page.get_by_text("Devices & services").first.click()

    async def open_integration(self) -> None:
        """Go to the page of our integration, with all its accounts."""
        await self.page.goto(
            f"{self.home.url}/config/integrations/integration/{DOMAIN}"
        )

    async def search_integration(self, text: str, name: str) -> None:
        """Add an integration: search for it, and choose it."""
        await self.page.get_by_role("button", name="Add integration").click()
        dialog = self.page.locator("dialog-add-integration")
        await dialog.locator("input").fill(text)
        await dialog.get_by_text(name, exact=True).first.click()

    async def choose(self, text: str) -> None:
        """Choose something of a flow's menu, and wait for the form behind it."""
        await self.flow.get_by_text(text, exact=True).click()
        await expect(self.form).to_be_visible()

    async def choose_option(self, label: str, option: str) -> list[str]:
        """Choose something of a drop-down list; returns all that it offers."""
        field = self.page.locator("ha-selector-select").filter(has_text=label)
        await field.locator("ha-picker-field").click()
        options = self.page.get_by_role("menuitem").filter(visible=True)
        chosen = options.get_by_text(option, exact=True)
        await expect(chosen).to_be_visible()
        offered = await options.all_inner_texts()
        await chosen.click()
        return offered

    async def choose_only(self, label: str, option: str) -> None:
        """Choose one thing, and nothing else, of a list that allows several."""
        field = self.page.locator("ha-selector-select").filter(has_text=label)
        chosen = field.get_by_role("button", name="Remove ")
        while await chosen.count():
            await chosen.first.click()
        await field.get_by_role("button", name=label, exact=True).click()
        # The list is long, and only what is in sight is in the page.
        options = self.page.locator("ha-picker-combo-box").filter(visible=True)
        await options.locator("input").fill(option)
        await options.get_by_text(option, exact=True).click()
        await expect(
            field.get_by_role("button", name=f"Remove {option}")
        ).to_be_visible()

    async def fill(self, label: str, text: str) -> None:
        """Fill in a field of a form; where it must be filled in, its label has a star."""
        name = re.compile(rf"^{label} ?\*?$")
        await self.flow.get_by_role("textbox", name=name).fill(text)

    async def submit(self) -> None:
        """Send a form."""
        await self.flow.get_by_role("button", name="Submit").click()

    async def close(self) -> None:
        """Close a dialog without sending anything."""
        await self.flow.get_by_role("button", name="Close", exact=True).click()
        await expect(self.form).to_be_hidden()

    async def open_device(self, name: str) -> None:
        """Go to the page of a device."""
        await (
            self.page.locator("ha-config-entry-device-row")
            .filter(has_text=name)
            .click()
        )
        await expect(self.device).to_be_visible()

    async def open_options(self) -> None:
        """Open the options of the account."""
        await self.account.get_by_role("button", name="Configure").click()
        await expect(self.page.locator("step-flow-menu .options")).to_be_visible()

    async def choose_of_menu(self, item: str) -> None:
        """Choose something of the menu of the account."""
        await self.account.locator("ha-icon-button[slot=trigger]").first.click()
        items = self.page.get_by_role("menuitem", name=item, exact=True)
        # Every row's menu is in the page; only one is open.
        await items.filter(visible=True).click()

    @property
    def flow(self) -> Locator:
        """The dialog of a flow; it has no size of its own, only what is in it."""
        return self.page.locator("dialog-data-entry-flow")

    @property
    def form(self) -> Locator:
        """The form of a flow."""
        return self.page.locator("step-flow-form ha-form").first

    @property
    def device(self) -> Locator:
        """The page of a device."""
        return self.page.locator("ha-config-device-page")

    @property
    def account(self) -> Locator:
        """The row of the account on the page of our integration."""
        return self.page.locator("ha-config-entry-row")

    def entity(self, row: str, name: str) -> Locator:
        """Return the row of an entity on the page of its device."""
        return self.device.locator(row).filter(has_text=name)

    async def fields(self) -> list[Field]:
        """Return what the form asks for."""
        found: list[dict[str, Any]] = await self.form.evaluate(_FIELDS)
        return [
            Field(
                name=each["name"],
                label=each["label"],
                has_help=each["hasHelp"],
                is_section=each["isSection"],
                is_expanded=each["isExpanded"],
            )
            for each in found
        ]

    async def wrong_fields(self) -> dict[str, str]:
        """Return what the form says is wrong, by the labels of its fields."""
        texts: dict[str, str] = await self.form.evaluate(_ERRORS)
        labels = {each.name: each.label for each in await self.fields()}
        return {labels.get(name, name): text for name, text in texts.items()}

    async def check_form(self) -> None:
        """Check that a person understands all of a form."""
        fields = await self.fields()
        assert fields
        for each in fields:
            assert each.label not in {"", each.name}
            assert each.has_help, f"{each.label} is not explained"
            assert not each.is_expanded
        assert await self.raw_keys() == []

    async def raw_keys(self) -> list[str]:
        """Return all words of the page that only a programmer understands."""
        text = await self.page.locator("body").aria_snapshot()
        return [match.group() for match in _RAW_KEY.finditer(_NOT_TEXT.sub("", text))]

    async def take_picture(self, file: Path) -> None:
        """Keep what the page looks like."""
        await self.page.evaluate("document.fonts.ready")
        await self.page.screenshot(path=file)

    def listen(self) -> None:
        """Note errors, and answers to requests for our icon."""
        self.page.on("console", self._heed_message)
        self.page.on("pageerror", self._heed_error)
        self.page.on("response", self._heed_response)

    def _heed_error(self, error: Error) -> None:
        if error.message != _LIST_GONE:
            self.complaints.append(f"{error.message}\n{error.stack}")

    def _heed_message(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"{message.text} ({message.location['url']})")

    def _heed_response(self, response: Response) -> None:
        if f"/api/brands/integration/{DOMAIN}/icon" in response.url:
            self.icons.append(response)


@contextlib.asynccontextmanager
async def open_pages(home: Home, browser: str | None) -> AsyncIterator[Pages]:
    """Start a browser in which the owner of the home is signed in."""
    async with async_playwright() as playwright:
        chromium = await playwright.chromium.launch(
            executable_path=browser, args=_FLAGS
        )
        context = await chromium.new_context(
            viewport={"width": 1280, "height": 900}, locale="en-GB", timezone_id="UTC"
        )
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        await context.add_init_script(
            f"localStorage.hassTokens = {json.dumps(json.dumps(_tokens(home)))}"
        )
        await context.route("**/api/brands/**", _answer_for_brands)
        pages = Pages(await context.new_page(), home)
        pages.listen()
        try:
            yield pages
        finally:
            await chromium.close()


def _tokens(home: Home) -> dict[str, Any]:
    """Return what the pages keep about who is signed in."""
    return {
        "access_token": home.session.headers["Authorization"].removeprefix("Bearer "),
        "token_type": "Bearer",
        "expires_in": 1800,
        "expires": _YEAR_2100,
        "hassUrl": home.url,
        "clientId": f"{home.url}/",
        "refresh_token": "",
    }


async def _answer_for_brands(route: Route) -> None:
    """Give integrations a blank icon: theirs would come from the internet. Ours is our own."""
    if f"/{DOMAIN}/" in route.request.url:
        await route.continue_()
    else:
        await route.fulfill(content_type="image/gif", body=_BLANK)
