"""A workflow over several back ends, through the running stack: Ollama writes, Forge draws, a request reports."""

import base64
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from darkroom_local.state import RunningStack, StateDir
from PIL import Image
from support.program import Program
from support.scripted_service import Answer, ScriptedService, scripted_service
from support.waiting import until

pytestmark = pytest.mark.e2e
SECRET = "s3cret-of-the-operator"


def _picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 60, 20)).save(file, "PNG")
    return file.getvalue()


PICTURE = _picture()


@pytest.fixture
def ollama() -> Iterator[ScriptedService]:
    """Write `a red boat`."""
    lines = [{"message": {"content": "a red boat"}, "done": False}, {"message": {"content": ""}, "done": True}]
    with scripted_service() as service:
        service.on("/api/version", Answer.json({"version": "0.12"}))
        service.on("/api/tags", Answer.json({"models": [{"name": "writer:latest"}]}))
        service.on("/api/chat", Answer(200, "\n".join(map(json.dumps, lines)).encode(), "application/x-ndjson"))
        yield service


@pytest.fixture
def forge() -> Iterator[ScriptedService]:
    """Draw one picture."""
    images = [base64.b64encode(PICTURE).decode()]
    with scripted_service() as service:
        service.on("/sdapi/v1/sd-models", Answer.json([{"title": "base.safetensors [0a1b2c3d4e]"}]))
        service.on("/sdapi/v1/txt2img", Answer.json({"images": images, "info": ""}))
        for path in ("/sdapi/v1/progress", "/internal/progress", "/sdapi/v1/loras", "/sdapi/v1/memory"):
            service.on(path, Answer(404))
        yield service


@pytest.fixture
def hall() -> Iterator[ScriptedService]:
    """Take reports: the work starts at once and is done at the second look."""
    with scripted_service() as service:
        service.on("/reports", Answer.json({"id": "r/1"}))
        service.on("/reports/r%2F1", Answer.json({"state": "new"}), Answer.json({"state": "hung", "wall": "north"}))
        yield service


async def test_a_workflow_goes_from_one_back_end_to_the_next(
    stack_state: StateDir,
    stack: RunningStack,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    ollama: ScriptedService,
    forge: ScriptedService,
    hall: ScriptedService,
) -> None:
    listed: dict[str, Any] = {
        "backends": [
            {"type": "ollama", "url": ollama.url},
            {"type": "a1111", "url": forge.url, "alias": "e2e-studio"},
            {"type": "http"},
        ],
        "credentials": {"hall": {"env": "HALL_TOKEN", "hosts": ["127.0.0.1"]}},
    }
    (tmp_path / "back-ends.yaml").write_text(yaml.safe_dump(listed))
    monkeypatch.setenv("HALL_TOKEN", SECRET)
    monkeypatch.setenv("GPU_WORKER_ALLOWED_NETWORKS", "127.0.0.1/32")
    worker = Program(stack_state, tmp_path).start("worker", "--backends-file", "back-ends.yaml", "--id", "e2e")
    try:
        job = await run_workflow(stack, hall)
    finally:
        worker.terminate()
        log, _ = worker.communicate(timeout=30)
    assert job["status"] == "completed", (job, log)
    [drawing] = [json.loads(asked.body) for asked in forge.asked if asked.path.endswith("txt2img")]
    assert drawing["prompt"] == "a red boat, oil on canvas"
    report = next(asked for asked in hall.asked if asked.method == "POST")
    assert report.headers["authorization"] == f"Bearer {SECRET}"
    async with httpx.AsyncClient() as http:
        picture = await http.get(json.loads(report.body)["picture"])
    assert picture.content == PICTURE
    assert SECRET not in json.dumps(job) + log


