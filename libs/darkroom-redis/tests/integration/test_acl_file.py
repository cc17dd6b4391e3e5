"""The users of an installation in an ACL file: a server that reads it lets each in with its own rights only."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import valkey_ready
from darkroom_local.servers.valkey import installed_valkey
from darkroom_redis.acl_file import ADMIN, PASSWORDS, main
from redis.exceptions import NoPermissionError

ENV = {name: f"{name.lower()}-0123456789" for name in (ADMIN, *PASSWORDS)}


def write(path: Path, **changes: str) -> None:
    """Run the program with these passwords, and changes of its environment."""
    assert main([str(path)], ENV | changes) == 0


@pytest.fixture
def server(tmp_path: Path) -> Iterator[int]:
    """Run a Valkey with the written file, and give its port."""
    write(tmp_path / "users.acl")
    [port] = free_ports(1)
    arguments = ("--port", str(port), "--bind", "127.0.0.1", "--save", "", "--aclfile", str(tmp_path / "users.acl"))
    spec = ProcessSpec(
        name="valkey",
        argv=(str(installed_valkey()), *arguments),
        ready=valkey_ready(port, ENV[ADMIN]),
        cwd=tmp_path,
    )
    with running(spec, tmp_path / "log"):
        yield port


def connect(port: int, user: str | None = None, password: str | None = None) -> redis.Redis:
    return redis.Redis(port=port, username=user, password=password, decode_responses=True)


def test_nobody_gets_in_without_a_password(server: int) -> None:
    with connect(server) as stranger, pytest.raises(redis.AuthenticationError):
        stranger.ping()


def test_each_user_gets_in_with_its_password_and_cannot_administrate(server: int) -> None:
    for variable, redis_user in PASSWORDS.items():
        with connect(server, redis_user.name, ENV[variable]) as user:
            assert user.ping()
            for command in ("FLUSHALL", "CONFIG GET *", "KEYS *", "ACL LIST"):
                with pytest.raises(NoPermissionError):
                    user.execute_command(*command.split())


def test_the_file_contains_no_password(tmp_path: Path) -> None:
    write(tmp_path / "users.acl")
    assert not [password for password in ENV.values() if password in (tmp_path / "users.acl").read_text()]


def test_a_running_server_takes_new_passwords_at_once(
    server: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    name, place = "REDIS_QUEUE_PASSWORD", {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(server)}
    write(tmp_path / "users.acl", **{name: "another-password-0123"}, **place)
    assert "read by the running server" in capsys.readouterr().out
    with connect(server, PASSWORDS[name].name, "another-password-0123") as user:
        assert user.ping()
    with connect(server, PASSWORDS[name].name, ENV[name]) as user, pytest.raises(redis.AuthenticationError):
        user.ping()


def test_clients_with_an_unchanged_password_stay_connected(server: int, tmp_path: Path) -> None:
    changes = {"REDIS_QUEUE_PASSWORD": "another-password-0123", "REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(server)}
    name = "REDIS_WORKER_PASSWORD"
    with socket.create_connection(("127.0.0.1", server)) as worker:
        worker.sendall(f"AUTH {PASSWORDS[name].name} {ENV[name]}\r\n".encode())
        assert worker.recv(100) == b"+OK\r\n"
        for _ in range(2):
            write(tmp_path / "users.acl", **changes)
            worker.sendall(b"PING\r\n")
            assert worker.recv(100) == b"+PONG\r\n"


def test_a_server_that_does_not_run_yet_is_no_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    [port] = free_ports(1)
    write(tmp_path / "users.acl", REDIS_HOST="127.0.0.1", REDIS_PORT=str(port))
    assert "running" not in capsys.readouterr().out


def test_missing_and_short_passwords_are_named(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="REDIS_QUEUE_PASSWORD, REDIS_READER_PASSWORD"):
        write(tmp_path / "users.acl", REDIS_QUEUE_PASSWORD="short", REDIS_READER_PASSWORD="")
    assert not (tmp_path / "users.acl").exists()
