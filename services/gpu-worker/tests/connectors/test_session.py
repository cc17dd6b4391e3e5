"""Requests to a configured server: what their errors say, and which bounds their answers have."""

import asyncio
import datetime
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from gpu_worker.backends.credentials import Credential
from gpu_worker.connectors.server_faults import (
    BadAnswer,
    ConnectionLost,
    Refused,
    ServerFault,
    TooLarge,
    Unreachable,
    readiness,
)
from gpu_worker.connectors.session import ServerSession
from gpu_worker.domain.failures import ConnectorNotReady
from pydantic import SecretStr
from yarl import URL

from .conftest import Serve


async def fault_of(url: str, credential: Credential | None = None, **options: Any) -> ServerFault:
    session = ServerSession(url, credential)
    try:
        with pytest.raises(ServerFault) as caught:
            await session.json("GET", "/", **options)
    finally:
        await session.close()
    return caught.value


@pytest.fixture
def certificate(tmp_path: Path) -> ssl.SSLContext:
    """Make a certificate that nobody trusts."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = made.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    return context


@pytest.fixture
async def tls_url(certificate: ssl.SSLContext) -> AsyncIterator[str]:
    """Serve with the certificate."""
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=certificate).start()
    yield f"https://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_a_certificate_that_is_not_trusted_is_named(tls_url: str) -> None:
    fault = await fault_of(tls_url)
    assert isinstance(fault, Unreachable)
    assert "TLS certificate is refused: self-signed certificate" in str(fault)


async def test_a_server_without_tls_is_named(serve: Serve) -> None:
    fault = await fault_of((await serve({})).replace("http:", "https:"))
    assert isinstance(fault, Unreachable)
    assert "https://" in str(fault)


@pytest.mark.parametrize(
    ("url", "words"), [("http://nothing.invalid", "host name"), ("http://127.0.0.1:9", "Connection refused")]
)
async def test_a_server_that_is_not_there_did_not_receive_the_request(url: str, words: str) -> None:
    fault = await fault_of(url)
    assert isinstance(fault, Unreachable)
    assert words in str(fault)


async def test_a_server_that_is_silent_may_have_received_it(serve: Serve) -> None:
    async def silent(request: web.Request) -> web.Response:
        await asyncio.Event().wait()
        return web.Response()

    assert isinstance(await fault_of(await serve({"GET /": silent}), timeout_s=0.2), ConnectionLost)


@pytest.mark.parametrize("text", ["", "<html>", "{", "[NaN]", "[" * 100_000, "\xff"])
async def test_an_answer_that_is_not_json_is_refused(serve: Serve, text: str) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=text.encode("latin-1"), content_type="application/json")

    assert type(await fault_of(await serve({"GET /": answer}))) is BadAnswer


@pytest.mark.parametrize("announced", [True, False])
async def test_an_answer_that_is_too_large_is_refused_while_it_is_read(serve: Serve, announced: bool) -> None:
    sent = []

    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        if announced:
            response.content_length = 1_000_000_000
        await response.prepare(request)
        for _ in range(1_000):
            sent.append(1)
            await response.write(b"x" * 1_000_000)
        return response

    assert isinstance(await fault_of(await serve({"GET /": answer}), limit=100_000), TooLarge)
    assert len(sent) < 100


async def test_a_redirect_is_not_followed(serve: Serve) -> None:
    async def answer(request: web.Request) -> web.Response:
        raise web.HTTPFound("http://127.0.0.1:9/")

    fault = await fault_of(await serve({"GET /": answer}))
    assert isinstance(fault, BadAnswer)
    assert "redirect" in str(fault)


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        ({"error": {"message": "a"}}, "a"),
        ({"error": "a", "errors": "b"}, "a"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "bad"}, {"loc": ["body"], "msg": "worse"}]},
         "body.seed: bad; body: worse"),
        ({"name": "n", "errors": ["a", "b"]}, "a; b"),
        ({"error": {"error": {"error": {"error": {"error": "deep"}}}}}, ""),
        ("  plain\n text ", "plain text"),
        ("<html>no</html>", ""),
        ("key is s3cret!", "key is …!"),
        ("x" * 1_000, "x" * 299 + "…"),
        ("x" * 70_000, ""),
    ],
)  # fmt: skip
async def test_a_refusal_has_one_sentence_without_the_secret(serve: Serve, body: Any, detail: str) -> None:
    async def refuse(request: web.Request) -> web.Response:
        assert request.headers["Authorization"] == "Bearer s3cret"
        kind = {"Retry-After": "7"}
        if isinstance(body, str):
            return web.Response(text=body, status=400, headers=kind)
        return web.json_response(body, status=400, headers=kind)

    fault = await fault_of(await serve({"GET /": refuse}), Credential(secret=SecretStr("s3cret")))
    assert isinstance(fault, Refused)
    assert (fault.status, fault.detail, fault.retry_after_s) == (400, detail, 7.0)


def test_a_fault_is_a_reason_for_not_being_ready() -> None:
    with pytest.raises(ConnectorNotReady, match="refuses the credentials: HTTP 401"), readiness():
        raise Refused(401, "", None, None)
    with pytest.raises(ConnectorNotReady, match="it answers HTTP 500: a"), readiness():
        raise Refused(500, "a", None, None)
    with pytest.raises(ConnectorNotReady, match="gone"), readiness():
        raise ConnectionLost("gone")


async def test_the_credential_is_for_the_origin_of_the_base_url(serve: Serve) -> None:
    session = ServerSession("http://127.0.0.1:9", Credential(secret=SecretStr("s3cret")))
    with pytest.raises(ValueError, match="origin"):
        async with session.open("GET", URL("http://127.0.0.2:9/")):
            pass
    await session.close()
