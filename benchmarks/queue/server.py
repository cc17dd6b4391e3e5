"""A Redis server of our own for the benchmark, and what it says of its CPU, memory and commands."""

import asyncio
import platform
import shutil
import tempfile
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import redis.asyncio as redis
from darkroom_local.servers.ports import free_ports
from redis.asyncio.retry import Retry
from redis.backoff import ConstantBackoff
from redis.exceptions import BusyLoadingError, ConnectionError

PATIENCE = Retry(ConstantBackoff(0.005), 4000, (ConnectionError, BusyLoadingError))


class Server:
    """`redis-server` on a free port, in a folder that goes with it."""

    def __init__(self, *, aof: bool = False) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="bench-redis-"))
        self._port, self._aof = free_ports(1)[0], aof
        self._process: asyncio.subprocess.Process | None = None
        self.url = f"redis://127.0.0.1:{self._port}"
        self.client = redis.Redis.from_url(self.url, decode_responses=True, retry=PATIENCE)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.client.aclose()
        await self.kill()
        shutil.rmtree(self._folder)

    async def start(self) -> None:
        """Start it, and return when it answers."""
        self._process = await asyncio.create_subprocess_exec(
            "redis-server", "--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder),
            "--save", "", "--appendonly", "yes" if self._aof else "no", "--appendfsync", "everysec",
            "--daemonize", "no", "--loglevel", "warning", stdout=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        await self.client.ping()

    async def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def flush(self) -> None:
        """Forget all data, at once."""
        await self.client.flushall()

    async def cpu_s(self) -> float:
        """CPU seconds used so far, of the main thread and all others."""
        info = await self.client.info("cpu")
        return float(info["used_cpu_user"]) + float(info["used_cpu_sys"])

    async def memory(self) -> int:
        """Bytes allocated, the buffers of clients left out."""
        info = await self.client.info("memory")
        return int(info["used_memory"]) - int(info["mem_clients_normal"])

    async def script_us(self) -> tuple[int, float]:
        """Calls of scripts, and the microseconds they took, since the statistics were reset."""
        stats: dict[str, Any] = (await self.client.info("commandstats")).get("cmdstat_evalsha", {})
        return int(stats.get("calls", 0)), float(stats.get("usec", 0))

    async def reset_statistics(self) -> None:
        """Reset the command statistics."""
        await self.client.config_resetstat()

    async def version(self) -> str:
        """Name the server, its version and the machine's."""
        info = await self.client.info("server")
        return f"Redis {info['redis_version']}, {platform.machine()}"
