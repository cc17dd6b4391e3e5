"""Workflows are kept for their user, checked before they are, and shared only when built in."""

from typing import Any

import httpx
import pytest
from support.platform import Account, Platform, StartWorker
from support.waiting import until

BUILT_IN = {"flexible_prompt", "sdxl_image", "wan_video", "enhanced_image", "image_and_video"}
POSTER = {
    "name": "poster",
    "label": "Poster",
    "description": "An image from an expanded prompt",
    "type": "basic",
    "data": {
        "steps": [
            {"job_type": "prompt_enhance", "payload": {"prompt": "a poster of {{subject}}"}},
            {"job_type": "sdxl_image_high", "payload": {"prompt": "{{steps.00.text}}"}},
        ]
    },
    "output_mime_type": "image/png",
    "models": ["qwen2.5-7b-instruct", "my-lora"],
    "custom_nodes": ["ComfyUI-Mine"],
}


async def create(account: Account, key: str | None = None, **changes: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return await account.http.post("/api/workflows", json=POSTER | changes, headers=headers)


async def test_created_workflow_is_read_by_name_with_what_it_requires(platform: Platform) -> None:
    anna = await platform.account("anna")
    created = await create(anna)
    assert created.status_code == 200, created.text
    read = (await anna.http.get("/api/workflows/poster")).json()
    assert read == created.json()
    assert read["error"] is None
    data = read["data"]
    assert {name: data[name] for name in ("name", "label", "type", "description", "models", "custom_nodes")} == {
        name: POSTER[name] for name in ("name", "label", "type", "description", "models", "custom_nodes")
    }
    assert data["data"] == POSTER["data"]
    assert (await anna.http.get(f"/api/workflows/{data['id']}")).json() == read


async def test_list_has_data_only_when_asked_for(platform: Platform) -> None:
    anna = await platform.account("anna")
    await create(anna)
    plain = (await anna.http.get("/api/workflows")).json()
    assert {item["name"] for item in plain["data"]} == BUILT_IN | {"poster"}
    assert all("data" not in item for item in plain["data"])
    full = (await anna.http.get("/api/workflows", params={"include": "eq.true"})).json()
    assert full["data"][0]["name"] == "poster"
    assert full["data"][0]["data"] == POSTER["data"]


async def test_list_goes_on_by_cursor_and_by_offset(platform: Platform) -> None:
    anna = await platform.account("anna")
    for number in range(3):
        await create(anna, name=f"poster-{number}")
    seen, cursor = [], None
    while True:
        page = (
            await anna.http.get("/api/workflows", params={"limit": 3} | ({"cursor": cursor} if cursor else {}))
        ).json()
        seen += [item["name"] for item in page["data"]]
        cursor = page["pagination"]["cursor"]
        if cursor is None:
            break
    assert page["pagination"]["total"] == len(seen) == len(set(seen)) == 3 + len(BUILT_IN)
    skipped = (await anna.http.get("/api/workflows", params={"offset": 2})).json()["data"]
    assert [item["name"] for item in skipped] == seen[2:]


async def test_workflows_that_need_a_credential_are_distinguished(platform: Platform) -> None:
    anna = await platform.account("anna")
    await create(anna)
    chat = {"job_type": "openai_chat", "template": {"model": "m", "messages": [{"role": "user", "content": "{{ask}}"}]}}
    await create(anna, name="chat", type="dynamic_json", data=chat, output_mime_type="text/plain")

    async def names(needed: str) -> set[str]:
        answer = await anna.http.get("/api/workflows", params={"require_api_keys": needed})
        return {item["name"] for item in answer.json()["data"]}

    assert await names("true") == {"chat"}
    assert await names("false") == BUILT_IN | {"poster"}


async def test_hidden_workflow_is_read_by_name_only(platform: Platform) -> None:
    anna = await platform.account("anna")
    await create(anna, display=False)
    assert {item["name"] for item in (await anna.http.get("/api/workflows")).json()["data"]} == BUILT_IN
    assert (await anna.http.get("/api/workflows/poster")).status_code == 200


@pytest.mark.parametrize("name", ["poster", "flexible_prompt"])
async def test_taken_name_is_a_409(platform: Platform, name: str) -> None:
    anna = await platform.account("anna")
    await create(anna)
    answer = await create(anna, name=name)
    assert (answer.status_code, answer.json()["code"], answer.json()["data"]) == (409, "conflict", None)


async def test_workflow_of_another_user_is_not_there_and_its_name_is_free(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    id_ = (await create(anna)).json()["data"]["id"]
    for name in ("poster", id_):
        assert (await ben.http.get(f"/api/workflows/{name}")).status_code == 404
    assert {item["name"] for item in (await ben.http.get("/api/workflows")).json()["data"]} == BUILT_IN
    assert (await create(ben)).status_code == 200


async def test_creation_with_a_key_happens_once(platform: Platform) -> None:
    anna = await platform.account("anna")
    first, again = await create(anna, "k1"), await create(anna, "k1")
    assert first.status_code == again.status_code == 200
    assert first.text == again.text
    assert again.headers["Idempotent-Replayed"] == "true"
    assert (await create(anna, "k1", label="Another")).status_code == 422


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "no spaces"}, "name"),
        ({"label": ""}, "label"),
        ({"type": "advanced"}, "type"),
        ({"output_mime_type": "png"}, "output_mime_type"),
        ({"order": -1}, "order"),
        ({"display": "yes"}, "display"),
        ({"data": "text"}, "data"),
        ({"data": {}}, "data.steps"),
        ({"data": {"steps": [{"job_type": "hologram"}]}}, "data.steps.0.job_type"),
        ({"data": {"steps": [{"job_type": "video7b_fast_enhanced"}]}}, "data.steps.0.job_type"),
        ({"data": {"steps": [{"job_type": "simulation", "needs": [0]}]}}, "data.steps.0.needs"),
        ({"data": {"steps": [{"job_type": "simulation", "more": 1}]}}, "data.steps.0.more"),
        (
            {"data": {"steps": [{"job_type": "a1111", "payload": {"prompt": "{{steps.3.text}}"}}]}},
            "data.steps.0.payload",
        ),
        (
            {"data": {"steps": [{"job_type": "a1111", "payload": {"prompt": "{{steps.00.txt}}"}}]}},
            "data.steps.0.payload.prompt",
        ),
        ({"type": "comfy_workflow", "data": {"workflow": {}}}, "data.workflow"),
        ({"type": "fetch_api", "data": {"method": "GET"}}, "data.url"),
        ({"type": "direct_job", "data": {"payload": {}}}, "data.job_type"),
        ({"type": "dynamic_json", "data": {"job_type": "simulation", "template": []}}, "data.template"),
        ({"data": {"steps": [{"job_type": "simulation", "payload": {"x": "\0"}}]}}, "data"),
        ({"models": [7]}, "models.0"),
        ({"extra": 1}, "extra"),
    ],
)
async def test_workflow_that_could_never_run_is_refused_by_field(
    platform: Platform, changes: dict[str, Any], field: str
) -> None:
    answer = await create(await platform.account("anna"), **changes)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_deeply_nested_definition_is_refused(platform: Platform) -> None:
    nested: Any = {}
    for _ in range(60):
        nested = {"x": nested}
    answer = await create(
        await platform.account("anna"), data={"steps": [{"job_type": "simulation", "payload": nested}]}
    )
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "data")


