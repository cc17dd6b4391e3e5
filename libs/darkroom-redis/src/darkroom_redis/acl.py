"""Users of a Redis server that outsiders reach, too: each service gets only the keys, channels and commands it needs.

Scripts run with the rights of their caller, so a user must be allowed what its scripts do. The rules are those of
Redis 7.0.
"""

import hashlib
from dataclasses import dataclass

PREFIX = "{darkroom-*}:"
"""All shards."""
PROGRESS, WORKER, MACHINE = "job:progress:*", "worker:status:*", "machine:*:status"
CHANNELS = (PROGRESS, WORKER, MACHINE)
"""The public channels. A pattern subscription must be exactly one of these."""

_GREETING_KEYS = (
    *("meta", "ev", "rd", "lz"),
    *("cls", "clr", "cld", "cm", "cb", "ct", "cu", "cr", "cs", "csd", "m:*", "mc:*", "ps"),
)
"""What every client of the queue touches when it connects, and readers of the event log afterwards."""
_ENGINE_KEYS = (
    *_GREETING_KEYS,
    *("s", "l", "p", "q:*", "nr:*", "jp:*", "dl", "cz", "h:*", "av", "t:*", "d:*", "dd", "e:*", "o:*"),
    *("tn:*", "rc:*", "r:*", "f:*", "b:*", "v", "by", "sz", "uw", "w:*"),
    *("wk:*", "wz", "ma:*", "c:*", "n", "hi:*"),
)
_INDEX_KEYS = ("jm", "jr", "jn", "je", "jx:*", "sr:*")
_CONNECTION = ("auth", "hello", "ping", "select", "client|setinfo", "client|setname", "info", "time", "quit")
_SCRIPTS = ("eval", "evalsha", "multi", "exec")
_GREETING = (
    *(*_CONNECTION, *_SCRIPTS, "get", "hget", "hmget", "hset", "hsetnx", "hdel", "hincrby", "hgetall", "hexists"),
    *("hlen", "sadd", "srem", "smembers", "sismember", "exists", "del", "zadd", "zrem", "zrange", "zscore", "zcard"),
    *("xadd", "xread", "xrange", "xlen"),
)
_ENGINE = (
    *(*_GREETING, "set", "setex", "mget", "expire", "pexpire", "pttl", "unlink", "publish"),
    *("hkeys", "hincrbyfloat", "hrandfield", "hscan", "scard", "srandmember"),
    *("zscan", "zcount", "zremrangebyscore", "zremrangebyrank", "llen", "lrange", "lpop", "blpop", "rpush"),
    *("xtrim", "memory|usage"),
)
_LISTEN = ("subscribe", "psubscribe", "unsubscribe", "punsubscribe")


def hash_of(password: str) -> str:
    """Return the credential of a password, from which it cannot be read."""
    return f"#{hashlib.sha256(password.encode()).hexdigest()}"


@dataclass(frozen=True, slots=True)
class RedisUser:
    """The rights of one user. `readable` keys are read only; names are without the prefix of the shard."""

    name: str
    commands: tuple[str, ...]
    keys: tuple[str, ...] = ()
    readable: tuple[str, ...] = ()
    channels: tuple[str, ...] = CHANNELS

    def rules(self, credential: str) -> str:
        """Return the rules for `ACL SETUSER` or a configuration file; the credential is `>password` or `#hash`."""
        return " ".join(("reset", "on", credential, *self._allowed()))

    def rights(self) -> str:
        """Return the rules for `ACL SETUSER` that replace the rights of the user and keep its password."""
        return " ".join(("resetkeys", "resetchannels", "-@all", *self._allowed()))

    def _allowed(self) -> tuple[str, ...]:
        return (
            *(f"~{PREFIX}{key}" for key in self.keys),
            *(f"%R~{PREFIX}{key}" for key in self.readable),
            *(f"&{channel}" for channel in self.channels),
            *(f"+{command}" for command in self.commands),
        )


PLATFORM = RedisUser(
    "darkroom-platform", (*_ENGINE, "getdel", *_LISTEN),
    (*_ENGINE_KEYS, "ak", "tk:*", "wp:*", "ro:*", "rl:*", "probe"), channels=(PROGRESS,),
)  # fmt: skip
QUEUE = RedisUser(
    "darkroom-queue", (*_ENGINE, "getdel", *_LISTEN),
    (*_ENGINE_KEYS, *_INDEX_KEYS, "tk:*", "g:*", "gc:*", "ga", "gl", "cj:*", "probe"),
)  # fmt: skip
GPU_WORKER = RedisUser("darkroom-worker", (*_ENGINE, *_LISTEN), (*_ENGINE_KEYS, "probe"))
WEBHOOKS = RedisUser(
    "darkroom-webhooks", (*_GREETING, "set", "pexpire", "pttl", *_LISTEN), (*_GREETING_KEYS, "rl:*", "probe"),
    readable=("ak", "tk:*", "s", "l", "p", "dl", "t:*"),
)  # fmt: skip
READER = RedisUser("darkroom-reader", (*_CONNECTION, *_LISTEN))
"""For outside programs: the public channels, and no key."""
USERS = (PLATFORM, QUEUE, GPU_WORKER, WEBHOOKS, READER)
