"""The supervisor, with real processes: order, restarts, signals, and nothing left behind."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import psutil
import pytest
from darkroom_local.console import Console
from darkroom_local.errors import ProcessFailed
from darkroom_local.member_supervisor import Backoff, Member
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready
from darkroom_local.supervisor import Pids, Stage, Supervisor

PROGRAMS = Path(__file__).with_name("programs")
QUICK = Backoff(first_s=0.01)


def member(name: str, *, essential: bool = False, deaf: bool = False, grace_s: float = 10.0) -> Member:
    port = free_ports(1)[0]
    argv = (sys.executable, str(PROGRAMS / "service.py"), str(port), *(["deaf"] if deaf else []))
    return Member(ProcessSpec(name=name, argv=argv, ready=http_ready(port), grace_s=grace_s), essential=essential)


class Running:
    """A supervisor in a task, and the process ids that it announced."""

    def __init__(self, run: "asyncio.Task[int]", announced: "asyncio.Queue[Pids]") -> None:
        self.run = run
        self.announced = announced

    async def exit_code(self) -> int:
        async with asyncio.timeout(20):
            return await self.run

    async def pids(self) -> Pids:
        async with asyncio.timeout(20):
            return await self.announced.get()


@asynccontextmanager
async def supervised(*stages: Stage) -> AsyncIterator[Running]:
    announced: asyncio.Queue[Pids] = asyncio.Queue()
    supervisor = Supervisor(Console(colour=False), announced.put_nowait, backoff=QUICK)
    running = Running(asyncio.create_task(supervisor.run(stages)), announced)
    try:
        yield running
    finally:
        if not running.run.done():
            os.kill(os.getpid(), signal.SIGTERM)
            await running.exit_code()


def printed_in_order(output: str, *parts: str) -> bool:
    places = [output.find(part) for part in parts]
    return -1 not in places and places == sorted(places)


async def test_stages_start_in_order_and_stop_in_reverse_on_ctrl_c(capsys: pytest.CaptureFixture[str]) -> None:
    async with supervised(Stage([member("server")]), Stage([member("service")]), Stage([member("worker")])) as running:
        assert list(await running.pids()) == ["server", "service", "worker"]
        os.kill(os.getpid(), signal.SIGINT)
        assert await running.exit_code() == 0
    output = capsys.readouterr().out
    assert printed_in_order(output, "server is ready", "starting service", "service is ready", "starting worker")
    assert printed_in_order(output, "worker has stopped", "service has stopped", "server has stopped")
    assert output.count("got the signal to stop") == 3


async def test_a_stage_waits_for_what_the_one_before_does_when_it_is_ready(capsys: pytest.CaptureFixture[str]) -> None:
    async def migrate() -> None:
        print("migrating")

    async with supervised(Stage([member("server")], then=[migrate]), Stage([member("service")])) as running:
        await running.pids()
    assert printed_in_order(capsys.readouterr().out, "server is ready", "migrating", "starting service")


async def test_a_background_stage_holds_up_nothing_but_the_stack_as_a_whole(
    capsys: pytest.CaptureFixture[str],
) -> None:
    let_it_be_ready = asyncio.Event()
    spec = member("slow").spec
    slow = replace(spec, ready=lambda pid: let_it_be_ready.is_set() and spec.ready(pid))

    async def finish_slow() -> None:
        print("next stage is ready")
        let_it_be_ready.set()

    stages = Stage([Member(slow)], background=True), Stage([member("next")], then=[finish_slow])
    async with supervised(*stages) as running:
        assert list(await running.pids()) == ["slow", "next"]
    assert printed_in_order(capsys.readouterr().out, "starting slow", "next stage is ready", "slow is ready")


async def test_a_dead_service_is_reported_and_started_again(capsys: pytest.CaptureFixture[str]) -> None:
    async with supervised(Stage([member("server")]), Stage([member("service")])) as running:
        before = await running.pids()
        os.kill(before["service"], signal.SIGKILL)
        after = await running.pids()
    assert after["service"] != before["service"]
    assert after["server"] == before["server"]
    assert "service was killed by SIGKILL; restarting it in 0.01 s" in capsys.readouterr().out


async def test_a_dead_server_comes_back_and_the_services_keep_running(capsys: pytest.CaptureFixture[str]) -> None:
    cleared: list[str] = []
    server = replace(member("server", essential=True), recover=lambda: cleared.append("what the crash left"))
    async with supervised(Stage([server]), Stage([member("service")])) as running:
        before = await running.pids()
        os.kill(before["server"], signal.SIGKILL)
        after = await running.pids()
        assert after["server"] != before["server"]
        assert after["service"] == before["service"]
        os.kill(os.getpid(), signal.SIGTERM)
        assert await running.exit_code() == 0
    assert cleared == ["what the crash left"]
    assert "server was killed by SIGKILL; restarting it in 0.01 s" in capsys.readouterr().out


async def test_a_server_that_does_not_come_back_stops_everything_with_exit_code_1_and_one_sentence(
    capsys: pytest.CaptureFixture[str],
) -> None:
    tries: list[None] = []

    def fail() -> None:
        tries.append(None)
        raise ProcessFailed("The data of the server is damaged.")

    server = replace(member("server", essential=True), recover=fail)
    async with supervised(Stage([server]), Stage([member("service")])) as running:
        pids = await running.pids()
        os.kill(pids["server"], signal.SIGKILL)
        assert await running.exit_code() == 1
    assert not psutil.pid_exists(pids["service"])
    assert len(tries) == QUICK.essential_restarts
    end = "stopping: The data of the server is damaged, and 5 restarts did not keep it running\n"
    assert end in capsys.readouterr().out


async def test_a_server_that_dies_each_time_it_is_back_stops_everything(capsys: pytest.CaptureFixture[str]) -> None:
    async with supervised(Stage([member("server", essential=True)])) as running:
        for _death in range(QUICK.essential_restarts + 1):
            os.kill((await running.pids())["server"], signal.SIGKILL)
        assert await running.exit_code() == 1
    assert "server was killed by SIGKILL, and 5 restarts did not keep it running" in capsys.readouterr().out


async def test_a_service_that_never_becomes_ready_stops_everything_with_exit_code_1(
    capsys: pytest.CaptureFixture[str],
) -> None:
    broken = Member(ProcessSpec(name="broken", argv=("false",), ready=lambda _pid: False))
    async with supervised(Stage([member("server")]), Stage([broken])) as running:
        assert await running.exit_code() == 1
    output = capsys.readouterr().out
    assert "broken ended with exit code 1 before it was ready" in output
    assert "server has stopped" in output


async def test_a_service_that_does_not_drain_is_killed_after_its_grace_period() -> None:
    async with supervised(Stage([member("deaf", deaf=True, grace_s=0.1)])) as running:
        pids = await running.pids()
        os.kill(os.getpid(), signal.SIGINT)
        assert await running.exit_code() == 0
    assert not psutil.pid_exists(pids["deaf"])


async def test_a_second_ctrl_c_kills_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    async with supervised(Stage([member("deaf", deaf=True, grace_s=3600)])) as running:
        await running.pids()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.sleep(0)  # let the loop see the first one: the same signal twice may arrive as one
        os.kill(os.getpid(), signal.SIGINT)
        assert await running.exit_code() == 0
    assert "deaf has stopped" in capsys.readouterr().out


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a parent-death signal")
def test_nothing_is_left_when_the_supervisor_is_killed() -> None:
    ports = free_ports(2)
    command = [sys.executable, str(PROGRAMS / "supervised.py"), *map(str, ports)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout is not None
        announced = next(line for line in supervisor.stdout if line.startswith("PIDS"))
        services = [psutil.Process(int(pid)) for pid in announced.split()[1:]]
        supervisor.kill()
    assert len(services) == 2
    _gone, alive = psutil.wait_procs(services, timeout=10)
    assert alive == []


async def test_the_output_of_a_service_has_its_name_in_front(capsys: pytest.CaptureFixture[str]) -> None:
    async with supervised(Stage([member("service")])) as running:
        await running.pids()
    lines = [line for line in capsys.readouterr().out.splitlines() if line.endswith("got the signal to stop")]
    assert [line.split()[0] for line in lines] == ["service"]


def test_pauses_before_restarts_double_up_to_a_limit() -> None:
    pause_s: Callable[[int], float] = Backoff(first_s=0.5, longest_s=30.0).pause_s
    assert [pause_s(failures) for failures in (1, 2, 3, 7, 1000)] == [0.5, 1.0, 2.0, 30.0, 30.0]
