"""The StableQueue dialect from submission to result: every field that its clients read."""

import asyncio
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from darkroom_queue import StepContext
from darkroom_schemas.step import StepResult
from support.platform import Account, Platform, StartWorker
from support.waiting import until

from .stablequeue_jobs import MODEL, PARAMS, PLAIN, HeldWorker, job, status, submit

PROGRAMS = Path(__file__).parent / "programs"
TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
LISTED = {
    *("stablequeue_job_id", "status", "creation_timestamp", "last_updated_timestamp", "completion_timestamp"),
    *("target_server_alias", "forge_session_hash", "generation_params", "result_details", "retry_count"),
    *("app_type", "source_info", "other_members"),
}
READ = LISTED | {"reason", "notices", "api_key_id", "queue_position", "estimated_time_remaining"}


@pytest.fixture
async def anna(platform: Platform) -> Account:
    return await platform.account("anna")


async def test_submission_is_answered_as_documented(anna: Account) -> None:
    answer = await submit(anna, source_info="forge_extension_v1.0.0")
    assert answer.keys() == {
        *("success", "stablequeue_job_id", "queue_position", "app_type", "creation_timestamp", "target_server_alias"),
        *("reason", "notices", "ignored"),
    }
    assert answer["success"] is True
    assert UUID(answer["stablequeue_job_id"])
    assert TIMESTAMP.fullmatch(answer["creation_timestamp"])
    assert (answer["queue_position"], answer["app_type"], answer["target_server_alias"]) == (1, "forge", "Main")
    assert (await submit(anna))["queue_position"] == 2


async def test_pending_job_reports_its_position_and_what_was_asked(platform: Platform, anna: Account) -> None:
    ids = [(await submit(anna))["stablequeue_job_id"] for _ in range(3)]

    async def in_order() -> bool:
        return [(await status(anna, job_id))["queue_position"] for job_id in ids] == [1, 2, 3]

    await until(in_order, 10)
    read = await status(anna, ids[0])
    assert read.keys() == READ
    assert (read["status"], read["retry_count"], read["source_info"]) == ("pending", 0, "extension")
    assert read["generation_params"] == PLAIN
    for name in ("completion_timestamp", "forge_session_hash", "result_details", "estimated_time_remaining"):
        assert read[name] is None, name


async def test_key_that_submitted_is_reported(platform: Platform, anna: Account) -> None:
    async with platform.client(Authorization=f"Bearer {anna.api_key}") as client:
        job_id = (await client.post("/api/v2/generate", json=job())).json()["stablequeue_job_id"]
        read = (await client.get(f"/api/v2/jobs/{job_id}/status")).json()["job"]
        assert read["api_key_id"] == (await client.get("/api/v2/apikeys")).json()["api_keys"][0]["id"]
    by_token = (await submit(anna))["stablequeue_job_id"]
    assert (await status(anna, by_token))["api_key_id"] is None


async def test_completed_job_names_its_images_and_seeds(anna: Account, start_worker: StartWorker) -> None:
    await start_worker()
    job_id = (await submit(anna, PLAIN | {"num_images": 2, "seed": 41}))["stablequeue_job_id"]
    await anna.finished(job_id)
    read = await status(anna, job_id)
    assert (read["status"], read["queue_position"]) == ("completed", None)
    assert TIMESTAMP.fullmatch(read["completion_timestamp"])
    assert UUID(read["forge_session_hash"])
    result = read["result_details"]
    assert len(result["images"]) == len(result["image_urls"]) == 2
    assert result["info"]
    info = result["generation_info"]
    assert (info["prompt"], info["all_prompts"]) == ("a lighthouse", ["a lighthouse"] * 2)
    assert (info["negative_prompt"], info["all_negative_prompts"]) == ("", ["", ""])
    assert (info["seed"], info["all_seeds"]) == (41, [41, 42])
    assert {(await anna.http.get(path)).status_code for path in result["images"]} == {200}


async def test_running_job_says_how_long_once_times_were_measured(anna: Account, start_worker: StartWorker) -> None:
    quick = HeldWorker()
    quick.release.set()
    await start_worker(quick)
    for _ in range(5):
        await anna.finished((await submit(anna))["stablequeue_job_id"])
    quick.release.clear()
    quick.claimed.clear()
    job_id = (await submit(anna))["stablequeue_job_id"]

    async def estimated() -> bool:
        return isinstance((await status(anna, job_id))["estimated_time_remaining"], int)

    await until(estimated, 10)
    read = await status(anna, job_id)
    assert (read["status"], read["queue_position"]) == ("processing", None)
    quick.release.set()


async def test_failed_job_says_why(anna: Account, start_worker: StartWorker) -> None:
    async def broken(_: StepContext) -> StepResult:
        raise RuntimeError("no paper")

    await start_worker(broken)
    job_id = (await submit(anna))["stablequeue_job_id"]
    await anna.finished(job_id)
    read = await status(anna, job_id)
    assert read["status"] == "failed"
    assert read["result_details"].keys() == {"error", "code", "details"}


