"""One chaos run: workers, producers, a server and the network between them, all broken at random from one seed."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from darkroom_local.servers.process import ProcessSpec
from darkroom_queue import EventLog, Producer, QueueClient, Submitted, Sweeper
from darkroom_redis import RedisUnavailable
from darkroom_redis.resolver import locate
from darkroom_schemas.events import Event
from darkroom_schemas.ids import EventId, StepId, TenantId
from darkroom_schemas.status import TERMINAL
from darkroom_schemas.step import StepSubmit, StepView
from support.fault_proxy import FaultProxy
from support.history import broken_promises
from support.mortal import spawn
from support.redis_servers import MortalServer
from support.steps import make_step
from support.waiting import until

from .worker import LEASE_S

PROGRAM = Path(__file__).with_name("worker.py")
PRODUCERS, PAUSE_S, DRAIN_S = 3, 0.02, 60.0


@dataclass
class ChaosRun:
    """`await run()` gives the broken promises, which should be none."""

    folder: Path
    seed: int
    seconds: float
    workers: int
    fsync: str
    accepted: dict[StepId, StepSubmit] = field(default_factory=dict)
    struck: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._draw = random.Random(self.seed)  # noqa: S311 - reproducible
        self._server = MortalServer(self.folder / "server", fsync=self.fsync)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    async def run(self) -> list[str]:
        await self._server.start()
        try:
            async with FaultProxy("127.0.0.1", self._server.port) as self._proxy:
                return await self._run_behind_proxy()
        finally:
            for process in self._processes.values():
                process.kill()
                process.wait()
            await self._server.kill()

    async def _run_behind_proxy(self) -> list[str]:
        self._behind = self._server.url.replace(f":{self._server.port}/", f":{self._proxy.port}/")
        link = await QueueClient.open(self._server.url)
        for number in range(self.workers):
            self._spawn_worker(f"w{number}")
        sweeping = asyncio.create_task(_sweep(link))
        seeds = [self._draw.random() for _ in range(PRODUCERS)]
        producing = [asyncio.create_task(self._produce(number, seed)) for number, seed in enumerate(seeds)]
        try:
            await self._strike_until(asyncio.get_running_loop().time() + self.seconds)
            for task in producing:
                task.cancel()
            await asyncio.gather(*producing, return_exceptions=True)
            await self._recover(link)
            return broken_promises(self.accepted.values(), await _whole_log(link), await self._views(link))
        finally:
            for task in (sweeping, *producing):
                task.cancel()
            await asyncio.gather(sweeping, *producing, return_exceptions=True)
            await link.close()

    def _spawn_worker(self, name: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(PROGRAM.parents[1])}
        argv = (sys.executable, str(PROGRAM), self._behind, name)
        spec = ProcessSpec(name=name, argv=argv, ready=lambda _: True, env=environment, cwd=self.folder)
        self._processes[name] = spawn(spec, self.folder / f"{name}.log")

    async def _produce(self, number: int, seed: float) -> None:
        """Submit, submit again and cancel, through all faults, as fast as the workers can follow."""
        draw, link = random.Random(seed), QueueClient(locate(self._behind))  # noqa: S311 - reproducible
        producer = Producer(link)
        try:
            while True:
                payload = {"work_s": draw.choice([0.0, 0.0, 0.005, 0.05]), "failures": draw.choice([0] * 20 + [1])}
                tenant, tries = TenantId(f"t{number}"), draw.choice([2, 50])
                step = make_step(tenant=tenant, payload=payload, max_attempts=tries)
                with suppress(RedisUnavailable):
                    if isinstance((await producer.submit_many([step]))[0], Submitted):
                        self.accepted[step.id] = step
                if self.accepted and draw.random() < 0.1:
                    known = self.accepted[draw.choice(list(self.accepted))]
                    with suppress(RedisUnavailable):
                        await producer.submit(known)
                        if draw.random() < 0.5:
                            await producer.cancel(known.id, reason="chaos")
                await asyncio.sleep(PAUSE_S)  # the pace of the load
        finally:
            await link.close()

    async def _strike_until(self, end: float) -> None:
        faults: list[Callable[[], Awaitable[None]]] = [
            self._kill_worker, self._kill_worker, self._freeze_worker, self._freeze_worker, self._kill_server,
            self._reset, self._half_open, self._black_hole, self._delay, self._cut_reply, self._refuse,
        ]  # fmt: skip
        while asyncio.get_running_loop().time() < end:
            fault = self._draw.choice(faults)
            self.struck.append(fault.__name__)
            await fault()
            await asyncio.sleep(self._draw.uniform(0.05, 0.5))  # the schedule of the faults

    def _any_worker(self) -> tuple[str, subprocess.Popen[bytes]]:
        return self._draw.choice(sorted(self._processes.items()))

    async def _kill_worker(self) -> None:
        name, process = self._any_worker()
        process.kill()
        process.wait()
        self._spawn_worker(name)

    async def _freeze_worker(self) -> None:
        _, process = self._any_worker()
        process.send_signal(signal.SIGSTOP)
        thaw_s = self._draw.choice([0.2, 2 * LEASE_S])
        asyncio.get_running_loop().call_later(thaw_s, process.send_signal, signal.SIGCONT)

    async def _kill_server(self) -> None:
        await self._server.kill()
        await asyncio.sleep(self._draw.uniform(0.0, 0.5))  # the length of the outage
        await self._server.start()

    async def _reset(self) -> None:
        self._proxy.reset()

    async def _half_open(self) -> None:
        self._proxy.half_open()

    async def _cut_reply(self) -> None:
        self._proxy.cut_replies_after(self._draw.randint(1, 400))

    async def _black_hole(self) -> None:
        self._proxy.black_hole()
        await self._last(0.5)

    async def _delay(self) -> None:
        self._proxy.delay(0.03)
        await self._last(0.5)

    async def _refuse(self) -> None:
        self._proxy.refuse()
        await self._last(0.3)

    async def _last(self, seconds: float) -> None:
        await asyncio.sleep(seconds)  # the length of the fault
        self._proxy.heal()

    async def _recover(self, link: QueueClient) -> None:
        """Make everything whole again, and wait until every accepted step has ended."""
        self._proxy.heal()
        for name, process in list(self._processes.items()):
            process.send_signal(signal.SIGCONT)
            if process.poll() is not None:
                self._spawn_worker(name)
        if self.fsync != "always":  # the reconciler's part: what the server's last second took is submitted again
            for step in self.accepted.values():
                await Producer(link).submit(step)

        async def ended() -> bool:
            with suppress(RedisUnavailable):
                depth = await Producer(link).depth()
                if depth.queued or depth.running or depth.delayed:
                    return False
                return all(v is None or v.status in TERMINAL for v in (await self._views(link)).values())
            return False

        with suppress(TimeoutError):  # what has not ended by then is named by the judge
            await until(ended, DRAIN_S)

    async def _views(self, link: QueueClient) -> dict[StepId, StepView | None]:
        return {step_id: await Producer(link).read(step_id) for step_id in self.accepted}


async def _sweep(link: QueueClient) -> None:
    while True:
        with suppress(RedisUnavailable):
            await Sweeper(link, lease_s=LEASE_S).run(every_s=0.2)
        await asyncio.sleep(0.1)  # the server is away


async def _whole_log(link: QueueClient) -> list[Event]:
    log, events = EventLog(link), list[Event]()
    epoch = await link.epoch()
    while page := await log.read(replace(EventId.parse(events[-1].id), epoch=epoch) if events else None, count=5000):
        events += page
    return events
