"""`fetch_api` jobs: synchronous, polled, streamed and stored answers, and what is never sent."""

import asyncio
import json
from typing import Any

import pytest
from aiohttp import web
from darkroom_schemas.errors import StepErrorCode
from darkroom_schemas.recipe import BackendRecipe
from darkroom_schemas.step import StepResult
from gpu_worker.domain.failures import Failure, Stopped
from support.fake_run import FakeRun

from .conftest import Build, Place, Serve

HTTP = {"type": "http"}


def run_of(**payload: Any) -> FakeRun:
    return FakeRun("fetch_api", payload, 1)


async def result_of(build: Build, **payload: Any) -> StepResult:
    return await build(HTTP, "s3cret").run(run_of(**payload))


async def failure_of(build: Build, **payload: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        await result_of(build, **payload)
    return caught.value


async def test_a_request_is_sent_as_the_payload_says(serve: Serve, build: Build) -> None:
    async def echo(request: web.Request) -> web.Response:
        names = ("Content-Type", "X-Mine", "Authorization")
        return web.json_response([{name: request.headers.get(name) for name in names}, await request.text()])

    url = await serve({"PUT /": echo})
    result = await result_of(build, url=url, method="PUT", headers={"X-Mine": "a"}, body={"b": 1}, credential="main")
    assert json.loads(result.text or "") == [
        {"Content-Type": "application/json", "X-Mine": "a", "Authorization": "Bearer s3cret"},
        '{"b": 1}',
    ]
    result = await result_of(build, url=url, method="PUT", headers={"content-type": "a/b"}, body="as it is")
    assert json.loads(result.text or "")[0]["Content-Type"] == "a/b"
    assert json.loads(result.text or "")[1] == "as it is"


@pytest.mark.parametrize(
    ("select", "text"), [("a.0.b", "x"), ("a.1", '{"c": [1, null]}'), ("a.1.c.0", "1"), ("n", ""), ("u", "ü\ufffd")]
)
async def test_a_part_of_the_answer_is_selected(serve: Serve, build: Build, select: str, text: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"a": [{"b": "x"}, {"c": [1, None]}], "n": None, "u": "ü\u0000"})

    assert (await result_of(build, url=await serve({"GET /": answer}), select=select)).text == text


async def test_a_part_that_is_absent_is_named(serve: Serve, build: Build) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.json_response({"a": []})

    failure = await failure_of(build, url=await serve({"GET /": answer}), select="a.0")
    assert (failure.code, failure.message) == (
        StepErrorCode.INVALID_PAYLOAD,
        "select: the server's answer has no 'a.0'",
    )


async def test_work_is_polled_until_it_is_done_and_its_files_are_stored(
    serve: Serve, build: Build, place: Place
) -> None:
    polls: list[dict[str, str]] = []

    async def submit(request: web.Request) -> web.Response:
        return web.json_response({"job": {"id": "a/b"}, "state": "new"})

    async def state(request: web.Request) -> web.Response:
        polls.append(dict(request.headers))
        if len(polls) == 1:
            return web.Response(status=502)
        if len(polls) == 2:
            return web.json_response({"state": "running"})
        return web.json_response({"state": "ok", "files": ["/file", str(request.url.with_path("/file")), "/more"]})

    async def file(request: web.Request) -> web.Response:
        return web.Response(text="content")

    url = await serve({"POST /jobs": submit, "GET /jobs/{id}": state, "GET /file": file})
    poll = {
        "url": "jobs/{job.id}?key=k3y",
        "interval_s": 0.1,
        "done": {"path": "state", "in": ["ok", "done"]},
        "failed": {"path": "state", "equals": "broken"},
        "select": "files",
    }
    run = run_of(url=f"{url}/jobs", method="POST", body={}, poll=poll, store=True, max_outputs=2, credential="main")
    result = await build(HTTP, "s3cret").run(run)
    assert [output.mime_type for output in result.outputs] == ["text/plain", "text/plain"]
    assert [(place.objects / output.key).read_text() for output in result.outputs] == ["content", "content"]
    assert all(headers["Authorization"] == "Bearer s3cret" for headers in polls)
    assert "waiting: running" in run.messages
    assert result.notes == ("1 more files were not stored: `max_outputs` is 2.",)
    recipe = result.outputs[0].recipe
    assert isinstance(recipe, BackendRecipe)
    assert recipe.request["method"] == "POST"
    assert recipe.request["poll"]["url"] == "jobs/{job.id}?key=*"


async def test_work_that_failed_is_reported_with_the_servers_words(serve: Serve, build: Build) -> None:
    async def submit(request: web.Request) -> web.Response:
        return web.json_response({"poll": f"http://{request.host}/state"})

    async def state(request: web.Request) -> web.Response:
        return web.json_response({"state": "broken", "why": "no paint left"})

    url = await serve({"POST /": submit, "GET /state": state})
    poll = {
        "url": "{poll}",
        "interval_s": 0.1,
        "done": {"path": "state", "equals": "ok"},
        "failed": {"path": "state", "equals": "broken"},
    }
    failure = await failure_of(build, url=url, method="POST", poll=poll)
    assert failure.code is StepErrorCode.BACKEND
    assert not failure.retryable
    assert "no paint left" in failure.message