async def test_waiting_and_running_jobs_are_cancelled_at_once(anna: Account, start_worker: StartWorker) -> None:
    waiting = (await submit(anna))["stablequeue_job_id"]
    await _cancel(anna, waiting)
    worker = HeldWorker()
    await start_worker(worker)
    running = (await submit(anna))["stablequeue_job_id"]
    await asyncio.wait_for(worker.claimed.wait(), 10)
    await _cancel(anna, running)
    assert (await status(anna, running))["status"] == "cancelled"
    await _cancel(anna, running)


async def _cancel(account: Account, job_id: str) -> None:
    answer = await account.http.post(f"/api/v2/jobs/{job_id}/cancel")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["success"], body["message"]) == (True, "Job cancelled successfully.")
    assert body["job"].keys() == LISTED
    assert body["job"]["status"] == "cancelled"
    assert body["job"]["completion_timestamp"] == body["job"]["last_updated_timestamp"]
    assert body["job"]["result_details"] == {"cancelled": True, "message": "Job cancelled by user"}


async def test_finished_job_cannot_be_cancelled(anna: Account, start_worker: StartWorker) -> None:
    await start_worker()
    job_id = (await submit(anna))["stablequeue_job_id"]
    await anna.finished(job_id)
    answer = await anna.http.post(f"/api/v2/jobs/{job_id}/cancel")
    assert answer.status_code == 409
    assert answer.json()["success"] is False


async def test_list_filters_orders_and_echoes_effective_values(anna: Account) -> None:
    ids = [(await submit(anna))["stablequeue_job_id"] for _ in range(3)]
    comfy = (await submit(anna, app_type="comfyui"))["stablequeue_job_id"]
    await anna.http.post(f"/api/v2/jobs/{ids[0]}/cancel")

    async def listed(query: str) -> dict[str, Any]:
        return dict((await anna.http.get(f"/api/v2/jobs?{query}")).json())

    def of(page: dict[str, Any]) -> list[str]:
        return [job["stablequeue_job_id"] for job in page["jobs"]]

    everything = await listed("")
    assert (everything["success"], everything["total"], of(everything)) == (True, 4, [comfy, *reversed(ids)])
    assert everything["filters"] == {"status": None, "app_type": None, "limit": 50, "offset": 0, "order": "DESC"}
    assert everything["jobs"][0].keys() == LISTED
    oldest = await listed("order=asc&limit=2&offset=1")
    assert (of(oldest), oldest["total"]) == (ids[1:], 4)
    assert oldest["filters"] == {"status": None, "app_type": None, "limit": 2, "offset": 1, "order": "ASC"}
    pending = await listed("status=pending&app_type=forge")
    assert (of(pending), pending["total"]) == (ids[:0:-1], 2)
    assert of(await listed("status=cancelled")) == [ids[0]]
    assert of(await listed("app_type=comfyui")) == [comfy]
    assert of(await listed("status=completed")) == []


async def test_jobs_of_other_dialects_are_read_alike(anna: Account) -> None:
    job_id = (await anna.submit("sdxl_image_fast", prompt="a boat"))["id"]
    read = await status(anna, job_id)
    assert (read["app_type"], read["target_server_alias"]) == ("sdxl_image_fast", None)
    assert read["generation_params"]["positive_prompt"] == "a boat"


async def test_older_forms_answer_without_frames(anna: Account) -> None:
    answer = await anna.http.post("/api/v1/generate", json=job())
    assert answer.json().keys() == {"stablequeue_job_id", "reason", "notices", "ignored"}
    job_id = answer.json()["stablequeue_job_id"]
    assert (await anna.http.get(f"/api/v1/queue/jobs/{job_id}/status")).json()["stablequeue_job_id"] == job_id
    listed = (await anna.http.get("/api/v1/queue/jobs?status=pending")).json()
    assert (listed.keys(), listed["total"]) == ({"total", "jobs"}, 1)
    cancelled = (await anna.http.post(f"/api/v1/queue/jobs/{job_id}/cancel")).json()
    assert (cancelled["message"], cancelled["job"]["status"]) == ("Job cancelled successfully.", "cancelled")


async def test_models_are_listed(anna: Account, start_worker: StartWorker) -> None:
    await start_worker(models=(MODEL, "lora:ink"))
    listed = (await anna.http.get("/api/v1/checkpoints")).json()
    assert [model["filename"] for model in listed] == ["sdxl-base-1.0", MODEL]
    assert (await anna.http.get("/api/v1/loras")).json() == [{"filename": "ink", "relativePath": ""}]
    models = {model["name"]: model for model in (await anna.http.get("/api/models")).json()["data"]}
    assert models["lora:ink"]["available"] is True
    assert models["lora:ink"]["job_types"] == ["sdxl_image_fast", "sdxl_image_high"]


