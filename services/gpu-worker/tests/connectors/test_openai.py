"""What is sent to servers that speak OpenAI's API, and what their answers mean."""

import asyncio
import base64
import json
from typing import Any

import pytest
from aiohttp import web
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.step import StepResult
from gpu_worker.backends.backend_list import BackendListError
from gpu_worker.domain.failures import Failure, Stopped
from support.fake_run import FakeRun

from .conftest import Build, Place, Serve
from .pictures import picture

CHAT = {"model": "small", "messages": [{"role": "user", "content": "Hi"}]}
IMAGE = {"model": "painter", "prompt": "a boat", "bucket": "b", "max_bytes": 1_000_000}
SECRET = "s3cret"


async def chat(build: Build, url: str, secret: str | None = SECRET, **payload: Any) -> tuple[StepResult, FakeRun]:
    run = FakeRun("openai_chat", CHAT | payload, 1)
    entry: dict[str, Any] = {"type": "openai", "url": url, "credential": "main" if secret else None}
    return await build(entry, secret).run(run), run


async def draw(build: Build, url: str, **payload: Any) -> StepResult:
    entry = {"type": "openai", "url": url, "credential": "main", "types": ["openai_image"]}
    return await build(entry, SECRET).run(FakeRun("openai_image", IMAGE | payload, 1))


def events(*deltas: Any, finish: str | None = "stop", end: str = "data: [DONE]\n\n") -> str:
    chunks: list[Any] = [{"choices": [{"delta": {"content": delta}}]} for delta in deltas]
    chunks.append({"choices": [{"delta": {}, "finish_reason": finish}]})
    return "".join(f"data: {json.dumps(chunk)}\n\n" for chunk in chunks) + end


def streamed(body: str) -> web.Response:
    return web.Response(body=body.encode(), content_type="text/event-stream")


def error(message: str, status: int, headers: dict[str, str] | None = None, **more: str) -> web.Response:
    return web.json_response({"error": {"message": message, **more}}, status=status, headers=headers)


async def test_a_conversation_is_sent_with_what_was_given(serve: Serve, build: Build) -> None:
    asked: list[Any] = []

    async def complete(request: web.Request) -> web.Response:
        asked.append((request.headers["Authorization"], await request.json()))
        return streamed(events("one ", "two"))

    url = await serve({"POST /v1/chat/completions": complete})
    result, run = await chat(build, f"{url}/v1", temperature=0.5, max_tokens=4, seed=2**64 - 1)
    assert result.text == "one two"
    assert run.reported == [25.0, 50.0, 100.0]
    await chat(build, f"{url}/v1/")
    given = {"temperature": 0.5, "max_tokens": 4, "seed": 2**63 - 1}
    assert asked == [
        (f"Bearer {SECRET}", CHAT | {"stream": True} | given),
        (f"Bearer {SECRET}", CHAT | {"stream": True}),
    ]


async def test_a_model_that_has_another_name_for_the_limit_gets_it(serve: Serve, build: Build) -> None:
    asked: list[Any] = []

    async def complete(request: web.Request) -> web.Response:
        asked.append(await request.json())
        if "max_tokens" in asked[-1]:
            return error("Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.", 400)
        return streamed(events("x"))

    result, _ = await chat(build, await serve({"POST /chat/completions": complete}), max_tokens=4)
    assert result.text == "x"
    assert asked[1]["max_completion_tokens"] == 4


@pytest.mark.parametrize(
    ("answer", "text", "notes"),
    [
        (lambda: streamed(events("a", None, "b", end="")), "ab", 0),
        (lambda: streamed(events("a", finish=None)), "a", 0),
        (lambda: streamed(events("a", finish="length")), "a", 1),
        (lambda: streamed(events("a", finish="content_filter")), "a", 1),
        (lambda: streamed(": ping\n\n" + events("x\u0000\u2028y")), "x\ufffd\u2028y", 0),
        (lambda: web.json_response({"choices": [{"message": {"content": "a"}, "finish_reason": "length"}]}), "a", 1),
    ],
)
async def test_a_reply_is_read(serve: Serve, build: Build, answer: Any, text: str, notes: int) -> None:
    async def complete(request: web.Request) -> web.Response:
        made: web.Response = answer()
        return made

    result, _ = await chat(build, await serve({"POST /chat/completions": complete}))
    assert (result.text, len(result.notes)) == (text, notes)


