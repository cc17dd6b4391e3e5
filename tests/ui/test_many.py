"""The pages with many of everything: 50,000 pictures, 500 workers, 10,000 events."""

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event, Thread

import httpx
import psycopg
import pytest
from darkroom_local.state import RunningStack, StateDir
from darkroom_queue import QueueClient
from darkroom_queue.worker.turn import WorkerPort
from darkroom_schemas.ids import AssetId, UserId
from playwright.sync_api import Page, expect
from support.many_assets import add_assets, delete_assets
from support.pages import assert_no_serious_barrier, heap_bytes, settled
from support.pictures import make_pictures
from support.steps import make_worker

pytestmark = pytest.mark.e2e
ASSETS = 50_000
MOST_NODES = 400
"""Elements of the windowed list that a page may have at once."""
WORKERS, ON_A_MACHINE = 500, 8
HEARTBEAT_S = 3.0
PAUSED = "video_high"
AT_ONCE, ROUNDS = 200, 25
CANCELLING = 8
"""Requests at the same time."""
MOST_GROWTH = 1.25
KEPT_ROWS = 5_000


def nodes(page: Page, within: str) -> int:
    found = int(page.locator(f"{within} *").count())
    assert found > 0
    return found


@pytest.fixture
def library(stack: RunningStack, stack_state: StateDir) -> Iterator[None]:
    [one, *_] = make_pictures(stack_state, "a mushroom, many times")
    with psycopg.connect(stack.operator_settings["PLATFORM_DATABASE_URL"], autocommit=True) as connection:
        add_assets(connection, AssetId(one), ASSETS)
        yield
        delete_assets(connection, UserId(stack.user_id))


@pytest.mark.usefixtures("library")
def test_a_library_of_50000_pictures_stays_small_and_jumps_to_any_month(signed_in: Page) -> None:
    page = signed_in
    settled(page, "/library?type=upload")
    expect(page.get_by_text(re.compile("50,0"))).to_be_visible()
    assert nodes(page, ".window") <= MOST_NODES
    first = page.locator(".gridrow [data-asset]").first.get_attribute("data-asset")
    height = page.evaluate("document.documentElement.scrollHeight")
    for part in (0.1, 0.5, 0.9):
        before = str(page.locator(".gridrow [data-asset]").first.get_attribute("data-asset"))
        page.evaluate("to => scrollTo(0, to)", height * part)
        expect(page.locator(".gridrow [data-asset]").first).not_to_have_attribute("data-asset", before)
        assert nodes(page, ".window") <= MOST_NODES
    page.evaluate("scrollTo(0, 0)")
    expect(page.locator(".gridrow [data-asset]").first).to_have_attribute("data-asset", str(first))
    page.locator(".dates button").last.click()
    expect(page.locator(".gridrow [data-asset]").first).not_to_have_attribute("data-asset", str(first))
    assert nodes(page, ".window") <= MOST_NODES


@contextmanager
def many_workers(redis_url: str) -> Iterator[None]:
    """Register workers and send their heartbeats, in a thread of its own."""
    registered, done = Event(), Event()

    async def live() -> None:
        link = await QueueClient.open(redis_url)
        infos = [make_worker(f"many-{n:03}", machine_id=f"rack-{n // ON_A_MACHINE:02}") for n in range(WORKERS)]
        ports = [WorkerPort(link, info, lease_s=60) for info in infos]
        for port in ports:
            await port.register()
        while not done.is_set():
            for port in ports:
                await port.turn(want=0, heartbeats=[])
            registered.set()
            await asyncio.to_thread(done.wait, HEARTBEAT_S)
        for port in ports:
            await port.unregister()
        await link.close()

    thread = Thread(target=lambda: asyncio.run(live()))
    thread.start()
    try:
        assert registered.wait(60)
        yield
    finally:
        done.set()
        thread.join()


def test_a_fleet_of_500_workers_is_windowed_and_found_by_name(signed_in: Page, stack: RunningStack) -> None:
    page = signed_in
    with many_workers(stack.worker_settings["REDIS_URL"]):
        settled(page, "/console/fleet")
        expect(page.get_by_text(re.compile(r"of 50\d workers busy"))).to_be_visible()
        expect(page.get_by_role("row", name=re.compile("many-000"))).to_be_visible()
        assert page.get_by_role("row").count() < 60
        page.evaluate("scrollTo(0, document.documentElement.scrollHeight)")
        expect(page.get_by_role("row", name=re.compile("many-499"))).to_be_visible()
        assert page.get_by_role("row").count() < 60
        assert_no_serious_barrier(page)
        page.get_by_label("Worker, machine, model or job").fill("MANY-250")
        expect(page.get_by_role("row", name=re.compile("many-250"))).to_be_visible()
        expect(page.get_by_role("row", name=re.compile("many-"))).to_have_count(1)
        page.get_by_label("State").select_option("busy")
        expect(page.get_by_text("No worker matches.")).to_be_visible()


@contextmanager
def paused(queue: httpx.Client) -> Iterator[None]:
    queue.post("/api/queues/pause", json={"job_type": PAUSED}).raise_for_status()
    try:
        yield
    finally:
        queue.post("/api/queues/resume", json={"job_type": PAUSED}).raise_for_status()


def submit_and_cancel(queue: httpx.Client, page: Page, rounds: int) -> None:
    """Make two events for each job, and wait until the page shows the last one."""
    body = {"jobs": [{"job_type": PAUSED, "payload": {"prompt": "an event"}}] * AT_ONCE}
    ids: list[str] = []
    for _ in range(rounds):
        made = queue.post("/api/jobs/bulk", json=body).raise_for_status().json()["results"]
        ids = [one["job"]["job_id"] for one in made]
        with ThreadPoolExecutor(CANCELLING) as pool:
            for answer in pool.map(lambda job_id: queue.post(f"/api/jobs/{job_id}/cancel"), ids):
                answer.raise_for_status()
    expect(page.locator(".event", has_text=ids[-1][-12:]).first).to_be_visible(timeout=60_000)


def test_10000_events_leave_no_more_memory_in_use_than_5000(signed_in: Page, stack: RunningStack) -> None:
    page = signed_in
    settled(page, "/console/events")
    token = {"Authorization": f"Bearer {stack.queue_token}"}
    with httpx.Client(base_url=stack.queue_url, headers=token, timeout=60) as queue, paused(queue):
        submit_and_cancel(queue, page, ROUNDS // 2 + 1)
        before = heap_bytes(page)
        submit_and_cancel(queue, page, ROUNDS // 2)
        after = heap_bytes(page)
    kept = int(page.locator(".event").first.get_attribute("aria-setsize") or 0)
    assert 0 < kept <= KEPT_ROWS
    assert after <= before * MOST_GROWTH, f"{before} bytes grew to {after}"
    assert nodes(page, ".tail .window") <= MOST_NODES
    page.evaluate("document.querySelector('.tail').scrollTo(0, 1e9)")
    expect(page.locator(".event").first).to_be_visible()
