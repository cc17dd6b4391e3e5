"""The load balancer of the local stack, with real connections."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
from darkroom_local.balancer import Balancer, Replica, probe
from darkroom_local.servers.ports import free_ports

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """Answers probes with a status, and all else with its name."""

    def __init__(self, name: str, port: int) -> None:
        self.name, self.port, self.status, self.served = name, port, 200, 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if b"/readyz" in line:
            writer.write(b"HTTP/1.1 %d X\r\n\r\n" % self.status)
        else:
            self.served += 1
            writer.write(self.name.encode() + b":" + await reader.read())
        await writer.drain()
        writer.close()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        async with await asyncio.start_server(self.answer, "127.0.0.1", self.port):
            yield


@asynccontextmanager
async def balancing(*replicas: Replica) -> AsyncIterator[int]:
    """Yield the port of a balancer that runs."""
    [port] = free_ports(1)
    stop = asyncio.Event()
    running = asyncio.create_task(Balancer(replicas).run("127.0.0.1", port, stop))
    try:
        async with asyncio.timeout(10):
            while True:
                try:
                    _, writer = await asyncio.open_connection("127.0.0.1", port)
                except ConnectionRefusedError:
                    await asyncio.sleep(0)
                    continue
                writer.close()
                break
        yield port
    finally:
        stop.set()
        await running


async def exchange(port: int, text: bytes = b"GET / \n", rest: bytes = b"") -> bytes:
    """Send a line and what follows, end the input, and return the whole answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(text + rest)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    return answer


@pytest.fixture
async def servers() -> AsyncIterator[list[Server]]:
    servers = [Server(name, port) for name, port in zip("ab", free_ports(2), strict=True)]
    async with AsyncExitStack() as stack:
        for server in servers:
            await stack.enter_async_context(server.running())
        yield servers


def replicas_of(servers: list[Server]) -> list[Replica]:
    return [Replica("127.0.0.1", server.port) for server in servers]


async def test_everything_is_passed_in_both_directions_to_the_least_busy_replica(servers: list[Server]) -> None:
    large = bytes(range(256)) * 4096
    async with balancing(*replicas_of(servers)) as port:
        _, held = await asyncio.open_connection("127.0.0.1", port)
        held.write(b"GET / \n")  # its replica waits for the rest
        answers = await asyncio.gather(*(exchange(port, rest=large) for _ in range(3)))
        assert {answer[2:] == large for answer in answers} == {True}
        held.close()
    assert min(server.served for server in servers) >= 1


async def test_a_replica_that_is_not_ready_gets_nothing(servers: list[Server]) -> None:
    servers[0].status = 503
    async with balancing(*replicas_of(servers)) as port:
        assert {await exchange(port) for _ in range(4)} == {b"b:"}


async def test_a_replica_that_refuses_is_passed_over_at_once(servers: list[Server]) -> None:
    [closed] = free_ports(1)
    away = Replica("127.0.0.1", closed)
    async with balancing(away, *replicas_of(servers)[1:]) as port:
        away.is_ready = True
        assert await exchange(port) == b"b:"
        assert not away.is_ready


async def test_without_a_replica_the_answer_is_a_503() -> None:
    async with balancing(*(Replica("127.0.0.1", port) for port in free_ports(2))) as port:
        assert (await exchange(port)).startswith(b"HTTP/1.1 503 ")


async def test_a_probe_of_what_is_no_web_server_finds_it_not_ready(servers: list[Server]) -> None:
    replica = replicas_of(servers)[0]
    await probe(replica)
    assert replica.is_ready
    servers[0].status = 404
    await probe(replica)
    assert not replica.is_ready
