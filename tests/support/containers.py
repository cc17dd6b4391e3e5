"""The product in containers, as docker-compose.yml and docs/deploy.md start it on a host with docker or podman."""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from darkroom_local.servers.ports import free_ports

ROOT = Path(__file__).parents[2]
SERVICES = ("queue-api", "platform-loops", "platform-api", "webhook-dispatcher")
WORKERS = ("gpu-worker", "connectors")
PROFILES = ("cpu", "connectors")
READY_S, ASK_S = 180.0, 0.5
PATHS = ("/api/job-types", "/queue/api/queues", "/.well-known/jwks.json")
"""One of each service."""


@dataclass(frozen=True)
class Containers:
    """One installation: a folder with docker-compose.yml and .env, and a Compose project of its own."""

    engine: str
    folder: Path
    project: str
    url: str

    def compose(self, *arguments: str) -> str:
        """Run Compose and return what it printed; raises RuntimeError with both streams."""
        program = ["docker", "compose"] if self.engine == "docker" else ["podman-compose"]
        profiles = [part for profile in PROFILES for part in ("--profile", profile)]
        return self._run(*program, "--project-name", self.project, *profiles, *arguments)

    def ask_engine(self, *arguments: str) -> str:
        """Run the engine itself; raises RuntimeError with both streams."""
        return self._run(self.engine, *arguments)

    def of(self, service: str) -> list[str]:
        """Return the ids of the running containers of a service."""
        labels = {"project": self.project, "service": service}
        filters = [f"--filter=label=com.docker.compose.{name}={value}" for name, value in labels.items()]
        return self.ask_engine("ps", "--quiet", *filters).split()

    def inspect(self, container: str) -> dict[str, Any]:
        """Return what the engine knows about a container."""
        found: dict[str, Any] = json.loads(self.ask_engine("inspect", container))[0]
        return found

    def python(self, service: str, script: str, **variables: str) -> str:
        """Run a script in a container of a service, and return what it printed."""
        given = [f"--env={name}={value}" for name, value in variables.items()]
        return self.ask_engine("exec", *given, self.of(service)[0], "python", "-c", script)

    def logs(self, service: str) -> str:
        """Return the latest lines of the first container of a service."""
        return f"{service}:\n{self.ask_engine('logs', '--tail=40', self.of(service)[0])}"

    @property
    def variables(self) -> dict[str, str]:
        """Return what is in .env, which init.sh wrote."""
        return dict(line.split("=", 1) for line in (self.folder / ".env").read_text().splitlines())

    def set(self, **variables: str) -> None:
        """Write variables into .env, as an operator does."""
        lines = [f"{name}={value}\n" for name, value in {**self.variables, **variables}.items()]
        (self.folder / ".env").write_text("".join(lines))

    def start_stores(self) -> None:
        """Start PostgreSQL and Valkey, and make their roles and users."""
        self._up("postgres")
        self.until(lambda: self._says("postgres", "pg_isready --host=127.0.0.1 --username=postgres", "accepting"))
        self.run_to_the_end("postgres-roles", "valkey-users")
        self._up("valkey")
        self.until(lambda: self._says("valkey", "valkey-cli ping", "NOAUTH"))

    def run_to_the_end(self, *one_shots: str) -> None:
        """Run services that end by themselves."""
        for name in one_shots:
            self.compose("run", "--rm", "--no-deps", name)

    def start(self) -> None:
        """Start everything, in the order that docs/deploy.md has for a Compose that waits for no health check."""
        self.start_stores()
        self.run_to_the_end("platform-migrate", "webhooks-migrate")
        self._up(*SERVICES, *WORKERS, "proxy")
        self.wait()

    def wait(self) -> None:
        """Wait until the proxy has an answer of each service."""
        self.until(lambda: all(self._answers(path) for path in PATHS))

    def get(self, path: str) -> httpx.Response:
        """Ask for a path on a connection of its own, with the token of queue-api where that is asked."""
        token = self._queue_token if path.startswith("/queue/") else {}
        return httpx.get(f"{self.url}{path}", timeout=30, headers={"Connection": "close", **token})

    def queue(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send a request to a path below /api of queue-api; raises httpx.HTTPStatusError."""
        answer = httpx.request(method, f"{self.url}/queue/api{path}", headers=self._queue_token, **options)
        return answer.raise_for_status()

    def until(self, question: Callable[[], bool]) -> None:
        """Ask until the answer is yes; raises TimeoutError with the state of all containers."""
        deadline = time.monotonic() + READY_S
        while not question():
            if time.monotonic() > deadline:
                raise TimeoutError(f"not ready after {READY_S:.0f} s:\n{self.compose('ps')}")
            time.sleep(ASK_S)  # another program's start, which sends no signal

    @property
    def _queue_token(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.variables['AUTH_TOKEN']}"}

    def replace(self, *services: str) -> None:
        """Replace the containers of services as an upgrade does: without a gap, or, of workers, one after the other."""
        for service in services:
            if service in SERVICES:
                script = str(self.folder / "deploy" / "compose" / "replace.sh")
                named = os.environ | {"ENGINE": self.engine, "COMPOSE_PROJECT_NAME": self.project}
                self._run(script, service, environment=named)
            else:
                for container in self.of(service):
                    self.ask_engine("stop", container)
                    self.ask_engine("rm", container)
                self._up(service)

    def scale(self, service: str, replicas: int) -> None:
        """Run as many containers of a service."""
        number = f"--scale={service}={replicas}"
        self.compose("up", "--detach", "--no-build", "--no-deps", "--no-recreate", number, service)

    def remove(self) -> None:
        """Remove everything, volumes included. podman-compose forgets containers of a service that was scaled."""
        self.compose("down")
        mine = f"--filter=label=com.docker.compose.project={self.project}"
        for container in self.ask_engine("ps", "--all", "--quiet", mine).split():
            self.ask_engine("rm", "--force", container)
        self.compose("down", "--volumes")

    def kill(self, container: str) -> None:
        """End a container with SIGKILL, and start it again."""
        self.ask_engine("kill", "--signal=KILL", container)
        self.ask_engine("start", container)

    def _up(self, *services: str) -> None:
        for name in services:
            self.compose("up", "--detach", "--no-build", "--no-deps", name)

    def _answers(self, path: str) -> bool:
        try:
            return self.get(path).is_success
        except httpx.HTTPError:
            return False

    def _says(self, service: str, command: str, expected: str) -> bool:
        ask = [self.engine, "exec", *self.of(service)[:1], *command.split()]
        done = subprocess.run(ask, capture_output=True, text=True, check=False)
        return expected in done.stdout + done.stderr

    def _run(self, *command: str, environment: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done.stdout


@contextmanager
def installation(folder: Path) -> Iterator[Containers]:
    """Write the secrets beside a copy of docker-compose.yml, and start everything; it is removed with its volumes."""
    engine = os.environ.get("ENGINE") or ("docker" if shutil.which("docker") else "podman")
    shutil.copy(ROOT / "docker-compose.yml", folder)
    shutil.copytree(ROOT / "deploy", folder / "deploy", ignore=shutil.ignore_patterns("__pycache__"))
    subprocess.run([folder / "deploy" / "compose" / "init.sh"], check=True, capture_output=True)
    (port,) = free_ports(1)
    made = Containers(engine, folder, f"darkroom-{uuid4().hex[:8]}", f"http://127.0.0.1:{port}")
    subnet = f"172.28.{secrets.randbelow(57)}.0/24"  # another than that of an installation on this machine
    made.set(DARKROOM_LISTEN=f"127.0.0.1:{port}", DARKROOM_SUBNET=subnet, PUBLIC_URL=made.url, CONNECTORS="simulated")
    if engine == "podman":
        made.set(DARKROOM_REGISTRY="localhost/darkroom")
    try:
        made.start()
        yield made
    finally:
        made.remove()
