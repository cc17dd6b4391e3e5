"""The whole stack with real servers and miniature services: fast, and without models."""

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import psutil
import psycopg
import pytest
import redis
from darkroom_local.access import access_to
from darkroom_local.background import stack_process
from darkroom_local.servers.blocking import running
from darkroom_local.state import RunningStack, StateDir
from support.waiting import until

MINIATURE = Path(__file__).with_name("programs") / "miniature"
SETTINGS_OF_A_STACK = ("REDIS_URL", "DATABASE_URL", "PLATFORM_DATABASE_URL", "WEBHOOKS_DATABASE_URL", "AUTH_TOKEN")
ENV = {name: value for name, value in os.environ.items() if name not in SETTINGS_OF_A_STACK}
ENV |= {"PYTHONPATH": str(MINIATURE)}


@pytest.fixture(scope="module", autouse=True)
def notes(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Note these stacks where nobody else looks for one."""
    ENV["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("notes"))


def assert_banner(output: str, url: str) -> None:
    ready, *commands = output.splitlines()[-5:]
    assert f"Darkroom is ready at {url}" in ready
    assert [re.findall(r"darkroom ([a-z]+) .*# ", line) for line in commands] == [
        ["generate"],
        ["jobs"],
        ["ui"],
        ["env"],
    ]


@contextmanager
def stack(folder: Path, *options: str, **env: str) -> Iterator[StateDir]:
    state = StateDir(folder / "state")
    with running(stack_process(state, ["--free-ports", *options], ENV | env), folder / "log"):
        yield state


def environment_of(pid: int) -> dict[str, str]:
    return psutil.Process(pid).environ()


def killed(pid: int) -> None:
    """Kill a process and wait for its end."""
    process = psutil.Process(pid)
    process.kill()
    process.wait(10)


def redis_users(stack: RunningStack) -> dict[str, str | None]:
    """Return the Redis user of each service."""
    services = stack.pids.keys() - {"valkey", "postgres"}
    return {name: urlsplit(environment_of(stack.pids[name])["REDIS_URL"]).username for name in services}


def redis_administrator(state: StateDir, url: str) -> str:
    """Return the URL of the embedded Redis with all rights."""
    password = (state.path / "valkey/password").read_text().strip()
    return f"redis://:{password}@127.0.0.1:{urlsplit(url).port}/0"


def test_a_stack_serves_on_servers_of_its_own_and_stops_in_order(tmp_path: Path) -> None:
    with stack(tmp_path, "--workers", "2") as state:
        found = state.running()
        assert [*found.pids][:2] == ["valkey", "postgres"]
        assert {*found.pids} >= {
            "gpu-worker-1",
            "gpu-worker-2",
            "platform-api",
            "platform-loops",
            "queue-api",
            "webhook-dispatcher",
        }
        platform, dispatcher = (environment_of(found.pids[name]) for name in ("platform-api", "webhook-dispatcher"))
        assert "appendonly yes" in (state.path / "valkey/valkey.conf").read_text()
        assert redis_users(found) == {
            "platform-api": "darkroom-platform", "platform-loops": "darkroom-platform", "queue-api": "darkroom-queue",
            "webhook-dispatcher": "darkroom-webhooks", "gpu-worker-1": "darkroom-worker",
            "gpu-worker-2": "darkroom-worker",
        }  # fmt: skip
        with redis.Redis.from_url(access_to(state)["redis_url"]) as outside:
            assert outside.execute_command("PING")
        for url, schema in (
            (platform["PLATFORM_DATABASE_URL"], "platform"),
            (dispatcher["WEBHOOKS_DATABASE_URL"], "webhooks"),
        ):
            with psycopg.connect(url) as database:
                assert database.execute("SELECT current_schema()").fetchone() == (schema,)
        assert access_to(state)["api_key"] == "a"
        open_to_others = [path for path in (state.path, *state.path.rglob("*")) if path.lstat().st_mode & 0o077]
        assert open_to_others == []
        assert_banner((tmp_path / "log").read_text(), found.platform_url)
    log = (tmp_path / "log").read_text()
    assert log.count("drained") == 6
    places = [log.find(line) for line in ("platform-api has stopped", "gpu-worker-1 has stopped", "valkey has stopped")]
    assert places == sorted(places)
    assert not any(map(psutil.pid_exists, found.pids.values()))


def test_a_second_start_finds_the_data_and_the_keys_of_the_first(tmp_path: Path) -> None:
    seen: list[tuple[RunningStack, bytes | None]] = []
    for _start in range(2):
        with stack(tmp_path, "--no-worker") as state:
            found = state.running()
            with redis.Redis.from_url(environment_of(found.pids["queue-api"])["REDIS_URL"]) as connection:
                seen.append((found, connection.set("{darkroom-0}:probe", "kept", get=True)))
    (first, nothing), (second, kept) = seen
    assert (nothing, kept) == (None, b"kept")
    assert (first.queue_token, first.api_key) == (second.queue_token, second.api_key)


def test_servers_of_the_user_take_the_place_of_the_embedded_ones(
    tmp_path: Path, redis_url: str, postgres_url: str
) -> None:
    with stack(tmp_path, "--no-worker", REDIS_URL=redis_url, DATABASE_URL=postgres_url) as state:
        pids = state.running().pids
        assert not {"valkey", "postgres"} & pids.keys()
        platform = environment_of(pids["platform-api"])
        assert (platform["REDIS_URL"], platform["PLATFORM_DATABASE_URL"]) == (redis_url, postgres_url)


async def test_a_service_that_was_killed_is_found_under_its_new_process_id(tmp_path: Path) -> None:
    with stack(tmp_path) as state:
        before = state.running().pids["gpu-worker"]
        os.kill(before, signal.SIGKILL)

        async def is_back() -> bool:
            return state.running().pids["gpu-worker"] != before

        await until(is_back)
    assert "gpu-worker was killed by SIGKILL; restarting it in 0.5 s" in (tmp_path / "log").read_text()


async def test_valkey_and_postgres_that_were_killed_come_back_on_their_ports_with_their_data(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with running(stack_process(state, ["--free-ports"], ENV), tmp_path / "log") as supervisor:
        before = state.running().pids
        platform = environment_of(before["platform-api"])
        administrator = redis_administrator(state, platform["REDIS_URL"])
        with redis.Redis.from_url(administrator) as connection:
            connection.set("picture", "kept")
            connection.execute_command("WAITAOF", 1, 0, 5000)
        with psycopg.connect(platform["PLATFORM_DATABASE_URL"]) as database:
            database.execute("CREATE TABLE kept AS SELECT 1 AS id")
        for server in ("valkey", "postgres"):
            os.kill(before[server], signal.SIGKILL)

        async def are_back() -> bool:
            now = state.running().pids
            return now["valkey"] != before["valkey"] and now["postgres"] != before["postgres"]

        await until(are_back)
        after = state.running().pids
        services = {"platform-api", "platform-loops", "queue-api", "webhook-dispatcher", "gpu-worker"}
        assert {name: after[name] for name in services} == {name: before[name] for name in services}
        with redis.Redis.from_url(administrator) as connection:
            assert connection.get("picture") == b"kept"
        with psycopg.connect(platform["PLATFORM_DATABASE_URL"]) as database:
            assert database.execute("SELECT id FROM kept").fetchall() == [(1,)]
        supervisor.terminate()
        assert supervisor.wait(20) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has a parent-death signal")
def test_nothing_is_left_of_a_stack_whose_supervisor_was_killed_and_it_starts_again(tmp_path: Path) -> None:
    state = StateDir(tmp_path / "state")
    with running(stack_process(state, ["--free-ports"], ENV), tmp_path / "log") as supervisor:
        processes = [psutil.Process(pid) for pid in state.running().pids.values()]
        supervisor.kill()
        supervisor.wait()
        _gone, alive = psutil.wait_procs(processes, timeout=20)
        assert alive == []
    with stack(tmp_path) as again:
        assert again.running().pids.keys() == {"valkey", "postgres", "gpu-worker", "platform-api", "platform-loops",
                                               "queue-api", "webhook-dispatcher"}  # fmt: skip


def test_a_detached_stack_runs_until_down(tmp_path: Path) -> None:
    def darkroom(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "darkroom_local", *arguments, "--state-dir", str(tmp_path / "state")]
        return subprocess.run(command, env=ENV, capture_output=True, text=True, check=True)

    printed = darkroom("up", "--detach", "--free-ports").stdout
    access = json.loads(darkroom("env", "--json").stdout)
    keys = "platform_url queue_url dispatcher_url redis_url jwt api_key service_key admin_key queue_token server_alias"
    assert access.keys() == {*keys.split(), "state_dir"}
    assert_banner(printed, access["platform_url"])
    lines = darkroom("env").stdout.splitlines()
    assert all(line.startswith("DARKROOM_") for line in lines)
    assert {f"DARKROOM_PLATFORM_URL={access['platform_url']}", f"DARKROOM_TOKEN={access['api_key']}"} <= {*lines}
    exported = darkroom("env", "--export").stdout.splitlines()
    assert [line.partition("=")[0] for line in exported] == [f"export {line.partition('=')[0]}" for line in lines]
    processes = [psutil.Process(pid) for pid in StateDir(tmp_path / "state").running().pids.values()]
    assert "has stopped" in darkroom("down").stdout
    assert not any(process.is_running() for process in processes)


def test_a_running_stack_is_found_and_stopped_from_another_folder(tmp_path: Path) -> None:
    def darkroom(command: str) -> str:
        words = [sys.executable, "-m", "darkroom_local", command]
        return subprocess.run(words, env=ENV, cwd="/", capture_output=True, text=True, check=True).stdout

    with stack(tmp_path, "--no-worker") as state:
        assert f"DARKROOM_STATE_DIR={state.path}\n" in darkroom("env")
        assert darkroom("down") == f"The stack in {state.path} has stopped.\n"


async def test_replicas_share_the_requests_and_one_that_is_killed_loses_none_of_the_others(tmp_path: Path) -> None:
    with stack(tmp_path, "--no-worker", "--replicas", "platform-api=2,queue-api=2") as state:
        found = state.running()
        assert {"platform-api-1", "platform-api-2", "platform-api-balancer", "queue-api-1"} <= found.pids.keys()
        assert "webhook-dispatcher" in found.pids
        first, second = (str(found.pids[f"platform-api-{number}"]) for number in (1, 2))
        async with httpx.AsyncClient(base_url=found.platform_url, headers={"Connection": "close"}) as client:

            async def served_by() -> str:
                return (await client.get("/")).raise_for_status().headers["Process"]

            assert {await served_by() for _ in range(20)} <= {first, second}
            killed(int(first))
            assert {await served_by() for _ in range(20)} == {second}

            async def is_back() -> bool:
                return state.running().pids["platform-api-1"] != int(first)

            await until(is_back)
            killed(int(second))
            assert await served_by() == str(state.running().pids["platform-api-1"])


def test_a_second_detached_stack_leaves_the_log_of_the_first(tmp_path: Path) -> None:
    with stack(tmp_path, "--no-worker") as state:
        state.log_file.write_text("of the first")
        command = [sys.executable, "-m", "darkroom_local", "up", "--detach", "--state-dir", str(state.path)]
        ended = subprocess.run(command, env=ENV, capture_output=True, text=True)
        assert ended.returncode == 1
        assert "is already running in" in ended.stderr
        assert state.log_file.read_text().startswith("of the first")  # the first stack may still write to it


def test_a_profile_that_the_check_refuses_starts_only_unchecked(tmp_path: Path) -> None:
    env = {"CUDA_VISIBLE_DEVICES": "", "GPU_WORKER_MODELS_FILE": ""}
    with stack(tmp_path, "--profile", "full", "--unchecked", **env) as state:
        found = state.running()
        assert found.profile == "full"
        assert environment_of(found.pids["gpu-worker"])["GPU_WORKER_PROFILE"] == "full"
