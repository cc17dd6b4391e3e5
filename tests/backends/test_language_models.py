"""A real language model behind the `openai` and `ollama` connectors."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from darkroom_schemas.errors import StepErrorCode
from gpu_worker.backends.credentials import Credential
from gpu_worker.backends.entry import BackendEntry
from gpu_worker.connectors.build import build_backend
from gpu_worker.connectors.tools import Tools
from gpu_worker.domain.backend import Backend
from gpu_worker.domain.failures import ConnectorNotReady, Failure, Stopped
from support.fake_run import FakeRun
from support.llm_servers import MODEL, LlamaServer, OllamaServer
from support.waiting import until

from .conftest import Bench

QUESTION = [{"role": "user", "content": "Describe a lighthouse at dawn in one sentence."}]


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LlamaServer]:
    """Run one model for all tests."""
    server = LlamaServer(tmp_path_factory.mktemp("llama"))
    server.start_blocking()
    yield server
    asyncio.run(server.kill())


@pytest.fixture(scope="module")
def ollama(llama: LlamaServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OllamaServer]:
    """Run a server of Ollama's protocol in front of it."""
    server = OllamaServer(tmp_path_factory.mktemp("ollama"), llama)
    server.start_blocking()
    yield server
    asyncio.run(server.kill())


@asynccontextmanager
async def connected(bench: Bench, kind: str, url: str) -> AsyncIterator[Backend]:
    credentials: dict[str, Credential] = {}
    entry = BackendEntry.model_validate({"type": kind, "url": url})
    backend = build_backend(entry, Tools(bench.storage, credentials, "worker@llm"))
    yield backend
    await backend.close()


def run_of(job_type: str, **payload: Any) -> FakeRun:
    return FakeRun(job_type, {"model": MODEL, "messages": QUESTION, **payload}, 1)


async def test_a_model_writes_a_text_by_its_seed(bench: Bench, llama: LlamaServer) -> None:
    async with connected(bench, "openai", llama.url) as backend:
        assert (await backend.discover()).models == (MODEL,)
        payload = {"max_tokens": 24, "seed": 11, "temperature": 0.8}
        first_run = run_of("openai_chat", **payload)
        first = await backend.run(first_run)
        again = await backend.run(run_of("openai_chat", **payload))
        other = await backend.run(run_of("openai_chat", **payload | {"seed": 12}))
    assert first.text
    assert first.text == again.text
    assert first.text != other.text
    assert first_run.reported == sorted(first_run.reported)
    assert len(first_run.reported) > 5
    assert first.notes == ("The text ends where the limit of tokens was reached.",)


@pytest.mark.parametrize(("kind", "job_type"), [("openai", "openai_chat"), ("ollama", "ollama_chat")])
async def test_a_stop_ends_the_writing_of_the_server(
    bench: Bench, llama: LlamaServer, ollama: OllamaServer, kind: str, job_type: str
) -> None:
    url, model = (llama.url, MODEL) if kind == "openai" else (ollama.url, f"local/{MODEL}")
    async with connected(bench, kind, url) as backend:
        run = run_of(job_type, model=model, max_tokens=4000)
        task = asyncio.create_task(backend.run(run))

        async def writes() -> bool:
            return len(run.reported) > 3

        await until(writes, 60)
        assert await asyncio.to_thread(llama.busy_slots) == 1
        run.stop.set()
        with pytest.raises(Stopped):
            await task

        async def is_idle() -> bool:
            return await asyncio.to_thread(llama.busy_slots) == 0

        await until(is_idle, 8)


async def test_a_mistake_is_reported_in_the_servers_words(bench: Bench, llama: LlamaServer) -> None:
    async with connected(bench, "openai", llama.url) as backend:
        with pytest.raises(Failure) as caught:
            await backend.run(run_of("openai_chat", messages=[{"role": "user", "content": "word " * 20_000}]))
    assert caught.value.code is StepErrorCode.INVALID_PAYLOAD
    assert "context" in caught.value.message


async def test_ollamas_protocol_is_understood(bench: Bench, ollama: OllamaServer) -> None:
    async with connected(bench, "ollama", ollama.url) as backend:
        found = await backend.discover()
        assert found.version
        assert found.models
        result = await backend.run(run_of("ollama_chat", model=f"local/{MODEL}", max_tokens=16))
    assert result.text


async def test_a_killed_model_fails_the_attempt_and_is_used_again(bench: Bench, llama: LlamaServer) -> None:
    async with connected(bench, "openai", llama.url) as backend:
        run = run_of("openai_chat", max_tokens=4000)
        task = asyncio.create_task(backend.run(run))

        async def writes() -> bool:
            return len(run.reported) > 3

        await until(writes, 60)
        await llama.kill()
        with pytest.raises(Failure) as caught:
            await task
        assert caught.value.retryable
        with pytest.raises(ConnectorNotReady):
            await backend.ping()
        await llama.start()
        await backend.ping()
        assert (await backend.run(run_of("openai_chat", max_tokens=8))).text
