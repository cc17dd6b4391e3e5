"""Servers on the internet are not asked at each ping, as long as they answer."""

import pytest
from gpu_worker.connectors.paced_ping import PacedPing
from gpu_worker.connectors.server_faults import Unreachable


class Server:
    """Counts questions; away if `is_away`."""

    def __init__(self) -> None:
        self.asked = 0
        self.is_away = False

    async def ask(self) -> None:
        self.asked += 1
        if self.is_away:
            raise Unreachable("gone")


@pytest.mark.parametrize(("url", "asked"), [("https://api.example.com", 1), ("http://127.0.0.1:8080", 3)])
async def test_a_server_is_asked_as_often_as_its_kind_bears(url: str, asked: int) -> None:
    server = Server()
    ping = PacedPing(url, server.ask)
    for _ in range(3):
        await ping()
    assert server.asked == asked


async def test_a_server_that_does_not_answer_is_asked_each_time() -> None:
    server = Server()
    server.is_away = True
    ping = PacedPing("https://api.example.com", server.ask)
    for _ in range(3):
        with pytest.raises(Unreachable):
            await ping()
    assert server.asked == 3