async def test_repeated_submission_makes_one_job(anna: Account) -> None:
    for version in ("v1", "v2"):
        path, headers = f"/api/{version}/generate", {"Idempotency-Key": f"once-{version}"}
        answers = [await anna.http.post(path, json=job(), headers=headers) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
        assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert (await anna.http.get("/api/v2/jobs")).json()["total"] == 2


@pytest.mark.skipif(shutil.which("node") is None, reason="the printed programs are JavaScript and need node")
async def test_printed_programs_run(platform: Platform, anna: Account, start_worker: StartWorker) -> None:
    worker = HeldWorker()
    await start_worker(worker)
    program = (PROGRAMS / "stablequeue.mjs").read_text().replace("http://your-server:3000", platform.url)
    printed = job(PARAMS, app_type="forge", source_info="forge_extension_v1.0.0")
    node = await asyncio.create_subprocess_exec(
        *("node", "--input-type=module", "-e", program + (PROGRAMS / "stablequeue_driver.mjs").read_text()),
        env=os.environ | {"API_KEY": anna.api_key, "JOB": json.dumps(printed)},
        stdout=asyncio.subprocess.PIPE,
    )
    assert node.stdout is not None
    accepted = json.loads(await asyncio.wait_for(node.stdout.readline(), 20))
    assert (accepted["success"], accepted["target_server_alias"]) == (True, "Main")
    assert PARAMS["checkpoint_name"] in accepted["notices"][0], "no worker has the printed checkpoint"
    seen = []
    async with asyncio.timeout(20):
        while line := await node.stdout.readline():
            seen.append(json.loads(line)["status"])
            if seen[-1] == "processing":
                worker.release.set()
    assert await node.wait() == 0
    assert list(dict.fromkeys(seen))[-2:] == ["processing", "completed"]


async def test_image_names_are_paths_that_the_jobs_owner_can_fetch(
    platform: Platform, anna: Account, start_worker: StartWorker
) -> None:
    await start_worker()
    made = (await anna.http.post("/api/v1/apikeys", json={"name": "forge", "scopes": ["jobs:read"]})).json()
    ben = await platform.account("ben")
    job_id = (await submit(anna))["stablequeue_job_id"]
    await anna.finished(job_id)
    result = (await status(anna, job_id))["result_details"]
    [path], [link] = result["images"], result["image_urls"]
    by_link = await anna.http.get(platform.local(link))
    async with platform.client(Authorization=f"Bearer {made['api_key']['key']}") as extension:
        whole = await extension.get(path)
        assert (whole.status_code, whole.content) == (200, by_link.content)
        assert whole.headers["Content-Type"] == "image/png"
        part = await extension.head(path, headers={"Range": "bytes=0-9"})
        assert (part.status_code, part.headers["Content-Length"]) == (206, "10")
    assert (await ben.http.get(path)).status_code == 404
    assert (await anna.http.get(path.rpartition(".")[0])).status_code == 200
    for wrong in ("nonsense.png", "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11.png", "%00"):
        assert (await anna.http.get(f"/api/v2/images/{wrong}")).status_code == 404
    async with platform.client() as anonymous:
        assert (await anonymous.get(path)).status_code == 401


async def test_unknown_checkpoint_is_reported_in_the_answer_and_with_the_result(
    anna: Account, start_worker: StartWorker
) -> None:
    await start_worker()
    answer = await submit(anna, PARAMS)
    [notice] = answer["notices"]
    assert (PARAMS["checkpoint_name"] in notice, "sdxl-base-1.0" in notice) == (True, True)
    await anna.finished(answer["stablequeue_job_id"])
    read = await status(anna, answer["stablequeue_job_id"])
    assert read["notices"] == [notice]
    assert notice in read["result_details"]["info"]
    assert read["generation_params"]["checkpoint_name"] == PARAMS["checkpoint_name"]


async def test_members_that_nothing_reads_are_retained_and_reported(anna: Account) -> None:
    params = PLAIN | {"shelf": {"row": 3}, "enable_hr": False}
    answer = await submit(anna, params, app_type="SwarmUI", bulk_quantity=3, batch="b-7")
    assert answer["app_type"] == "SwarmUI"
    assert sorted(answer["ignored"]) == ["batch", "bulk_quantity", "generation_params.shelf"]
    read = await status(anna, answer["stablequeue_job_id"])
    assert (read["app_type"], read["generation_params"]) == ("SwarmUI", params)
    assert read["other_members"] == {"bulk_quantity": 3, "batch": "b-7"}
    listed = (await anna.http.get("/api/v2/jobs", params={"app_type": "SwarmUI"})).json()
    assert [job["stablequeue_job_id"] for job in listed["jobs"]] == [answer["stablequeue_job_id"]]


async def test_jobs_of_other_dialects_are_listed_whatever_was_sent_along(anna: Account) -> None:
    odd = {"target_server_alias": 5, "source_info": [], "generation_params": "x", "notices": 7, "other_members": 1}
    job_id = (await anna.submit("sdxl_image_fast", **odd))["id"]
    assert (await status(anna, job_id))["target_server_alias"] is None
    assert (await anna.http.get("/api/v2/jobs")).json()["total"] == 1
