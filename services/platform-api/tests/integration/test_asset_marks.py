"""Favourites, tags and search: changed by their owner only, found by every filter, and sent to other pages."""

from typing import Any

import pytest
from darkroom_queue import Handler, StepContext
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.step import StepResult
from httpx_sse import aconnect_sse
from support.platform import Account, Platform, StartWorker

SOME_ID = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"


@pytest.fixture
def produce_with_recipe(produce: Handler) -> Handler:
    """Give the handler whose outputs have a recipe with their prompt; its model has the name of the job type."""

    async def handler(context: StepContext) -> StepResult:
        result = await produce(context)
        prompt, model = context.step.payload["prompt"], context.step.requirements.type
        recipe = BackendRecipe(backend="test", backend_type="comfyui", prompt=prompt, model=model)
        outputs = [output.model_copy(update={"recipe": recipe}) for output in result.outputs]
        return result.model_copy(update={"outputs": tuple(outputs)})

    return handler


async def made(account: Account, prompt: str, job_type: str = "image_fast") -> str:
    job_id = (await account.submit(job_type, prompt=prompt))["id"]
    await account.finished(job_id)
    [asset, *_] = (await account.http.get("/api/assets", params={"job_id": job_id})).json()["assets"]
    return str(asset["id"])


async def found(account: Account, **filters: str | list[str]) -> list[str]:
    answer = await account.http.get("/api/assets", params=filters)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["total"] == len(body["assets"])
    days = (await account.http.get("/api/assets/calendar", params=filters)).json()["days"]
    assert sum(day["count"] for day in days) == body["total"]
    return [asset["id"] for asset in body["assets"]]


