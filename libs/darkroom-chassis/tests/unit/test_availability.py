"""How requests share what they know about a server that is away."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from darkroom_chassis.availability import AWAY_S, REFUSED_S, Availability, ServerUnavailable


class Server:
    """Answers, fails or hangs, and counts the calls."""

    def __init__(self) -> None:
        self.state, self.asked = "up", 0
        self.now = 100.0
        self.availability = Availability("Redis", (ConnectionError,), monotonic_s=lambda: self.now)

    async def __call__(self) -> str:
        self.asked += 1
        if self.state == "down":
            raise ConnectionError
        if self.state == "hung":
            await asyncio.Event().wait()
        return "answer"

    async def ask(self) -> str:
        return await self.availability.ask(self, 0.01)

    async def fails(self) -> None:
        with pytest.raises(ServerUnavailable):
            await self.ask()


@pytest.fixture
def server() -> Server:
    return Server()


async def test_a_server_that_refuses_is_not_asked_again_for_a_while(server: Server) -> None:
    server.state = "down"
    await server.fails()
    server.state = "up"
    await server.fails()
    assert server.asked == 1
    server.now += REFUSED_S
    assert await server.ask() == "answer"
    assert await server.ask() == "answer"


async def test_one_time_out_alone_does_not_count_as_away(server: Server) -> None:
    server.state = "hung"
    await server.fails()
    server.state = "up"
    assert await server.ask() == "answer"


async def test_time_away_begins_with_the_failure_of_a_hung_server(server: Server) -> None:
    server.state = "hung"

    async def slow_failure() -> str:
        server.now += 60
        raise ConnectionError

    call: Callable[[], Awaitable[str]] = slow_failure
    with pytest.raises(ServerUnavailable):
        await server.availability.ask(call)
    server.now += AWAY_S - 1
    await server.fails()
    assert server.asked == 0


async def test_when_the_time_is_over_one_request_asks_for_all(server: Server) -> None:
    server.state = "hung"
    await server.fails()
    await server.fails()
    server.now += AWAY_S
    answers = await asyncio.gather(*(server.ask() for _ in range(20)), return_exceptions=True)
    assert all(isinstance(answer, ServerUnavailable) for answer in answers)
    assert server.asked == 3


async def test_a_cancelled_probe_lets_another_one_ask(server: Server) -> None:
    server.state = "down"
    await server.fails()
    server.now, server.state = server.now + AWAY_S, "hung"
    probe = asyncio.create_task(server.availability.ask(server, 60))
    await asyncio.sleep(0)
    probe.cancel()
    await asyncio.gather(probe, return_exceptions=True)
    server.state = "up"
    assert await server.ask() == "answer"


async def test_errors_of_our_own_are_raised_as_they_are(server: Server) -> None:
    async def wrong() -> str:
        raise TypeError

    with pytest.raises(TypeError):
        await server.availability.ask(wrong)
    assert await server.ask() == "answer"
