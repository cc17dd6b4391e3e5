"""A client of StableQueue against the running stack: a real worker draws for it."""

import httpx
import pytest
from darkroom_local.state import RunningStack

pytestmark = pytest.mark.e2e
ORDER = {
    "app_type": "forge",
    "target_server_alias": "Main",
    "generation_params": {
        "positive_prompt": "a beautiful landscape",
        "negative_prompt": "ugly, blurry",
        "checkpoint_name": "models/Pony/cyberrealisticPony_v8.safetensors",
        "width": 128,
        "height": 192,
        "steps": 2,
        "cfg_scale": 7,
        "sampler_name": "Euler",
        "restore_faces": False,
        "scheduler_or_quality_preset": "Balanced",
        "num_images": 2,
        "seed": 41,
    },
    "source_info": "forge_extension_v1.0.0",
}


def test_generation_is_drawn(stack: RunningStack) -> None:
    headers = {"Authorization": f"Bearer {stack.api_key}"}
    with httpx.Client(base_url=stack.platform_url, headers=headers, timeout=90) as http:
        accepted = (http.post("/api/v2/generate", json=ORDER)).raise_for_status().json()
        job_id = accepted["stablequeue_job_id"]
        http.get(f"/api/jobs/{job_id}/stream")  # ends with the job
        job = (http.get(f"/api/v2/jobs/{job_id}/status")).json()["job"]
        files = [http.get(path) for path in (job["result_details"] or {}).get("images", [])]
    assert job["status"] == "completed", job["result_details"]
    assert (accepted["reason"], accepted["ignored"]) == (None, [])
    assert "cyberrealisticPony_v8" in accepted["notices"][0], "the worker has another checkpoint"
    assert [file.content[:4] for file in files] == [b"\x89PNG"] * 2
    info = job["result_details"]["generation_info"]
    assert (info["seed"], info["all_seeds"]) == (41, [41, 42])
    for link in job["result_details"]["image_urls"]:
        assert httpx.get(link).content.startswith(b"\x89PNG")
