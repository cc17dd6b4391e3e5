"""Makes pictures on the running stack."""

import httpx
from darkroom_local.state import StateDir


def make_pictures(stack_state: StateDir, prompt: str) -> list[str]:
    """Make six pictures with a prompt, and return their ids, newest first."""
    stack = stack_state.running()
    with httpx.Client(base_url=stack.platform_url, headers={"X-API-Key": stack.api_key}, timeout=120) as http:
        body = {"jobType": "sdxl_image_fast", "metadata": {"prompt": prompt}}
        job_id = http.post("/api/queue-job", json=body).json()["job"]["id"]
        with http.stream("GET", f"/api/jobs/{job_id}/stream") as events:
            events.read()
        assets = http.get("/api/assets", params={"job_id": job_id}).json()["assets"]
    return sorted((asset["id"] for asset in assets), reverse=True)
