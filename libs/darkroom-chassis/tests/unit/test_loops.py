import asyncio

import pytest
from darkroom_chassis.loops import LoopSupervisor


async def test_a_crashed_loop_is_started_again_and_readiness_tells() -> None:
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
