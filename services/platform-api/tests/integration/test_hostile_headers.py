"""Credentials and headers of any bytes are answered, and never with a 500."""

import pytest
from support.http_server import raw_connection
from support.platform import Platform

VALUES = [
    b"Bearer \xff\xfe",
    b"Bearer \xe4bc",
    b"Bearer dk_user_\xff",
    b"Bearer " + b"a" * 5000,
    b"Bearer a.b.c",
    b"Bearer eyJhbGciOiJIUzI1NiJ9.\xff.x",
    b"Bearer eyJhbGciOm51bGx9.e30.x",
    b"Bearer W10.e30.x",
    b"Basic YTpi",
    b"Bearer",
    b"Bearer =",
    b"Bearer YTpi",
    b"\xff",
]


@pytest.mark.parametrize("header", [b"Authorization", b"X-API-Key", b"X-API-Secret", b"Cookie"])
async def test_a_credential_of_any_bytes_is_a_401(platform: Platform, header: bytes) -> None:
    port = platform.port
    for value in VALUES:
        async with raw_connection(port) as connection:
            lines = (b"GET /api/me HTTP/1.1", b"Host: x", header + b": " + value, b"Connection: close", b"", b"")
            await connection.send(b"\r\n".join(lines))
            assert b" 401 " in (await connection.answer())[:20], value


async def test_other_headers_of_any_bytes_are_answered(platform: Platform) -> None:
    anna, port = await platform.account("anna"), platform.port
    credential = f"Authorization: {anna.http.headers['Authorization']}".encode()
    for name in (
        b"Traceparent",
        b"X-User-Id",
        b"Last-Event-ID",
        b"If-None-Match",
        b"Range",
        b"Origin",
        b"Content-Type",
    ):
        async with raw_connection(port) as connection:
            lines = (
                b"GET /api/me HTTP/1.1",
                b"Host: x",
                credential,
                name + b": \xff\xfe",
                b"Connection: close",
                b"",
                b"",
            )
            await connection.send(b"\r\n".join(lines))
            assert b" 200 " in (await connection.answer())[:20], name