@pytest.mark.parametrize("cancel", [None, {"url": "/jobs/{id}/cancel?key=k3y"}, {"url": "{stop}", "method": "DELETE"}])
async def test_a_stop_ends_the_wait_and_the_work_if_the_payload_says_how(
    serve: Serve, build: Build, cancel: dict[str, str] | None
) -> None:
    polled = asyncio.Event()
    cancels: list[tuple[str, str, str | None]] = []

    async def submit(request: web.Request) -> web.Response:
        return web.json_response({"id": "a/b", "stop": str(request.url.with_path("/stop"))})

    async def state(request: web.Request) -> web.Response:
        polled.set()
        return web.json_response({"state": "running"})

    async def stop(request: web.Request) -> web.Response:
        cancels.append((request.method, request.raw_path, request.headers.get("Authorization")))
        return web.Response(status=204)

    routes = {"POST /": submit, "GET /state": state, "POST /jobs/{id}/cancel": stop, "DELETE /stop": stop}
    url = await serve(routes)
    poll = {"url": "/state", "interval_s": 0.1, "done": {"path": "state", "equals": "ok"}, "cancel": cancel}
    run = run_of(url=url, method="POST", poll=poll, credential="main")
    task = asyncio.create_task(build(HTTP, "s3cret").run(run))
    await polled.wait()
    run.stop.set()
    with pytest.raises(Stopped):
        await task
    assert (
        cancels
        == {
            None: [],
            "/jobs/{id}/cancel?key=k3y": [("POST", "/jobs/a%2Fb/cancel?key=k3y", "Bearer s3cret")],
            "{stop}": [("DELETE", "/stop", "Bearer s3cret")],
        }[cancel["url"] if cancel else None]
    )


async def test_a_server_that_refuses_a_cancel_does_not_hold_the_stop(serve: Serve, build: Build) -> None:
    polled = asyncio.Event()

    async def submit(request: web.Request) -> web.Response:
        return web.json_response({})

    async def state(request: web.Request) -> web.Response:
        polled.set()
        return web.json_response({"state": "running"})

    url = await serve({"POST /": submit, "GET /state": state})
    poll = {"url": "/state", "interval_s": 0.1, "done": {"path": "state", "equals": 1}, "cancel": {"url": "/none"}}
    run = run_of(url=url, method="POST", poll=poll)
    task = asyncio.create_task(build(HTTP).run(run))
    await polled.wait()
    run.stop.set()
    with pytest.raises(Stopped):
        await task


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (
            "text/event-stream",
            ': hello\n\ndata: {"d": "one "}\n\nevent: x\ndata: {"d":\ndata: "two"}\r\n\r\ndata: [DONE]\n\nrest',
        ),
        ("application/x-ndjson", '{"d": "one "}\n\n{"other": 1}\n{"d": "two"}'),
    ],
)  # fmt: skip
async def test_the_text_of_a_stream_is_collected(serve: Serve, build: Build, content_type: str, body: str) -> None:
    async def stream(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": content_type})
        await answer.prepare(request)
        for start in range(0, len(body), 7):
            await answer.write(body[start : start + 7].encode())
        return answer

    result = await result_of(build, url=await serve({"GET /": stream}), stream=True, select="d")
    assert result.text == "one two"


async def test_an_answer_that_is_not_text_is_stored_with_what_it_is(serve: Serve, build: Build, place: Place) -> None:
    async def sound(request: web.Request) -> web.Response:
        return web.Response(body=b"fLaC" + b"\x00" * 100, content_type="application/octet-stream")

    failure = await failure_of(build, url=await serve({"GET /": sound}))
    assert "audio/flac" in failure.message  # it is damaged

    async def other(request: web.Request) -> web.Response:
        return web.Response(body=b"\x00\x01\x02", content_type="application/x-mine")

    (output,) = (await result_of(build, url=await serve({"GET /": other}))).outputs
    assert (output.mime_type, output.size_bytes) == ("application/octet-stream", 3)


async def test_a_text_that_is_too_large_is_refused_while_it_is_read(serve: Serve, build: Build, place: Place) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
        await answer.prepare(request)
        while True:
            await answer.write(b"x" * 10_000)

    url = await serve({"GET /": endless})
    for options in ({}, {"store": True, "max_bytes": 50_000}):
        failure = await failure_of(build, url=url, **options)
        assert failure.code is StepErrorCode.OUTPUT_TOO_LARGE
        assert not failure.retryable
    assert place.files() == []


async def test_a_busy_server_is_waited_for_without_using_an_attempt(serve: Serve, build: Build) -> None:
    statuses = [429, 503, 200]

    async def busy(request: web.Request) -> web.Response:
        return web.Response(text="ok", status=statuses.pop(0), headers={"Retry-After": "0"})

    url = await serve({"POST /": busy})
    assert (await result_of(build, url=url, method="POST")).text == "ok"
    assert statuses == []


async def test_a_wait_that_would_outlast_the_time_limit_is_not_begun(serve: Serve, build: Build) -> None:
    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "3600"})

    failure = await failure_of(build, url=await serve({"POST /": busy}), method="POST")
    assert failure.retryable


