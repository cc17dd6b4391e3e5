"""Every type of workflow through the running stack, on a real ComfyUI and a real language model."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from darkroom_local.state import RunningStack, StateDir
from PIL import Image
from support.comfyui import RealComfyUI, sampling_graph
from support.llm_servers import MODEL, LlamaServer
from support.program import Program
from support.waiting import until

DONE_S = 120.0


@pytest.fixture
async def llama(tmp_path: Path) -> AsyncIterator[LlamaServer]:
    server = LlamaServer(tmp_path)
    await server.start()
    yield server
    await server.kill()


@pytest.fixture
def worker(
    stack_state: StateDir,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    comfyui: RealComfyUI,
    llama: LlamaServer,
) -> Iterator[None]:
    """Run a worker of three back ends beside the stack."""
    listed = [
        {"type": "comfyui", "url": comfyui.url, "alias": "types-studio"},
        {"type": "openai", "url": llama.url},
        {"type": "http"},
    ]
    (tmp_path / "back-ends.yaml").write_text(yaml.safe_dump({"backends": listed}))
    monkeypatch.setenv("GPU_WORKER_ALLOWED_NETWORKS", "127.0.0.1/32")
    process = Program(stack_state, tmp_path).start("worker", "--backends-file", "back-ends.yaml", "--id", "types")
    yield
    process.terminate()
    process.communicate(timeout=30)


@pytest.fixture
async def api(stack: RunningStack, worker: None) -> AsyncIterator[httpx.AsyncClient]:
    assert worker is None
    headers = {"X-API-Key": stack.api_key}
    async with httpx.AsyncClient(base_url=stack.platform_url, headers=headers, timeout=30) as http:
        yield http


async def generated(api: httpx.AsyncClient, kind: str, data: dict[str, Any], **variables: str) -> dict[str, Any]:
    """Create a workflow and a collection, generate once, and return the finished job."""
    name = f"types-{kind}"
    workflow = {"name": name, "label": name, "description": kind, "output_mime_type": "image/png", "type": kind}
    (await api.post("/api/workflows", json=workflow | {"data": data})).raise_for_status()
    asked = [{"name": one, "template_mapping": one, "is_customizable": True} for one in variables]
    collection = {"title": name, "workflow": name, "variables": asked}
    made = (await api.post("/api/collections", json=collection)).raise_for_status().json()["data"]
    answer = await api.post(f"/api/collections/{made['id']}/generate", json={"variables": variables})
    job_id = answer.raise_for_status().json()["data"]["jobId"]

    async def finished() -> dict[str, Any] | None:
        job: dict[str, Any] = (await api.get(f"/api/jobs/{job_id}")).json()
        return job if job["status"] in {"completed", "failed", "cancelled"} else None

    job = await until(finished, DONE_S, every_s=0.5)
    assert job["status"] == "completed", job
    return job


async def graph_in(api: httpx.AsyncClient, job: dict[str, Any]) -> dict[str, Any]:
    """Return the graph that ComfyUI writes into its pictures."""
    [asset] = job["metadata"]["all_assets"]
    url = asset if isinstance(asset, str) else asset["url"]
    content = (await api.get(url)).raise_for_status().content
    with Image.open(io.BytesIO(content)) as picture:
        return dict(json.loads(picture.info["prompt"]))


async def test_comfy_workflow_fills_variables_into_the_graph(api: httpx.AsyncClient) -> None:
    job = await generated(
        api, "comfy_workflow", {"workflow": sampling_graph(text="{{subject}}", seed=5)}, subject="an owl"
    )
    graph = await graph_in(api, job)
    assert graph["6"]["inputs"]["text"] == "an owl"


async def test_basic_passes_a_text_from_the_model_to_the_graph(api: httpx.AsyncClient) -> None:
    ask = [{"role": "user", "content": "Name one animal that is {{colour}}."}]
    steps = [
        {"job_type": "openai_chat", "payload": {"model": MODEL, "messages": ask, "max_tokens": 8, "seed": 1}},
        {
            "job_type": "comfyui",
            "payload": {"workflow": sampling_graph(text="{{steps.00.text}}", seed=6)},
            "custom_nodes": ["DarkroomPause"],
            "backend": "types-studio",
        },
    ]
    job = await generated(api, "basic", {"steps": steps}, colour="grey")
    written = (await graph_in(api, job))["6"]["inputs"]["text"]
    assert written
    assert "{{" not in written


async def test_direct_job_is_one_step(api: httpx.AsyncClient) -> None:
    data = {"job_type": "comfyui", "payload": {"workflow": sampling_graph(text="{{subject}}", seed=7)}}
    job = await generated(api, "direct_job", data, subject="a direct hare")
    assert (await graph_in(api, job))["6"]["inputs"]["text"] == "a direct hare"


async def test_dynamic_json_fills_a_template(api: httpx.AsyncClient) -> None:
    ask = [{"role": "user", "content": "Say {{word}}."}]
    data = {"job_type": "openai_chat", "template": {"model": MODEL, "messages": ask, "max_tokens": 8}}
    job = await generated(api, "dynamic_json", data, word="cheese")
    assert job["metadata"]["enhanced_prompt"]


async def test_fetch_api_asks_an_allowed_server(api: httpx.AsyncClient, comfyui: RealComfyUI) -> None:
    data = {"url": f"{comfyui.url}/system_stats", "select": "system.comfyui_version"}
    job = await generated(api, "fetch_api", data)
    assert (
        job["metadata"]["enhanced_prompt"]
        == (await asyncio.to_thread(comfyui.ask, "/system_stats"))["system"]["comfyui_version"]
    )


async def test_a_client_of_stablequeue_runs_a_graph_on_its_server(api: httpx.AsyncClient) -> None:
    params = {"positive_prompt": "", "workflow": sampling_graph(steps=2, seed=2**63 + 9)}
    order = {"app_type": "comfyui", "target_server_alias": "types-studio", "generation_params": params}

    async def is_offered() -> bool:
        return "types-studio" in (await api.get("/api/models")).text

    await until(is_offered, DONE_S, every_s=0.5)
    accepted = (await api.post("/api/v2/generate", json=order)).raise_for_status().json()
    await api.get(f"/api/jobs/{accepted['stablequeue_job_id']}/stream", timeout=DONE_S)  # ends with the job
    job = (await api.get(f"/api/v2/jobs/{accepted['stablequeue_job_id']}/status")).json()["job"]
    assert job["status"] == "completed", job
    [path] = job["result_details"]["images"]
    with Image.open(io.BytesIO((await api.get(path)).raise_for_status().content)) as picture:
        graph = json.loads(picture.info["prompt"])
    assert 2**63 + 9 in [node["inputs"].get("seed") for node in graph.values()]
