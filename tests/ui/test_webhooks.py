"""Webhooks of users in the console, on the running stack."""

import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Queue
from threading import Thread

import httpx
import pytest
from darkroom_local.state import RunningStack
from playwright.sync_api import Page, expect
from support.browser import PHONE
from support.pages import assert_no_serious_barrier, fits_sideways, settled

pytestmark = pytest.mark.e2e
BUSY = b"<b>busy</b>"


@pytest.fixture
def received() -> Iterator[tuple[str, Queue[str]]]:
    """Receive webhooks: the first is answered 503, all others 200. Gives its address, and the ids received."""
    ids: Queue[str] = Queue()
    statuses = iter((503,))

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(next(statuses, 200))
            self.send_header("Content-Length", str(len(BUSY)))
            self.end_headers()
            self.wfile.write(BUSY)
            ids.put(self.headers["webhook-id"])

        def log_message(self, *_: object) -> None:
            """Write no log."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/hook", ids
    server.shutdown()
    server.server_close()


@pytest.fixture
def endpoint(received: tuple[str, Queue[str]], stack: RunningStack) -> Iterator[str]:
    """Register an endpoint of the demo user; gives its address."""
    url, _ = received
    headers = {"X-API-Key": stack.api_key}
    with httpx.Client(base_url=stack.dispatcher_url, headers=headers, timeout=60) as api:
        made = api.post("/api/webhooks", json={"url": url}).raise_for_status().json()
        yield url
        api.delete(f"/api/webhooks/{made['id']}")


def test_an_operator_sees_why_a_delivery_failed_and_replays_it(
    signed_in: Page, endpoint: str, received: tuple[str, Queue[str]]
) -> None:
    page, (_, ids) = signed_in, received
    settled(page, "/console/webhooks")
    row = page.get_by_role("row").filter(has_text=endpoint)
    expect(row).to_contain_text("On")
    assert_no_serious_barrier(page)
    row.get_by_role("link").press("Enter")
    expect(page.get_by_role("heading", name=endpoint)).to_be_visible()
    expect(page.get_by_text("Nothing was sent to it yet.")).to_be_visible()
    page.get_by_role("button", name="Send a test").press("Enter")
    delivery = page.get_by_role("row").filter(has_text="webhook.test")
    expect(delivery).to_be_visible()
    page.locator("body").press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Response to attempt 1")).to_have_text(BUSY.decode())
    expect(page.locator(".sub").get_by_text("HTTP 503")).to_be_visible()
    assert_no_serious_barrier(page)
    expect(delivery).to_contain_text("Delivered", timeout=30_000)
    expect(page.get_by_text("Attempt 2")).to_be_visible()
    first, second = ids.get(timeout=10), ids.get(timeout=10)
    delivery.get_by_role("button", name=re.compile("^Replay")).press("Enter")
    assert first == second == ids.get(timeout=30)
    expect(page.get_by_text("Attempt 3")).to_be_visible()

    page.get_by_role("button", name="Disable").press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Disable").press("Enter")
    expect(page.locator("main .head .st")).to_have_text("Off")
    enable = page.get_by_role("button", name="Enable")
    expect(enable).to_be_enabled()
    enable.press("Enter")
    expect(page.locator("main .head .st")).to_have_text("On")
    expect(page.get_by_role("button", name="Replace the secret")).to_have_count(0)
    page.set_viewport_size(PHONE)
    assert fits_sideways(page)