@pytest.mark.parametrize("params", [{"include": "all"}, {"require_api_keys": "maybe"}, {"limit": 0}, {"cursor": "x"}])
async def test_bad_list_parameter_is_named(platform: Platform, params: dict[str, Any]) -> None:
    answer = await (await platform.account("anna")).http.get("/api/workflows", params=params)
    assert (answer.status_code, [error["field"] for error in answer.json()["errors"]]) == (400, list(params))


async def test_models_and_nodes_are_available_once_a_worker_has_them(
    platform: Platform, start_worker: StartWorker
) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    await create(anna)

    async def listed(account: Account, what: str) -> dict[str, bool]:
        return {item["name"]: item["available"] for item in (await account.http.get(f"/api/{what}")).json()["data"]}

    assert await listed(anna, "models") == {
        "my-lora": False,
        "qwen2.5-7b-instruct": False,
        "sdxl-base-1.0": False,
        "wan2.1-t2v-1.3b": False,
        "z-image-turbo": False,
    }
    assert await listed(anna, "custom-nodes") == {"ComfyUI-Mine": False}
    assert "my-lora" not in await listed(ben, "models")
    assert await listed(ben, "custom-nodes") == {}
    await start_worker()
    await anna.finished((await anna.submit("prompt_enhance"))["id"])

    async def has_sdxl() -> bool:
        return (await listed(anna, "models"))["sdxl-base-1.0"]

    await until(has_sdxl)
    assert (await listed(anna, "models"))["my-lora"] is False


async def test_models_go_on_by_cursor(platform: Platform) -> None:
    anna = await platform.account("anna")
    first = (await anna.http.get("/api/models", params={"limit": 2})).json()
    rest = (await anna.http.get("/api/models", params={"cursor": first["pagination"]["cursor"]})).json()
    names = [item["name"] for page in (first, rest) for item in page["data"]]
    assert names == ["qwen2.5-7b-instruct", "sdxl-base-1.0", "wan2.1-t2v-1.3b", "z-image-turbo"]
    assert rest["pagination"]["cursor"] is None


@pytest.mark.parametrize("path", ["workflows", "workflows/poster", "models", "custom-nodes", "collections"])
async def test_nothing_is_readable_without_a_credential(platform: Platform, path: str) -> None:
    async with platform.client() as nobody:
        assert (await nobody.get(f"/api/{path}")).status_code == 401
