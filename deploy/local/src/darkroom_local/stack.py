"""Composes a stack as stages for the supervisor: servers, migrations, services, workers."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from darkroom_local.addresses import DISPATCHER, LOOPS, PLATFORM, QUEUE, Address, Addresses, choose_addresses
from darkroom_local.balancer import PROBE_PAUSE_S
from darkroom_local.banner import banner
from darkroom_local.console import Console
from darkroom_local.embedded import StackServers
from darkroom_local.environment import Environments, profile_of, with_user_secrets
from darkroom_local.member_supervisor import Member
from darkroom_local.one_shot import run_module
from darkroom_local.replicas import as_text, named
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready
from darkroom_local.stack_secrets import Identity, SecretsFile
from darkroom_local.state import RunningStack, StateDir
from darkroom_local.supervisor import Pids, Stage, Supervisor
from darkroom_local.worker_gpus import gpus_of, number_of_workers

SERVICE_GRACE_S = 15.0  # a service drains for 10 s
WORKER_READY_TIMEOUT_S = 1800.0  # the first start may build or download models


@dataclass(frozen=True)
class StackOptions:
    """The options of `darkroom up`."""

    workers: int | None = None
    """None starts one for each GPU."""
    profile: str | None = None
    free_ports: bool = False
    unchecked: bool = False
    replicas: Mapping[str, int] = field(default_factory=dict)
    """Processes of each service that has another number than one."""

    def as_arguments(self) -> list[str]:
        """Return the equivalent command-line arguments of `darkroom up`."""
        profile = ["--profile", self.profile] if self.profile else []
        flags = {"--free-ports": self.free_ports, "--unchecked": self.unchecked}
        workers = [] if self.workers is None else ["--workers", str(self.workers)]
        replicas = ["--replicas", as_text(self.replicas)] if self.replicas else []
        return [*workers, *profile, *replicas, *(flag for flag, is_set in flags.items() if is_set)]


class Stack:
    """One stack in one state folder, whose lock this process holds."""

    def __init__(self, state: StateDir, options: StackOptions, env: Mapping[str, str], console: Console) -> None:
        self._state = state
        self._console = console
        self._secrets_file = SecretsFile(state.path)
        self._secrets = with_user_secrets(self._secrets_file.load(), env)
        self._secrets_file.save(self._secrets)
        profile = profile_of(options.profile, env)
        gpus = gpus_of(profile, env)
        workers = number_of_workers(options.workers, gpus)
        self._addresses: Addresses = choose_addresses(
            env, workers=workers, free=options.free_ports, replicas=options.replicas
        )
        self._servers = StackServers(env, state.path, self._secrets, avoid=self._addresses.ports)
        self._environments = Environments(
            env=env,
            state=state.path,
            secrets=self._secrets,
            servers=self._servers.urls,
            addresses=self._addresses,
            profile=profile,
            gpus=gpus,
        )

    async def run(self) -> int:
        """Run until a signal or a failure; returns the exit code."""
        (self._state.path / "objects").mkdir(mode=0o700, exist_ok=True)
        return await Supervisor(self._console, self._announce).run(self._stages())

    def _stages(self) -> list[Stage]:
        to, make = self._addresses, self._environments
        return [
            Stage(then=[self._servers.check_external]),
            Stage(self._servers.members(), then=[self._servers.make_databases]),
            # Workers start slowly, since they load models, and need only Redis and the object store.
            Stage(
                [
                    self._service(
                        f"gpu-worker-{number + 1}" if len(to.workers) > 1 else "gpu-worker",
                        "gpu_worker",
                        address,
                        make.worker(number),
                        ready_timeout_s=WORKER_READY_TIMEOUT_S,
                    )
                    for number, address in enumerate(to.workers)
                ],
                background=True,
            ),
            Stage(then=[self._migrate, self._bootstrap]),
            Stage(
                [
                    *self._replicated(PLATFORM.name, "platform_api", to.platform, make.platform),
                    self._service(LOOPS.name, "platform_api", to.loops, make.loops(), arguments=("loops",)),
                    *self._replicated(QUEUE.name, "queue_api", to.queue, make.queue),
                    *self._replicated(DISPATCHER.name, "webhook_dispatcher", to.dispatcher, make.dispatcher),
                ]
            ),
        ]

    def _replicated(
        self, name: str, module: str, public: Address, environment_at: Callable[[Address], dict[str, str]]
    ) -> list[Member]:
        """Return the processes of a service, with a load balancer in front of them if there are several."""
        addresses = self._addresses.replicas.get(name, [public])
        noticed = {"DRAIN_DELAY_S": str(2 * PROBE_PAUSE_S)} if len(addresses) > 1 else {}
        members = [
            self._service(each, module, address, noticed | environment_at(address))
            for each, address in zip(named(name, len(addresses)), addresses, strict=True)
        ]
        if len(addresses) > 1:
            ports = [str(address.port) for address in addresses]
            arguments = (public.host, str(public.port), *ports)
            env = {"PYTHONUNBUFFERED": "1"}
            members.append(
                self._service(f"{name}-balancer", "darkroom_local.balancer", public, env, arguments=arguments)
            )
        return members

    def _service(
        self,
        name: str,
        module: str,
        address: Address,
        env: dict[str, str],
        *,
        arguments: tuple[str, ...] = (),
        ready_timeout_s: float = 60.0,
    ) -> Member:
        return Member(
            ProcessSpec(
                name=name,
                argv=(sys.executable, "-m", module, *arguments),
                ready=http_ready(address.port, address.reachable_host),
                env=env,
                cwd=self._state.path,
                death_signal=signal.SIGKILL,  # a service without its servers has nothing to drain
                grace_s=SERVICE_GRACE_S,
                ready_timeout_s=ready_timeout_s,
            )
        )

    async def _migrate(self) -> None:
        self._console.say("migrating the databases")
        async with asyncio.TaskGroup() as group:
            for module, env in (
                ("platform_api", self._environments.platform()),
                ("webhook_dispatcher", self._environments.dispatcher()),
            ):
                group.create_task(run_module(module, "migrate", env=env, cwd=self._state.path))

    async def _bootstrap(self) -> None:
        """Create the demo user and the keys, once per database: the secrets of keys can't be read back."""
        database = self._servers.platform_database
        if database not in self._secrets.identities:
            env = self._environments.platform()
            made = json.loads(await run_module("platform_api", "bootstrap", "--json", env=env, cwd=self._state.path))
            identity = Identity(made["user_id"], made["api_key"], made["service_key"], made["admin_key"])
            self._secrets = self._secrets.with_identity(database, identity)
            self._secrets_file.save(self._secrets)

    def _announce(self, pids: Pids) -> None:
        identity = self._secrets.identities[self._servers.platform_database]
        stack = RunningStack(
            state_dir=str(self._state.path),
            supervisor_pid=os.getpid(),
            platform_url=self._addresses.platform.url,
            queue_url=self._addresses.queue.url,
            dispatcher_url=self._addresses.dispatcher.url,
            worker_urls=[address.url for address in self._addresses.workers],
            pids=pids,
            profile=self._environments.profile,
            user_id=identity.user_id,
            api_key=identity.api_key,
            service_key=identity.service_key,
            admin_key=identity.admin_key,
            queue_token=self._secrets.auth_token,
            jwt_issuer=self._environments.jwt_issuer,
            jwt_audience=self._environments.jwt_audience,
            operator_settings=self._environments.operator(),
            worker_settings=self._environments.added_worker(),
            redis_url=self._servers.reader_url,
        )
        is_first = not self._state.is_ready()
        self._state.announce(stack)
        if is_first:
            for line in banner(stack, stop="Ctrl-C stops it"):
                self._console.say(line)
