"""Numbers that no script may take, and all data of a server, to see that nothing was written."""

from darkroom_redis import RedisClient

HOSTILE = ("1" + "0" * 400, "-" + "9" * 400, "1e999", "inf", "-inf", "nan", "1" + "0" * 300, "1.2.3", "", "many")


async def everything(link: RedisClient) -> dict[str, bytes]:
    """Return all data, as the server would write it down."""
    keys: list[str] = sorted(await link.command("KEYS", "*"))
    # redis-py leaves execute_command unannotated.
    return {key: await link.redis_py.execute_command("DUMP", key, NEVER_DECODE=True) for key in keys}  # type: ignore[no-untyped-call]
