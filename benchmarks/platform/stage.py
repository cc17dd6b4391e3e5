"""The servers of a run: PostgreSQL and Valkey of our own, platform-api as it ships, and the bare route beside it."""

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
from darkroom_chassis.tokens import JwtCodec
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.postgres import EmbeddedPostgres
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import http_ready
from darkroom_local.servers.valkey import EmbeddedValkey
from darkroom_schemas.ids import UserId, new_uuid7
from platform_api.migrations import MIGRATIONS

SECRET = "a secret of the benchmark, long enough"  # noqa: S105 - guards nothing
USERS = 200
NO_LIMIT = str(10**9)


@dataclass(frozen=True, slots=True)
class Stage:
    """Where the two answer, and how to be let in."""

    platform: str
    bare: str
    database_url: str
    redis_url: str
    tokens: Sequence[str]
    """Of `USERS` rich users, the first of whom is `user_id`."""
    user_id: UserId
    platform_pid: int

    @property
    def token(self) -> str:
        """Return that of `user_id`."""
        return self.tokens[0]


@contextmanager
def stage() -> Iterator[Stage]:
    """Start everything in a temporary folder, with rich users; stop it afterwards."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-platform-")))
        ports = iter(free_ports(5))
        postgres = EmbeddedPostgres(folder / "pg", next(ports))
        stack.enter_context(running(postgres.prepare(), folder / "postgres.log"))
        valkey = EmbeddedValkey(folder / "valkey", next(ports))
        stack.enter_context(running(valkey.prepare(), folder / "valkey.log"))
        database = postgres.url()
        MIGRATIONS.upgrade(database)
        users = [UserId(new_uuid7()) for _ in range(USERS)]
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO platform.users (id, name, balance_mc)"
                " SELECT id, 'bench ' || id, %s FROM unnest(%s::uuid[]) AS id",
                (10**15, users),
            )
        env = {
            "DATABASE_URL": database, "REDIS_URL": valkey.url, "OBJECT_STORE_URL": f"file://{folder}",
            "JWT_SECRET": SECRET, "SIGNING_SECRET": SECRET, "LOG_LEVEL": "INFO", "LOG_FORMAT": "json",
            "RATE_LIMIT_USER": NO_LIMIT, "RATE_LIMIT_USER_SUBMISSIONS": NO_LIMIT, "SSE_STREAMS_PER_USER": NO_LIMIT,
        }  # fmt: skip
        platform, loops, bare = next(ports), next(ports), next(ports)
        here = Path(__file__).parent
        pid = _serve(stack, folder, platform, (sys.executable, "-m", "platform_api"),
                     env | {"PLATFORM_API_PORT": str(platform), "PLATFORM_LOOPS": "false"})  # fmt: skip
        _serve(stack, folder, loops, (sys.executable, "-m", "platform_api", "loops"),
               env | {"PLATFORM_LOOPS_PORT": str(loops)})  # fmt: skip
        _serve(stack, folder, bare, (sys.executable, str(here / "bare.py"), str(bare), database), {})
        codec = JwtCodec(SECRET, "darkroom", "darkroom")
        tokens = [codec.issue(user_id, ttl_s=86_400) for user_id in users]
        urls = f"http://127.0.0.1:{platform}", f"http://127.0.0.1:{bare}"
        yield Stage(*urls, database, valkey.url, tokens, users[0], pid)


def _serve(stack: ExitStack, folder: Path, port: int, argv: tuple[str, ...], env: dict[str, str]) -> int:
    spec = ProcessSpec(name=argv[-1], argv=argv, ready=http_ready(port), env={**os.environ, **env}, cwd=folder)
    return stack.enter_context(running(spec, folder / f"{port}.log")).pid


def new_job(stage: Stage) -> str:
    """Submit a job and return its id."""
    answer = httpx.post(
        f"{stage.platform}/api/queue-job", headers={"Authorization": f"Bearer {stage.token}"},
        json={"jobType": "sdxl_image_fast", "metadata": {"prompt": "a lighthouse"}},
    )  # fmt: skip
    return str(answer.raise_for_status().json()["job"]["id"])