async def test_a_client_of_stablequeue_draws_on_the_forge_of_its_server(
    stack_state: StateDir, stack: RunningStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forge: ScriptedService
) -> None:
    listed = {"backends": [{"type": "a1111", "url": forge.url, "alias": "e2e-forge"}]}
    (tmp_path / "back-ends.yaml").write_text(yaml.safe_dump(listed))
    monkeypatch.setenv("GPU_WORKER_ALLOWED_NETWORKS", "127.0.0.1/32")
    worker = Program(stack_state, tmp_path).start("worker", "--backends-file", "back-ends.yaml", "--id", "e2e-forge")
    order = {
        "app_type": "forge",
        "target_server_alias": "e2e-forge",
        "generation_params": {
            "positive_prompt": "a red boat",
            "checkpoint_name": "models\\base.safetensors",
            "restore_faces": True,
            "steps": 9,
            "width": 64,
            "height": 64,
            "seed": 2**53 - 1,
        },
    }
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    try:
        async with httpx.AsyncClient(base_url=stack.platform_url, headers=headers, timeout=60) as http:

            async def is_offered() -> bool:
                answer = await http.get("/api/models")
                return "e2e-forge" in answer.text

            await until(is_offered, 30)
            accepted = await http.post("/api/v2/generate", json=order)
            assert accepted.is_success, accepted.text
            job_id = accepted.json()["stablequeue_job_id"]
            await http.get(f"/api/jobs/{job_id}/stream")  # ends with the job
            job = (await http.get(f"/api/v2/jobs/{job_id}/status")).json()["job"]
            assert job["status"] == "completed", job
            pictures = [(await http.get(path)).content for path in job["result_details"]["images"]]
    finally:
        worker.terminate()
        worker.communicate(timeout=30)
    assert pictures == [PICTURE]
    [drawing] = [json.loads(asked.body) for asked in forge.asked if asked.path.endswith("txt2img")]
    assert (drawing["prompt"], drawing["steps"], drawing["seed"]) == ("a red boat", 9, 2**53 - 1)
    assert drawing["restore_faces"] is True
    assert drawing["override_settings"]["sd_model_checkpoint"].startswith("base.safetensors")


async def run_workflow(stack: RunningStack, hall: ScriptedService) -> dict[str, Any]:
    """Create the workflow and a collection, generate once, and return the finished job."""
    chat = {"model": "writer", "messages": [{"role": "user", "content": "Describe {{subject}}."}]}
    poll = {
        "url": f"{hall.url}/reports/{{id}}",
        "interval_s": 0.1,
        "done": {"path": "state", "equals": "hung"},
        "select": "wall",
    }
    report = {
        "url": f"{hall.url}/reports",
        "method": "POST",
        "credential": "hall",
        "body": {"picture": "{{steps.01.outputs.0.url}}"},
        "poll": poll,
    }
    steps = [
        {"job_type": "ollama_chat", "payload": chat, "models": ["writer"]},
        {
            "job_type": "a1111",
            "payload": {"prompt": "{{steps.00.text}}, oil on canvas"},
            "backend": "e2e-studio",
        },
        {"job_type": "fetch_api", "payload": report},
    ]
    headers = {"X-API-Key": stack.api_key}
    async with httpx.AsyncClient(base_url=stack.platform_url, headers=headers, timeout=30) as http:
        workflow = {
            "name": "hung-picture",
            "label": "Hung picture",
            "description": "Three back ends",
            "output_mime_type": "image/png",
            "type": "basic",
            "data": {"steps": steps},
        }
        (await http.post("/api/workflows", json=workflow)).raise_for_status()
        collection = {
            "title": "Hung",
            "workflow": "hung-picture",
            "variables": [{"name": "Subject", "template_mapping": "subject", "is_customizable": True}],
        }
        made = (await http.post("/api/collections", json=collection)).raise_for_status().json()
        generated = await http.post(
            f"/api/collections/{made['data']['id']}/generate", json={"variables": {"Subject": "a boat"}}
        )
        job_id = generated.raise_for_status().json()["data"]["jobId"]

        async def finished() -> dict[str, Any] | None:
            job: dict[str, Any] = (await http.get(f"/api/jobs/{job_id}")).json()
            return job if job["status"] in {"completed", "failed", "cancelled"} else None

        job = await until(finished, 60)
        assert job is not None
        return job
