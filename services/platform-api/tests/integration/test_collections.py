"""Collections: kept for their user, and in custody for somebody."""

import asyncio
from typing import Any

import pytest
from darkroom_schemas.ids import new_uuid7
from support.emprops import DETAILS, SIMPLE, collection, generate, simple, workflow
from support.platform import Platform, StartWorker


async def test_simple_collection_is_held_in_custody(platform: Platform) -> None:
    anna = await platform.account("anna")
    answer = await simple(anna)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["title"], data["blockchain"], data["price"], data["editions"]) == ("Lighthouses", "tezos", 1.5, 10)
    assert data["is_custodial"] is True
    assert data["custodied_for"] == data["social_link"]["id"]
    assert {name: data["social_link"][name] for name in ("social_org", "social_identifier", "miniapp_user_id")} == {
        name: DETAILS[name] for name in ("social_org", "social_identifier", "miniapp_user_id")
    }
    assert data["component"] == {
        "type": "dynamic_json",
        "job_type": "sdxl_image_fast",
        "template": SIMPLE["template_json"],
    }
    assert [variable["reference"] for variable in data["variables"]] == ["{{coast}}", "{{mood}}", "{{seed}}"]
    assert (await anna.http.get(f"/api/collections/{data['id']}")).json() == answer.json()


async def test_simple_collection_has_the_documented_defaults(platform: Platform) -> None:
    named = ("title", "description", "social_org", "social_identifier")
    anna = await platform.account("anna")
    data = (await simple(anna, collection_details={name: DETAILS[name] for name in named})).json()["data"]
    assert (data["blockchain"], data["price"], data["editions"]) == ("tezos", 0, 1)
    assert data["social_link"]["miniapp_user_id"] is None
    assert (data["cover_image_url"], data["cast_hash"], data["project_id"]) == (None, None, anna.id)


async def test_same_somebody_is_linked_once(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    first = (await simple(anna)).json()["data"]["social_link"]
    without = {name: value for name, value in DETAILS.items() if name != "miniapp_user_id"}
    again = (await simple(anna, collection_details=without)).json()["data"]["social_link"]
    assert again == first
    assert (await simple(ben)).json()["data"]["social_link"]["id"] != first["id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"collection_details": {**DETAILS, "social_org": "myspace"}}, "collection_details.social_org"),
        ({"collection_details": {**DETAILS, "blockchain": "doge"}}, "collection_details.blockchain"),
        ({"collection_details": {**DETAILS, "price": "free"}}, "collection_details.price"),
        ({"collection_details": {**DETAILS, "price": -1}}, "collection_details.price"),
        ({"collection_details": {**DETAILS, "price": True}}, "collection_details.price"),
        ({"collection_details": {**DETAILS, "editions": 0}}, "collection_details.editions"),
        ({"collection_details": {**DETAILS, "editions": True}}, "collection_details.editions"),
        ({"collection_details": {**DETAILS, "title": None}}, "collection_details.title"),
        ({"variables": [{"name": "x", "template_mapping": "no blank"}]}, "variables.0.template_mapping"),
        ({"variables": SIMPLE["variables"] * 2}, "variables"),
        ({"variables": []}, "template_json"),
        ({"job_type": "hologram"}, "job_type"),
        ({"template_json": ["{{mood}}"]}, "template_json"),
        ({"template_json": {"prompt": ["{{mood}} {{a mood}}"]}}, "template_json.prompt.0"),
    ],
)
async def test_bad_simple_collection_is_refused_by_field(
    platform: Platform, changes: dict[str, Any], field: str
) -> None:
    answer = await simple(await platform.account("anna"), **changes)
    assert answer.status_code == 400, answer.text
    assert [error["field"] for error in answer.json()["errors"]] == [field]


async def test_collection_of_another_user_is_not_there(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    id_ = await collection(anna, workflow="sdxl_image")
    await workflow(anna, "dynamic_json", {"job_type": "simulation", "template": {}})
    own = await collection(ben)
    assert (await ben.http.get(f"/api/collections/{id_}")).status_code == 404
    assert (await generate(ben, id_, variables={"prompt": "x"})).status_code == 404
    assert (await generate(ben, own, workflow_id="mine")).status_code == 400
    assert [item["id"] for item in (await ben.http.get("/api/collections")).json()["data"]] == [own]


@pytest.mark.parametrize("id_", ["not-an-id", pytest.param(new_uuid7(), id="unknown")])
async def test_unknown_collection_is_a_404(platform: Platform, id_: str) -> None:
    anna = await platform.account("anna")
    assert (await anna.http.get(f"/api/collections/{id_}")).status_code == 404
    assert (await generate(anna, id_)).status_code == 404


async def test_collections_are_listed_newest_first_in_pages(platform: Platform) -> None:
    anna = await platform.account("anna")
    ids = [await collection(anna, title=f"{number}") for number in range(3)]
    first = (await anna.http.get("/api/collections", params={"limit": 2})).json()
    rest = (await anna.http.get("/api/collections", params={"cursor": first["pagination"]["cursor"]})).json()
    assert [item["id"] for page in (first, rest) for item in page["data"]] == ids[::-1]
    assert first["pagination"]["total"] == 3


@pytest.mark.parametrize("prefix", ["", "/api"])
async def test_older_paths_are_served(platform: Platform, start_worker: StartWorker, prefix: str) -> None:
    await start_worker()
    anna = await platform.account("anna")
    id_ = (await simple(anna, f"{prefix}/create-simple-collection")).json()["data"]["id"]
    body = {"variables": {"Mood": "calm", "Seed": 1}}
    job_ids = [
        (await anna.http.post(path, json=body)).json()["data"]["jobId"]
        for path in (f"{prefix}/generator/v2/{id_}", f"{prefix}/collections/{id_}/generate")
    ]
    async with asyncio.timeout(20), anna.http.stream("GET", f"{prefix}/jobs/{job_ids[0]}/stream") as answer:
        assert answer.status_code == 200
        assert [line async for line in answer.aiter_lines() if line == "event: history_init"]
    for path in (
        f"/jobs/{job_ids[0]}",
        "/workflows",
        "/workflows/flexible_prompt",
        "/models",
        "/custom-nodes",
        "/collections",
    ):
        assert (await anna.http.get(f"{prefix}{path}")).status_code == 200
    assert (await anna.http.post(f"{prefix}/workflows/create-simple-collection", json=SIMPLE)).status_code == 200
    assert (await anna.http.post(f"{prefix}/jobs/{job_ids[1]}/retry")).status_code in {200, 409}
