"""`rediss://`: both kinds of connection verify the server, by the parameters that redis-py takes in a URL."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from darkroom_queue import Producer, QueueClient
from darkroom_redis import RedisUnavailable
from darkroom_redis.resolver import hosts_of
from redis.asyncio.connection import parse_url
from support.steps import make_step


def certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that is its own authority; returns the files of both halves."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    public, private = folder / "server.crt", folder / "server.key"
    public.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return public, private


@pytest.fixture
async def tls(redis_url: str, tmp_path: Path) -> AsyncIterator[tuple[str, Path]]:
    """Put TLS before the server of the test; gives its URL and the file of the authority."""
    public, private = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(public, private)
    target = parse_url(redis_url)
    copies: set[asyncio.Task[None]] = set()

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
        sink.close()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await asyncio.open_connection(target["host"], target["port"])
        for one in (copy(reader, to_server), copy(from_server, writer)):
            copies.add(asyncio.create_task(one))

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    yield f"rediss://:{target['password']}@127.0.0.1:{port}/0", public
    server.close()
    for task in copies:
        task.cancel()
    await asyncio.gather(*copies, return_exceptions=True)


async def test_a_server_is_believed_by_its_authority_only(tls: tuple[str, Path]) -> None:
    url, authority = tls
    with pytest.raises(RedisUnavailable):
        await QueueClient.open(url)
    link = await QueueClient.open(f"{url}?ssl_ca_certs={authority}")
    await Producer(link).submit(make_step())
    assert (await Producer(link).depth()).queued == 1  # the counters come over redis-py, submissions over our own
    await link.close()


async def test_verification_can_be_given_up(tls: tuple[str, Path]) -> None:
    link = await QueueClient.open(f"{tls[0]}?ssl_cert_reqs=none&ssl_check_hostname=false")
    await link.ping()
    assert (await Producer(link).depth()).queued == 0
    await link.close()


def test_hosts_of_may_be_names_and_addresses_of_either_kind_with_or_without_a_port() -> None:
    assert hosts_of("user:pass@one:1,[::1]:2,10.0.0.3", 9) == [("one", 1), ("::1", 2), ("10.0.0.3", 9)]
