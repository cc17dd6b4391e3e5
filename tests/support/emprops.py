"""Collections, workflows and generations by HTTP, as tests of the EmProps dialect need them."""

from typing import Any

import httpx

from support.platform import Account

DETAILS = {
    "title": "Lighthouses",
    "description": "One for each coast",
    "social_org": "farcaster",
    "social_identifier": "12345",
    "miniapp_user_id": "m-1",
    "price": "1.5",
    "editions": "10",
}
SIMPLE: dict[str, Any] = {
    "collection_details": DETAILS,
    "variables": [
        {"name": "Coast", "template_mapping": "{{coast}}", "options": ["rocky", "sandy"], "is_selectable": True},
        {"name": "Mood", "template_mapping": "mood", "is_customizable": True},
        {"name": "Seed", "template_mapping": "seed"},
    ],
    "job_type": "sdxl_image_fast",
    "template_json": {"prompt": "a {{mood}} lighthouse, {{coast}} coast", "seed": "{{seed}}"},
}


async def simple(
    account: Account, path: str = "/api/workflows/create-simple-collection", **changes: Any
) -> httpx.Response:
    return await account.http.post(path, json=SIMPLE | changes)


async def collection(account: Account, **values: Any) -> str:
    answer = await account.http.post("/api/collections", json={"title": "Mine"} | values)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["data"]["id"])


async def workflow(account: Account, type_: str, data: Any, **more: Any) -> str:
    body = {"name": "mine", "label": "Mine", "description": "", "output_mime_type": "image/png"}
    answer = await account.http.post("/api/workflows", json={**body, "type": type_, "data": data, **more})
    assert answer.status_code == 200, answer.text
    return "mine"


async def generate(account: Account, collection_id: str, **body: Any) -> httpx.Response:
    return await account.http.post(f"/api/collections/{collection_id}/generate", json={"variables": {}} | body)


async def generated(account: Account, collection_id: str, **body: Any) -> dict[str, Any]:
    """Generate, and return the finished job in EmProps words."""
    answer = await generate(account, collection_id, **body)
    assert answer.status_code == 200, answer.text
    assert answer.json()["error"] is None
    return dict((await account.finished(answer.json()["data"]["jobId"]))["data"])