async def change(account: Account, asset_id: str, **changes: Any) -> dict[str, Any]:
    answer = await account.http.patch(f"/api/assets/{asset_id}", json=changes)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def test_favourites_and_tags_are_stored_and_filter_the_list(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker()
    anna, ben = await platform.account("anna"), await platform.account("ben")
    boat, castle = await made(anna, "a boat"), await made(anna, "a castle")
    theirs = await made(ben, "a boat")
    await change(ben, theirs, favourite=True, tags=["sea"])
    assert await found(anna, favourite="true") == []
    changed = await change(anna, boat, favourite=True, tags=["  For   Print ", "sea", "SEA"])
    assert (changed["favourite"], changed["tags"]) == (True, ["For Print", "sea"])
    assert (await change(anna, boat))["tags"] == ["For Print", "sea"], "absent members change nothing"
    await change(anna, castle, tags=["Sea"])
    assert await found(anna, favourite="true") == [boat]
    assert await found(anna, favourite="false") == [castle]
    assert await found(anna, tag="sEa") == [castle, boat]
    assert await found(anna, tag=["sea", "for print"]) == [boat]
    assert await found(anna, tag=["sea", "night"]) == []
    assert await found(ben, tag="sea") == [theirs]
    [listed] = (await anna.http.get("/api/assets", params={"tag": "for print"})).json()["assets"]
    assert (listed["favourite"], listed["tags"]) == (True, ["For Print", "sea"])
    await change(anna, boat, favourite=False, tags=["night"])
    assert await found(anna, favourite="true") == await found(anna, tag="for print") == []


async def test_tags_are_counted_page_by_page_and_end_with_their_assets(
    platform: Platform, start_worker: StartWorker
) -> None:
    await start_worker()
    anna, ben = await platform.account("anna"), await platform.account("ben")
    first, second = await made(anna, "a boat"), await made(anna, "a castle")
    await change(anna, first, tags=["sea", "dawn"])
    await change(anna, second, tags=["Sea", "night"])
    await change(ben, await made(ben, "a boat"), tags=["sea", "other"])

    async def page(**query: str) -> dict[str, Any]:
        return dict((await anna.http.get("/api/assets/tags", params=query)).json())

    whole = await page()
    assert [(tag["tag"].lower(), tag["count"]) for tag in whole["tags"]] == [("dawn", 1), ("night", 1), ("sea", 2)]
    assert whole["cursor"] is None
    start = await page(limit="2")
    rest = await page(limit="2", cursor=start["cursor"])
    assert [tag["tag"].lower() for tag in (*start["tags"], *rest["tags"])] == ["dawn", "night", "sea"]
    assert rest["cursor"] is None
    assert (await anna.http.delete(f"/api/assets/{second}")).status_code == 200
    assert (await page())["tags"] == [{"tag": "dawn", "count": 1}, {"tag": "sea", "count": 1}]


async def test_prompts_are_searched_by_words_and_the_beginning_of_the_last(
    platform: Platform, start_worker: StartWorker, produce_with_recipe: Handler
) -> None:
    await start_worker(produce_with_recipe)
    anna, ben = await platform.account("anna"), await platform.account("ben")
    castle = await made(anna, "A castle with a red-tiled roof, 3/4 view; don't blur")
    boat = await made(anna, "Ein rotes Boot vor dem Schloß", "image_high")
    await made(ben, "a castle")
    assert await found(anna, q="castle") == await found(anna, q="RED roo") == [castle]
    assert await found(anna, q="roof castle") == await found(anna, q="red-til") == [castle]
    assert await found(anna, q="3/4") == await found(anna, q="don't") == [castle]
    assert await found(anna, q="ein schlo") == await found(anna, q="Boot, schloß!") == [boat]
    assert await found(anna, q="cast roof") == [], "only the last word may be incomplete"
    assert await found(anna, q="castle boot") == await found(anna, q="!?") == await found(anna, q=f"u:{anna.id}") == []
    assert await found(anna, q="  ") == [boat, castle]
    assert await found(anna, q="'; \\ :* | castle") == [castle]
    assert await found(anna, model="image_high") == [boat]
    assert await found(anna, model="image_high", q="castle") == await found(anna, model="o'r\\") == []


async def test_filtered_lists_continue_after_their_cursor(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna = await platform.account("anna")
    assets = [await made(anna, f"boat {number}") for number in range(3)]
    for asset_id in assets[::2]:
        await change(anna, asset_id, favourite=True, tags=["sea"])
    for filters in ({"favourite": "true"}, {"tag": "sea"}):
        start = (await anna.http.get("/api/assets", params={**filters, "limit": 1})).json()
        rest = (await anna.http.get("/api/assets", params={**filters, "cursor": start["cursor"]})).json()
        assert [asset["id"] for asset in (*start["assets"], *rest["assets"])] == [assets[2], assets[0]]
        assert (start["total"], rest["cursor"]) == (2, None)


async def test_another_page_hears_of_a_change_once(platform: Platform, start_worker: StartWorker) -> None:
    await start_worker()
    anna, ben = await platform.account("anna"), await platform.account("ben")
    asset_id = await made(anna, "a boat")
    async with aconnect_sse(anna.http, "GET", "/api/events") as source:
        events = source.aiter_sse()
        await anext(events)
        for _ in range(2):
            await change(anna, asset_id, favourite=True, tags=["sea"])
        await change(anna, asset_id, tags=[])
        heard = [await anext(events) for _ in range(2)]
    assert [event.event for event in heard] == ["asset_updated"] * 2
    assert [(event.json()["favourite"], event.json()["tags"]) for event in heard] == [(True, ["sea"]), (True, [])]
    assert heard[0].json()["asset_id"] == asset_id
    for missing in (SOME_ID, "nonsense"):
        assert (await anna.http.patch(f"/api/assets/{missing}", json={"favourite": True})).status_code == 404
    assert (await ben.http.patch(f"/api/assets/{asset_id}", json={"favourite": False})).status_code == 404
    assert (await anna.http.get(f"/api/assets/{asset_id}")).json()["favourite"] is True


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"tags": ["x" * 51]}, "tags.0"),
        ({"tags": ["ok", "  "]}, "tags.1"),
        ({"tags": ["a\u0000b"]}, "tags.0"),
        ({"tags": ["a\u0007b"]}, "tags.0"),
        ({"tags": [f"tag {number}" for number in range(21)]}, "tags"),
        ({"tags": "sea"}, "tags"),
        ({"favourite": "yes"}, "favourite"),
        ({"favorite": True}, "favorite"),
    ],
)
async def test_change_that_makes_no_sense_is_a_400_that_names_the_field(
    platform: Platform, body: dict[str, Any], field: str
) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.patch(f"/api/assets/{SOME_ID}", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


@pytest.mark.parametrize(
    ("path", "filters", "field"),
    [
        ("", {"tag": " "}, "tag"),
        ("", {"tag": [f"tag {number}" for number in range(21)]}, "tag"),
        ("", {"q": "x" * 201}, "q"),
        ("", {"favourite": "maybe"}, "favourite"),
        ("/calendar", {"model": "x" * 201}, "model"),
        ("/tags", {"limit": 201}, "limit"),
        ("/tags", {"tags": "x"}, "tags"),
    ],
)
async def test_filter_that_makes_no_sense_is_a_400_that_names_it(
    platform: Platform, path: str, filters: dict[str, Any], field: str
) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.get(f"/api/assets{path}", params=filters)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