OK, BAD, NO_MODEL = StepErrorCode.BACKEND, StepErrorCode.INVALID_PAYLOAD, StepErrorCode.MODEL_UNAVAILABLE


@pytest.mark.parametrize(
    ("answer", "secret", "code", "retryable", "words"),
    [
        (lambda: error("no", 401), SECRET, OK, False, "credentials"),
        (lambda: error(f"Incorrect API key: {SECRET}", 403), SECRET, OK, False, "Incorrect API key: …"),
        (lambda: error("unknown model", 404), SECRET, NO_MODEL, False, "'small'"),
        (lambda: error("nothing here", 404), SECRET, OK, False, "URL may be wrong"),
        (lambda: error("too hot", 400, param="temperature"), SECRET, BAD, False, "temperature: too hot"),
        (lambda: error("bad words", 400, code="content_filter"), SECRET, BAD, False, "bad words"),
        (lambda: error("too long", 413), SECRET, BAD, False, "too long"),
        (lambda: error("no money", 429, code="insufficient_quota"), SECRET, OK, False, "no credit"),
        (lambda: error("hm", 500), SECRET, OK, True, "hm"),
        (lambda: error("hm", 502), SECRET, OK, False, "hm"),
        (lambda: error("hm", 502), None, OK, True, "hm"),
        (lambda: error("CUDA out of memory", 500), None, StepErrorCode.OUT_OF_MEMORY, True, "out of memory"),
        (lambda: streamed(events("a", finish=None, end="")), SECRET, OK, False, "may have been received"),
        (lambda: streamed(events("a", finish=None, end="")), None, OK, True, "in the middle"),
        (lambda: streamed('data: {"error": {"message": "overloaded"}}\n\n'), None, OK, True, "overloaded"),
        (lambda: streamed("data: {\n\n"), None, OK, True, "not valid JSON"),
        (lambda: streamed(events(finish="content_filter")), SECRET, BAD, False, "content filter"),
        (lambda: web.Response(status=302, headers={"Location": "/else"}), SECRET, OK, False, "redirect"),
        (lambda: web.json_response([]), None, OK, True, "no message"),
    ],
)
async def test_an_error_says_what_it_means(
    serve: Serve, build: Build, answer: Any, secret: str | None, code: StepErrorCode, retryable: bool, words: str
) -> None:
    async def complete(request: web.Request) -> web.Response:
        made: web.Response = answer()
        return made

    url = await serve({"POST /chat/completions": complete})
    with pytest.raises(Failure) as caught:
        await chat(build, url, secret)
    assert (caught.value.code, caught.value.retryable) == (code, retryable)
    assert words in caught.value.message
    assert SECRET not in caught.value.message


async def test_a_busy_service_is_waited_for(serve: Serve, build: Build) -> None:
    statuses = [429, 503, 200]

    async def complete(request: web.Request) -> web.Response:
        status = statuses.pop(0)
        return streamed(events("x")) if status == 200 else error("busy", status, {"Retry-After": "0"})

    result, run = await chat(build, await serve({"POST /chat/completions": complete}))
    assert result.text == "x"
    assert any("busy" in message for message in run.messages)


async def test_images_come_as_base64_or_by_url(serve: Serve, build: Build, place: Place) -> None:
    asked: list[tuple[str, str | None]] = []

    async def send(request: web.Request) -> web.Response:
        asked.append((request.path, request.headers.get("Authorization")))
        return web.Response(body=picture(), content_type="image/png")

    elsewhere = await serve({"GET /far": send})
    images = [{"b64_json": base64.b64encode(picture()).decode()}, {"url": "/near"}, {"url": f"{elsewhere}/far"}]

    async def generate(request: web.Request) -> web.Response:
        return web.json_response({"data": [images.pop(0)]})

    url = await serve({"POST /v1/images/generations": generate, "GET /near": send})
    result = await draw(build, f"{url}/v1", count=3, size="64x48")
    assert [(output.mime_type, output.width) for output in result.outputs] == [("image/png", 64)] * 3
    assert sorted(asked) == [("/far", None), ("/near", f"Bearer {SECRET}")]
    recipe = result.outputs[0].recipe
    assert isinstance(recipe, BackendRecipe)
    assert recipe.request == {"model": "painter", "prompt": "a boat", "n": 1, "size": "64x48"}


