"""Models and nodes of external back ends: where each is, and why a job that needs another waits."""

from support.emprops import collection, generate, workflow
from support.platform import Platform, StartWorker
from support.waiting import until

GRAPH = {"1": {"class_type": "LoadImage", "inputs": {}}}


async def test_a_model_names_the_back_ends_that_have_it(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker(backends=("127.0.0.1_8188", "studio"), models=("juggernaut.safetensors", "lora:ink"))
    anna = await platform.account("anna")
    models = {model["name"]: model for model in (await anna.http.get("/api/models")).json()["data"]}
    checkpoint = models["juggernaut.safetensors"]
    assert checkpoint["available"]
    assert checkpoint["backends"] == ["127.0.0.1_8188", "studio"]
    assert "comfyui" in checkpoint["job_types"]
    assert "comfyui" in models["lora:ink"]["job_types"]


async def test_a_workflow_that_no_back_end_can_run_says_what_is_missing(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker(backends=("127.0.0.1_8188",), models=("juggernaut.safetensors",))
    anna = await platform.account("anna")
    needed = {"models": ["flux.safetensors"], "custom_nodes": ["ComfyUI-Impact-Pack"]}
    await workflow(anna, "comfy_workflow", {"workflow": GRAPH}, **needed)
    answer = await generate(anna, await collection(anna, workflow="mine"))
    assert answer.status_code == 200, answer.text
    job_id = answer.json()["data"]["jobId"]

    async def why() -> str:
        return (await anna.http.get(f"/api/jobs/{job_id}/why")).text

    async def is_queued() -> bool:
        return "model flux.safetensors" in await why()

    await until(is_queued)
    assert "custom node ComfyUI-Impact-Pack" in await why()
