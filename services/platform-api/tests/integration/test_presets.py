"""Presets: saved requests, unique by name, validated like submissions, and of their owner only."""

import asyncio
from typing import Any

import pytest
from support.platform import Platform

SOME_ID = "019aa7f1-5c3e-7c66-b5a1-9f0d3c1f1c11"
REQUEST = {"jobType": "sdxl_image_fast", "metadata": {"prompt": "a boat", "seed": 41, "hires": {"scale": 2}}}


async def test_preset_is_saved_read_renamed_used_and_deleted(platform: Platform) -> None:
    anna, ben = await platform.account("anna"), await platform.account("ben")
    made = await anna.http.post("/api/presets", json={"name": "  At   dawn ", "request": REQUEST})
    assert made.status_code == 201, made.text
    preset = made.json()
    path = f"/api/presets/{preset['id']}"
    assert (preset["name"], preset["request"]) == ("At dawn", REQUEST)
    assert (await anna.http.get(path)).json() == preset
    other = {"jobType": "video_fast", "metadata": {}}
    await anna.http.post("/api/presets", json={"name": "A video", "request": {"jobType": "video_fast"}})
    listed = (await anna.http.get("/api/presets")).json()["presets"]
    assert [(each["name"], each["request"]) for each in listed] == [("A video", other), ("At dawn", REQUEST)]
    renamed = (await anna.http.patch(path, json={"name": "At dusk"})).json()
    assert (renamed["name"], renamed["request"]) == ("At dusk", REQUEST)
    assert (await anna.http.patch(path, json={"request": other})).json()["request"] == other
    taken = await anna.http.patch(path, json={"name": "A video"})
    assert (taken.status_code, taken.json()["code"]) == (409, "conflict")
    large = {"jobType": "image_fast", "metadata": {"seed": str(2**63)}}
    kept = (await anna.http.patch(path, json={"request": large})).json()["request"]
    assert kept == large, "a page would round the number"
    for saved in (REQUEST, kept):
        assert (await anna.http.post("/api/queue-job", json=saved)).status_code == 200

    assert (await ben.http.get("/api/presets")).json()["presets"] == []
    assert (await ben.http.post("/api/presets", json={"name": "At dusk", "request": REQUEST})).status_code == 201
    for method, body in (("GET", None), ("PATCH", {"name": "x"}), ("DELETE", None)):
        assert (await ben.http.request(method, path, json=body)).status_code == 404
        for missing in (SOME_ID, "nonsense"):
            assert (await anna.http.request(method, f"/api/presets/{missing}", json=body)).status_code == 404
    assert (await anna.http.delete(path)).json() == {"id": preset["id"]}
    assert (await anna.http.get(path)).status_code == 404


async def test_a_name_is_taken_once_and_a_repeated_request_gets_the_first_answer(platform: Platform) -> None:
    anna = await platform.account("anna")
    body = {"name": "one", "request": REQUEST}
    answers = await asyncio.gather(*(anna.http.post("/api/presets", json=body) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409, 409]
    headers = {"Idempotency-Key": "preset-1"}
    first, again = [
        await anna.http.post("/api/presets", json={"name": "two", "request": REQUEST}, headers=headers)
        for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()


async def test_a_user_has_at_most_a_hundred_presets(platform: Platform) -> None:
    anna = await platform.account("anna")
    await platform.rows(
        """INSERT INTO platform.presets (id, user_id, name, request, created_at, updated_at)
           SELECT gen_random_uuid(), %s, 'preset ' || n, '{}', now(), now() FROM generate_series(1, 99) AS n
           RETURNING 1""",
        anna.id,
    )
    bodies = [{"name": f"one more {number}", "request": REQUEST} for number in range(3)]
    answers = await asyncio.gather(*(anna.http.post("/api/presets", json=body) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [201, 409, 409]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 409} == {"preset_limit"}
    assert len((await anna.http.get("/api/presets")).json()["presets"]) == 100


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"request": REQUEST}, "name"),
        ({"name": " ", "request": REQUEST}, "name"),
        ({"name": "x" * 101, "request": REQUEST}, "name"),
        ({"name": "a\u0000b", "request": REQUEST}, "name"),
        ({"name": "x"}, "request"),
        ({"name": "x", "request": REQUEST, "job_type": "y"}, "job_type"),
        ({"name": "x", "request": {"jobType": "moon"}}, "jobType"),
        ({"name": "x", "request": {**REQUEST, "webhook_url": "https://x.test"}}, "request.webhook_url"),
        ({"name": "x", "request": {"jobType": "image_fast", "metadata": {"promt": "y"}}}, "request.metadata.promt"),
        ({"name": "x", "request": {"jobType": "image_fast", "metadata": {"seed": "z"}}}, "request.metadata.seed"),
        (
            {"name": "x", "request": {"jobType": "image_fast", "metadata": {"denoising_strength": 2}}},
            "request.metadata.denoising_strength",
        ),
    ],
)
async def test_preset_that_could_not_be_submitted_is_a_400_that_names_the_field(
    platform: Platform, body: dict[str, Any], field: str
) -> None:
    anna = await platform.account("anna")
    answer = await anna.http.post("/api/presets", json=body)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)
