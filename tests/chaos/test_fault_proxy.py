import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import cast

import pytest
from support.fault_proxy import FaultProxy

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]
Connect = Callable[[], Awaitable[Connection]]


class Echo(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


@pytest.fixture
async def proxy() -> AsyncIterator[FaultProxy]:
    """A proxy before a server that sends everything back."""

    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0)
    async with server, FaultProxy("127.0.0.1", server.sockets[0].getsockname()[1]) as proxy:
        yield proxy


@pytest.fixture
async def connect(proxy: FaultProxy) -> AsyncIterator[Connect]:
    opened: list[Connection] = []

    async def open_one() -> Connection:
        opened.append(await asyncio.open_connection("127.0.0.1", proxy.port))
        return opened[-1]

    yield open_one
    for _, writer in opened:
        writer.transport.abort()


async def ask(connection: Connection, text: bytes, *, timeout_s: float = 2.0) -> bytes:
    reader, writer = connection
    writer.write(text)
    async with asyncio.timeout(timeout_s):
        return await reader.readline()


async def test_without_a_fault_everything_passes(proxy: FaultProxy, connect: Connect) -> None:
    connection = await connect()
    assert await ask(connection, b"hello\n") == b"hello\n"
    assert proxy.connections == 1


async def test_a_delay_holds_up_both_directions(proxy: FaultProxy, connect: Connect) -> None:
    connection, loop = await connect(), asyncio.get_running_loop()
    proxy.delay(0.05)
    before = loop.time()
    assert await ask(connection, b"slow\n") == b"slow\n"
    assert loop.time() - before >= 0.1  # a lower bound: two delays


async def test_a_reset_ends_what_there_is_and_nothing_else(proxy: FaultProxy, connect: Connect) -> None:
    old = await connect()
    await ask(old, b"1\n")
    proxy.reset()
    with pytest.raises(ConnectionResetError):
        await ask(old, b"2\n")
    assert await ask(await connect(), b"3\n") == b"3\n"


async def test_a_refusing_proxy_serves_nobody_until_it_is_healed(proxy: FaultProxy, connect: Connect) -> None:
    proxy.refuse()
    with pytest.raises(ConnectionResetError):
        await ask(await connect(), b"1\n")
    proxy.heal()
    assert await ask(await connect(), b"2\n") == b"2\n"


async def test_a_black_hole_keeps_connections_open_and_silent(proxy: FaultProxy, connect: Connect) -> None:
    connection = await connect()
    proxy.black_hole()
    for silent in (connection, await connect()):
        with pytest.raises(TimeoutError):
            await ask(silent, b"lost\n", timeout_s=0.1)
    proxy.heal()
    assert await ask(connection, b"found\n") == b"found\n"


async def test_a_half_open_connection_never_answers_again(proxy: FaultProxy, connect: Connect) -> None:
    connection = await connect()
    await ask(connection, b"1\n")
    proxy.half_open()
    with pytest.raises(TimeoutError):
        await ask(connection, b"2\n", timeout_s=0.1)
    assert await ask(await connect(), b"3\n") == b"3\n"


async def test_a_reply_is_cut_in_its_middle(proxy: FaultProxy, connect: Connect) -> None:
    connection = await connect()
    proxy.cut_replies_after(3)
    assert await ask(connection, b"hello\n") == b"hel"


async def test_commands_are_answered_in_the_servers_place(proxy: FaultProxy, connect: Connect) -> None:
    connection = await connect()
    proxy.answer_with("LOADING not yet")
    assert await ask(connection, b"*1\r\n$4\r\nPING\r\n") == b"-LOADING not yet\r\n"
