"""The form for new pictures: LoRAs, the request as code, and newer pages."""

import json
import re
import shlex
from typing import Any

import httpx
import pytest
from darkroom_local.state import RunningStack, StateDir
from playwright.sync_api import Page, Route, expect
from support.browser import OpenPages, sign_in
from support.pages import assert_no_serious_barrier

pytestmark = pytest.mark.e2e


def with_changes(change: Any) -> Any:
    """Return what changes an answer of the server on its way to the page."""

    def handle(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        change(body)
        route.fulfill(response=answer, json=body)

    return handle


def test_loras_are_chosen_weighted_and_sent(signed_in: Page) -> None:
    page = signed_in
    lora = {"name": "lora:ink", "available": True, "job_types": ["sdxl_image_fast"], "backends": [], "id": "1"}
    page.route("**/api/models?*", with_changes(lambda body: body["data"].append(lora | {"created_at": None})))
    page.reload()
    page.get_by_label("Type").select_option("sdxl_image_fast")
    page.locator("#prompt").fill("a boat in ink")
    page.get_by_text("Advanced").click()
    page.get_by_label("Add a LoRA").select_option("ink")
    weight = page.get_by_role("spinbutton", name="ink")
    weight.fill("0.8")
    expect(page.get_by_text("1 changed")).to_be_visible()
    assert_no_serious_barrier(page)
    weight.fill("-")
    weight.fill("-3,5")
    refusal = {"error": "metadata.loras.0.name: there is no LoRA ink", "code": "invalid_request"}
    page.route("**/api/queue-job", lambda route: route.fulfill(status=400, json=refusal))
    with page.expect_request("**/api/queue-job") as sent:
        page.get_by_role("button", name=re.compile("^Generate")).click()
    assert json.loads(sent.value.post_data or "")["metadata"]["loras"] == [{"name": "ink", "weight": -3.5}]
    expect(page.get_by_role("alert")).to_contain_text("there is no LoRA ink")
    page.reload()
    expect(page.get_by_role("spinbutton", name="ink")).to_have_value("-3.5")
    page.get_by_role("button", name="Remove ink").click()
    expect(page.get_by_label("Add a LoRA")).to_be_visible()
    page.unroute_all(behavior="wait")


def test_the_form_is_copied_as_a_command_that_the_server_accepts(
    open_pages: OpenPages, stack_state: StateDir, stack: RunningStack
) -> None:
    context = open_pages(permissions=["clipboard-read", "clipboard-write"])
    page = sign_in(context, stack_state)
    page.get_by_label("Type").select_option("image_fast")
    page.locator("#prompt").fill('it\'s a "test" of $HOME')
    page.get_by_role("button", name="Copy as code").click()
    page.get_by_role("button", name="Copy curl").click()
    expect(page.locator(".toast", has_text="Copied: curl")).to_be_visible()
    words = shlex.split(page.evaluate("navigator.clipboard.readText()"))
    assert words[:2] == ["curl", f"{stack.platform_url}/api/queue-job"]
    asked = json.loads(words[words.index("-d") + 1])
    assert asked == {"jobType": "image_fast", "metadata": {"prompt": 'it\'s a "test" of $HOME'}}
    answer = httpx.post(words[1], json=asked, headers={"X-API-Key": stack.api_key})
    assert answer.status_code == 200, answer.text


def test_newer_pages_are_offered_after_the_server_was_replaced(signed_in: Page) -> None:
    page = signed_in
    with page.expect_response("**/ui/config.json"):
        page.reload()
    expect(page.locator(".live:not(.off)")).to_be_visible()
    expect(page.get_by_role("button", name="Update ready")).to_have_count(0)
    page.route("**/ui/config.json", with_changes(lambda body: body.update(build="newer")))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange', {bubbles: true}))")  # as on return to the tab
    button = page.get_by_role("button", name="Update ready")
    expect(button).to_be_visible()
    button.click()
    expect(page.locator("#prompt")).to_be_visible()
    expect(button).to_have_count(0)
    page.unroute_all(behavior="wait")
