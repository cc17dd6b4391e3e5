"""The pages that every service has, without anything from another origin."""

import re

import httpx
import pytest
from darkroom_chassis.probes import probe_routes
from darkroom_chassis.service import create_app


@pytest.fixture
async def client() -> httpx.AsyncClient:
    app = create_app("Test <service>", "1.2.3", description="Does & says at `/<ws>`.\n\nMore of it.")
    app.include_router(probe_routes({}))
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test", follow_redirects=True)


async def test_the_first_page_names_the_service_and_its_links_work(client: httpx.AsyncClient) -> None:
    page = await client.get("/", headers={"Accept": "text/html,*/*"})
    assert page.headers["Content-Type"].startswith("text/html")
    assert "Test &lt;service&gt;" in page.text
    assert "1.2.3" in page.text
    assert "Does &amp; says at <code>/&lt;ws&gt;</code>." in page.text
    links = re.findall(r'href="([^"]+)"', page.text)
    assert links
    for link in links:
        assert (await client.get(link)).status_code == 200, link


async def test_a_program_gets_the_same_as_json(client: httpx.AsyncClient) -> None:
    answer = await client.get("/", headers={"Accept": "application/json"})
    assert (answer.json()["name"], answer.json()["version"]) == ("Test <service>", "1.2.3")


async def test_the_documentation_needs_no_other_origin(client: httpx.AsyncClient) -> None:
    page = await client.get("/docs")
    assert "//" not in re.sub(r"<!doctype html>", "", page.text)
    assert "script-src 'self';" in page.headers["Content-Security-Policy"]
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        answer = await client.get(asset)
        assert (answer.status_code, len(answer.content) > 100) == (200, True), asset
    for odd in ("..%2fmain.py", "main.py", "%00", ""):
        assert (await client.get(f"/docs/assets/{odd}")).status_code == 404
