"""The scripts of the queue: one file for each, and the parts that they share."""

from darkroom_redis.script_loader import LuaScript, load_script


def load(name: str) -> LuaScript:
    """Return the queue's script of that name."""
    return load_script("darkroom_queue", name)