@pytest.mark.parametrize(("method", "retryable"), [("GET", True), ("POST", False)])
async def test_a_request_that_may_have_been_received_is_not_sent_twice(
    serve: Serve, build: Build, method: str, retryable: bool
) -> None:
    received = []

    async def cut(request: web.Request) -> web.Response:
        received.append(request.method)
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    failure = await failure_of(build, url=await serve({f"{method} /": cut}), method=method)
    assert received.count("POST") == (1 if method == "POST" else 0)
    assert failure.retryable is retryable
    assert ("may have been received" in failure.message) is not retryable


async def test_a_request_that_nobody_received_may_be_repeated(build: Build, serve: Serve) -> None:
    failure = await failure_of(build, url="http://127.0.0.1:9", method="POST")
    assert "port 9" in failure.message
    failure = await failure_of(build, url="http://127.0.0.1:18999", method="POST")
    assert failure.retryable


@pytest.mark.parametrize(
    ("status", "code", "retryable"),
    [
        (400, StepErrorCode.INVALID_PAYLOAD, False),
        (404, StepErrorCode.BACKEND, False),
        (413, StepErrorCode.INVALID_PAYLOAD, False),
        (500, StepErrorCode.BACKEND, True),
        (503, StepErrorCode.BACKEND, True),
    ],
)
async def test_a_refusal_has_the_servers_sentence(
    serve: Serve, build: Build, status: int, code: StepErrorCode, retryable: bool
) -> None:
    async def refuse(request: web.Request) -> web.Response:
        return web.json_response({"error": {"message": "no\nsuch thing"}}, status=status)

    failure = await failure_of(build, url=await serve({"GET /": refuse}))
    assert (failure.code, failure.retryable) == (code, retryable)
    assert f"HTTP {status}: no such thing" in failure.message


async def test_a_credential_goes_to_permitted_hosts_only(serve: Serve, build: Build) -> None:
    seen: list[str | None] = []

    async def other(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        return web.Response(text="other")

    other_url = (await serve({"GET /": other})).replace("127.0.0.1", "localhost")

    async def start(request: web.Request) -> web.Response:
        seen.append(request.headers.get("Authorization"))
        raise web.HTTPFound(other_url)

    url = await serve({"GET /": start})
    assert (await result_of(build, url=url, credential="main")).text == "other"
    assert seen == ["Bearer s3cret", None]
    failure = await failure_of(build, url=other_url, credential="main")
    assert "does not permit 'main' for localhost" in failure.message
    failure = await failure_of(build, url=url, credential="other")
    assert "none that is named 'other'" in failure.message
    assert len(seen) == 2


async def test_a_private_address_is_refused_also_behind_a_redirect(serve: Serve, build: Build) -> None:
    async def start(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://10.0.0.1/")

    url = await serve({"GET /": start})
    assert (await failure_of(build, url=url)).message.startswith("url: the address is not public")
    with pytest.raises(Failure, match="url: the address is not public"):
        await build(HTTP, networks=()).run(run_of(url=url))


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        ({"url": "https://a b"}, "url"),
        ({"url": "https://user:pw@example.com/"}, "url: must not contain a user name"),
        ({"headers": {"Host": "x"}}, "headers.Host"),
        ({"headers": {"X": "a\r\nb"}}, "headers.X"),
        ({"headers": {"a b": "c"}}, "headers"),
        ({"poll": {"url": "/x", "done": {"path": "a"}}}, "poll.done"),
        ({"poll": {"url": "/x", "done": {"path": "a", "equals": 1, "in": [1]}}}, "poll.done"),
        (
            {"poll": {"url": "/x", "done": {"path": "a", "equals": 1}, "cancel": {"url": "/", "method": "GET"}}},
            "poll.c",
        ),
        ({"stream": True, "store": True}, "stream"),
    ],
)
async def test_a_mistake_in_the_payload_is_named(build: Build, payload: dict[str, Any], field: str) -> None:
    failure = await failure_of(build, **({"url": "https://example.com/"} | payload))
    assert failure.code is StepErrorCode.INVALID_PAYLOAD
    assert failure.message.startswith(field)


@pytest.mark.parametrize("answer", [{"at": "http://127.0.0.1:18999/x"}, {"at": "/busy"}])
async def test_a_request_is_not_repeated_for_what_fails_after_it(
    serve: Serve, build: Build, answer: dict[str, str]
) -> None:
    requests = []

    async def submit(request: web.Request) -> web.Response:
        requests.append(1)
        return web.json_response(answer)

    async def busy(request: web.Request) -> web.Response:
        return web.Response(status=503)

    url = await serve({"POST /": submit, "GET /busy": busy})
    failure = await failure_of(build, url=url, method="POST", select="at", store=True)
    assert not failure.retryable
    assert "not sent again" in failure.message
    assert len(requests) == 1
