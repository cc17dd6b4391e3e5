"""Bad input is answered as the product promises: one body, the right status, and the field named."""

from typing import Any

import pytest
from darkroom_schemas.catalogue import OURVIDZ_TYPES
from platform_api.http.fast_path import FastRoute
from platform_api.http.requests import AnyContentTypeRoute
from support.emprops import collection
from support.platform import Account, Platform, StartPlatform, StartWorker


@pytest.fixture(params=["fast path", "FastAPI"], autouse=True)
def _way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask every question both ways: a fast route answers as FastAPI does."""
    if request.param == "FastAPI":
        monkeypatch.setattr(FastRoute, "handle", AnyContentTypeRoute.handle)


@pytest.fixture
async def anna(platform: Platform) -> Account:
    return await platform.account("anna", credits=2)


WRONG_FIELDS: list[tuple[object, str]] = [
    ({"jobType": "image_fast", "metadata": {"prompt": "x" * 3000}}, "metadata.prompt"),
    ({"jobType": "image_fast", "metadata": {"prompt": 7}}, "metadata.prompt"),
    ({"jobType": "image_fast", "metadata": {"prompt": "a\0b"}}, "metadata.prompt"),
    ({"jobType": "image_fast", "metadata": {"seed": -2}}, "metadata.seed"),
    ({"jobType": "image_fast", "metadata": {"seed": 2**64}}, "metadata.seed"),
    ({"jobType": "image_fast", "metadata": {"seed": True}}, "metadata.seed"),
    ({"jobType": "image_fast", "metadata": {"seed": "many"}}, "metadata.seed"),
    ({"jobType": "image_fast", "metadata": {"bucket": "video_fast"}}, "metadata.bucket"),
    ({"jobType": "image_fast", "metadata": {"bucket": 5}}, "metadata.bucket"),
    ({"jobType": "image_fast", "metadata": {"negative_prompt": []}}, "metadata.negative_prompt"),
    ({"jobType": "image_fast", "metadata": {"note": "a\0b"}}, "metadata"),
    ({"jobType": "image_fast", "metadata": []}, "metadata"),
    ({"jobType": "image_fast", "prompt": "at the wrong place"}, "prompt"),
    ({"jobType": "image_fast", "projectId": 5}, "projectId"),
    ({"jobType": "image_fast", "videoId": "a\0b"}, "videoId"),
    ({"jobType": 5}, "jobType"),
    ({"metadata": {}}, "jobType"),
    ([], "body"),
]
BROKEN = [
    b"",
    b"{",
    b'{"jobType": "image_fast", "metadata": {"x": NaN}}',
    b'{"jobType": "\\ud800"}',
    b"\xff",
    b"[" * 9000,
]
PAGES = ["limit=0", "limit=201", "offset=-1", "offset=10001", "cursor=x"]


async def test_wrong_field_is_named_in_a_400(anna: Account) -> None:
    for body, field in WRONG_FIELDS:
        answer = await anna.http.post("/api/queue-job", json=body)
        assert answer.status_code == 400, field
        problem = answer.json()
        assert problem["success"] is False
        assert field in [error["field"] for error in problem["errors"]]


async def test_broken_json_is_a_400(anna: Account) -> None:
    for raw in BROKEN:
        answer = await anna.http.post("/api/queue-job", content=raw)
        assert answer.status_code == 400, raw[:50]
        assert answer.json()["success"] is False


async def test_unknown_job_type_lists_the_valid_ones(anna: Account) -> None:
    answer = await anna.http.post("/api/queue-job", json={"jobType": "hologram"})
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid_job_type"
    assert set(OURVIDZ_TYPES) <= set(answer.json()["valid_job_types"])


async def test_misspelt_job_type_is_named_with_the_one_that_was_meant(anna: Account) -> None:
    problem = (await anna.http.post("/api/queue-job", json={"jobType": "video_fst"})).json()
    [wrong] = problem["errors"]
    assert wrong["field"] == "jobType"
    assert wrong["message"].startswith("must be one of sdxl_image_fast, ")
    assert wrong["message"].endswith(', not "video_fst"; did you mean `video_fast`?')
    assert problem["error"] == f"`jobType` {wrong['message']}"


async def test_too_few_credits_is_a_402_that_says_what_is_missing(anna: Account) -> None:
    answer = await anna.http.post("/api/queue-job", json={"jobType": "video_fast"})
    assert answer.status_code == 402
    problem = answer.json()
    assert problem["error"] == "Not enough credits."
    assert problem["retryable"] is False
    assert problem["missing_credits"] == 3.0
    assert "3" in problem["suggestedAction"]
    assert await anna.credits() == 2


async def test_full_queue_is_a_503_with_retry_after(start_platform: StartPlatform) -> None:
    platform = await start_platform(queue_max_depth=2)
    anna = await platform.account("anna")
    idempotency: dict[str, Any] = {"json": {"jobType": "image_fast"}, "headers": {"Idempotency-Key": "once"}}
    first = await anna.http.post("/api/queue-job", **idempotency)
    await anna.submit("image_fast")
    answer = await anna.http.post("/api/queue-job", json={"jobType": "image_fast"})
    assert answer.status_code == 503
    assert answer.json()["retryable"] is True
    assert int(answer.headers["Retry-After"]) > 0
    again = await anna.http.post("/api/queue-job", **idempotency)
    assert (again.status_code, again.json()) == (200, first.json()), "what was accepted stays accepted"


async def test_large_body_is_a_413(anna: Account) -> None:
    answer = await anna.http.post("/api/queue-job", json={"jobType": "image_fast", "metadata": {"x": "y" * 300_000}})
    assert answer.status_code == 413


async def test_page_outside_the_limits_is_a_400(anna: Account) -> None:
    for path in ("/api/jobs", "/api/assets"):
        for query in PAGES:
            answer = await anna.http.get(f"{path}?{query}")
            assert answer.status_code == 400, query
            assert answer.json()["errors"][0]["field"] == query.split("=")[0]


async def test_client_that_sends_text_plain_is_understood(anna: Account) -> None:
    headers = {"Content-Type": "text/plain;charset=UTF-8"}
    answer = await anna.http.post("/api/queue-job", content=b'{"jobType": "image_fast"}', headers=headers)
    assert answer.status_code == 200


async def test_unknown_metadata_is_stored_with_the_job(anna: Account) -> None:
    accepted = await anna.submit("image_fast", credits=1, shelf={"row": [1, 2]})
    assert (await anna.job(accepted["id"]))["metadata"]["shelf"] == {"row": [1, 2]}


@pytest.mark.parametrize("path", ["/api/jobs", "/api/assets"])
async def test_filters_at_the_edge_of_what_can_be_stored_are_no_500(anna: Account, path: str) -> None:
    assert (await anna.http.get(path, params={"job_type": "\0"})).status_code == 400
    for at in ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00+05:00", "9999-12-31T23:59:59-05:00"):
        for name in ("created_after", "created_before"):
            assert (await anna.http.get(path, params={name: at})).status_code == 200, (name, at)


async def test_what_is_stored_with_a_job_has_an_end(anna: Account) -> None:
    answer = await anna.http.post("/api/queue-job", json={"jobType": "image_fast", "metadata": {"note": "x" * 65_536}})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "metadata")
    variables = {"variables": {"prompt": "x" * 65_536}}
    path = f"/api/collections/{await collection(anna, workflow='sdxl_image')}/generate"
    answer = await anna.http.post(path, json=variables)
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "variables")


async def test_seeds_come_in_quotes_and_empty_ones_are_random(anna: Account) -> None:
    assert (await anna.submit("image_fast", seed="41"))["metadata"]["seeds"] == [41]
    random = [(await anna.submit("image_fast", seed=seed))["metadata"]["seeds"] for seed in ("", -1)]
    assert all(0 <= seed < 2**53 for [seed] in random)


async def test_bucket_of_the_job_type_may_be_named(anna: Account) -> None:
    for bucket in ("image_fast", "", None):
        assert (await anna.submit("image_fast", bucket=bucket))["metadata"]["bucket"] == "image_fast"


@pytest.mark.parametrize(
    ("metadata", "said"),
    [
        ({"prompts": "waves"}, ["`metadata.prompt` is missing; did you mean `prompts`?"]),
        ({"Prompt": "waves"}, ["`metadata.prompt` is missing; did you mean `Prompt`?"]),
        ({"bucket": "image_fast", "note": "waves"}, ["`metadata.prompt` is missing."]),
        (None, ["`metadata.prompt` is missing."]),
        ({"prompt": " "}, ["`metadata.prompt` is empty."]),
        ({"prompt": "waves", "prompts": "w"}, []),
    ],
)
async def test_a_job_without_prompt_is_accepted_with_a_notice_of_it(
    platform: Platform, start_worker: StartWorker, metadata: dict[str, Any], said: list[str]
) -> None:
    await start_worker()
    anna = await platform.account("anna")
    headers = {"Idempotency-Key": "once"}
    body = {"jobType": "image_fast", "metadata": metadata}
    first, again = [await anna.http.post("/api/queue-job", json=body, headers=headers) for _ in range(2)]
    assert (first.status_code, again.json()) == (200, first.json())
    notices = first.json()["notices"]
    assert [text for text in notices if "worker" not in text] == [f"The job has no prompt: {text}" for text in said]
