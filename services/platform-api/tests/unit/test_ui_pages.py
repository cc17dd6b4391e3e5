"""The web UI as platform-api serves it: compressed, cached, under a strict policy, and only if it was built."""

from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import pytest
from platform_api.app import build_app
from platform_api.wiring import Running

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
INDEX, SCRIPT = "<!doctype html><title>Darkroom</title>", "console.log('developed')"


def never() -> AbstractAsyncContextManager[Running]:
    raise AssertionError("nothing is opened")


def client(ui: Path | None, queue_url: str = "", webhooks_url: str = "") -> httpx.AsyncClient:
    app = build_app(never, max_body_bytes=1000, ui=ui, ui_queue_url=queue_url, ui_webhooks_url=webhooks_url)
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://platform")


@pytest.fixture
def built(tmp_path: Path) -> Path:
    assets = tmp_path / "ui" / "assets"
    assets.mkdir(parents=True)
    (tmp_path / "index.html").write_text(INDEX)
    (assets / "index-a1b2.js").write_text(SCRIPT)
    (assets / "index-a1b2.js.gz").write_bytes(b"in gzip")
    (assets / "index-a1b2.js.br").write_bytes(b"in brotli")
    (tmp_path / "ui" / "theme.js").write_text("1")
    (tmp_path / "secret.pem").write_text("not a page")
    return tmp_path


@pytest.mark.parametrize("path", ["/", "/studio", "/studio/picture/1", "/library", "/credits", "/keys"])
async def test_every_page_is_the_same_document(built: Path, path: str) -> None:
    async with client(built) as browser:
        answer = await browser.get(path, headers=HTML)
    assert (answer.status_code, answer.text) == (200, INDEX)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"


async def test_pages_may_load_nothing_from_elsewhere_and_nothing_inline(built: Path) -> None:
    async with client(built) as browser:
        policy = (await browser.get("/studio", headers=HTML)).headers["Content-Security-Policy"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert rules["frame-ancestors"] == "'none'"
    assert "unsafe" not in policy
    assert "http" not in policy


@pytest.mark.parametrize(
    ("accepted", "encoding", "content"),
    [
        ("gzip, deflate, br, zstd", "br", b"in brotli"),
        ("gzip;q=1.0, br;q=0", "gzip", b"in gzip"),
        ("identity", None, SCRIPT.encode()),
        ("", None, SCRIPT.encode()),
    ],
)
async def test_files_come_in_the_best_encoding(
    built: Path, accepted: str, encoding: str | None, content: bytes
) -> None:
    async with (
        client(built) as browser,
        browser.stream("GET", "/ui/assets/index-a1b2.js", headers={"Accept-Encoding": accepted}) as answer,
    ):
        assert b"".join([part async for part in answer.aiter_raw()]) == content
    assert answer.headers.get("Content-Encoding") == encoding
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert "Accept-Encoding" in answer.headers["Vary"]


async def test_a_file_that_is_current_is_not_sent_again(built: Path) -> None:
    async with client(built) as browser:
        first = await browser.get("/ui/theme.js")
        again = await browser.get("/ui/theme.js", headers={"If-None-Match": first.headers["ETag"]})
        head = await browser.head("/ui/theme.js")
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")
    assert (head.status_code, head.content) == (200, b"")
    assert first.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("path", ["/ui/secret.pem", "/ui/../secret.pem", "/ui/assets/none.js", "/ui/", "/secret.pem"])
async def test_nothing_but_files_of_the_ui_is_served(built: Path, path: str) -> None:
    async with client(built) as browser:
        answer = await browser.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_program_gets_the_description_of_the_service(built: Path) -> None:
    async with client(built) as program:
        answer = await program.get("/", headers={"Accept": "application/json"})
    assert answer.json()["name"] == "Darkroom platform API"


async def test_without_a_built_ui_the_service_describes_itself() -> None:
    async with client(None) as browser:
        assert "Darkroom platform API" in (await browser.get("/", headers=HTML)).text
        assert (await browser.get("/studio", headers=HTML)).status_code == 404


async def test_the_console_may_call_the_services_it_needs_and_nothing_else(built: Path) -> None:
    async with client(built, "https://queue.example:9820/base", "https://hooks.example/") as browser:
        policy = (await browser.get("/console", headers=HTML)).headers["Content-Security-Policy"]
        config = (await browser.get("/ui/config.json")).json()
        tag = (await browser.get("/studio", headers=HTML)).headers["ETag"]
    assert "connect-src 'self' https://queue.example:9820 wss://queue.example:9820 https://hooks.example;" in policy
    assert config == {
        "build": tag.strip('"'),
        "queue_url": "https://queue.example:9820/base",
        "webhooks_url": "https://hooks.example/",
    }


async def test_without_its_url_there_is_no_console(built: Path) -> None:
    async with client(built) as browser:
        config = (await browser.get("/ui/config.json")).json()
    assert (config["queue_url"], config["webhooks_url"]) == (None, None)
