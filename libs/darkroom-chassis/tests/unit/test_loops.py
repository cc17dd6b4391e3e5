import asyncio

import pytest
from darkroom_chassis.loops import LoopSupervisor
from structlog.testing import capture_logs


async def test_a_crashed_loop_is_started_again_and_readiness_reports_it() -> None:
    runs: list[int] = []
    crashed, second_run = asyncio.Event(), asyncio.Event()

    async def loop() -> None:
        runs.append(1)
        if len(runs) == 1:
            asyncio.get_running_loop().call_soon(crashed.set)
            raise ConnectionError("gone")
        second_run.set()
        await asyncio.Event().wait()

    supervisor = LoopSupervisor()
    supervisor.add("relay", loop)
    async with supervisor, asyncio.timeout(5):
        await crashed.wait()
        with pytest.raises(RuntimeError, match="relay"):
            await supervisor.check()
        await second_run.wait()
        await supervisor.check()
    assert len(runs) == 2


class ServerGone(Exception):
    """Stands for the error of an unavailable server."""


async def test_an_outage_pauses_a_loop_for_two_seconds_at_most_and_is_logged_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    enough = asyncio.Event()

    async def record(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            enough.set()
            await asyncio.Event().wait()

    async def loop() -> None:
        raise ServerGone

    monkeypatch.setattr(asyncio, "sleep", record)
    supervisor = LoopSupervisor((ServerGone,))
    supervisor.add("relay", loop)
    with capture_logs() as logs:
        async with supervisor, asyncio.timeout(5):
            await enough.wait()
            await supervisor.check()  # readiness has its own checks of servers
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0, 2.0]
    assert [(entry["log_level"], entry["reason"]) for entry in logs] == [("warning", "ServerGone")]


async def test_a_crash_in_an_outage_is_logged_and_pauses_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    enough = asyncio.Event()
    errors = [ServerGone] * 6 + [KeyError] * 4

    async def record(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == len(errors):
            enough.set()
            await asyncio.Event().wait()

    async def loop() -> None:
        raise errors[len(pauses)]

    monkeypatch.setattr(asyncio, "sleep", record)
    supervisor = LoopSupervisor((ServerGone,))
    supervisor.add("relay", loop)
    async with supervisor, asyncio.timeout(5):
        await enough.wait()
    assert pauses[-5:] == [2.0, 4.0, 8.0, 10.0, 10.0]
