"""What each behaviour of a receiver does to a delivery, as docs/guides/webhooks.md describes it."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from darkroom_queue import QueueClient
from support.keys import publish_key
from support.services import RunningService, StartService
from support.waiting import until
from support.webhooks import deliveries_of, register

MORE = b"X" * 65_536
HEAD = b"HTTP/1.1 %s\r\nContent-Length: 2\r\n%s\r\nok"
ENDLESS = b"HTTP/1.1 %s\r\nTransfer-Encoding: chunked\r\n\r\n"


async def endless(writer: asyncio.StreamWriter, status: bytes) -> None:
    writer.write(ENDLESS % status)
    while True:
        writer.write(b"10000\r\n" + MORE + b"\r\n")
        await writer.drain()


async def behave(kind: str, writer: asyncio.StreamWriter) -> None:
    match kind:
        case "hang":
            await asyncio.Event().wait()
        case "slow headers":
            for byte in HEAD % (b"200 OK", b""):
                writer.write(bytes([byte]))
                await writer.drain()
                await asyncio.sleep(0.2)
        case "slow body":
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\nx")
            await writer.drain()
            await asyncio.Event().wait()
        case "endless body":
            await endless(writer, b"200 OK")
        case "endless failure":
            await endless(writer, b"500 No")
        case "reset":
            writer.transport.abort()
        case "not http":
            writer.write(b"SSH-2.0-OpenSSH_9.2\r\n")
        case "204 No Content":
            writer.write(b"HTTP/1.1 204 No Content\r\n\r\n")
        case "redirect":
            writer.write(HEAD % (b"302 Found", b"Location: http://127.0.0.1:1/\r\n"))
        case status:
            writer.write(HEAD % (status.encode(), b"Retry-After: 3600\r\n" if status.startswith("429") else b""))


@asynccontextmanager
async def receiver(kind: str, tls: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    tasks: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await reader.readuntil(b"\r\n\r\n")
            await behave(kind, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(scope="module")
def quick(start: StartService) -> Iterator[RunningService]:
    with start(WEBHOOK_TIMEOUT_S="1", WEBHOOK_SCHEDULE_S="0,600") as service:
        yield service


@pytest.fixture
async def api(quick: RunningService, link: QueueClient, user: str) -> AsyncIterator[httpx.AsyncClient]:
    key = {"X-API-Key": await publish_key(link, user)}
    async with httpx.AsyncClient(base_url=quick.url, headers=key, timeout=30) as client:
        yield client


async def tried(api: httpx.AsyncClient, webhook_id: str) -> dict[str, Any]:
    async def line() -> dict[str, Any] | None:
        lines = await deliveries_of(api, webhook_id)
        return lines[0] if lines and lines[0]["attempts"] else None

    return await until(line)


@pytest.mark.parametrize(
    ("kind", "status", "last_status", "error"),
    [
        ("200 OK", "delivered", 200, None),
        ("204 No Content", "delivered", 204, None),
        ("slow body", "delivered", 200, None),
        ("endless body", "delivered", 200, None),
        ("redirect", "pending", 302, "HTTP 302"),
        ("400 Bad", "pending", 400, "HTTP 400"),
        ("404 Not Found", "pending", 404, "HTTP 404"),
        ("410 Gone", "failed", 410, "HTTP 410"),
        ("429 Slow down", "pending", 429, "HTTP 429"),
        ("500 No", "pending", 500, "HTTP 500"),
        ("endless failure", "pending", 500, "HTTP 500"),
        ("slow headers", "pending", None, "timeout"),
        ("hang", "pending", None, "timeout"),
        ("reset", "pending", None, None),
        ("not http", "pending", None, None),
    ],
)
async def test_a_delivery_follows_the_answer(
    api: httpx.AsyncClient, kind: str, status: str, last_status: int | None, error: str | None
) -> None:
    async with receiver(kind) as port:
        webhook = await register(api, f"http://127.0.0.1:{port}/")
        await api.post(f"/api/webhooks/{webhook['id']}/test")
        line = await tried(api, webhook["id"])
    assert (line["status"], line["last_status"]) == (status, last_status), line
    assert line["last_error"] == error if error or status == "delivered" else line["last_error"]
    attempts = await api.get(f"/api/webhooks/{webhook['id']}/deliveries/{line['id']}/attempts")
    [attempt] = attempts.json()["attempts"]
    answer = attempt["answer"]
    assert answer is None if last_status is None else len(answer) <= 16_384
    if kind.startswith("endless"):
        assert answer == "X" * 16_384


@pytest.mark.parametrize("url", ["http://nowhere.invalid/", "http://127.0.0.1:9/"])
async def test_a_receiver_that_cannot_be_found_is_tried_again(
    api: httpx.AsyncClient, database_url: str, url: str
) -> None:
    webhook = await register(api, "https://example.com/hook")
    await api.post(f"/api/webhooks/{webhook['id']}/test")
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("UPDATE webhooks.endpoints SET url = %s WHERE id = %s", (url, webhook["id"]))
    line = await tried(api, webhook["id"])
    assert (line["status"], line["last_status"]) == ("pending", None)
    assert line["last_error"]


async def test_a_self_signed_certificate_is_refused(api: httpx.AsyncClient, tmp_path: Path) -> None:
    pem = tmp_path / "self-signed.pem"
    command = ("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1",
               "-keyout", str(pem), "-out", str(tmp_path / "cert.pem"))  # fmt: skip
    made = await asyncio.create_subprocess_exec(*command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    assert await made.wait() == 0
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "cert.pem", pem)
    async with receiver("200 OK", tls) as port:
        webhook = await register(api, f"https://127.0.0.1:{port}/")
        await api.post(f"/api/webhooks/{webhook['id']}/test")
        line = await tried(api, webhook["id"])
    assert (line["status"], line["last_status"]) == ("pending", None)
    assert line["last_error"] == "SSLCertVerificationError"