@pytest.mark.parametrize(
    ("image", "words"),
    [
        ({"url": "http://10.0.0.1/x.png"}, "not public"),
        ({"url": "http://[/"}, "not valid"),
        ({"b64_json": "***"}, "Base64"),
        ({"b64_json": base64.b64encode(b"\x89PNG\r\n\x1a\nxxxx").decode()}, "damaged"),
        ({}, "no image"),
    ],
)
async def test_an_image_that_is_none_fails_the_attempt(
    serve: Serve, build: Build, place: Place, image: dict[str, str], words: str
) -> None:
    async def generate(request: web.Request) -> web.Response:
        return web.json_response({"data": [image]})

    with pytest.raises(Failure, match=words):
        await draw(build, await serve({"POST /images/generations": generate}), count=2)
    assert place.files() == []


def test_a_server_of_ones_own_serves_chat_unless_its_types_say_otherwise(build: Build) -> None:
    own = {"type": "openai", "url": "http://127.0.0.1:1/v1"}
    assert build(own).types == ("openai_chat",)
    assert build({"type": "openai"}).types == ("openai_chat", "openai_image")
    assert build(own | {"types": ["openai_image"]}).types == ("openai_image",)
    with pytest.raises(BackendListError, match="types: must be of openai_chat, openai_image, not 'comfyui'"):
        build(own | {"types": ["comfyui"]})


async def test_a_model_that_the_operator_does_not_list_is_not_used(build: Build) -> None:
    entry = {"type": "openai", "url": "http://127.0.0.1:9", "models": ["cheap"]}
    with pytest.raises(Failure, match="model: the operator does not allow 'small' here, but cheap") as caught:
        await build(entry).run(FakeRun("openai_chat", CHAT, 1))
    assert caught.value.code is NO_MODEL


@pytest.mark.parametrize(("secret", "retryable"), [(SECRET, False), (None, True)])
async def test_an_image_that_was_paid_for_is_not_requested_again(
    serve: Serve, build: Build, secret: str | None, retryable: bool
) -> None:
    requests = []

    async def generate(request: web.Request) -> web.Response:
        requests.append(1)
        return web.json_response({"data": [{"url": "http://127.0.0.1:18999/gone.png"}]})

    url = await serve({"POST /images/generations": generate})
    credential = {"credential": "main"} if secret else {}
    backend = build({"type": "openai", "url": url, "types": ["openai_image"]} | credential, secret)
    with pytest.raises(Failure, match="cannot be fetched") as caught:
        await backend.run(FakeRun("openai_image", IMAGE, 1))
    assert caught.value.retryable is retryable
    assert ("not sent again" in caught.value.message) is not retryable
    assert len(requests) == 1


@pytest.mark.parametrize(("reason", "ends"), [("shutdown", Failure), ("cancelled", Stopped)])
async def test_a_worker_that_stops_does_not_return_a_step_that_may_be_paid_for(
    serve: Serve, build: Build, reason: str, ends: type[Exception]
) -> None:
    asked = asyncio.Event()

    async def complete(request: web.Request) -> web.Response:
        asked.set()
        await asyncio.Event().wait()
        return web.Response()

    url = await serve({"POST /chat/completions": complete})
    run = FakeRun("openai_chat", CHAT, 1)
    task = asyncio.create_task(build({"type": "openai", "url": url, "credential": "main"}, SECRET).run(run))
    await asked.wait()
    run.stop_reason = reason
    run.stop.set()
    with pytest.raises(ends) as caught:
        await task
    assert not isinstance(caught.value, Failure) or not caught.value.retryable
