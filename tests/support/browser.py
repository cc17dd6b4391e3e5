"""Fixtures: a browser on the running stack. Tests of pages are skipped without a browser or without built pages."""

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import web_ui
from darkroom_local.access import sign_in_link
from darkroom_local.state import RunningStack, StateDir
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, expect, sync_playwright

SYSTEM_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
QUIET = (
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"),
    *(("--no-sandbox",) if os.geteuid() == 0 else ()),
)
WATCH = """
    window.reports = [];
    addEventListener("securitypolicyviolation", (event) => reports.push(event.violatedDirective + event.blockedURI));
    addEventListener("error", (event) => reports.push(event.message));
    addEventListener("unhandledrejection", (event) => reports.push(String(event.reason)));
"""
"""Notes violations of the Content-Security-Policy and uncaught errors of a page."""
DESKTOP: ViewportSize = {"width": 1280, "height": 800}
PHONE: ViewportSize = {"width": 360, "height": 780}

PATIENCE_MS = 15_000
"""How long a page may take for what it does at once: the machine is shared by all tests."""
expect.set_options(timeout=PATIENCE_MS)

OpenPages = Callable[..., BrowserContext]


def installed_browser(playwright: Playwright) -> Path | None:
    """Return the program of a Chromium: the system's, or the one that Playwright has downloaded."""
    for name in SYSTEM_BROWSERS:
        if found := shutil.which(name):
            return Path(found)
    own = Path(playwright.chromium.executable_path)
    return own if own.exists() else None


# Not of the session: while Playwright runs, no other test of this process could use asyncio.
@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Start a browser."""
    if web_ui.built_files() is None:
        pytest.skip("the pages have not been built: make ui")
    with sync_playwright() as playwright:
        program = installed_browser(playwright)
        if program is None:
            pytest.skip("no browser: apt-get install chromium, or .venv/bin/playwright install chromium")
        browser = playwright.chromium.launch(executable_path=program, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture
def open_pages(chromium: Browser, stack: RunningStack) -> Iterator[OpenPages]:
    """Open the windows of one person, by keyword as Playwright's `new_context` takes it; at the end, nothing failed."""
    contexts: list[BrowserContext] = []

    def open_context(*, theme: str = "dark", language: str = "en-US", **options: Any) -> BrowserContext:
        context = chromium.new_context(
            base_url=stack.platform_url, locale=language, **({"viewport": DESKTOP} | options)
        )
        context.set_default_timeout(30_000)
        context.add_init_script(WATCH)
        context.add_init_script(f'localStorage.getItem("theme") ?? localStorage.setItem("theme", "{theme}")')
        contexts.append(context)
        return context

    yield open_context
    reports = [page.evaluate("window.reports") for context in contexts for page in context.pages]
    for context in contexts:
        context.close()
    assert [report for report in reports if report] == []


@pytest.fixture
def signed_in(open_pages: OpenPages, stack_state: StateDir) -> Page:
    """Open the studio, signed in as the demo user."""
    return sign_in(open_pages(), stack_state)


def sign_in(context: BrowserContext, state: StateDir) -> Page:
    """Open the studio in a new tab by the link that `darkroom ui` prints."""
    page = context.new_page()
    page.goto(sign_in_link(state))
    page.locator("#prompt").wait_for()
    page.locator(".live:not(.off)").wait_for()
    return page
