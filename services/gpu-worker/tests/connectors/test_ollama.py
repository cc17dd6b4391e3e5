"""What is sent to Ollama, and what its answers mean."""

import json
from typing import Any

import pytest
from aiohttp import web
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.step import StepResult
from gpu_worker.domain.failures import Failure
from support.fake_run import FakeRun

from .conftest import Build, Serve

CHAT = {"model": "small", "messages": [{"role": "user", "content": "Hi"}]}


async def chat(build: Build, url: str, **payload: Any) -> StepResult:
    return await build({"type": "ollama", "url": url}).run(FakeRun("ollama_chat", CHAT | payload, 1))


def lines_of(*lines: Any) -> web.Response:
    return web.Response(body="\n".join(map(json.dumps, lines)).encode(), content_type="application/x-ndjson")


async def test_a_conversation_is_sent_with_the_options_that_were_given(serve: Serve, build: Build) -> None:
    asked: list[Any] = []

    async def answer(request: web.Request) -> web.Response:
        asked.append(await request.json())
        return lines_of({"message": {"content": "a", "thinking": "x"}}, {"message": {"content": "b"}, "done": True})

    url = await serve({"POST /api/chat": answer})
    assert (await chat(build, url, temperature=0.0, max_tokens=7, seed=2**31 + 5)).text == "ab"
    await chat(build, url)
    options = {"seed": 5, "temperature": 0.0, "num_predict": 7}
    assert [body["options"] for body in asked] == [options, {}]
    assert asked[0] | {"options": {}} == CHAT | {"stream": True, "options": {}}


async def test_a_text_that_was_cut_has_a_note(serve: Serve, build: Build) -> None:
    async def answer(request: web.Request) -> web.Response:
        return lines_of({"message": {"content": "a"}, "done": True, "done_reason": "length"})

    assert len((await chat(build, await serve({"POST /api/chat": answer}))).notes) == 1


@pytest.mark.parametrize(
    ("answer", "code", "retryable", "words"),
    [
        (lambda: web.json_response({"error": "model 'small' not found"}, status=404), StepErrorCode.MODEL_UNAVAILABLE,
         False, "no model 'small'"),
        (lambda: web.json_response({"error": "invalid options"}, status=400), StepErrorCode.INVALID_PAYLOAD, False,
         "invalid options"),
        (lambda: web.json_response({"error": "model requires more system memory (9 GiB)"}, status=500),
         StepErrorCode.OUT_OF_MEMORY, True, "9 GiB"),
        (lambda: lines_of({"message": {"content": "a"}}, {"error": "runner died"}), StepErrorCode.BACKEND, True,
         "runner died"),
        (lambda: lines_of({"message": {"content": "a"}}), StepErrorCode.BACKEND, True, "in the middle"),
        (lambda: lines_of([]), StepErrorCode.BACKEND, True, "not an object"),
    ],
)  # fmt: skip
async def test_an_error_says_what_it_means(
    serve: Serve, build: Build, answer: Any, code: StepErrorCode, retryable: bool, words: str
) -> None:
    async def respond(request: web.Request) -> web.Response:
        made: web.Response = answer()
        return made

    url = await serve({"POST /api/chat": respond})
    with pytest.raises(Failure) as caught:
        await chat(build, url)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert words in caught.value.message
