"""A TCP load balancer for the replicas of one service on this machine: `python -m darkroom_local.balancer`.

Each connection goes to the ready replica with the fewest connections, and stays there. A replica is ready while its
`/readyz` answers 200. If none is, or if a replica refuses the connection, the others are tried.
"""

import argparse
import asyncio
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

PROBE_PAUSE_S = 0.25
PROBE_TIMEOUT_S = 2.0
CONNECT_TIMEOUT_S = 2.0
DRAIN_S = 12.0
"""How long open connections may last after SIGTERM: longer than the replicas need to finish their requests."""
CHUNK = 65_536
_PROBE = b"GET /readyz HTTP/1.1\r\nHost: replica\r\nConnection: close\r\n\r\n"
_UNAVAILABLE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"


@dataclass
class Replica:
    """One replica, as the balancer sees it."""

    host: str
    port: int
    is_ready: bool = False
    connections: int = 0


class Balancer:
    """Passes connections to replicas."""

    def __init__(self, replicas: Sequence[Replica]) -> None:
        self._replicas = replicas
        self._passing: set[asyncio.Task[None]] = set()

    async def run(self, host: str, port: int, stop: asyncio.Event) -> None:
        """Listen until `stop` is set, and then wait until the open connections have ended; raises OSError."""
        await asyncio.gather(*map(probe, self._replicas))
        watching = [asyncio.create_task(_watch(replica)) for replica in self._replicas]
        async with await asyncio.start_server(self._accept, host, port, limit=CHUNK):
            await stop.wait()
        if self._passing:
            await asyncio.wait(self._passing, timeout=DRAIN_S)
        for task in (*watching, *self._passing):
            task.cancel()
        await asyncio.gather(*watching, *self._passing, return_exceptions=True)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._pass(reader, writer))
        self._passing.add(task)
        task.add_done_callback(self._passing.discard)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            for replica in sorted(self._replicas, key=lambda each: (not each.is_ready, each.connections)):
                replica.connections += 1
                try:
                    if await _connected(replica, reader, writer):
                        return
                finally:
                    replica.connections -= 1
            writer.write(_UNAVAILABLE)
            await _close(writer)


async def _connected(replica: Replica, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Serve a connection by a replica until both sides have ended it; return False if the replica does not accept."""
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            from_replica, to_replica = await asyncio.open_connection(replica.host, replica.port, limit=CHUNK)
    except (OSError, TimeoutError):
        replica.is_ready = False
        return False
    both = asyncio.create_task(_copy(reader, to_replica)), asyncio.create_task(_copy(from_replica, writer))
    try:
        done, _ = await asyncio.wait(both, return_when=asyncio.FIRST_EXCEPTION)
        if not any(task.exception() for task in done):
            await asyncio.gather(*both)
    finally:
        for task in both:
            task.cancel()
        await asyncio.gather(*both, return_exceptions=True)
        await asyncio.gather(_close(to_replica), _close(writer))
    return True


async def _copy(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    """Copy until the source ends, and then end the target's input; raises OSError if either breaks."""
    while data := await source.read(CHUNK):
        target.write(data)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()


async def _close(writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        writer.close()
        await writer.wait_closed()


async def _watch(replica: Replica) -> None:
    while True:
        await asyncio.sleep(PROBE_PAUSE_S)
        await probe(replica)


async def probe(replica: Replica) -> None:
    """Find out whether a replica is ready."""
    try:
        async with asyncio.timeout(PROBE_TIMEOUT_S):
            reader, writer = await asyncio.open_connection(replica.host, replica.port)
            try:
                writer.write(_PROBE)
                status = (await reader.readline()).split()
            finally:
                writer.close()
    except (OSError, TimeoutError, ValueError):
        replica.is_ready = False
    else:
        replica.is_ready = len(status) > 1 and status[1] == b"200"


async def _serve(host: str, port: int, replicas: Sequence[Replica]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await Balancer(replicas).run(host, port, stop)


def main() -> None:
    """Run until SIGTERM."""
    parser = argparse.ArgumentParser(prog="darkroom_local.balancer", description="Balance TCP connections.")
    parser.add_argument("host", help="address to listen on")
    parser.add_argument("port", type=int)
    parser.add_argument("replica_ports", type=int, nargs="+", help="ports of the replicas on 127.0.0.1")
    options = parser.parse_args()
    replicas = [Replica("127.0.0.1", port) for port in options.replica_ports]
    asyncio.run(_serve(options.host, options.port, replicas))


if __name__ == "__main__":
    main()
