"""`python -m darkroom_redis.acl_file PATH`: write the users of an installation as an ACL file of Redis.

Passwords are read from the environment: REDIS_ADMIN_PASSWORD is that of the user `default`, who may do everything;
REDIS_PLATFORM_PASSWORD, REDIS_QUEUE_PASSWORD, REDIS_WORKER_PASSWORD, REDIS_WEBHOOKS_PASSWORD and REDIS_READER_PASSWORD
those of the services. The file contains their hashes. If REDIS_HOST is set and a server runs there, it reads the file
again: after an upgrade, new rights are valid at once, and clients with an unchanged password stay connected.
"""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import redis

from darkroom_redis.acl import GPU_WORKER, PLATFORM, QUEUE, READER, WEBHOOKS, RedisUser, hash_of

ADMIN = "REDIS_ADMIN_PASSWORD"
PASSWORDS: Mapping[str, RedisUser] = {
    "REDIS_PLATFORM_PASSWORD": PLATFORM,
    "REDIS_QUEUE_PASSWORD": QUEUE,
    "REDIS_WORKER_PASSWORD": GPU_WORKER,
    "REDIS_WEBHOOKS_PASSWORD": WEBHOOKS,
    "REDIS_READER_PASSWORD": READER,
}
"""The users by the variable of their password."""
MIN_LENGTH = 16
CONNECT_S = 3.0


def acl_lines(env: Mapping[str, str]) -> list[str]:
    """Return the lines of the file. Raises SystemExit naming the variables that are missing or too short."""
    unusable = [name for name in (ADMIN, *PASSWORDS) if len(env.get(name, "")) < MIN_LENGTH]
    if unusable:
        raise SystemExit(f"Set these variables to passwords of at least {MIN_LENGTH} characters: {', '.join(unusable)}")
    return [
        f"user default reset on {hash_of(env[ADMIN])} ~* &* +@all",
        *(f"user {user.name} {user.rules(hash_of(env[name]))}" for name, user in PASSWORDS.items()),
    ]


def write(path: Path, lines: list[str]) -> None:
    """Replace the file as a whole, so that a server never reads half of it."""
    new = path.with_name(f"{path.name}.new")
    new.write_text("".join(f"{line}\n" for line in lines))
    new.replace(path)


def reload(host: str, port: int, password: str) -> bool:
    """Make the server read its file again; False if no server runs there."""
    try:
        with redis.Redis(host=host, port=port, password=password, socket_connect_timeout=CONNECT_S) as server:
            server.acl_load()
    except redis.AuthenticationError:
        raise SystemExit(f"The server at {host}:{port} refuses {ADMIN}: restart it to let it read the file") from None
    except redis.ConnectionError:
        return False
    return True


def main(arguments: list[str], env: Mapping[str, str]) -> int:
    """Write the file; reload it if a server runs."""
    if len(arguments) != 1:
        raise SystemExit("Usage: python -m darkroom_redis.acl_file PATH")
    path = Path(arguments[0])
    write(path, acl_lines(env))
    host = env.get("REDIS_HOST")
    loaded = host is not None and reload(host, int(env.get("REDIS_PORT", "6379")), env[ADMIN])
    names = ", ".join(user.name for user in PASSWORDS.values())
    sys.stdout.write(f"{path}: {names}{', read by the running server' if loaded else ''}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
