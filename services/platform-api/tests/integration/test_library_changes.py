"""Workflows and collections are changed and removed by their user alone, checked as when they were made."""

from typing import Any

import pytest
from support.emprops import DETAILS, collection, generate, simple, workflow
from support.platform import Account, Platform

SIMULATION = {"job_type": "simulation", "template": {"steps": "{{n}}"}}


@pytest.fixture
async def anna(platform: Platform) -> Account:
    return await platform.account("anna")


async def test_workflow_is_changed_in_what_is_named_and_stays_as_it_was_otherwise(anna: Account) -> None:
    await workflow(anna, "dynamic_json", SIMULATION)
    before = (await anna.http.get("/api/workflows/mine")).json()["data"]
    new = {"name": "renamed", "order": 7, "models": ["sd15", "sd15"], "label": None}
    changed = await anna.http.patch("/api/workflows/mine", json=new)
    assert changed.status_code == 200, changed.text
    assert changed.json()["data"] == before | {"name": "renamed", "order": 7, "models": ["sd15"]}
    assert (await anna.http.get("/api/workflows/renamed")).json() == changed.json()
    assert (await anna.http.get("/api/workflows/mine")).status_code == 404
    assert "sd15" in {model["name"] for model in (await anna.http.get("/api/models")).json()["data"]}


async def test_changed_workflow_decides_the_next_generation(platform: Platform, anna: Account) -> None:
    id_ = await collection(anna, workflow=await workflow(anna, "dynamic_json", SIMULATION))
    data = {"job_type": "openai_chat", "template": {"model": "m", "messages": [{"role": "user", "content": "{{n}}"}]}}
    changed = (await anna.http.patch("/api/workflows/mine", json={"data": data})).json()["data"]
    assert changed["require_api_keys"] is True
    assert (await generate(anna, id_, variables={"n": "hello"})).status_code == 200
    assert await platform.rows("SELECT job_type FROM platform.steps") == [("openai_chat",)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": "no spaces"}, "name"),
        ({"type": "basic"}, "data.steps"),
        ({"data": {"job_type": "simulation", "template": {"steps": "{{steps.0}}"}}}, "data.template.steps"),
        ({"colour": "red"}, "colour"),
    ],
)
async def test_change_of_a_workflow_that_could_never_run_is_refused_by_field(
    anna: Account, changes: dict[str, Any], field: str
) -> None:
    await workflow(anna, "dynamic_json", SIMULATION)
    answer = await anna.http.patch("/api/workflows/mine", json=changes)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("name", ["other", "flexible_prompt"])
async def test_workflow_cannot_take_a_name_that_is_taken(anna: Account, name: str) -> None:
    await workflow(anna, "dynamic_json", SIMULATION)
    await workflow(anna, "dynamic_json", SIMULATION, name="other")
    answer = await anna.http.patch("/api/workflows/mine", json={"name": name})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")


async def test_removed_workflow_is_gone_and_its_name_free(anna: Account) -> None:
    id_ = await collection(anna, workflow=await workflow(anna, "dynamic_json", SIMULATION))
    removed = await anna.http.delete("/api/workflows/mine")
    assert (removed.status_code, list(removed.json()["data"])) == (200, ["id"])
    assert (await anna.http.delete("/api/workflows/mine")).status_code == 404
    assert (await generate(anna, id_, variables={"n": 1})).json()["error"] == "COLLECTION_CORRUPTED"
    await workflow(anna, "dynamic_json", SIMULATION)
    assert (await generate(anna, id_, variables={"n": 1})).status_code == 200


async def test_collection_is_changed_in_what_is_named_and_stays_as_it_was_otherwise(anna: Account) -> None:
    before = (await simple(anna)).json()["data"]
    path = f"/api/collections/{before['id']}"
    new = {"title": "At night", "price": "2.5", "template_json": {"prompt": "a {{coast}} coast"}, "description": None}
    changed = await anna.http.patch(path, json=new)
    assert changed.status_code == 200, changed.text
    component = before["component"] | {"template": new["template_json"]}
    assert changed.json()["data"] == before | {"title": "At night", "price": 2.5, "component": component}
    assert (await anna.http.get(path)).json() == changed.json()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"editions": 0}, "editions"),
        ({"job_type": "hologram"}, "job_type"),
        ({"variables": []}, "template_json"),
        ({"template_json": {"prompt": "{{other}}"}}, "template_json"),
        ({"collection_details": DETAILS}, "collection_details"),
    ],
)
async def test_bad_change_of_a_collection_is_refused_by_field(
    anna: Account, changes: dict[str, Any], field: str
) -> None:
    id_ = (await simple(anna)).json()["data"]["id"]
    answer = await anna.http.patch(f"/api/collections/{id_}", json=changes)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_template_of_a_collection_that_has_none_is_refused(anna: Account) -> None:
    path = f"/api/collections/{await collection(anna, workflow='sdxl_image')}"
    answer = await anna.http.patch(path, json={"template_json": {"prompt": "a boat"}})
    assert [error["field"] for error in answer.json()["errors"]] == ["template_json"]
    assert (await anna.http.patch(path, json={"workflow": "wan_video"})).json()["data"]["workflow"] == "wan_video"


async def test_damaged_collection_can_be_mended_and_renamed(platform: Platform, anna: Account) -> None:
    id_ = await collection(anna, workflow="sdxl_image")
    await platform.rows("""UPDATE platform.collections SET data = '{"variables": 7}' RETURNING id""")
    path = f"/api/collections/{id_}"
    assert (await anna.http.patch(path, json={"title": "Mended"})).status_code == 200
    assert (await anna.http.patch(path, json={"workflow": "sdxl_image"})).status_code == 409
    assert (await anna.http.patch(path, json={"workflow": "sdxl_image", "variables": []})).status_code == 200
    assert (await generate(anna, id_, variables={"prompt": "a boat"})).status_code == 200


async def test_removed_collection_is_gone_and_its_jobs_stay(anna: Account) -> None:
    id_ = await collection(anna, workflow="sdxl_image")
    job_id = (await generate(anna, id_, variables={"prompt": "a boat"})).json()["data"]["jobId"]
    removed = await anna.http.delete(f"/api/collections/{id_}")
    assert removed.json() == {"data": {"id": id_}, "error": None}
    assert (await anna.http.delete(f"/api/collections/{id_}")).status_code == 404
    assert (await anna.job(job_id))["data"]["data"]["collectionId"] == id_


async def test_what_is_anothers_or_everybodys_is_neither_changed_nor_removed(platform: Platform, anna: Account) -> None:
    ben = await platform.account("ben")
    await workflow(anna, "dynamic_json", SIMULATION)
    id_ = await collection(anna)
    for path, status in (
        ("/api/workflows/mine", 404),
        ("/api/workflows/flexible_prompt", 403),
        ("/api/workflows/%00", 404),
        (f"/api/collections/{id_}", 404),
        ("/api/collections/nonsense", 404),
    ):
        assert (await ben.http.patch(path, json={"description": "his"})).status_code == status, path
        assert (await ben.http.delete(path)).status_code == status, path
    assert (await anna.http.get(f"/api/collections/{id_}")).json()["data"]["description"] == ""
    assert (await anna.http.get("/api/workflows/mine")).status_code == 200
