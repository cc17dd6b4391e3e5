"""Pages of long lists: how they are asked for, and how long the answers take among few jobs and among many."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter

import httpx
import psycopg
from darkroom_schemas.ids import UserId
from stage import Stage, stage
from support.many_jobs import add_jobs, add_users, deliver

FEW, SAMPLES, WARM_UP = 1_000, 100, 10
MANY_USERS = 1_000
PAGES = {
    "GET /api/jobs": "/api/jobs",
    "GET /api/jobs?status=completed&status=failed": "/api/jobs?status=completed&status=failed",
    "GET /api/jobs?job_type=video_fast": "/api/jobs?job_type=video_fast",
    "GET /api/assets": "/api/assets",
    "GET /api/assets?job_type=video_fast": "/api/assets?job_type=video_fast",
    "GET /api/v2/jobs (StableQueue)": "/api/v2/jobs",
    "GET /api/v2/jobs?status=completed (StableQueue)": "/api/v2/jobs?status=completed",
}


@dataclass(slots=True)
class Lists:
    """Median milliseconds by page and by table: few jobs, many of one user, many of many users."""

    jobs: int
    few: dict[str, float] = field(default_factory=dict)
    one_user: dict[str, float] = field(default_factory=dict)
    many_users: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Reader:
    """A platform with a filled table, and a user who reads lists there."""

    http: httpx.Client
    samples: dict[str, list[float]]

    def read(self, name: str, path: str) -> None:
        began = perf_counter()
        self.http.get(path).raise_for_status()
        self.samples.setdefault(name, []).append((perf_counter() - began) * 1000)


def measure(jobs: int, tell: Callable[[str], None]) -> Lists:
    """Fill three platforms and read the same pages from each in turn, so that a slow moment slows all three."""
    lists = Lists(jobs)
    with stage() as few, stage() as one_user, stage() as many_users:
        tell(f"filling tables with {jobs:,} jobs")
        readers = [_filled(few, FEW, 0), _filled(one_user, jobs, 0), _filled(many_users, jobs, MANY_USERS - 1)]
        tell("reading lists")
        paths = [list(_paths(reader.http)) for reader in readers]
        for number in range(WARM_UP + SAMPLES):
            for reader, pages in zip(readers, paths, strict=True):
                for name, path in pages:
                    reader.read(name, path)
            if number == WARM_UP - 1:  # plans are made, and pages of the table are in memory
                for reader in readers:
                    reader.samples.clear()
        for reader, into in zip(readers, (lists.few, lists.one_user, lists.many_users), strict=True):
            into.update({name: median(samples) for name, samples in reader.samples.items()})
            reader.http.close()
    return lists


def _filled(platform: Stage, jobs: int, others: int) -> _Reader:
    with closing(psycopg.connect(platform.database_url, autocommit=True)) as connection:
        owners: list[UserId] = [platform.user_id, *(add_users(connection, others) if others else [])]
        add_jobs(connection, owners, jobs)
        deliver(connection)
    http = httpx.Client(base_url=platform.platform, headers={"Authorization": f"Bearer {platform.token}"}, timeout=60)
    return _Reader(http, {})


def _paths(http: httpx.Client) -> Iterator[tuple[str, str]]:
    """Give each first page, and the one in the middle that follows it by cursor, or by offset where there is none."""
    for name, path in PAGES.items():
        yield f"{name}, first page", path
        first = http.get(path).raise_for_status().json()
        further = "&" if "?" in path else "?"
        cursor = first.get("cursor") or first.get("pagination", {}).get("cursor")
        follows = f"cursor={cursor}" if cursor else "offset=50"
        yield f"{name}, next page", f"{path}{further}{follows}"
