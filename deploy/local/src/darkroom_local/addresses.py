"""Where the services listen: addresses from defaults, environment variables or options, or any free ports."""

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from itertools import chain, islice

from darkroom_local.errors import PortTaken, StackError
from darkroom_local.servers.ports import free_ports, holder_of, try_to_listen

DEFAULT_HOST = "127.0.0.1"
EVERY_HOST = {"0.0.0.0": DEFAULT_HOST, "::": "::1"}  # noqa: S104 - compared, not bound
LAST_PORT = 65_535


@dataclass(frozen=True)
class Address:
    """Host and port of one service."""

    host: str
    port: int

    @property
    def reachable_host(self) -> str:
        """The host under which programs on this machine reach the service."""
        return EVERY_HOST.get(self.host, self.host)

    @property
    def is_loopback(self) -> bool:
        """Return whether only programs on this machine can reach the service."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host.lower() == "localhost"

    @property
    def url(self) -> str:
        host = self.reachable_host
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


@dataclass(frozen=True)
class _Service:
    name: str
    prefix: str
    default_port: int

    def port(self, env: Mapping[str, str]) -> int:
        text = env.get(f"{self.prefix}_PORT") or str(self.default_port)
        if not text.isdecimal() or not 0 < int(text) <= LAST_PORT:
            raise StackError(f"{self.prefix}_PORT must be a port number, not {text[:40]!r}.")
        return int(text)


PLATFORM = _Service("platform-api", "PLATFORM_API", 3001)
LOOPS = _Service("platform-loops", "PLATFORM_LOOPS", 3010)
QUEUE = _Service("queue-api", "QUEUE_API", 9820)
DISPATCHER = _Service("webhook-dispatcher", "WEBHOOK_DISPATCHER", 3002)
WORKER = _Service("gpu-worker", "GPU_WORKER", 3003)


@dataclass(frozen=True)
class Addresses:
    """Addresses of all services. With fixed ports, worker n listens n ports above the first.

    `replicas` has those of the processes behind the load balancer of a service that has several.
    """

    platform: Address
    loops: Address
    queue: Address
    dispatcher: Address
    workers: Sequence[Address]
    replicas: Mapping[str, Sequence[Address]] = field(default_factory=dict)

    @property
    def ports(self) -> set[int]:
        return {address.port for address in (*self._all, *chain(*self.replicas.values()))}

    @property
    def are_loopback(self) -> bool:
        """Return whether only programs on this machine can reach any of the services."""
        return all(address.is_loopback for address in self._all)

    @property
    def _all(self) -> tuple[Address, ...]:
        return self.platform, self.loops, self.queue, self.dispatcher, *self.workers


def choose_addresses(
    env: Mapping[str, str], *, workers: int, free: bool, replicas: Mapping[str, int] | None = None
) -> Addresses:
    """Choose all addresses, on any free ports if `free`; raises PortTaken if a port is in use.

    Services that have several `replicas` get a free port for each of them as well.
    """
    wanted = [PLATFORM, LOOPS, QUEUE, DISPATCHER, *[WORKER] * workers]
    ports = free_ports(len(wanted)) if free else _fixed_ports(env, workers)
    chosen = [
        Address(env.get(f"{service.prefix}_HOST") or DEFAULT_HOST, port)
        for service, port in zip(wanted, ports, strict=True)
    ]
    for service, address in zip(wanted, chosen, strict=True):
        _check(service, address)
    platform, loops, queue, dispatcher, *of_workers = chosen
    several = {name: count for name, count in (replicas or {}).items() if count > 1}
    spare = iter(free_ports(sum(several.values()), avoid=ports))
    behind = {name: [Address(DEFAULT_HOST, port) for port in islice(spare, count)] for name, count in several.items()}
    return Addresses(platform, loops, queue, dispatcher, of_workers, behind)


def _check(service: _Service, address: Address) -> None:
    try:
        try_to_listen(address.port, address.host)
    except (OSError, UnicodeError) as error:
        if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
            raise PortTaken(service.name, address.port, holder_of(address.port), f"{service.prefix}_PORT") from None
        reason = error.strerror if isinstance(error, OSError) else "not a host name"
        raise StackError(
            f"{service.name} can't listen on {address.host}, port {address.port}: {reason}. "
            f"Set {service.prefix}_HOST to an address of this machine and {service.prefix}_PORT to a port from 1024 on."
        ) from None


def _fixed_ports(env: Mapping[str, str], workers: int) -> list[int]:
    first_worker = WORKER.port(env)
    services = [service.port(env) for service in (PLATFORM, LOOPS, QUEUE, DISPATCHER)]
    ports = [*services, *range(first_worker, first_worker + workers)]
    if max(ports) > LAST_PORT:
        raise StackError(f"{WORKER.prefix}_PORT is {first_worker}, which leaves too few ports for {workers} workers.")
    if twice := next((port for port in ports if ports.count(port) > 1), None):
        raise StackError(f"Two services can't both listen on port {twice}. Set another *_PORT, or use --free-ports.")
    return ports
