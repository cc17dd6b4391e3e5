"""All of docker-compose.yml on this machine: jobs, rights, crashes, an upgrade, and a restore."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from darkroom_client import Client
from darkroom_local.demo.inspection import inspect
from darkroom_schemas.catalogue import CATALOGUE
from support.containers import PATHS, SERVICES, WORKERS, Containers

JOB_TYPES = ("sdxl_image_fast", "image7b_fast_enhanced", "video_fast")
JOBS, CLIENTS = 24, 4
REFUSED = """
import os, redis
client = redis.Redis(host="valkey", username=os.environ["USER_NAME"], password=os.environ["PASSWORD"])
for command in (["FLUSHALL"], ["CONFIG", "GET", "*"], ["KEYS", "*"], ["SHUTDOWN"], ["GET", "elsewhere"]):
    try:
        client.execute_command(*command)
        print("allowed:", command)
    except redis.exceptions.NoPermissionError:
        print("refused")
"""
WRITES = """
for path in ("/written", "/opt/venv/written", "/etc/passwd"):
    try:
        open(path, "w")
        print("written:", path)
    except OSError as error:
        print(error.strerror)
"""


@pytest.mark.parametrize("job_type", JOB_TYPES)
def test_pictures_and_videos_are_as_ordered(job_type: str, client: Client, tmp_path: Path) -> None:
    ordered = client.submit(job_type, "a lighthouse at dawn")
    job = ordered.wait()
    assert job.status == "completed"
    inspect(job, CATALOGUE[job_type], ordered.save(tmp_path))


def test_a_prompt_is_enhanced(client: Client) -> None:
    job = client.submit("prompt_enhance", "waves").wait()
    assert job.status == "completed"
    assert job.enhanced_prompt


def test_a_worker_without_torch_serves_the_queue(site: Containers) -> None:
    submitted = site.queue("POST", "/jobs", json={"job_type": "simulation", "payload": {"prompt": "waves"}})
    job = f"/jobs/{submitted.json()['job_id']}"
    site.until(lambda: site.queue("GET", job).json()["status"] == "completed")


@pytest.mark.parametrize("service", [*SERVICES, *WORKERS])
def test_a_service_is_not_root_and_cannot_change_its_files(service: str, site: Containers) -> None:
    for container in site.of(service):
        known = site.inspect(container)
        assert known["Config"]["User"] == "10001:10001"
        assert known["HostConfig"]["ReadonlyRootfs"] is True
    answers = site.python(service, WRITES).splitlines()
    assert set(answers) <= {"Read-only file system", "Permission denied"}


@pytest.mark.parametrize("user", ["platform", "queue", "worker", "webhooks", "reader"])
def test_redis_refuses_what_a_service_must_not_do(user: str, site: Containers) -> None:
    password = site.variables[f"REDIS_{user.upper()}_PASSWORD"]
    said = site.python("queue-api", REFUSED, USER_NAME=f"darkroom-{user}", PASSWORD=password)
    assert Counter(said.splitlines()) == {"refused": 5}


def test_no_job_is_lost_when_a_container_of_each_service_is_killed(site: Containers, client: Client) -> None:
    for service in ("platform-api", "queue-api"):
        site.scale(service, 2)
        assert len(site.of(service)) == 2
    site.wait()

    def order(number: int) -> str:
        return client.submit("prompt_enhance", f"waves {number}", idempotency_key=f"killed-{number}").id

    with ThreadPoolExecutor(CLIENTS) as clients:
        orders = [clients.submit(order, number) for number in range(JOBS)]
        for service in (*SERVICES, *WORKERS, "valkey", "postgres"):
            site.kill(site.of(service)[0])
        jobs = [job.result() for job in orders]
    assert len(set(jobs)) == JOBS
    site.wait()
    ends = Counter(client.jobs.attach(job).wait().status for job in jobs)
    assert ends == {"completed": JOBS}


def test_no_request_fails_while_the_services_are_replaced(site: Containers, client: Client) -> None:
    """The commands are those of docs/upgrade.md."""
    failures: list[str] = []
    answers: Counter[str] = Counter()
    replaced: list[str] = []
    ended = threading.Event()

    def ask(path: str) -> None:
        while not ended.is_set():
            try:
                answer = site.get(path)
                failure = None if answer.is_success else f"{answer.status_code} {answer.text[:200]}"
            except httpx.HTTPError as error:
                failure = repr(error)
            answers[path] += 1
            if failure is not None:
                failures.append(f"after {', '.join(replaced)}: {path}: {failure}")

    with ThreadPoolExecutor(len(PATHS)) as clients:
        for path in PATHS:
            clients.submit(ask, path)
        try:
            for one_shot in ("valkey-users", "postgres-roles", "platform-migrate", "webhooks-migrate"):
                site.run_to_the_end(one_shot)
                replaced.append(one_shot)
            for service in (*SERVICES, *WORKERS):
                site.replace(service)
                replaced.append(service)
        finally:
            ended.set()
    assert not failures, "\n".join([*failures, *(site.logs(service) for service in ("queue-api", "valkey"))])
    assert min(answers[path] for path in PATHS) > 10
    assert client.submit("prompt_enhance", "waves").wait().status == "completed"


def test_what_was_lost_is_back_after_a_restore(site: Containers, client: Client, tmp_path: Path) -> None:
    """The commands are those of docs/operations.md."""
    made = client.submit("sdxl_image_fast", "a lighthouse at dawn")
    made.wait()
    before = [file.read_bytes() for file in made.save(tmp_path / "before")]
    _backup_script(site, tmp_path, "backup.sh", "/backups/night")
    site.remove()

    site.start_stores()
    restored = _backup_script(site, tmp_path, "restore.sh", "/backups/night", "--replace")
    assert "All invariants hold" in restored
    site.start()
    after = [file.read_bytes() for file in client.jobs.attach(made.id).save(tmp_path / "after")]
    assert after == before
    assert client.submit("prompt_enhance", "waves").wait().status == "completed"


def _backup_script(site: Containers, folder: Path, script: str, *arguments: str) -> str:
    password = site.variables["POSTGRES_PASSWORD"]
    return site.ask_engine(
        "run", "--rm", f"--network={site.project}_stores", f"--volume={site.project}_objects:/objects",
        f"--volume={site.folder}/deploy:/deploy:ro", f"--volume={folder}:/backups",
        f"--env=DATABASE_URL=postgresql://postgres:{password}@postgres/darkroom", "--env=OBJECTS_DIR=/objects",
        "docker.io/library/postgres:18", f"/deploy/backup/{script}", *arguments,
    )  # fmt: skip
