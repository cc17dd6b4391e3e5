"""What is sent to the Stability API, and what its answers mean."""

from typing import Any

import pytest
from aiohttp import web
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.step import StepResult
from gpu_worker.domain.failures import Failure
from support.fake_run import FakeRun

from .conftest import Build, Place, Serve
from .pictures import picture

IMAGE = {"prompt": "a boat, 灯塔", "bucket": "b", "max_bytes": 1_000_000}
PLACE = "POST /v2beta/stable-image/generate/core"


async def draw(build: Build, url: str, **payload: Any) -> StepResult:
    entry = {"type": "stability", "url": url, "credential": "main"}
    return await build(entry, "s3cret").run(FakeRun("stability_api", IMAGE | payload, 1))


async def test_the_form_has_what_was_given_and_the_recipe_the_seed_that_was_used(serve: Serve, build: Build) -> None:
    forms: list[dict[str, Any]] = []

    async def generate(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer s3cret"
        forms.append(dict(await request.post()))
        return web.Response(body=picture(), content_type="image/png", headers={"seed": "77"})

    url = await serve({PLACE: generate})
    (output,) = (await draw(build, url, negative_prompt="fog", seed=0)).outputs
    await draw(build, url)
    base = {"prompt": "a boat, 灯塔", "aspect_ratio": "1:1", "output_format": "png"}
    assert forms == [base | {"negative_prompt": "fog", "seed": "0"}, base]
    assert isinstance(output.recipe, BackendRecipe)
    assert (output.recipe.seed, output.recipe.model, output.recipe.prompt) == (77, "core", "a boat, 灯塔")


def refusal(status: int, name: str, sentence: str) -> web.Response:
    return web.json_response({"id": "1", "name": name, "errors": [sentence]}, status=status)


def filtered() -> web.Response:
    return web.Response(body=picture(), content_type="image/png", headers={"finish-reason": "CONTENT_FILTERED"})


@pytest.mark.parametrize(
    ("answer", "code", "retryable", "words"),
    [
        (filtered, StepErrorCode.INVALID_PAYLOAD, False, "content filter"),
        (lambda: refusal(403, "content_moderation", "flagged"), StepErrorCode.INVALID_PAYLOAD, False, "flagged"),
        (lambda: refusal(402, "payment_required", "buy some"), StepErrorCode.BACKEND, False, "no credits"),
        (lambda: refusal(401, "unauthorized", "who?"), StepErrorCode.BACKEND, False, "credentials"),
        (
            lambda: refusal(400, "bad_request", "prompt: is empty"),
            StepErrorCode.INVALID_PAYLOAD,
            False,
            "prompt",
        ),
        (lambda: refusal(500, "internal_error", "oops"), StepErrorCode.BACKEND, True, "oops"),
        (lambda: web.Response(text="hello"), StepErrorCode.BACKEND, False, "not with an image"),
    ],
)
async def test_an_error_says_what_it_means(
    serve: Serve, build: Build, place: Place, answer: Any, code: StepErrorCode, retryable: bool, words: str
) -> None:
    async def generate(request: web.Request) -> web.Response:
        made: web.Response = answer()
        return made

    with pytest.raises(Failure) as caught:
        await draw(build, await serve({PLACE: generate}))
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert words in caught.value.message
    assert place.files() == []
